//! Duplicates: records of one type and name that runs beside each other made of one entry.

use std::collections::BTreeMap;

use super::Run;
use super::verify::mismatch;
use crate::integration::{Field, Fields, LeftOut, Role, Value};
use crate::observed::{Record, ServerId};
use crate::plan::duplicates::alike;
pub(super) use crate::plan::duplicates::eldest;
use crate::redactor::ServerText;

/// The records that have the type and name of what was asked for, and were not there when the plan was made.
pub(super) fn new<'a>(
    records: &'a [Record],
    asked: &Fields,
    seen: &BTreeMap<ServerId, Record>,
) -> impl Iterator<Item = &'a Record> {
    let name = match asked.by_role(Role::Name) {
        Some(Value::Text(name)) => name.as_plain().map(ServerText::from),
        _ => None,
    };
    let kind = asked.kind();
    records
        .iter()
        .filter(move |it| it.kind == kind && Some(&it.name) == name.as_ref())
        .filter(|it| !seen.contains_key(&it.id))
}

impl Run {
    /// Whether this account created it.
    pub(super) fn is_own(&self, record: &Record) -> bool {
        record.created_by_id().as_ref() == Some(&self.server.user_id)
    }

    /// Whether a record has every value that was asked for, and for the rest what a new record has.
    pub(super) fn is_as_asked(&self, record: &Record, asked: &Fields) -> bool {
        if mismatch(asked, record, self.poster(asked)).is_some() {
            return false;
        }
        let Ok(observed) = record.fields() else {
            return false;
        };
        let mut asked = asked.clone();
        asked.kind().normalise(&mut asked);
        let has_script =
            matches!(asked.by_role(Role::Script), Some(Value::Script(text)) if !text.is_empty());
        let rows = asked.kind().fields().iter();
        let mut left_out = rows.filter(|field| asked.get(field).is_none());
        left_out.all(|field| is_new(field, observed.get(field), has_script))
    }

    /// Whether a record is the same as that of this run, which has what was asked for.
    pub(super) fn is_like(record: &Record, made: &Record, asked: &Fields) -> bool {
        alike(record, made, |field| {
            field.left_out == LeftOut::Generated && asked.get(field).is_none()
        })
    }
}

/// Whether a row that was not asked for has what a new record has there.
fn is_new(field: &Field, value: Option<&Value>, has_script: bool) -> bool {
    match (field.default_value(has_script), value) {
        (Some(default), value) => default.same(value) == Some(true),
        (None, Some(value)) if field.created_with.is_some() => field.is_server_default(value),
        (None, _) => true,
    }
}
