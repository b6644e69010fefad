//! One row of a kind's table: everything the stages need to know about a field.

use super::compat::{LegacyDefault, Version, Versions};
use super::{Shape, Value};
use crate::secret::{Secret, Text};

/// A field of a kind of integration.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The name, in the manifest and on the wire.
    pub name: &'static str,
    /// What it is for, as editors show it.
    pub doc: &'static str,
    /// Values that it may have, as a JSON list.
    pub examples: &'static str,
    /// What its values look like.
    pub shape: Shape,
    /// What it means to leave it out of the manifest.
    pub left_out: LeftOut,
    /// Which server versions know it, and what the others do in its place.
    pub versions: Versions,
    /// Whether a create and an update must carry it even where the manifest leaves it out.
    pub always_sent: bool,
    /// The first version whose update changes it in an existing record.
    pub changes_since: Version,
    /// Whether the server's value may hold credentials (a URL), so that it is not shown as it is.
    pub sensitive: bool,
    /// What the server gives a new record that is created without it, where that is fixed.
    pub created_with: Option<LegacyDefault>,
    /// The row that decides what it means to leave this one out, or whether this one counts at all.
    pub follows: Option<Role>,
    /// What the stages that look things up need to know about it.
    pub role: Role,
}

/// What it means to leave a field out of the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It cannot be left out.
    Required,
    /// It is on.
    On,
    /// It is off, or empty.
    Empty,
    /// It is on when there is a script.
    OnWithScript,
    /// It is whatever the server has.
    Observed,
    /// It is whatever the server has; a record without one gets a generated secret.
    Generated,
}

/// What a stage that asks the server about a value needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing in particular.
    Plain,
    /// The name: part of the identity.
    Name,
    /// The user that messages are posted as.
    PostsAs,
    /// Rooms and users.
    Destination,
    /// The URLs that are called. Each may hold commas, and there is at least one.
    Called,
    /// What has to happen.
    Event,
    /// A script to compile.
    Script,
    /// Whether the script is used.
    ScriptSwitch,
    /// Whether the integration is on.
    Switch,
}

impl Field {
    /// A row with nothing special about it; the tables write the differences over it.
    pub(super) const PLAIN: Self = Self {
        name: "",
        doc: "",
        examples: "[]",
        shape: Shape::Text,
        left_out: LeftOut::Empty,
        versions: Versions::ALL,
        always_sent: false,
        changes_since: Version::new(0, 0),
        sensitive: false,
        created_with: None,
        follows: None,
        role: Role::Plain,
    };

    /// Whether a new record gets this value without asking for it.
    pub fn is_server_default(&self, value: &Value) -> bool {
        self.created_with.is_some_and(|given| given.is(value))
    }

    /// The value that the field has when it is left out of the manifest, if that is fixed.
    pub fn default_value(&self, has_script: bool) -> Option<Value> {
        match self.left_out {
            LeftOut::On => Some(Value::Flag(true)),
            LeftOut::Empty => Some(self.empty()),
            LeftOut::OnWithScript => Some(Value::Flag(has_script)),
            LeftOut::Required | LeftOut::Observed | LeftOut::Generated => None,
        }
    }

    /// The value that is the same as none.
    pub fn empty(&self) -> Value {
        match self.shape {
            Shape::Flag => Value::Flag(false),
            Shape::Number => Value::Number(0),
            Shape::Text => Value::Text(Text::EMPTY),
            Shape::Joined | Shape::Set => Value::List(Vec::new()),
            Shape::Script => Value::script(""),
            Shape::Secret => Value::Secret(Secret::new("")),
        }
    }

    /// Whether an update by this server changes it in an existing record. An unknown version counts as the newest.
    pub fn changes_on(&self, server: Option<Version>) -> bool {
        server.is_none_or(|version| version >= self.changes_since)
    }
}
