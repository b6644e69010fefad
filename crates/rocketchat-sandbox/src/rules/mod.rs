//! The rules of the endpoints: what the server checks, in which order, and what it then stores.
//!
//! A handler sees one [`Call`] and answers with a body or a refusal. Admission (credentials, route
//! permission, schema, limiter) is over by then: that is `routes`. Delays and faults are not known here.

pub(super) mod account;
pub(super) mod channels;
pub(super) mod create;
pub(super) mod directory;
pub(super) mod get;
pub(super) mod history;
pub(super) mod hooks;
pub(super) mod incoming;
pub(super) mod list;
pub(super) mod outgoing;
pub(super) mod paging;
pub(super) mod posting;
pub(super) mod remove;
pub(super) mod scripts;
pub(super) mod update;

use serde_json::{Map, Value, json};

use super::compiler::Checked;
use super::faults::Page;
use super::ids;
use super::js;
use super::profile::ServerProfile;
use super::reply::{Place, Refusal};
use super::state::State;
use super::write::{Record, Room, User, Write, text};

/// What a handler comes to: the fields of its answer, or why there are none.
pub(super) type Outcome = Result<Value, Refusal>;

/// One admitted request.
pub(super) struct Call<'a> {
    /// The state, locked for the time of the call.
    pub(super) state: &'a mut State,
    /// The server's quirks.
    pub(super) profile: &'a ServerProfile,
    /// The moment, in milliseconds since the epoch and as the server writes it.
    pub(super) now: (u64, String),
    /// Whether missing rooms and users are made up.
    pub(super) invent: bool,
    /// Who calls, and with which token.
    pub(super) caller: Option<(User, String)>,
    /// The query string.
    pub(super) query: Map<String, Value>,
    /// The body; empty when it was no object.
    pub(super) body: Map<String, Value>,
    /// The script of the body, if it was checked ahead.
    pub(super) checked: Option<Checked>,
    /// What a fault makes of the pages of a list.
    pub(super) page: Page,
    /// Whether the answer says `success`; nearly all do.
    pub(super) says_success: bool,
}

/// Which way an integration goes: the words that permissions and methods are named with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Incoming,
    Outgoing,
}

impl Kind {
    /// The kind that a `type` names exactly.
    pub(super) fn of(kind: Option<&str>) -> Option<Self> {
        [Self::Incoming, Self::Outgoing]
            .into_iter()
            .find(|known| Some(known.name()) == kind)
    }

    /// The `type` of such integrations.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Incoming => "webhook-incoming",
            Self::Outgoing => "webhook-outgoing",
        }
    }

    /// The permission for every integration of this kind.
    pub(super) fn manage(self) -> &'static str {
        match self {
            Self::Incoming => "manage-incoming-integrations",
            Self::Outgoing => "manage-outgoing-integrations",
        }
    }

    /// The permission for one's own integrations of this kind.
    pub(super) fn manage_own(self) -> &'static str {
        match self {
            Self::Incoming => "manage-own-incoming-integrations",
            Self::Outgoing => "manage-own-outgoing-integrations",
        }
    }
}

impl Call<'_> {
    /// Whether the caller holds a permission.
    pub(super) fn may(&self, permission: &str) -> bool {
        let caller = self.caller.as_ref();
        caller.is_some_and(|(user, _)| self.state.world.may(user, permission))
    }

    /// Whether the caller may manage integrations of the kind at all.
    pub(super) fn may_manage_any(&self, kind: Kind) -> bool {
        self.may(kind.manage()) || self.may(kind.manage_own())
    }

    /// The `_id` of the caller.
    pub(super) fn caller_id(&self) -> &str {
        self.caller.as_ref().map_or("", |(user, _)| &user.id)
    }

    /// The caller as records name it.
    pub(super) fn caller_stamp(&self) -> Value {
        let caller = self.caller.as_ref();
        caller.map_or(
            Value::Null,
            |(user, _)| json!({ "username": user.username, "_id": user.id }),
        )
    }

    /// Whether the caller made the record.
    pub(super) fn created(&self, record: &Record) -> bool {
        creator(record) == Some(self.caller_id())
    }

    /// Refuses a change of a record that the caller may not make: with `not_own` that of somebody else's.
    pub(super) fn permit(
        &self,
        kind: Kind,
        record: &Record,
        place: Place,
        not_own: Refusal,
    ) -> Result<(), Refusal> {
        if self.may(kind.manage()) {
            Ok(())
        } else if !self.may(kind.manage_own()) {
            Err(Refusal::coded("not_authorized", "Unauthorized", place))
        } else if self.created(record) {
            Ok(())
        } else {
            Err(not_own)
        }
    }

    /// A text of the body.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        text(&self.body, key)
    }

    /// A text of the query.
    pub(super) fn asked(&self, key: &str) -> Option<&str> {
        text(&self.query, key)
    }

    /// Writes to the journal and to the world.
    pub(super) fn write(&mut self, write: Write) -> Result<(), Refusal> {
        self.state.write(vec![write])
    }

    /// Stores a record with the time of the change.
    pub(super) fn store(&mut self, mut record: Record) -> Result<(), Refusal> {
        record.insert("_updatedAt".to_owned(), self.now.1.clone().into());
        self.write(Write::Record(record))
    }

    /// The user with exactly this username; made up as a bot when that was asked for.
    pub(super) fn user_named(&mut self, username: &str) -> Result<Option<User>, Refusal> {
        let known = self.state.world.user_named(username).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let made_up = self.made_up_user(username);
        if let Some(user) = &made_up {
            self.write(Write::User(user.clone()))?;
        }
        Ok(made_up)
    }

    /// The user that would be made up under this name: a question stores none, and yet is not answered otherwise
    /// than the write after it.
    pub(super) fn made_up_user(&self, username: &str) -> Option<User> {
        (self.invent && !js::is_blank(username)).then(|| User {
            id: ids::from_name(username),
            username: username.to_owned(),
            name: None,
            kind: Some("bot".to_owned()),
            roles: vec!["bot".to_owned()],
            active: true,
            password: None,
            token: None,
        })
    }

    /// The `_id` of the room with this `_id` or name; made up as a public one when that was asked for.
    pub(super) fn room(&mut self, key: &str) -> Result<Option<String>, Refusal> {
        let known = self.state.world.room(key).map(|room| room.id.clone());
        if known.is_some() {
            return Ok(known);
        }
        let made_up = self.made_up_room(key);
        if let Some(room) = &made_up {
            self.write(Write::Room(room.clone()))?;
        }
        Ok(made_up.map(|room| room.id))
    }

    /// The room that would be made up under this name.
    pub(super) fn made_up_room(&self, key: &str) -> Option<Room> {
        let made_up = self.invent && !js::is_blank(key);
        made_up.then(|| Room::public(ids::from_name(&format!("#{key}")), key))
    }
}

/// The `_id` of the user who made a record.
pub(super) fn creator(record: &Record) -> Option<&str> {
    record.get("_createdBy")?.get("_id")?.as_str()
}

/// A plain refusal.
pub(super) fn plain(text: &'static str) -> Refusal {
    Refusal::Plain(text.into())
}

/// There is no such integration, or none for the caller.
pub(super) fn invalid_integration(place: Place) -> Refusal {
    Refusal::coded("error-invalid-integration", "Invalid integration", place)
}

/// A body of one key.
pub(super) fn body_of(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

/// Whether a value counts as false in the server's language.
pub(super) fn is_falsy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Bool(flag)) => !flag,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() == Some(0.0),
        Some(Value::Array(_) | Value::Object(_)) => false,
    }
}

/// Whether a value is not a text with something in it.
pub(super) fn is_blank(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_none_or(js::is_blank)
}
