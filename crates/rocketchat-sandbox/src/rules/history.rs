//! What outgoing integrations did: `integrations.history` and `.clearHistory` (docs/server.md#history).

use serde_json::json;

use super::super::js;
use super::super::profile::Quirk;
use super::super::reply::{Place, Refusal};
use super::super::write::{Record, Write};
use super::paging::{Window, page, sort, sorted, whole};
use super::{Call, Kind, Outcome, creator, invalid_integration, plain};

/// The history of one integration, newest first. Own-only callers see that of their own.
pub(in super::super) fn history(call: &mut Call<'_>) -> Outcome {
    let Some(id) = call.asked("id").filter(|id| !js::is_blank(id)) else {
        return Err(plain("Invalid integration id."));
    };
    let window = Window::read(call);
    let mut sort = sort(call)?;
    if sort.is_empty() {
        sort = vec![("_updatedAt".to_owned(), false)];
    }
    let all = call.may(Kind::Outgoing.manage());
    let of_caller = |entry: &&Record| {
        let integration = entry
            .get("integration")
            .and_then(|integration| integration.as_object());
        integration.and_then(creator) == Some(call.caller_id())
    };
    let entries = call
        .state
        .world
        .history(id)
        .filter(|entry| all || of_caller(entry))
        .collect();
    let entries = sorted(entries, &sort);
    Ok(page("history", &entries, window, call, whole))
}

/// Forgets the history of one integration.
pub(in super::super) fn clear(call: &mut Call<'_>) -> Outcome {
    if !call.profile.has(Quirk::ClearsHistory) {
        return Err(Refusal::UnknownPath);
    }
    let place = Place::Method("clearIntegrationHistory");
    let id = call.text("integrationId").unwrap_or_default().to_owned();
    if !call.may_manage_any(Kind::Outgoing) {
        return Err(Refusal::coded("not_authorized", "Unauthorized", place));
    }
    let all = call.may(Kind::Outgoing.manage());
    let found = call
        .state
        .world
        .record(&id)
        .filter(|record| all || call.created(record));
    if found.is_none() {
        return Err(invalid_integration(place));
    }
    call.write(Write::HistoryGone(id))?;
    Ok(json!({}))
}
