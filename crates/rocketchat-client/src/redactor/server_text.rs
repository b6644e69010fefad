//! Text that a server sent.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, Serializer};

use super::Redactor;

/// Text that a server sent. It compares as it came; `Display`, `Debug` and `Serialize` mask the secrets of the run.
///
/// Text without a redactor is made only of what this run wrote itself, or of what went through one before it was kept.
#[derive(Clone, Default, Deserialize)]
#[serde(from = "String")]
pub struct ServerText {
    raw: String,
    redactor: Redactor,
}

impl ServerText {
    /// Text of a server, with the secrets that it may echo.
    pub fn new(raw: impl Into<String>, redactor: &Redactor) -> Self {
        Self {
            raw: raw.into(),
            redactor: redactor.clone(),
        }
    }

    /// As it came, to be compared or sent back. Never shown.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Whether it echoes a secret.
    pub fn holds_secret(&self) -> bool {
        self.redactor.finds_in(&self.raw)
    }

    /// The same, with other secrets that it may echo.
    #[must_use]
    pub fn guarded_by(self, redactor: &Redactor) -> Self {
        Self::new(self.raw, redactor)
    }

    /// A text made of it.
    #[must_use]
    pub fn map(&self, change: impl FnOnce(&str) -> String) -> Self {
        Self::new(change(&self.raw), &self.redactor)
    }
}

impl<T: Into<String>> From<T> for ServerText {
    fn from(raw: T) -> Self {
        Self::new(raw, &Redactor::default())
    }
}

impl From<&ServerText> for String {
    /// As it may be shown.
    fn from(text: &ServerText) -> Self {
        text.to_string()
    }
}

impl fmt::Display for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.redactor.mask(&self.raw))
    }
}

impl fmt::Debug for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.redactor.mask(&self.raw), f)
    }
}

impl Borrow<str> for ServerText {
    /// To be looked up by what it is compared with.
    fn borrow(&self) -> &str {
        &self.raw
    }
}

impl PartialEq for ServerText {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl PartialEq<&str> for ServerText {
    fn eq(&self, other: &&str) -> bool {
        self.raw == *other
    }
}

impl Eq for ServerText {}

impl PartialOrd for ServerText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ServerText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.raw.cmp(&other.raw)
    }
}

impl Hash for ServerText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.raw.hash(state);
    }
}

impl Serialize for ServerText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for ServerText {
    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn inline_schema() -> bool {
        String::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}
