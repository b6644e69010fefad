//! What the state is made of, and the changes it can undergo: each is also a line of the journal.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A stored integration, as the list shows it.
pub(crate) type Record = Map<String, Value>;

/// An account.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct User {
    /// Its `_id`.
    #[serde(rename = "_id")]
    pub(crate) id: String,
    /// Its exact username.
    pub(crate) username: String,
    /// What people see in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// `bot`, where it says so.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// Its roles.
    #[serde(default)]
    pub(crate) roles: Vec<String>,
    /// Whether it may log in.
    #[serde(default = "yes")]
    pub(crate) active: bool,
    /// Its password, when it can log in with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    /// A token it holds from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

/// A user that does not say is active.
fn yes() -> bool {
    true
}

/// A room of any kind.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Room {
    /// Its `_id`.
    #[serde(rename = "_id")]
    pub(crate) id: String,
    /// Its slug; direct messages have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// What people see in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fname: Option<String>,
    /// `c` public, `p` private, `d` direct.
    #[serde(rename = "t")]
    pub(crate) kind: String,
    /// Whether only some may post.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) ro: bool,
    /// Whether nobody may post any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) archived: bool,
    /// The usernames of those who may post although only some may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unmuted: Vec<String>,
    /// The usernames of those who may not post.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) muted: Vec<String>,
    /// Whether joining takes a code.
    #[serde(
        default,
        rename = "joinCodeRequired",
        skip_serializing_if = "std::ops::Not::not"
    )]
    pub(crate) join_code: bool,
    /// Whose direct messages it is for: their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) uids: Vec<String>,
    /// The same, their usernames.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) usernames: Vec<String>,
    /// The team that it belongs to.
    #[serde(default, rename = "teamId", skip_serializing_if = "Option::is_none")]
    pub(crate) team: Option<String>,
    /// Whether that team is `private`.
    #[serde(default, rename = "teamType", skip_serializing_if = "Option::is_none")]
    pub(crate) team_kind: Option<String>,
    /// Who is in that team: their ids.
    #[serde(default, rename = "teamMembers", skip_serializing_if = "Vec::is_empty")]
    pub(crate) team_members: Vec<String>,
}

impl Room {
    /// A public room.
    pub(crate) fn public(id: String, name: &str) -> Self {
        Self {
            id,
            name: Some(name.to_owned()),
            fname: None,
            kind: "c".to_owned(),
            ro: false,
            archived: false,
            unmuted: Vec::new(),
            muted: Vec::new(),
            join_code: false,
            uids: Vec::new(),
            usernames: Vec::new(),
            team: None,
            team_kind: None,
            team_members: Vec::new(),
        }
    }

    /// What messages in it name it by.
    pub(crate) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// That a user is in a room.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Subscription {
    /// The room.
    pub(crate) rid: String,
    /// The user.
    pub(crate) uid: String,
    /// Whether the other one of a direct room has blocked the user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) blocked: bool,
    /// Whether the user has blocked the other one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) blocker: bool,
}

impl Subscription {
    /// That a user is in a room.
    pub(crate) fn new(rid: impl Into<String>, uid: impl Into<String>) -> Self {
        Self {
            rid: rid.into(),
            uid: uid.into(),
            blocked: false,
            blocker: false,
        }
    }
}

/// One change of the state.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Write {
    /// A user appears or changes.
    User(User),
    /// A user is deleted, with its tokens.
    UserGone(String),
    /// A room appears or changes.
    Room(Room),
    /// A room is deleted.
    RoomGone(String),
    /// A user joins a room.
    Subscription(Subscription),
    /// Which roles hold a permission.
    Permission(String, BTreeSet<String>),
    /// A setting takes a value.
    Setting(String, Value),
    /// A user is given a token.
    Token(String, String),
    /// A user's token is taken away.
    TokenGone(String, String),
    /// An integration is inserted, or replaced where it is.
    Record(Record),
    /// An integration is removed.
    RecordGone(String),
    /// An outgoing integration did something.
    History(Record),
    /// The history of an integration is forgotten.
    HistoryGone(String),
    /// The world has all that it begins with.
    Filled,
}

/// A key of a record, when it is a text.
pub(crate) fn text<'a>(record: &'a Record, key: &str) -> Option<&'a str> {
    record.get(key).and_then(Value::as_str)
}
