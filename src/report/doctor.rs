//! What a doctor found: for programs, and as people read it.

use schemars::JsonSchema;
use serde::Serialize;

use super::wrap::wrapped;
use super::{Untrusted, text};
use crate::doctor::Check;
use crate::problem::Severity;
use crate::words::{cells, count};

/// What stands between a user and a first plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    /// Of this form: 1.
    format_version: u32,
    /// The address of the server, or where the embedded sandbox keeps its state.
    address: Untrusted,
    /// What was looked at, in the order in which it was.
    checks: Vec<CheckReport>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
struct CheckReport {
    /// What it is about, in a word.
    about: &'static str,
    /// How it is.
    verdict: Verdict,
    /// The same in words.
    words: Untrusted,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Untrusted>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Verdict {
    /// As it should be.
    Ok,
    /// Good to know.
    Note,
    /// It will be in the way at some time.
    Warning,
    /// It must be fixed before anything works.
    Blocked,
}

impl From<Check> for CheckReport {
    fn from(check: Check) -> Self {
        let about = check.about;
        match check.found {
            Ok(words) => Self {
                about,
                verdict: Verdict::Ok,
                words: words.into(),
                help: None,
            },
            Err(problem) => Self {
                about,
                verdict: match problem.severity {
                    Severity::Note => Verdict::Note,
                    Severity::Warning => Verdict::Warning,
                    Severity::Error => Verdict::Blocked,
                },
                words: problem.message.into(),
                help: problem.help.map(Into::into),
            },
        }
    }
}

impl Verdict {
    /// It carries the meaning without colour.
    fn sign(self) -> &'static str {
        match self {
            Self::Ok => "=",
            Self::Note => "i",
            Self::Warning => "~",
            Self::Blocked => "!",
        }
    }
}

/// Narrower, words would have no room.
const LEAST: usize = 40;

impl DoctorReport {
    /// A report of these checks.
    pub fn new(address: &str, checks: Vec<Check>) -> Self {
        Self {
            format_version: 1,
            address: address.into(),
            checks: checks.into_iter().map(Into::into).collect(),
        }
    }

    /// As people read it: a line for each check, and what to do about it below. Lines have at most `columns` cells, where the
    /// words allow that, and never more than 80.
    pub fn text(&self, columns: usize) -> String {
        let columns = columns.clamp(LEAST, text::COLUMNS);
        let mut text = format!("rcsync doctor · {}\n\n", self.address.for_terminal());
        for check in &self.checks {
            let lead = format!("{} {:<13} ", check.verdict.sign(), check.about);
            let indent = cells(&lead);
            text += &wrapped(&lead, &check.words.for_terminal(), indent, columns);
            text.push('\n');
            if let Some(help) = &check.help {
                let lead = format!("{:indent$}→ ", "");
                text += &wrapped(&lead, &help.for_terminal(), indent + 2, columns);
                text.push('\n');
            }
        }
        text + &self.closing()
    }

    /// The last line: whether a plan can be made.
    fn closing(&self) -> String {
        let number = |which: Verdict| {
            let verdicts = self.checks.iter().map(|check| check.verdict);
            verdicts.filter(|verdict| *verdict == which).count()
        };
        let (blocked, warnings) = (number(Verdict::Blocked), number(Verdict::Warning));
        match (blocked, warnings) {
            (0, 0) => "\nReady to plan.\n".to_owned(),
            (0, _) => {
                let warnings = count(warnings, "warning");
                format!("\nReady to plan, with {warnings}.\n")
            }
            _ => {
                let blocked = count(blocked, "problem");
                format!("\nFix the {blocked} marked `!` before planning.\n")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Code, Problem};

    #[test]
    fn lines_fit_the_terminal() {
        let words = "posting users of incoming webhooks need `message-impersonate` (role `bot`)";
        let problem = Problem {
            severity: Severity::Warning,
            ..Problem::with_help(
                Code("version"),
                words,
                "give the user the role `bot`, or another role with that permission",
            )
        };
        let checks = vec![Check {
            about: "version",
            found: Err(problem),
        }];
        let report = DoctorReport::new("https://chat.example.org", checks);
        for columns in [60, 80, 200] {
            let text = report.text(columns);
            assert!(
                text.lines().all(|line| cells(line) <= columns.min(80)),
                "{text}"
            );
        }
        assert_ne!(report.text(60), report.text(80));
        assert_eq!(report.text(200), report.text(80));
    }
}
