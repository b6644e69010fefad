//! What the histories of outgoing webhooks told: whether the server itself disabled one.

use std::collections::{BTreeMap, BTreeSet};

use super::ServerId;
use crate::redactor::ServerText;

/// What the look-ups told. A record that nobody asked for is not in it.
#[derive(Clone, Debug, Default)]
pub struct Histories {
    /// By record.
    pub found: BTreeMap<ServerId, History>,
}

/// That a URL was gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// When that was, as the server writes it.
    pub at: Option<ServerText>,
}

/// What a look-up told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// A URL answered 410 when it was called last: the server disables the webhook then
    /// (docs/server.md#silent-changes).
    Gone(Gone),
    /// It tells of no such thing.
    Other,
    /// It could not be told, for this reason.
    Unknown(String),
}

impl Histories {
    /// What is known of these records.
    #[must_use]
    pub fn only(mut self, records: &BTreeSet<ServerId>) -> Self {
        self.found.retain(|id, _| records.contains(id));
        self
    }

    /// Whether it is known what the history of a record tells.
    pub fn tell_of(&self, id: &ServerId) -> bool {
        matches!(self.found.get(id), Some(History::Gone(_) | History::Other))
    }

    /// That a URL of the record is gone, if its history tells so.
    pub fn gone(&self, id: &ServerId) -> Option<&Gone> {
        match self.found.get(id)? {
            History::Gone(gone) => Some(gone),
            History::Other | History::Unknown(_) => None,
        }
    }
}
