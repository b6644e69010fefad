//! Conditions: what is wrong with a record that no field shows. They come from the record itself and from the users
//! that were looked up.

use super::disabled;
use crate::desired::Desired;
use crate::integration::compat;
use crate::integration::{Fields, Role, Value};
use crate::observed::{ObservedState, Record};
use crate::problem::{Code, Problem};

/// Something wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What is wrong, and what to do about it.
    pub problem: Problem,
    /// What the server says about it.
    pub words: Option<String>,
    /// Whether an update by this server may fix it.
    pub may_fix: bool,
}

/// The conditions of a record.
pub(super) fn of(
    entry: &Desired,
    record: &Record,
    fields: &Fields,
    observed: &ObservedState,
) -> Vec<Condition> {
    let with_its_user = disabled::with_its_user(entry, fields, observed);
    let all = [
        script_not_compiled(entry, record, fields, observed),
        posts_as_someone_else(record, fields, observed),
        posting_user(fields, with_its_user, observed),
        disabled::target_gone(entry, record, fields, observed),
    ];
    all.into_iter().flatten().collect()
}

/// Why a script that is on does not run, where that is so: the server runs the compiled one alone (docs/server.md#saving-a-script).
/// What the server says of a script may quote it, and with it a secret that `wanted` puts into it.
pub fn script_failure(record: &Record, fields: &Fields, wanted: &Fields) -> Option<String> {
    let switched_on = fields.is_on(Role::ScriptSwitch);
    let blank = match fields.by_role(Role::Script) {
        Some(Value::Script(text)) => text.is_blank(),
        // A snapshot hides it.
        Some(Value::Secret(_)) => false,
        _ => true,
    };
    if !switched_on || blank || record.script_compiled() {
        return None;
    }
    let guarded = wanted
        .by_role(Role::Script)
        .is_some_and(Value::holds_secret);
    Some(match record.script_error() {
        Some(_) if guarded => "its message is not shown: it may quote a secret".to_owned(),
        words => words.unwrap_or_default(),
    })
}

fn script_not_compiled(
    entry: &Desired,
    record: &Record,
    fields: &Fields,
    observed: &ObservedState,
) -> Option<Condition> {
    let words = script_failure(record, fields, &entry.fields)?;
    let may_fix = compat::takes_updates(observed.server.version);
    let help = if may_fix {
        "an update makes the server compile it again; if it fails again, fix the script"
    } else {
        "save it again in the administration; if it fails again, fix the script"
    };
    let why = "the server has no compiled form of the script, so it runs none";
    Some(Condition {
        problem: Problem::with_help(Code("script-not-compiled"), why, help),
        words: Some(words).filter(|words| !words.is_empty()),
        may_fix,
    })
}

/// The user that counts is the one of the id, whatever the name says (docs/server.md#update).
fn posts_as_someone_else(
    record: &Record,
    fields: &Fields,
    observed: &ObservedState,
) -> Option<Condition> {
    let name = poster(fields)?;
    let posts_as = record.user_id()?;
    let id = observed.users.id_of(name, &observed.server)?;
    if *id == posts_as {
        return None;
    }
    let field = record.kind.row(Role::PostsAs)?;
    let version = observed.server.version;
    let may_fix = field.changes_on(version) && compat::takes_updates(version);
    let help = if may_fix {
        "an update writes the right one".to_owned()
    } else {
        format!(
            "this server cannot fix it ({} is the first version that can): a new name for the entry creates a new webhook \
             with a new URL",
            field.changes_since.max(compat::UPDATES_SINCE)
        )
    };
    let why = format!("it posts as the user {posts_as}, and `{name}` is {id}");
    Some(Condition {
        problem: Problem::with_help(Code("posts-as-someone-else"), why, help),
        words: None,
        may_fix,
    })
}

/// What is certainly wrong with whom these values post as. The webhook may be disabled because of it.
pub(super) fn posting_user(
    fields: &Fields,
    disabled: bool,
    observed: &ObservedState,
) -> Option<Condition> {
    let name = poster(fields)?;
    let users = &observed.users;
    let required = compat::requires_impersonation(fields.kind(), observed.server.version);
    let (code, why, help) = if users.is_nobody(name) {
        (
            "posting-user-missing",
            if disabled {
                format!(
                    "no user is named `{name}`, and the webhook is disabled: the server does that when it deletes the user, \
                     and refuses every change of the webhook"
                )
            } else {
                format!(
                    "no user is named `{name}`: the server refuses every change of this webhook"
                )
            },
            "create the user, or correct its name (case matters)",
        )
    } else if required && users.may_impersonate(name) == Some(false) {
        (
            "posting-user-may-not-impersonate",
            format!(
                "`{name}` lacks `message-impersonate`: the server refuses every change of this webhook, and posts nothing for it"
            ),
            "give the user the role `bot`, or another with that permission, or name another user",
        )
    } else {
        return None;
    };
    Some(Condition {
        problem: Problem::with_help(Code(code), why, help),
        words: None,
        may_fix: false,
    })
}

/// Whom it posts as.
pub(super) fn poster(fields: &Fields) -> Option<&str> {
    match fields.by_role(Role::PostsAs)? {
        Value::Text(name) => name.as_plain(),
        _ => None,
    }
}
