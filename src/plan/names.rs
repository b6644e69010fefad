//! Names that lead nowhere, and names that may be meant to be the same: of flags, of `settings` and of entries.

use std::collections::{BTreeMap, BTreeSet};

use icu_normalizer::ComposingNormalizerBorrowed;

use super::{Action, Change, Plan};
use crate::desired::policy::Globs;
use crate::desired::{Desired, DesiredState};
use crate::integration::{Fields, Key, Kind, Role, Shape};
use crate::observed::{ObservedState, Record};
use crate::problem::{Code, Problem, Severity};
use crate::redactor::ServerText;
use crate::words::{is_invisible, nearest};

/// A name that is meant to choose something, and chooses nothing.
pub const NO_MATCH: Code = Code("no-match");

/// For how many names a near one is looked for: each is compared with all.
const MOST_NEAR: usize = 20;

impl Plan {
    /// What is to be told of names: errors where a run would be about nothing that was named, warnings where a webhook may be
    /// made that is there under another name, and notes.
    pub fn names(&self, desired: &DesiredState, observed: &ObservedState) -> Vec<Problem> {
        let records = &observed.records;
        let mut found: Vec<_> = selectors(desired, records).into_iter().collect();
        found.extend(settings(desired, records));
        let created = self.created(desired);
        if created.is_empty() {
            return found;
        }
        found.extend(self.old_names(&created, desired, records));
        let there: BTreeMap<_, _> = records
            .iter()
            .map(|it| ((it.kind, folded(it.name.raw())), &it.name))
            .collect();
        found.extend(created.iter().filter_map(|entry| like(entry, &there)));
        found.extend(self.renames(&created));
        found
    }

    /// The entries whose records would be made.
    fn created<'d>(&self, desired: &'d DesiredState) -> Vec<&'d Desired> {
        let creates = self.changes.iter();
        let creates = creates.filter(|it| matches!(it.action, Action::Create(_)));
        let places: BTreeSet<_> = creates
            .filter_map(|change| Some(change.place.as_ref()?.begins()))
            .collect();
        let entries = desired.entries.iter();
        let created = entries.filter(|entry| places.contains(&entry.place.begins()));
        created.collect()
    }

    /// Old names that no record has.
    fn old_names(
        &self,
        created: &[&Desired],
        desired: &DesiredState,
        records: &[Record],
    ) -> Vec<Problem> {
        let named: BTreeSet<_> = desired.entries.iter().map(|it| &it.key).collect();
        let unnamed: Vec<_> = records
            .iter()
            .filter(|it| !named.contains(&it.key()))
            .collect();
        // Where the server has nothing of these manifests yet, that is as it should be.
        let others = self.unchanged > 0 || self.changes.iter().any(|it| it.action.id().is_some());
        let renamed = created
            .iter()
            .filter_map(|entry| Some((entry, entry.renamed_from.as_deref()?)));
        let told = renamed.enumerate().map(|(number, (entry, old))| {
            let key = &entry.key;
            let message = format!(
                "no {} webhook on the server is called {old:?}: {:?} would be created, with a new URL",
                key.kind.word(),
                key.name
            );
            if !others {
                return note(message);
            }
            let names = unnamed.iter().filter(|it| it.kind == entry.key.kind);
            let names = names.map(|it| &it.name).filter(|_| number < MOST_NEAR);
            let problem = warning("old-name-unknown", entry, message);
            let mut same = records.iter().filter(|it| it.name.raw() == old);
            if let Some(other) = same.next() {
                return problem.help(format!(
                    "{old:?} is an {} webhook, and its type cannot change: remove `renamedFrom`",
                    other.kind.word()
                ));
            }
            match nearest(old, names, |it| it.raw()) {
                Some(near) => problem.help(format!("did you mean `renamedFrom: {near:?}`?")),
                None => problem.help("correct the old name, or remove `renamedFrom`"),
            }
        });
        told.collect()
    }

    /// Entries whose records would be made while pruning takes one that is equal but for its name.
    fn renames(&self, created: &[&Desired]) -> Vec<Problem> {
        let pruned = self.changes.iter().filter(|it| it.pruned.is_some());
        let pruned: Vec<_> = pruned
            .filter_map(|change| Some((change, before(change)?)))
            .collect();
        let told = created.iter().filter_map(|entry| {
            let mut equal = pruned.iter().filter(|(change, before)| {
                change.key.kind == entry.key.kind && are_equal(&entry.fields, before)
            });
            let (Some((change, _)), None) = (equal.next(), equal.next()) else {
                return None;
            };
            let (new, old) = (&entry.key.name, &change.key.name);
            let how = match change.action {
                Action::Disable { .. } => "disabled",
                _ => "deleted",
            };
            let message = format!(
                "{new:?} would be created and {old:?}, which differs only in its name, would be {how}"
            );
            let help = format!("to rename it and keep its URL, write `renamedFrom: {old:?}`");
            Some(warning("rename", entry, message).help(help))
        });
        told.collect()
    }
}

/// That flags choose by names that nothing has.
fn selectors(desired: &DesiredState, records: &[Record]) -> Option<Problem> {
    let selection = &desired.policy.flags.selection;
    if selection.only.is_none() && selection.exclude.iter().next().is_none() {
        return None;
    }
    let is_kind = |key: &Key| selection.kind.is_none_or(|kind| kind == key.kind);
    let entries = desired.entries.iter().map(|entry| entry.key.clone());
    let keys = entries.chain(records.iter().map(Record::key));
    let names: BTreeSet<_> = keys.filter(is_kind).map(|key| key.name).collect();
    let only = selection.only.iter().map(|globs| ("--only", globs));
    let globs = only.chain([("--exclude", &selection.exclude)]);
    let unmatched: Vec<_> = globs
        .flat_map(|(flag, globs)| without_match(globs, &names, flag))
        .collect();
    if unmatched.is_empty() {
        return None;
    }
    let flags = unmatched
        .iter()
        .map(|(flag, glob)| format!("`{flag} {glob:?}`"));
    let near = unmatched.iter().filter_map(|(_, glob)| {
        let near = match nearest(glob, &names, |it| it.raw()) {
            Some(near) => format!("{near:?}"),
            None => longer(glob, &names)?,
        };
        Some(format!("did you mean {near}? "))
    });
    let verb = if unmatched.len() == 1 {
        "matches"
    } else {
        "match"
    };
    let message = format!(
        "{} {verb} no {}integration in the manifests or on the server",
        flags.collect::<Vec<_>>().join(", "),
        selection
            .kind
            .map_or(String::new(), |kind| format!("{} ", kind.word()))
    );
    let help = near.collect::<String>() + "`--allow-empty` continues anyway";
    Some(Problem::with_help(NO_MATCH, message, help))
}

/// The glob that takes the names which hold this text, if there are some.
fn longer(text: &str, names: &BTreeSet<ServerText>) -> Option<String> {
    let text = text.trim_matches('*');
    let holds = |at: fn(&str, &str) -> bool| names.iter().any(|name| at(name.raw(), text));
    match text {
        "" => None,
        _ if holds(|name, text| name.starts_with(text)) => {
            Some(format!("{:?}", format!("{text}*")))
        }
        _ if holds(|name, text| name.contains(text)) => Some(format!("{:?}", format!("*{text}*"))),
        _ => None,
    }
}

/// The names in the settings that no record has. A server without records says nothing about them.
fn settings(desired: &DesiredState, records: &[Record]) -> Vec<Problem> {
    let scope = desired.policy.scope.as_ref();
    let scope = scope.and_then(|scope| scope.names.as_ref());
    let keeps = desired.policy.keep.iter().next().is_some();
    if records.is_empty() || scope.is_none() && !keeps {
        return Vec::new();
    }
    let names: BTreeSet<_> = records.iter().map(|it| it.name.clone()).collect();
    let scope = scope.map(|globs| ("settings.scope.names", globs));
    let lists = scope
        .into_iter()
        .chain([("settings.keep", &desired.policy.keep)]);
    lists
        .flat_map(|(list, globs)| without_match(globs, &names, list))
        .map(|(list, glob)| {
            let message =
                format!("`{list}` lists {glob:?}, which matches no integration on the server");
            note(message)
        })
        .collect()
}

fn without_match<'g>(
    globs: &'g Globs,
    names: &'g BTreeSet<ServerText>,
    of: &'static str,
) -> impl Iterator<Item = (&'static str, String)> + use<'g> {
    let unmatched = globs
        .iter()
        .filter(|glob| !names.iter().any(|name| glob.matches(name.raw())));
    unmatched.map(move |glob| (of, glob.to_string()))
}

/// A record whose name differs from the entry's in what people hardly see.
fn like(entry: &Desired, there: &BTreeMap<(Kind, String), &ServerText>) -> Option<Problem> {
    let name = folded(entry.key.name.raw());
    let other = there.get(&(entry.key.kind, name))?;
    let message = format!(
        "{:?} would be created although {other:?} exists: the names differ only in case, blanks or Unicode form",
        entry.key.name
    );
    let help =
        format!("if they are the same, write `renamedFrom: {other:?}` or use the existing name");
    Some(warning("nearly-same-name", entry, message).help(help))
}

fn folded(name: &str) -> String {
    let seen: String = name.chars().filter(|it| !is_invisible(*it)).collect();
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(&seen);
    let words: Vec<_> = composed.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

/// What a record is that pruning takes.
fn before(change: &Change) -> Option<Fields> {
    match &change.action {
        Action::Disable { from, .. } => Some(from.clone()),
        Action::Delete { from, .. } => from.fields().ok().cloned(),
        _ => None,
    }
}

/// Whether an entry asks for just these values, whatever is named or secret, and whether it is on.
fn are_equal(asked: &Fields, stored: &Fields) -> bool {
    let counts = |role: Role, shape: Shape| {
        !matches!(role, Role::Name | Role::Switch) && !matches!(shape, Shape::Secret)
    };
    let mut fields = asked.kind().fields().iter();
    fields.all(|field| {
        !counts(field.role, field.shape)
            || match asked.get(field) {
                Some(value) => value.same(stored.get(field)) == Some(true),
                None => true,
            }
    })
}

fn warning(code: &'static str, entry: &Desired, message: String) -> Problem {
    Problem::warning(Code(code), entry.place.clone(), message)
}

fn note(message: String) -> Problem {
    Problem {
        severity: Severity::Note,
        ..Problem::new(NO_MATCH, message)
    }
}

#[cfg(test)]
mod tests;
