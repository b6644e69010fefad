//! Exit codes, and which one wins when several hold.

use std::process::ExitCode;

/// How a run ended. The order of the variants is the order of precedence: the first one that holds wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Stopped by SIGINT (130) or SIGTERM (143).
    Interrupted { by_terminate: bool },
    /// A write was tried and not all was done.
    Incomplete,
    /// The server cannot be reached, or refuses the credentials or permissions.
    Server,
    /// The manifest, a flag or another input is invalid.
    Invalid,
    /// A saved plan does not hold any more; nothing was written.
    Stale,
    /// A guard refused, or all that is left is blocked.
    Refused,
    /// Something unexpected.
    Unexpected,
    /// `--detailed-exitcode`: there are changes, conditions or blocked entries.
    Changes,
    /// All is done, or nothing was to do.
    Done,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Changes => 2,
            Self::Invalid => 3,
            Self::Refused => 4,
            Self::Stale => 5,
            Self::Incomplete => 6,
            Self::Server => 7,
            Self::Interrupted {
                by_terminate: false,
            } => 130,
            Self::Interrupted { by_terminate: true } => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
