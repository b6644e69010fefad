//! The scripts of entries, each checked once however many entries share it.

use std::collections::BTreeMap;

use webhook_script::{Mode, Sandbox, ServerProfile};

use super::{Desired, ScriptAt};
use crate::integration::{Role, Value, Version};
use crate::manifest::scripts::{self, Budget, Looks, ScriptLocation, UNCHECKED, Used};
use crate::problem::{Code, Findings, Problem, Severity, SourceId, Texts};
use crate::secret::Text;
use crate::side_by_side;

/// What identifies a script: its file, or where it starts in a manifest; and whether texts in it are replaced.
type Origin = (SourceId, Option<u32>, bool);

/// How many scripts it takes so long to look at as to start another process for it.
const WORTH_A_PROCESS: usize = 8;

/// Checks the scripts of these entries for a server of a version. Blank ones are none to a server.
pub fn check<'d>(
    entries: impl IntoIterator<Item = &'d Desired>,
    texts: &Texts,
    version: Version,
) -> Findings {
    let mut found = Findings::default();
    let mut all: BTreeMap<Origin, (Used<'d>, Vec<&'d Text>)> = BTreeMap::new();
    for entry in entries {
        let Some((text, written, at)) = script(entry) else {
            continue;
        };
        let origin = match at {
            ScriptAt::File(source, _) => (*source, None, false),
            ScriptAt::Template(source, ..) => (*source, None, true),
            ScriptAt::Value(place) => (place.source, Some(place.bytes.start), false),
        };
        let (used, replaced) = all.entry(origin).or_insert_with(|| {
            let used = used(written, at, texts);
            (used, Vec::new())
        });
        join(used, entry, at, version);
        found.extend(scripts::engine_gone(
            &entry.fields,
            entry.written.get(scripts::ENGINE),
            version,
        ));
        if let ScriptAt::Template(..) = at {
            replaced.push(text);
        }
    }
    let budget = Budget::of(all.len());
    let most = if webhook_script::are_apart() {
        all.len().div_ceil(WORTH_A_PROCESS)
    } else {
        1
    };
    side_by_side::each(
        most,
        all.values(),
        || {
            let mut looks = Looks::new(&budget, version);
            move |(used, replaced)| {
                let about = looks.check(used);
                if is_refused(&about) && !replaced.is_empty() {
                    return weighed(about, used, replaced, &mut looks);
                }
                about
            }
        },
        |about| found.extend(about),
    );
    found
}

/// What is left of findings about a script once it is looked at with its texts replaced: `{{KEY}}` in its place is no
/// JavaScript, and need not be. What is told is about the script as it is in the file, where no secret is.
fn weighed(
    mut about: Vec<Problem>,
    used: &Used<'_>,
    replaced: &[&Text],
    looks: &mut Looks<'_>,
) -> Vec<Problem> {
    let mut unchecked = None;
    for text in replaced {
        let found = with_replaced(used, text, looks);
        if is_refused(&found) {
            return about;
        }
        let mut found = found.into_iter();
        unchecked = unchecked.or_else(|| found.find(|one| one.code == UNCHECKED));
    }
    about.retain(|one| one.severity != Severity::Error);
    about.extend(unchecked);
    about
}

/// What is found in a script with its texts replaced. Of a secret that is not known nothing can be said.
fn with_replaced(used: &Used<'_>, replaced: &Text, looks: &mut Looks<'_>) -> Vec<Problem> {
    let Some(text) = replaced.expose() else {
        return Vec::new();
    };
    let used = Used {
        text: &text,
        location: used.location.clone(),
        kinds: used.kinds.clone(),
        users: used.users.clone(),
        ..*used
    };
    looks.check_once(&used)
}

fn is_refused(found: &[Problem]) -> bool {
    found.iter().any(|one| one.severity == Severity::Error)
}

/// An entry's script, the same as it is in a file or manifest, and where, if it has one.
fn script(entry: &Desired) -> Option<(&Text, &str, &ScriptAt)> {
    let at = entry.script_at.as_ref()?;
    let text = match entry.fields.by_role(Role::Script)? {
        Value::Script(text) if !text.is_blank() => text,
        _ => return None,
    };
    let written = match at {
        ScriptAt::Template(_, _, template) => template.as_plain()?,
        ScriptAt::File(..) | ScriptAt::Value(_) => text.as_plain()?,
    };
    Some((text, written, at))
}

/// What it means for the script of an entry that a server does not transpile it any more from the next save on.
pub fn strict_switch(entry: &Desired, texts: &Texts, is_allowed: bool) -> Option<Problem> {
    const CODE: Code = Code("strict-switch");
    let (text, written, at) = script(entry)?;
    let plain = text.expose()?;
    let mut used = used(written, at, texts);
    join(&mut used, entry, at, scripts::RAW_SINCE);
    used.text = &plain;
    let budget = Budget::of(1);
    let (found, breaks) = Looks::new(&budget, scripts::RAW_SINCE).switched(&used);
    let name = &entry.key.name;
    let head = format!("this write switches the script of {name:?} to strict mode");
    let place = || entry.place.clone();
    let Some(first) = found.into_iter().next() else {
        let note =
            Problem::warning(CODE, place(), head).help("nothing was found that strict mode breaks");
        return Some(Problem {
            severity: Severity::Note,
            ..note
        });
    };
    let advice = first
        .help
        .map(|help| format!("{help}; or "))
        .unwrap_or_default();
    let verb = if breaks {
        "it breaks there"
    } else {
        "it may break there"
    };
    let message = format!("{head}, and {verb}: {}", first.message);
    let problem = if breaks && !is_allowed {
        let help = format!(
            "{advice}`--allow-strict-switch {name:?}` for this run; on 8.4 to 8.9, `skipTranspile: true` tries it before the \
             upgrade"
        );
        Problem::error(CODE, place(), message).help(help)
    } else {
        let help = format!("{advice}save the record by itself, and watch its next delivery");
        Problem::warning(CODE, place(), message).help(help)
    };
    let also = first.place.filter(|at| *at != entry.place);
    Some(match also {
        Some(at) => problem.also(at, "here"),
        None => problem,
    })
}

/// A script as it is looked at, used by nothing yet.
fn used<'d>(written: &'d str, at: &ScriptAt, texts: &Texts) -> Used<'d> {
    Used {
        text: written,
        location: match at {
            ScriptAt::File(source, _) | ScriptAt::Template(source, ..) => {
                ScriptLocation::file(*source, texts)
            }
            ScriptAt::Value(place) => ScriptLocation::value(place, written, texts),
        },
        profile: ANY,
        enabled: false,
        kinds: Vec::new(),
        users: None,
    }
}

/// What no server falls short of.
const ANY: ServerProfile = ServerProfile {
    sandbox: Sandbox::Vm2,
    mode: Mode::Transpiled,
};

/// Adds an entry to those that use a script. It has to be fit for the engine that offers least.
fn join(used: &mut Used<'_>, entry: &Desired, at: &ScriptAt, version: Version) {
    let profile = scripts::profile(&entry.fields, version);
    used.profile = ServerProfile {
        sandbox: used.profile.sandbox.min(profile.sandbox),
        mode: used.profile.mode.min(profile.mode),
    };
    used.enabled |= entry.fields.is_on(Role::ScriptSwitch);
    let place = match at {
        ScriptAt::File(_, named) | ScriptAt::Template(_, named, _) => named,
        ScriptAt::Value(place) => place,
    };
    if used.kinds.iter().all(|(kind, _)| *kind != entry.key.kind) {
        used.kinds.push((entry.key.kind, place.clone()));
    }
    if !matches!(at, ScriptAt::Value(_)) {
        match &mut used.users {
            Some((_, users)) => *users += 1,
            None => used.users = Some((place.clone(), 1)),
        }
    }
}
