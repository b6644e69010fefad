//! What keeps a change of an entry from being made that the entry asks for: `settings.keep`, and the flags of the
//! run.

use super::identity::Match;
use super::{Action, Decision, Reason};
use crate::desired::Desired;
use crate::desired::policy::Policy;
use crate::integration::Role;

/// Whether the run is about an entry, by its name and that of its record.
pub(super) fn is_selected(entry: &Desired, found: &Match<'_>, policy: &Policy) -> bool {
    let names = names(entry, found);
    policy.flags.selection.takes(entry.key.kind, &names)
}

/// The decision, blocked if it would disable or delete what is kept by name, whatever else is written.
pub(super) fn kept(
    decision: Decision,
    entry: &Desired,
    found: &Match<'_>,
    policy: &Policy,
) -> Decision {
    let kept = names(entry, found)
        .iter()
        .any(|name| policy.keep.match_any(name));
    let (what, id) = match &decision.action {
        Action::Delete { id, .. } => ("`state: absent`", id),
        Action::Update { id, from, to } if from.is_on(Role::Switch) && !to.is_on(Role::Switch) => {
            ("`enabled: false`", id)
        }
        _ => return decision,
    };
    if !kept {
        return decision;
    }
    let reason = Reason::new(
        "`settings.keep` names it, so it is never disabled or deleted",
        format!("take it out of `settings.keep`, or remove {what}"),
    );
    let action = Action::Blocked {
        id: Some(id.clone()),
        reasons: vec![reason],
    };
    Decision { action, ..decision }
}

/// Whether the flags of the run leave the change out.
pub(super) fn leaves_out(policy: &Policy, decision: &Decision) -> bool {
    let flags = &policy.flags;
    match &decision.action {
        Action::Create(_) | Action::Blocked { id: None, .. } => false,
        Action::Delete { .. } => flags.no_delete || flags.create_only,
        _ => flags.create_only,
    }
}

/// The names that an entry's integration goes by.
fn names<'a>(entry: &'a Desired, found: &Match<'a>) -> Vec<&'a str> {
    let record = match found {
        Match::Record(record) => Some(record.name.raw()),
        Match::Nothing | Match::Blocked(..) => None,
    };
    [Some(entry.key.name.raw()), record]
        .into_iter()
        .flatten()
        .collect()
}
