//! What is known of the server's rate limit for this account.

use std::time::Duration;

use super::limits::DEFAULT_WAIT;

/// How many calls the server takes of this account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Limits {
    /// Nobody asked, or no answer told.
    #[default]
    Unknown,
    /// As many as come.
    Unlimited,
    /// So many of each endpoint.
    PerEndpoint(Rate),
}

impl Limits {
    /// The same with the server's default window. How long a window really is shows only in an answer that begins one: what
    /// is told of a server must not depend on how much of it is over.
    #[must_use]
    pub fn by_default_window(self) -> Self {
        match self {
            Self::PerEndpoint(Rate { calls, .. }) => Self::PerEndpoint(Rate {
                calls,
                window: DEFAULT_WAIT,
            }),
            other => other,
        }
    }
}

/// Calls per window. A window begins with its first call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many calls pass.
    pub calls: u64,
    /// How long a window is.
    pub window: Duration,
}
