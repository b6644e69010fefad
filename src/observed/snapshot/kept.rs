//! What of a stored value may be kept in a snapshot.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::ServerId;
use crate::integration::{Field, Fields, Shape, Value};
use crate::observed::{decode, whole_number};
use crate::redactor::Redactor;
use crate::secret::{MASK, Secret, outline};

/// A stored value, as far as it may be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum Kept {
    /// On or off.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<KeptText>),
    /// A value that may be secret.
    Hidden(Hidden),
    /// A value that is not what the field holds.
    Unreadable(Unreadable),
}

/// A text of a list, as far as it may be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum KeptText {
    /// The text.
    Text(String),
    /// A text that may be secret.
    Hidden(Hidden),
    /// No text.
    Unreadable(Unreadable),
}

/// Stands where a value may be secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Hidden {
    /// Of a URL its scheme and host, else what it is.
    hidden: String,
}

/// Stands where a value is not what the field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Unreadable {
    /// Always true.
    unreadable: bool,
}

const UNREADABLE: Unreadable = Unreadable { unreadable: true };

/// Whether a value of a snapshot is hidden.
pub fn is_hidden(value: &Json) -> bool {
    value.get("hidden").is_some_and(Json::is_string)
}

/// What the manifest holds: what it shows may be shown, and what it keeps secret may not.
#[derive(Debug, Default)]
pub struct Held<'a> {
    /// The values of the entries that name each record.
    named: BTreeMap<ServerId, Vec<&'a Fields>>,
    /// The texts that it writes out where credentials may stand.
    literals: BTreeSet<&'a str>,
    /// Its secrets, as far as this run knows them.
    secrets: Vec<&'a Secret>,
    /// What the server may echo.
    redactor: Redactor,
}

impl<'a> Held<'a> {
    /// Of all the entries' values, and of those that name records.
    pub fn new(
        named: BTreeMap<ServerId, Vec<&'a Fields>>,
        entries: impl IntoIterator<Item = &'a Fields>,
        redactor: &Redactor,
    ) -> Self {
        let mut held = Self {
            named,
            redactor: redactor.clone(),
            ..Self::default()
        };
        for (field, value) in entries.into_iter().flat_map(Fields::iter) {
            if let Value::Secret(secret) = value {
                held.secrets.push(secret);
            }
            for text in value.texts() {
                held.secrets.extend(text.secrets());
                held.literals
                    .extend(text.as_plain().filter(|_| field.sensitive));
            }
        }
        held
    }

    /// The values of the entries that name a record, if one does.
    pub(super) fn entries(&self, id: &ServerId) -> Option<&[&'a Fields]> {
        self.named.get(id).map(Vec::as_slice)
    }

    /// What may be kept of a stored value of a record that these entries name.
    pub(super) fn kept(&self, field: &Field, value: &Json, entries: &[&Fields]) -> Option<Kept> {
        if value.is_null() {
            return None;
        }
        if decode(field, value, false).is_err() {
            return Some(match (field.shape, value) {
                (Shape::Joined | Shape::Set, Json::Array(_)) => {
                    Kept::List(vec![KeptText::Unreadable(UNREADABLE)])
                }
                _ => Kept::Unreadable(UNREADABLE),
            });
        }
        let own = |entry: &&Fields| entry.get(field).is_some_and(Value::holds_secret);
        let outlined = !entries.iter().any(own);
        Some(match value {
            Json::Bool(on) => Kept::Flag(*on),
            Json::Number(_) => Kept::Number(whole_number(value)?),
            Json::String(text) => match field.shape {
                // A blank one is none to the server.
                Shape::Secret if text.trim().is_empty() => Kept::Text(String::new()),
                Shape::Secret => hidden(MASK).into(),
                Shape::Script if !self.may_keep(field, text, entries) => hidden("(script)").into(),
                _ => self.text(field, text, outlined).into(),
            },
            Json::Array(items) => {
                let items = items.iter().filter_map(Json::as_str);
                Kept::List(items.map(|item| self.text(field, item, outlined)).collect())
            }
            Json::Null | Json::Object(_) => return None,
        })
    }

    /// A text; where it may hold credentials, only one that the manifest writes out or that says nothing.
    fn text(&self, field: &Field, text: &str, outlined: bool) -> KeptText {
        if self.redactor.finds_in(text) {
            return KeptText::Hidden(hidden(MASK));
        }
        if !field.sensitive || text.trim().is_empty() || self.literals.contains(text) {
            return KeptText::Text(text.to_owned());
        }
        KeptText::Hidden(if outlined {
            hidden(&outline(text))
        } else {
            hidden(MASK)
        })
    }

    /// Whether a script may be kept: one that is the manifest's own, or in which no secret of the manifest stands. Where an
    /// entry puts a secret into its script, the stored one may hold another, older one.
    fn may_keep(&self, field: &Field, text: &str, entries: &[&Fields]) -> bool {
        let stored = Value::script(text);
        let written = |entry: &&Fields| entry.get(field).is_none_or(|it| !it.holds_secret());
        let same = |entry: &&Fields| {
            entry
                .get(field)
                .is_some_and(|it| it.same(Some(&stored)) == Some(true))
        };
        entries.iter().all(written)
            && (entries.iter().any(same) || !self.secrets.iter().any(|it| it.is_in(text)))
            && !self.redactor.finds_in(text)
    }
}

impl From<Hidden> for Kept {
    fn from(hidden: Hidden) -> Self {
        Self::Hidden(hidden)
    }
}

impl From<KeptText> for Kept {
    fn from(text: KeptText) -> Self {
        match text {
            KeptText::Text(text) => Self::Text(text),
            KeptText::Hidden(hidden) => Self::Hidden(hidden),
            KeptText::Unreadable(unreadable) => Self::Unreadable(unreadable),
        }
    }
}

fn hidden(what: &str) -> Hidden {
    Hidden {
        hidden: what.to_owned(),
    }
}
