//! Runs a script's top level and makes a `Script`, as a server does before each first call.
//!
//! A server joins its own `Store`, the script and `new Script()` into one program (reference 7.2, 7.3); here
//! the three are run one after the other in one context, so that places stay those of the script. Nothing of
//! the outside is there; steps, memory and stack are bounded. A built-in function asks nobody whether to go on: the
//! time that it may take is bounded where this is called, by [`isolated`](super::isolated).

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::Rc;

use rquickjs::context::EvalOptions;
use rquickjs::{
    CatchResultExt, CaughtError, Coerced, Context, Ctx, Exception, FromJs, Function, Object,
    Runtime, Value,
};

use super::{Class, Loaded, Sandbox, Spot, globals};

/// What a script may use. A server gives 8 MB and 3 s; values take another space in this engine.
const MEMORY: usize = 48 << 20;
const STACK: usize = 768 << 10;
/// How often the engine asks whether to go on, each time after 10,000 loop turns or calls. Counted and not
/// timed, so that the answer is the same on a busy machine.
const TURNS: u32 = 1_000;
/// The longest message that is passed on, in characters.
const MAX_MESSAGE: usize = 200;
/// How many names of methods are passed on, and the longest, in bytes.
const MAX_METHODS: usize = 1_000;
const MAX_METHOD: usize = 100;

const PREAMBLE: &str = include_str!("preamble.js");
const STORE: &str = include_str!("frame.js");
/// What servers look for.
const METHODS: [&str; 3] = [
    "process_incoming_request",
    "prepare_outgoing_request",
    "process_outgoing_response",
];
/// The name under which the engine tells places in the script.
pub(super) const FILE: &str = "script.js";

const ENDLESS: &str = "runs for too long";
const NO_ENGINE: &str = "could not be run here";

thread_local! {
    /// Kept until a script could not be finished in it. Never freed: an engine asserts then that nothing has leaked,
    /// and aborts the process.
    static RUNTIME: RefCell<Option<ManuallyDrop<Runtime>>> = const { RefCell::new(None) };
}

/// Loads a script as a server would.
pub(super) fn load(source: &str, engine: Sandbox) -> Loaded {
    let kept = RUNTIME.with(RefCell::take);
    let fresh = kept.is_none();
    let made = || Runtime::new().ok().map(ManuallyDrop::new);
    let Some(runtime) = kept.or_else(made) else {
        return Loaded::Unknown(NO_ENGINE.into());
    };
    let loaded = in_fresh_context(&runtime, source, engine);
    if !matches!(loaded, Loaded::Unknown(_)) {
        RUNTIME.with(|kept| kept.replace(Some(runtime)));
    } else if !fresh {
        // What earlier scripts left behind must not tell on this one.
        return load(source, engine);
    }
    loaded
}

fn in_fresh_context(runtime: &Runtime, source: &str, engine: Sandbox) -> Loaded {
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    runtime.set_interrupt_handler(Some(Box::new(move || {
        counted.set(counted.get() + 1);
        counted.get() > TURNS
    })));
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    let Ok(context) = Context::full(runtime) else {
        return Loaded::Unknown(NO_ENGINE.into());
    };
    let loaded = context.with(|ctx| match steps(&ctx, source, engine) {
        _ if turns.get() > TURNS => Loaded::Unknown(ENDLESS.into()),
        Ok(loaded) | Err(loaded) => loaded,
    });
    if matches!(loaded, Loaded::Unknown(_)) {
        // An engine that was stopped half-way may not be able to clean up.
        std::mem::forget(context);
    }
    loaded
}

/// What the preamble yields.
struct Tools<'js> {
    touched: Function<'js>,
    parameters: Function<'js>,
    methods: Function<'js>,
}

fn steps<'js>(ctx: &Ctx<'js>, source: &str, engine: Sandbox) -> Result<Loaded, Loaded> {
    let tools = prepare(ctx, engine).map_err(|_| Loaded::Unknown(NO_ENGINE.into()))?;
    let failed = |error: CaughtError<'js>, constructing| why(error, &tools, engine, constructing);

    eval::<Value<'_>>(ctx, source, FILE).map_err(|error| failed(error, false))?;
    // Asked as global code: a class and a `const` are no properties of the global object.
    let found: String = eval(ctx, "typeof Script", "").map_err(|error| failed(error, false))?;
    match found.as_str() {
        "undefined" => return Ok(Loaded::NoScript),
        "function" => {}
        _ => return Ok(Loaded::NoClass),
    }
    let made: Value<'_> = eval(ctx, "Script", "").map_err(|error| failed(error, false))?;
    let ask = |function: &Function<'js>, of: Value<'js>| -> Result<Vec<String>, Loaded> {
        let asked = METHODS.map(str::to_owned).to_vec();
        let names: Result<Vec<String>, _> = function.call((of, asked)).catch(ctx);
        let mut names = names.map_err(|error| failed(error, true))?;
        names.retain(|name| name.len() <= MAX_METHOD);
        names.truncate(MAX_METHODS);
        Ok(names)
    };
    let parameters: Result<Coerced<f64>, _> = tools.parameters.call((made.clone(),));
    let parameters = parameters.map_or(0, |Coerced(count)| u32::from(count > 0.0));
    // A constructor that takes something is a mistake by itself; it is not called without.
    let instance = if parameters > 0 {
        "Script.prototype"
    } else {
        "new Script()"
    };
    let instance = eval(ctx, instance, "").map_err(|error| match error {
        CaughtError::Exception(thrown) if is_no_constructor(&thrown) => Loaded::NoClass,
        error => failed(error, true),
    })?;
    Ok(Loaded::Class(Class {
        parameters,
        methods: ask(&tools.methods, instance)?,
        statics: ask(&tools.methods, made)?,
    }))
}

/// Puts in place what a server offers.
fn prepare<'js>(ctx: &Ctx<'js>, engine: Sandbox) -> rquickjs::Result<Tools<'js>> {
    let preamble: Function<'js> = ctx.eval(PREAMBLE)?;
    let absent: Vec<_> = globals::OF_VM2.iter().map(|global| global.name).collect();
    let tools: Object<'js> = preamble.call((absent,))?;
    // Declared, as `isolated-vm` has it, so that a script that declares the same name clashes with it.
    let keyword = match engine {
        Sandbox::IsolatedVm => "const",
        Sandbox::Vm2 => "var",
    };
    ctx.eval::<(), _>(format!("{keyword} Store = {STORE}"))?;
    Ok(Tools {
        touched: tools.get("touched")?,
        parameters: tools.get("parameters")?,
        methods: tools.get("methods")?,
    })
}

/// Runs a text as global code. Scripts are written for sloppy mode, apart from their classes.
pub(super) fn eval<'js, V: FromJs<'js>>(
    ctx: &Ctx<'js>,
    source: &str,
    file: &str,
) -> Result<V, CaughtError<'js>> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file.to_owned());
    ctx.eval_with_options(source, options).catch(ctx)
}

/// What it means that a step failed.
fn why(error: CaughtError<'_>, tools: &Tools<'_>, engine: Sandbox, constructing: bool) -> Loaded {
    let (name, message, at) = match error {
        CaughtError::Exception(thrown) => {
            let name: Option<Coerced<String>> = thrown.get("name").ok();
            let name = name.map(|Coerced(name)| name).unwrap_or_default();
            let stack = thrown.stack().unwrap_or_default();
            (name, thrown.message().unwrap_or_default(), place(&stack))
        }
        CaughtError::Value(thrown) => {
            let text = thrown.as_string().and_then(|text| text.to_string().ok());
            (String::new(), text.unwrap_or_default(), None)
        }
        CaughtError::Error(_) => return Loaded::Unknown(NO_ENGINE.into()),
    };
    // These are about this engine's limits, not about the script.
    if name == "InternalError" {
        return Loaded::Unknown("takes too much memory".into());
    }
    if message.contains("call stack size") {
        return Loaded::Unknown("calls itself too deeply".into());
    }
    if tools.touched.call::<_, bool>(()).unwrap_or(true) {
        return Loaded::Unknown("depends on what only a server has".into());
    }
    if engine == Sandbox::Vm2 && name == "ReferenceError" {
        return Loaded::Unknown("uses globals that only a server has".into());
    }
    let message = match (name.as_str(), message.as_str()) {
        ("", "") => "a value that is no error".to_owned(),
        ("" | "Error", message) => message.to_owned(),
        (name, "") => name.to_owned(),
        (name, message) => format!("{name}: {message}"),
    };
    Loaded::Threw {
        message: message.chars().take(MAX_MESSAGE).collect(),
        at,
        constructing,
    }
}

/// Whether `new` was refused, as it is for an arrow function.
fn is_no_constructor(thrown: &Exception<'_>) -> bool {
    let message = thrown.message().unwrap_or_default();
    message == "not a constructor" || message == "Script is not a constructor"
}

/// The first place in the script that a stack names.
pub(super) fn place(stack: &str) -> Option<Spot> {
    stack.lines().find_map(|line| {
        let (_, place) = line.rsplit_once(&format!("{FILE}:"))?;
        let (line, column) = place.trim_end_matches(')').split_once(':')?;
        Some(Spot {
            line: line.parse().ok()?,
            column: column.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(source: &str) -> Loaded {
        load(source, Sandbox::IsolatedVm)
    }

    #[test]
    fn what_a_server_offers_is_there() {
        let script = "class Script { process_incoming_request() {} }
            console.log(s.trim(' a ')); Store.set('a', 1); global.b = Store.get('a');
            const number = new Intl.NumberFormat('de').format(1), { a = 1, ...rest } = fetch('x');
            for (const part of s.words('a b')) console.warn(part); `${s}`; ivm.x.y();";
        assert!(
            matches!(outcome(script), Loaded::Class(_)),
            "{:?}",
            outcome(script)
        );
    }

    #[test]
    fn nothing_else_is_there_and_nothing_stays() {
        for _ in 0..2 {
            let script = "if (globalThis.kept) throw 1; globalThis.kept = 1;
                const Script = class {}; Object.prototype.x = () => {}; Array.prototype.filter = null;";
            assert_eq!(outcome(script), Loaded::Class(Class::default()));
        }
        for name in [
            "require",
            "process",
            "setTimeout",
            "performance",
            "std",
            "os",
        ] {
            assert!(matches!(outcome(name), Loaded::Threw { .. }), "{name}");
        }
    }

    #[test]
    fn what_does_not_end_is_left_alone() {
        for script in [
            "for (;;) {}",
            "const all = []; for (;;) all.push(all.concat([1]));",
            "const f = () => f() + 1; f()",
            "class Script { constructor() { for (;;) {} } }",
            "Object.defineProperty(globalThis, 'Script', { get() { for (;;) {} } })",
            "throw Object.defineProperty(new Error('a'), 'message', { get() { for (;;) {} } })",
        ] {
            assert!(
                matches!(outcome(script), Loaded::Unknown(_)),
                "{script}: {:?}",
                outcome(script)
            );
        }
        assert_eq!(outcome("class Script {}"), Loaded::Class(Class::default()));
    }
}
