//! The server's second, looser look at a body: argument checks without a code (reference 2.1, 3.2).
//!
//! From 4.8 on it only ever sees what the schema let through, so that nulls are all it can refuse;
//! before, it was the only check.

use serde_json::{Map, Value};

use super::era::{Era, Quirk};
use super::reply::Refusal;

/// What an argument check asks of a key.
#[derive(Clone, Copy, Debug)]
enum Want {
    Text,
    Flag,
    Number,
    Texts,
}

/// Whether a key may be absent or null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Required,
    /// Absent is fine, null is not.
    Optional,
}

/// A key of an argument check.
type Argument = (&'static str, Want, Presence);

use Presence::{Optional, Required};
use Want::{Flag, Number, Text, Texts};

/// What create looks at again from 4.8 on. The schema let only the keys of its own kind through.
const ADD: &[Argument] = &[
    ("type", Text, Required),
    ("name", Text, Required),
    ("enabled", Flag, Required),
    ("username", Text, Required),
    ("channel", Text, Required),
    ("alias", Text, Optional),
    ("emoji", Text, Optional),
    ("avatar", Text, Optional),
    ("scriptEnabled", Flag, Required),
    ("scriptEngine", Text, Optional),
    ("overrideDestinationChannelEnabled", Flag, Optional),
    ("script", Text, Optional),
    ("targetRoom", Text, Optional),
    ("urls", Texts, Optional),
    ("triggerWords", Texts, Optional),
    ("triggerWordAnywhere", Flag, Optional),
    ("token", Text, Optional),
    ("runOnEdits", Flag, Optional),
    ("retryFailedCalls", Flag, Optional),
    ("retryCount", Number, Optional),
    ("retryDelay", Text, Optional),
    ("impersonateUser", Flag, Optional),
];

/// The only check of create and update before 4.8.
const EARLY_WRITE: &[Argument] = &[
    ("type", Text, Required),
    ("name", Text, Required),
    ("enabled", Flag, Required),
    ("username", Text, Required),
    ("urls", Texts, Optional),
    ("channel", Text, Required),
    ("event", Text, Optional),
    ("triggerWords", Texts, Optional),
    ("alias", Text, Optional),
    ("avatar", Text, Optional),
    ("emoji", Text, Optional),
    ("token", Text, Optional),
    ("scriptEnabled", Flag, Required),
    ("script", Text, Optional),
    ("targetChannel", Text, Optional),
    ("integrationId", Text, Optional),
    ("target_url", Text, Optional),
];

/// The only check of remove before 4.8.
const EARLY_REMOVE: &[Argument] = &[
    ("type", Text, Required),
    ("target_url", Text, Optional),
    ("integrationId", Text, Optional),
];

/// The check of create and update before 4.8.
pub(super) fn early_write(era: &Era, body: &Map<String, Value>) -> Result<(), Refusal> {
    refuse(EARLY_WRITE, era.has(Quirk::LooseChecks), body)
}

/// The check of remove before 4.8.
pub(super) fn early_remove(era: &Era, body: &Map<String, Value>) -> Result<(), Refusal> {
    refuse(EARLY_REMOVE, era.has(Quirk::LooseChecks), body)
}

/// The check of create from 4.8 on.
pub(super) fn add(era: &Era, body: &Map<String, Value>) -> Result<(), Refusal> {
    refuse(ADD, !era.has(Quirk::LooseChecks), body)
}

/// Checks a body, if the era does.
fn refuse(rows: &[Argument], checks: bool, body: &Map<String, Value>) -> Result<(), Refusal> {
    let checked = if checks { check(rows, body) } else { Ok(()) };
    checked.map_err(|text| Refusal::Plain(text.into()))
}

/// Checks the keys of a body in the body's order, then what is missing.
fn check(arguments: &[Argument], body: &Map<String, Value>) -> Result<(), String> {
    for (key, value) in body {
        let Some((_, want, _)) = arguments.iter().find(|(name, ..)| name == key) else {
            continue;
        };
        mismatch(*want, value).map_or(Ok(()), |(what, at)| {
            Err(format!("Match error: Expected {what} in field {key}{at}"))
        })?;
    }
    let missing =
        |(name, _, presence): &&Argument| *presence == Required && !body.contains_key(*name);
    arguments.iter().find(missing).map_or(Ok(()), |(name, ..)| {
        Err(format!("Match error: Missing key '{name}'"))
    })
}

/// What was wanted and what there is instead, and where inside the key.
fn mismatch(want: Want, value: &Value) -> Option<(String, String)> {
    let (fits, name) = match want {
        Text => (value.is_string(), "string"),
        Flag => (value.is_boolean(), "boolean"),
        Number => (value.is_number(), "number"),
        Texts => {
            let Some(items) = value.as_array() else {
                return Some((format!("array, got {value}"), String::new()));
            };
            let wrong = |(at, item)| Some((mismatch(Text, item)?.0, format!("[{at}]")));
            return items.iter().enumerate().find_map(wrong);
        }
    };
    (!fits).then(|| (format!("{name}, got {}", kind(value)), String::new()))
}

/// What the refusal calls a value.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) | Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refusal(arguments: &[Argument], body: &Value) -> Result<(), String> {
        check(arguments, body.as_object().expect("an object"))
    }

    #[test]
    fn a_wrong_key_is_told_before_a_missing_one() {
        let body = json!({"name": 5});
        let told = Err("Match error: Expected string, got number in field name".to_owned());
        assert_eq!(refusal(EARLY_WRITE, &body), told);
        assert_eq!(
            refusal(EARLY_REMOVE, &json!({"foo": 1})),
            Err("Match error: Missing key 'type'".to_owned())
        );
    }

    #[test]
    fn null_is_not_absent_and_lists_are_looked_into() {
        for (arguments, body, told) in [
            (
                EARLY_REMOVE,
                json!({"integrationId": null}),
                "string, got null in field integrationId",
            ),
            (ADD, json!({"urls": null}), "array, got null in field urls"),
            (
                EARLY_WRITE,
                json!({"urls": "http://a"}),
                "array, got \"http://a\" in field urls",
            ),
            (
                EARLY_WRITE,
                json!({"urls": ["a", 5]}),
                "string, got number in field urls[1]",
            ),
        ] {
            let told = Err(format!("Match error: Expected {told}"));
            assert_eq!(refusal(arguments, &body), told);
        }
    }
}
