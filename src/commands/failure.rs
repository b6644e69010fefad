//! Why a command ends early. It has been shown where it arose; here it is for reports.

use super::terminal;
use crate::exit::Exit;
use crate::report::FailureReport;

/// Why a command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the run ends.
    pub(super) exit: Exit,
    /// The same in words.
    pub(super) report: FailureReport,
}

impl Failure {
    /// Shows why, with a hint, and keeps it.
    pub(super) fn shown(exit: Exit, message: &str, hint: Option<&str>) -> Self {
        terminal::error(message, hint);
        Self::new(exit, message, hint)
    }

    /// Keeps what has been shown already.
    pub(super) fn new(exit: Exit, message: &str, hint: Option<&str>) -> Self {
        let report = FailureReport::new(exit.code(), message, hint);
        Self { exit, report }
    }
}

impl From<Failure> for Exit {
    fn from(failure: Failure) -> Self {
        failure.exit
    }
}
