//! Runs the scripts of integrations, on a thread of its own: one after the other, as the server does in its one process.
//!
//! A script keeps its state between calls until the integration is saved again, or [`MOST_LOADED`] others were called since.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;
use webhook_script::ServerProfile as ScriptProfile;
use webhook_script::runtime::{
    End, HttpAnswer, HttpCall, IsolatedEngine, Kind, Method, Options, Outcome,
};
use webhook_script::value::Value;

/// How many scripts are kept loaded: each has a process of its own, of 3 MB and what the script holds, at most 16 MB.
pub(super) const MOST_LOADED: usize = 64;
/// Room for an engine that runs on this thread, and for its own functions.
const STACK: usize = 8 << 20;

/// A call of a script.
#[derive(Debug)]
pub(super) struct Job {
    /// The `_id` of the integration.
    pub(super) id: String,
    /// When it was saved last: state lives as long.
    pub(super) saved: String,
    pub(super) source: String,
    pub(super) kind: Kind,
    pub(super) profile: ScriptProfile,
    pub(super) method: Method,
    pub(super) input: Value,
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

/// A call, and where its outcome goes.
type Asked = (Job, oneshot::Sender<Outcome>);

/// The thread, once there is one.
#[derive(Debug, Default)]
pub(super) struct Runner {
    jobs: Mutex<Option<Sender<Asked>>>,
}

impl Runner {
    /// Runs a call, and has what came of it.
    pub(super) async fn run(&self, job: Job) -> Outcome {
        let (tell, told) = oneshot::channel();
        let sent = {
            let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            if jobs.is_none() {
                *jobs = start();
            }
            jobs.as_ref()
                .is_some_and(|jobs| jobs.send((job, tell)).is_ok())
        };
        let outcome = if sent { told.await.ok() } else { None };
        outcome.unwrap_or_else(|| ended(End::Unknown("the script engine failed".into())))
    }
}

/// An outcome in which nothing was done besides.
pub(super) fn ended(end: End) -> Outcome {
    Outcome {
        end,
        failed_to_load: false,
        console: Vec::new(),
        calls: Vec::new(),
        late_calls: Vec::new(),
    }
}

fn start() -> Option<Sender<Asked>> {
    let (jobs, asked) = mpsc::channel();
    let thread = thread::Builder::new().stack_size(STACK);
    thread.spawn(move || serve(&asked)).ok()?;
    Some(jobs)
}

/// A script that is loaded.
struct Loaded {
    id: String,
    saved: String,
    engine: IsolatedEngine,
}

fn serve(asked: &Receiver<Asked>) {
    let mut loaded: VecDeque<Loaded> = VecDeque::new();
    for (job, tell) in asked {
        let at = loaded
            .iter()
            .position(|it| it.id == job.id && it.saved == job.saved);
        let known = at.and_then(|at| loaded.remove(at));
        loaded.retain(|it| it.id != job.id);
        let mut script = known.unwrap_or_else(|| load(&job));
        script.engine.set_now(job.now);
        let outcome = script.engine.call(job.method, &job.input);
        // A script that failed to load is loaded again at each call.
        if !outcome.failed_to_load {
            loaded.push_back(script);
        }
        if loaded.len() > MOST_LOADED
            && let Some(oldest) = loaded.pop_front()
        {
            tracing::warn!(
                integration = oldest.id,
                "more than {MOST_LOADED} scripts are in use: this one is loaded anew at its next call, without what it kept"
            );
        }
        // Whoever asked may have gone.
        let _ = tell.send(outcome);
    }
}

fn load(job: &Job) -> Loaded {
    let options = Options {
        now: job.now,
        seed: job.now.unsigned_abs(),
        // Nothing is sent: what runs here may be under review.
        http: Box::new(|call: &HttpCall| {
            HttpAnswer::Fail(format!("{} is not called from a sandbox", call.url))
        }),
        ..Options::default()
    };
    Loaded {
        id: job.id.clone(),
        saved: job.saved.clone(),
        engine: IsolatedEngine::load(&job.source, job.kind, job.profile, options),
    }
}
