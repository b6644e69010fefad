//! What the server checks of a message before it posts it.

use serde_json::Value as Json;

use super::User;
use super::message::Draft;
use crate::value::Value;

/// The types that fields must have.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Number,
    Boolean,
    TextOrNumber,
    TextNumberOrBoolean,
    List,
    Object,
    /// An absolute link, or one to an upload.
    Link,
    /// The same, or a path.
    PartialLink,
}

const ATTACHMENT: &[(&str, Type)] = &[
    ("color", Type::Text),
    ("text", Type::Text),
    ("ts", Type::TextOrNumber),
    ("thumb_url", Type::Link),
    ("button_alignment", Type::Text),
    ("actions", Type::List),
    ("message_link", Type::Link),
    ("collapsed", Type::Boolean),
    ("author_name", Type::Text),
    ("author_link", Type::Link),
    ("author_icon", Type::Link),
    ("title", Type::Text),
    ("title_link", Type::Link),
    ("title_link_download", Type::Boolean),
    ("image_dimensions", Type::Object),
    ("image_url", Type::Link),
    ("image_preview", Type::Text),
    ("image_type", Type::Text),
    ("image_size", Type::Number),
    ("audio_url", Type::Link),
    ("audio_type", Type::Text),
    ("audio_size", Type::Number),
    ("video_url", Type::Link),
    ("video_type", Type::Text),
    ("video_size", Type::Number),
    ("fields", Type::List),
];
const FIELD: &[(&str, Type)] = &[
    ("short", Type::Boolean),
    ("title", Type::Text),
    ("value", Type::TextNumberOrBoolean),
];
const ACTION: &[(&str, Type)] = &[
    ("type", Type::Text),
    ("text", Type::Text),
    ("url", Type::Link),
    ("image_url", Type::Link),
    ("is_webview", Type::Boolean),
    ("webview_height_ratio", Type::Text),
    ("msg", Type::Text),
    ("msg_in_chat_window", Type::Boolean),
];

/// Why a message is not posted.
pub(super) fn message(draft: &Draft, author: &User, longest: usize) -> Result<(), String> {
    if draft.text.encode_utf16().count() > longest {
        return Err("error-message-size-exceeded".into());
    }
    for (field, value, kind) in [
        ("alias", &draft.alias, Type::Text),
        ("emoji", &draft.emoji, Type::Text),
        ("tmid", &draft.tmid, Type::Text),
        ("avatar", &draft.avatar, Type::PartialLink),
    ] {
        typed(field, Some(value), kind)?;
    }
    let named = draft.alias.is_truthy() || draft.avatar.is_truthy();
    if named && !author.may_impersonate {
        return Err("Not enough permission".into());
    }
    if let Value::Array(attachments) = &draft.attachments {
        for attachment in attachments {
            self::attachment(attachment)?;
        }
    }
    if draft.custom_fields.is_truthy() {
        return Err("Custom fields not enabled".into());
    }
    Ok(())
}

fn attachment(attachment: &Value) -> Result<(), String> {
    object(attachment, ATTACHMENT)?;
    if let Some(Value::Array(fields)) = attachment.get("fields") {
        for field in fields {
            object(field, FIELD)?;
            let given = ["value", "title"].map(|key| field.get(key).is_some_and(Value::is_truthy));
            if given.contains(&false) {
                return Err("Invalid attachment field, title and value is required".into());
            }
        }
    }
    if let Some(Value::Array(actions)) = attachment.get("actions") {
        for action in actions {
            object(action, ACTION)?;
        }
    }
    Ok(())
}

fn object(value: &Value, types: &[(&str, Type)]) -> Result<(), String> {
    if let (Value::Null | Value::Undefined | Value::Hole, Some((field, _))) = (value, types.first())
    {
        return Err(format!(
            "Cannot read properties of {} (reading '{field}')",
            value.to_text()
        ));
    }
    for (field, kind) in types {
        typed(field, value.get(field), *kind)?;
    }
    Ok(())
}

/// Whether a field has its type. Fields that are null are not looked at.
fn typed(field: &str, value: Option<&Value>, kind: Type) -> Result<(), String> {
    let value = match value {
        None | Some(Value::Null | Value::Undefined) => return Ok(()),
        Some(value) => value,
    };
    let text = matches!(value, Value::String(_));
    let number = matches!(value, Value::Number(_));
    let boolean = matches!(value, Value::Bool(_));
    let (fits, expected) = match kind {
        Type::Text | Type::Link | Type::PartialLink => (text, "string"),
        Type::Number => (number, "number"),
        Type::Boolean => (boolean, "boolean"),
        Type::TextOrNumber => (text || number, ""),
        Type::TextNumberOrBoolean => (text || number || boolean, ""),
        Type::List => (matches!(value, Value::Array(_)), "array"),
        Type::Object => (value.is_object(), "object"),
    };
    if !fits {
        let got = match kind {
            Type::List => shown(value),
            _ => kind_of(value).to_owned(),
        };
        let what = match expected {
            "" => "Failed Match.OneOf, Match.Maybe or Match.Optional validation".to_owned(),
            expected => format!("Expected {expected}, got {got}"),
        };
        // Each check around the failed one adds its words.
        let around = match kind {
            Type::Link | Type::PartialLink => "Match error: Match error: Match error: ",
            _ => "Match error: Match error: ",
        };
        return Err(format!("{around}{what} in field {field}"));
    }
    let Value::String(link) = value else {
        return Ok(());
    };
    let lower = link.to_lowercase();
    let absolute = ["http://", "https://", "data:"];
    let absolute = absolute.iter().any(|scheme| lower.starts_with(scheme));
    let upload = link.starts_with("/file-upload/");
    let good = match kind {
        Type::Link => absolute || upload,
        Type::PartialLink => absolute || upload || is_relative(link),
        _ => return Ok(()),
    };
    if good && !lower.starts_with("javascript:") {
        return Ok(());
    }
    Err("Invalid href value provided".into())
}

/// Whether the server takes a text for a path.
fn is_relative(link: &str) -> bool {
    link.starts_with('/') || link.starts_with("./") || link.starts_with("../")
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::BigInt(_) => "bigint",
        Value::Undefined | Value::Hole => "undefined",
        _ => "object",
    }
}

fn shown(value: &Value) -> String {
    value.to_plain_json().unwrap_or(Json::Null).to_string()
}
