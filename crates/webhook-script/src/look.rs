//! What a script amounts to when a server loads it.

use std::time::Duration;

use oxc_span::SourceType;

use super::limits::CLOSING_COMMENT;
use super::profile::{Mode, ServerProfile};
use super::runtime::{End, Engine, Kind, Limits, Load, Method, Options, Thrown, ThrownValue};
use super::{Facts, Loaded, Looked, Sandbox, ScriptError, Spot, names, parse};

/// How long loading may take here: less than on a server, since nothing waits for it.
const LOAD: Duration = Duration::from_millis(1500);
/// The longest message that is passed on, in characters.
const MAX_MESSAGE: usize = 200;

/// Whether such a server accepts a script when it is saved, and what the script amounts to. Takes what time it takes: see
/// [`Checker`](super::Checker).
///
/// # Errors
/// Where the syntax is wrong, and what is wrong with it.
pub fn look(source: &str, profile: ServerProfile) -> Looked {
    let limits = Limits {
        load: LOAD,
        ..Limits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let engine = Engine::load_with(source, Kind::Incoming, profile, options);
    let read = || {
        let script = SourceType::script();
        parse::with(source, script, parse::Nesting::Deep, names::read).unwrap_or_default()
    };
    let (loaded, names) = match engine.loaded() {
        Load::Refused(error) => return Err(unfinished(source, profile, error)),
        Load::Blank => (Loaded::NoScript, names::Names::default()),
        Load::Methods(methods) => {
            let names = read();
            let mut class = names.class.clone();
            class.methods.retain(|name| !is_called(name));
            let found = methods.iter().map(|method| method.name().to_owned());
            class.methods.extend(found);
            (Loaded::Class(class), names)
        }
        Load::Failed(end) => {
            let names = read();
            let written = || Loaded::Class(names.class.clone());
            // What is asked of parts that only a server has says nothing against the script.
            let is_fine = matches!(end, End::Unknown(_)) && !names.class.methods.is_empty();
            let loaded = if is_fine {
                written()
            } else {
                failed(end, profile.sandbox)
            };
            (loaded, names)
        }
    };
    Ok(Some(Facts {
        loaded,
        parameters: names.class.parameters,
        absent: match profile.sandbox {
            Sandbox::IsolatedVm => names.absent,
            Sandbox::Vm2 => Vec::new(),
        },
        words: names.words,
        top_level: names.top_level,
        strict: names.strict,
        unknown: match profile.sandbox {
            Sandbox::IsolatedVm => names.unknown,
            // Of its own globals the names are not all known.
            Sandbox::Vm2 => names.fetch.into_iter().collect(),
        },
    }))
}

/// The error of a raw script in the places of the script: what is refused also as it is is told as it is.
///
/// Says of a script whose last line is a comment without a line end that this is what is wrong: the comment goes on over what
/// is behind the script while it is checked.
fn unfinished(source: &str, profile: ServerProfile, error: &ScriptError) -> ScriptError {
    if profile.mode == Mode::Transpiled {
        return error.clone();
    }
    if let Err(plain) = super::check(source) {
        return plain;
    }
    let last = source.lines().last().unwrap_or_default();
    if source.ends_with('\n') || !last.contains("//") {
        return error.clone();
    }
    let ended = Engine::load(&format!("{source}\n"), Kind::Incoming, profile);
    if matches!(ended.loaded(), Load::Refused(_)) {
        return error.clone();
    }
    let line = source.lines().count();
    ScriptError {
        message: CLOSING_COMMENT.to_owned(),
        line: u32::try_from(line).unwrap_or_default(),
        column: 1,
    }
}

fn is_called(name: &str) -> bool {
    Method::of(name).is_some()
}

/// What it means that loading failed.
fn failed(end: &End, sandbox: Sandbox) -> Loaded {
    let unknown = |why: &'static str| Loaded::Unknown(why.into());
    match end {
        End::Threw(thrown) => threw(thrown, sandbox),
        End::OutOfMemory | End::IsolateGone => unknown("takes too much memory"),
        End::LoadTimedOut | End::Hangs => unknown("runs for too long"),
        _ => unknown("depends on what only a server has"),
    }
}

fn threw(thrown: &Thrown, sandbox: Sandbox) -> Loaded {
    let (name, message) = match &thrown.value {
        ThrownValue::Error { name, message } => (name.as_str(), message.clone()),
        ThrownValue::Other(value) => ("", value.to_text()),
    };
    match (name, message.as_str()) {
        ("ReferenceError", "Script is not defined") => return Loaded::NoScript,
        ("TypeError", "Script is not a constructor" | "not a constructor") => {
            return Loaded::NoClass;
        }
        ("RangeError", "Maximum call stack size exceeded") => {
            return Loaded::Unknown("calls itself too deeply".into());
        }
        ("ReferenceError", _) if sandbox == Sandbox::Vm2 => {
            return Loaded::Unknown("uses globals that only a server has".into());
        }
        _ => {}
    }
    let message = match (name, message.as_str()) {
        ("", "") => "a value that is no error".to_owned(),
        ("" | "Error", message) => message.to_owned(),
        (name, "") => name.to_owned(),
        (name, message) => format!("{name}: {message}"),
    };
    Loaded::Threw {
        message: message.chars().take(MAX_MESSAGE).collect(),
        at: thrown.place.map(|place| Spot {
            line: place.line,
            column: place.column,
        }),
    }
}
