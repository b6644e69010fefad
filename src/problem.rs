//! What is wrong, and what to do about it: the one form in which users are told so, whatever stage finds it.
//!
//! Below it each stage has errors of its own; what a caller has to tell apart is a variant there.

mod findings;
mod fixes;
mod texts;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::start;

pub use findings::{Counts, Findings};
pub use fixes::{Fix, Fixed, apply};
pub use texts::{Place, Position, SourceId, SourceText, Texts};

/// How much a problem weighs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is taken, though it is surely a slip (refused under `--strict`).
    Warning,
    /// Nothing is wrong: it is good to know.
    Note,
}

impl Severity {
    /// As it is before a message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// The stable, kebab-case name of a kind of problem, shown as `error[code]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

/// Something that is wrong. Messages start in lower case and have no final period; what the user wrote is in
/// back-ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Which kind of problem.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// A few words beside the caret: what was expected here, or what comes of what is written.
    pub expected: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What to write instead of what is there, where that alone fixes it; shown with the help.
    pub fix: Option<Box<Fix>>,
    /// Where, if it is in a text.
    pub place: Option<Place>,
    /// Other places that belong to it (the first of two duplicates), each with a few words.
    pub also: Vec<(Place, String)>,
}

/// No message or help is longer: what it quotes may be as long as a file.
const MAX_WORDS: usize = 400;

/// Words in one line and of a length that can be read.
fn one_line(mut words: String) -> String {
    if words.contains(['\n', '\r']) {
        words = words.replace("\r\n", " ").replace(['\n', '\r'], " ");
    }
    start(&words, MAX_WORDS)
}

impl Problem {
    /// An error that is in no text.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            expected: None,
            help: None,
            fix: None,
            place: None,
            also: Vec::new(),
        }
    }

    /// The same, and what to do about it.
    pub fn with_help(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..Self::new(code, message)
        }
    }

    /// An error at a place.
    pub fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self::new(code, message).at(place)
    }

    /// A warning at a place.
    pub fn warning(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, place, message)
        }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self {
            message: one_line(self.message),
            place: Some(place),
            ..self
        }
    }

    /// Adds what was expected.
    #[must_use]
    pub fn expected(mut self, words: impl Into<String>) -> Self {
        self.expected = Some(words.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, words: impl Into<String>) -> Self {
        self.set_help(words);
        self
    }

    /// The same for a problem that is built in steps.
    pub fn set_help(&mut self, words: impl Into<String>) {
        self.help = Some(one_line(words.into()));
    }

    /// Where it begins in its text, in bytes.
    pub fn start(&self) -> Option<usize> {
        self.place.as_ref().map(|place| place.bytes.start as usize)
    }

    /// The text that its place is in.
    pub fn source(&self) -> Option<SourceId> {
        self.place.as_ref().map(|place| place.source)
    }

    /// Adds the text that fixes it for certain, instead of what is there.
    #[must_use]
    pub fn fix(self, text: impl Into<String>) -> Self {
        self.suggest(text, true)
    }

    /// Adds a text that fixes it, which may be what was meant or not.
    #[must_use]
    pub fn suggest(mut self, text: impl Into<String>, certain: bool) -> Self {
        let text = text.into();
        self.fix = Some(Box::new(Fix { text, certain }));
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, place: Place, words: impl Into<String>) -> Self {
        self.also.push((place, words.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_stays_in_one_line_and_short() {
        assert_eq!(one_line("a\r\nb\n\nc".to_owned()), "a b  c");
        let long = one_line("ä".repeat(MAX_WORDS + 1));
        assert_eq!(long.chars().count(), MAX_WORDS);
        assert!(long.ends_with("ä…"));
    }
}
