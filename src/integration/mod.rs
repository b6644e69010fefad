//! The shared nouns: what an integration is, in the words of every stage.
//!
//! All that is special about a kind is in its own file as a table of rows ([`Field`]); every stage after
//! the manifest loops over the rows and names none of them.

mod by_kind;
mod common;
pub mod compat;
mod field;
mod incoming;
mod outgoing;
mod shape;
mod value;

use crate::redactor::ServerText;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use by_kind::ByKind;
pub use compat::Version;
pub use field::{Field, LeftOut, Role};
pub use outgoing::{EVENTS, Event};
pub use shape::{Shape, Written};
pub use value::Value;

use crate::secret::Text;
use crate::words::NoSuchWord;

/// The kinds of integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Others post to Rocket.Chat through a URL.
    #[serde(rename = "webhook-incoming")]
    Incoming,
    /// Rocket.Chat calls URLs when something happens.
    #[serde(rename = "webhook-outgoing")]
    Outgoing,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Incoming, Self::Outgoing];

    /// The name in a manifest and on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Incoming => "webhook-incoming",
            Self::Outgoing => "webhook-outgoing",
        }
    }

    /// The kind of that name.
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.wire() == name)
    }

    /// One word for it, as plans show it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Incoming => "incoming",
            Self::Outgoing => "outgoing",
        }
    }

    /// The same as it starts a title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Incoming => "Incoming",
            Self::Outgoing => "Outgoing",
        }
    }

    /// Whether others call it by a URL of its own, which dies with its record.
    pub fn has_url(self) -> bool {
        match self {
            Self::Incoming => true,
            Self::Outgoing => false,
        }
    }

    /// Whether the server keeps a history of its calls, which may tell why it is disabled (docs/server.md#history).
    pub fn has_history(self) -> bool {
        match self {
            Self::Incoming => false,
            Self::Outgoing => true,
        }
    }

    /// What it is, as editors show it.
    pub fn doc(self) -> &'static str {
        match self {
            Self::Incoming => incoming::DOC,
            Self::Outgoing => outgoing::DOC,
        }
    }

    /// The events that can happen to it.
    pub fn events(self) -> &'static [Event] {
        match self {
            Self::Incoming => &[],
            Self::Outgoing => outgoing::EVENTS,
        }
    }

    /// Its rows, in the order they are shown.
    pub fn fields(self) -> &'static [Field] {
        match self {
            Self::Incoming => incoming::FIELDS,
            Self::Outgoing => outgoing::FIELDS,
        }
    }

    /// The row of that name.
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == name)
    }

    /// What stands under the names of its rows, in their order.
    pub fn by_row<'n, V>(self, named: impl Iterator<Item = (&'n str, V)>) -> Vec<Option<V>> {
        let mut values: Vec<_> = self.fields().iter().map(|_| None).collect();
        for (name, value) in named {
            let row = self.fields().iter().position(|field| field.name == name);
            if let Some(slot) = row.and_then(|row| values.get_mut(row)) {
                *slot = Some(value);
            }
        }
        values
    }

    /// The row with this role.
    pub fn row(self, role: Role) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.role == role)
    }

    /// Brings values into the form in which both sides are compared and written.
    pub fn normalise(self, values: &mut Fields) {
        match self {
            Self::Incoming => incoming::normalise(values),
            Self::Outgoing => outgoing::normalise(values),
        }
    }
}

impl FromStr for Kind {
    type Err = NoSuchWord;

    /// By either of its names.
    fn from_str(word: &str) -> Result<Self, NoSuchWord> {
        Self::from_wire(word).map_or_else(|| NoSuchWord::find(Self::ALL, Self::word, word), Ok)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire())
    }
}

/// What identifies an integration, unless it is pinned by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Its kind.
    pub kind: Kind,
    /// Its name, as the manifest or the server writes it.
    pub name: ServerText,
}

/// The values of one integration: at most one for each row of its kind.
#[derive(Clone, Debug)]
pub struct Fields {
    kind: Kind,
    values: Vec<Option<Value>>,
}

impl Fields {
    /// No values yet.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            values: vec![None; kind.fields().len()],
        }
    }

    /// These values, one for each row, in their order.
    pub fn of_rows(kind: Kind, mut values: Vec<Option<Value>>) -> Self {
        values.resize(kind.fields().len(), None);
        Self { kind, values }
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The value of a row.
    pub fn get(&self, field: &Field) -> Option<&Value> {
        self.value(field.name)
    }

    /// Sets or clears the value of a row; a name that is no row of this kind changes nothing.
    pub fn set(&mut self, name: &str, value: Option<Value>) {
        if let Some(slot) = self.row(name).and_then(|row| self.values.get_mut(row)) {
            *slot = value;
        }
    }

    /// The value of the row with this role.
    pub fn by_role(&self, role: Role) -> Option<&Value> {
        self.get(self.kind.row(role)?)
    }

    /// Whether the row with this role is a flag that is on. One that says nothing is off.
    pub fn is_on(&self, role: Role) -> bool {
        matches!(self.by_role(role), Some(Value::Flag(true)))
    }

    /// The rows in which the other differs. An unknown secret is like nothing.
    pub fn differing<'f>(&'f self, other: &'f Self) -> impl Iterator<Item = &'static Field> + 'f {
        self.kind.fields().iter().filter(|field| {
            let equal = match (self.get(field), other.get(field)) {
                (Some(mine), theirs) => mine.same(theirs),
                (None, Some(theirs)) => Some(theirs.is_empty()),
                (None, None) => Some(true),
            };
            equal != Some(true)
        })
    }

    /// The rows that have a value, in the table's order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Field, &Value)> {
        self.kind
            .fields()
            .iter()
            .zip(&self.values)
            .filter_map(|(field, value)| Some((field, value.as_ref()?)))
    }

    /// Whether an entry with these values has to write the row out, though it may be left out of others.
    pub fn require(&self, field: &Field) -> bool {
        self.kind == Kind::Outgoing && outgoing::requires(self, field)
    }

    fn row(&self, name: &str) -> Option<usize> {
        self.kind
            .fields()
            .iter()
            .position(|field| field.name == name)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(self.row(name)?)?.as_ref()
    }

    fn plain(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => text.as_plain(),
            _ => None,
        }
    }

    /// Replaces each plain item of a list by the parts that `split` makes of it.
    fn split_items(&mut self, name: &str, split: impl Fn(&str) -> Vec<Text>) {
        let Some(row) = self.row(name) else { return };
        if let Some(Some(Value::List(items))) = self.values.get_mut(row) {
            *items = items
                .drain(..)
                .flat_map(|item| match item.as_plain() {
                    Some(plain) => split(plain),
                    None => vec![item],
                })
                .collect();
        }
    }
}

/// The parts of a comma-separated text, trimmed, blanks dropped.
fn comma_parts(text: &str) -> Vec<Text> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(Text::from)
        .collect()
}
