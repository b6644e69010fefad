//! What the server has, for plans that are made without it.

use super::plan::ask;
use super::{Events, Source};
use crate::client::ServerError;
use crate::desired::DesiredState;
use crate::observed::{Held, ObservedState, Snapshot};
use crate::plan::{Asking, Plan, Preflight};

/// Reads all that a plan of these manifests may ask. `invented` says where the sandbox keeps its state, if a sandbox that
/// makes up what is missing is the server; `taken_at` is the time, in UTC.
///
/// # Errors
/// When the server cannot be read.
pub async fn snapshot(
    source: &dyn Source,
    desired: &DesiredState,
    invented: Option<&str>,
    taken_at: String,
    events: &dyn Events,
) -> Result<Snapshot, ServerError> {
    let mut observed = source.observe().await?;
    let asking = Asking {
        preflight: Preflight::Full,
        invents: invented.is_some(),
        // Whoever plans from it may ask for what is not there yet.
        view: true,
    };
    ask(source, desired, asking, &mut observed, events).await?;
    Ok(kept(desired, &observed, invented, taken_at))
}

/// What may be kept of an observed state.
fn kept(
    desired: &DesiredState,
    observed: &ObservedState,
    invented: Option<&str>,
    taken_at: String,
) -> Snapshot {
    let named = Plan::named(desired, observed);
    let fields = desired.entries.iter().map(|entry| &entry.fields);
    let held = Held::new(named, fields, &observed.redactor);
    Snapshot::of(observed, &held, invented, taken_at)
}
