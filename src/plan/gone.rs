//! Fields that a manifest writes and the server does not take any more.

use super::Plan;
use crate::desired::{DesiredState, State};
use crate::integration::Field;
use crate::problem::{Code, Problem, Severity};

const FIELD_GONE: Code = Code("field-gone");

impl Plan {
    /// What is to be told of fields that this server does not take any more: a note where it does what is written all the
    /// same, else a warning.
    pub fn gone(&self, desired: &DesiredState) -> Vec<Problem> {
        let version = self.server.version;
        let present = desired.entries.iter();
        let present = present.filter(|entry| entry.state == State::Present);
        let told = present.flat_map(|entry| {
            let fields = entry.key.kind.fields().iter();
            fields.filter_map(|field: &Field| {
                let at = entry.written.get(field.name)?;
                let then = field.versions.gone(version)?;
                let same = entry.fields.get(field).is_some_and(|value| then.is(value));
                Some(problem(field.name, same, at.clone()))
            })
        });
        told.collect()
    }
}

fn problem(field: &str, same: bool, at: crate::problem::Place) -> Problem {
    let help = format!("remove `{field}`");
    if same {
        let message =
            format!("this server no longer knows `{field}`, and does what it asks for anyway");
        let note = Problem::warning(FIELD_GONE, at, message).help(help);
        return Problem {
            severity: Severity::Note,
            ..note
        };
    }
    let message =
        format!("this server no longer knows `{field}`, and does not do what it asks for");
    Problem::warning(FIELD_GONE, at, message).help(help)
}
