//! Why a command ends early: told once, by whoever runs it.

use crate::exit::Exit;
use crate::terminal;
use rcsync::problem::Problem;
use rcsync::report::FailureReport;
use rocketchat_client::ServerError;

/// Why a command ends early.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    /// The same for reports.
    pub(super) report: Box<FailureReport>,
    /// What is shown; `None` where that has been shown.
    shown: Option<(String, Option<String>)>,
}

impl Failure {
    /// A reason, and what to do about it.
    pub(super) fn new(exit: Exit, message: &str, help: Option<&str>) -> Self {
        Self {
            shown: Some((message.to_owned(), help.map(str::to_owned))),
            report: Box::new(FailureReport::new(exit.code(), message, help)),
            exit,
        }
    }

    /// The server did not answer as it should.
    pub(super) fn server(error: &ServerError) -> Self {
        Self::of(Exit::of(error), &error.into())
    }

    /// A problem.
    pub(super) fn of(exit: Exit, problem: &Problem) -> Self {
        Self::new(exit, &problem.message, problem.help.as_deref())
    }

    /// A reason that has been shown.
    pub(super) fn known(exit: Exit, message: &str) -> Self {
        Self {
            exit,
            report: Box::new(FailureReport::new(exit.code(), message, None)),
            shown: None,
        }
    }

    /// Shows it, unless it has been shown, and says how the run ends.
    pub(crate) fn tell(&self) -> Exit {
        if let Some((message, help)) = &self.shown {
            terminal::error(message, help.as_deref());
        }
        self.exit
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        Self::server(&error)
    }
}
