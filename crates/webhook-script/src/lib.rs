//! The JavaScript engine: whether a script parses, what it amounts to when a server loads it, and what it does when a
//! server calls it. Pure: nothing that a script does reaches the outside.
//!
//! [`runtime`] loads a script and calls its methods as a server does, with the server's globals, its state, its limits and
//! its errors; [`delivery`] says what the server makes of the outcome. `docs/script-engine.md` says how that differs from a
//! server.
//!
//! [`check`] reads a script as a program behind a statement that throws, so that whatever it holds, and
//! however it ends what was meant to enclose it, nothing of it is reached. [`look()`] also runs its top level as a
//! server does, under hard limits, and reads from its tree (`parse`) which names it uses (`names`). What of that
//! is a mistake is judged elsewhere. Without the feature `engine` there is no engine, and every script passes.
//!
//! # Time
//! An engine can be asked to stop only where it asks, and this one does not while it parses (a megabyte of
//! declarations takes it half a minute) nor inside of a built-in function (`[].reverse` of an endless list). To leave
//! out what may take long would be to chase each release of the engine, and a thread that spins cannot be ended. So
//! [`Checker`] has scripts looked at by a process of their own, which is this program once more ([`isolated`]): what
//! is not done in time is killed with it, nothing runs on, and what crashes the engine ends that process alone.
//! [`check`] and [`look()`] are what that process does, without a limit in time of their own.

#[cfg(feature = "engine")]
pub mod delivery;
#[cfg(feature = "engine")]
mod engine;
#[cfg(feature = "engine")]
mod globals;
#[cfg(feature = "engine")]
pub mod isolated;
mod limits;
#[cfg(feature = "engine")]
mod look;
#[cfg(feature = "engine")]
mod names;
#[cfg(feature = "engine")]
mod parse;
mod profile;
#[cfg(feature = "engine")]
pub mod runtime;
#[cfg(feature = "engine")]
mod strictness;
pub mod value;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use limits::CLOSING_COMMENT;
pub use limits::{Budget, Checker, Looked, NotChecked, are_apart};
#[cfg(feature = "engine")]
pub use look::look;
pub use profile::{Mode, ServerProfile};

/// Why a script does not parse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptError {
    /// The engine's words.
    pub message: String,
    /// The line, from one; zero when the engine names none.
    pub line: u32,
    /// The column, from one, in bytes; zero when the engine names none.
    pub column: u32,
}

impl ScriptError {
    /// An error without a place in the script.
    pub fn unplaced(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            line: 0,
            column: 0,
        }
    }
}

/// A place in a script: line and column from one, the column in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Spot {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The engines that a server may run a script in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Sandbox {
    /// `isolated-vm`, since 6.5 and alone from 7.0.
    IsolatedVm,
    /// `vm2`.
    Vm2,
}

/// What a script that parses amounts to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// What came of loading it.
    pub loaded: Loaded,
    /// How many parameters its constructor takes.
    pub parameters: u32,
    /// Globals that it uses and `isolated-vm` does not have.
    pub absent: Vec<Absent>,
    /// Every word of it and where it is, in order; for telling places.
    pub words: Vec<(String, Spot)>,
    /// The names that it declares at its top level, in order.
    pub top_level: Vec<(String, Spot)>,
    /// What works only while class bodies are sloppy, in order.
    pub strict: Vec<Strictness>,
    /// Names that are declared nowhere and that no engine has, in order; and what is asked of `s` that it does not have.
    pub unknown: Vec<UnknownName>,
}

/// What works only while class bodies are sloppy: in scripts that are transpiled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strictness {
    /// What it is.
    pub of: StrictnessOf,
    /// The name that it is about.
    pub name: String,
    /// Where.
    pub at: Spot,
    /// Whether every call of the script by a server comes to it.
    pub certain: bool,
}

/// What strict mode does away with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrictnessOf {
    /// A name is assigned that is declared nowhere.
    Undeclared,
    /// `this` in a function that is called without an object.
    PlainThis,
    /// `arguments.callee`.
    Callee,
}

/// A name that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownName {
    /// The name, as it is written: `extractQuestion`, or `s.startsWith`, or `s(`.
    pub name: String,
    /// Where it is first.
    pub at: Spot,
}

/// What came of running a script's top level and making a `Script`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Loaded {
    /// There is a class.
    Class(Class),
    /// Nothing of that name can be reached.
    NoScript,
    /// Something of that name is there, and is not a class.
    NoClass,
    /// It throws for a reason of its own.
    Threw {
        /// What, in the engine's words.
        message: String,
        /// Where, if the engine says so.
        at: Option<Spot>,
    },
    /// It cannot be said here; why, as in "it …".
    Unknown(Cow<'static, str>),
}

/// What a server finds of the class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// How many parameters its constructor takes, as it is written.
    pub parameters: u32,
    /// The names of its methods: those that a server found, and others that are written in it.
    pub methods: Vec<String>,
    /// The names of its static methods.
    pub statics: Vec<String>,
}

/// A global that is not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// Its name.
    pub name: Cow<'static, str>,
    /// What to do in its place.
    pub instead: Cow<'static, str>,
    /// Where it is used first.
    pub at: Spot,
    /// How often it is used.
    pub uses: usize,
}

/// Whether the script parses as a program. Takes what time it takes: see [`Checker`].
///
/// # Errors
/// Where the syntax is wrong, and what is wrong with it.
#[cfg(feature = "engine")]
pub fn check(source: &str) -> Result<(), ScriptError> {
    parsed(source, |_| ())
}

/// Without an engine every script passes.
///
/// # Errors
/// Never.
#[cfg(not(feature = "engine"))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "the same signature with and without the engine"
)]
pub fn check(_source: &str) -> Result<(), ScriptError> {
    Ok(())
}

/// Reads something of a script that parses as a program.
#[cfg(feature = "engine")]
fn parsed<T: Default + Send>(
    source: &str,
    read: fn(&parse::Script<'_>) -> T,
) -> Result<T, ScriptError> {
    let error = |message: &str, at: Spot| ScriptError {
        message: message.to_owned(),
        line: at.line,
        column: at.column,
    };
    engine::check(source).map_err(|refused| match refused.line {
        // The engine names no place for a regular expression that it refuses.
        0 => parse::refused_regex(source, &refused.message)
            .map_or_else(|| refused.clone(), |at| error(&refused.message, at)),
        _ => refused,
    })?;
    let parsed = parse::with(
        source,
        oxc_span::SourceType::script(),
        parse::Nesting::Deep,
        |script| (script.misplaced_arrow(), read(script)),
    );
    match parsed.unwrap_or_default() {
        (Some(at), _) => Err(error("unexpected token: '=>'", at)),
        (None, read) => Ok(read),
    }
}

#[cfg(all(test, feature = "engine"))]
mod tests {
    use super::*;

    #[test]
    fn what_parses_passes() {
        let modern = "class Script {\n #a = 1n; static { this.b = /(?<n>x)/v; }\n async process_incoming_request({ request }) { return { content: { ...request } }; }\n}";
        for source in [
            modern,
            "",
            "12",
            "// only a remark",
            "var a = 010;",
            "throw 1",
            "while (true) {}",
        ] {
            assert_eq!(check(source), Ok(()), "{source}");
        }
    }

    #[test]
    fn what_does_not_parse_is_told_with_its_place() {
        for (source, line) in [
            ("class Script {\n  process( { return\n}", 2..=3),
            ("let a; let a;", 1..=1),
            ("a\n+\n)", 3..=3),
            // The engine itself takes this one.
            (
                "class Script {\n  process_incoming_request() => { }\n}",
                2..=2,
            ),
        ] {
            let error = check(source).expect_err(source);
            assert!(
                line.contains(&error.line) && error.column > 0 && !error.message.is_empty(),
                "{source}: {error:?}"
            );
        }
        for source in ["return 1", "/(/", "`", "'", "class {", "\0"] {
            assert!(check(source).is_err(), "{source}");
        }
        assert_eq!(check(")").map_err(|error| error.column), Err(1));
    }

    #[test]
    fn leaving_an_enclosure_early_neither_parses_nor_runs() {
        for source in [
            "}); globalThis.ran = 1; (function(){",
            "} globalThis.ran = 1; {",
            "*/ globalThis.ran = 1; /*",
        ] {
            assert!(check(source).is_err(), "{source}");
        }
        // Would end only by the limits of an engine that ran it.
        assert_eq!(check("for (;;) {}"), Ok(()));
    }

    #[test]
    fn one_script_leaves_nothing_to_the_next() {
        for _ in 0..3 {
            assert_eq!(check("class Script {} let once = 1;"), Ok(()));
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(check(&"(".repeat(20_000)).is_err());
        assert!(check(&"[".repeat(1_000_000)).is_err());
        assert_eq!(check(&"a = 1;\n".repeat(100_000)), Ok(()));
    }
}
