//! Exit codes, and which one wins when several hold.

use std::process::ExitCode;

use rcsync::apply::{Applied, Verdict};
use rocketchat_client::ServerError;

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

impl Exit {
    /// How a run ends that fails with this.
    pub(crate) fn of(error: &ServerError) -> Self {
        match error {
            _ if error.is_no_access() => Self::Server,
            ServerError::SecretMissing { .. } => Self::Invalid,
            ServerError::Stopped => Self::Incomplete,
            _ => Self::Unexpected,
        }
    }

    /// How a run ends that came to this. An interruption, which wins, is the caller's to tell.
    pub(crate) fn of_applied(applied: &Applied) -> Self {
        match applied.verdict() {
            Verdict::Done => Self::Done,
            Verdict::Incomplete => Self::Incomplete,
            Verdict::NoAccess => Self::Server,
            Verdict::Refused => Self::Refused,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
