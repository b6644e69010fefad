//! What crosses the border between a script and the server: a structured clone, as a Rust value.

mod date;
mod json;

pub(crate) use self::date::{iso, milliseconds};

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
}

/// A number as JavaScript writes it.
pub(super) fn number_text(number: f64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

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
