//! The body of a write, by the rows of its kind, and the form of a body that a log may show.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::error::ServerError;
use crate::integration::{Field, Fields, Kind, Shape, Value, Version, compat};
use crate::observed::ServerId;
use crate::redactor::Redactor;
use crate::secret::{MASK, Secret, Text};

/// Where an answer has the history of a webhook.
const HISTORY: &str = "history";

/// A body, and the secrets in it.
#[derive(Clone)]
pub(super) struct Body {
    /// The JSON.
    pub(super) bytes: Bytes,
    /// The secrets in it, which the answer may echo.
    pub(super) redactor: Redactor,
}

/// The body that creates these fields: the type, then each row that has a value.
pub(super) fn create(fields: &Fields) -> Result<Body, ServerError> {
    let mut writer = Writer::default();
    let mut object = head(fields.kind(), None);
    writer.rows(fields, &mut object)?;
    Ok(writer.body(object))
}

/// The body that gives a record these fields, and what this version of the server demands besides.
pub(super) fn update(
    id: &ServerId,
    fields: &Fields,
    server: Option<Version>,
) -> Result<Body, ServerError> {
    let mut writer = Writer::default();
    let mut object = head(fields.kind(), Some(id));
    writer.rows(fields, &mut object)?;
    if let Some(rider) = compat::rider(fields.kind(), server) {
        object.insert(rider.to_owned(), Json::Bool(false));
    }
    Ok(writer.body(object))
}

/// The body that removes a record: by its id, never by a URL, which others may have too (reference 3.6).
pub(super) fn remove(kind: Kind, id: &ServerId) -> Body {
    Writer::default().body(head(kind, Some(id)))
}

/// The record's own type, which the server does not check (reference 3.5), and its id.
fn head(kind: Kind, id: Option<&ServerId>) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("type".to_owned(), kind.wire().into());
    if let Some(id) = id {
        object.insert("integrationId".to_owned(), id.raw().into());
    }
    object
}

/// Writes values in their wire form and remembers the secrets among them.
#[derive(Default)]
struct Writer {
    secrets: Vec<Secret>,
}

impl Writer {
    /// Each row that has a value.
    fn rows(&mut self, fields: &Fields, into: &mut Map<String, Json>) -> Result<(), ServerError> {
        for (field, value) in fields.iter() {
            let json = self
                .json(field, value)
                .ok_or(ServerError::SecretMissing { field: field.name })?;
            into.insert(field.name.to_owned(), json);
        }
        Ok(())
    }

    fn body(self, object: Map<String, Json>) -> Body {
        Body {
            bytes: Json::Object(object).to_string().into(),
            redactor: Redactor::of(self.secrets),
        }
    }

    /// `None` if an unknown secret stands in the value.
    fn json(&mut self, field: &Field, value: &Value) -> Option<Json> {
        Some(match value {
            Value::Flag(on) => Json::Bool(*on),
            Value::Number(number) => Json::from(*number),
            Value::Text(text) => Json::String(self.text(text)?),
            Value::Script(script) => Json::String(self.text(script)?),
            Value::Secret(secret) => {
                let exposed = secret.expose()?;
                self.secrets.push(secret.clone());
                Json::from(exposed)
            }
            Value::List(items) => {
                let items = items.iter().map(|item| self.text(item));
                let items = items.collect::<Option<Vec<_>>>()?;
                match field.shape {
                    Shape::Joined => Json::String(items.join(",")),
                    _ => Json::from(items),
                }
            }
        })
    }

    fn text(&mut self, text: &Text) -> Option<String> {
        let exposed = text.expose()?;
        self.secrets.extend(text.secrets_and_url());
        Some(exposed)
    }
}

/// The same JSON, fit for a log: every value that may be or hold a secret is masked, wherever it stands.
pub(super) fn masked(json: &mut Json) {
    match json {
        Json::Object(object) => {
            for (key, value) in object {
                match mask_for(key, value) {
                    Some(mask) => *value = Json::from(mask),
                    None => masked(value),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(masked),
        _ => {}
    }
}

/// What is shown in place of a value, if it is not shown.
fn mask_for(key: &str, value: &Json) -> Option<Cow<'static, str>> {
    if matches!(value, Json::Null | Json::Bool(_) | Json::Number(_)) {
        return None;
    }
    let rows = || Kind::ALL.into_iter().filter_map(|kind| kind.field(key));
    if rows().any(|row| row.sensitive || row.shape == Shape::Secret) || names_a_secret(key) {
        return Some(MASK.into());
    }
    // It holds URLs, tokens and what was sent and answered.
    if let (HISTORY, Json::Array(entries)) = (key, value) {
        return Some(format!("({} entries)", entries.len()).into());
    }
    // Scripts hold literals that may be secret, and so does what the server derives from them.
    let derived = rows().next().is_none() && scripts().any(|name| key.starts_with(name));
    if rows().any(|row| row.shape == Shape::Script) || derived {
        let length = value.as_str().map_or(0, str::len);
        return Some(format!("({length} bytes of script)").into());
    }
    None
}

fn scripts() -> impl Iterator<Item = &'static str> {
    let rows = Kind::ALL.into_iter().flat_map(Kind::fields);
    rows.filter(|row| row.shape == Shape::Script)
        .map(|row| row.name)
}

fn names_a_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["token", "password", "secret", "services"]
        .iter()
        .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::secret::Piece;

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|item| Text::from(*item)).collect())
    }

    fn text(text: &str) -> Value {
        Value::Text(Text::from(text))
    }

    fn sent(fields: &Fields) -> Json {
        serde_json::from_slice(&create(fields).ok().unwrap().bytes).unwrap()
    }

    #[test]
    fn an_incoming_body() {
        let mut fields = Fields::new(Kind::Incoming);
        fields.set("name", Some(text("Grafana")));
        fields.set("enabled", Some(Value::Flag(true)));
        fields.set("username", Some(text("rocket.cat")));
        fields.set("channel", Some(list(&["#ops", "@dana"])));
        fields.set("script", Some(Value::script("class Script {}\n")));
        fields.set("scriptEnabled", Some(Value::Flag(true)));
        let expected = json!({"type": "webhook-incoming", "name": "Grafana", "enabled": true,
            "username": "rocket.cat", "channel": "#ops,@dana", "script": "class Script {}\n",
            "scriptEnabled": true});
        assert_eq!(sent(&fields), expected);
    }

    #[test]
    fn an_outgoing_body() {
        let mut url = Text::from("https://example.org/");
        url.push(Piece::Secret(Secret::new("hunter2")));
        let mut fields = Fields::new(Kind::Outgoing);
        fields.set("name", Some(text("Guggy")));
        fields.set("event", Some(text("roomCreated")));
        fields.set("channel", Some(list(&[])));
        fields.set("urls", Some(Value::List(vec![url])));
        fields.set("triggerWords", Some(list(&["!a", "!b"])));
        fields.set("runOnEdits", Some(Value::Flag(false)));
        fields.set("token", Some(Value::secret("hunter3")));
        fields.set("retryCount", Some(Value::Number(4)));
        let expected = json!({"type": "webhook-outgoing", "name": "Guggy", "event": "roomCreated",
            "channel": "", "urls": ["https://example.org/hunter2"], "triggerWords": ["!a", "!b"],
            "runOnEdits": false, "token": "hunter3", "retryCount": 4});
        assert_eq!(sent(&fields), expected);
        let redactor = create(&fields).ok().unwrap().redactor;
        assert_eq!(redactor.mask("hunter2 hunter3"), "(secret) (secret)");
    }

    #[test]
    fn an_unknown_secret_is_not_sent() {
        let mut fields = Fields::new(Kind::Outgoing);
        fields.set("token", Some(Value::Secret(Secret::Unknown)));
        let error = create(&fields).err().unwrap();
        assert!(matches!(
            error,
            ServerError::SecretMissing { field: "token" }
        ));
    }

    #[test]
    fn a_log_shows_neither_tokens_nor_urls_nor_scripts() {
        let mut json = json!({"integrations": [{"name": "a", "token": "hunter2", "urls": ["hunter2"],
            "avatar": "hunter2", "script": "hunter2", "scriptCompiled": "hunter2", "scriptEnabled": true,
            "scriptEngine": "isolated-vm", "scriptError": {"stack": "hunter2"}}],
            "services": {"resume": "hunter2"}, "authToken": "hunter2",
            "history": [{"url": "http://x/hunter2", "httpCallData": {"a": "hunter2"}}]});
        masked(&mut json);
        let shown = json.to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("isolated-vm") && shown.contains("(7 bytes of script)"));
    }
}
