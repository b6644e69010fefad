//! The snapshot: what the server had at a moment, in a file that everybody may read. A plan can be made from it
//! without the server and without credentials.
//!
//! It is redacted by construction: a value is kept only if its row says that it is not a secret, and a URL or a script
//! only if the manifest shows it as well or nothing speaks against it ([`Held`]). What is hidden comes back as
//! *unknown*, and compares with nothing.

mod kept;
mod read;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Found, Gone, Histories, History, ObservedState, Record, RoomState, Rooms, ServerFacts,
    ServerId, TargetStatus, Users, View,
};
use crate::integration::{Fields, Role};
use crate::redactor::ServerText;

use kept::Kept;
pub use kept::{Held, is_hidden};
pub use read::NoSnapshot;

/// What the server had, without what may be secret: what `rcsync snapshot` writes, and `rcsync plan --state` reads.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The version of this form.
    format_version: u32,
    /// When the server was read, in UTC.
    taken_at: String,
    /// The server and the account.
    server: ServerForm,
    /// The records, by id.
    records: Vec<RecordForm>,
    /// How many records are of no kind that rcsync knows.
    unknown_kinds: usize,
    /// The users that were looked up, by username.
    users: BTreeMap<String, UserForm>,
    /// What integrations post to, where that was looked up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    targets: Vec<TargetForm>,
    /// The roles that may impersonate, where that was asked and told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    impersonators: Option<BTreeSet<ServerText>>,
    /// What the account saw, where that was asked.
    #[serde(default)]
    view: View,
}

/// The server and the account.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ServerForm {
    /// Its address; for the embedded sandbox, where its state is.
    address: String,
    /// Whether it is the embedded sandbox.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sandbox: bool,
    /// Its version, as it says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<ServerText>,
    /// The account's id.
    user_id: ServerText,
    /// The account's username.
    account: ServerText,
}

/// A record.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RecordForm {
    /// Its id.
    id: ServerText,
    /// `webhook-incoming` or `webhook-outgoing`.
    #[serde(rename = "type")]
    kind: String,
    /// Its name.
    name: ServerText,
    /// The username of its creator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creator: Option<ServerText>,
    /// Whether it is switched on.
    #[serde(default)]
    on: bool,
    /// The rest, if an entry names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    managed: Option<ManagedForm>,
}

/// What is kept of a record that an entry names.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ManagedForm {
    /// Its fields as they are stored, by name.
    fields: BTreeMap<String, Kept>,
    /// The id of the user that it posts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_id: Option<ServerText>,
    /// The id of its creator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    creator_id: Option<ServerText>,
    /// When it was created, as the server writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<ServerText>,
    /// When it was last updated, as the server writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<ServerText>,
    /// The username of who updated it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_by: Option<ServerText>,
    /// Whether the server has a compiled script.
    script_compiled: bool,
    /// Why the server could not compile the script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script_error: Option<String>,
    /// What its history told, where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history: Option<HistoryForm>,
}

/// What a history told.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum HistoryForm {
    /// A URL answered 410 when it was called last.
    Gone {
        /// When, as the server writes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<ServerText>,
    },
    /// Nothing of the kind.
    Other,
}

/// What a look-up told of a room or user that an integration posts to, or of a scope.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct TargetForm {
    /// The kind of the integration.
    #[serde(rename = "type")]
    kind: String,
    /// As the manifest writes it: `#ops`.
    name: String,
    /// What was told.
    is: TargetStatus,
    /// What is special about a room that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<RoomState>,
}

/// What a look-up told of a user.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum UserForm {
    /// There is such a user.
    User {
        /// The id.
        id: ServerText,
        /// The roles, where this account may see them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roles: Option<BTreeSet<ServerText>>,
        /// Whether the user is active, where the server says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        active: Option<bool>,
    },
    /// There is none of exactly this name.
    Nobody,
    /// The server did not tell.
    Unknown,
}

impl Snapshot {
    /// The version of the form.
    pub const FORMAT_VERSION: u32 = 2;

    /// What may be kept of an observed state. `sandbox` says where the embedded sandbox keeps its state, if that is
    /// the server.
    pub fn of(
        observed: &ObservedState,
        held: &Held<'_>,
        sandbox: Option<&str>,
        taken_at: String,
    ) -> Self {
        // Without `..`: what is added to the observed state has to be kept, or left out on purpose.
        let ObservedState {
            server,
            records,
            unknown_kinds,
            users: Users {
                found,
                impersonators,
            },
            rooms,
            view,
            histories,
            // Of the account that took it; others may be limited otherwise.
            limits: _,
            // The texts carry it.
            redactor: _,
            taken_at: _,
        } = observed;
        let ServerFacts {
            url,
            version: _,
            version_text,
            user_id,
            username,
            // What they come to is the view.
            roles: _,
        } = server;
        let users = found
            .iter()
            .map(|(name, found)| (name.clone(), found.into()));
        Self {
            format_version: Self::FORMAT_VERSION,
            taken_at,
            server: ServerForm {
                address: sandbox.unwrap_or(url).to_owned(),
                sandbox: sandbox.is_some(),
                version: version_text.clone(),
                user_id: user_id.clone(),
                account: username.clone(),
            },
            records: records
                .iter()
                .map(|it| RecordForm::of(it, held, histories))
                .collect(),
            unknown_kinds: *unknown_kinds,
            users: users.collect(),
            targets: targets(rooms),
            impersonators: impersonators.clone(),
            view: view.clone(),
        }
    }

    /// The address of the server; for the embedded sandbox, where its state is.
    pub fn address(&self) -> &str {
        &self.server.address
    }

    /// Where the embedded sandbox keeps its state, if that was the server.
    pub fn sandbox(&self) -> Option<&str> {
        self.server.sandbox.then_some(self.server.address.as_str())
    }
}

/// Who plans from it names the targets by themselves: none is told that no manifest has. What a room is nearly named may
/// be private.
fn targets(rooms: &Rooms) -> Vec<TargetForm> {
    let told = rooms.found.iter().map(|(target, status)| TargetForm {
        kind: target.kind.wire().to_owned(),
        name: target.name.clone(),
        is: match status {
            TargetStatus::Missing { .. } => TargetStatus::Missing { near: None },
            TargetStatus::NotIn { .. } => TargetStatus::NotIn { near: None },
            other => other.clone(),
        },
        state: rooms.states.get(&target.name).cloned(),
    });
    told.filter(|it| !matches!(it.is, TargetStatus::Unknown(_)))
        .collect()
}

impl RecordForm {
    fn of(record: &Record, held: &Held<'_>, histories: &Histories) -> Self {
        let entries = held.entries(&record.id);
        Self {
            id: record.id.text().clone(),
            kind: record.kind.wire().to_owned(),
            name: record.name.clone(),
            creator: record.creator.clone(),
            on: record.is_enabled(),
            managed: entries.map(|entries| ManagedForm {
                history: histories.found.get(&record.id).and_then(HistoryForm::of),
                ..ManagedForm::of(record, entries, held)
            }),
        }
    }
}

impl ManagedForm {
    fn of(record: &Record, entries: &[&Fields], held: &Held<'_>) -> Self {
        let rows = record.kind.fields().iter();
        let fields = rows.filter_map(|field| {
            let kept = held.kept(field, record.raw.get(field.name)?, entries)?;
            Some((field.name.to_owned(), kept))
        });
        let fields: BTreeMap<_, _> = fields.collect();
        // What the server says of a script may quote it.
        let script = record.kind.row(Role::Script);
        let script = script.and_then(|field| fields.get(field.name));
        let may_quote = matches!(script, Some(Kept::Text(_)));
        Self {
            fields,
            user_id: record.user_id(),
            creator_id: record.created_by_id(),
            created_at: record.created_at(),
            updated_at: record.updated_at(),
            updated_by: record.updated_by(),
            script_compiled: record.script_compiled(),
            script_error: record.script_error().filter(|_| may_quote),
            history: None,
        }
    }
}

impl HistoryForm {
    /// What the server did not tell is asked for again.
    fn of(history: &History) -> Option<Self> {
        match history {
            History::Gone(Gone { at }) => Some(Self::Gone { at: at.clone() }),
            History::Other => Some(Self::Other),
            History::Unknown(_) => None,
        }
    }
}

impl From<&Found> for UserForm {
    fn from(found: &Found) -> Self {
        match found {
            Found::User(user) => Self::User {
                id: user.id.clone(),
                roles: user.roles.clone(),
                active: user.active,
            },
            Found::Nobody => Self::Nobody,
            Found::Unknown(_) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
