//! Scripts run as the server runs them.
//!
//! ```
//! use webhook_script::runtime::{End, Engine, Kind, Method, ServerProfile};
//! use webhook_script::value::Value;
//!
//! let script = "class Script { process_incoming_request({ request }) { return { content: { text: 'hi' } } } }";
//! let mut engine = Engine::load(script, Kind::Incoming, ServerProfile::of((8, 8), false));
//! let input = Value::Object(vec![("request".into(), Value::Object(Vec::new()))]);
//! let outcome = engine.call(Method::ProcessIncomingRequest, &input);
//! assert!(matches!(outcome.end, End::Returned(_)));
//! ```

pub(crate) mod apart;
mod base;
mod compile;
mod copy;
mod host;
mod http;
mod outcome;
mod session;
mod thrown;
mod wording;

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::apart::IsolatedEngine;
use self::host::State;
pub use self::http::{Answers, Http, HttpAnswer, HttpCall};
pub use self::outcome::{ConsoleLine, End, Outcome, Place, Thrown, ThrownValue};
use self::session::{Session, Stop};
pub use crate::profile::{Mode, ServerProfile};
use crate::value::Value;
use crate::{Sandbox, ScriptError};

/// The two kinds of integrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Incoming: the server is called.
    Incoming,
    /// Outgoing: the server calls.
    Outgoing,
}

/// The methods that a server calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Method {
    /// Outgoing: before the request is sent.
    PrepareOutgoingRequest,
    /// Outgoing: when it was answered.
    ProcessOutgoingResponse,
    /// Incoming: when a request has come.
    ProcessIncomingRequest,
}

impl Method {
    /// All methods, in the order in which the server looks for them.
    pub const ALL: [Self; 3] = [
        Self::PrepareOutgoingRequest,
        Self::ProcessOutgoingResponse,
        Self::ProcessIncomingRequest,
    ];

    /// Its name in the script.
    pub fn name(self) -> &'static str {
        match self {
            Self::PrepareOutgoingRequest => "prepare_outgoing_request",
            Self::ProcessOutgoingResponse => "process_outgoing_response",
            Self::ProcessIncomingRequest => "process_incoming_request",
        }
    }

    /// The method of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// What a script may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long loading may take: the server's limit.
    pub load: Duration,
    /// How long a call may take. The server has no such limit.
    pub call: Duration,
    /// Bytes of memory. The server gives 8 MB; values take about twice the space in this engine.
    pub memory: usize,
    /// Bytes of the thread's stack. The thread needs as much and 256 KiB more.
    pub stack: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            load: Duration::from_secs(3),
            call: Duration::from_secs(1),
            memory: 16 << 20,
            stack: 1 << 20,
        }
    }
}

/// What a run depends on besides the script and its input.
pub struct Options {
    /// The time, in milliseconds since 1970. It stands still.
    pub now: i64,
    /// The seed of `Math.random`.
    pub seed: u64,
    /// The limits.
    pub limits: Limits,
    /// Answers the HTTP calls.
    pub http: Box<dyn Http>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            now: 0,
            seed: 0,
            limits: Limits::default(),
            http: Box::<Answers>::default(),
        }
    }
}

/// What came of saving and loading a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Load {
    /// The script is blank: the integration has none.
    Blank,
    /// The server refuses it when it is saved, and stores no compiled script.
    Refused(ScriptError),
    /// It was loaded, and has these methods.
    Methods(Vec<Method>),
    /// It failed.
    Failed(End),
}

/// A script that was loaded as a server loads it, with its state.
pub struct Engine {
    source: Rc<str>,
    kind: Kind,
    profile: ServerProfile,
    limits: Limits,
    now: i64,
    seed: u64,
    compiled: Option<compile::Compiled>,
    load: Load,
    load_console: Vec<ConsoleLine>,
    load_calls: Vec<HttpCall>,
    session: Option<Session>,
    http: Option<Box<dyn Http>>,
    /// What every later call comes to.
    gone: Option<End>,
}

impl Engine {
    /// Saves and loads a script, with nothing to answer its HTTP calls.
    pub fn load(source: &str, kind: Kind, profile: ServerProfile) -> Self {
        Self::load_with(source, kind, profile, Options::default())
    }

    /// Saves and loads a script.
    pub fn load_with(source: &str, kind: Kind, profile: ServerProfile, options: Options) -> Self {
        let mut engine = Self {
            source: source.into(),
            kind,
            profile,
            limits: options.limits,
            now: options.now,
            seed: options.seed,
            compiled: None,
            load: Load::Blank,
            load_console: Vec::new(),
            load_calls: Vec::new(),
            session: None,
            http: Some(options.http),
            gone: None,
        };
        if source.trim().is_empty() {
            return engine;
        }
        let session = engine.session();
        let check = |text: &str| session.check(text, profile.mode);
        match compile::compile(source, profile.mode, check) {
            Ok(compiled) => {
                engine.compiled = Some(compiled);
                engine.start(session);
            }
            Err(error) => {
                engine.load = Load::Refused(error);
                engine.stop(&session);
            }
        }
        engine
    }

    fn session(&mut self) -> Session {
        let http = self
            .http
            .take()
            .unwrap_or_else(|| Box::<Answers>::default());
        let state = State::new(Rc::clone(&self.source), self.now, self.seed, http);
        Session::new(state, self.limits)
    }

    /// What came of saving and loading it.
    pub fn loaded(&self) -> &Load {
        &self.load
    }

    /// What the script logged while it was loaded.
    pub fn load_console(&self) -> &[ConsoleLine] {
        &self.load_console
    }

    /// The HTTP calls that it made while it was loaded. The server does not wait for them.
    pub fn load_calls(&self) -> &[HttpCall] {
        &self.load_calls
    }

    /// What the script keeps in `Store`, in order; no value for what cannot be copied.
    pub fn store(&self) -> Vec<(String, Option<Value>)> {
        self.session
            .as_ref()
            .map(Session::store)
            .unwrap_or_default()
    }

    /// What of the script does not run as on the server, and would not show otherwise.
    pub fn notes(&self) -> &[String] {
        self.compiled
            .as_ref()
            .map_or(&[], |compiled| &compiled.notes)
    }

    /// The integration was saved again: the script starts afresh, without what it had kept.
    pub fn saved(&mut self) {
        self.gone = None;
        if let Some(session) = self.session.take() {
            self.stop(&session);
        }
        if self.compiled.is_some() {
            let session = self.session();
            self.start(session);
        }
    }

    /// Sets the time, in milliseconds since 1970, of the calls that follow.
    pub fn set_now(&mut self, now: i64) {
        self.now = now;
    }

    /// Ends a session; what answers HTTP calls is kept.
    fn stop(&mut self, session: &Session) {
        let none = Box::<Answers>::default();
        self.http = Some(std::mem::replace(
            &mut session.state.borrow_mut().http,
            none,
        ));
    }

    fn start(&mut self, mut session: Session) {
        let Some(compiled) = &self.compiled else {
            return;
        };
        let redeclared = compiled.redeclared.as_ref();
        let loaded = match redeclared.filter(|_| self.profile.sandbox == Sandbox::IsolatedVm) {
            Some((name, at)) => Err(Stop::Threw(Thrown {
                value: ThrownValue::Error {
                    name: "SyntaxError".into(),
                    message: format!("Identifier '{name}' has already been declared"),
                },
                place: Some(Place {
                    line: at.line,
                    column: at.column,
                }),
            })),
            None => session.load(&compiled.program, self.profile, self.kind),
        };
        self.load_console = std::mem::take(&mut session.state.borrow_mut().console);
        self.load_calls = std::mem::take(&mut session.state.borrow_mut().calls);
        match loaded {
            Ok(methods) => {
                self.load = Load::Methods(methods);
                self.session = Some(session);
            }
            Err(stop) => {
                self.load = Load::Failed(match stop {
                    Stop::TimedOut => End::LoadTimedOut,
                    stop => end(stop),
                });
                self.stop(&session);
            }
        }
    }

    /// Calls a method with its one argument: `{request}`, or `{request, response}`.
    pub fn call(&mut self, method: Method, input: &Value) -> Outcome {
        let mut outcome = Outcome::of(End::NoScript, false);
        if let Some(gone) = &self.gone {
            outcome.end = gone.clone();
            return outcome;
        }
        let methods = match &self.load {
            Load::Blank | Load::Refused(_) => return outcome,
            Load::Failed(end) => {
                // The server does not keep a script that failed to load: it loads it again at each call.
                outcome.failed_to_load = true;
                outcome.end = end.clone();
                return outcome;
            }
            Load::Methods(methods) => methods,
        };
        if !methods.contains(&method) {
            outcome.end = End::NoMethod;
            return outcome;
        }
        let Some(session) = &mut self.session else {
            return outcome;
        };
        {
            #[expect(clippy::cast_precision_loss, reason = "dates end long before")]
            let now = self.now as f64;
            session.state.borrow_mut().now = now;
        }
        let shared = method == Method::ProcessIncomingRequest
            && input.get("request").is_some_and(|request| {
                request.get("content").is_some() && request.get("content") == request.get("body")
            });
        let called = session.call(method, input, shared);
        {
            let mut state = session.state.borrow_mut();
            outcome.console = std::mem::take(&mut state.console);
            outcome.calls = std::mem::take(&mut state.calls);
        }
        outcome.end = match called {
            Ok((value, calls)) => {
                outcome.late_calls = outcome.calls.split_off(calls);
                End::Returned(value)
            }
            // vm2 ends a call after 3 s.
            Err(Stop::TimedOut) if self.profile.sandbox == Sandbox::Vm2 => {
                End::Unknown("what vm2 does with a call that takes long".into())
            }
            Err(stop) => end(stop),
        };
        match outcome.end {
            End::Hangs => self.gone = Some(End::Hangs),
            End::OutOfMemory => self.gone = Some(End::IsolateGone),
            _ => return outcome,
        }
        if let Some(session) = self.session.take() {
            self.stop(&session);
        }
        outcome
    }
}

fn end(stop: Stop) -> End {
    match stop {
        Stop::Threw(thrown) => End::Threw(thrown),
        Stop::TimedOut => End::Hangs,
        Stop::OutOfMemory => End::OutOfMemory,
        Stop::NeverSettles => End::NeverSettles,
        Stop::Unknown(why) => End::Unknown(why),
    }
}
