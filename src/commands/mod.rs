//! One short file per command: the only place that joins input and output to the pure stages.

// mod apply;
mod load;
// mod plan;
mod sandbox;
mod schema;
// mod session;
mod terminal;
mod validate;
mod values;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::Exit;
use terminal::Terminal;

/// Parses the command line and runs its command.
pub(crate) fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            // clap's own code for a usage error, 2, means "there are changes" here.
            return if error.use_stderr() {
                Exit::Invalid
            } else {
                Exit::Done
            };
        }
    };
    let terminal = Terminal::new(&cli.terminal);
    match cli.command {
        Command::Validate(args) => validate::run(&args, terminal),
        Command::Plan(_) | Command::Apply(_) => Exit::Done,
        Command::Schema(args) => schema::run(&args),
        Command::Sandbox(args) => sandbox::run(&args),
    }
}
