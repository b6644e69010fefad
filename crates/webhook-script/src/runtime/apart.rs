//! A script that runs in a process of its own, which is killed when the script does not come back: in some built-in
//! functions, and while it parses, the engine asks nobody whether to go on.

use std::cell::RefCell;
use std::io::{self, StdinLock};
use std::rc::Rc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{
    Answers, ConsoleLine, End, Engine, Http, HttpAnswer, HttpCall, Kind, Limits, Load, Method,
    Options, Outcome, ServerProfile,
};
use crate::isolated::{self, Process, Watch};
use crate::value::Value;

/// How long saving a script may take before it is loaded.
const SAVING: Duration = Duration::from_secs(2);
/// How much longer than its limit the process may take: the engine should be the first to notice.
const GRACE: Duration = Duration::from_millis(500);
const FAILED: &str = "the script engine failed";

/// What the process is asked for.
#[derive(Serialize, Deserialize)]
pub(crate) enum Request {
    Load {
        source: String,
        kind: Kind,
        profile: ServerProfile,
        now: i64,
        seed: u64,
        limits: Limits,
    },
    Saved,
    Call {
        method: Method,
        input: Value,
        now: i64,
    },
    Store,
    Answer(HttpAnswer),
}

/// What it answers.
#[derive(Serialize, Deserialize)]
pub(crate) enum Reply {
    Loaded(Loaded),
    Called(Outcome),
    Store(Vec<(String, Option<Value>)>),
    /// The script waits for the answer of a called server.
    Http(HttpCall),
}

/// What came of loading.
#[derive(Serialize, Deserialize)]
pub(crate) struct Loaded {
    load: Load,
    console: Vec<ConsoleLine>,
    calls: Vec<HttpCall>,
    notes: Vec<String>,
}

impl Loaded {
    fn nothing() -> Self {
        Self {
            load: Load::Blank,
            console: Vec::new(),
            calls: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// An [`Engine`] in a process of its own, with the same methods. Where the program has not said who it is
/// ([`isolated::set_program`]), it is one in this process.
pub struct IsolatedEngine {
    source: String,
    kind: Kind,
    profile: ServerProfile,
    options: Options,
    here: Option<Engine>,
    process: Option<Process>,
    loaded: Loaded,
    /// What every later call comes to, until the integration is saved.
    gone: Option<End>,
}

impl IsolatedEngine {
    /// Saves and loads a script.
    pub fn load(source: &str, kind: Kind, profile: ServerProfile, options: Options) -> Self {
        let mut engine = Self {
            source: source.to_owned(),
            kind,
            profile,
            options,
            here: None,
            process: None,
            loaded: Loaded::nothing(),
            gone: None,
        };
        engine.start();
        engine
    }

    fn start(&mut self) {
        match Process::of_program() {
            Some(Ok(process)) => {
                self.process = Some(process);
                let request = Request::Load {
                    source: self.source.clone(),
                    kind: self.kind,
                    profile: self.profile,
                    now: self.options.now,
                    seed: self.options.seed,
                    limits: self.options.limits,
                };
                self.loads(request);
            }
            Some(Err(_)) => self.loaded.load = Load::Failed(End::Unknown(FAILED.into())),
            None => {
                let none = Box::<Answers>::default();
                let options = Options {
                    now: self.options.now,
                    seed: self.options.seed,
                    limits: self.options.limits,
                    http: std::mem::replace(&mut self.options.http, none),
                };
                let engine = Engine::load_with(&self.source, self.kind, self.profile, options);
                self.here = Some(engine);
            }
        }
    }

    fn loads(&mut self, request: Request) {
        let limit = SAVING + self.options.limits.load + GRACE;
        match self.ask(request, limit) {
            Ok(Reply::Loaded(loaded)) => self.loaded = loaded,
            other => {
                self.process = None;
                self.loaded.load = Load::Failed(match other {
                    Err(RecvTimeoutError::Timeout) => End::LoadTimedOut,
                    _ => End::Unknown(FAILED.into()),
                });
            }
        }
    }

    /// Asks the process, and answers its HTTP calls meanwhile.
    fn ask(&mut self, request: Request, limit: Duration) -> Result<Reply, RecvTimeoutError> {
        let mut request = request;
        loop {
            let process = self
                .process
                .as_ref()
                .ok_or(RecvTimeoutError::Disconnected)?;
            let asked = isolated::Request::Run(request);
            match process.ask(asked, Instant::now() + limit)? {
                isolated::Reply::Run(Reply::Http(call)) => {
                    request = Request::Answer(self.options.http.answer(&call));
                }
                isolated::Reply::Run(reply) => return Ok(reply),
                isolated::Reply::Looked(_) => return Err(RecvTimeoutError::Disconnected),
            }
        }
    }

    /// What came of saving and loading it.
    pub fn loaded(&self) -> &Load {
        self.here.as_ref().map_or(&self.loaded.load, Engine::loaded)
    }

    /// What the script logged while it was loaded.
    pub fn load_console(&self) -> &[ConsoleLine] {
        let apart = &self.loaded.console;
        self.here.as_ref().map_or(apart, Engine::load_console)
    }

    /// The HTTP calls that it made while it was loaded. The server does not wait for them.
    pub fn load_calls(&self) -> &[HttpCall] {
        let apart = &self.loaded.calls;
        self.here.as_ref().map_or(apart, Engine::load_calls)
    }

    /// What of the script does not run as on the server, and would not show otherwise.
    pub fn notes(&self) -> &[String] {
        self.here.as_ref().map_or(&self.loaded.notes, Engine::notes)
    }

    /// What the script keeps in `Store`, in order; no value for what cannot be copied.
    pub fn store(&mut self) -> Vec<(String, Option<Value>)> {
        if let Some(engine) = &self.here {
            return engine.store();
        }
        match self.ask(Request::Store, self.options.limits.call + GRACE) {
            Ok(Reply::Store(store)) => store,
            _ => Vec::new(),
        }
    }

    /// Sets the time, in milliseconds since 1970, of the calls that follow.
    pub fn set_now(&mut self, now: i64) {
        self.options.now = now;
        if let Some(engine) = &mut self.here {
            engine.set_now(now);
        }
    }

    /// The integration was saved again: the script starts afresh, without what it had kept.
    pub fn saved(&mut self) {
        self.gone = None;
        match (&mut self.here, &self.process) {
            (Some(engine), _) => engine.saved(),
            (None, Some(_)) => self.loads(Request::Saved),
            (None, None) => self.start(),
        }
    }

    /// Calls a method with its one argument: `{request}`, or `{request, response}`.
    pub fn call(&mut self, method: Method, input: &Value) -> Outcome {
        if let Some(engine) = &mut self.here {
            return engine.call(method, input);
        }
        if let Some(end) = &self.gone {
            return Outcome::of(end.clone(), false);
        }
        if let (Load::Failed(end), None) = (&self.loaded.load, &self.process) {
            return Outcome::of(end.clone(), true);
        }
        let request = Request::Call {
            method,
            input: input.clone(),
            now: self.options.now,
        };
        let end = match self.ask(request, self.options.limits.call + GRACE) {
            Ok(Reply::Called(outcome)) => return outcome,
            Err(RecvTimeoutError::Timeout) => End::Hangs,
            _ => End::Unknown(FAILED.into()),
        };
        self.process = None;
        self.gone = Some(end.clone());
        Outcome::of(end, false)
    }
}

/// The other side: runs a script for the process that asks.
pub(crate) struct Runner {
    input: Rc<RefCell<StdinLock<'static>>>,
    watch: Watch,
    engine: Option<Engine>,
    limits: Limits,
}

impl Runner {
    pub(crate) fn new(input: Rc<RefCell<StdinLock<'static>>>, watch: Watch) -> Self {
        Self {
            input,
            watch,
            engine: None,
            limits: Limits::default(),
        }
    }

    /// How long a request may take.
    pub(crate) fn limit(&self, request: &Request) -> Duration {
        GRACE
            + match request {
                Request::Load { limits, .. } => SAVING + limits.load,
                Request::Saved => SAVING + self.limits.load,
                Request::Call { .. } | Request::Store | Request::Answer(_) => self.limits.call,
            }
    }

    pub(crate) fn answer(&mut self, request: Request) -> Reply {
        match request {
            Request::Load {
                source,
                kind,
                profile,
                now,
                seed,
                limits,
            } => {
                self.limits = limits;
                let http = Asks {
                    input: Rc::clone(&self.input),
                    watch: self.watch.clone(),
                    limit: limits.call + GRACE,
                };
                let options = Options {
                    now,
                    seed,
                    limits,
                    http: Box::new(http),
                };
                let engine = Engine::load_with(&source, kind, profile, options);
                let loaded = loaded(&engine);
                self.engine = Some(engine);
                Reply::Loaded(loaded)
            }
            Request::Saved => {
                if let Some(engine) = &mut self.engine {
                    engine.saved();
                }
                Reply::Loaded(self.engine.as_ref().map_or_else(Loaded::nothing, loaded))
            }
            Request::Call { method, input, now } => {
                let called = self.engine.as_mut().map(|engine| {
                    engine.set_now(now);
                    engine.call(method, &input)
                });
                Reply::Called(called.unwrap_or_else(|| Outcome::of(End::NoScript, false)))
            }
            Request::Store | Request::Answer(_) => {
                Reply::Store(self.engine.as_ref().map(Engine::store).unwrap_or_default())
            }
        }
    }
}

fn loaded(engine: &Engine) -> Loaded {
    Loaded {
        load: engine.loaded().clone(),
        console: engine.load_console().to_vec(),
        calls: engine.load_calls().to_vec(),
        notes: engine.notes().to_vec(),
    }
}

/// Has HTTP calls answered by the process that asks. Its time to answer does not count.
struct Asks {
    input: Rc<RefCell<StdinLock<'static>>>,
    watch: Watch,
    limit: Duration,
}

impl Http for Asks {
    fn answer(&mut self, call: &HttpCall) -> HttpAnswer {
        let _ = self.watch.send(None);
        let asked = isolated::Reply::Run(Reply::Http(call.clone()));
        let answered = isolated::write_line(&mut io::stdout(), &asked)
            .and_then(|()| isolated::read_line(&mut *self.input.borrow_mut()));
        let _ = self.watch.send(Some(self.limit));
        match answered {
            Ok(Some(isolated::Request::Run(Request::Answer(answer)))) => answer,
            _ => HttpAnswer::Unknown,
        }
    }
}
