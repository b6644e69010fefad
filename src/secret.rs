//! Secrets, and texts of which stretches are secret.
//!
//! A secret compares and never prints: it has no `Display`, no `Serialize`, and its `Debug` is a mask. The
//! two callers of `expose` are the writer of request bodies and the header of the credentials.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret is not shown.
pub(crate) const MASK: &str = "(secret)";

/// A secret value, or the knowledge that there is one whose value this run does not have.
#[derive(Clone)]
pub(crate) enum Secret {
    /// The value.
    Known(SecretString),
    /// A reference that was not resolved.
    Unknown,
}

impl Secret {
    /// A secret whose value is known.
    pub(crate) fn new(value: impl Into<String>) -> Self {
        Self::Known(SecretString::from(value.into()))
    }

    /// Whether both are the same; `None` where one of them is unknown.
    pub(crate) fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Known(a), Self::Known(b)) => Some(a.expose_secret() == b.expose_secret()),
            _ => None,
        }
    }

    /// Whether it is known and empty.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Known(value) if value.expose_secret().is_empty())
    }

    /// The value in clear, for a request body or a credential header and for nothing else.
    pub(crate) fn expose(&self) -> Option<&str> {
        match self {
            Self::Known(value) => Some(value.expose_secret()),
            Self::Unknown => None,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known(_) => MASK,
            Self::Unknown => "(unknown secret)",
        })
    }
}
