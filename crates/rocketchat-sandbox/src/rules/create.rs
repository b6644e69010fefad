//! `integrations.create`: in two halves, because time passes between the stamp and the insert (docs/server.md#create).

use serde_json::Value;

use super::super::loose;
use super::super::profile::Quirk;
use super::super::reply::Refusal;
use super::super::write::{Record, Write};
use super::scripts;
use super::{Call, Kind, Outcome, body_of, incoming, is_falsy, outgoing, plain};

/// A create whose `_createdAt` is stamped and that is not yet inserted.
pub(in super::super) struct Draft {
    kind: Kind,
    record: Record,
}

/// Checks the body and stamps the time.
pub(in super::super) fn begin(call: &mut Call<'_>) -> Result<Draft, Refusal> {
    loose::early_write(call.profile, &call.body)?;
    let kind = Kind::of(call.text("type")).ok_or_else(|| plain("Invalid integration type."))?;
    loose::add(call.profile, &call.body)?;
    let record = match kind {
        Kind::Incoming => incoming::begin(call)?,
        Kind::Outgoing => begin_outgoing(call)?,
    };
    Ok(Draft { kind, record })
}

/// What precedes the shared validation when an outgoing integration is created.
fn begin_outgoing(call: &mut Call<'_>) -> Result<Record, Refusal> {
    if !call.may_manage_any(Kind::Outgoing) {
        return Err(Refusal::thrown("not_authorized", ""));
    }
    scripts::refuse_frozen(call)?;
    outgoing::begin(call)
}

/// Compiles, looks at the rooms, and inserts: only now there is an `_id`.
pub(in super::super) fn finish(call: &mut Call<'_>, draft: Draft) -> Outcome {
    let mut record = draft.record;
    match draft.kind {
        Kind::Incoming => incoming::complete(call, &mut record)?,
        Kind::Outgoing => outgoing::complete(call, &mut record)?,
    }
    // Where unknown keys are stored, so are their nulls: nothing was dropped then.
    if !call.profile.has(Quirk::LooseChecks) {
        record.retain(|_, value| !value.is_null());
    }
    record.shift_insert(0, "_id".to_owned(), free_id(call).into());
    record.insert("_updatedAt".to_owned(), call.now.1.clone().into());
    call.write(Write::Record(record.clone()))?;
    if call.profile.has(Quirk::AnswersInserted) {
        record.shift_remove("_updatedAt");
    }
    Ok(body_of("integration", Value::Object(record)))
}

/// An id that no record has. A seeded run on a kept state may come upon its own ids again.
fn free_id(call: &mut Call<'_>) -> String {
    loop {
        let id = call.state.ids.record(call.now.0);
        if call.state.world.record(&id).is_none() {
            return id;
        }
    }
}

/// The record that a body addresses: by `target_url` where that may be, else by `integrationId`.
pub(super) fn addressed(call: &Call<'_>, kind: Kind) -> Option<Record> {
    let url = call.body.get("target_url");
    let url = url.filter(|url| kind == Kind::Outgoing && !is_falsy(Some(url)));
    let found = match url {
        Some(url) => call
            .state
            .world
            .records()
            .find(|record| has_url(record, url)),
        None => call.state.world.record(call.text("integrationId")?),
    };
    found.cloned()
}

/// Whether an outgoing integration calls this URL. What is not a text can be one of its URLs only as a list of them all.
fn has_url(record: &Record, url: &Value) -> bool {
    let urls = record.get("urls");
    let listed = urls.and_then(Value::as_array);
    urls == Some(url) || listed.is_some_and(|urls| urls.contains(url))
}
