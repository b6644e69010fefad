//! A runtime with what scripts find around them. It takes longer to make than most scripts to run, and is used for one after
//! the other.

use std::cell::RefCell;
use std::mem::{self, ManuallyDrop};
use std::rc::Rc;

use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, FromJs, Function, Object, Persistent, Runtime, Value as Js};

use super::host::{self, State};
use super::{Kind, Mode, ServerProfile, compile};
use crate::{Sandbox, globals};

const HOST: &str = include_str!("host.js");
const CLOCK: &str = include_str!("clock.js");
const STRINGS: &str = include_str!("strings.js");
const FETCH: &str = include_str!("fetch.js");
/// After how many sessions what they left is looked for, and the least bytes after which the engine does so by itself.
const GARBAGE: usize = 32;
pub(super) const GARBAGE_BYTES: usize = 4 << 20;
/// The most bytes that a runtime holds while its session is at rest, if another session is to begin in it.
const MOST_IDLE: i64 = 8 << 20;

thread_local! {
    /// Runtimes whose last session ended in order. They are never freed: an engine asserts then that nothing has leaked,
    /// and aborts the process.
    static IDLE: RefCell<Vec<ManuallyDrop<Base>>> = const { RefCell::new(Vec::new()) };
}

/// A runtime, and what its scripts find around them: functions that are called for each.
pub(super) struct Base {
    pub(super) runtime: Runtime,
    /// Where those functions live.
    _context: Context,
    pub(super) parts: Vec<Persistent<Function<'static>>>,
    /// How many sessions it has had.
    sessions: usize,
}

impl Base {
    /// One that is at rest, or a new one.
    pub(super) fn idle_or_new() -> Option<Self> {
        let idle = IDLE.with(|idle| idle.borrow_mut().pop());
        let idle = idle.map(ManuallyDrop::into_inner);
        idle.or_else(|| Self::new().ok())
    }

    /// Keeps it for another session, unless much is left in it.
    pub(super) fn rest(mut self) {
        self.sessions += 1;
        if self.sessions.is_multiple_of(GARBAGE) {
            self.runtime.run_gc();
            if self.runtime.memory_usage().malloc_size > MOST_IDLE {
                mem::forget(self);
                return;
            }
        }
        IDLE.with(|idle| idle.borrow_mut().push(ManuallyDrop::new(self)));
    }

    fn new() -> rquickjs::Result<Self> {
        let runtime = Runtime::new()?;
        runtime.set_gc_threshold(GARBAGE_BYTES);
        let context = Context::full(&runtime)?;
        let sources = [
            (HOST, "host"),
            (CLOCK, "host"),
            (STRINGS, "host"),
            (FETCH, "frame"),
            (compile::HELPERS, "host"),
        ];
        let parts = context.with(|ctx| {
            let part = |(source, file)| {
                let part: Function<'_> = eval(&ctx, source, file)?;
                Ok(Persistent::save(&ctx, part))
            };
            sources
                .into_iter()
                .map(part)
                .collect::<rquickjs::Result<_>>()
        })?;
        Ok(Self {
            runtime,
            _context: context,
            parts,
            sessions: 0,
        })
    }
}

/// Puts in place what a script finds.
pub(super) fn prepare<'js>(
    ctx: &Ctx<'js>,
    state: &Rc<RefCell<State>>,
    parts: &[Persistent<Function<'static>>],
    profile: ServerProfile,
    kind: Kind,
) -> rquickjs::Result<Object<'js>> {
    let part = |at: usize| {
        let part = parts.get(at).cloned().ok_or(rquickjs::Error::Unknown)?;
        part.restore(ctx)
    };
    let vm2: Vec<&str> = match profile.sandbox {
        Sandbox::IsolatedVm => Vec::new(),
        Sandbox::Vm2 => {
            let names = globals::OF_VM2.iter().map(|global| global.name);
            // Outgoing scripts had all but this.
            names
                .filter(|name| kind == Kind::Incoming || *name != "Livechat")
                .collect()
        }
    };
    let host: Object<'js> = part(0)?.call((host::native(ctx, state)?, ctx.globals(), vm2))?;
    part(1)?.call::<_, ()>((host.clone(),))?;
    part(2)?.call::<_, ()>((host.clone(),))?;
    let fetch: Object<'js> = part(3)?.call((host.clone(),))?;
    let helpers: Object<'js> = part(4)?.call((host.clone(), profile.mode == Mode::Transpiled))?;
    let frame = Object::new(ctx.clone())?;
    for (from, name) in [
        (&host, "Store"),
        (&host, "found"),
        (&fetch, "fetch"),
        (&fetch, "reproxy"),
        (&helpers, "make"),
        (&helpers, "load"),
    ] {
        frame.set(name, from.get::<_, Js<'js>>(name)?)?;
    }
    host.set("next", fetch.get::<_, Js<'js>>("next")?)?;
    ctx.globals().set("__rcsync", frame)?;
    Ok(host)
}

/// Runs a text as global code, in sloppy mode.
pub(super) fn eval<'js, V: FromJs<'js>>(
    ctx: &Ctx<'js>,
    source: &str,
    file: &str,
) -> rquickjs::Result<V> {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(file.to_owned());
    ctx.eval_with_options(source, options)
}
