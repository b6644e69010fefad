//! How a report is shown: how much of it, and in what room.

use std::str::FromStr;

use crate::words::NoSuchWord;

/// How much is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct RenderOptions {
    /// Whether text has colour.
    pub color: bool,
    /// Whether text lists what is otherwise counted.
    pub verbose: bool,
    /// How much is shown of scripts that differ.
    pub scripts: ScriptDiff,
    /// The room there is for Markdown.
    pub budget: Option<Budget>,
}

/// How much is shown of a script that differs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ScriptDiff {
    /// That it differs.
    None,
    /// How many lines come and go.
    Stat,
    /// The lines.
    #[default]
    Full,
}

impl ScriptDiff {
    /// All of them, the most first.
    pub const ALL: [Self; 3] = [Self::Full, Self::Stat, Self::None];

    /// Its name, as on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Stat => "stat",
            Self::Full => "full",
        }
    }
}

impl FromStr for ScriptDiff {
    type Err = NoSuchWord;

    fn from_str(word: &str) -> Result<Self, NoSuchWord> {
        NoSuchWord::find(Self::ALL, Self::word, word)
    }
}

/// The room that a place gives to Markdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// A comment on GitHub.
    GitHub,
    /// The summary of a step on GitHub.
    StepSummary,
    /// A comment on GitLab.
    GitLab,
    /// So many characters.
    Characters(usize),
}

impl Budget {
    /// There is no less: a report that says nothing is no report.
    const LEAST: usize = 2000;

    /// Reads it from the command line.
    ///
    /// # Errors
    /// What may be written.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "github" => Ok(Self::GitHub),
            "step-summary" => Ok(Self::StepSummary),
            "gitlab" => Ok(Self::GitLab),
            _ => match text.parse() {
                Ok(number) if number >= Self::LEAST => Ok(Self::Characters(number)),
                _ => Err(format!(
                    "write `github`, `step-summary`, `gitlab`, or a number of characters from {} on",
                    Self::LEAST
                )),
            },
        }
    }

    /// How much there is.
    pub(super) fn room(self) -> usize {
        match self {
            Self::GitHub => 65_536,
            Self::StepSummary => 1024 * 1024,
            Self::GitLab => 1_000_000,
            Self::Characters(number) => number,
        }
    }

    /// How much of it a text takes. Characters are counted as browsers do, which is never less than how many
    /// there are.
    pub(super) fn of(self, text: &str) -> usize {
        match self {
            Self::StepSummary => text.len(),
            _ => text.encode_utf16().count(),
        }
    }

    /// `65536 characters`.
    pub(super) fn words(self) -> String {
        match self {
            Self::StepSummary => "1024 KiB".to_owned(),
            _ => format!("{} characters", self.room()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_name_or_a_number_that_is_not_too_small() {
        assert_eq!(Budget::parse("github"), Ok(Budget::GitHub));
        assert_eq!(Budget::parse("4000"), Ok(Budget::Characters(4000)));
        for wrong in ["1999", "-1", "", "GitHub", "1e6"] {
            assert!(Budget::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_step_summary_counts_bytes_and_comments_count_characters() {
        assert_eq!(Budget::StepSummary.of("ä😀"), 6);
        assert_eq!(Budget::GitHub.of("ä😀"), 3);
    }
}
