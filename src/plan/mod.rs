//! The plan: what would change, as a value. Building it asks nobody and writes nothing, and the same input
//! gives the same plan.

use crate::diagnostic::Place;
use crate::integration::{Field, Fields, Key, Value};
use crate::observed::{ServerFacts, ServerId};

/// What would change on the server.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The server it was made for.
    pub(crate) server: ServerFacts,
    /// The changes, in the order they are shown and made.
    pub(crate) changes: Vec<Change>,
    /// How many entries are as written.
    pub(crate) unchanged: usize,
    /// How many records no entry names.
    pub(crate) unmanaged: usize,
}

/// What would change about one integration.
#[derive(Debug)]
pub(crate) struct Change {
    /// Which integration.
    pub(crate) key: Key,
    /// What would be done.
    pub(crate) action: Action,
    /// The fields, in the table's order.
    pub(crate) fields: Vec<FieldChange>,
    /// Where its entry stands.
    pub(crate) place: Option<Place>,
    /// The file its script comes from, as the manifest names it.
    pub(crate) script_file: Option<String>,
}

/// What would be done.
#[derive(Debug)]
pub(crate) enum Action {
    /// A new record with these values: exactly what the request carries.
    Create(Fields),
    /// Another content of the record.
    Update {
        /// The record.
        id: ServerId,
        /// The values to have afterwards.
        to: Fields,
    },
    /// Nothing, for a reason.
    Blocked {
        /// The record, where there is one.
        id: Option<ServerId>,
        /// Why.
        reason: Reason,
    },
}

/// Why a change cannot be made, and what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Why, in one line.
    pub(crate) why: String,
    /// What to do about it.
    pub(crate) remedy: String,
}

/// A field before and after.
#[derive(Debug)]
pub(crate) struct FieldChange {
    /// The row.
    pub(crate) field: &'static Field,
    /// The observed value; `None` where there is none, or no record.
    pub(crate) before: Option<Value>,
    /// The desired value; `None` for a secret that is generated when the change is made.
    pub(crate) after: Option<Value>,
}
