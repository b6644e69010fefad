//! The process's edges: standard output and error, colour, logs, and the one question rcsync asks.

use std::fs::File;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::{AutoStream, ColorChoice};
use serde::Serialize;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{TerminalArgs, When};
use crate::exit::Exit;
use rcsync::report::{self, RenderOptions};
use rocketchat_client::escape;

/// Whether standard error is for errors alone. Set once, by the flags.
static QUIET: OnceLock<bool> = OnceLock::new();

/// Whether something could not be written to standard output. Nothing is written there afterwards.
static INCOMPLETE: AtomicBool = AtomicBool::new(false);

/// How this process may print.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    /// Whether standard output takes colour.
    pub(super) color_out: bool,
    /// Whether standard error takes colour.
    pub(super) color_err: bool,
    /// Whether to tell more than a summary.
    pub(super) verbose: bool,
}

impl Terminal {
    /// Reads the flags and the environment, and starts the log.
    pub(super) fn new(args: &TerminalArgs) -> Self {
        let color = |auto: bool| match args.color {
            When::Always => true,
            When::Never => false,
            When::Auto => auto,
        };
        let terminal = Self {
            color_out: color(out_takes_color()),
            color_err: color(AutoStream::choice(&io::stderr()) != ColorChoice::Never),
            verbose: args.verbose > 0,
        };
        let _ = QUIET.set(args.quiet);
        terminal.log(args.verbose);
        terminal
    }

    /// How reports are rendered on standard output.
    pub(super) fn options(self) -> RenderOptions {
        RenderOptions {
            color: self.color_out,
            ..RenderOptions::default()
        }
    }

    /// Logs of this program and its sandbox alone: another crate's may hold what ours masks.
    fn log(self, verbose: u8) {
        let level = match verbose {
            0 if is_quiet() => LevelFilter::ERROR,
            0 => LevelFilter::WARN,
            1 => LevelFilter::INFO,
            _ => LevelFilter::DEBUG,
        };
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(|| {
                end_progress();
                io::stderr()
            })
            .with_ansi(self.color_err)
            .with_target(false)
            .without_time();
        let ours =
            ["rcsync", "rocketchat_client", "rocketchat_sandbox"].map(|target| (target, level));
        // A second subscriber, as in tests, changes nothing.
        let _ = tracing_subscriber::registry()
            .with(Targets::new().with_targets(ours))
            .with(lines)
            .try_init();
    }
}

/// Whether standard output takes colour, unless a flag decides.
pub(super) fn out_takes_color() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Whether standard output is shown to somebody.
pub(super) fn out_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether the last line of standard error's terminal is one that is written over.
static PROGRESS: AtomicBool = AtomicBool::new(false);

/// Back to the beginning of the line, and nothing in it.
const CLEAR: &str = "\r\x1b[K";

/// Shows words on a line of the terminal that is written over.
pub(super) fn progress(words: &str) {
    let mut to = io::stderr().lock();
    PROGRESS.store(!words.is_empty(), Ordering::Relaxed);
    let _ = to.write_all(format!("{CLEAR}{words}").as_bytes());
}

/// Clears the line that is written over, if there is one: nothing else may stand on it.
pub(super) fn end_progress() {
    let mut to = io::stderr().lock();
    if PROGRESS.swap(false, Ordering::Relaxed) {
        let _ = to.write_all(CLEAR.as_bytes());
    }
}

/// Writes a result to standard output, and returns whether all of it was written.
///
/// A write that fails is told here, once, and [`ended`] makes it the exit code: a command cannot forget it. A closed pipe
/// is quiet: `rcsync … | head -1` has read what it wants, and the run ends as it would have.
pub(super) fn out(text: &str) -> bool {
    if INCOMPLETE.load(Ordering::Relaxed) {
        return false;
    }
    let Err(why) = write_out(text) else {
        return true;
    };
    if why.kind() != ErrorKind::BrokenPipe {
        INCOMPLETE.store(true, Ordering::Relaxed);
        error(
            &format!("standard output cannot be written: {why}"),
            Some("the output is incomplete"),
        );
    }
    false
}

/// Writes past the buffer of the standard library, which fails only when the process has ended, and which takes a
/// descriptor that is not open for writing as a success.
fn write_out(text: &str) -> io::Result<()> {
    end_progress();
    File::from(io::stdout().as_fd().try_clone_to_owned()?).write_all(text.as_bytes())
}

/// Whether everything so far was written to standard output, or nobody reads it any more.
///
/// # Errors
/// When it was not; the reason has been shown.
pub(super) fn check_out() -> Result<(), Exit> {
    if INCOMPLETE.load(Ordering::Relaxed) {
        return Err(Exit::Unexpected);
    }
    Ok(())
}

/// How a run ends that would end like this: an output that is not complete is an error.
pub(super) fn ended(exit: Exit) -> Exit {
    check_out().err().map_or(exit, |other| exit.min(other))
}

/// Writes a report for programs to standard output, as [`out`] does.
pub(super) fn json(of: &impl Serialize) -> bool {
    out(&report::json(of))
}

/// Writes to standard error.
pub(super) fn err(text: &str) {
    end_progress();
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether standard error is for errors alone.
pub(super) fn is_quiet() -> bool {
    QUIET.get().copied().unwrap_or_default()
}

/// Writes lines to standard error that a run can do without: notes, warnings, and which files were written. Names of
/// files and words of a server may be in them.
pub(super) fn note(lines: &str) {
    if !is_quiet() {
        err(&escape::lines(lines));
    }
}

/// How many characters a line of standard output's terminal holds.
pub(super) fn out_width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(80, |(width, _)| width.0.into())
}

/// How many characters a line of standard error's terminal holds.
pub(super) fn width() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| width.0.into())
}

/// Writes one line to standard error, after `error: `, with the help below it.
pub(super) fn error(message: &str, help: Option<&str>) {
    let help = help
        .map(|help| format!("help: {help}\n"))
        .unwrap_or_default();
    err(&escape::lines(&format!("error: {message}\n{help}")));
}

/// Whether somebody can be asked: the answer comes from a terminal, and the question is shown on one.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on the terminal. No answer is a no.
pub(super) fn confirmed(question: &str) -> bool {
    err(&format!("{} [y/N] ", escape::lines(question)));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
