//! The messages that a script's `content` comes to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Integration, Room, Server, User, check};
use crate::value::Value;

/// A message that is posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The room's name, or its id if it has none, as direct rooms.
    pub room: String,
    /// The room's id.
    #[serde(skip)]
    pub room_id: String,
    /// The username of its author.
    pub username: String,
    /// The other fields: `text`, `alias`, `avatar`, `emoji`, `attachments`, `parseUrls`, `groupable`, `bot`, `tmid`,
    /// `customFields`. Those that the stored message lacks are not here.
    pub fields: BTreeMap<String, Json>,
}

/// A message that is about to be posted.
pub(super) struct Draft {
    pub(super) alias: Value,
    pub(super) text: String,
    pub(super) avatar: Value,
    pub(super) emoji: Value,
    pub(super) attachments: Value,
    pub(super) custom_fields: Value,
    pub(super) tmid: Value,
    parse_urls: Value,
    groupable: Value,
}

/// The first of some keys that holds a true value.
fn first<'a>(content: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    let mut found = keys.iter().filter_map(|key| content.get(key));
    found.find(|value| value.is_truthy())
}

/// Whether underscore takes it for empty: numbers and booleans are.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(entries)) => entries.is_empty(),
        _ => true,
    }
}

/// As `String.prototype.trim` does.
fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}')
}

/// What one of two fields comes to, if either is not empty.
fn either(content: &Value, keys: [&str; 2]) -> Option<Value> {
    let empty = keys.iter().all(|key| is_empty(content.get(key)));
    (!empty).then(|| {
        first(content, &keys)
            .or(content.get(keys[1]))
            .cloned()
            .unwrap_or_default()
    })
}

impl Draft {
    fn of(content: &Value, integration: &Integration) -> Result<Self, String> {
        let given = content.get("attachments").filter(|it| it.is_truthy());
        let list = given.filter(|it| matches!(it, Value::Array(_)));
        let known = |key| {
            content
                .get(key)
                .filter(|value| !matches!(value, Value::Undefined))
        };
        // The server sets a value that is not a list to undefined, and asks afterwards whether there are attachments.
        let parse_urls = known("parseUrls").cloned();
        let has_attachments = list.is_some();
        let (mut avatar, mut emoji) = (Value::Undefined, Value::Undefined);
        let text = |text: &str| Value::String(text.to_owned());
        if let Some(given) = either(content, ["icon_url", "avatar"]) {
            avatar = given;
        } else if let Some(given) = either(content, ["icon_emoji", "emoji"]) {
            emoji = given;
        } else if !integration.avatar.is_empty() {
            avatar = text(&integration.avatar);
        } else if !integration.emoji.is_empty() {
            emoji = text(&integration.emoji);
        }
        let message = first(content, &["text", "msg"]).map(Value::to_text);
        let alias = first(content, &["username", "alias"]);
        Ok(Self {
            alias: alias.cloned().unwrap_or_else(|| text(&integration.alias)),
            text: trim(&message.unwrap_or_default()).to_owned(),
            avatar,
            emoji,
            attachments: attachments(list.cloned())?,
            custom_fields: content.get("customFields").cloned().unwrap_or_default(),
            tmid: content.get("tmid").cloned().unwrap_or_default(),
            parse_urls: parse_urls.unwrap_or(Value::Bool(!has_attachments)),
            groupable: known("groupable").cloned().unwrap_or(Value::Bool(false)),
        })
    }

    fn post(&self, room: Room, author: &User, integration: &Integration) -> Post {
        let mut fields = BTreeMap::from([
            ("text".to_owned(), json!(self.text)),
            ("bot".to_owned(), json!({"i": integration.id})),
        ]);
        for (key, value) in [
            ("alias", &self.alias),
            ("avatar", &self.avatar),
            ("emoji", &self.emoji),
            ("attachments", &self.attachments),
            ("parseUrls", &self.parse_urls),
            ("groupable", &self.groupable),
            ("tmid", &self.tmid),
            ("customFields", &self.custom_fields),
        ] {
            if let Some(json) = value.to_plain_json().filter(|json| !json.is_null()) {
                fields.insert(key.to_owned(), json);
            }
        }
        Post {
            room: room.shown,
            room_id: room.id,
            username: author.username.clone(),
            fields,
        }
    }
}

/// The attachments, where `msg` has become `text`.
fn attachments(list: Option<Value>) -> Result<Value, String> {
    let Some(Value::Array(mut items)) = list else {
        return Ok(Value::Array(Vec::new()));
    };
    for item in &mut items {
        if matches!(item, Value::Null | Value::Undefined) {
            let what = item.to_text();
            return Err(format!("Cannot read properties of {what} (reading 'msg')"));
        }
        let Value::Object(entries) = item else {
            continue;
        };
        let at = entries.iter().position(|(key, _)| key == "msg");
        let Some(at) = at.filter(|at| entries[*at].1.is_truthy()) else {
            continue;
        };
        let (_, message) = entries.remove(at);
        let text = Value::String(trim(&message.to_text()).to_owned());
        match entries.iter_mut().find(|(key, _)| key == "text") {
            Some((_, value)) => *value = text,
            None => entries.push(("text".into(), text)),
        }
    }
    Ok(Value::Array(items))
}

/// The channels that a message goes to, each once.
fn channels(content: &Value, integration: &Integration) -> Vec<Value> {
    let given = first(content, &["channel", "roomId"]).cloned();
    let default = || {
        let channels = integration.channels.iter();
        Value::Array(channels.map(|it| Value::String(it.clone())).collect())
    };
    let list = match given.unwrap_or_else(default) {
        Value::Array(items) => items,
        other => vec![other],
    };
    let mut unique: Vec<Value> = Vec::new();
    for channel in list {
        if !unique.contains(&channel) {
            unique.push(channel);
        }
    }
    unique
}

/// What came of each channel: the message, or why there is none.
pub(super) type Sent = Vec<(Value, Result<Post, String>)>;

/// Sends what a script returned as `content`: what came of each channel, or why nothing is posted. All rooms are checked
/// before the first message is posted; with `separateResponse` each is on its own.
pub(super) fn send(
    content: &Value,
    poster: &str,
    integration: &Integration,
    server: &mut dyn Server,
) -> Result<Sent, String> {
    let draft = Draft::of(content, integration)?;
    let separate = is_separate(content);
    let mut sent = Vec::new();
    for channel in channels(content, integration) {
        let posted = room(&channel, poster, server).and_then(|room| {
            let author = server.user(poster).ok_or("error-not-allowed")?;
            server.admits(&room, &author, &draft.text)?;
            check::message(&draft, &author, server.longest_message())?;
            Ok(draft.post(room, &author, integration))
        });
        if let (Err(error), false) = (&posted, separate) {
            return Err(error.clone());
        }
        sent.push((channel, posted));
    }
    Ok(sent)
}

/// Whether each channel is tried on its own.
pub(super) fn is_separate(content: &Value) -> bool {
    content
        .get("separateResponse")
        .is_some_and(Value::is_truthy)
}

/// The room that a channel names.
fn room(channel: &Value, poster: &str, server: &mut dyn Server) -> Result<Room, String> {
    match channel {
        Value::String(channel) => server.room(channel, poster),
        Value::Null | Value::Undefined => Err(format!(
            "Cannot read properties of {} (reading '0')",
            channel.to_text()
        )),
        _ => Err("channel.slice is not a function".into()),
    }
}
