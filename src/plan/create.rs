//! A new record: what is written, and what a request must carry besides.

use super::{Action, Decision, FieldChange, compare, preflight};
use crate::desired::Desired;
use crate::integration::{Fields, LeftOut, Role, Value};
use crate::observed::ObservedState;

/// What it takes to make an entry's record.
pub(super) fn create(entry: &Desired, observed: &ObservedState) -> Decision {
    let server = &observed.server;
    let mut values = Fields::new(entry.key.kind);
    let (mut shown, mut reasons) = (Vec::new(), Vec::new());
    let mut show = |field, value: Option<&Value>| {
        shown.push(FieldChange {
            field,
            before: None,
            after: value.cloned(),
        });
    };
    for field in entry.key.kind.fields() {
        let written = entry.written.contains(field.name);
        let value = entry.fields.get(field);
        match (value, compare::held(field, entry, server)) {
            (_, Err(reason)) => reasons.push(reason),
            (Some(value), Ok(true)) if written || field.always_sent => {
                values.set(field.name, Some(value.clone()));
                if written && field.role != Role::Name {
                    show(field, Some(value));
                }
            }
            (None, Ok(true)) if field.left_out == LeftOut::Generated => show(field, None),
            (None, Ok(true)) if field.versions.required_by(server.version) => {
                values.set(field.name, Some(field.empty()));
            }
            _ => {}
        }
    }
    let user = preflight::refusal(&values, false, observed);
    reasons.extend(preflight::refusals(user, &values, observed));
    let decision = if reasons.is_empty() {
        Decision::new(Action::Create(values))
    } else {
        Decision::blocked(None, reasons)
    };
    decision.showing(shown)
}
