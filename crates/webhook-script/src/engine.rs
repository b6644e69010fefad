//! The engine itself: one runtime per thread, a fresh context per script.

use std::mem::ManuallyDrop;

use rquickjs::context::EvalOptions;
use rquickjs::context::intrinsic::{Eval, RegExpCompiler};
use rquickjs::{
    CatchResultExt, CaughtError, Coerced, Context, Ctx, Exception, FromJs, Module, Runtime, Value,
};

use super::{ScriptError, Spot};

/// What one check may use.
pub(super) const MEMORY: usize = 256 << 20;
/// How deep the parser may go.
pub(super) const STACK: usize = 256 << 10;
/// What is enough for most scripts.
pub(super) const FLAT_STACK: usize = 64 << 10;
/// Stands before the script, so that nothing behind it is reached.
const GUARD: &str = "throw 0;";
const NUL: &str = "the script holds a NUL character";
/// The name under which the engine tells places in the script.
const FILE: &str = "script.js";

thread_local! {
    /// Reused: a runtime takes longer to make than most scripts to check. Never freed: some broken scripts leak in
    /// the engine, which asserts when it is freed that nothing has, and aborts the process.
    static ENGINE: Option<ManuallyDrop<Runtime>> = engine();
}

/// A runtime with its limits.
fn engine() -> Option<ManuallyDrop<Runtime>> {
    let runtime = Runtime::new().ok()?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    Some(ManuallyDrop::new(runtime))
}

/// Whether the script parses as a program.
pub(super) fn check(source: &str) -> Result<(), ScriptError> {
    ENGINE.with(|engine| {
        // A context of its own: top-level declarations of one script must not meet those of the next.
        let context = engine
            .as_ref()
            .and_then(|runtime| Context::custom::<(Eval, RegExpCompiler)>(runtime).ok());
        let Some(context) = context else {
            return Err(ScriptError::unplaced(
                "the script engine could not be started",
            ));
        };
        context.with(|ctx| check_in(&ctx, source))
    })
}

/// Whether the script parses as a program, in a context in which nothing else was declared.
pub(super) fn check_in(ctx: &Ctx<'_>, source: &str) -> Result<(), ScriptError> {
    let outcome = eval::<Value<'_>>(ctx, &format!("{GUARD}{source}"), FILE);
    match outcome {
        // The guard threw its number: all behind it was parsed.
        Ok(_) | Err(CaughtError::Value(_)) => Ok(()),
        Err(CaughtError::Exception(exception)) => Err(refused(&exception, GUARD.len())),
        Err(CaughtError::Error(_)) => Err(ScriptError::unplaced(NUL)),
    }
}

/// Whether the script parses as a module. Imports are not followed.
pub(super) fn check_module(ctx: &Ctx<'_>, source: &str) -> Result<(), ScriptError> {
    match Module::declare(ctx.clone(), FILE, source).catch(ctx) {
        Ok(_) | Err(CaughtError::Value(_)) => Ok(()),
        Err(CaughtError::Exception(exception)) => {
            let name: Option<Coerced<String>> = exception.get("name").ok();
            match name {
                // It was parsed; what it imports was looked for.
                Some(Coerced(name)) if name == "ReferenceError" => Ok(()),
                _ => Err(refused(&exception, 0)),
            }
        }
        Err(CaughtError::Error(_)) => Err(ScriptError::unplaced(NUL)),
    }
}

/// What the engine says, in the places of the script without what is before it.
fn refused(exception: &Exception<'_>, guard: usize) -> ScriptError {
    let message = exception.message().unwrap_or_default();
    let Some(Spot { line, mut column }) = place(&exception.stack().unwrap_or_default()) else {
        return ScriptError::unplaced(message);
    };
    if line == 1 {
        column = column.saturating_sub(u32::try_from(guard).unwrap_or_default());
    }
    ScriptError {
        message,
        line,
        column,
    }
}

/// Runs a text as global code. Scripts are written for sloppy mode, apart from their classes.
fn eval<'js, V: FromJs<'js>>(
    ctx: &Ctx<'js>,
    source: &str,
    file: &str,
) -> Result<V, CaughtError<'js>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file.to_owned());
    ctx.eval_with_options(source, options).catch(ctx)
}

/// The first place in the script that a stack names.
fn place(stack: &str) -> Option<Spot> {
    stack.lines().find_map(|line| {
        let (_, place) = line.rsplit_once(&format!("{FILE}:"))?;
        let (line, column) = place.trim_end_matches(')').split_once(':')?;
        Some(Spot {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    })
}
