//! From a file back to an observed state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::{HistoryForm, ManagedForm, RecordForm, ServerForm, Snapshot, TargetForm, UserForm};
use crate::client::Limits;
use crate::integration::{Kind, Role, Version};
use crate::observed::{
    Detail, Found, Gone, Histories, History, ObservedState, Record, Rooms, ServerFacts, ServerId,
    Target, User, Users,
};
use crate::redactor::{Redactor, ServerText};

/// Why a text is not a snapshot. It quotes no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSnapshot {
    /// Something else, or broken.
    #[error("it is not what `rcsync snapshot` writes (line {line}, column {column})")]
    Form {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// Written by another version.
    #[error(
        "its format has version {found}, and this rcsync reads version {}",
        Snapshot::FORMAT_VERSION
    )]
    Version {
        /// Which.
        found: u32,
    },
    /// Its date is none.
    #[error("`takenAt` is not a date")]
    Date,
    /// A record of no known kind, or a second one with its id.
    #[error("record {0} has a type that rcsync does not know, or is there twice")]
    Record(usize),
}

/// What every version has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    format_version: u32,
}

impl Snapshot {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not a snapshot of this version.
    pub fn parse(text: &str) -> Result<Self, NoSnapshot> {
        let form = |error: serde_json::Error| NoSnapshot::Form {
            line: error.line(),
            column: error.column(),
        };
        let head: Head = serde_json::from_str(text).map_err(form)?;
        if head.format_version != Self::FORMAT_VERSION {
            return Err(NoSnapshot::Version {
                found: head.format_version,
            });
        }
        serde_json::from_str(text).map_err(form)
    }

    /// The observed state that it keeps.
    ///
    /// Its texts carry the redactor: it was written by a run that may not have known all secrets of this one.
    ///
    /// # Errors
    /// When it contradicts itself.
    pub fn observed(self, redactor: &Redactor) -> Result<ObservedState, NoSnapshot> {
        let taken_at: Timestamp = self.taken_at.parse().map_err(|_| NoSnapshot::Date)?;
        let own = |text: ServerText| text.guarded_by(redactor);
        let mut ids = BTreeSet::new();
        let mut records = Vec::new();
        let mut histories = Histories::default();
        for (index, mut form) in self.records.into_iter().enumerate() {
            let history = form.managed.as_mut().and_then(|it| it.history.take());
            let history = history.map(|history| (ServerId::from(form.id.clone()), history.into()));
            histories.found.extend(history);
            let record = form
                .record(&self.server, redactor)
                .filter(|it| ids.insert(it.id.clone()));
            records.push(record.ok_or(NoSnapshot::Record(index + 1))?);
        }
        let users = self.users.into_iter();
        let found: BTreeMap<_, _> = users.map(|(name, user)| (name, user.into())).collect();
        let version = self
            .server
            .version
            .as_ref()
            .and_then(|text| Version::parse(text.raw()));
        Ok(ObservedState {
            server: ServerFacts {
                url: self.server.address,
                version,
                version_text: self.server.version.map(own),
                user_id: own(self.server.user_id),
                username: own(self.server.account),
                roles: None,
            },
            records,
            unknown_kinds: self.unknown_kinds,
            users: Users {
                found,
                impersonators: self.impersonators,
            },
            rooms: rooms(self.targets),
            view: self.view,
            histories,
            redactor: redactor.clone(),
            limits: Limits::Unknown,
            taken_at: Some(taken_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        })
    }
}

/// A target of a kind that this version does not know is not told of.
fn rooms(targets: Vec<TargetForm>) -> Rooms {
    let mut rooms = Rooms::default();
    for form in targets {
        let Some(kind) = Kind::from_wire(&form.kind) else {
            continue;
        };
        let states = form.state.map(|state| (form.name.clone(), state));
        rooms.states.extend(states);
        let name = form.name;
        rooms.found.insert(Target { kind, name }, form.is);
    }
    rooms
}

impl RecordForm {
    fn record(self, server: &ServerForm, redactor: &Redactor) -> Option<Record> {
        let detail = match &self.managed {
            Some(_) => Detail::Redacted,
            None => Detail::Identity,
        };
        let kind = Kind::from_wire(&self.kind)?;
        let creator = self.creator.as_ref();
        let mut raw = match self.managed {
            Some(managed) => managed.raw(creator),
            // Of ids nothing is kept; what this account made is told by its name.
            None if creator == Some(&server.account) => {
                let own = json!({"_id": server.user_id, "username": server.account});
                Map::from_iter([("_createdBy".to_owned(), own)])
            }
            None => Map::new(),
        };
        let switch = kind.row(Role::Switch)?;
        raw.entry(switch.name).or_insert(json!(self.on));
        Some(Record {
            id: self.id.guarded_by(redactor).into(),
            kind,
            name: self.name.guarded_by(redactor),
            creator: self.creator.map(|it| it.guarded_by(redactor)),
            redactor: redactor.clone(),
            raw,
            detail,
            normal: OnceLock::new(),
        })
    }
}

impl ManagedForm {
    /// The record as the server would send it.
    fn raw(self, creator: Option<&ServerText>) -> Map<String, Json> {
        let mut raw = Map::new();
        for (name, kept) in self.fields {
            raw.insert(name, json!(kept));
        }
        let facts = [
            ("userId", json!(self.user_id)),
            (
                "_createdBy",
                json!({"_id": self.creator_id, "username": creator}),
            ),
            ("_createdAt", json!(self.created_at)),
            ("_updatedAt", json!(self.updated_at)),
            ("_updatedBy", json!({"username": self.updated_by})),
            ("scriptError", json!(self.script_error)),
        ];
        raw.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        let compiled = self.script_compiled.then_some("(compiled)");
        raw.insert("scriptCompiled".to_owned(), json!(compiled));
        raw
    }
}

impl From<HistoryForm> for History {
    fn from(form: HistoryForm) -> Self {
        match form {
            HistoryForm::Gone { at } => Self::Gone(Gone { at }),
            HistoryForm::Other => Self::Other,
        }
    }
}

impl From<UserForm> for Found {
    fn from(form: UserForm) -> Self {
        match form {
            UserForm::User { id, roles, active } => Self::User(User { id, roles, active }),
            UserForm::Nobody => Self::Nobody,
            UserForm::Unknown => {
                Self::Unknown("the server did not tell when the snapshot was taken".to_owned())
            }
        }
    }
}
