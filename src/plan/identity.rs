//! Which record belongs to which entry.

use std::collections::{BTreeMap, BTreeSet};

use super::Reason;
use crate::integration::Key;
use crate::observed::Record;

/// The records, by what identifies them.
pub(super) struct Identity<'o> {
    by_key: BTreeMap<Key, Vec<&'o Record>>,
}

impl<'o> Identity<'o> {
    /// Sorts the records by kind and name.
    pub(super) fn of(records: &'o [Record]) -> Self {
        let mut by_key: BTreeMap<Key, Vec<&Record>> = BTreeMap::new();
        for record in records {
            let key = Key {
                kind: record.kind,
                name: record.name.clone(),
            };
            by_key.entry(key).or_default().push(record);
        }
        Self { by_key }
    }

    /// The records of that kind and name.
    pub(super) fn find(&self, key: &Key) -> &[&'o Record] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// How many records none of these keys names.
    pub(super) fn unnamed<'k>(&self, keys: impl Iterator<Item = &'k Key>) -> usize {
        let named: BTreeSet<_> = keys.collect();
        self.by_key
            .iter()
            .filter(|(key, _)| !named.contains(key))
            .map(|(_, records)| records.len())
            .sum()
    }
}

/// Several records answer to one entry: nobody but the user can say which is meant.
pub(super) fn ambiguous(records: &[&Record]) -> Reason {
    let mut ids: Vec<_> = records
        .iter()
        .map(|record| {
            let creator = record.creator.as_deref().unwrap_or("somebody unknown");
            format!("{} (made by {creator})", record.id.0)
        })
        .collect();
    ids.sort();
    Reason {
        why: format!(
            "{} records have this type and name: {}",
            records.len(),
            ids.join(", ")
        ),
        remedy: "delete or rename all but one of them on the server".to_owned(),
    }
}
