//! What went wrong between us and the server, as far as a caller has to tell it apart.
//!
//! Texts of the server are quoted only after `quote` has blanked and shortened them, so that every
//! `Display` and `Debug` here is fit to be printed.

use std::time::Duration;

use http::StatusCode;
use thiserror::Error;

use crate::redactor::ServerText;

/// Why a request did not give what was asked for.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ServerError {
    /// Nothing reached the server.
    #[error("the server cannot be reached: {0}")]
    NotSent(String),
    /// The request was sent, and no whole answer came.
    #[error("no answer: {0}")]
    Unknown(String),
    /// The server sends us elsewhere. Never followed (docs/server.md#base-url-and-redirects).
    #[error("the server redirects to {to}")]
    Redirected {
        /// Where to, without user info and query.
        to: String,
        /// The base URL that would have asked there.
        base: Option<ServerText>,
    },
    /// An answer that no Rocket.Chat gives: HTML, plain text (docs/server.md#answers-that-are-not-json).
    #[error("this is not a Rocket.Chat API: status {status}{}", quoted(line))]
    NotRocketChat {
        /// The status.
        status: StatusCode,
        /// The first line of the answer.
        line: String,
    },
    /// The server does not accept the credentials (docs/server.md#request-headers).
    #[error("the server does not accept the user id and token")]
    Unauthorised,
    /// The server knows no such user with such a password; which of the two, it does not say (docs/server.md#login).
    #[error("the server does not accept the user and password")]
    WrongPassword,
    /// A login or a token needs a second factor, which nobody types in a pipeline (docs/server.md#second-factor).
    #[error("the server requires a second factor{}", .method.as_deref().map(|method| format!(" ({method})")).unwrap_or_default())]
    SecondFactor {
        /// The way it is reported: `totp`, `email` or `password`.
        method: Option<String>,
    },
    /// The account may not use this endpoint at all (docs/server.md#error-shapes). What it may not do with one record is
    /// [`ServerError::Rejected`].
    #[error("this account is not allowed to do that: {words}")]
    Forbidden {
        /// The server's words.
        words: String,
    },
    /// Something in front of the server wants another login.
    #[error(
        "something in front of the server refuses the request: status {status}{}",
        quoted(line)
    )]
    Gateway {
        /// The status.
        status: StatusCode,
        /// The first line of the answer.
        line: String,
    },
    /// The server understood, and refuses.
    #[error("{}", rejected(*status, .code.as_deref(), words))]
    Rejected {
        /// The status.
        status: StatusCode,
        /// The `errorType`, or else the code in brackets.
        code: Option<String>,
        /// The server's words, without the code.
        words: String,
    },
    /// Refused for now: nothing was done (docs/server.md#rate-limits).
    #[error("too many requests{}", seconds(*wait))]
    TooMany {
        /// How long it asks to wait, where it says so.
        wait: Option<Duration>,
    },
    /// Refused for longer than a request waits ([`Retries::longest_wait`](super::Retries::longest_wait)): nothing was done.
    #[error("too many requests: the server accepts the next one in {}", minutes(*wait))]
    TooLong {
        /// How long it asks to wait.
        wait: Duration,
    },
    /// The request is larger than something on the way allows.
    #[error("the request is too large for the server or a proxy in front of it (status 413)")]
    TooLarge,
    /// A status that says nothing about the request: a proxy's, mostly.
    #[error("unexpected status {status}{}", quoted(line))]
    UnexpectedStatus {
        /// The status.
        status: StatusCode,
        /// The first line of the answer.
        line: String,
    },
    /// JSON, but not what this endpoint answers. Not quoted: it may hold the tokens of records.
    #[error("the server's answer cannot be read: {0}")]
    Undecodable(String),
    /// The pages of the listing do not make a whole, twice.
    #[error("the list changed while it was read: {distinct} of {total} records arrived, twice")]
    ListingInconsistent {
        /// How many there are, says the server.
        total: u64,
        /// How many different ones came.
        distinct: u64,
    },
    /// The run was stopped while this waited to be sent. Nothing was.
    #[error("the run was stopped before this was sent")]
    Stopped,
    /// A value that this run does not have. The request was not made.
    #[error("the value of a secret in `{field}` is not known")]
    SecretMissing {
        /// The field.
        field: &'static str,
    },
}

impl ServerError {
    /// Whether the server may have done what was asked, in spite of this.
    pub fn leaves_open(&self) -> bool {
        match self {
            Self::Unknown(_) | Self::UnexpectedStatus { .. } | Self::Undecodable(_) => true,
            // Some proxies answer a page of their own with 200, after the server has done its work.
            Self::NotRocketChat { status, .. } => status.is_success(),
            // An internal error may come after the insert.
            Self::Rejected { status, .. } => status.is_server_error(),
            _ => false,
        }
    }

    /// Whether it is a fault of the server, or of a proxy in front of it: a status of 500 or more.
    pub fn is_server_fault(&self) -> bool {
        match self {
            Self::Rejected { status, .. } | Self::UnexpectedStatus { status, .. } => {
                status.is_server_error()
            }
            _ => false,
        }
    }

    /// Whether it says that there is no such record. Only the words tell (docs/server.md#update, #remove, #get).
    pub fn is_gone(&self) -> bool {
        const WORDS: [&str; 2] = ["No integration found.", "The integration does not exists."];
        matches!(self, Self::Rejected { words, code: None, .. } if WORDS.contains(&words.as_str()))
    }

    /// Whether it says that there is no such user (docs/server.md#looking-up-users-and-rooms).
    pub fn is_nobody(&self) -> bool {
        matches!(self, Self::Rejected { words, .. } if words == "User not found.")
    }

    /// Whether it says that there is no such room (docs/server.md#looking-up-users-and-rooms).
    pub fn is_no_room(&self) -> bool {
        matches!(self, Self::Rejected { code: Some(code), .. } if code == "error-room-not-found")
    }

    /// Whether it says that there is such a room, and that this account may not enter it. The server has its two texts
    /// the wrong way round (docs/server.md#looking-up-users-and-rooms).
    pub fn is_closed_room(&self) -> bool {
        let Self::Rejected {
            status,
            code: Some(code),
            words,
        } = self
        else {
            return false;
        };
        let alike = *status == StatusCode::FORBIDDEN && code == "not-allowed";
        alike || words == "not-allowed" && code == "Not Allowed"
    }

    /// Whether every other request of this account will be refused too.
    pub fn refuses_all(&self) -> bool {
        matches!(
            self,
            Self::Unauthorised
                | Self::WrongPassword
                | Self::SecondFactor { .. }
                | Self::Forbidden { .. }
                | Self::Gateway { .. }
                | Self::TooLong { .. }
        )
    }

    /// Whether there was no server to do anything, or one that does nothing for this account.
    pub fn is_no_access(&self) -> bool {
        let none = matches!(
            self,
            Self::NotSent(_)
                | Self::Unknown(_)
                | Self::Redirected { .. }
                | Self::NotRocketChat { .. }
                | Self::TooMany { .. }
                | Self::UnexpectedStatus { .. }
        );
        none || self.refuses_all()
    }
}

fn quoted(line: &str) -> String {
    if line.is_empty() {
        String::new()
    } else {
        format!(", beginning with `{line}`")
    }
}

fn rejected(status: StatusCode, code: Option<&str>, words: &str) -> String {
    match code {
        None if words.is_empty() => format!("refused without a reason (status {status})"),
        Some(code) if words.is_empty() => code.to_owned(),
        Some(code) => format!("{code}: {words}"),
        None => words.to_owned(),
    }
}

/// Whole minutes, rounded up.
fn minutes(wait: Duration) -> String {
    format!("{} min", wait.as_secs().div_ceil(60))
}

fn seconds(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| {
        format!(": the server asks to wait {} s", wait.as_secs())
    })
}
