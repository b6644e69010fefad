//! `integrations.remove` (docs/server.md#remove).

use serde_json::Value;

use super::super::loose;
use super::super::reply::Place;
use super::super::write::{Write, text};
use super::create::addressed;
use super::{Call, Kind, Outcome, body_of, invalid_integration, is_falsy, plain};

/// Removes by id or target URL. The body's type chooses the permission, not the record.
pub(in super::super) fn remove(call: &mut Call<'_>) -> Outcome {
    loose::early_remove(call.profile, &call.body)?;
    let kind = Kind::of(call.text("type")).ok_or_else(|| plain("Invalid integration type."))?;
    let unaddressed = ["target_url", "integrationId"]
        .iter()
        .all(|key| is_falsy(call.body.get(*key)));
    if kind == Kind::Outgoing && unaddressed {
        return Err(plain(
            "An integrationId or target_url needs to be provided.",
        ));
    }
    let record = addressed(call, kind).ok_or_else(|| plain("No integration found."))?;
    let place = Place::Method(match kind {
        Kind::Incoming => "deleteIncomingIntegration",
        Kind::Outgoing => "deleteOutgoingIntegration",
    });
    call.permit(kind, &record, place, invalid_integration(place))?;
    let id = text(&record, "_id").unwrap_or_default().to_owned();
    call.write(Write::RecordGone(id.clone()))?;
    if kind == Kind::Outgoing {
        call.write(Write::HistoryGone(id))?;
    }
    Ok(body_of("integration", Value::Object(record)))
}
