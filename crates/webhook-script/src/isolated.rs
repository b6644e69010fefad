//! Scripts looked at, or run, by a process of their own: this program once more, which is killed when it is not done in time.
//!
//! One process takes request after request, each as a line of JSON on its standard input, and answers each with a line.
//! It is replaced after a script that was not finished in it. It ends when its input does, and by itself when a script
//! takes too long: also when the process that asks has been killed, nothing runs on for more than a moment. It has
//! nothing of the environment, and prints nothing else.
//!
//! Where the program has not said who it is ([`set_program`]), which is so in tests and fuzz targets, scripts are looked
//! at in the same process, without a limit in time.

use std::cell::RefCell;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::limits::{Looked, NotChecked};
use super::runtime::apart;
use super::{Loaded, ServerProfile};

/// The argument that makes this program such a process.
pub const ARGUMENT: &str = "__check-scripts";

/// Room for the engine's stack and for its own functions.
const THREAD_STACK: usize = 8 << 20;

/// How much longer than asked for such a process lets itself live: the one that asks should be the first to end it.
const GRACE: Duration = Duration::from_millis(500);

/// The longest answer that is read. All words of the largest script fit.
const MAX_ANSWER: u64 = 64 << 20;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Says where this program is, so that it can be started once more.
pub fn set_program(path: PathBuf) {
    let _ = PROGRAM.set(path);
}

/// Whether it was said.
pub(super) fn has_program() -> bool {
    PROGRAM.get().is_some()
}

/// What such a process is asked for.
#[derive(Serialize, Deserialize)]
pub(crate) enum Request {
    /// To look at a script.
    Look {
        source: String,
        /// The server that it is loaded for.
        profile: ServerProfile,
        /// How long that may take.
        limit: Duration,
    },
    /// What a script that runs there needs.
    Run(apart::Request),
}

/// What it answers.
#[derive(Serialize, Deserialize)]
pub(crate) enum Reply {
    Looked(Looked),
    Run(apart::Reply),
}

/// Looks at scripts apart; what it started ends with it.
#[derive(Default)]
pub(super) struct Apart {
    process: Option<Process>,
}

impl Apart {
    /// Looks at a script.
    pub(super) fn look(
        &mut self,
        source: &str,
        profile: ServerProfile,
        limit: Duration,
    ) -> Result<Looked, NotChecked> {
        let Some(program) = PROGRAM.get() else {
            return Ok(super::look(source, profile));
        };
        let request = Request::Look {
            source: source.to_owned(),
            profile,
            limit,
        };
        let start = Instant::now();
        if self.process.is_none() {
            self.process = Process::start(program).ok();
        }
        let Some(process) = &self.process else {
            return Err(NotChecked::Engine);
        };
        let looked = match process.ask(request, start + limit) {
            Ok(Reply::Looked(looked)) => Ok(looked),
            Ok(Reply::Run(_)) | Err(RecvTimeoutError::Disconnected) => Err(NotChecked::Engine),
            Err(RecvTimeoutError::Timeout) => Err(NotChecked::Time),
        };
        let unfinished = match &looked {
            Ok(Ok(Some(facts))) => matches!(facts.loaded, Loaded::Unknown(_)),
            Ok(_) => false,
            Err(_) => true,
        };
        if unfinished {
            self.process = None;
        }
        looked
    }
}

/// Such a process, and the thread that talks to it.
pub(crate) struct Process {
    child: Child,
    /// Empty once it is ending.
    requests: Option<Sender<Request>>,
    replies: Receiver<Reply>,
    talk: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts one; nothing if nobody said where the program is.
    pub(crate) fn of_program() -> Option<io::Result<Self>> {
        PROGRAM.get().map(Self::start)
    }

    fn start(program: &PathBuf) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg(ARGUMENT)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (requests, asked) = mpsc::channel();
        let (tell, replies) = mpsc::channel();
        let talk = match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => thread::Builder::new()
                .stack_size(THREAD_STACK)
                .spawn(move || talk(asked, &tell, input, output))
                .ok(),
            _ => None,
        };
        Ok(Self {
            child,
            requests: Some(requests),
            replies,
            talk,
        })
    }

    /// Sends a request, and waits for its reply.
    pub(crate) fn ask(&self, request: Request, until: Instant) -> Result<Reply, RecvTimeoutError> {
        let sent = self
            .requests
            .as_ref()
            .map(|requests| requests.send(request));
        if !matches!(sent, Some(Ok(()))) {
            return Err(RecvTimeoutError::Disconnected);
        }
        let left = until.saturating_duration_since(Instant::now());
        self.replies.recv_timeout(left)
    }
}

impl Drop for Process {
    /// Leaves neither a process nor a thread behind.
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(talk) = self.talk.take() {
            let _ = talk.join();
        }
    }
}

/// Passes requests and replies on until either side ends.
fn talk(
    asked: Receiver<Request>,
    tell: &Sender<Reply>,
    mut input: ChildStdin,
    output: ChildStdout,
) {
    let mut output = BufReader::new(output);
    for request in asked {
        let replied = write_line(&mut input, &request).and_then(|()| read_line(&mut output));
        let Ok(Some(reply)) = replied else { return };
        if tell.send(reply).is_err() {
            return;
        }
    }
}

pub(crate) fn write_line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// The next line; nothing at the end.
pub(crate) fn read_line<T: for<'de> Deserialize<'de>>(
    from: &mut impl BufRead,
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(MAX_ANSWER).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    // Values may be nested as deep as `copy` lets them.
    let mut json = serde_json::Deserializer::from_slice(&line);
    json.disable_recursion_limit();
    Ok(Some(T::deserialize(&mut json)?))
}

/// Says how long what is done now may take; nothing once it is done.
pub(crate) type Watch = Sender<Option<Duration>>;

/// Is such a process, until its input ends or something takes too long.
pub fn serve() {
    let (watch, watched) = mpsc::channel();
    let started = thread::Builder::new()
        .stack_size(THREAD_STACK)
        .spawn(move || answer(&watch));
    if started.is_err() {
        return;
    }
    // While nothing is asked for it waits, and ends with the thread. To return ends the process, whatever runs in it.
    while let Ok(limit) = watched.recv() {
        let Some(limit) = limit else { continue };
        if !matches!(watched.recv_timeout(limit + GRACE), Ok(None)) {
            return;
        }
    }
}

/// Answers requests. Nothing is left to do when either side has ended.
fn answer(watch: &Watch) {
    let input = Rc::new(RefCell::new(io::stdin().lock()));
    let mut runner = apart::Runner::new(Rc::clone(&input), watch.clone());
    loop {
        let request = read_line::<Request>(&mut *input.borrow_mut());
        let (limit, reply): (_, Box<dyn FnOnce() -> Reply + '_>) = match request {
            Ok(Some(Request::Look {
                source,
                profile,
                limit,
            })) => (
                limit,
                Box::new(move || Reply::Looked(super::look(&source, profile))),
            ),
            Ok(Some(Request::Run(request))) => {
                let limit = runner.limit(&request);
                let runner = &mut runner;
                (limit, Box::new(move || Reply::Run(runner.answer(request))))
            }
            _ => return,
        };
        if watch.send(Some(limit)).is_err()
            || write_line(&mut io::stdout(), &reply()).is_err()
            || watch.send(None).is_err()
        {
            return;
        }
    }
}
