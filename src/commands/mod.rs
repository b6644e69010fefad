//! One short file per command: the only place that joins input and output to the pure stages.

mod apply;
mod approval;
mod base;
mod doctor;
mod export;
mod failure;
mod files;
mod init;
mod interrupt;
mod known;
mod manifests;
mod narrow;
mod output;
mod plan;
mod progress;
mod sandbox;
mod saved;
mod schema;
mod session;
mod shell;
mod show;
mod snapshot;
mod terminal;
mod urls;
mod validate;

#[cfg(feature = "script")]
use std::path::PathBuf;

use clap::FromArgMatches;
#[cfg(feature = "script")]
use webhook_script::isolated;

use crate::cli::{self, Cli, Command};
use crate::escape;
use crate::exit::Exit;
use failure::Failure;
use terminal::Terminal;

/// Parses the command line, runs its command, and says how it ended.
pub(crate) fn run() -> Exit {
    #[cfg(feature = "script")]
    {
        // A process that looks at scripts for another.
        if std::env::args_os().nth(1).as_deref() == Some(isolated::ARGUMENT.as_ref()) {
            isolated::serve();
            return Exit::Done;
        }
        isolated::set_program(program());
    }
    terminal::ended(command())
}

fn command() -> Exit {
    let parsed = cli::parser().try_get_matches();
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            print(&error);
            // clap's own code for a usage error, 2, means "there are changes" here.
            return if error.use_stderr() {
                Exit::Invalid
            } else {
                Exit::Done
            };
        }
    };
    let terminal = Terminal::new(&cli.terminal);
    let ended = match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Validate(args) => validate::run(&args, terminal),
        Command::Plan(args) => plan::run(&args, terminal),
        Command::Apply(args) => apply::run(&args, terminal),
        Command::Show(args) => show::run(&args, terminal),
        Command::Export(args) => export::run(&args, terminal),
        Command::Snapshot(args) => snapshot::run(&args, terminal),
        Command::Urls(args) => urls::run(&args, terminal),
        Command::Doctor(args) => doctor::run(&args),
        Command::Schema(args) => Ok(schema::run(&args)),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Completions(args) => Ok(shell::completions(&args)),
        Command::Man(args) => shell::man(&args),
    };
    ended.unwrap_or_else(|failure| failure.tell())
}

/// Where this program is. On Linux also once it has been replaced by another version.
#[cfg(feature = "script")]
fn program() -> PathBuf {
    if cfg!(target_os = "linux") {
        return PathBuf::from("/proc/self/exe");
    }
    std::env::current_exe().unwrap_or_default()
}

/// Prints what clap says: help is a result; an error quotes arguments, and is in colour where nothing of them is obeyed
/// by a terminal.
fn print(error: &clap::Error) {
    let text = error.render();
    let plain = text.to_string();
    let harmless = escape::lines(&plain);
    if !error.use_stderr() {
        terminal::out(&if terminal::out_takes_color() {
            text.ansi().to_string()
        } else {
            plain
        });
    } else if plain == harmless {
        let _ = error.print();
    } else {
        terminal::err(&harmless);
    }
}

/// Runs what talks to a server, on this thread alone.
fn runtime<T>(talk: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let built = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = built.map_err(|error| {
        let message = format!("the runtime cannot start: {error}");
        Failure::new(Exit::Unexpected, &message, None)
    })?;
    runtime.block_on(talk)
}
