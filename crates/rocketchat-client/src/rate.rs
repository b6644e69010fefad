//! What is known of the server's rate limit for this account.

use std::time::Duration;

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

/// Calls per window. A window begins with its first call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many calls pass.
    pub calls: u64,
    /// How long a window is.
    pub window: Duration,
}
