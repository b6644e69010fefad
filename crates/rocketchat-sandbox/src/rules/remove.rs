//! `integrations.remove` (reference 3.6).

use serde_json::Value;

use super::super::era::Quirk;
use super::super::loose;
use super::super::reply::{Place, Refusal};
use super::super::write::{Record, Write, text};
use super::create::addressed;
use super::{Call, Kind, Outcome, body_of, is_falsy, plain};

/// Removes by id or target URL. The body's type chooses the permission, not the record.
pub(in super::super) fn remove(call: &mut Call<'_>) -> Outcome {
    if call.era.has(Quirk::LooseChecks) {
        loose::check(loose::EARLY_REMOVE, &call.body)
            .map_err(|text| Refusal::Plain(text.into()))?;
    }
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
    permit(call, kind, &record)?;
    let id = text(&record, "_id").unwrap_or_default().to_owned();
    call.write(Write::RecordGone(id.clone()))?;
    if kind == Kind::Outgoing {
        call.write(Write::HistoryGone(id))?;
    }
    Ok(body_of("integration", Value::Object(record)))
}

/// Whether the caller may remove the record under this type.
fn permit(call: &Call<'_>, kind: Kind, record: &Record) -> Result<(), Refusal> {
    let method = match kind {
        Kind::Incoming => "deleteIncomingIntegration",
        Kind::Outgoing => "deleteOutgoingIntegration",
    };
    let refuse = |code, reason| Err(Refusal::coded(code, reason, Place::Method(method)));
    if call.may(kind.manage()) {
        Ok(())
    } else if !call.may(kind.manage_own()) {
        refuse("not_authorized", "Unauthorized")
    } else if call.created(record) {
        Ok(())
    } else {
        refuse("error-invalid-integration", "Invalid integration")
    }
}
