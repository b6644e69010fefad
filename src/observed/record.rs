//! A record, decoded as far as somebody asks. Nothing here prints a value of it: errors name the record and the field, and
//! `Debug` shows what identifies it.

use std::fmt;
use std::sync::OnceLock;

use serde_json::{Map, Value as Json};

use super::{ServerId, snapshot};
use crate::client::AS_WRITTEN;
use crate::integration::{Field, Fields, Key, Kind, Role, Shape, Value};
use crate::redactor::{Redactor, ServerText};
use crate::secret::{Secret, Text};

/// A record, decoded as far as every stage may look; the fields are decoded for records that an entry names.
#[derive(Clone)]
pub struct Record {
    /// Its id.
    pub id: ServerId,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: ServerText,
    /// The username of its creator.
    pub creator: Option<ServerText>,
    /// What its texts may echo.
    pub(super) redactor: Redactor,
    /// All of it, as the server sent it. Holds tokens: never printed.
    pub(super) raw: Map<String, Json>,
    /// How much of it is there.
    pub(super) detail: Detail,
    /// Its fields, once somebody asked.
    pub(super) normal: OnceLock<Result<Fields, DecodeError>>,
}

/// How much of a record is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// All that the server has.
    Whole,
    /// What a snapshot keeps of a record that an entry named: values that may be secret are unknown.
    Redacted,
    /// What a snapshot keeps of any other record: what identifies it.
    Identity,
}

/// What could not be read of a record. Names the place, never the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Without an id nothing can be said about a record, and the listing cannot be checked.
    #[error("a record has no `_id`")]
    NoId,
    /// A record of no known kind, or without a name: no entry can name it.
    #[error("record {id} has a type that rcsync does not know")]
    Stranger {
        /// The record.
        id: ServerId,
    },
    /// A field of the wrong type.
    #[error("record {id}: `{field}` is not {expected}")]
    Field {
        /// The record.
        id: ServerId,
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A record of which a snapshot has no fields.
    #[error("record {id}: the snapshot holds only what identifies it")]
    Withheld {
        /// The record.
        id: ServerId,
    },
}

impl Record {
    /// Reads what identifies a record, whose texts may echo what the redactor knows.
    ///
    /// # Errors
    /// When it is of no kind that is known, or has no id.
    pub fn decode(raw: Map<String, Json>, redactor: &Redactor) -> Result<Self, DecodeError> {
        let text = |text: String| ServerText::new(text, redactor);
        let id = match raw.get("_id") {
            Some(Json::String(id)) if !id.is_empty() => ServerId(text(id.clone())),
            _ => return Err(DecodeError::NoId),
        };
        let kind = raw.get("type").and_then(Json::as_str);
        let kind = kind.and_then(Kind::from_wire);
        let name = kind.and_then(|kind| name_of(kind, &raw));
        let (Some(kind), Some(name)) = (kind, name) else {
            return Err(DecodeError::Stranger { id });
        };
        Ok(Self {
            id,
            kind,
            name: text(name),
            creator: by(&raw, "_createdBy", "username").map(text),
            redactor: redactor.clone(),
            raw,
            detail: Detail::Whole,
            normal: OnceLock::new(),
        })
    }

    /// How much of it is there.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// Its fields, in normal form. Absent and null are no value.
    ///
    /// # Errors
    /// When a field cannot be read.
    pub fn fields(&self) -> Result<&Fields, DecodeError> {
        self.fields_like(None)
    }

    /// The same, to be compared with these values: if the script is the same, they share it. There may be very many.
    ///
    /// # Errors
    /// As [`Self::fields`].
    pub fn fields_like(&self, other: Option<&Fields>) -> Result<&Fields, DecodeError> {
        let normal = self.normal.get_or_init(|| {
            let mut fields = self.decoded(other)?;
            self.kind.normalise(&mut fields);
            Ok(fields)
        });
        normal.as_ref().map_err(Clone::clone)
    }

    fn decoded(&self, other: Option<&Fields>) -> Result<Fields, DecodeError> {
        if self.detail == Detail::Identity {
            let id = self.id.clone();
            return Err(DecodeError::Withheld { id });
        }
        let redacted = self.detail == Detail::Redacted;
        // Row by row in the record would be a search for each.
        let stored = self.raw.iter();
        let stored = self
            .kind
            .by_row(stored.map(|(name, value)| (name.as_str(), value)));
        let rows = self.kind.fields().iter().zip(stored);
        let script = other.and_then(|fields| fields.by_role(Role::Script));
        let values = rows.map(|(field, value)| match value {
            None | Some(Json::Null) => Ok(None),
            Some(value) if script.is_some_and(|it| is_script(field, value, it)) => {
                Ok(script.cloned())
            }
            Some(value) => match decode(field, value, redacted) {
                Ok(value) => Ok(Some(value)),
                Err(expected) => Err(DecodeError::Field {
                    id: self.id.clone(),
                    field: field.name,
                    expected,
                }),
            },
        });
        let values = values.collect::<Result<_, _>>()?;
        Ok(Fields::of_rows(self.kind, values))
    }

    /// Its fields as they are stored, to be sent back as they are. Absent and null are no value, as are blanks in
    /// a list, which newer servers take in no request (docs/server.md#fields). What may hold credentials is secret here.
    ///
    /// # Errors
    /// When a field cannot be read.
    pub fn stored(&self) -> Result<Fields, DecodeError> {
        let mut fields = self.decoded(None)?;
        for field in self.kind.fields() {
            let seal = |text: Text| match text.as_plain() {
                Some(plain) if field.sensitive => Secret::new(plain).into(),
                _ => text,
            };
            let value = match fields.get(field).cloned() {
                Some(Value::Text(text)) => Value::Text(seal(text)),
                Some(Value::List(items)) => {
                    let items = items.into_iter().filter(|item| !is_blank(item));
                    Value::List(items.map(seal).collect())
                }
                _ => continue,
            };
            fields.set(field.name, Some(value));
        }
        Ok(fields)
    }

    /// The rows in which it is not as this record of the same kind was. What cannot be read is compared as it came.
    pub fn differing(&self, before: &Self) -> Vec<&'static Field> {
        if let (Ok(before), Ok(now)) = (before.stored(), self.stored()) {
            return before.differing(&now).collect();
        }
        let raw = |record: &Self, field: &Field| {
            let value = record.raw.get(field.name);
            value.filter(|value| !value.is_null()).cloned()
        };
        let rows = self.kind.fields().iter();
        rows.filter(|field| raw(before, field) != raw(self, field))
            .collect()
    }

    /// Its token: of an incoming webhook a part of its URL, of an outgoing one what it sends along.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn token(&self) -> Result<Option<Secret>, DecodeError> {
        match self.raw.get("token") {
            None | Some(Json::Null) => Ok(None),
            Some(Json::String(token)) => Ok(Some(Secret::new(token.as_str()))),
            Some(_) => Err(DecodeError::Field {
                id: self.id.clone(),
                field: "token",
                expected: "a text",
            }),
        }
    }

    /// `made by deploy on 2026-11-02`
    pub fn origin(&self) -> String {
        let creator = match &self.creator {
            Some(creator) => creator.to_string(),
            None => "somebody unknown".to_owned(),
        };
        let day = self.created_at().map(|at| at.to_string());
        let day = day.as_deref().and_then(|at| at.get(..10));
        let day = day.map_or_else(String::new, |day| format!(" on {day}"));
        format!("created by {creator}{day}")
    }

    /// What an entry without an id finds it by.
    pub fn key(&self) -> Key {
        Key {
            kind: self.kind,
            name: self.name.clone(),
        }
    }

    /// Whether it is switched on.
    pub fn is_enabled(&self) -> bool {
        self.raw.get("enabled") == Some(&Json::Bool(true))
    }

    /// The id of the account that created it.
    pub fn created_by_id(&self) -> Option<ServerText> {
        self.own(by(&self.raw, "_createdBy", "_id"))
    }

    /// When it was created, as the server writes it.
    pub fn created_at(&self) -> Option<ServerText> {
        self.text("_createdAt")
    }

    /// When it was last updated, as the server writes it.
    pub fn updated_at(&self) -> Option<ServerText> {
        self.text("_updatedAt")
    }

    /// The username of who edited it last; the server writes it with the first update.
    pub fn updated_by(&self) -> Option<ServerText> {
        self.own(by(&self.raw, "_updatedBy", "username"))
    }

    /// The id of the user that it posts as: the one that counts, whatever the username says (docs/server.md#update).
    pub fn user_id(&self) -> Option<ServerText> {
        self.text("userId")
    }

    /// Whether the server has a compiled script, which is the one it runs (docs/server.md#saving-a-script).
    pub fn script_compiled(&self) -> bool {
        let compiled = self.raw.get("scriptCompiled").and_then(Json::as_str);
        compiled.is_some_and(|compiled| !compiled.is_empty())
    }

    /// Whether the server runs another text than the script as it is: what a transpiler made of it. The next save of the
    /// record on a server from 9.0 on puts the script itself in its place.
    pub fn runs_transpiled(&self) -> bool {
        let switch = self.kind.row(Role::ScriptSwitch);
        let on = switch.is_some_and(|row| self.raw.get(row.name) == Some(&Json::Bool(true)));
        let compiled = self.raw.get("scriptCompiled").and_then(Json::as_str);
        let another = compiled.is_some_and(|it| !it.is_empty() && it != AS_WRITTEN);
        // A snapshot does not tell.
        on && another && self.detail == Detail::Whole
    }

    /// Why the server could not compile the script, in one line: `SyntaxError: Unexpected token (3:14)`.
    pub fn script_error(&self) -> Option<String> {
        let quoted = |words: &str| Some(self.redactor.quote(words)).filter(|it| !it.is_empty());
        let error = match self.raw.get("scriptError")? {
            Json::Object(error) => error,
            Json::String(words) => return quoted(words),
            _ => return None,
        };
        let text = |key| error.get(key).and_then(Json::as_str).and_then(quoted);
        let name = text("name").unwrap_or_else(|| "Error".to_owned());
        let words = text("message");
        Some(words.map_or_else(|| name.clone(), |words| format!("{name}: {words}")))
    }

    fn text(&self, key: &str) -> Option<ServerText> {
        self.own(self.raw.get(key)?.as_str())
    }

    fn own(&self, text: Option<impl Into<String>>) -> Option<ServerText> {
        text.map(|text| ServerText::new(text, &self.redactor))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Whether the value of a row is this script, byte by byte.
fn is_script(field: &Field, value: &Json, script: &Value) -> bool {
    match script {
        Value::Script(text) if field.shape == Shape::Script => {
            text.as_plain().is_some_and(|text| value == text)
        }
        _ => false,
    }
}

/// The value of a row, or what it should have been. What a snapshot hides is unknown.
pub(super) fn decode(field: &Field, value: &Json, redacted: bool) -> Result<Value, &'static str> {
    let hidden = redacted && snapshot::is_hidden(value);
    match field.shape {
        Shape::Flag => value.as_bool().map(Value::Flag).ok_or("true or false"),
        Shape::Number => whole_number(value)
            .map(Value::Number)
            .ok_or("a whole number"),
        Shape::Script | Shape::Secret if hidden => Ok(Value::Secret(Secret::Unknown)),
        Shape::Text => text_of(value, redacted).map(Value::Text).ok_or("a text"),
        Shape::Script => string(value).map(Value::script),
        Shape::Secret => string(value).map(Value::secret),
        Shape::Joined => match value {
            // Very old records have the text that was sent; the normal form splits it.
            Json::String(text) => Ok(Value::List(vec![Text::from(text.as_str())])),
            _ => list(value, redacted),
        },
        Shape::Set => list(value, redacted),
    }
}

fn text_of(value: &Json, redacted: bool) -> Option<Text> {
    if redacted && snapshot::is_hidden(value) {
        return Some(Secret::Unknown.into());
    }
    value.as_str().map(Text::from)
}

fn is_blank(text: &Text) -> bool {
    text.as_plain().is_some_and(|text| text.trim().is_empty())
}

fn string(value: &Json) -> Result<&str, &'static str> {
    value.as_str().ok_or("a text")
}

fn list(value: &Json, redacted: bool) -> Result<Value, &'static str> {
    let items = value.as_array().ok_or("a list")?;
    let texts = items.iter().map(|item| text_of(item, redacted));
    texts
        .collect::<Option<_>>()
        .map(Value::List)
        .ok_or("a list of strings")
}

/// A number without a fraction: `3` and `3.0`, not `3.5`.
pub(super) fn whole_number(value: &Json) -> Option<i64> {
    /// Up to here every whole number has a place of its own among the floating ones.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let number = value.as_f64()?;
    let exact = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
    exact.then_some(number as i64)
}

/// The name of a record: a legacy record without one has the empty name, like one that was created so.
fn name_of(kind: Kind, raw: &Map<String, Json>) -> Option<String> {
    match raw.get(kind.row(Role::Name)?.name) {
        None | Some(Json::Null) => Some(String::new()),
        Some(name) => name.as_str().map(str::to_owned),
    }
}

fn by(raw: &Map<String, Json>, who: &str, key: &str) -> Option<String> {
    let who = raw.get(who)?.as_object()?;
    who.get(key)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;
