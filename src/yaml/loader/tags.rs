//! Tags: the core ones where they fit their value, and no others. Most are texts that lack their quotes.

use std::ops::Range;

use granit_parser::Tag;

use super::Loader;
use crate::problem::{Code, Problem};
use crate::yaml::{Content, MAX_FINDINGS, line_end, line_start, masks, messages};

const TAG: Code = Code("yaml-tag");

/// Tags.
impl Loader<'_> {
    /// The content that a tag asks for.
    pub(super) fn tagged(
        &mut self,
        content: Content,
        text: &str,
        tag: Option<(&Tag, Range<usize>)>,
        range: &Range<usize>,
    ) -> Content {
        let wanted = match &content {
            Content::Null(_) => &["str", "null"][..],
            Content::Bool(_) => &["str", "bool"],
            Content::Int(_) => &["str", "int", "float"],
            Content::Float(_) => &["str", "float"],
            _ => &["str"],
        };
        let Some((tag, tag_range)) = tag else {
            return content;
        };
        let as_text = tag.suffix() == "!" || tag.is_yaml_core_schema_tag("str");
        self.check_tag(Some((tag, tag_range)), wanted, range);
        if as_text {
            return Content::Text(text.into());
        }
        match content {
            #[expect(clippy::cast_precision_loss, reason = "asked for by `!!float`")]
            Content::Int(number) if tag.is_yaml_core_schema_tag("float") => {
                Content::Float(number as f64)
            }
            content => content,
        }
    }

    /// Reports a tag that is not one of those that fit.
    pub(super) fn check_tag(
        &mut self,
        tag: Option<(&Tag, Range<usize>)>,
        fitting: &[&str],
        value: &Range<usize>,
    ) {
        let Some((tag, range)) = tag else { return };
        if self.reading.findings.len() >= MAX_FINDINGS {
            // Each further one would search its line, which may be very long.
            return;
        }
        match tag.core_suffix() {
            Some(core) if fitting.contains(&core) => return,
            // `! text` is YAML's own way to say that a value is not a number.
            None if tag.suffix() == "!" && tag.handle().is_empty() => return,
            Some(_) => {
                let finding =
                    Problem::error(TAG, self.place(&range), "this tag does not fit its value");
                self.report(finding.help("remove the tag"));
                return;
            }
            None => {}
        }
        // The tag and what follows it on its line were most likely meant as one text.
        let scalar = range.end <= value.end && !self.text[range.start..value.end].contains('\n');
        let whole = range.start..if scalar { value.end } else { range.end };
        let written = &self.text[whole.clone()];
        let line = &self.text[line_start(self.text, whole.start)..line_end(self.text, whole.end)];
        let finding = Problem::error(
            TAG,
            self.place(&whole),
            "an unquoted `!` starts a tag, which has no use here",
        );
        let finding = finding.expected("read as a tag");
        // Other tools have them for what is a reference here.
        let name = tag.suffix().trim_start_matches('!').to_lowercase();
        if ["env", "secret", "vault", "reference", "var"].contains(&name.as_str()) {
            let value = self.text[range.end..value.end.max(range.end)].trim();
            // A secret itself is hardly of this form, and must not be shown.
            let is_name = |it: char| it.is_ascii_uppercase() || it == '_';
            let value = if scalar && value.contains('_') && value.chars().all(is_name) {
                value
            } else {
                "NAME"
            };
            let help =
                format!("write `${{secret.{value}}}`, or `${{var.{value}}}` for what is no secret");
            self.report(finding.help(help));
            return;
        }
        if ["include", "file", "inline", "load", "import", "js"]
            .iter()
            .any(|it| name.starts_with(it))
            && scalar
            && let value = self.text[range.end..value.end].trim()
            && value.ends_with("js")
        {
            let value = value.trim_matches(['"', '\'']);
            self.report(finding.help(format!("write `{{ file: {value} }}`")));
            return;
        }
        self.report(if masks::ranges(line).is_empty() {
            finding.help("quote it").fix(messages::quoted(written))
        } else {
            finding.help("quote it")
        });
    }
}
