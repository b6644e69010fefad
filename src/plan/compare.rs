//! An entry against its record, row by row; and the body of the update that makes them equal.
//!
//! An update replaces the whole record (docs/server.md#update), so its body is complete: what the manifest says, and the
//! stored bytes for whatever compares equal or is left to others.

use std::borrow::Cow;

use super::conditions::{self, Condition};
use super::{Action, Decision, FieldChange, Reason, disabled, preflight};
use crate::desired::Desired;
use crate::integration::compat::{self, UPDATES_SINCE};
use crate::integration::{Field, Fields, LeftOut, Role, Value};
use crate::observed::{DecodeError, Detail, ObservedState, Record, ServerFacts};

/// What has to change about a record; `None` if it is as written.
pub(super) fn record(
    entry: &Desired,
    record: &Record,
    observed: &ObservedState,
) -> Option<Decision> {
    let unread = |error| {
        Some(Decision::blocked(
            Some(record.id.clone()),
            vec![unreadable(&error)],
        ))
    };
    let fields = match record.fields_like(Some(&entry.fields)) {
        Ok(fields) => fields,
        Err(error) => return unread(error),
    };
    let conditions = conditions::of(entry, record, fields, observed);
    let wanted = wanted(entry, fields);
    let differs = |(field, value): (&Field, &Value)| value.same(fields.get(field)) == Some(false);
    // Most records are as written, and need no body.
    if conditions.is_empty() && !wanted.iter().any(differs) {
        return None;
    }
    let stored = match record.stored() {
        Ok(stored) => stored,
        Err(error) => return unread(error),
    };
    let mut update = Update::new(entry, &observed.server, stored);
    let rows = entry.key.kind.fields().iter();
    let reasons = rows.filter_map(|field| {
        let row = update.row(field, wanted.get(field), fields.get(field));
        row.err()
    });
    let reasons: Vec<_> = reasons.collect();
    if !reasons.is_empty() {
        let blocked = Decision::blocked(Some(record.id.clone()), reasons);
        return Some(blocked.showing(update.blocking).with(conditions));
    }
    update.carry_over(&wanted);
    decide(record, fields, update, conditions, observed)
}

/// The rows that cannot be compared, because one of the sides is an unknown secret.
pub(super) fn open(entry: &Desired, observed: &Fields) -> Vec<&'static Field> {
    let wanted = wanted(entry, observed);
    let rows = wanted.iter();
    rows.filter(|(field, value)| value.same(observed.get(field)).is_none())
        .map(|(field, _)| field)
        .collect()
}

/// Why nothing can be done about a record.
fn unreadable(error: &DecodeError) -> Reason {
    Reason::new(
        format!("the record cannot be read: {error}"),
        "save it once in the administration, or delete it",
    )
}

/// The stored values of a record that no entry names. A snapshot holds none of them but whether it is on.
pub(super) fn stored(record: &Record) -> Result<Fields, Reason> {
    if record.detail() != Detail::Identity {
        return record.stored().map_err(|error| unreadable(&error));
    }
    let mut known = Fields::new(record.kind);
    if let Some(switch) = record.kind.row(Role::Switch) {
        known.set(switch.name, Some(Value::Flag(record.is_enabled())));
    }
    Ok(known)
}

/// The values that are compared: those of the entry, but for the rows that it leaves to others. What others chose
/// there decides which of the rest counts.
pub(super) fn wanted<'e>(entry: &'e Desired, observed: &Fields) -> Cow<'e, Fields> {
    if entry.ignored.is_empty() {
        return Cow::Borrowed(&entry.fields);
    }
    let mut wanted = entry.fields.clone();
    let ignored = || {
        let rows = entry.key.kind.fields().iter();
        rows.filter(|field| entry.ignored.contains(field.name))
    };
    for field in ignored() {
        wanted.set(field.name, observed.get(field).cloned());
    }
    entry.key.kind.normalise(&mut wanted);
    for field in ignored() {
        wanted.set(field.name, None);
    }
    Cow::Owned(wanted)
}

/// An update in the making.
struct Update<'a> {
    entry: &'a Desired,
    server: &'a ServerFacts,
    stored: Fields,
    to: Fields,
    changes: Vec<FieldChange>,
    /// The changes that this server cannot make.
    blocking: Vec<FieldChange>,
}

impl<'a> Update<'a> {
    fn new(entry: &'a Desired, server: &'a ServerFacts, stored: Fields) -> Self {
        Self {
            entry,
            server,
            to: Fields::new(entry.key.kind),
            stored,
            changes: Vec::new(),
            blocking: Vec::new(),
        }
    }

    fn row(
        &mut self,
        field: &'static Field,
        wanted: Option<&Value>,
        observed: Option<&Value>,
    ) -> Result<(), Reason> {
        // An unknown secret compares with nothing: what is stored stays.
        let differing = wanted.filter(|value| value.same(observed) == Some(false));
        let Some(value) = differing else {
            self.keep(field, wanted);
            return Ok(());
        };
        let change = FieldChange {
            field,
            before: observed.cloned(),
            after: Some(value.clone()),
        };
        match self.held(field) {
            Ok(true) => {
                self.to.set(field.name, Some(value.clone()));
                self.changes.push(change);
                Ok(())
            }
            Ok(false) => Ok(()),
            Err(reason) => {
                self.blocking.push(change);
                Err(reason)
            }
        }
    }

    /// Puts what is wanted instead of stored bytes that came alive: what the old event did not use was not
    /// compared, and the new one may use it.
    fn carry_over(&mut self, wanted: &Fields) {
        let mut effective = self.to.clone();
        effective.kind().normalise(&mut effective);
        for (field, value) in wanted.iter() {
            let taken = field.versions.supported_by(self.server.version);
            if taken && value.same(effective.get(field)) == Some(false) {
                self.to.set(field.name, Some(value.clone()));
            }
        }
    }

    /// Whether this server takes the field and changes it.
    fn held(&self, field: &Field) -> Result<bool, Reason> {
        let held = held(field, self.entry, self.server)?;
        if field.changes_on(self.server.version) {
            return Ok(held);
        }
        Err(Reason::new(
            format!(
                "this server{} cannot change `{}` of an existing webhook: {} is the first version that can",
                in_words(self.server),
                field.name,
                field.changes_since
            ),
            format!(
                "keep `{}` as it is, or give the entry a new name: that creates a webhook with a new URL",
                field.name
            ),
        ))
    }

    /// The body's value of a row that stays as it is.
    fn keep(&mut self, field: &'static Field, wanted: Option<&Value>) {
        let otherwise = wanted.or(self.entry.fields.get(field));
        let value = kept(field, &self.stored, self.server, otherwise);
        self.changes
            .extend(generated(field, value.as_ref(), self.server));
        self.to.set(field.name, value);
    }
}

/// The body's value of a row that stays as it is: the stored one, and where there is none what this server has to be
/// told.
fn kept(
    field: &Field,
    stored: &Fields,
    server: &ServerFacts,
    otherwise: Option<&Value>,
) -> Option<Value> {
    let version = server.version;
    if !field.versions.supported_by(version) {
        return None;
    }
    let stored = stored.get(field).filter(|value| !is_blank_secret(value));
    let required = field.always_sent || field.versions.required_by(version);
    stored
        .cloned()
        .or_else(|| field.versions.legacy_default(version))
        .or_else(|| required.then(|| otherwise.cloned().unwrap_or_else(|| field.empty())))
}

/// A record may do without a secret, but an update may not (docs/server.md#update).
fn generated(
    field: &'static Field,
    value: Option<&Value>,
    server: &ServerFacts,
) -> Option<FieldChange> {
    let missing = value.is_none() && field.left_out == LeftOut::Generated;
    (missing && field.versions.supported_by(server.version)).then_some(FieldChange {
        field,
        before: None,
        after: None,
    })
}

/// The update that switches a record off and leaves all else as it is stored.
pub(super) struct SwitchedOff {
    pub(super) from: Fields,
    pub(super) to: Fields,
    pub(super) changes: Vec<FieldChange>,
}

/// Switches a record off that no entry names.
pub(super) fn switched_off(
    record: &Record,
    observed: &ObservedState,
) -> Result<SwitchedOff, Vec<Reason>> {
    let server = &observed.server;
    let from = stored(record).map_err(|reason| vec![reason])?;
    if !compat::takes_updates(server.version) {
        return Err(vec![no_updates(server)]);
    }
    let mut to = Fields::new(record.kind);
    let mut changes = Vec::new();
    for field in record.kind.fields() {
        if field.role == Role::Switch {
            to.set(field.name, Some(field.empty()));
            changes.push(FieldChange {
                field,
                before: from.get(field).cloned(),
                after: Some(field.empty()),
            });
            continue;
        }
        let value = kept(field, &from, server, None);
        changes.extend(generated(field, value.as_ref(), server));
        to.set(field.name, value);
    }
    let user = preflight::refusal(&to, false, observed);
    let reasons = preflight::refusals(user, &to, observed);
    if reasons.is_empty() {
        Ok(SwitchedOff { from, to, changes })
    } else {
        Err(reasons)
    }
}

/// Whether the update is worth it, and whether it can be made.
fn decide(
    record: &Record,
    fields: &Fields,
    update: Update<'_>,
    conditions: Vec<Condition>,
    observed: &ObservedState,
) -> Option<Decision> {
    let id = record.id.clone();
    let version = observed.server.version;
    // A secret that is generated comes along with other changes and is none by itself.
    let differs = update.changes.iter().any(|change| change.after.is_some());
    let possible = compat::takes_updates(version);
    let fixes = conditions.iter().any(|condition| condition.may_fix);
    if !differs && !fixes {
        let told = !conditions.is_empty();
        return told.then(|| Decision::new(Action::Condition { id }).with(conditions));
    }
    let Update {
        entry,
        stored,
        to,
        changes,
        ..
    } = update;
    if !possible {
        let blocked = Decision::blocked(Some(id), vec![no_updates(&observed.server)]);
        return Some(blocked.showing(changes).with(conditions));
    }
    // What refuses the update may be a condition of the record already: it is told once.
    let same_user = conditions::poster(&to) == conditions::poster(fields);
    let off = same_user && disabled::with_its_user(entry, fields, observed);
    let refusal = preflight::refusal(&to, off, observed);
    let refusal = refusal.or_else(|| disabled::hold(entry, &conditions));
    let conditions = preflight::without(conditions, refusal.as_ref());
    let reasons = preflight::refusals(refusal, &to, observed);
    let decision = if reasons.is_empty() {
        Decision::new(Action::Update {
            id,
            from: stored,
            to,
        })
    } else {
        Decision::blocked(Some(id), reasons)
    };
    Some(decision.showing(changes).with(conditions))
}

fn no_updates(server: &ServerFacts) -> Reason {
    Reason::new(
        format!(
            "this server{} cannot change integrations: {UPDATES_SINCE} is the first version that can",
            in_words(server)
        ),
        "change it in the administration, or upgrade the server",
    )
}

/// Whether this server takes the field. One that it does not know can be left out if the value is what the server
/// does anyway; any other written value blocks the entry.
pub(super) fn held(field: &Field, entry: &Desired, server: &ServerFacts) -> Result<bool, Reason> {
    if field.versions.supported_by(server.version) {
        return Ok(true);
    }
    if field.versions.gone(server.version).is_some() {
        return Ok(false);
    }
    let Some(value) = entry
        .fields
        .get(field)
        .filter(|_| entry.written.contains(field.name))
    else {
        return Ok(false);
    };
    if field.versions.matches_legacy_behaviour(value)
        || value.is_empty() && !field.versions.has_legacy_behaviour()
    {
        return Ok(false);
    }
    Err(Reason::new(
        format!(
            "this server{} does not know `{}`, which came with {}",
            in_words(server),
            field.name,
            field.versions.first()
        ),
        format!("leave `{}` out, or upgrade the server", field.name),
    ))
}

fn in_words(server: &ServerFacts) -> String {
    let version = server.version.map(|version| format!(" ({version})"));
    version.unwrap_or_default()
}

/// The server takes no blank token (docs/server.md#update).
fn is_blank_secret(value: &Value) -> bool {
    matches!(value, Value::Secret(secret) if secret.is_blank())
}
