//! The scripts of entries, each checked once however many entries share it.

use std::collections::BTreeMap;

use super::{Desired, ScriptAt};
use crate::diagnostic::{Diagnostic, SourceId, Texts};
use crate::integration::{Role, Value};
use crate::manifest::scripts::{self, Home, Looks, Used};
use crate::script::Engine;

/// What identifies a script: its file, or where it starts in a manifest.
type Origin = (SourceId, Option<u32>);

/// Checks the scripts of these entries. Blank ones are none to a server.
pub(crate) fn check<'d>(
    entries: impl IntoIterator<Item = &'d Desired>,
    texts: &Texts,
) -> Vec<Diagnostic> {
    let mut all: BTreeMap<Origin, Used<'d>> = BTreeMap::new();
    for entry in entries {
        let Some((text, at)) = script(entry) else {
            continue;
        };
        let origin = match at {
            ScriptAt::File(source, _) => (*source, None),
            ScriptAt::Value(place) => (place.source, Some(place.bytes.start)),
        };
        let used = all.entry(origin).or_insert_with(|| Used {
            text,
            home: match at {
                ScriptAt::File(source, _) => Home::file(*source, texts),
                ScriptAt::Value(place) => Home::value(place, text, texts),
            },
            engine: Engine::Vm2,
            enabled: false,
            kinds: Vec::new(),
            users: None,
        });
        join(used, entry, at);
    }
    let mut looks = Looks::new();
    all.values()
        .flat_map(|used| scripts::check(used, &mut looks))
        .collect()
}

/// An entry's script and where it stands, if it has one.
fn script(entry: &Desired) -> Option<(&str, &ScriptAt)> {
    let at = entry.script_at.as_ref()?;
    let mut fields = entry.fields.iter();
    fields.find_map(|(field, value)| match value {
        Value::Script(text) if field.role == Role::Script && !text.trim().is_empty() => {
            Some((&**text, at))
        }
        _ => None,
    })
}

/// Adds an entry to those that use a script. It has to be fit for the engine that offers least.
fn join(used: &mut Used<'_>, entry: &Desired, at: &ScriptAt) {
    used.engine = used.engine.min(scripts::engine(&entry.fields));
    used.enabled |= entry.fields.iter().any(|(field, value)| {
        field.role == Role::ScriptSwitch && matches!(value, Value::Flag(true))
    });
    let place = match at {
        ScriptAt::File(_, named) => named,
        ScriptAt::Value(place) => place,
    };
    if used.kinds.iter().all(|(kind, _)| *kind != entry.key.kind) {
        used.kinds.push((entry.key.kind, place.clone()));
    }
    if let ScriptAt::File(..) = at {
        match &mut used.users {
            Some((_, users)) => *users += 1,
            None => used.users = Some((place.clone(), 1)),
        }
    }
}
