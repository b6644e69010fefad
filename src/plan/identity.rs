//! Which record belongs to which entry: the pinned one, else the one of its type and name, else the one of its
//! old name. Where that leaves two, nobody but the user can say which is meant, and none is chosen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::{Reason, duplicates};
use crate::desired::{Desired, DesiredState, State};
use crate::integration::Key;
use crate::observed::{ObservedState, Record, ServerId};

/// What an entry's identity leads to.
pub enum Match<'o> {
    /// No record.
    Nothing,
    /// One record.
    Record(&'o Record),
    /// Nobody can say.
    Blocked(Option<ServerId>, Reason),
}

/// The entries and the records, by what identifies them.
pub(super) struct Identity<'a> {
    records: BTreeMap<&'a str, &'a Record>,
    /// The records that no entry is pinned to: one that is pinned is nobody else's namesake.
    free: BTreeMap<Key, Vec<&'a Record>>,
    /// The types and names of the entries that are not pinned.
    written: BTreeSet<&'a Key>,
    /// The entries that say that they had this type and name: how many of them, and whether one still waits for
    /// its renaming.
    renamed: BTreeMap<Key, Renamed>,
}

#[derive(Default)]
struct Renamed {
    entries: usize,
    waiting: bool,
}

impl<'a> Identity<'a> {
    /// Sorts entries and records.
    pub(super) fn of(entries: &'a [Desired], records: &'a [Record]) -> Self {
        let pins: BTreeSet<_> = entries
            .iter()
            .filter_map(|entry| entry.id.as_deref())
            .collect();
        let mut free: BTreeMap<Key, Vec<&Record>> = BTreeMap::new();
        for record in records.iter().filter(|it| !pins.contains(it.id.raw())) {
            free.entry(record.key()).or_default().push(record);
        }
        let unpinned = || entries.iter().filter(|entry| entry.id.is_none());
        let mut renamed: BTreeMap<Key, Renamed> = BTreeMap::new();
        for entry in unpinned().filter(|entry| entry.state != State::Released) {
            if let Some(old) = old_key(entry) {
                let renamed = renamed.entry(old).or_default();
                renamed.entries += 1;
                renamed.waiting |= entry.state == State::Present && !free.contains_key(&entry.key);
            }
        }
        Self {
            records: records.iter().map(|it| (it.id.raw(), it)).collect(),
            free,
            written: unpinned().map(|entry| &entry.key).collect(),
            renamed,
        }
    }

    /// The record of an entry.
    pub(super) fn find(&self, entry: &Desired) -> Match<'a> {
        if let Some(id) = &entry.id {
            return self.pinned(entry, id);
        }
        // What should not be there takes no record from an entry that is named like it.
        let absent = entry.state == State::Absent;
        let old = old_key(entry).filter(|old| !absent || !self.written.contains(old));
        match (self.free(&entry.key), self.old(old.as_ref())) {
            ([], []) => Match::Nothing,
            ([], [_, ..]) if self.is_contested(old.as_ref()) => Match::Blocked(None, contested()),
            // To write over a record that another entry is about to rename would swap two URLs.
            ([_, ..], _) if self.renamed.get(&entry.key).is_some_and(|it| it.waiting) => {
                Match::Blocked(None, contested())
            }
            ([record], []) | ([], [record]) => Match::Record(record),
            ([record], _) if old.is_some_and(|old| self.written.contains(&old)) => {
                Match::Record(record)
            }
            ([record], namesakes) => {
                let all = [&[*record], namesakes].concat();
                Match::Blocked(None, both_names(&all))
            }
            ([], namesakes) => Match::Blocked(None, ambiguous(entry, namesakes, "the old name")),
            (namesakes, _) => {
                Match::Blocked(None, ambiguous(entry, namesakes, "this type and name"))
            }
        }
    }

    /// The duplicates that an entry names, as runs beside each other leave them: the one that stays, and the others.
    pub(super) fn duplicates(&self, entry: &Desired) -> Option<(&'a Record, Vec<&'a Record>)> {
        let old = old_key(entry);
        let alone = entry.state == State::Present && self.old(old.as_ref()).is_empty();
        let all = self.free(&entry.key);
        if entry.id.is_some() || !alone || all.len() < 2 {
            return None;
        }
        let stays = duplicates::that_stays(entry, all)?;
        let others = all.iter().copied().filter(|it| it.id != stays.id);
        Some((stays, others.collect()))
    }

    /// The records that none of these entries names.
    pub(super) fn unnamed(&self, entries: &[Desired]) -> Vec<&'a Record> {
        let named: BTreeSet<_> = entries.iter().flat_map(|entry| self.named(entry)).collect();
        let unnamed = self.records.values().copied();
        unnamed.filter(|it| !named.contains(&it.id)).collect()
    }

    /// The records that an entry names: the pinned one, or those of its name and of its old name.
    pub(super) fn named(&self, entry: &Desired) -> Vec<&'a ServerId> {
        if let Some(id) = &entry.id {
            let pinned = self.records.get(id.as_str());
            return pinned.map(|record| &record.id).into_iter().collect();
        }
        let both = self.free(&entry.key).iter();
        let both = both.chain(self.old(old_key(entry).as_ref()));
        both.map(|record| &record.id).collect()
    }

    fn free(&self, key: &Key) -> &[&'a Record] {
        self.free.get(key).map_or(&[], Vec::as_slice)
    }

    fn old(&self, key: Option<&Key>) -> &[&'a Record] {
        key.map_or(&[], |key| self.free(key))
    }

    /// Whether another entry lays claim to the old name as well.
    fn is_contested(&self, old: Option<&Key>) -> bool {
        let several = |old| self.renamed.get(old).is_some_and(|it| it.entries > 1);
        old.is_some_and(|old| self.written.contains(old) || several(old))
    }

    fn pinned(&self, entry: &Desired, id: &str) -> Match<'a> {
        match self.records.get(id).copied() {
            Some(record) if record.kind == entry.key.kind => Match::Record(record),
            Some(record) => Match::Blocked(
                Some(record.id.clone()),
                Reason::new(
                    format!("record {id} is a {} named `{}`", record.kind, record.name),
                    "a record keeps its type: give the entry another `id`, or none",
                ),
            ),
            // What should not be there is not there.
            None if entry.state == State::Absent => Match::Nothing,
            None => Match::Blocked(
                None,
                Reason::new(
                    format!("this account sees no record with the id {id}"),
                    "correct `id`, or remove it: the record is then found by its type and name, or created",
                ),
            ),
        }
    }
}

/// What each entry that should be there leads to, in the order they were read.
pub fn records<'a>(
    desired: &'a DesiredState,
    observed: &'a ObservedState,
) -> Vec<(&'a Desired, Match<'a>)> {
    let identity = Identity::of(&desired.entries, &observed.records);
    let present = desired.entries.iter();
    let present = present.filter(|entry| entry.state == State::Present);
    present.map(|entry| (entry, identity.find(entry))).collect()
}

/// Whether an entry is blocked by duplicates of which one was created within so long, by the clock of this machine: the runs that
/// made them may be about to remove all but one.
pub fn has_recent_duplicates(
    desired: &DesiredState,
    observed: &ObservedState,
    now: Timestamp,
    young: Duration,
) -> bool {
    let identity = Identity::of(&desired.entries, &observed.records);
    let is_young = |record: &Record| {
        let created = record.created_at();
        let created = created.and_then(|at| at.raw().parse::<Timestamp>().ok());
        created.is_some_and(|at| at.duration_until(now).unsigned_abs() < young)
    };
    let mut duplicates = desired
        .entries
        .iter()
        .filter_map(|it| identity.duplicates(it));
    duplicates.any(|(stays, others)| is_young(stays) || others.into_iter().any(is_young))
}

/// The type and name that an entry says it had.
fn old_key(entry: &Desired) -> Option<Key> {
    let name = entry.renamed_from.as_deref()?.into();
    let kind = entry.key.kind;
    Some(Key { kind, name }).filter(|old| *old != entry.key)
}

fn contested() -> Reason {
    Reason::new(
        "two entries match the same record: one by its name, one by its `renamedFrom`",
        "pin one of them to its record with `id`, or apply the renaming first and the other entry later",
    )
}

fn both_names(records: &[&Record]) -> Reason {
    Reason {
        choices: choices(records, true),
        ..Reason::new(
            "records with the new and with the old name both exist; choose one of them:",
            "add its line to the entry, remove `renamedFrom`, or delete the other on the server",
        )
    }
}

fn ambiguous(entry: &Desired, records: &[&Record], what: &str) -> Reason {
    let help = "add its line to the entry, or delete the others on the server";
    let has_equal =
        entry.state == State::Present && duplicates::that_stays(entry, records).is_some();
    let also = if has_equal {
        "; they are equal and were never updated: `--remove-duplicates` keeps the oldest and deletes the rest"
    } else {
        ""
    };
    let number = records.len();
    Reason {
        choices: choices(records, false),
        ..Reason::new(
            format!("{number} records have {what}; choose one of them:"),
            format!("{help}{also}"),
        )
    }
}

/// The lines that pin the entry to each of the records.
fn choices(records: &[&Record], with_names: bool) -> Vec<String> {
    let mut lines: Vec<_> = records
        .iter()
        .map(|record| {
            let name = if with_names {
                format!("`{}`, ", record.name)
            } else {
                String::new()
            };
            format!("id: {}  # {name}{}", record.id, record.origin())
        })
        .collect();
    lines.sort();
    lines
}
