//! Outgoing integrations: the events, and the validation that create and update share (docs/server.md#create, #outgoing-events).

use serde_json::{Map, Value};

use super::super::events::EventName;
use super::super::js;
use super::super::reply::{Place, Refusal};
use super::super::write::{Record, text};
use super::incoming::{parts, stamp};
use super::scripts;
use super::{Call, Kind, channels, is_blank, is_falsy};

/// Names that every object of the server's language has: the table of events seems to hold them,
/// and the look at what they use fails (recorded: `event 'toString'`).
const INHERITED: &[&str] = &[
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];

/// Where the server says that a needed field was refused.
const REQUIRED: Place = Place::Function("validateOutgoing._verifyRequiredFields");
/// Where the server says that everything else was refused.
const VALIDATE: Place = Place::Function("validateOutgoing");

/// The first half of the validation, up to the stamp of the time: the data of a record without its script.
pub(super) fn begin(call: &mut Call<'_>) -> Result<Record, Refusal> {
    let (event, urls) = required(&call.body)?;
    let channels = if event.is_in_room() {
        channels::outgoing(call, call.body.get("channel"))?
    } else if call.may(Kind::Outgoing.manage()) {
        Vec::new()
    } else {
        let reason = "Invalid permission for required Integration creation.";
        return Err(Refusal::coded(
            "error-invalid-permissions",
            reason,
            VALIDATE,
        ));
    };
    let username = call.text("username").unwrap_or_default().to_owned();
    let Some(user) = call.user_named(&username)? else {
        let reason = "Invalid user (did you delete the `rocket.cat` user?)";
        return Err(Refusal::coded("error-invalid-user", reason, VALIDATE));
    };

    let mut data = call.body.clone();
    stamp(call, &mut data, Kind::Outgoing, &user);
    data.insert("channel".to_owned(), channels.into());
    data.insert("urls".to_owned(), urls);
    keep_trigger_words(&mut data, event);
    Ok(data)
}

/// The second half: script, flags, the caller's right to the channels, retries.
pub(super) fn complete(call: &mut Call<'_>, data: &mut Record) -> Result<(), Refusal> {
    scripts::compile(call, data, scripts::engine(data)).write(data);
    if let Some(value) = data.get_mut("runOnEdits") {
        *value = Value::Bool(*value == Value::Bool(true));
    }
    channels::verify(call, Kind::Outgoing, &parts(data), channels::VERIFY)?;
    normalise_retries(data);
    Ok(())
}

/// The event and the URLs, when all that an event needs is there.
fn required(body: &Map<String, Value>) -> Result<(EventName, Value), Refusal> {
    let refuse = |code, reason| Err(Refusal::coded(code, reason, REQUIRED));
    let name = text(body, "event").unwrap_or_default();
    let event = EventName::ALL
        .into_iter()
        .find(|event| event.as_str() == name);
    if event.is_none() && !INHERITED.contains(&name) {
        return refuse("error-invalid-event-type", "Invalid event type");
    }
    if is_blank(body.get("username")) {
        return refuse("error-invalid-username", "Invalid username");
    }
    let Some(event) = event else {
        return Err(super::plain(
            "Cannot read properties of undefined (reading 'targetRoom')",
        ));
    };
    if event == EventName::UserCreated && is_falsy(body.get("targetRoom")) {
        return refuse("error-invalid-targetRoom", "Invalid Target Room");
    }
    let urls = body.get("urls").and_then(Value::as_array);
    let texts: Option<Vec<_>> = urls.and_then(|urls| urls.iter().map(Value::as_str).collect());
    let kept: Vec<_> = texts
        .unwrap_or_default()
        .into_iter()
        .filter(|url| !js::is_blank(url))
        .collect();
    if kept.is_empty() {
        return refuse("error-invalid-urls", "Invalid URLs");
    }
    Ok((event, kept.into()))
}

/// Trigger words stay only with the event that uses them, without blanks.
fn keep_trigger_words(data: &mut Record, event: EventName) {
    let words = data
        .shift_remove("triggerWords")
        .filter(|_| event == EventName::SendMessage);
    if let Some(Value::Array(words)) = words {
        let kept = words
            .into_iter()
            .filter(|word| !is_blank(Some(word)))
            .collect();
        data.insert("triggerWords".to_owned(), Value::Array(kept));
    }
}

/// Retries that are on get a positive count and a delay in lower case (docs/server.md#outgoing-options).
fn normalise_retries(data: &mut Record) {
    if is_falsy(data.get("retryFailedCalls")) {
        return;
    }
    let count = data
        .get("retryCount")
        .and_then(Value::as_number)
        .map(js::number_text);
    let count = count
        .and_then(|text| js::parse_int(&text))
        .filter(|count| *count > 0)
        .unwrap_or(4);
    let delay = text(data, "retryDelay").filter(|delay| !js::is_blank(delay));
    let delay = delay.map_or_else(|| "powers-of-ten".to_owned(), str::to_lowercase);
    data.insert("retryCount".to_owned(), count.into());
    data.insert("retryDelay".to_owned(), delay.into());
}
