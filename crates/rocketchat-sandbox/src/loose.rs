//! The server's second, looser look at a body: argument checks without a code (docs/server.md#error-shapes, #fields).
//!
//! From 4.8 on it only ever sees what the schema let through, so that nulls are all it can refuse;
//! before, it was the only check.

use serde_json::{Map, Value};

use super::profile::{Quirk, ServerProfile};
use super::reply::Refusal;

/// What an argument check asks of a key.
#[derive(Clone, Copy, Debug)]
enum Want {
    Text,
    Flag,
    Number,
    Texts,
}

use Want::{Flag, Number, Text, Texts};

/// An argument check.
struct Arguments {
    /// The keys of each type.
    types: &'static [(Want, &'static str)],
    /// Those that must be there, in the order of their telling. The others may be absent, and not null.
    required: &'static str,
}

/// What every create and update must have.
const WRITTEN: &str = "type name enabled username channel scriptEnabled";

/// What create looks at again from 4.8 on. The schema let only the keys of its own kind through.
const ADD: Arguments = Arguments {
    types: &[
        (
            Text,
            "type name username channel alias emoji avatar scriptEngine script targetRoom token retryDelay",
        ),
        (
            Flag,
            "enabled scriptEnabled overrideDestinationChannelEnabled triggerWordAnywhere runOnEdits retryFailedCalls \
             impersonateUser",
        ),
        (Texts, "urls triggerWords"),
        (Number, "retryCount"),
    ],
    required: WRITTEN,
};

/// The only check of create and update before 4.8.
const EARLY_WRITE: Arguments = Arguments {
    types: &[
        (
            Text,
            "type name username channel event alias avatar emoji token script targetChannel integrationId target_url",
        ),
        (Flag, "enabled scriptEnabled"),
        (Texts, "urls triggerWords"),
    ],
    required: WRITTEN,
};

/// The only check of remove before 4.8.
const EARLY_REMOVE: Arguments = Arguments {
    types: &[(Text, "type target_url integrationId")],
    required: "type",
};

/// The check of create and update before 4.8.
pub(super) fn early_write(
    profile: &ServerProfile,
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    refuse(&EARLY_WRITE, profile.has(Quirk::LooseChecks), body)
}

/// The check of remove before 4.8.
pub(super) fn early_remove(
    profile: &ServerProfile,
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    refuse(&EARLY_REMOVE, profile.has(Quirk::LooseChecks), body)
}

/// The check of create from 4.8 on.
pub(super) fn add(profile: &ServerProfile, body: &Map<String, Value>) -> Result<(), Refusal> {
    refuse(&ADD, !profile.has(Quirk::LooseChecks), body)
}

/// Checks a body, if the version does.
fn refuse(arguments: &Arguments, checks: bool, body: &Map<String, Value>) -> Result<(), Refusal> {
    let checked = if checks {
        check(arguments, body)
    } else {
        Ok(())
    };
    checked.map_err(|text| Refusal::Plain(text.into()))
}

/// Checks the keys of a body in the body's order, then what is missing.
fn check(arguments: &Arguments, body: &Map<String, Value>) -> Result<(), String> {
    for (key, value) in body {
        let holds = |(_, keys): &&(Want, &str)| keys.split(' ').any(|known| known == key);
        let want = arguments.types.iter().find(holds);
        if let Some((what, at)) = want.and_then(|(want, _)| mismatch(*want, value)) {
            return Err(format!("Match error: Expected {what} in field {key}{at}"));
        }
    }
    let mut required = arguments.required.split(' ');
    required
        .find(|key| !body.contains_key(*key))
        .map_or(Ok(()), |key| {
            Err(format!("Match error: Missing key '{key}'"))
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

    fn refusal(arguments: &Arguments, body: &Value) -> Result<(), String> {
        check(arguments, body.as_object().expect("an object"))
    }

    #[test]
    fn a_wrong_key_is_told_before_a_missing_one() {
        let body = json!({"name": 5});
        let told = Err("Match error: Expected string, got number in field name".to_owned());
        assert_eq!(refusal(&EARLY_WRITE, &body), told);
        assert_eq!(
            refusal(&EARLY_REMOVE, &json!({"foo": 1})),
            Err("Match error: Missing key 'type'".to_owned())
        );
    }

    #[test]
    fn null_is_not_absent_and_lists_are_looked_into() {
        for (arguments, body, told) in [
            (
                &EARLY_REMOVE,
                json!({"integrationId": null}),
                "string, got null in field integrationId",
            ),
            (&ADD, json!({"urls": null}), "array, got null in field urls"),
            (
                &EARLY_WRITE,
                json!({"urls": "http://a"}),
                "array, got \"http://a\" in field urls",
            ),
            (
                &EARLY_WRITE,
                json!({"urls": ["a", 5]}),
                "string, got number in field urls[1]",
            ),
        ] {
            let told = Err(format!("Match error: Expected {told}"));
            assert_eq!(refusal(arguments, &body), told);
        }
    }
}
