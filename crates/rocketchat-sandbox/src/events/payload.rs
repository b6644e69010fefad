//! What a called URL is sent of an event.

use serde_json::{Map, Value as Json, json};

use super::super::write::{Record, text};
use super::{EventName, Happened};

/// What the called URL is sent of an event.
pub(super) fn payload(
    happened: &Happened,
    record: &Record,
    word: Option<&str>,
    site: Option<&str>,
) -> Json {
    let event = &happened.event;
    let mut data = Map::new();
    if let Some(token) = text(record, "token").filter(|token| !token.is_empty()) {
        data.insert("token".to_owned(), token.into());
    }
    data.insert("bot".to_owned(), event.bot.into());
    if let Some(word) = word {
        data.insert("trigger_word".to_owned(), word.into());
    }
    let (Some(room), Some(user)) = (&happened.room, &happened.user) else {
        return Json::Object(data);
    };
    if !event.event.has_message() {
        return Json::Object(data);
    }
    let mut put = |key: &str, value: Json| drop(data.insert(key.to_owned(), value));
    put("channel_id", room.id.as_str().into());
    if let Some(name) = &room.name {
        put("channel_name", name.as_str().into());
    }
    put("message_id", happened.message_id.as_str().into());
    put("timestamp", happened.at.as_str().into());
    put("user_id", user.id.as_str().into());
    put("user_name", user.username.as_str().into());
    put("text", event.text.as_str().into());
    if event.event == EventName::FileUploaded {
        put(
            "user",
            json!({"_id": user.id, "username": user.username, "name": user.name, "roles": user.roles,
                "createdAt": happened.at}),
        );
        put(
            "room",
            json!({"_id": room.id, "name": room.name, "t": room.kind, "ts": happened.at}),
        );
        let author = json!({"_id": user.id, "username": user.username, "name": user.name});
        put(
            "message",
            json!({"_id": happened.message_id, "rid": room.id, "msg": event.text, "ts": happened.at, "u": author}),
        );
        return Json::Object(data);
    }
    if let Some(site) = site {
        put("siteUrl", site.into());
    }
    for (key, value) in [("alias", &event.alias), ("tmid", &event.tmid)] {
        if let Some(value) = value {
            put(key, value.as_str().into());
        }
    }
    if event.edited {
        put("isEdited", true.into());
    }
    Json::Object(data)
}
