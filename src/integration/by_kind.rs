//! One thing of each kind.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::Kind;

/// One thing of each kind. For programs each is behind its kind's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByKind<T>(BTreeMap<Kind, T>);

impl<T: Copy + Default> ByKind<T> {
    /// What is said of each.
    pub fn new(of: impl Fn(Kind) -> T) -> Self {
        Self(Kind::ALL.map(|kind| (kind, of(kind))).into())
    }

    /// What it is of a kind.
    pub fn get(&self, kind: Kind) -> T {
        self.0.get(&kind).copied().unwrap_or_default()
    }

    /// Of each kind.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, T)> {
        self.0.iter().map(|(kind, it)| (*kind, *it))
    }
}

impl<T: Copy + Default> Default for ByKind<T> {
    fn default() -> Self {
        Self::new(|_| T::default())
    }
}

impl<T: Serialize> Serialize for ByKind<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(kind, it)| (kind.word(), it)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ByKind<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut words = BTreeMap::<String, T>::deserialize(from)?;
        let of = Kind::ALL.into_iter().map(|kind| {
            let word = kind.word();
            let it = words.remove(word);
            Ok((kind, it.ok_or_else(|| Error::missing_field(word))?))
        });
        of.collect::<Result<_, _>>().map(Self)
    }
}

impl<T: JsonSchema> JsonSchema for ByKind<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}ByKind", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        for kind in Kind::ALL {
            let mut of = generator.subschema_for::<T>();
            let what = match kind {
                Kind::Incoming => "Of the incoming webhooks.",
                Kind::Outgoing => "Of the outgoing ones.",
            };
            of.insert("description".to_owned(), what.into());
            properties.insert(kind.word().to_owned(), of.into());
        }
        json_schema!({
            "type": "object",
            "properties": Json::Object(properties),
            "required": Kind::ALL.map(Kind::word),
        })
    }
}
