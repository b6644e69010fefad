//! `integrations.update`: what is written, kept, forced, nulled and ignored (docs/server.md#update).
//!
//! The record's own type is never compared with the body's: the body decides which rules apply.

use serde_json::Value;

use super::super::js;
use super::super::loose;
use super::super::profile::Quirk;
use super::super::reply::{Place, Refusal};
use super::super::write::{Record, text};
use super::create::addressed;
use super::scripts::{self, Compiled, DEFAULT_ENGINE};
use super::{
    Call, Kind, Outcome, body_of, channels, incoming, invalid_integration, is_blank, outgoing,
    plain,
};

/// Where the server says that an incoming update was refused.
const INCOMING: Place = Place::Method("updateIncomingIntegration");
/// Where the server says that an outgoing update was refused.
const OUTGOING: Place = Place::Method("updateOutgoingIntegration");

/// What an outgoing update writes in every version.
const OUTGOING_ALWAYS: &[&str] = &[
    "event", "enabled", "name", "channel", "username", "userId", "urls", "token",
];
/// What an outgoing update writes too, as null when it is left out (from about 7.4 on).
const OUTGOING_OPTIONAL: &[&str] = &[
    "avatar",
    "emoji",
    "alias",
    "targetRoom",
    "impersonateUser",
    "triggerWords",
    "retryFailedCalls",
    "retryCount",
    "retryDelay",
    "triggerWordAnywhere",
    "runOnEdits",
];
/// What an incoming update writes when the body has it.
const INCOMING_PRESENT: &[&str] = &["name", "enabled", "avatar", "emoji", "alias"];

/// Dispatches by the body's type; answers with the record as it is then stored.
pub(in super::super) fn update(call: &mut Call<'_>) -> Outcome {
    loose::early_write(call.profile, &call.body)?;
    let kind = Kind::of(call.text("type")).ok_or_else(|| plain("Invalid integration type."))?;
    let record = addressed(call, kind).ok_or_else(|| plain("No integration found."))?;
    let id = text(&record, "_id").unwrap_or_default().to_owned();
    match kind {
        Kind::Incoming => update_incoming(call, record)?,
        Kind::Outgoing => update_outgoing(call, record)?,
    }
    let stored = call.state.world.record(&id).cloned();
    Ok(body_of("integration", stored.into()))
}

/// Refuses a new script, or a new engine for one, while scripts are frozen.
fn refuse_frozen(call: &Call<'_>, record: &Record, engine: &str) -> Result<(), Refusal> {
    let script = call
        .text("script")
        .map(js::trim)
        .filter(|script| !script.is_empty());
    let changed = script.is_some_and(|script| {
        text(record, "scriptEngine") != Some(engine)
            || text(record, "script").map(js::trim) != Some(script)
    });
    match scripts::frozen(call, engine).filter(|_| changed) {
        Some(code) => Err(Refusal::thrown(code, "")),
        None => Ok(()),
    }
}

/// The engine that the update leaves the record with.
fn engine_of(call: &Call<'_>, record: &Record) -> String {
    let absent = if call.profile.has(Quirk::AbsentEngineIsVm2) {
        "vm2"
    } else {
        DEFAULT_ENGINE
    };
    let given = call
        .text("scriptEngine")
        .filter(|engine| !engine.is_empty());
    given
        .or_else(|| text(record, "scriptEngine"))
        .unwrap_or(absent)
        .to_owned()
}

/// Writes the compiled script first, and only then looks at rooms and users.
fn update_incoming(call: &mut Call<'_>, mut record: Record) -> Result<(), Refusal> {
    let parts = channels::incoming(call.body.get("channel"), INCOMING)?;
    let not_own = invalid_integration(INCOMING);
    call.permit(Kind::Incoming, &record, INCOMING, not_own)?;
    let engine = engine_of(call, &record);
    refuse_frozen(call, &record, &engine)?;
    let compiled = scripts::compile(call, &call.body, &engine);
    if !matches!(compiled, Compiled::Not) {
        compiled.write(&mut record);
        set_skip_transpile(call, &mut record);
        call.store(record.clone())?;
    }
    channels::verify(call, Kind::Incoming, &parts, INCOMING)?;
    posting_user(call, &mut record)?;

    record.insert("channel".to_owned(), parts.into());
    for key in INCOMING_PRESENT {
        copy_present(call, &mut record, key);
    }
    if call.profile.has(Quirk::KnowsOverride) {
        copy_present(call, &mut record, "overrideDestinationChannelEnabled");
    }
    if scripts::frozen(call, &engine).is_none() {
        copy_present(call, &mut record, "script");
        copy_present(call, &mut record, "scriptEnabled");
        set_engine(call, &mut record, &engine);
    }
    finish(call, record)
}

/// Checks who the integration posts as, and writes it as far as the version does.
fn posting_user(call: &mut Call<'_>, record: &mut Record) -> Result<(), Refusal> {
    let switches = call.body.contains_key("username") && !call.profile.has(Quirk::UsernameIgnored);
    let from = if switches { &call.body } else { &*record };
    let username = text(from, "username").unwrap_or_default().to_owned();
    let Some(user) = call.user_named(&username)? else {
        return Err(Refusal::coded(
            "error-invalid-post-as-user",
            "Invalid Post As User",
            INCOMING,
        ));
    };
    incoming::require_impersonate(call, &user, INCOMING)?;
    incoming::grant_bot(call, &user.id)?;
    if switches {
        record.insert("username".to_owned(), user.username.into());
        if !call.profile.has(Quirk::UserIdLeft) {
            record.insert("userId".to_owned(), user.id.into());
        }
    }
    Ok(())
}

/// Runs the whole validation of create again, and then writes every field at once.
fn update_outgoing(call: &mut Call<'_>, mut record: Record) -> Result<(), Refusal> {
    let mut data = outgoing::begin(call)?;
    outgoing::complete(call, &mut data)?;
    if is_blank(data.get("token")) {
        return Err(Refusal::coded(
            "error-invalid-token",
            "Invalid token",
            OUTGOING,
        ));
    }
    let reason = "[methods] updateOutgoingIntegration -> integration not found";
    let not_own = Refusal::thrown("invalid_integration", reason);
    call.permit(Kind::Outgoing, &record, OUTGOING, not_own)?;
    let engine = scripts::engine(&data).to_owned();
    refuse_frozen(call, &record, &engine)?;

    call.body = data;
    for key in OUTGOING_ALWAYS {
        copy_present(call, &mut record, key);
    }
    for key in OUTGOING_OPTIONAL {
        copy(call, &mut record, key);
    }
    if scripts::frozen(call, &engine).is_none() {
        copy(call, &mut record, "script");
        copy_present(call, &mut record, "scriptEnabled");
        set_engine(call, &mut record, &engine);
        copy_compiled(call, &mut record);
    }
    finish(call, record)
}

/// Stamps the update and stores the record.
fn finish(call: &mut Call<'_>, mut record: Record) -> Result<(), Refusal> {
    record.insert("_updatedBy".to_owned(), call.caller_stamp());
    call.store(record)
}

/// Writes what the body has.
fn copy_present(call: &Call<'_>, record: &mut Record, key: &str) {
    if let Some(value) = call.body.get(key) {
        record.insert(key.to_owned(), value.clone());
    }
}

/// Writes what the body has; what it leaves out is undefined, which some eras store as null.
fn copy(call: &Call<'_>, record: &mut Record, key: &str) {
    copy_present(call, record, key);
    if !call.body.contains_key(key) && call.profile.has(Quirk::LeftOutBecomesNull) {
        record.insert(key.to_owned(), Value::Null);
    }
}

/// The engine is always written, and so is whether to transpile.
fn set_engine(call: &Call<'_>, record: &mut Record, engine: &str) {
    if call.profile.has(Quirk::KnowsScriptEngine) {
        record.insert("scriptEngine".to_owned(), engine.into());
    }
    set_skip_transpile(call, record);
}

/// Absent means that it is transpiled.
fn set_skip_transpile(call: &Call<'_>, record: &mut Record) {
    if call.profile.has(Quirk::KnowsSkipTranspile) {
        let skip = call.body.get("skipTranspile") == Some(&Value::Bool(true));
        record.insert("skipTranspile".to_owned(), skip.into());
    }
}

/// A compiled script takes an old error away; without one the old compiled text goes,
/// and the error is what compiling left (nothing, unless it failed).
fn copy_compiled(call: &Call<'_>, record: &mut Record) {
    if call.body.contains_key("scriptCompiled") {
        copy_present(call, record, "scriptCompiled");
        record.shift_remove("scriptError");
    } else {
        copy(call, record, "scriptError");
        record.shift_remove("scriptCompiled");
    }
}
