//! Which records stand behind the entries of a manifest that somebody wrote before.

use serde::Serialize;

use super::Unwritable;
use super::text::{one_line, yaml};
use crate::integration::Key;
use crate::observed::{ObservedState, Record};

/// A record that an entry may mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// `id: …`, to be pasted into the entry.
    pub(crate) line: String,
    /// Who made it, and when: by this a person tells several records apart.
    pub(crate) about: String,
}

/// The records of that kind and name, oldest first.
pub(crate) fn matches(key: &Key, observed: &ObservedState) -> Result<Vec<Match>, Unwritable> {
    let mut records: Vec<_> = observed
        .records
        .iter()
        .filter(|record| record.kind == key.kind && record.name == key.name)
        .collect();
    records.sort_by_key(|record| (record.created_at(), &record.id));
    records.into_iter().map(of).collect()
}

fn of(record: &Record) -> Result<Match, Unwritable> {
    #[derive(Serialize)]
    struct Line<'a> {
        id: &'a str,
    }
    let line = yaml(&Line { id: &record.id.0 })?;
    Ok(Match {
        line: line.trim_end().to_owned(),
        about: about(record),
    })
}

/// `made by deploy on 2026-05-02, changed on 2026-05-03`.
pub(super) fn about(record: &Record) -> String {
    let day = |at: &str| one_line(&at.chars().take(10).collect::<String>());
    let mut words = match &record.creator {
        Some(creator) => format!("made by {}", one_line(creator)),
        None => "made by nobody known".to_owned(),
    };
    let made = record.created_at().map(day);
    if let Some(day) = &made {
        words.extend([" on ", day]);
    }
    if let Some(day) = record
        .updated_at()
        .map(day)
        .filter(|day| made.as_ref() != Some(day))
    {
        words.extend([", changed on ", &day]);
    }
    words
}

/// The records behind an entry, as they are shown: the lines to paste, with a comment that tells them apart.
pub(crate) fn matches_text(place: &str, key: &Key, matches: &[Match]) -> String {
    let found = match matches {
        [] => ": no record",
        [_] => "",
        _ => ": several records, choose one",
    };
    let mut text = format!("{place} {} `{}`{found}\n", key.kind, one_line(&key.name));
    for found in matches {
        text.extend(["    ", &found.line, "  # ", &found.about, "\n"]);
    }
    text
}
