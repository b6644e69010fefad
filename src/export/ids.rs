//! Which records stand behind the entries of a manifest that somebody wrote before.

use serde::Serialize;

use super::Unwritable;
use super::text::{one_line, yaml};
use crate::integration::{Key, Kind};
use crate::observed::{ObservedState, Record};
use crate::redactor::ServerText;

/// The records that an entry may mean, as lines to paste into it; a comment tells them apart. Those of the name that
/// the entry's record had count where there are none of its name.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn matches_text(
    place: &str,
    key: &Key,
    old_name: Option<&str>,
    observed: &ObservedState,
) -> Result<String, Unwritable> {
    let mut records = named(key.kind, key.name.raw(), observed);
    if let Some(old) = old_name.filter(|_| records.is_empty()) {
        records = named(key.kind, old, observed);
    }
    let found = match records.as_slice() {
        [] => ": no record",
        [_] => "",
        _ => ": several records, choose one",
    };
    let mut text = format!(
        "{place} {} `{}`{found}\n",
        key.kind,
        one_line(&key.name.to_string())
    );
    for record in records {
        let line = yaml(&Line {
            id: record.id.raw(),
        })?;
        text.extend(["    ", line.trim_end(), "  # ", &about(record), "\n"]);
    }
    Ok(text)
}

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
}

/// The records of that kind and name, oldest first.
fn named<'o>(kind: Kind, name: &str, observed: &'o ObservedState) -> Vec<&'o Record> {
    let records = observed.records.iter();
    let mut records: Vec<_> = records
        .filter(|record| record.kind == kind && record.name.raw() == name)
        .collect();
    records.sort_by_key(|record| (record.created_at(), &record.id));
    records
}

/// `made by deploy on 2026-05-02, changed on 2026-05-03`.
pub(super) fn about(record: &Record) -> String {
    let day = |at: Option<ServerText>| Some(at?.to_string().chars().take(10).collect::<String>());
    let (made, changed) = (day(record.created_at()), day(record.updated_at()));
    let mut words = one_line(&record.origin());
    if let Some(day) = changed.filter(|day| made.as_ref() != Some(day)) {
        words.extend([", changed on ", &one_line(&day)]);
    }
    words
}
