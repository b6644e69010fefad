//! The body of a write, by the rows of its kind.

use serde_json::Value as Json;

use crate::client::{Body, Object, ServerError};
use crate::integration::{Field, Fields, Kind, Shape, Value, Version, compat};
use crate::observed::ServerId;
use crate::secret::{Secret, Text};

/// The body that creates these fields: the type, then each row that has a value.
pub(super) fn create(fields: &Fields) -> Result<Body, ServerError> {
    write(head(fields.kind(), None), fields, None)
}

/// The body that gives a record these fields, and what this version of the server requires besides.
pub(super) fn update(
    id: &ServerId,
    fields: &Fields,
    server: Option<Version>,
) -> Result<Body, ServerError> {
    let companion = compat::required_companion(fields.kind(), server);
    write(head(fields.kind(), Some(id)), fields, companion)
}

/// Each row that has a value behind the head, and a key that has to be there.
fn write(
    mut object: Object,
    fields: &Fields,
    companion: Option<&str>,
) -> Result<Body, ServerError> {
    let mut secrets = Vec::new();
    for (field, value) in fields.iter() {
        let json = json(field, value, &mut secrets)
            .ok_or(ServerError::SecretMissing { field: field.name })?;
        object.insert(field.name.to_owned(), json);
    }
    object.extend(companion.map(|companion| (companion.to_owned(), Json::Bool(false))));
    Ok(Body::new(object, secrets))
}

/// The body that removes a record: by its id, never by a URL, which others may have too (docs/server.md#remove).
pub(super) fn remove(kind: Kind, id: &ServerId) -> Body {
    Body::new(head(kind, Some(id)), [])
}

/// The record's own type, which the server does not check (docs/server.md#update), and its id.
fn head(kind: Kind, id: Option<&ServerId>) -> Object {
    let mut object = Object::new();
    object.insert("type".to_owned(), kind.wire().into());
    if let Some(id) = id {
        object.insert("integrationId".to_owned(), id.raw().into());
    }
    object
}

/// A value in its wire form, its secrets remembered; `None` if one of them is unknown.
fn json(field: &Field, value: &Value, secrets: &mut Vec<Secret>) -> Option<Json> {
    let mut exposed = |text: &Text| {
        secrets.extend(text.secrets_and_url());
        text.expose()
    };
    Some(match value {
        Value::Flag(on) => Json::Bool(*on),
        Value::Number(number) => Json::from(*number),
        Value::Text(text) => Json::String(exposed(text)?),
        Value::Script(text) => Json::String(exposed(text)?),
        Value::Secret(secret) => {
            secrets.push(secret.clone());
            Json::from(secret.expose()?)
        }
        Value::List(items) => {
            let items = items.iter().map(exposed).collect::<Option<Vec<_>>>()?;
            match field.shape {
                Shape::Joined => Json::String(items.join(",")),
                _ => Json::from(items),
            }
        }
    })
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
