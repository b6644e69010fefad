//! Large scripts are checked on threads of their own, within a time, so that others are answered meanwhile.
//!
//! The engine cannot be stopped while it reads a script. One that takes longer is left to end by itself, on its thread,
//! and as long as it runs it counts among the few that run at once.

use std::sync::{Arc, LazyLock, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use webhook_script::ScriptError;

/// What is no larger takes milliseconds, whatever it holds, and is checked where it is.
const SMALL: usize = 16 << 10;
/// What is larger is not checked at all.
const LARGEST: usize = 1 << 20;
/// How long one script may take.
const BUDGET: Duration = Duration::from_secs(5);
/// How many are checked at once.
const AT_ONCE: usize = 2;
/// Room for the engine's own stack.
const STACK: usize = 4 << 20;

/// A program that was checked ahead.
#[derive(Debug)]
pub(super) struct Checked {
    /// Its text.
    pub(super) program: String,
    /// What came of it.
    pub(super) outcome: Result<(), ScriptError>,
}

/// Whether so many bytes may hold a program that takes long.
pub(super) fn may_take_long(bytes: usize) -> bool {
    bytes > SMALL
}

/// Checks a small program at once. Of a large one that was not checked ahead nothing is known: others would wait for it.
pub(super) fn check_here(program: &str) -> Result<(), ScriptError> {
    if may_take_long(program.len()) {
        return Err(not_checked());
    }
    webhook_script::check(program)
}

/// Checks a program, while others are answered.
pub(super) async fn check(program: String) -> Checked {
    static PLACES: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
    let outcome = if program.len() > LARGEST {
        Err(ScriptError::unplaced(
            "the script is larger than the 1 MiB that this sandbox compiles",
        ))
    } else {
        let place = Arc::clone(&PLACES).acquire_owned().await.ok();
        let text = program.clone();
        let waiting = tokio::task::spawn_blocking(move || within_budget(text, place));
        waiting.await.unwrap_or_else(|_| Err(not_checked()))
    };
    Checked { program, outcome }
}

/// Checks a program and waits for it, but not for ever.
fn within_budget(program: String, place: Option<OwnedSemaphorePermit>) -> Result<(), ScriptError> {
    static IDLE: Mutex<Vec<Worker>> = Mutex::new(Vec::new());
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = idle().pop();
    let worker = waiting.or_else(Worker::start).ok_or_else(not_checked)?;
    if worker.jobs.send((program, place)).is_err() {
        return Err(not_checked());
    }
    match worker.told.recv_timeout(BUDGET) {
        Ok(outcome) => {
            idle().push(worker);
            outcome
        }
        Err(mpsc::RecvTimeoutError::Timeout) => Err(ScriptError::unplaced(
            "the script takes longer than 5 s to compile",
        )),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(not_checked()),
    }
}

/// A program, and the place among those that run at once, which is free again when it is done.
type Job = (String, Option<OwnedSemaphorePermit>);

/// A thread with an engine.
struct Worker {
    jobs: mpsc::Sender<Job>,
    told: mpsc::Receiver<Result<(), ScriptError>>,
}

impl Worker {
    fn start() -> Option<Self> {
        let (jobs, asked) = mpsc::channel::<Job>();
        let (tell, told) = mpsc::channel();
        let serve = move || {
            for (program, place) in asked {
                let outcome = webhook_script::check(&program);
                drop(place);
                // Nobody listens any more when it took too long.
                if tell.send(outcome).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().stack_size(STACK).spawn(serve);
        thread.is_ok().then_some(Self { jobs, told })
    }
}

fn not_checked() -> ScriptError {
    ScriptError::unplaced("the script could not be compiled here")
}
