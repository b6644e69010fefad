//! What the server has. An [`ObservedState`] exists only if the listing was read whole.
//!
//! A [`Record`] is decoded as far as every stage may look: id, kind, name, creator. Its fields are decoded only
//! for a record that somebody asks about, by the rows of its kind.
//!
//! A [`Snapshot`] keeps it in a file, without what may be secret, and gives it back with those values unknown.

mod histories;
mod questions;
mod record;
mod rooms;
pub mod snapshot;
mod users;
mod view;

use std::collections::BTreeSet;
use std::fmt;

use crate::client::Limits;
use crate::integration::Version;
use crate::redactor::{Redactor, ServerText};

pub use histories::{Gone, Histories, History};
pub use questions::{Answers, Questions};
pub use record::{DecodeError, Detail, Record};
use record::{decode, whole_number};
pub use rooms::{Posting, Rights, RoomState, Rooms, Target, TargetStatus};
pub use snapshot::{Held, NoSnapshot, Snapshot};
pub use users::{Found, User, Users};
pub use view::{Permissions, Sight, View};

/// The id that the server gave a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerId(ServerText);

impl ServerId {
    /// As the server knows it, to be compared or sent.
    pub fn raw(&self) -> &str {
        self.0.raw()
    }

    /// The same as a text.
    pub fn text(&self) -> &ServerText {
        &self.0
    }
}

impl<T: Into<ServerText>> From<T> for ServerId {
    fn from(id: T) -> Self {
        Self(id.into())
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Everything this account sees, and who it is.
#[derive(Clone, Debug)]
pub struct ObservedState {
    /// The server and the account.
    pub server: ServerFacts,
    /// The records, by id.
    pub records: Vec<Record>,
    /// How many records are of no kind that rcsync knows. No entry can name one of them.
    pub unknown_kinds: usize,
    /// The users that were looked up.
    pub users: Users,
    /// What integrations post to, where that was looked up.
    pub rooms: Rooms,
    /// What its answers told of its rate limit.
    pub limits: Limits,
    /// What this account sees, where that was asked.
    pub view: View,
    /// The histories that were looked up.
    pub histories: Histories,
    /// The secrets that its values may echo.
    pub redactor: Redactor,
    /// When the snapshot was taken that it comes from; `None` if the server was read.
    pub taken_at: Option<String>,
}

/// Which server answered, and as whom.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// The base URL, without credentials.
    pub url: String,
    /// Its version; `None` if it does not say one that can be read.
    pub version: Option<Version>,
    /// The version as the server writes it.
    pub version_text: Option<ServerText>,
    /// The id of this account.
    pub user_id: ServerText,
    /// The name of this account.
    pub username: ServerText,
    /// The roles of this account, if the server says them.
    pub roles: Option<BTreeSet<ServerText>>,
}

impl ServerFacts {
    /// Takes the server for one of another version.
    pub fn assume(&mut self, version: Version) {
        let own = self.version_text.take();
        let own = own.unwrap_or_else(|| "unknown".into());
        self.version_text = Some(own.map(|own| format!("{own} (planned as {version})")));
        self.version = Some(version);
    }
}
