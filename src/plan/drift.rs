//! Where a change comes from: from this change of the manifests, or was the difference there before it?
//!
//! The base is what the manifests asked for before. Each value that differs is compared with the base's: a base that
//! asks for the same was not met either (drift); one that the server meets makes it this change's.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identity::{Identity, Match};
use super::{Action, Change, FieldChange, Plan, Reason, compare};
use crate::desired::{Desired, DesiredState, State};
use crate::integration::{Fields, Key, Value};
use crate::observed::{ObservedState, Record, ServerId};
use crate::problem::SourceId;
use crate::redactor::ServerText;

/// Where a difference comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Cause {
    /// This change of the manifests brings it.
    ThisChange,
    /// It was there before.
    Drift,
    /// It was there before, and this change asks for something else again.
    Both,
}

/// What a record says about who changed it last. The two need not belong together: what the server changes by itself
/// moves the time and not the name (docs/server.md#silent-changes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastModified {
    /// When it was changed last, as the server writes it.
    pub at: Option<ServerText>,
    /// Who edited it last; nobody edited it since it was made.
    pub editor: Option<ServerText>,
    /// Who made it.
    pub creator: Option<ServerText>,
}

impl Cause {
    fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Both }
    }

    /// Whether a part of it was there before.
    pub fn is_drift(self) -> bool {
        self != Self::ThisChange
    }
}

/// What a change comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// All of it.
    pub cause: Cause,
    /// Its fields, in their order.
    pub fields: Vec<Cause>,
    /// Who changed the record last, if it drifts.
    pub last_modified: Option<LastModified>,
}

/// What each change of a plan comes from, given what the manifests asked for before: `head` is what they ask for now.
pub fn origins(
    plan: &Plan,
    head: &DesiredState,
    base: &DesiredState,
    observed: &ObservedState,
) -> Vec<Origin> {
    let records = by_id(observed);
    let then = Plan::between(base, observed);
    let before = Before::of(base, &then, observed);
    let old_names = old_names(head);
    let changes = plan.changes.iter();
    changes
        .map(|change| before.origin(change, &old_names, &records))
        .collect()
}

/// The same where nothing was changed in the manifests: all was there before.
pub fn origins_in_drift(plan: &Plan, observed: &ObservedState) -> Vec<Origin> {
    let records = by_id(observed);
    let changes = plan.changes.iter();
    changes
        .map(|change| {
            let fields = vec![Cause::Drift; change.fields.len()];
            Origin::new(change, Cause::Drift, fields, &records)
        })
        .collect()
}

impl Origin {
    /// Of a drifting record it tells who changed it last.
    fn new(change: &Change, cause: Cause, fields: Vec<Cause>, records: &Records<'_>) -> Self {
        let id = change.action.id().filter(|_| cause.is_drift());
        let record = id.and_then(|id| records.get(id));
        Self {
            cause,
            fields,
            last_modified: record.map(|record| LastModified {
                at: record.updated_at(),
                editor: record.updated_by(),
                creator: record.creator.clone(),
            }),
        }
    }
}

type Records<'o> = BTreeMap<&'o ServerId, &'o Record>;

fn by_id(observed: &ObservedState) -> Records<'_> {
    let records = observed.records.iter();
    records.map(|record| (&record.id, record)).collect()
}

/// The types and names that entries say they had, by where the entries stand.
type OldNames = BTreeMap<(SourceId, u32), Key>;

fn old_names(head: &DesiredState) -> OldNames {
    let entries = head.entries.iter();
    entries
        .filter_map(|entry| {
            let name = entry.renamed_from.as_deref()?.into();
            let kind = entry.key.kind;
            let place = entry.place.begins();
            Some((place, Key { kind, name }))
        })
        .collect()
}

/// What was asked for before, and what was wrong with it.
struct Before<'a> {
    /// The entries that should be there, by the record that they have.
    with_record: BTreeMap<ServerId, &'a Desired>,
    /// The entries that should be there and have none.
    without: BTreeMap<&'a Key, &'a Desired>,
    /// The changes of the plan of then, for the server of now, by the record.
    to_record: BTreeMap<&'a ServerId, &'a Change>,
    /// Those without a record, by what they are called.
    by_key: BTreeMap<&'a Key, &'a Change>,
}

impl<'a> Before<'a> {
    fn of(base: &'a DesiredState, then: &'a Plan, observed: &'a ObservedState) -> Self {
        let identity = Identity::of(&base.entries, &observed.records);
        let mut before = Self {
            with_record: BTreeMap::new(),
            without: BTreeMap::new(),
            to_record: BTreeMap::new(),
            by_key: BTreeMap::new(),
        };
        for change in &then.changes {
            match change.action.id() {
                Some(id) => before.to_record.insert(id, change),
                None => before.by_key.insert(&change.key, change),
            };
        }
        let wanted = |entry: &&Desired| entry.state == State::Present;
        for entry in base.entries.iter().filter(wanted) {
            match identity.find(entry) {
                Match::Record(record) => {
                    before.with_record.insert(record.id.clone(), entry);
                }
                Match::Nothing => {
                    before.without.insert(&entry.key, entry);
                }
                // Which record was meant nobody knows.
                Match::Blocked(..) => {}
            }
        }
        before
    }

    fn origin(&self, change: &Change, old_names: &OldNames, records: &Records<'_>) -> Origin {
        let place = change.place.as_ref();
        let old = place.and_then(|place| old_names.get(&place.begins()));
        let id = change.action.id();
        let entry = match id {
            Some(id) => self.with_record.get(id),
            None => named(&self.without, &change.key, old),
        };
        let wanted = entry.map(|entry| wanted(entry, id.and_then(|id| records.get(id).copied())));
        let mut whole = self.action(change, entry.map(|entry| &entry.key), old);
        // Of what is pruned no entry asks for anything.
        let asked = |_: &&FieldChange| change.pruned.is_none();
        let of = |field| {
            Some(field)
                .filter(asked)
                .and_then(|it| cause(it, wanted.as_ref()))
        };
        let fields: Vec<_> = change.fields.iter().map(of).collect();
        whole = fields
            .iter()
            .fold(whole, |whole, field| joined(whole, *field));
        // What is wrong with a record beside its fields no manifest brought.
        if !change.conditions.is_empty() {
            whole = joined(whole, Some(Cause::Drift));
        }
        let whole = whole.unwrap_or(Cause::ThisChange);
        // A secret is generated along with the rest.
        let fields = fields.into_iter().map(|it| it.unwrap_or(whole));
        Origin::new(change, whole, fields.collect(), records)
    }

    /// What the change itself comes from, apart from its fields.
    fn action(&self, change: &Change, then: Option<&Key>, old: Option<&Key>) -> Option<Cause> {
        match &change.action {
            // What was in the way is not any more.
            Action::Update { id, .. } => {
                let then = self.to_record.get(id)?;
                matches!(then.action, Action::Blocked { .. }).then_some(Cause::ThisChange)
            }
            Action::Condition { .. } => Some(Cause::Drift),
            Action::Create(_) => Some(match then {
                Some(key) if *key == change.key => Cause::Drift,
                // By another name.
                Some(_) => Cause::Both,
                None => Cause::ThisChange,
            }),
            Action::Delete { id, .. } | Action::Disable { id, .. } => {
                let then = self.to_record.get(id).map(|then| &then.action);
                Some(match then {
                    Some(Action::Delete { .. } | Action::Disable { .. }) => Cause::Drift,
                    _ => Cause::ThisChange,
                })
            }
            Action::Blocked { id, reasons } => {
                let then = match id {
                    Some(id) => self.to_record.get(id),
                    None => named(&self.by_key, &change.key, old),
                };
                let known = then.is_some_and(|then| {
                    reasons.iter().all(|reason| stands_in_the_way(then, reason))
                });
                Some(if known {
                    Cause::Drift
                } else {
                    Cause::ThisChange
                })
            }
        }
    }
}

/// What has this type and name, or else the old one.
fn named<'m, T>(map: &'m BTreeMap<&Key, T>, key: &Key, old: Option<&Key>) -> Option<&'m T> {
    map.get(key).or_else(|| map.get(old?))
}

/// Whether a change was blocked for this reason, or had it as a condition.
fn stands_in_the_way(then: &Change, reason: &Reason) -> bool {
    let reasons = match &then.action {
        Action::Blocked { reasons, .. } => reasons.as_slice(),
        _ => &[],
    };
    let conditions = then.conditions.iter().cloned().map(Reason::from);
    let mut all = reasons.iter().cloned().chain(conditions);
    all.any(|then| then.problem.message == reason.problem.message)
}

/// The values that an entry asks of its record.
fn wanted(entry: &Desired, record: Option<&Record>) -> Fields {
    match record.and_then(|record| record.fields().ok()) {
        Some(fields) => compare::wanted(entry, fields).into_owned(),
        None => entry.fields.clone(),
    }
}

/// What a field's difference comes from; `None` for a secret that is generated.
fn cause(field: &FieldChange, base: Option<&Fields>) -> Option<Cause> {
    let after = field.after.as_ref()?;
    let Some(then) = base.and_then(|base| base.get(field.field)) else {
        return Some(Cause::ThisChange);
    };
    let same = |value: Option<&Value>| then.same(value);
    Some(match (same(Some(after)), same(field.before.as_ref())) {
        (Some(true), _) => Cause::Drift,
        (_, Some(false)) => Cause::Both,
        // Met, or a secret of then that nobody knows.
        _ => Cause::ThisChange,
    })
}

fn joined(whole: Option<Cause>, part: Option<Cause>) -> Option<Cause> {
    match (whole, part) {
        (Some(whole), Some(part)) => Some(whole.and(part)),
        (whole, part) => whole.or(part),
    }
}

#[cfg(test)]
mod tests;
