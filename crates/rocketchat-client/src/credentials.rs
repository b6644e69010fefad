//! Who we are to the server.

use http::{HeaderMap, HeaderName, HeaderValue};

use thiserror::Error;

use super::Body;
use crate::redactor::Redactor;
use crate::secret::Secret;

/// The header of the token (docs/server.md#request-headers).
pub(super) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-auth-token");

/// The header of the user id.
const USER_HEADER: HeaderName = HeaderName::from_static("x-user-id");

/// A user id and a token of that user.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The id, not the username.
    pub user_id: String,
    /// A login token or a personal access token.
    pub token: Secret,
}

/// A user and the password that is exchanged for a token.
#[derive(Clone, Debug)]
pub struct Login {
    /// The username, or an e-mail address.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Login {
    /// What is sent to log in: these two keys and no other, which would be taken for another way to log in
    /// (docs/server.md#login).
    pub(super) fn body(&self) -> Body {
        let exposed = self.password.expose().unwrap_or_default();
        let object = [("user", self.user.as_str()), ("password", exposed)];
        let object = object.map(|(key, text)| (key.to_owned(), text.into()));
        Body::new(object.into_iter().collect(), [self.password.clone()])
    }
}

/// Why credentials cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadCredentials {
    /// The id is blank, or holds what no header can carry.
    #[error(
        "the user id is empty, or holds a line break or another character that no header can carry"
    )]
    UserId,
    /// The same of the token.
    #[error(
        "the token is empty, or holds a line break or another character that no header can carry"
    )]
    Token,
}

impl Credentials {
    /// The two headers, and what must not be quoted.
    pub(super) fn headers(&self) -> Result<(HeaderMap, Redactor), BadCredentials> {
        let header = |value: &str| {
            let value = HeaderValue::from_str(value).ok()?;
            (!value.is_empty()).then_some(value)
        };
        let user_id = header(&self.user_id).ok_or(BadCredentials::UserId)?;
        // One of the few places where a secret is exposed (a test of the architecture has the list).
        let exposed = self.token.expose().unwrap_or_default();
        let mut token = header(exposed).ok_or(BadCredentials::Token)?;
        token.set_sensitive(true);
        let redactor = Redactor::new([exposed]);
        let headers = [(USER_HEADER, user_id), (TOKEN_HEADER, token)];
        Ok((headers.into_iter().collect(), redactor))
    }
}
