//! Applies a request schema as the server's validator does: message by message, coercing in place.
//!
//! The validator stops at the first failing rule of each branch (docs/server.md#schema-errors), and what one branch
//! has coerced by then the next branch sees coerced. Which keys there are is in `schema`.

use serde_json::{Map, Value};

use super::js;
use super::profile::{Quirk, ServerProfile};
use super::schema::{Branch, Part, Property, Rule, Schema, Type};

/// How far the validator bends a value into the type that was asked for (docs/server.md#fields).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coercion {
    None,
    Scalars,
    /// Scalars, and a list of one value is taken for the value.
    Arrays,
}

/// Checks and coerces `data`; the messages in order when it is refused.
pub(super) fn validate(
    schema: &Schema,
    profile: &ServerProfile,
    data: &mut Value,
) -> Result<(), Vec<String>> {
    let coercion = match schema.part {
        Part::Query if profile.has(Quirk::Coercion) => Coercion::Arrays,
        Part::Body if profile.has(Quirk::Coercion) => Coercion::Scalars,
        _ if schema.coerced_early => Coercion::Scalars,
        _ => Coercion::None,
    };
    let mut errors = Vec::new();
    let mut matching = 0;
    for branch in schema.branches {
        match check_branch(branch, profile, coercion, data) {
            Ok(()) => matching += 1,
            Err(message) => errors.push(message),
        }
        // Once two branches match the validator looks no further.
        if matching > 1 {
            break;
        }
    }
    if matching == 1 {
        return Ok(());
    }
    if schema.branches.len() > 1 {
        errors.push("must match exactly one schema in oneOf".to_owned());
    }
    Err(errors)
}

/// The first failing rule of a branch: required keys, then surplus keys, then each key in its order.
fn check_branch(
    branch: &Branch,
    profile: &ServerProfile,
    coercion: Coercion,
    data: &mut Value,
) -> Result<(), String> {
    let Value::Object(object) = data else {
        return Err("must be object".to_owned());
    };
    let properties = branch.properties.iter();
    let known = || properties.clone().filter(|row| row.when.holds(profile));
    let is_missing = |name: &&str| {
        let requires = |row: &Property| row.name == *name && !row.types.contains(&Type::Null);
        !object.contains_key(*name) && known().any(requires)
    };
    if let Some(name) = branch.required.split(' ').find(is_missing) {
        return Err(format!("must have required property '{name}'"));
    }
    let is_surplus = |key: &String| known().all(|row| row.name != key);
    if branch.closed && object.keys().any(is_surplus) {
        return Err("must NOT have additional properties".to_owned());
    }
    known().try_for_each(|property| check_property(property, coercion, object))
}

/// Checks one key of an object, when it is there.
fn check_property(
    property: &Property,
    coercion: Coercion,
    object: &mut Map<String, Value>,
) -> Result<(), String> {
    let Some(value) = object.get_mut(property.name) else {
        return Ok(());
    };
    check_type(property, coercion, value)?;
    match (property.rule, value) {
        (Rule::Pattern(part), Value::String(text)) if !text.contains(part) => {
            Err(format!("must match pattern \"{part}\""))
        }
        (Rule::NotEmpty, Value::String(text)) if text.is_empty() => Err(fewer_than_one()),
        (Rule::NotEmptyItems, Value::Array(items)) => items
            .iter_mut()
            .try_for_each(|item| check_item(coercion, item)),
        _ => Ok(()),
    }
}

/// Checks one item of a list of strings.
fn check_item(coercion: Coercion, item: &mut Value) -> Result<(), String> {
    if !item.is_string() {
        match coerce(&[Type::Text], coercion, item) {
            Some(coerced) => *item = coerced,
            None => return Err("must be string".to_owned()),
        }
    }
    if item.as_str() == Some("") {
        Err(fewer_than_one())
    } else {
        Ok(())
    }
}

/// What is told of an empty text.
fn fewer_than_one() -> String {
    "must NOT have fewer than 1 characters".to_owned()
}

/// Checks the type of a value, and bends the value to it where that is allowed.
fn check_type(property: &Property, coercion: Coercion, value: &mut Value) -> Result<(), String> {
    if property.types.iter().any(|kind| is_of(*kind, value)) {
        return Ok(());
    }
    if let Some(coerced) = coerce(property.types, coercion, value) {
        *value = coerced;
        return Ok(());
    }
    // The null of a nullable key is not told.
    let told = property.types.iter().filter(|kind| **kind != Type::Null);
    let told: Vec<_> = told.map(|kind| name(*kind)).collect();
    Err(format!("must be {}", told.join(",")))
}

/// What the refusal calls a type.
fn name(kind: Type) -> &'static str {
    match kind {
        Type::Text => "string",
        Type::Number => "number",
        Type::Flag => "boolean",
        Type::List => "array",
        Type::Null => "null",
    }
}

/// Whether the value has the type as it is.
fn is_of(kind: Type, value: &Value) -> bool {
    match kind {
        Type::Text => value.is_string(),
        Type::Number => value.is_number(),
        Type::Flag => value.is_boolean(),
        Type::List => value.is_array(),
        Type::Null => value.is_null(),
    }
}

/// The value bent to the first of the types that can take it.
///
/// A list of one value counts as the value, but only a single asked-for type takes it unbent: for a
/// nullable key the validator asks whether the value is of *all* types at once, which nothing is.
fn coerce(types: &[Type], coercion: Coercion, value: &Value) -> Option<Value> {
    let value = match (coercion, value) {
        (Coercion::None, _) => return None,
        (Coercion::Arrays, Value::Array(items)) => match (items.as_slice(), types) {
            ([only], [kind]) if is_of(*kind, only) => return Some(only.clone()),
            ([only], _) => only,
            _ => value,
        },
        _ => value,
    };
    types.iter().find_map(|kind| coerce_to(*kind, value))
}

/// The value bent to one type.
fn coerce_to(kind: Type, value: &Value) -> Option<Value> {
    match (kind, value) {
        (Type::Text, Value::Number(number)) => Some(Value::String(js::number_text(number))),
        (Type::Text, Value::Bool(flag)) => Some(Value::String(flag.to_string())),
        (Type::Text, Value::Null) => Some(Value::String(String::new())),
        (Type::Number, Value::Bool(flag)) => Some(Value::from(i64::from(*flag))),
        (Type::Number, Value::Null) => Some(Value::from(0)),
        (Type::Number, Value::String(text)) if !text.is_empty() => js::number(text),
        (Type::Flag, Value::Null) => Some(Value::Bool(false)),
        (Type::Flag, Value::String(text)) => text.parse().ok().map(Value::Bool),
        (Type::Flag, Value::Number(number)) => match number.as_f64() {
            Some(0.0) => Some(Value::Bool(false)),
            Some(1.0) => Some(Value::Bool(true)),
            _ => None,
        },
        (Type::Null, Value::String(text)) if text.is_empty() => Some(Value::Null),
        (Type::Null, Value::Bool(false)) => Some(Value::Null),
        (Type::Null, Value::Number(number)) if number.as_f64() == Some(0.0) => Some(Value::Null),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile::Version;
    use super::super::schema;
    use super::*;

    /// The verdicts of the published validators of six releases (tests/conformance/validators.json).
    #[test]
    fn agrees_with_the_published_validators() {
        let text = include_str!("../../../tests/conformance/validators.json");
        let file: Value = serde_json::from_str(text).expect("the committed file is JSON");
        let mut checked = 0;
        for row in file["rows"].as_array().expect("rows") {
            let schema = match row["endpoint"].as_str() {
                Some("create") => &schema::CREATE,
                Some("update") => &schema::UPDATE,
                Some("remove") => &schema::REMOVE,
                Some("get") => &schema::GET,
                Some("list") => &schema::LIST,
                Some("history") => &schema::HISTORY,
                other => panic!("unknown endpoint {other:?}"),
            };
            for result in row["results"].as_array().expect("results") {
                for release in result["versions"].as_array().expect("versions") {
                    let profile =
                        ServerProfile::new(version_of(release.as_str().expect("text")), &[]);
                    let mut data = row["input"].clone();
                    let verdict = validate(schema, &profile, &mut data);
                    let expected = match result["accept"].as_bool() {
                        Some(true) => Ok(()),
                        _ => Err(texts(&result["errors"])),
                    };
                    assert_eq!(verdict, expected, "{} on {release}", row["name"]);
                    if result["accept"] == true {
                        let coerced = result.get("coerced").unwrap_or(&row["input"]);
                        assert_eq!(&data, coerced, "{} on {release}", row["name"]);
                    }
                    checked += 1;
                }
            }
        }
        assert_eq!(checked, 414 * 6);
    }

    fn version_of(release: &str) -> Version {
        let minor = release.rsplit_once('.').map_or(release, |(minor, _)| minor);
        minor.parse().expect("a version")
    }

    fn texts(list: &Value) -> Vec<String> {
        serde_json::from_value(list.clone()).expect("a list of strings")
    }

    #[test]
    fn an_empty_text_for_a_nullable_flag_becomes_null() {
        let profile = ServerProfile::new(Version::default(), &[]);
        let mut body = serde_json::json!({"type": "webhook-outgoing", "username": "u", "channel": "", "event": "e",
            "scriptEnabled": false, "name": "", "enabled": true, "runOnEdits": ""});
        assert_eq!(validate(&schema::CREATE, &profile, &mut body), Ok(()));
        assert_eq!(body["runOnEdits"], Value::Null);
    }
}
