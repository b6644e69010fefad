//! Scripts looked at by a process of their own: this program once more, which is killed when it is not done in time.
//!
//! One process takes script after script, each as a line of JSON on its standard input, and answers each with a line.
//! It is replaced after a script that was not finished in it. It ends when its input does, and by itself when a script
//! takes too long: also when the process that asks has been killed, nothing runs on for more than a moment. It has
//! nothing of the environment, and prints nothing else.
//!
//! Where the program has not said who it is ([`set_program`]), which is so in tests and fuzz targets, scripts are looked
//! at in the same process, without a limit in time.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::limits::{Looked, NotChecked};
use super::{Loaded, Sandbox};

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

/// A script to look at.
#[derive(Serialize, Deserialize)]
struct Job {
    source: String,
    /// The engine that it is loaded for.
    engine: Sandbox,
    /// How long that may take.
    limit: Duration,
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
        engine: Sandbox,
        limit: Duration,
    ) -> Result<Looked, NotChecked> {
        let Some(program) = PROGRAM.get() else {
            return Ok(super::look(source, engine));
        };
        let job = Job {
            source: source.to_owned(),
            engine,
            limit,
        };
        let start = Instant::now();
        if self.process.is_none() {
            self.process = Process::start(program).ok();
        }
        let Some(process) = &self.process else {
            return Err(NotChecked::Engine);
        };
        let looked = process.look(job, start + limit);
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

/// A process that looks at scripts, and the thread that talks to it.
struct Process {
    child: Child,
    /// Empty once it is ending.
    jobs: Option<Sender<Job>>,
    answers: Receiver<Looked>,
    talk: Option<JoinHandle<()>>,
}

impl Process {
    fn start(program: &PathBuf) -> io::Result<Self> {
        let mut child = Command::new(program)
            .arg(ARGUMENT)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (jobs, asked) = mpsc::channel();
        let (tell, answers) = mpsc::channel();
        let talk = match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => thread::Builder::new()
                .spawn(move || talk(asked, &tell, input, output))
                .ok(),
            _ => None,
        };
        Ok(Self {
            child,
            jobs: Some(jobs),
            answers,
            talk,
        })
    }

    fn look(&self, job: Job, until: Instant) -> Result<Looked, NotChecked> {
        let sent = self.jobs.as_ref().map(|jobs| jobs.send(job));
        if !matches!(sent, Some(Ok(()))) {
            return Err(NotChecked::Engine);
        }
        let left = until.saturating_duration_since(Instant::now());
        self.answers
            .recv_timeout(left)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => NotChecked::Time,
                RecvTimeoutError::Disconnected => NotChecked::Engine,
            })
    }
}

impl Drop for Process {
    /// Leaves neither a process nor a thread behind.
    fn drop(&mut self) {
        self.jobs = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(talk) = self.talk.take() {
            let _ = talk.join();
        }
    }
}

/// Passes jobs and answers on until either side ends.
fn talk(asked: Receiver<Job>, tell: &Sender<Looked>, mut input: ChildStdin, output: ChildStdout) {
    let mut output = BufReader::new(output);
    for job in asked {
        let answered = write_line(&mut input, &job).and_then(|()| read_line(&mut output));
        let Ok(Some(answer)) = answered else { return };
        if tell.send(answer).is_err() {
            return;
        }
    }
}

fn write_line(to: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// The next line; nothing at the end.
fn read_line<T: for<'de> Deserialize<'de>>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(MAX_ANSWER).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

/// Is such a process, until its input ends or a script takes too long.
pub fn serve() {
    let (tell, told) = mpsc::channel();
    let served = move || {
        let mut input = io::stdin().lock();
        while let Ok(Some(job)) = read_line::<Job>(&mut input) {
            if tell.send(Some(job.limit)).is_err()
                || write_line(&mut io::stdout(), &super::look(&job.source, job.engine)).is_err()
                || tell.send(None).is_err()
            {
                return;
            }
        }
    };
    let started = thread::Builder::new()
        .stack_size(THREAD_STACK)
        .spawn(served);
    if started.is_err() {
        return;
    }
    // While nothing is asked for it waits, and ends with the thread. To return ends the process, whatever runs in it.
    while let Ok(Some(limit)) = told.recv() {
        if !matches!(told.recv_timeout(limit + GRACE), Ok(None)) {
            return;
        }
    }
}
