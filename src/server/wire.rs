//! The body of a write, by the rows of its kind.

use serde_json::{Map, Value as Json};

use crate::client::{Body, ServerError};
use crate::integration::{Field, Fields, Kind, Shape, Value, Version, compat};
use crate::observed::ServerId;
use crate::secret::{Secret, Text};

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
        Body::new(object, self.secrets)
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
        serde_json::from_slice(create(fields).ok().unwrap().bytes()).unwrap()
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
        let body = create(&fields).ok().unwrap();
        let redactor = body.redactor();
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
}
