//! What was asked against what the server answers: written means verified.
//!
//! A status of 200 proves nothing (docs/server.md#what-200-does-not-prove): a script that does not compile and a field that is
//! ignored are answered with it too. The comparison is the planner's own.

use crate::integration::Fields;
use crate::observed::Record;
use crate::plan::{FieldChange, script_failure};
use crate::redactor::ServerText;

/// What a record lacks of what was asked for.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// The fields that differ: what the server answered, and what was asked for.
    pub fields: Vec<FieldChange>,
    /// What no field shows, a line each.
    pub why: Vec<String>,
}

/// What the record lacks; `None` if it is as asked. `poster` is the id of whom it should post as, where that is known.
pub(super) fn mismatch(
    asked: &Fields,
    answered: &Record,
    poster: Option<&ServerText>,
) -> Option<Mismatch> {
    let observed = match answered.fields() {
        Ok(observed) => observed,
        Err(error) => {
            return Some(Mismatch {
                fields: Vec::new(),
                why: vec![error.to_string()],
            });
        }
    };
    let mut asked = asked.clone();
    asked.kind().normalise(&mut asked);
    let fields = differences(&asked, observed);
    let script = script_failure(answered, observed, &asked).map(|words| not_compiled(&words));
    let poster = poster.and_then(|id| posts_as_another(answered, id));
    let why: Vec<_> = script.into_iter().chain(poster).collect();
    (!fields.is_empty() || !why.is_empty()).then_some(Mismatch { fields, why })
}

fn differences(asked: &Fields, observed: &Fields) -> Vec<FieldChange> {
    let differing = asked.iter().filter_map(|(field, value)| {
        let before = observed.get(field);
        (value.same(before) != Some(true)).then(|| FieldChange {
            field,
            before: before.cloned(),
            after: Some(value.clone()),
        })
    });
    differing.collect()
}

fn not_compiled(words: &str) -> String {
    match words {
        "" => "the server did not compile the script".to_owned(),
        words => format!("the server could not compile the script: {words}"),
    }
}

/// The user that counts is the one of the id, whatever the name says (docs/server.md#update).
fn posts_as_another(answered: &Record, id: &ServerText) -> Option<String> {
    let posts_as = answered.user_id().filter(|posts_as| posts_as != id)?;
    Some(format!("it posts as the user {posts_as}, not as {id}"))
}
