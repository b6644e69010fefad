//! One short file per command: the only place that joins input and output to the pure stages.

mod sandbox;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

/// Parses the command line and runs its command.
pub(crate) fn run() -> Exit {
    let cli = Cli::parse();
    match cli.command {
        Command::Sandbox(args) => sandbox::run(args),
    }
}
