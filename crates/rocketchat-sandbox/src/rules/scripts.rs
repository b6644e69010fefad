//! Scripts on their way into a record: frozen, compiled, or found broken (docs/server.md#saving-a-script).
//!
//! Whether a script parses is said by the JavaScript engine; what is stored as compiled text is made up,
//! since no two releases agree on it.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::super::compiler;
use super::super::profile::{Quirk, ServerProfile};
use super::super::reply::Refusal;
use super::super::write::text;
use super::{Call, is_blank, plain};

/// The engine of a record that names none.
pub(super) const DEFAULT_ENGINE: &str = "isolated-vm";

/// What compiling came to.
pub(super) enum Compiled {
    /// There was nothing to compile, or the engine is frozen.
    Not,
    /// The text that would run.
    Fine(String),
    /// The `scriptError` of the record.
    Broken(Value),
}

/// The code with which scripts of an engine are refused while the server's environment freezes them.
pub(super) fn frozen(call: &Call<'_>, engine: &str) -> Option<&'static str> {
    if !call.profile.has(Quirk::FreezesScripts) {
        return None;
    }
    match (call.state.world.word("FREEZE_INTEGRATION_SCRIPTS")?, engine) {
        ("yes" | "true", _) => Some("integration-scripts-disabled"),
        ("ivm", "isolated-vm") => Some("integration-scripts-isolated-vm-disabled"),
        ("vm2", "vm2") => Some("integration-scripts-vm2-disabled"),
        _ => None,
    }
}

/// The engine that a body or record names, or the one for those that name none.
pub(super) fn engine(of: &Map<String, Value>) -> &str {
    text(of, "scriptEngine").unwrap_or(DEFAULT_ENGINE)
}

/// Refuses to create what has a script while scripts of its engine are frozen.
pub(super) fn refuse_frozen(call: &Call<'_>) -> Result<(), Refusal> {
    let code = frozen(call, engine(&call.body)).filter(|_| !is_blank(call.body.get("script")));
    code.map_or(Ok(()), |code| Err(plain(code)))
}

/// What is compiled of the script of a body, if it has one.
pub(in super::super) fn program<'b>(
    profile: &ServerProfile,
    data: &'b Map<String, Value>,
) -> Option<Cow<'b, str>> {
    let source = text(data, "script")?;
    Some(if is_taken_as_it_is(profile, data) {
        // Parsed inside a function, without a line break behind it: a closing comment swallows the end.
        format!("(function(){{{source}}})").into()
    } else {
        source.into()
    })
}

/// Whether the script is not transpiled.
fn is_taken_as_it_is(profile: &ServerProfile, data: &Map<String, Value>) -> bool {
    let skips = data.get("skipTranspile") == Some(&Value::Bool(true));
    profile.has(Quirk::RawScripts) || (profile.has(Quirk::KnowsSkipTranspile) && skips)
}

/// Compiles the script of a body, when it is enabled and not blank and its engine not frozen.
pub(super) fn compile(call: &Call<'_>, data: &Map<String, Value>, engine: &str) -> Compiled {
    let enabled = data.get("scriptEnabled") == Some(&Value::Bool(true));
    if !enabled || is_blank(data.get("script")) || frozen(call, engine).is_some() {
        return Compiled::Not;
    }
    let source = text(data, "script").unwrap_or_default();
    let as_it_is = is_taken_as_it_is(call.profile, data);
    let program = program(call.profile, data).unwrap_or_default();
    let ahead = call.checked.as_ref();
    let outcome = match ahead.filter(|checked| checked.program == program) {
        Some(checked) => checked.outcome.clone(),
        None => compiler::check_here(&program),
    };
    match outcome {
        Ok(()) if as_it_is => Compiled::Fine(source.to_owned()),
        Ok(()) => Compiled::Fine(format!("\"use strict\";{}", source.trim_end())),
        Err(error) => {
            let message = format!("{} ({}:{})", error.message, error.line, error.column);
            let stack = format!(
                "SyntaxError: {message}\n    at integration.js:{}:{}",
                error.line, error.column
            );
            Compiled::Broken(json!({ "name": "SyntaxError", "message": message, "stack": stack }))
        }
    }
}

impl Compiled {
    /// Puts the outcome into a record: the one key is set and the other taken away.
    pub(super) fn write(self, record: &mut Map<String, Value>) {
        let (set, value, unset) = match self {
            Self::Not => return,
            Self::Fine(text) => ("scriptCompiled", Value::String(text), "scriptError"),
            Self::Broken(error) => ("scriptError", error, "scriptCompiled"),
        };
        record.insert(set.to_owned(), value);
        record.shift_remove(unset);
    }
}
