//! What a server and an account are like, asked one question after the other, for whoever looks for what is wrong.

use super::Reader;
use crate::client::{Limits, ServerError};
use crate::observed::{Permissions, ServerFacts};
use crate::redactor::ServerText;

/// What was answered. What was not asked, because an earlier question got no answer, is `None`.
#[derive(Debug)]
pub struct Checkup {
    /// The version that the server tells, to whom it may not be told without a login.
    pub server: Result<Option<ServerText>, ServerError>,
    /// Who we are.
    pub account: Option<Result<ServerFacts, ServerError>>,
    /// Which roles may do what.
    pub permissions: Option<Result<Permissions, ServerError>>,
    /// How many integrations this account sees.
    pub integrations: Option<Result<u64, ServerError>>,
    /// What the answers told of the rate limit.
    pub limits: Limits,
    /// How far the server's clock is ahead of ours, in milliseconds, if its answers have a date.
    pub ahead: Option<i64>,
}

impl Reader {
    /// Asks everything. Without credentials, only what needs none.
    pub async fn checkup(&self, with_credentials: bool) -> Checkup {
        let server = self.version_text().await;
        let version_text = server.as_ref().ok().cloned();
        let mut checkup = Checkup {
            server,
            account: None,
            permissions: None,
            integrations: None,
            limits: Limits::Unknown,
            ahead: self.client.clock_skew(),
        };
        let Some(version_text) = version_text.filter(|_| with_credentials) else {
            return checkup;
        };
        let account = self.client.account().await;
        let account = account.map(|account| self.known(version_text, account));
        let known = account.is_ok();
        checkup.account = Some(account);
        if known {
            checkup.permissions = Some(self.permissions().await);
            checkup.integrations = Some(self.client.count_integrations().await);
        }
        checkup.limits = self.limits();
        checkup
    }
}
