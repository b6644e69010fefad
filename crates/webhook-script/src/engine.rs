//! The engine itself: one runtime per thread, a fresh context per script.

use std::mem::ManuallyDrop;

use rquickjs::context::EvalOptions;
use rquickjs::context::intrinsic::{Eval, RegExpCompiler};
use rquickjs::{CatchResultExt, CaughtError, Context, Runtime, Value};

use super::ScriptError;

/// What one check may use.
const MEMORY: usize = 256 << 20;
/// How deep the parser may go.
const STACK: usize = 256 << 10;
/// Stands before the script, so that nothing behind it is reached.
const GUARD: &str = "throw 0;";

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
            return Err(unplaced("the script engine could not be started"));
        };
        context.with(|ctx| {
            // Scripts are written for sloppy mode, apart from their classes.
            let mut options = EvalOptions::default();
            options.strict = false;
            let outcome = ctx
                .eval_with_options::<Value<'_>, _>(format!("{GUARD}{source}"), options)
                .catch(&ctx);
            match outcome {
                // The guard threw its number: all behind it was parsed.
                Ok(_) | Err(CaughtError::Value(_)) => Ok(()),
                Err(CaughtError::Exception(exception)) => {
                    let stack = exception.stack().unwrap_or_default();
                    let message = exception.message().unwrap_or_default();
                    let (line, column) = place(&stack).unwrap_or_default();
                    Err(ScriptError {
                        message,
                        line,
                        column,
                    })
                }
                Err(CaughtError::Error(_)) => Err(unplaced("the script holds a NUL character")),
            }
        })
    })
}

/// An error that the engine names no place for.
fn unplaced(message: &str) -> ScriptError {
    ScriptError {
        message: message.to_owned(),
        line: 0,
        column: 0,
    }
}

/// The line and column at the end of the stack's first line, without the guard.
fn place(stack: &str) -> Option<(u32, u32)> {
    let mut parts = stack.lines().next()?.trim_end_matches(')').rsplit(':');
    let column: u32 = parts.next()?.parse().ok()?;
    let line: u32 = parts.next()?.parse().ok()?;
    let guard = u32::try_from(GUARD.len()).unwrap_or_default();
    Some((
        line,
        if line == 1 {
            column.saturating_sub(guard)
        } else {
            column
        },
    ))
}
