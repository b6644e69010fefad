//! An entry against its record, row by row.

use super::{Action, FieldChange, Reason};
use crate::desired::Desired;
use crate::integration::Field;
use crate::integration::field::is_empty;
use crate::observed::{Record, ServerFacts};

/// What has to change about a record; `None` if it is as written.
pub(super) fn record(
    entry: &Desired,
    record: &Record,
    server: &ServerFacts,
) -> Option<(Action, Vec<FieldChange>)> {
    let id = record.id.clone();
    let observed = match record.fields() {
        Ok(fields) => fields,
        Err(error) => {
            let reason = Reason {
                why: format!("the record cannot be read: {error}"),
                remedy: "save it once in the administration, or delete it".to_owned(),
            };
            return Some((
                Action::Blocked {
                    id: Some(id),
                    reason,
                },
                Vec::new(),
            ));
        }
    };
    let mut to = observed.clone();
    let mut fields = Vec::new();
    for (field, value) in entry.fields.iter() {
        // An unknown secret compares with nothing: it is left as it is.
        if field.same(value, observed.get(field)) != Some(false) {
            continue;
        }
        match held(field, entry, server) {
            Err(reason) => {
                return Some((
                    Action::Blocked {
                        id: Some(id),
                        reason,
                    },
                    Vec::new(),
                ));
            }
            Ok(false) => {}
            Ok(true) => {
                let before = observed.get(field).cloned();
                fields.push(FieldChange {
                    field,
                    before,
                    after: Some(value.clone()),
                });
                to.set(field.name, Some(value.clone()));
            }
        }
    }
    (!fields.is_empty()).then_some((Action::Update { id, to }, fields))
}

/// Whether this server takes the field. One that it does not know can be left out if the value is what the server
/// does anyway; any other written value blocks the entry.
pub(super) fn held(field: &Field, entry: &Desired, server: &ServerFacts) -> Result<bool, Reason> {
    if field.versions.take(server.version) {
        return Ok(true);
    }
    let Some(value) = entry
        .fields
        .get(field)
        .filter(|_| entry.written.contains(field.name))
    else {
        return Ok(false);
    };
    if field.versions.is_done_anyway(value) || is_empty(value) && !field.versions.has_own_way() {
        return Ok(false);
    }
    let server = server
        .version
        .map(|version| format!(" ({version})"))
        .unwrap_or_default();
    Err(Reason {
        why: format!(
            "this server{server} does not know `{}`, which came with {}",
            field.name,
            field.versions.first()
        ),
        remedy: format!("leave `{}` out, or upgrade the server", field.name),
    })
}
