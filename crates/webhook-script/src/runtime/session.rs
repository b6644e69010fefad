//! A script that was loaded: its context, its state, and the limits under which it runs.

use std::cell::{Cell, RefCell};
use std::mem;
use std::rc::Rc;
use std::time::Instant;

use rquickjs::promise::PromiseState;
use rquickjs::{Context, Ctx, Function, Object, Persistent, Value as Js};

use super::base::{Base, GARBAGE_BYTES, eval, prepare};
use super::copy::{self, Copier, Refused};
use super::host::{FILE, State};
use super::outcome::{Thrown, ThrownValue};
use super::{Kind, Limits, Method, Mode, ServerProfile, compile};
use crate::parse::Nesting;
use crate::value::Value;
use crate::{Sandbox, ScriptError, engine};

/// Stands before the script, on a line of its own, as a program of the server's does.
const BEFORE: &str = "const Store=__rcsync.Store,fetch=__rcsync.fetch,reproxy=__rcsync.reproxy;";
/// The same of vm2, whose names may be declared again.
const BEFORE_VM2: &str = "var Store=__rcsync.Store;";
/// What the changed text of a script names.
const OURS: &str = "const __rcsync_class=__rcsync.make,__rcsync_import=__rcsync.load,\
    __rcsync_found=__rcsync.found;delete globalThis.__rcsync;\n";
/// Stands behind it: a script that ends in an expression without a semicolon goes on with this.
const BEHIND: &str = "\n(function(){return __rcsync_found(new Script())})();";

/// How a step of a script ended, if not with a value.
#[derive(Clone)]
pub(super) enum Stop {
    Threw(Thrown),
    TimedOut,
    OutOfMemory,
    NeverSettles,
    /// It cannot be told; why.
    Unknown(String),
}

impl Stop {
    fn engine() -> Self {
        Self::Unknown("the script engine could not be started".into())
    }
}

/// A value that outlives the step in which it was made.
type Kept<T> = Option<Persistent<T>>;

/// A promise and the reason for which it was rejected.
type Rejection = (Persistent<Js<'static>>, Persistent<Js<'static>>);

pub(super) struct Session {
    pub(super) state: Rc<RefCell<State>>,
    limits: Limits,
    base: Option<Base>,
    context: Option<Context>,
    host: Kept<Object<'static>>,
    instance: Kept<Js<'static>>,
    /// Promises that were rejected while nobody listened, with the reasons.
    rejections: Rc<RefCell<Vec<Rejection>>>,
    deadline: Rc<Cell<Instant>>,
    timed_out: Rc<Cell<bool>>,
}

impl Drop for Session {
    fn drop(&mut self) {
        let kept = (self.host.take(), self.instance.take());
        let rejections = mem::take(&mut *self.rejections.borrow_mut());
        let (context, base) = (self.context.take(), self.base.take());
        let Some(base) = base else { return };
        base.runtime.set_interrupt_handler(None);
        base.runtime.set_host_promise_rejection_tracker(None);
        base.runtime.set_memory_limit(0);
        if self.state.borrow().out_of_memory {
            // An engine that had no memory half-way may not be able to clean up.
            mem::forget((kept, rejections, context, base));
            return;
        }
        drop((kept, rejections, context));
        // What was stopped half-way must not tell on the next.
        if self.timed_out.get() || base.runtime.is_job_pending() {
            base.runtime.run_gc();
            mem::forget(base);
        } else {
            base.rest();
        }
    }
}

impl Session {
    /// A session in which nothing has run yet.
    pub(super) fn new(state: State, limits: Limits) -> Self {
        let base = Base::idle_or_new();
        let context = base
            .as_ref()
            .and_then(|base| Context::full(&base.runtime).ok());
        let deadline = Rc::clone(&state.deadline);
        Self {
            state: Rc::new(RefCell::new(state)),
            limits,
            base,
            context,
            host: None,
            instance: None,
            rejections: Rc::default(),
            deadline,
            timed_out: Rc::default(),
        }
    }

    /// Whether the engine accepts a text, before it runs.
    pub(super) fn check(&self, text: &str, mode: Mode) -> Result<Nesting, ScriptError> {
        let (Some(base), Some(context)) = (&self.base, &self.context) else {
            return Err(ScriptError::unplaced(
                "the script engine could not be started",
            ));
        };
        base.runtime.set_memory_limit(engine::MEMORY);
        let within = |stack| {
            base.runtime.set_max_stack_size(stack);
            context.with(|ctx| compile::check(&ctx, text, mode))
        };
        match within(engine::FLAT_STACK) {
            Err(error) if error.message.contains("call stack size") => {
                within(engine::STACK).map(|()| Nesting::Deep)
            }
            checked => checked.map(|()| Nesting::Flat),
        }
    }

    /// Sets the limits, and what the engine tells.
    fn watch(&self) {
        let Some(base) = &self.base else { return };
        let runtime = &base.runtime;
        let (deadline, timed_out) = (Rc::clone(&self.deadline), Rc::clone(&self.timed_out));
        let state = Rc::clone(&self.state);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            if Instant::now() > deadline.get() {
                timed_out.set(true);
            }
            // An error about memory could be caught; the server's engine is gone by then.
            timed_out.get() || state.try_borrow().is_ok_and(|state| state.out_of_memory)
        })));
        let rejections = Rc::clone(&self.rejections);
        runtime.set_host_promise_rejection_tracker(Some(Box::new(
            move |ctx, promise, reason, is_handled| {
                let promise = Persistent::save(&ctx, promise);
                let mut rejections = rejections.borrow_mut();
                if is_handled {
                    rejections.retain(|(other, _)| *other != promise);
                } else {
                    rejections.push((promise, Persistent::save(&ctx, reason)));
                }
            },
        )));
        runtime.set_max_stack_size(self.limits.stack);
    }

    /// Runs the top of a script, makes its instance, and tells which methods it has.
    pub(super) fn load(
        &mut self,
        program: &str,
        profile: ServerProfile,
        kind: Kind,
    ) -> Result<Vec<Method>, Stop> {
        self.deadline.set(Instant::now() + self.limits.load);
        self.watch();
        let context = self.context.clone().ok_or_else(Stop::engine)?;
        let state = Rc::clone(&self.state);
        let host = context.with(|ctx| {
            let parts = self.base.as_ref().map_or(&[][..], |base| &base.parts);
            let host = prepare(&ctx, &state, parts, profile, kind);
            host.map(|host| Persistent::save(&ctx, host)).ok()
        });
        self.host = Some(host.ok_or_else(Stop::engine)?);
        if let Some(base) = &self.base {
            base.runtime
                .set_memory_limit(self.limits.memory + GARBAGE_BYTES);
        }
        self.deadline.set(Instant::now() + self.limits.load);
        let loaded = context.with(|ctx| {
            let host = self.host(&ctx)?;
            let before = match profile.sandbox {
                Sandbox::IsolatedVm => BEFORE,
                Sandbox::Vm2 => BEFORE_VM2,
            };
            let text = format!("{before}{OURS}{program}{BEHIND}");
            let made: Js<'_> = eval(&ctx, &text, FILE).map_err(|_| self.caught(&ctx, &host))?;
            let Some(made) = made.as_object() else {
                return Err(Stop::Threw(Thrown {
                    value: ThrownValue::Error {
                        name: "TypeError".into(),
                        message: "Reference is not an object".into(),
                    },
                    place: None,
                }));
            };
            let names: Vec<String> = made.get("methods").unwrap_or_default();
            let instance: Js<'_> = made.get("instance").map_err(|_| Stop::engine())?;
            let methods = names.iter().filter_map(|name| Method::of(name)).collect();
            Ok((Persistent::save(&ctx, instance), methods))
        });
        let (instance, methods) = self.ended(loaded)?;
        self.instance = Some(instance);
        // What a load leaves behind to be done is done before the first call; nobody waits for it.
        let rest = context.with(|ctx| {
            let host = self.host(&ctx)?;
            self.drain(&ctx)?;
            while self.next(&ctx, &host)? {
                self.drain(&ctx)?;
            }
            Ok(())
        });
        self.rejections.borrow_mut().clear();
        self.ended(rest.map(|()| methods))
    }

    /// Calls a method.
    pub(super) fn call(
        &mut self,
        method: Method,
        input: &Value,
        shared: bool,
    ) -> Result<(Value, usize), Stop> {
        let context = self.context.clone().ok_or_else(Stop::engine)?;
        self.deadline.set(Instant::now() + self.limits.call);
        let outcome = context.with(|ctx| {
            let host = self.host(&ctx)?;
            let called = self.called(&ctx, &host, method, input, shared);
            let calls = self.state.borrow().calls.len();
            // The server still makes the calls that the method did not wait for.
            while self.next(&ctx, &host)? {
                self.drain(&ctx)?;
            }
            called.map(|value| (value, calls))
        });
        self.rejections.borrow_mut().clear();
        self.ended(outcome)
    }

    fn called<'js>(
        &self,
        ctx: &Ctx<'js>,
        host: &Object<'js>,
        method: Method,
        input: &Value,
        shared: bool,
    ) -> Result<Value, Stop> {
        let engine = |_| Stop::engine();
        let make: Function<'js> = host.get("make").map_err(engine)?;
        let inspect: Function<'js> = host.get("inspect").map_err(engine)?;
        let invoke: Function<'js> = host.get("invoke").map_err(engine)?;
        let instance = self.instance.clone().ok_or_else(Stop::engine)?;
        let instance = instance.restore(ctx).map_err(engine)?;
        let caught = |_| self.caught(ctx, host);
        let argument = copy::make(ctx, &make, input).map_err(caught)?;
        if shared {
            // The server passes one object under both names.
            let request = argument
                .as_object()
                .map(|it| it.get::<_, Object<'js>>("request"));
            if let Some(Ok(request)) = request {
                let content: Js<'js> = request.get("content").map_err(caught)?;
                request.set("body", content).map_err(caught)?;
            }
        }
        let mut result: Js<'js> = invoke
            .call((instance, method.name(), argument))
            .map_err(caught)?;
        self.drain(ctx)?;
        if let Some(promise) = result.clone().into_promise() {
            while promise.state() == PromiseState::Pending {
                if !self.next(ctx, host)? {
                    return Err(Stop::NeverSettles);
                }
                self.drain(ctx)?;
            }
            let saved = Persistent::save(ctx, result.clone());
            self.rejections
                .borrow_mut()
                .retain(|(other, _)| *other != saved);
            result = match promise.result::<Js<'js>>() {
                Some(result) => result.map_err(caught)?,
                None => return Err(Stop::NeverSettles),
            };
        }
        let copied = Copier::new(ctx, &inspect).copy(&result);
        let value = copied.map_err(|refused| match refused {
            Refused::Threw => self.caught(ctx, host),
            Refused::Uncloneable(message) => Stop::Threw(Thrown {
                value: ThrownValue::Error {
                    name: "TypeError".into(),
                    message,
                },
                place: None,
            }),
            Refused::Unknown(why) => Stop::Unknown(why.into()),
        })?;
        self.drain(ctx)?;
        let unhandled = self.rejections.borrow_mut().pop();
        match unhandled {
            Some((_, reason)) => {
                let reason = reason.restore(ctx).map_err(engine)?;
                Err(Stop::Threw(self.thrown(ctx, host, &reason)))
            }
            None => Ok(value),
        }
    }

    /// What the script keeps in `Store`, in order; no value for what cannot be copied.
    pub(super) fn store(&self) -> Vec<(String, Option<Value>)> {
        let Some(context) = &self.context else {
            return Vec::new();
        };
        self.deadline.set(Instant::now() + self.limits.call);
        context.with(|ctx| {
            let Ok(host) = self.host(&ctx) else {
                return Vec::new();
            };
            let kept: rquickjs::Result<Object<'_>> = host.get("kept");
            let inspect: rquickjs::Result<Function<'_>> = host.get("inspect");
            let (Ok(kept), Ok(inspect)) = (kept, inspect) else {
                return Vec::new();
            };
            let mut entries = Vec::new();
            for key in kept.keys::<String>().flatten() {
                let value = kept.get::<_, Js<'_>>(key.as_str()).ok();
                let value = value.and_then(|it| Copier::new(&ctx, &inspect).copy(&it).ok());
                ctx.catch();
                entries.push((key, value));
            }
            entries
        })
    }

    fn host<'js>(&self, ctx: &Ctx<'js>) -> Result<Object<'js>, Stop> {
        let host = self.host.clone().ok_or_else(Stop::engine)?;
        host.restore(ctx).map_err(|_| Stop::engine())
    }

    /// Lets the next call of `fetch` be answered, if one waits.
    fn next<'js>(&self, ctx: &Ctx<'js>, host: &Object<'js>) -> Result<bool, Stop> {
        let next: Function<'js> = host.get("next").map_err(|_| Stop::engine())?;
        next.call(()).map_err(|_| self.caught(ctx, host))
    }

    /// Does what promises have left to do.
    fn drain(&self, ctx: &Ctx<'_>) -> Result<(), Stop> {
        while ctx.execute_pending_job() {
            if Instant::now() > self.deadline.get() {
                self.timed_out.set(true);
            }
            if self.timed_out.get() {
                return Err(Stop::TimedOut);
            }
        }
        Ok(())
    }

    /// How a step ended, in the light of what the engine told meanwhile.
    fn ended<T>(&self, outcome: Result<T, Stop>) -> Result<T, Stop> {
        if let Err(Stop::Threw(thrown)) = &outcome
            && match &thrown.value {
                ThrownValue::Other(value) => *value == Value::Null && self.is_full(),
                ThrownValue::Error { name, message } => {
                    name == "InternalError" && message == "out of memory"
                }
            }
        {
            self.state.borrow_mut().out_of_memory = true;
        }
        let mut state = self.state.borrow_mut();
        if state.out_of_memory {
            return Err(Stop::OutOfMemory);
        }
        if self.timed_out.get() {
            return Err(Stop::TimedOut);
        }
        match (state.unknown.take(), outcome) {
            (Some(why), _) => Err(Stop::Unknown(why)),
            (None, outcome) => outcome,
        }
    }

    /// Whether a thrown `null` stands for an error about memory, for which there was no memory.
    fn is_full(&self) -> bool {
        let used = self.base.as_ref().map(|base| base.runtime.memory_usage());
        let used = used.map_or(0, |used| usize::try_from(used.malloc_size).unwrap_or(0));
        used > self.limits.memory / 2 || !self.state.borrow().source.contains("null")
    }
}
