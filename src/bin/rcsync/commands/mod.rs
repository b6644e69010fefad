//! One short file per command: flags and the environment in, what the library made of them out.

mod apply;
mod approval;
mod base;
mod doctor;
mod export;
mod failure;
mod files;
mod init;
mod known;
mod manifests;
mod narrow;
mod output;
mod plan;
mod sandbox;
mod saved;
mod schema;
mod session;
mod shell;
mod show;
mod snapshot;
mod urls;
mod validate;

use failure::Failure;

use crate::cli::Command;
use crate::exit::Exit;
use crate::terminal::Terminal;

/// Runs a command.
///
/// # Errors
/// Why it ended early.
pub(crate) fn run(command: Command, terminal: Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => init::run(&args),
        Command::Validate(args) => validate::run(&args, terminal),
        Command::Plan(args) => Ok(plan::run(&args, terminal)),
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
