//! Webhooks that the server disabled by itself. It leaves no name in the record, so it is said only where
//! something else tells: the history of an outgoing webhook, or that the posting user does not exist any more.

use std::collections::BTreeSet;

use super::conditions::{self, Condition};
use super::{Asking, Change, Plan, Preflight};
use crate::desired::Desired;
use crate::integration::{Fields, Role, Value};
use crate::observed::{ObservedState, Questions, Record};
use crate::problem::{Code, Problem};

/// The most histories that are asked for: each is a request.
const MOST_HISTORIES: usize = 20;

/// The name of the condition.
const TARGET_GONE: Code = Code("target-gone");

impl Plan {
    /// The outgoing records that are disabled and should not be: their histories may tell why.
    pub(super) fn histories(&self, asking: Asking) -> Questions {
        if asking.preflight == Preflight::Off {
            return Questions::default();
        }
        let changes = self.changes.iter().filter(|change| enables(change));
        let all: BTreeSet<_> = changes.filter_map(|it| it.action.id()).cloned().collect();
        Questions {
            more_histories: all.len().saturating_sub(MOST_HISTORIES),
            histories: all.into_iter().take(MOST_HISTORIES).collect(),
            ..Questions::default()
        }
    }
}

fn enables(change: &Change) -> bool {
    let mut fields = change.fields.iter();
    change.key.kind.has_history()
        && fields
            .any(|it| it.field.role == Role::Switch && matches!(it.after, Some(Value::Flag(true))))
}

/// Whether the record is disabled and the entry wants it enabled.
fn is_to_be_enabled(entry: &Desired, observed: &Fields) -> bool {
    let switch = entry.key.kind.row(Role::Switch);
    let left_to_others = switch.is_some_and(|it| entry.ignored.contains(it.name));
    entry.fields.is_on(Role::Switch) && !observed.is_on(Role::Switch) && !left_to_others
}

/// Whether the server disabled the record with its posting user, as far as can be told.
pub(super) fn with_its_user(entry: &Desired, fields: &Fields, observed: &ObservedState) -> bool {
    let gone = conditions::poster(fields).is_some_and(|name| observed.users.is_nobody(name));
    gone && is_to_be_enabled(entry, fields)
}

/// That a URL of the record is gone, where its history tells so.
pub(super) fn target_gone(
    entry: &Desired,
    record: &Record,
    fields: &Fields,
    observed: &ObservedState,
) -> Option<Condition> {
    let gone = observed.histories.gone(&record.id)?;
    if !is_to_be_enabled(entry, fields) {
        return None;
    }
    let at = gone.at.as_ref().map(|at| format!(" at {at}"));
    let at = at.unwrap_or_default();
    let name = entry.key.kind.row(Role::Switch)?.name;
    let help = if entry.written.contains(name) {
        format!("the entry says `{name}: true`: the update enables it again")
    } else {
        format!(
            "correct the URL if needed, then write `{name}: true` into the entry to enable it again, or `{name}: false` to \
             leave it disabled"
        )
    };
    let why = format!("a URL answered 410 (gone){at}, so the server disabled the webhook");
    Some(Condition {
        problem: Problem::with_help(TARGET_GONE, why, help),
        words: None,
        may_fix: true,
    })
}

/// What holds an update back: nobody said that the webhook is to be enabled again.
pub(super) fn hold(entry: &Desired, conditions: &[Condition]) -> Option<Condition> {
    let written = entry
        .key
        .kind
        .row(Role::Switch)
        .is_some_and(|it| entry.written.contains(it.name));
    let mut conditions = conditions.iter().filter(|_| !written);
    conditions
        .find(|it| it.problem.code == TARGET_GONE)
        .cloned()
}
