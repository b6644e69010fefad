//! The receiving end of incoming webhooks: `/hooks/{id}/{token}` (reference 7.1).
//!
//! Nothing is posted anywhere; what arrives is kept for tests to look at.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::super::era::Quirk;
use super::super::reply::Refusal;
use super::super::write::{Record, text};
use super::{Call, Outcome, is_falsy, plain};

/// The webhook of a path: id and token, or id, user and token.
pub(in super::super) fn addressed(call: &Call<'_>, path: &str) -> Result<Record, Refusal> {
    let parts: Vec<_> = path.split('/').collect();
    let (id, token) = match parts.as_slice() {
        [id, token] | [id, _, token] => (*id, *token),
        _ => return Err(Refusal::UnknownPath),
    };
    let token = url::form_urlencoded::parse(token.replace('+', "%2B").as_bytes())
        .next()
        .map(|(key, _)| key.into_owned());
    let known = |record: &&Record| {
        text(record, "type") == Some("webhook-incoming")
            && text(record, "token") == token.as_deref()
    };
    call.state
        .world
        .record(id)
        .filter(known)
        .cloned()
        .ok_or_else(|| {
            let body =
                json!({ "success": false, "error": "Invalid integration id or token provided." });
            Refusal::Other(StatusCode::NOT_FOUND, body)
        })
}

/// The JSON of a form whose only field is `payload`; any other body as it is.
pub(in super::super) fn unwrapped(
    headers: &HeaderMap,
    body: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    let form = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    match text(&body, "payload").filter(|_| form && body.len() == 1) {
        None => Ok(body),
        Some(payload) => match serde_json::from_str(payload) {
            Ok(Value::Object(payload)) => Ok(payload),
            Ok(_) => Err(plain(
                "Integration payload must be a JSON object, not an array or primitive",
            )),
            Err(_) => Ok(body),
        },
    }
}

/// Takes a delivery of so many bytes. An empty one without a script is answered, and nothing is to be posted.
pub(in super::super) fn deliver(call: &mut Call<'_>, record: &Record, bytes: usize) -> Outcome {
    if record.get("enabled") != Some(&Value::Bool(true)) {
        return Err(disabled(call));
    }
    refuse_impostor(call, record)?;
    if call.body.is_empty() && record.get("scriptEnabled") != Some(&Value::Bool(true)) {
        return Ok(json!({}));
    }
    refuse_override(call, record)?;
    let id = text(record, "_id").unwrap_or_default();
    let delivery = json!({ "integration": id, "at": call.now.1, "body": call.body });
    call.state.deliveries.push(delivery, bytes);
    Ok(json!({}))
}

/// What a webhook that is switched off answers.
fn disabled(call: &Call<'_>) -> Refusal {
    const TEXT: &str = "Service Unavailable";
    if call.era.has(Quirk::BareHookText) {
        return Refusal::Text(StatusCode::SERVICE_UNAVAILABLE, TEXT);
    }
    Refusal::Other(
        StatusCode::SERVICE_UNAVAILABLE,
        json!({ "success": false, "error": TEXT }),
    )
}

/// A payload may name another destination only where the integration lets it.
fn refuse_override(call: &Call<'_>, record: &Record) -> Result<(), Refusal> {
    let free = record.get("overrideDestinationChannelEnabled") == Some(&Value::Bool(true));
    let named = ["channel", "roomId"]
        .iter()
        .any(|key| !is_falsy(call.body.get(*key)));
    if free || !named || !call.era.has(Quirk::KnowsOverride) {
        return Ok(());
    }
    Err(plain(
        "overriding destination channel is disabled for this integration",
    ))
}

/// From 8.6 on the posting user must hold `message-impersonate` at delivery too (reference 5.5).
fn refuse_impostor(call: &Call<'_>, record: &Record) -> Result<(), Refusal> {
    let world = &call.state.world;
    let poster = text(record, "userId").and_then(|id| world.user(id));
    let lacks = poster.is_some_and(|user| !world.may(user, "message-impersonate"));
    if lacks && call.era.has(Quirk::DemandsImpersonate) {
        return Err(plain("error-user-lacks-message-impersonate-permission"));
    }
    Ok(())
}
