//! A saved plan against a fresh one: the first thing in which they differ.
//!
//! What the plan is not about may change freely: where entries stand, records that it does not name, what the drift
//! is put down to.

use std::collections::BTreeMap;

use super::Untrusted;
use super::plan::{ChangeReport, PlanReport};
use super::subject::Subject;
use crate::plan::{ActionKind, Binding, BoundEntry, BoundRecord, Compared};

impl PlanReport {
    /// The first thing in which a fresh plan is not this one; `None` if it is.
    pub fn staleness(&self, fresh: &Self) -> Option<String> {
        let (Some(saved), Some(now)) = (&self.binding, &fresh.binding) else {
            return Some("it does not say what it was made for".to_owned());
        };
        self.other_server(fresh, saved, now)
            .or_else(|| other_entries(saved, now))
            .or_else(|| self.other_records(saved, now))
            .or_else(|| self.other_changes(fresh))
            .or_else(|| self.anything_else(fresh, saved, now))
    }

    fn other_server(&self, fresh: &Self, saved: &Binding, now: &Binding) -> Option<String> {
        let (Some(was), Some(is)) = (&self.about.server, &fresh.about.server) else {
            return Some("it does not say which server it was made for".to_owned());
        };
        let (from, to) = (was.address.for_terminal(), is.address.for_terminal());
        if from != to || was.sandbox != is.sandbox {
            return Some(format!("it was made for {from}, and this is {to}"));
        }
        let text = |text: &Option<Untrusted>| {
            let text = text.as_ref().map(Untrusted::for_terminal);
            text.unwrap_or_else(|| "(unknown)".to_owned())
        };
        let (from, to) = (text(&was.account), text(&is.account));
        if from != to || saved.user_id != now.user_id {
            return Some(format!("it was made as {from}, and this is {to}"));
        }
        let (from, to) = (text(&was.version), text(&is.version));
        (from != to).then(|| format!("the server was Rocket.Chat {from}, and is {to} now"))
    }

    /// What has no words of its own, so that nothing passes for the same that is not.
    fn anything_else(&self, fresh: &Self, saved: &Binding, now: &Binding) -> Option<String> {
        let changes = |report: &Self| report.changes.iter().map(bare).collect::<Vec<_>>();
        let same = changes(self) == changes(fresh)
            && saved.records == now.records
            && saved.preflight == now.preflight;
        (!same).then(|| "it is not what is planned now".to_owned())
    }

    fn other_records(&self, saved: &Binding, now: &Binding) -> Option<String> {
        let both = saved.records.iter();
        let mut both = both.filter_map(|(id, was)| Some((id, was, now.records.get(id)?)));
        both.find_map(|(id, was, is)| {
            let what = other_record(was, is)?;
            let changes = self.changes.iter();
            let mut names = changes.filter(|it| it.id.as_ref() == Some(&id.as_str().into()));
            let name = names.next().map_or_else(String::new, name);
            let id = Untrusted::from(id.as_str()).for_terminal();
            Some(format!("{name} (record {id}) {what}"))
        })
    }

    fn other_changes(&self, fresh: &Self) -> Option<String> {
        let now = by_identity(&fresh.changes);
        for change in &self.changes {
            let word = word(change.action);
            let Some(is) = now.get(&identity(change)) else {
                let name = name(change);
                let mut namesakes = fresh.changes.iter();
                if let Some(other) = namesakes.find(|it| it.subject == change.subject) {
                    let (id, other) = (other.id.as_ref(), self::word(other.action));
                    let of = id.map(|id| format!(" of record {}", id.for_terminal()));
                    let of = of.unwrap_or_default();
                    return Some(format!("{name}: {word} was planned, and now {other}{of}"));
                }
                let done = if fresh.changes.is_empty() {
                    ": nothing is left to do, as if this plan had been applied already"
                } else {
                    ""
                };
                return Some(format!("{word} of {name} is no longer planned{done}"));
            };
            if let Some(what) = other_change(change, is) {
                return Some(format!("{}: {what}", name(change)));
            }
        }
        let was = by_identity(&self.changes);
        let mut new = fresh.changes.iter();
        let new = new.find(|change| !was.contains_key(&identity(change)))?;
        let fields: Vec<_> = new.fields.iter().map(|it| it.name.for_terminal()).collect();
        let fields = if fields.is_empty() || new.action == ActionKind::Create {
            String::new()
        } else {
            format!(" (`{}`)", fields.join("`, `"))
        };
        let (word, name) = (word(new.action), name(new));
        Some(format!(
            "{word} of {name} is planned now, and was not{fields}"
        ))
    }
}

/// The first key to which two maps do not have the same.
fn differing<'m, K: Ord, V: PartialEq>(
    was: &'m BTreeMap<K, V>,
    is: &'m BTreeMap<K, V>,
) -> Option<&'m K> {
    let mut keys: Vec<_> = was.keys().chain(is.keys()).collect();
    keys.sort();
    keys.into_iter().find(|key| was.get(key) != is.get(key))
}

fn other_entries(saved: &Binding, now: &Binding) -> Option<String> {
    let keyed = |entries: &[BoundEntry]| -> BTreeMap<_, _> {
        let entries = entries.iter().cloned();
        entries
            .map(|it| ((it.kind, it.name, it.id), it.digest))
            .collect()
    };
    let (was, is) = (keyed(&saved.entries), keyed(&now.entries));
    let key = differing(&was, &is)?;
    let what = match (was.get(key), is.get(key)) {
        (Some(_), None) => "is no longer in the manifests",
        (None, _) => "is new in the manifests",
        _ => "was changed in the manifests",
    };
    let (kind, name, _) = key;
    let name = Untrusted::from(name.as_str()).for_terminal();
    Some(format!("the {kind} `{name}` {what}"))
}

fn other_record(was: &BoundRecord, is: &BoundRecord) -> Option<String> {
    if let Some(name) = differing(&was.fields, &is.fields) {
        let name = Untrusted::from(name.as_str()).for_terminal();
        return Some(format!("was changed on the server: `{name}`"));
    }
    if let Some(name) = differing(&was.secrets, &is.secrets) {
        // What it was when it was planned, and what it is.
        let compared = |record: &BoundRecord| match record.secrets.get(name) {
            Some(Compared::Equal) => ("matched the server's", "matches it"),
            Some(Compared::Different) => ("differed from the server's", "differs from it"),
            Some(Compared::Unknown) | None => ("was not compared", "is not compared"),
        };
        let shown = Untrusted::from(name.as_str()).for_terminal();
        let (from, to) = (compared(was).0, compared(is).1);
        return Some(format!("has a `{shown}` that {from}, and {to} now"));
    }
    (was.updated_at != is.updated_at).then(|| "was saved on the server since".to_owned())
}

/// What tells a change from the others. Another record under the same name is another change, but which action it is
/// may differ.
fn identity(change: &ChangeReport) -> (&Subject, Option<&Untrusted>) {
    (&change.subject, change.id.as_ref())
}

fn by_identity(
    changes: &[ChangeReport],
) -> BTreeMap<(&Subject, Option<&Untrusted>), &ChangeReport> {
    changes.iter().map(|it| (identity(it), it)).collect()
}

/// What is not the same in two changes of one integration.
fn other_change(was: &ChangeReport, is: &ChangeReport) -> Option<String> {
    if was.action != is.action {
        let (from, to) = (word(was.action), word(is.action));
        return Some(format!("{from} was planned, and now {to}"));
    }
    let (was, is) = (bare(was), bare(is));
    if was == is {
        return None;
    }
    let fields = was.fields.iter().chain(&is.fields);
    let mut fields =
        fields.filter(|field| !was.fields.contains(field) || !is.fields.contains(field));
    let what = fields.next().map_or_else(
        || "what is wrong with it".to_owned(),
        |field| format!("what becomes of `{}`", field.name.for_terminal()),
    );
    Some(format!("{what} is not what was planned"))
}

/// A change without what does not count.
fn bare(change: &ChangeReport) -> ChangeReport {
    let mut bare = change.clone();
    bare.place = None;
    bare.cause = None;
    bare.last_change = None;
    for field in &mut bare.fields {
        field.cause = None;
    }
    bare
}

fn name(change: &ChangeReport) -> String {
    let Subject { kind, name } = &change.subject;
    format!("the {kind} `{}`", name.for_terminal())
}

fn word(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Blocked => "a block",
        ActionKind::Condition => "a condition",
        ActionKind::Delete => "a delete",
        ActionKind::Disable => "a disable",
        ActionKind::Update => "an update",
        ActionKind::Create => "a create",
    }
}
