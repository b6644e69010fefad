//! The plan: what would change, as a value. Building it asks nobody and writes nothing, and the same input
//! gives the same plan.

mod compare;
mod identity;

use crate::desired::{Desired, DesiredState};
use crate::diagnostic::Place;
use crate::integration::{Field, Fields, Key, LeftOut, Role, Value};
use crate::observed::{ObservedState, ServerFacts, ServerId};

use identity::Identity;

/// What would change on the server.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The server it was made for.
    pub(crate) server: ServerFacts,
    /// The changes, in the order they are shown: blocked ones, updates, creates; each by kind and name.
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
        #[expect(dead_code, reason = "updates are planned and not made yet")]
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
#[derive(Clone, Debug)]
pub(crate) struct FieldChange {
    /// The row.
    pub(crate) field: &'static Field,
    /// The observed value; `None` where there is none, or no record.
    pub(crate) before: Option<Value>,
    /// The desired value; `None` for a secret that is generated when the change is made.
    pub(crate) after: Option<Value>,
}

impl Plan {
    /// What has to change for the observed state to become the desired one.
    pub(crate) fn between(desired: &DesiredState, observed: &ObservedState) -> Self {
        let identity = Identity::of(&observed.records);
        let mut changes: Vec<_> = desired
            .entries
            .iter()
            .filter_map(|entry| change(entry, &identity, &observed.server))
            .collect();
        changes.sort_by(|a, b| (a.action.rank(), &a.key).cmp(&(b.action.rank(), &b.key)));
        Self {
            server: observed.server.clone(),
            unchanged: desired.entries.len() - changes.len(),
            unmanaged: identity.unnamed(desired.entries.iter().map(|entry| &entry.key))
                + observed.strangers,
            changes,
        }
    }

    /// Whether the server is as written.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether there is a change that can be made.
    pub(crate) fn has_writes(&self) -> bool {
        self.changes
            .iter()
            .any(|change| !matches!(change.action, Action::Blocked { .. }))
    }
}

impl Action {
    /// The order in which changes are shown.
    fn rank(&self) -> u8 {
        match self {
            Self::Blocked { .. } => 0,
            Self::Update { .. } => 1,
            Self::Create(_) => 2,
        }
    }
}

fn change(entry: &Desired, identity: &Identity<'_>, server: &ServerFacts) -> Option<Change> {
    let (action, fields) = match identity.find(&entry.key) {
        [] => create(entry, server),
        [record] => compare::record(entry, record, server)?,
        several => (
            Action::Blocked {
                id: None,
                reason: identity::ambiguous(several),
            },
            Vec::new(),
        ),
    };
    Some(Change {
        key: entry.key.clone(),
        action,
        fields,
        place: Some(entry.place.clone()),
        script_file: entry.script_file.clone(),
    })
}

/// A new record: what is written, and what a request must carry.
fn create(entry: &Desired, server: &ServerFacts) -> (Action, Vec<FieldChange>) {
    let mut values = Fields::new(entry.key.kind);
    let mut shown = Vec::new();
    for field in entry.key.kind.fields() {
        let written = entry.written.contains(field.name);
        match (entry.fields.get(field), compare::held(field, entry, server)) {
            (_, Err(reason)) => return (Action::Blocked { id: None, reason }, Vec::new()),
            (Some(value), Ok(true)) if written || field.always_sent => {
                values.set(field.name, Some(value.clone()));
                if written && field.role != Role::Name {
                    shown.push(FieldChange {
                        field,
                        before: None,
                        after: Some(value.clone()),
                    });
                }
            }
            (None, Ok(true)) if field.left_out == LeftOut::Generated => {
                shown.push(FieldChange {
                    field,
                    before: None,
                    after: None,
                });
            }
            (None, Ok(true))
                if server
                    .version
                    .is_some_and(|version| field.versions.demand(version)) =>
            {
                values.set(field.name, Some(Value::Flag(false)));
            }
            _ => {}
        }
    }
    (Action::Create(values), shown)
}
