//! Suggestions, applied to the text that they are about.

use super::{Problem, SourceId};

/// What to write instead of what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The text.
    pub text: String,
    /// Whether it is certainly what was meant. A name that is only nearly right is not.
    pub certain: bool,
}

/// A text with suggestions applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// All of it.
    pub text: String,
    /// How many were applied.
    pub count: usize,
}

/// Applies those suggestions about a text that are wanted, from its start on; of two that overlap the first. What two problems
/// suggest alike counts once. Linear in the text and its problems, after sorting these.
pub fn apply<'p>(
    source: SourceId,
    text: &str,
    problems: impl IntoIterator<Item = &'p Problem>,
    wanted: impl Fn(&Fix) -> bool,
) -> Fixed {
    let fixes = problems.into_iter().filter_map(|problem| {
        let place = problem.place.as_ref().filter(|it| it.source == source)?;
        let fix = problem.fix.as_ref().filter(|fix| wanted(fix))?;
        let range = place.bytes.start as usize..place.bytes.end as usize;
        Some((range, fix.text.as_str()))
    });
    let mut fixes: Vec<_> = fixes.collect();
    fixes.sort_by_key(|(range, _)| (range.start, range.end));
    let mut fixed = Fixed {
        text: String::with_capacity(text.len()),
        count: 0,
    };
    let mut at = 0;
    for (range, replacement) in fixes {
        let (Some(before), Some(_)) = (text.get(at..range.start), text.get(range.clone())) else {
            continue;
        };
        fixed.text.push_str(before);
        fixed.text.push_str(replacement);
        fixed.count += 1;
        at = range.end;
    }
    fixed.text.push_str(text.get(at..).unwrap_or_default());
    fixed
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Place, Texts};
    use super::*;

    #[test]
    fn suggestions_are_applied_from_the_start_and_never_over_each_other() {
        let text = "aa bb ä cc";
        let mut texts = Texts::default();
        let (source, other) = (texts.add("a", text), texts.add("b", text));
        let problem = |source, range: std::ops::Range<usize>, fix: &str, certain| {
            Problem::error(Code("x"), Place::new(source, range), "").suggest(fix, certain)
        };
        let problems = [
            problem(source, 9..11, "C", true),
            problem(source, 0..2, "AAA", true),
            problem(source, 0..2, "AAA", true),
            problem(source, 1..5, "no", true),
            problem(source, 3..5, "guess", false),
            // Inside of a character, and past the end.
            problem(source, 7..8, "no", true),
            problem(source, 9..99, "no", true),
            problem(other, 3..5, "no", true),
        ];
        let fixed = apply(source, text, &problems, |fix| fix.certain);
        assert_eq!((fixed.text.as_str(), fixed.count), ("AAA bb ä C", 2));
        let all = apply(source, text, &problems, |_| true);
        assert_eq!((all.text.as_str(), all.count), ("AAA guess ä C", 3));
        let none = apply(source, text, &problems[..0], |_| true);
        assert_eq!((none.text.as_str(), none.count), (text, 0));
    }
}
