//! The values of a manifest as they are written: plain, or as references to variables.
//!
//! These types are what serde reads and what the JSON Schema is made from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::secret::{Secret, Text};

/// A text that is one variable as a whole; only such a text can stand where a flag or a number is expected.
pub const WHOLE_VARIABLE: &str = r"^\$\{var\.[A-Za-z_][A-Za-z0-9_]*\}$";

/// A written value of any shape.
#[derive(Debug)]
pub enum Written {
    /// A flag.
    Switch(Switch),
    /// A number.
    Count(Count),
    /// A text.
    Words(Words),
    /// A list, or its items in one text.
    Items(Items),
    /// A script.
    Script(ScriptSource),
    /// A secret.
    Token(Token),
}

/// `true`, `false`, or a variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Switch {
    /// Written out.
    Known(bool),
    /// `${var.NAME}`.
    Variable(String),
}

/// A whole number, or a variable.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Count {
    /// Written out.
    Known(i64),
    /// Written as `3.0`.
    Decimal(f64),
    /// `${var.NAME}`.
    Variable(String),
}

/// A text that may hold references.
#[derive(Clone, Debug, Deserialize)]
pub struct Words(pub String);

/// A list of texts, or all of them in one text with commas between them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Items {
    /// `"#ops, #dev"`.
    Joined(String),
    /// `["#ops", "#dev"]`.
    List(Vec<String>),
}

/// A list of texts, none of them empty.
#[derive(Clone, Debug, Deserialize)]
pub struct List(pub Vec<String>);

/// A script: its text, or the file that holds it.
#[derive(Clone, Debug)]
pub enum ScriptSource {
    /// The text itself.
    Text(Arc<Text>),
    /// A file beside the manifest.
    File(ScriptFile),
}

/// A file that holds a script.
#[derive(Clone, Debug, Deserialize)]
pub struct ScriptFile {
    /// Its path, from the manifest's folder.
    pub file: String,
    /// Plain texts in it to replace.
    #[serde(default)]
    pub replace: BTreeMap<String, Token>,
}

/// By hand: the derived way would make copies of the text to try one form after the other.
impl<'de> Deserialize<'de> for ScriptSource {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TextOrFile;

        impl<'de> Visitor<'de> for TextOrFile {
            type Value = ScriptSource;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a file")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ScriptSource, E> {
                self.visit_string(text.to_owned())
            }

            fn visit_string<E>(self, text: String) -> Result<ScriptSource, E> {
                Ok(ScriptSource::Text(Arc::new(text.into())))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ScriptSource, A::Error> {
                let file = ScriptFile::deserialize(MapAccessDeserializer::new(map))?;
                Ok(ScriptSource::File(file))
            }
        }

        from.deserialize_any(TextOrFile)
    }
}

/// A text that is a secret, or refers to one.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Token(#[serde(deserialize_with = "secret")] pub Secret);

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::new)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

schema!(Switch, "Switch", {
    "type": ["boolean", "string"],
    "pattern": WHOLE_VARIABLE,
    "patternErrorMessage": "write `true` or `false` (or one variable: `${var.NAME}`)"
});
schema!(Count, "Count", {
    "type": ["integer", "string"],
    "pattern": WHOLE_VARIABLE,
    "patternErrorMessage": "write a whole number (or one variable: `${var.NAME}`)"
});
schema!(Words, "Words", { "type": "string" });
schema!(Items, "Items", { "type": ["array", "string"], "items": { "type": "string" } });
schema!(List, "List", { "type": "array", "items": { "type": "string", "minLength": 1 } });
schema!(Token, "Token", { "type": "string" });
schema!(ScriptSource, "ScriptSource", {
    "type": ["string", "object"],
    "properties": {
        "file": {
            "type": "string",
            "minLength": 1,
            "description": "Path of the script, from the manifest's folder; it stays below the root (`--root`).",
            "examples": ["scripts/grafana.js"]
        },
        "replace": {
            "type": "object",
            "additionalProperties": { "type": "string" },
            "description": "Plain texts in the file, each with what stands in its place, wherever it occurs; the longest first, all at once. A `${secret.NAME}` stays secret in every plan.",
            "examples": [{ "__API_KEY__": "${secret.grafana_key}" }]
        }
    },
    "required": ["file"],
    "additionalProperties": false
});

impl From<Switch> for Written {
    fn from(value: Switch) -> Self {
        Self::Switch(value)
    }
}

impl From<Count> for Written {
    fn from(value: Count) -> Self {
        Self::Count(value)
    }
}

impl From<Words> for Written {
    fn from(value: Words) -> Self {
        Self::Words(value)
    }
}

impl From<Items> for Written {
    fn from(value: Items) -> Self {
        Self::Items(value)
    }
}

impl From<List> for Written {
    fn from(value: List) -> Self {
        Self::Items(Items::List(value.0))
    }
}

impl From<ScriptSource> for Written {
    fn from(value: ScriptSource) -> Self {
        Self::Script(value)
    }
}

impl From<Token> for Written {
    fn from(value: Token) -> Self {
        Self::Token(value)
    }
}
