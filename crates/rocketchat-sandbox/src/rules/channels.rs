//! Where integrations post: the prefixes of `channel`, its existence, the caller's right to it (docs/server.md#channels-and-users).

use serde_json::Value;

use super::super::js;
use super::super::profile::Quirk;
use super::super::reply::{Place, Refusal};
use super::{Call, Kind, is_blank};

/// What an outgoing integration may name instead of a room.
const SCOPES: &[&str] = &[
    "all_public_channels",
    "all_private_groups",
    "all_direct_messages",
];
/// Where the server says that an outgoing channel was refused.
pub(super) const VERIFY: Place =
    Place::Function("validateOutgoing._verifyUserHasPermissionForChannels");

/// Whether a part is a room or a user by its first character.
fn has_prefix(part: &str) -> bool {
    part.starts_with(['#', '@'])
}

/// The parts of an incoming `channel`. Empty parts are kept, so they are refused.
pub(super) fn incoming(channel: Option<&Value>, place: Place) -> Result<Vec<String>, Refusal> {
    let text = channel.and_then(Value::as_str).unwrap_or_default();
    if is_blank(channel) {
        return Err(invalid("Invalid channel", place));
    }
    let parts: Vec<_> = text
        .split(',')
        .map(|part| js::trim(part).to_owned())
        .collect();
    if parts.iter().all(|part| has_prefix(part)) {
        return Ok(parts);
    }
    // The server names its update here, whatever was asked for (docs/server.md#create, step 4).
    Err(bad_start(Place::Method("updateIncomingIntegration")))
}

/// The parts of an outgoing `channel`; scopes are taken in any letter case here. A blank one counts as absent,
/// an empty one does not.
pub(super) fn outgoing(call: &Call<'_>, channel: Option<&Value>) -> Result<Vec<String>, Refusal> {
    const HERE: Place = Place::Function("validateOutgoing");
    let text = channel.and_then(Value::as_str);
    let Some(text) = text.filter(|text| text.is_empty() || !js::is_blank(text)) else {
        return Err(invalid("Invalid Channel", HERE));
    };
    let keeps_empty = call.profile.has(Quirk::KeepsEmptyChannels) && !text.is_empty();
    let parts = text
        .split(',')
        .map(js::trim)
        .filter(|part| keeps_empty || !part.is_empty());
    let parts: Vec<_> = parts.map(ToOwned::to_owned).collect();
    let fits = |part: &String| has_prefix(part) || SCOPES.contains(&part.to_lowercase().as_str());
    if parts.iter().all(fits) {
        Ok(parts)
    } else {
        Err(bad_start(HERE))
    }
}

/// A channel that is not there, or not for the caller.
fn invalid(reason: &'static str, place: Place) -> Refusal {
    Refusal::coded("error-invalid-channel", reason, place)
}

/// A part that is neither a room nor a user.
fn bad_start(place: Place) -> Refusal {
    Refusal::coded(
        "error-invalid-channel-start-with-chars",
        "Invalid channel. Start with @ or #",
        place,
    )
}

/// Refuses parts that do not exist, or that the caller may not target (docs/server.md#existence, #rights-to-a-channel).
pub(super) fn verify(
    call: &mut Call<'_>,
    kind: Kind,
    parts: &[String],
    place: Place,
) -> Result<(), Refusal> {
    for part in parts {
        if kind == Kind::Outgoing && SCOPES.contains(&part.as_str()) {
            if part != "all_public_channels" && !call.may(kind.manage()) {
                return Err(invalid("Invalid Channel", place));
            }
            continue;
        }
        let Some(target) = target(call, part)? else {
            return Err(Refusal::coded("error-invalid-room", "Invalid room", place));
        };
        let free = call.may(kind.manage()) && call.may(kind.manage_own());
        if !free && !call.state.world.is_subscribed(&target, call.caller_id()) {
            return Err(invalid("Invalid Channel", place));
        }
    }
    Ok(())
}

/// The `_id` of the room or user that a part names.
fn target(call: &mut Call<'_>, part: &str) -> Result<Option<String>, Refusal> {
    if let Some(name) = part.strip_prefix('#') {
        return call.room(name);
    }
    let Some(name) = part.strip_prefix('@') else {
        return Ok(None);
    };
    if let Some(user) = call.state.world.user(name) {
        return Ok(Some(user.id.clone()));
    }
    Ok(call.user_named(name)?.map(|user| user.id))
}
