//! What a snapshot leaves open: it holds no secrets, no fields of records that no entry named, and no answers to
//! questions that nobody asked. Nothing is guessed; the plan says what it did not look at.

use std::collections::BTreeSet;

use super::compare;
use super::identity::Match;
use crate::desired::{Desired, State};
use crate::integration::{Field, Key};
use crate::observed::{Detail, Found, ObservedState, Questions, ServerId, Target};
use crate::problem::Place;

/// What was not compared about an entry.
#[derive(Debug)]
pub struct NotCompared {
    /// Which integration.
    pub key: Key,
    /// Where its entry stands.
    pub place: Place,
    /// What.
    pub what: Open,
}

/// What is open.
#[derive(Debug)]
pub enum Open {
    /// The whole record: no entry named it when the snapshot was taken.
    Record,
    /// These fields, which are secret on one of the sides.
    Fields(Vec<&'static Field>),
}

/// What was to be looked up, and is not known.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct NotChecked {
    /// Who these users are.
    pub users: BTreeSet<String>,
    /// Whether these are there, and may be posted to.
    pub targets: BTreeSet<Target>,
    /// Which roles may impersonate.
    pub impersonators: bool,
    /// Why these records are disabled.
    pub histories: BTreeSet<ServerId>,
}

impl NotCompared {
    /// What is open about an entry and its record. A record that goes needs no comparing.
    pub(super) fn of(entry: &Desired, found: &Match<'_>) -> Option<Self> {
        let Match::Record(record) = found else {
            return None;
        };
        let what = match record.detail() {
            _ if entry.state != State::Present => return None,
            Detail::Whole => return None,
            Detail::Identity => Open::Record,
            Detail::Redacted => Open::Fields(compare::open(entry, record.fields().ok()?)),
        };
        let nothing = matches!(&what, Open::Fields(fields) if fields.is_empty());
        (!nothing).then(|| Self {
            key: entry.key.clone(),
            place: entry.place.clone(),
            what,
        })
    }

    /// Where it is shown.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (self.key.clone(), self.place.begins())
    }
}

impl NotChecked {
    /// What this was asked and does not tell.
    pub fn of(asked: &Questions, observed: &ObservedState) -> Self {
        let (users, rooms) = (&observed.users, &observed.rooms);
        let told =
            |name: &String| matches!(users.found.get(name), Some(Found::User(_) | Found::Nobody));
        let histories = asked.histories.iter();
        Self {
            users: asked.users.iter().filter(|it| !told(it)).cloned().collect(),
            targets: asked
                .targets
                .iter()
                .filter(|it| !rooms.found.contains_key(it))
                .cloned()
                .collect(),
            impersonators: asked.impersonators && users.impersonators.is_none(),
            histories: histories
                .filter(|id| !observed.histories.tell_of(id))
                .cloned()
                .collect(),
        }
    }
}
