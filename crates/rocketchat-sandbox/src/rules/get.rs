//! `integrations.get` (docs/server.md#get).

use serde_json::Value;

use super::super::write::text;
use super::{Call, Kind, Outcome, body_of, creator, plain};

/// One record by id, perhaps only of one creator.
pub(in super::super) fn get(call: &mut Call<'_>) -> Outcome {
    let Some(id) = call.asked("integrationId").filter(|id| !id.is_empty()) else {
        return Err(plain("The query parameter \"integrationId\" is required."));
    };
    let by = call.asked("createdBy").filter(|by| !by.is_empty());
    let found = call
        .state
        .world
        .record(id)
        .filter(|record| by.is_none_or(|by| creator(record) == Some(by)));
    let record = found.ok_or_else(|| plain("The integration does not exists."))?;
    let kind = Kind::of(text(record, "type"));
    let allowed = kind.is_some_and(|kind| {
        call.may(kind.manage()) || (call.may(kind.manage_own()) && call.created(record))
    });
    if allowed {
        Ok(body_of("integration", Value::Object(record.clone())))
    } else {
        Err(plain("not-authorized"))
    }
}
