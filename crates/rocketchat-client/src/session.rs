//! A session: a server, as an account, from its login to its logout.

use std::sync::Arc;

use super::client::Client;
use super::gate::Gate;
use super::{
    BadCredentials, BaseUrl, Credentials, Login, Reader, Retries, ServerError, Transport, Writer,
    login,
};
use crate::redactor::Redactor;

/// Who one is to a server.
pub enum Auth {
    /// The owner of a token.
    Token(Credentials),
    /// A user with a password. A token is made for the session, and is worth nothing after it.
    Password(Login),
}

/// Where a server is, and how to talk to it.
#[derive(Clone)]
pub struct Endpoint {
    /// Its address.
    pub base: BaseUrl,
    /// What carries the requests.
    pub transport: Arc<dyn Transport>,
    /// What is sent again.
    pub retries: Retries,
    /// Secrets besides the credentials that its answers may echo: they are masked in what is shown of them.
    pub known: Redactor,
}

/// Why a session was not opened.
#[derive(Debug, thiserror::Error)]
pub enum NoSession {
    /// The credentials cannot be sent.
    #[error(transparent)]
    Unusable(#[from] BadCredentials),
    /// The login failed.
    #[error(transparent)]
    Refused(#[from] ServerError),
}

/// A session with a server. One that was begun by a password has to be closed: what is dropped stays logged in until the
/// server lets it expire.
pub struct Session {
    reader: Reader,
    by_password: bool,
}

impl Session {
    /// Opens a session. No request is sent, but for a login by password.
    ///
    /// # Errors
    /// When the credentials cannot be sent, or the login fails.
    pub async fn open(endpoint: &Endpoint, auth: &Auth) -> Result<Self, NoSession> {
        match auth {
            Auth::Token(credentials) => Ok(Self::with_token(endpoint, credentials)?),
            Auth::Password(login) => {
                let token = login::log_in(&endpoint.anonymous().client, login).await?;
                Ok(Self {
                    by_password: true,
                    ..Self::with_token(endpoint, &token)?
                })
            }
        }
    }

    /// Opens a session with a token. No request is sent.
    ///
    /// # Errors
    /// When the credentials cannot be sent.
    pub fn with_token(
        endpoint: &Endpoint,
        credentials: &Credentials,
    ) -> Result<Self, BadCredentials> {
        let client = Client::with_token(endpoint, credentials)?;
        Ok(Self {
            reader: Reader {
                client: Arc::new(client),
            },
            by_password: false,
        })
    }

    /// What asks, and cannot write.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What writes.
    pub fn writer(&self) -> Writer {
        Writer {
            reader: self.reader.clone(),
            gate: Gate::default(),
        }
    }

    /// Ends the session: logs out whoever was logged in by it.
    ///
    /// # Errors
    /// When the server did not say that it did: the login then lasts until it expires.
    pub async fn close(self) -> Result<(), ServerError> {
        if self.by_password {
            login::log_out(&self.reader.client).await?;
        }
        Ok(())
    }
}

impl Endpoint {
    /// The server at an address, asked again as is usual.
    pub fn new(base: BaseUrl, transport: Arc<dyn Transport>) -> Self {
        Self {
            base,
            transport,
            retries: Retries::default(),
            known: Redactor::default(),
        }
    }

    /// The same, with these secrets masked in what is shown of its answers.
    #[must_use]
    pub fn masking(self, known: &Redactor) -> Self {
        Self {
            known: self.known.and(known),
            ..self
        }
    }

    /// A reader without an account, for what needs no login.
    pub fn anonymous(&self) -> Reader {
        Reader {
            client: Arc::new(Client::anonymous(self)),
        }
    }
}
