//! What crosses the border between a script and the server: a structured clone, as a Rust value.
//!
//! # As JSON
//! Values that JSON lacks are objects with one key that begins with `$`: `{"$undefined": true}`,
//! `{"$date": "2026-01-31T09:08:07.123Z"}` (or `"Invalid Date"`), `{"$number": "NaN"}` (also `Infinity`, `-Infinity`, `-0`),
//! `{"$bigint": "1"}`, `{"$regexp": "/a/g"}`, `{"$map": [[key, value]]}`, `{"$set": []}`,
//! `{"$error": {"name": "...", "message": "..."}}`, `{"$bytes": {"type": "Uint8Array", "values": []}}`, `{"$arraybuffer": []}`,
//! `{"$boxed": 1}`, `{"$hole": true}` (a gap in a list), `{"$circular": true}` (an object that contains this place), and
//! `{"$object": {}}` for an object whose own keys begin with `$`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value as Json, json};

/// The largest number below which every integer is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value that crossed the border.
///
/// Half of a surrogate pair becomes U+FFFD, as it does when the server stores or sends the string.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Value {
    /// `undefined`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number, `NaN` and the infinities included.
    Number(f64),
    /// A string.
    String(String),
    /// A `BigInt`, in decimal digits.
    BigInt(String),
    /// A date in milliseconds since 1970; none for an invalid one.
    Date(Option<f64>),
    /// A regular expression.
    RegExp {
        /// What stands between the slashes.
        source: String,
        /// The letters behind them.
        flags: String,
    },
    /// A list. A gap in it is a [`Value::Hole`].
    Array(Vec<Value>),
    /// An object, its keys in order.
    Object(Vec<(String, Value)>),
    /// A `Map`.
    Map(Vec<(Value, Value)>),
    /// A `Set`.
    Set(Vec<Value>),
    /// An error.
    Error {
        /// `Error`, `TypeError` and the like.
        name: String,
        /// Its message.
        message: String,
    },
    /// A typed array or a `DataView`.
    Bytes {
        /// The constructor's name.
        kind: String,
        /// Its numbers.
        values: Vec<Value>,
    },
    /// An `ArrayBuffer`.
    ArrayBuffer(Vec<u8>),
    /// `new Number(1)` and the like.
    Boxed(Box<Value>),
    /// A gap in a list.
    Hole,
    /// The object that contains this place, once more.
    Circular,
}

impl Value {
    /// The value of a key, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Value::Object(entries) = self else {
            return None;
        };
        let found = entries.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Whether JavaScript takes it for true.
    pub fn is_truthy(&self) -> bool {
        match self {
            Value::Undefined | Value::Null | Value::Hole => false,
            Value::Bool(value) => *value,
            Value::Number(number) => *number != 0.0 && !number.is_nan(),
            Value::String(text) => !text.is_empty(),
            Value::BigInt(digits) => digits != "0",
            _ => true,
        }
    }

    /// Whether `typeof` says `object` and it is not `null`.
    pub fn is_object(&self) -> bool {
        !matches!(
            self,
            Value::Undefined
                | Value::Null
                | Value::Hole
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::BigInt(_)
        )
    }

    /// What `String(value)` makes of it.
    pub fn to_text(&self) -> String {
        match self {
            Value::Undefined | Value::Hole => "undefined".into(),
            Value::Null => "null".into(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number_text(*number),
            Value::String(text) | Value::BigInt(text) => text.clone(),
            Value::Date(None) => "Invalid Date".into(),
            Value::Date(Some(time)) => iso(*time).unwrap_or_default(),
            Value::RegExp { source, flags } => format!("/{source}/{flags}"),
            Value::Array(items) => {
                let text = |item: &Value| match item {
                    Value::Undefined | Value::Null | Value::Hole => String::new(),
                    other => other.to_text(),
                };
                items.iter().map(text).collect::<Vec<_>>().join(",")
            }
            Value::Map(_) => "[object Map]".into(),
            Value::Set(_) => "[object Set]".into(),
            Value::Error { name, message } if message.is_empty() => name.clone(),
            Value::Error { name, message } => format!("{name}: {message}"),
            Value::Bytes { values, .. } => {
                let texts = values.iter().map(Value::to_text);
                texts.collect::<Vec<_>>().join(",")
            }
            Value::ArrayBuffer(_) => "[object ArrayBuffer]".into(),
            Value::Boxed(inner) => inner.to_text(),
            Value::Object(_) | Value::Circular => "[object Object]".into(),
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
                match entries.iter().any(|(key, _)| key.starts_with('$')) {
                    true => json!({ "$object": object }),
                    false => object,
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
            Value::Number(number) => match *number == 0.0 {
                true => json!(0),
                false => number_json(*number).unwrap_or(Json::Null),
            },
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

/// A number as JavaScript writes it.
fn number_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".into()
    } else if number.is_infinite() {
        if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .into()
    } else if number != 0.0 && (number.abs() >= 1e21 || number.abs() < 1e-6) {
        let text = format!("{number:e}");
        match text.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => text,
        }
    } else {
        // Without the sign of a negative zero.
        (number + 0.0).to_string()
    }
}

fn number_text_with_sign(number: f64) -> String {
    match number == 0.0 && number.is_sign_negative() {
        true => "-0".into(),
        false => number_text(number),
    }
}

/// Days since 1970 of a date in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Milliseconds since 1970 of a date as `toISOString` writes it.
pub(crate) fn milliseconds(text: &str) -> Option<f64> {
    let text = text.strip_suffix('Z')?;
    let (date, time) = text.split_once('T')?;
    let (sign, date) = match date.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, date.strip_prefix('+').unwrap_or(date)),
    };
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut time = time.split(':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let fraction: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let total = ((days(sign * year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    #[expect(clippy::cast_precision_loss, reason = "dates end long before")]
    Some((total * 1000 + fraction) as f64)
}

/// A time as `toISOString` writes it; none beyond JavaScript's dates.
pub(crate) fn iso(time: f64) -> Option<String> {
    if !time.is_finite() || time.abs() > 8.64e15 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let time = time as i64;
    let (day, rest) = (time.div_euclid(86_400_000), time.rem_euclid(86_400_000));
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year + era * 400 + i64::from(month <= 2);
    let of_month = of_year - (153 * shifted_month + 2) / 5 + 1;
    let year = match year {
        0..=9999 => format!("{year:04}"),
        _ => format!("{}{:06}", if year < 0 { '-' } else { '+' }, year.abs()),
    };
    Some(format!(
        "{year}-{month:02}-{of_month:02}T{:02}:{:02}:{:02}.{:03}Z",
        rest / 3_600_000,
        rest / 60_000 % 60,
        rest / 1000 % 60,
        rest % 1000
    ))
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

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (number, text) in [
            (-0.0, "0"),
            (1e21, "1e+21"),
            (1.5e-7, "1.5e-7"),
            (123_456_789.0, "123456789"),
            (0.1, "0.1"),
        ] {
            assert_eq!(Value::Number(number).to_text(), text);
        }
    }
}
