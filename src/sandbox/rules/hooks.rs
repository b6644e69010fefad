//! The receiving end of incoming webhooks: `/hooks/{id}/{token}` (reference 7.1).
//!
//! Nothing is posted anywhere; what arrives is kept for tests to look at.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::era::Quirk;
use super::super::reply::Refusal;
use super::super::write::{Record, text};
use super::{Call, Outcome};

/// What a webhook received.
pub(in super::super) type Delivery = Value;

/// Takes a delivery. `path` is what follows `/hooks/`: id and token, or id, user and token.
pub(in super::super) fn deliver(call: &mut Call<'_>, path: &str) -> Outcome {
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
    let Some(record) = call.state.world.record(id).filter(known) else {
        let body =
            json!({ "success": false, "error": "Invalid integration id or token provided." });
        return Err(Refusal::Other(StatusCode::NOT_FOUND, body));
    };
    if record.get("enabled") != Some(&Value::Bool(true)) {
        return Err(disabled(call));
    }
    refuse_override(call, record)?;
    refuse_impostor(call, record)?;
    let delivery = json!({ "integration": id, "at": call.now.1, "body": call.body });
    call.state.deliver(delivery);
    Ok(Map::new())
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
    let free = record.get("overrideDestinationChannelEnabled") != Some(&Value::Bool(false));
    let named = ["channel", "roomId"]
        .iter()
        .any(|key| call.body.contains_key(*key));
    if free || !named {
        return Ok(());
    }
    Err(Refusal::Plain(
        "overriding destination channel is disabled for this integration".into(),
    ))
}

/// From 8.6 on the posting user must hold `message-impersonate` at delivery too (reference 5.5).
fn refuse_impostor(call: &Call<'_>, record: &Record) -> Result<(), Refusal> {
    let poster = text(record, "userId").and_then(|id| call.state.world.user(id));
    let method = "processWebhookMessage";
    poster.map_or(Ok(()), |user| {
        super::incoming::demand_impersonate(call, user, method)
    })
}
