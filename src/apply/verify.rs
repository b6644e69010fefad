//! What was asked against what the server answers: written means verified.
//!
//! A status of 200 proves nothing (reference 13.12): a script that does not compile and a field that is
//! ignored are answered with it too. The comparison is the planner's own.

use crate::integration::field::is_empty;
use crate::integration::{Field, Fields, Role, Value};
use crate::observed::Record;
use crate::plan::FieldChange;

/// What a record lacks of what was asked for.
#[derive(Debug)]
pub(crate) struct Shortfall {
    /// The fields that differ: what the server answered, and what was asked for.
    pub(crate) fields: Vec<FieldChange>,
    /// What no field shows, in one line.
    pub(crate) why: Option<String>,
}

/// What the record lacks; `None` if it is as asked.
pub(super) fn shortfall(asked: &Fields, answered: &Record) -> Option<Shortfall> {
    let observed = match answered.fields() {
        Ok(observed) => observed,
        Err(error) => {
            return Some(Shortfall {
                fields: Vec::new(),
                why: Some(error.to_string()),
            });
        }
    };
    let mut asked = asked.clone();
    asked.kind().normalise(&mut asked);
    let fields = differences(&asked, &observed);
    let why = script_failure(&asked, answered);
    (!fields.is_empty() || why.is_some()).then_some(Shortfall { fields, why })
}

fn differences(asked: &Fields, observed: &Fields) -> Vec<FieldChange> {
    let differing = asked.iter().filter_map(|(field, value)| {
        let before = observed.get(field);
        (field.same(value, before) != Some(true)).then(|| FieldChange {
            field,
            before: before.cloned(),
            after: Some(value.clone()),
        })
    });
    differing.collect()
}

/// A script that is on runs only if the server compiled it (reference 7.4).
fn script_failure(asked: &Fields, answered: &Record) -> Option<String> {
    let value = |role| {
        let is_it = |(field, _): &(&Field, &Value)| field.role == role;
        asked.iter().find(is_it).map(|(_, value)| value)
    };
    let switched_on = matches!(value(Role::ScriptSwitch), Some(Value::Flag(true)));
    let written = value(Role::Script).is_some_and(|script| !is_blank(script));
    if !switched_on || !written || answered.script_compiled() {
        return None;
    }
    let reason = answered.script_error();
    Some(reason.map_or_else(
        || "the server did not compile the script".to_owned(),
        |reason| format!("the server could not compile the script: {reason}"),
    ))
}

/// The server compiles no blank script.
fn is_blank(script: &Value) -> bool {
    match script {
        Value::Script(text) => text.trim().is_empty(),
        other => is_empty(other),
    }
}
