//! Values as JSON.
//!
//! Values that JSON lacks are objects with one key that begins with `$`: `{"$undefined": true}`,
//! `{"$date": "2026-01-31T09:08:07.123Z"}` (or `"Invalid Date"`), `{"$number": "NaN"}` (also `Infinity`, `-Infinity`, `-0`),
//! `{"$bigint": "1"}`, `{"$regexp": "/a/g"}`, `{"$map": [[key, value]]}`, `{"$set": []}`,
//! `{"$error": {"name": "...", "message": "..."}}`, `{"$bytes": {"type": "Uint8Array", "values": []}}`, `{"$arraybuffer": []}`,
//! `{"$boxed": 1}`, `{"$hole": true}` (a gap in a list), `{"$circular": true}` (an object that contains this place), and
//! `{"$object": {}}` for an object whose own keys begin with `$`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value as Json, json};

use super::{Value, iso, milliseconds, number_text};

/// The largest number below which every integer is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Value {
    /// The value of a JSON text as it is: nothing in it is a tag.
    pub fn from_plain_json(json: &Json) -> Value {
        match json {
            Json::Array(items) => Value::Array(items.iter().map(Value::from_plain_json).collect()),
            Json::Object(entries) => {
                let entries = entries.iter();
                let entries =
                    entries.map(|(key, value)| (key.clone(), Value::from_plain_json(value)));
                Value::Object(entries.collect())
            }
            plain => Value::from_json(plain),
        }
    }

    /// The value that JSON with tags stands for.
    pub fn from_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
            Json::String(text) => Value::String(text.clone()),
            Json::Array(items) => Value::Array(items.iter().map(Value::from_json).collect()),
            Json::Object(entries) => {
                let only = entries.iter().next().filter(|_| entries.len() == 1);
                let tagged = only.and_then(|(key, inner)| tagged(key, inner));
                tagged.unwrap_or_else(|| object(entries))
            }
        }
    }

    /// The value as JSON with tags.
    pub fn to_json(&self) -> Json {
        let list = |items: &[Value]| Json::Array(items.iter().map(Value::to_json).collect());
        match self {
            Value::Undefined => json!({"$undefined": true}),
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(number) => number_json(*number)
                .unwrap_or_else(|| json!({"$number": number_text_with_sign(*number)})),
            Value::String(text) => Json::String(text.clone()),
            Value::BigInt(digits) => json!({ "$bigint": digits }),
            Value::Date(time) => {
                let text = time.and_then(iso);
                json!({"$date": text.unwrap_or_else(|| "Invalid Date".into())})
            }
            Value::RegExp { source, flags } => json!({"$regexp": format!("/{source}/{flags}")}),
            Value::Array(items) => list(items),
            Value::Map(pairs) => {
                let pair = |(key, value): &(Value, Value)| json!([key.to_json(), value.to_json()]);
                json!({"$map": pairs.iter().map(pair).collect::<Vec<_>>()})
            }
            Value::Set(items) => json!({"$set": list(items)}),
            Value::Error { name, message } => {
                json!({"$error": {"name": name, "message": message}})
            }
            Value::Bytes { kind, values } => {
                json!({"$bytes": {"type": kind, "values": list(values)}})
            }
            Value::ArrayBuffer(bytes) => json!({ "$arraybuffer": bytes }),
            Value::Boxed(inner) => json!({"$boxed": inner.to_json()}),
            Value::Hole => json!({"$hole": true}),
            Value::Circular => json!({"$circular": true}),
            Value::Object(entries) => {
                let pair = |(key, value): &(String, Value)| (key.clone(), value.to_json());
                let object = Json::Object(entries.iter().map(pair).collect());
                if entries.iter().any(|(key, _)| key.starts_with('$')) {
                    json!({ "$object": object })
                } else {
                    object
                }
            }
        }
    }

    /// The value as `JSON.stringify` has it: without what JSON lacks.
    pub fn to_plain_json(&self) -> Option<Json> {
        let list = |items: &[Value]| {
            let item = |item: &Value| item.to_plain_json().unwrap_or(Json::Null);
            Json::Array(items.iter().map(item).collect())
        };
        Some(match self {
            Value::Undefined | Value::Hole => return None,
            Value::Null | Value::BigInt(_) | Value::Circular => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Number(0.0) => json!(0),
            Value::Number(number) => number_json(*number).unwrap_or(Json::Null),
            Value::String(text) => Json::String(text.clone()),
            Value::Date(time) => time.and_then(iso).map_or(Json::Null, Json::String),
            Value::Array(items) => list(items),
            Value::Bytes { values, .. } => {
                let entry = |(at, value): (usize, &Value)| {
                    (at.to_string(), value.to_plain_json().unwrap_or(Json::Null))
                };
                Json::Object(values.iter().enumerate().map(entry).collect())
            }
            Value::Boxed(inner) => return inner.to_plain_json(),
            Value::Object(entries) => {
                let entry = |(key, value): &(String, Value)| {
                    value.to_plain_json().map(|json| (key.clone(), json))
                };
                Json::Object(entries.iter().filter_map(entry).collect())
            }
            Value::RegExp { .. }
            | Value::Map(_)
            | Value::Set(_)
            | Value::Error { .. }
            | Value::ArrayBuffer(_) => Json::Object(Map::new()),
        })
    }
}

fn object(entries: &Map<String, Json>) -> Value {
    let entry = |(key, value): (&String, &Json)| (key.clone(), Value::from_json(value));
    Value::Object(entries.iter().map(entry).collect())
}

/// What an object with this one key stands for, if the key is a tag.
fn tagged(key: &str, inner: &Json) -> Option<Value> {
    let list = || Some(inner.as_array()?.iter().map(Value::from_json).collect());
    Some(match key {
        "$undefined" => Value::Undefined,
        "$hole" => Value::Hole,
        "$circular" => Value::Circular,
        "$number" => Value::Number(match inner.as_str()? {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            "-0" => -0.0,
            _ => return None,
        }),
        "$bigint" => Value::BigInt(inner.as_str()?.to_owned()),
        "$date" => Value::Date(milliseconds(inner.as_str()?)),
        "$regexp" => {
            let (source, flags) = inner.as_str()?.strip_prefix('/')?.rsplit_once('/')?;
            Value::RegExp {
                source: source.to_owned(),
                flags: flags.to_owned(),
            }
        }
        "$map" => {
            let pair = |pair: &Json| {
                Some((
                    Value::from_json(pair.get(0)?),
                    Value::from_json(pair.get(1)?),
                ))
            };
            Value::Map(inner.as_array()?.iter().map(pair).collect::<Option<_>>()?)
        }
        "$set" => Value::Set(list()?),
        "$error" => Value::Error {
            name: inner.get("name")?.as_str()?.to_owned(),
            message: inner.get("message")?.as_str()?.to_owned(),
        },
        "$bytes" => Value::Bytes {
            kind: inner.get("type")?.as_str()?.to_owned(),
            values: {
                let values = inner.get("values")?.as_array()?;
                values.iter().map(Value::from_json).collect()
            },
        },
        "$arraybuffer" => {
            let byte = |byte: &Json| u8::try_from(byte.as_u64()?).ok();
            Value::ArrayBuffer(inner.as_array()?.iter().map(byte).collect::<Option<_>>()?)
        }
        "$boxed" => Value::Boxed(Box::new(Value::from_json(inner))),
        "$object" => object(inner.as_object()?),
        _ => return None,
    })
}

/// A finite number; none for what JSON lacks.
fn number_json(number: f64) -> Option<Json> {
    if number == 0.0 && number.is_sign_negative() {
        return None;
    }
    if number.fract() == 0.0 && number.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is an integer in range")]
        return Some(Json::from(number as i64));
    }
    Number::from_f64(number).map(Json::Number)
}

fn number_text_with_sign(number: f64) -> String {
    if number == 0.0 && number.is_sign_negative() {
        return "-0".into();
    }
    number_text(number)
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Json::deserialize(deserializer).map(|json| Value::from_json(&json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_as_json() {
        let date = "2026-01-31T09:08:07.123Z";
        for json in [
            json!({"$undefined": true}),
            json!([null, true, 1, -1.5, 1e21, "a", {"$hole": true}]),
            json!({"$date": date}),
            json!({"$date": "-000044-03-15T00:00:00.000Z"}),
            json!({"$date": "Invalid Date"}),
            json!([{"$number": "NaN"}, {"$number": "-Infinity"}, {"$number": "-0"}]),
            json!([{"$bigint": "1"}, {"$regexp": "/a\\/b/g"}, {"$boxed": "s"}]),
            json!([{"$map": [["a", {"b": 1}]]}, {"$set": [1]}, {"$circular": true}]),
            json!({"$error": {"name": "TypeError", "message": "m"}}),
            json!([{"$bytes": {"type": "Uint8Array", "values": [1]}}, {"$arraybuffer": [1, 255]}]),
            json!({"$object": {"$undefined": true}}),
            json!({"$object": {"$a": 1, "b": 2}}),
        ] {
            assert_eq!(Value::from_json(&json).to_json(), json);
        }
        assert_eq!(milliseconds(date), Some(1_769_850_487_123.0));
    }
}
