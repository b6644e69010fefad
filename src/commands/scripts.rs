//! The scripts that a plan would write, checked before anything is written.

use std::collections::BTreeSet;

use super::failure::Failure;
use super::load::{self, Loaded};
use super::terminal::Terminal;
use crate::desired;
use crate::diagnostic::Place;
use crate::integration::Role;
use crate::plan::{Change, Plan};

/// Refuses a plan that would write an unsound script. What the server has already is not looked at again.
///
/// # Errors
/// When a script is unsound; the reason has been shown.
pub(super) fn check_written(
    plan: &Plan,
    loaded: &Loaded,
    strict: bool,
    terminal: Terminal,
) -> Result<(), Failure> {
    let written: BTreeSet<_> = plan
        .changes
        .iter()
        .filter(|change| writes_script(change))
        .filter_map(|change| change.place.as_ref())
        .map(Place::begins)
        .collect();
    let entries = loaded
        .desired
        .entries
        .iter()
        .filter(|entry| written.contains(&entry.place.begins()));
    let found = desired::scripts::check(entries, &loaded.sources.texts);
    loaded.show(&found, terminal);
    if load::refused(&found, strict) {
        Err(loaded.refusal(&found))
    } else {
        Ok(())
    }
}

fn writes_script(change: &Change) -> bool {
    let mut fields = change.fields.iter();
    change.action.is_write() && fields.any(|change| change.field.role == Role::Script)
}
