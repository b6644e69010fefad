//! What a doctor found: for programs, and as people read it.

use schemars::JsonSchema;
use serde::Serialize;

use super::wrap::wrapped;
use super::{Foreign, text};
use crate::doctor::{Check, Verdict};
use crate::words::count;

/// What stands between a user and a first plan.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DoctorReport {
    /// Of this form: 1.
    format_version: u32,
    /// The address of the server, or where the embedded sandbox keeps its state.
    address: Foreign,
    /// What was looked at, in the order in which it was.
    checks: Vec<Check>,
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

impl DoctorReport {
    /// A report of these checks.
    pub fn new(address: &str, checks: Vec<Check>) -> Self {
        Self {
            format_version: 1,
            address: address.into(),
            checks,
        }
    }

    /// As people read it: a line for each check, and what to do about it below.
    pub fn text(&self) -> String {
        let mut text = format!("rcsync doctor · {}\n\n", self.address.for_terminal());
        for check in &self.checks {
            let lead = format!("{} {:<13} ", check.verdict.sign(), check.about);
            let indent = lead.chars().count();
            text += &wrapped(&lead, &check.words.for_terminal(), indent, text::COLUMNS);
            text.push('\n');
            if let Some(remedy) = &check.remedy {
                let lead = format!("{:indent$}→ ", "");
                text += &wrapped(&lead, &remedy.for_terminal(), indent + 2, text::COLUMNS);
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
            (0, 0) => "\nNothing is in the way of a plan.\n".to_owned(),
            (0, _) => {
                let warnings = count(warnings, "warning");
                format!("\nNothing is in the way of a plan; {warnings}.\n")
            }
            _ => {
                let blocked = count(blocked, "thing");
                format!("\nNo plan can be made before what has a `!` is mended: {blocked}.\n")
            }
        }
    }
}
