//! What the certain suggestions make of the texts that were read, as a diff that shows no secret.

use similar::TextDiff;

use crate::problem::{Findings, Place, Problem, SourceId, Texts, apply};
use crate::yaml::masks;

/// What stands instead of a secret.
const MASK: &str = "***";

/// A text, and what becomes of it.
#[derive(Clone, Debug)]
pub struct FixedText<'t> {
    /// The path as the user would write it.
    pub origin: &'t str,
    /// The text that was read.
    pub before: &'t str,
    /// The text with its suggestions applied.
    pub after: String,
    /// How many suggestions.
    pub count: usize,
    /// The lines that differ, as a unified diff. Lines that differ in a masked value alone are not in it.
    pub diff: String,
}

/// The texts that certain suggestions change, in the order they were read. What is at the places `masked` is not shown.
pub fn fixed<'t>(findings: &Findings, texts: &'t Texts, masked: &[Place]) -> Vec<FixedText<'t>> {
    let mut sources: Vec<SourceId> = findings.iter().filter_map(Problem::source).collect();
    sources.sort_unstable();
    sources.dedup();
    let changed = sources.into_iter().filter_map(|source| {
        let text = texts.get(source);
        let fixed = apply(source, &text.text, findings.iter(), |fix| fix.certain);
        (fixed.count > 0).then(|| FixedText {
            origin: &text.origin,
            before: &text.text,
            count: fixed.count,
            diff: diff(source, &text.origin, &text.text, &fixed.text, masked),
            after: fixed.text,
        })
    });
    changed.collect()
}

fn diff(source: SourceId, origin: &str, before: &str, after: &str, masked: &[Place]) -> String {
    let told = masked.iter().filter(|place| place.source == source);
    let secrets = told.filter_map(|place| {
        let secret = before.get(place.bytes.start as usize..place.bytes.end as usize)?;
        Some(secret.trim_matches(['"', '\'']).trim()).filter(|it| !it.is_empty())
    });
    let mut secrets: Vec<_> = secrets.collect();
    // A secret may be a part of another one.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let shown = |text: &str| {
        let mut shown = text.to_owned();
        for place in masks::secret_looking(source, text).iter().rev() {
            shown.replace_range(place.bytes.start as usize..place.bytes.end as usize, MASK);
        }
        secrets
            .iter()
            .fold(shown, |shown, secret| shown.replace(secret, MASK))
    };
    let (before, after) = (shown(before), shown(after));
    let diff = TextDiff::from_lines(&before, &after);
    let mut unified = diff.unified_diff();
    unified
        .context_radius(0)
        .missing_newline_hint(false)
        .header(origin, origin)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    #[test]
    fn the_lines_that_differ_are_shown_and_no_secret_is() {
        let text = "a: #ops\ntoken: @c4nary\nb: c4nary-2\nc: c4nary-2 and yes\n";
        let mut texts = Texts::default();
        let source = texts.add("chat/a.yaml", text);
        let at = |part: &str| {
            let start = text.find(part).unwrap();
            Place::new(source, start..start + part.len())
        };
        let problem = |part: &str, fix: &str| Problem::error(Code("x"), at(part), "").fix(fix);
        let findings: Findings = [
            problem("#ops", "\"#ops\""),
            problem("@c4nary", "\"@c4nary\""),
            problem("yes", "true"),
            Problem::error(Code("x"), at("b"), "").suggest("guess", false),
        ]
        .into_iter()
        .collect();
        let fixed = fixed(&findings, &texts, &[at("c4nary-2")]);
        let [fixed] = &fixed[..] else {
            panic!("{fixed:?}");
        };
        assert_eq!((fixed.origin, fixed.count), ("chat/a.yaml", 3));
        assert!(fixed.after.contains("token: \"@c4nary\""));
        insta::assert_snapshot!(fixed.diff, @r##"
        --- chat/a.yaml
        +++ chat/a.yaml
        @@ -1 +1 @@
        -a: #ops
        +a: "#ops"
        @@ -4 +4 @@
        -c: *** and yes
        +c: *** and true
        "##);
    }
}
