//! Pruning: what becomes of the records that no entry names.
//!
//! Only what the manifest calls its own is ever touched: records inside `settings.scope` that are not in
//! `settings.keep`. The URL of an incoming webhook that is in use dies in no single run: it is switched off first,
//! and deleted by a later run that finds it switched off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::compare::{self, SwitchedOff};
use super::{Action, Change, FieldChange, Reason};
use crate::desired::policy::{Policy, Scope};
use crate::desired::{DesiredState, Prune};
use crate::integration::Key;
use crate::observed::{ObservedState, Record, ServerFacts, ServerId};
use crate::redactor::ServerText;

/// What pruning does to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// It is switched off, and stays so.
    Off,
    /// It is switched off; a later run that finds it so deletes it.
    First,
    /// It was found switched off, and is deleted.
    Second,
    /// It is deleted.
    AtOnce,
}

/// A record that no entry names and that the plan leaves alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmanaged {
    /// Its kind and name.
    pub key: Key,
    /// Its id.
    pub id: ServerId,
    /// The username of its creator.
    pub creator: Option<ServerText>,
    /// Why it is left alone.
    pub why: LeftAlone,
}

/// Why a record is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LeftAlone {
    /// Nothing is pruned.
    NotPruned,
    /// It is not in scope.
    OutOfScope,
    /// It is kept by name.
    Kept,
    /// A flag leaves it out.
    LeftOut,
    /// It is switched off already.
    Off,
}

/// What pruning comes to.
#[derive(Default)]
pub(super) struct Pruned {
    pub(super) changes: Vec<Change>,
    pub(super) left: Vec<Unmanaged>,
    /// How many records could be pruned, whatever becomes of them.
    pub(super) candidates: usize,
}

/// What becomes of these records, which no entry names.
pub(super) fn prune(
    desired: &DesiredState,
    observed: &ObservedState,
    unnamed: &[&Record],
) -> Pruned {
    let policy = &desired.policy;
    let mut pruned = Pruned::default();
    for record in unnamed {
        let why = match standing(record, policy, &observed.server) {
            None => {
                pruned.candidates += 1;
                match change(record, policy, observed) {
                    Ok(change) => {
                        pruned.changes.push(change);
                        continue;
                    }
                    Err(why) => why,
                }
            }
            Some(why) => why,
        };
        pruned.left.push(Unmanaged {
            key: record.key(),
            id: record.id.clone(),
            creator: record.creator.clone(),
            why,
        });
    }
    pruned
        .left
        .sort_by(|a, b| (&a.key, &a.id).cmp(&(&b.key, &b.id)));
    pruned
}

/// Why a record is no candidate; `None` if it is one.
fn standing(record: &Record, policy: &Policy, server: &ServerFacts) -> Option<LeftAlone> {
    let Some(scope) = policy.scope.as_ref().filter(|_| policy.prune != Prune::Off) else {
        return Some(LeftAlone::NotPruned);
    };
    if !is_in(scope, record, server) {
        Some(LeftAlone::OutOfScope)
    } else if policy.keep.match_any(record.name.raw()) {
        Some(LeftAlone::Kept)
    } else if !policy
        .flags
        .selection
        .takes(record.kind, &[record.name.raw()])
    {
        Some(LeftAlone::LeftOut)
    } else {
        None
    }
}

/// Whether the manifest may call the record its own.
fn is_in(scope: &Scope, record: &Record, server: &ServerFacts) -> bool {
    let named = scope.names.as_ref();
    let made = match &scope.creators {
        Some(creators) => record
            .creator
            .as_ref()
            .is_some_and(|creator| creators.iter().any(|it| it == creator.raw())),
        None => record.created_by_id().as_ref() == Some(&server.user_id),
    };
    made && named.is_none_or(|names| names.match_any(record.name.raw()))
}

/// What becomes of a candidate.
fn change(record: &Record, policy: &Policy, observed: &ObservedState) -> Result<Change, LeftAlone> {
    let flags = &policy.flags;
    let deletes = policy.prune == Prune::Delete;
    let takes_url = record.kind.has_url() && !flags.allow_url_loss;
    if flags.create_only || flags.no_delete && deletes && !takes_url {
        return Err(LeftAlone::LeftOut);
    }
    let id = record.id.clone();
    if deletes && !takes_url {
        return Ok(about(record, Action::delete(record), Step::AtOnce));
    }
    let step = if deletes { Step::First } else { Step::Off };
    if !record.is_enabled() {
        return match deletes {
            false => Err(LeftAlone::Off),
            true if flags.no_delete => Err(LeftAlone::LeftOut),
            true => Ok(match compare::stored(record) {
                Ok(_) => about(record, Action::delete(record), Step::Second),
                Err(reason) => blocked(record, vec![reason], Step::Second),
            }),
        };
    }
    Ok(match compare::switched_off(record, observed) {
        Ok(SwitchedOff { from, to, changes }) => Change {
            fields: changes,
            ..about(record, Action::Disable { id, from, to }, step)
        },
        Err(reasons) => blocked(record, reasons, step),
    })
}

fn about(record: &Record, action: Action, step: Step) -> Change {
    Change {
        key: record.key(),
        action,
        fields: Vec::<FieldChange>::new(),
        conditions: Vec::new(),
        place: None,
        script_file: None,
        pruned: Some(step),
    }
}

fn blocked(record: &Record, reasons: Vec<Reason>, step: Step) -> Change {
    let id = Some(record.id.clone());
    about(record, Action::Blocked { id, reasons }, step)
}
