//! Incoming integrations: what create checks and stores (docs/server.md#create), and who they post as (5.5).

use serde_json::{Map, Value};

use super::super::profile::Quirk;
use super::super::reply::{Place, Refusal};
use super::super::write::{Record, User, Write, text};
use super::scripts::{self, DEFAULT_ENGINE};
use super::{Call, Kind, channels, is_blank};

/// Where the server says that a create was refused.
const ADD: Place = Place::Method("addIncomingIntegration");

/// Everything up to the stamp of the time: the record without its script and its id.
pub(super) fn begin(call: &mut Call<'_>) -> Result<Record, Refusal> {
    let refuse = |code, reason| Err(Refusal::coded(code, reason, ADD));
    if !call.may_manage_any(Kind::Incoming) {
        return refuse("not_authorized", "Unauthorized");
    }
    let parts = channels::incoming(call.body.get("channel"), ADD)?;
    if is_blank(call.body.get("username")) {
        return refuse("error-invalid-username", "Invalid username");
    }
    scripts::refuse_frozen(call)?;
    let username = call.text("username").unwrap_or_default().to_owned();
    let Some(user) = call.user_named(&username)? else {
        return refuse("error-invalid-user", "Invalid user");
    };
    require_impersonate(call, &user, ADD)?;

    let mut record = call.body.clone();
    stamp(call, &mut record, Kind::Incoming, &user);
    record.insert("channel".to_owned(), parts.into());
    record.insert("token".to_owned(), call.state.ids.clear(48).into());
    if call.profile.has(Quirk::KnowsOverride) {
        or_insert(
            &mut record,
            "overrideDestinationChannelEnabled",
            false.into(),
        );
    }
    Ok(record)
}

/// The rest of a create, behind the stamp: script, rooms, the posting user's role.
pub(super) fn complete(call: &mut Call<'_>, record: &mut Record) -> Result<(), Refusal> {
    scripts::compile(call, record, scripts::engine(record)).write(record);
    channels::verify(call, Kind::Incoming, &parts(record), ADD)?;
    let poster = text(record, "userId").unwrap_or_default().to_owned();
    grant_bot(call, &poster)
}

/// What both kinds of create stamp on a record.
pub(super) fn stamp(call: &Call<'_>, record: &mut Record, kind: Kind, user: &User) {
    record.insert("type".to_owned(), kind.name().into());
    record.insert("userId".to_owned(), user.id.clone().into());
    record.insert("_createdAt".to_owned(), call.now.1.clone().into());
    record.insert("_createdBy".to_owned(), call.caller_stamp());
    if call.profile.has(Quirk::KnowsScriptEngine) {
        or_insert(record, "scriptEngine", DEFAULT_ENGINE.into());
    }
    if call.profile.has(Quirk::KnowsSkipTranspile) {
        or_insert(record, "skipTranspile", false.into());
    }
}

/// Sets a key that is absent or null.
fn or_insert(record: &mut Map<String, Value>, key: &str, value: Value) {
    if record.get(key).is_none_or(Value::is_null) {
        record.insert(key.to_owned(), value);
    }
}

/// The stored channels of a record.
pub(super) fn parts(record: &Record) -> Vec<String> {
    let stored = record.get("channel").and_then(Value::as_array);
    let texts = stored.into_iter().flatten().filter_map(Value::as_str);
    texts.map(ToOwned::to_owned).collect()
}

/// From 8.6 on the posting user must hold `message-impersonate`.
pub(super) fn require_impersonate(
    call: &Call<'_>,
    user: &User,
    place: Place,
) -> Result<(), Refusal> {
    if !call.profile.has(Quirk::DemandsImpersonate)
        || call.state.world.may(user, "message-impersonate")
    {
        return Ok(());
    }
    Err(Refusal::coded(
        "error-user-lacks-message-impersonate-permission",
        "User selected for the incoming integration lacks the 'message-impersonate' permission.",
        place,
    ))
}

/// Before 8.6 the posting user is given the role `bot`.
pub(super) fn grant_bot(call: &mut Call<'_>, user: &str) -> Result<(), Refusal> {
    let Some(user) = call
        .state
        .world
        .user(user)
        .filter(|_| call.profile.has(Quirk::GrantsBot))
    else {
        return Ok(());
    };
    if user.roles.iter().any(|role| role == "bot") {
        return Ok(());
    }
    let mut user = user.clone();
    user.roles.push("bot".to_owned());
    call.write(Write::User(user))
}
