//! Why a state or a fixture cannot be used, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::lock::Holder;

/// Why a file of state or a fixture cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// The file cannot be read or written.
    #[error("cannot use {}: {error}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process writes it.
    #[error("{} is in use by {}", file.display(), shown(holder.as_ref()))]
    InUse {
        /// The file.
        file: PathBuf,
        /// Which, if it says so.
        holder: Option<Holder>,
    },
    /// The file is no journal, or one of another format.
    #[error("{} is not a sandbox state that this version can read", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// A line makes no sense.
    #[error("{}:{line}: not a line of a sandbox state", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, from one.
        line: usize,
    },
    /// A fixture makes no sense.
    #[error("{}: not a fixture: {reason}", file.display())]
    Fixture {
        /// The file.
        file: PathBuf,
        /// What is wrong, without the offending value.
        reason: String,
    },
}

/// A holder in words.
fn shown(holder: Option<&Holder>) -> String {
    let Some(holder) = holder else {
        return "another process".to_owned();
    };
    let who = format!("`{}` (process {})", holder.command, holder.process);
    match &holder.url {
        Some(url) => format!("{who}, which serves it at {url}"),
        None => who,
    }
}

impl StateError {
    /// For `map_err`.
    pub fn unusable(file: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |error| Self::Unusable {
            file: file.to_owned(),
            error,
        }
    }

    /// Whether another process writes the file.
    pub fn is_in_use(&self) -> bool {
        matches!(self, Self::InUse { .. })
    }

    /// Whether it is in use by what ends by itself.
    pub fn will_pass(&self) -> bool {
        let Self::InUse { holder, .. } = self else {
            return false;
        };
        holder.as_ref().is_none_or(|holder| holder.url.is_none())
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::InUse { .. } if self.will_pass() => {
                Some("wait until it has ended, or name another file")
            }
            Self::InUse { .. } => Some(
                "use that sandbox: set RCSYNC_URL, RCSYNC_USER_ID and RCSYNC_AUTH_TOKEN as it printed them, and leave out \
                 `--sandbox`; or stop it, or name another file",
            ),
            Self::Foreign { .. } | Self::Damaged { .. } => Some(
                "it is not changed: name another file, or remove it to start with an empty sandbox",
            ),
            Self::Unusable { .. } | Self::Fixture { .. } => None,
        }
    }
}
