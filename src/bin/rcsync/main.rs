//! The `rcsync` program: its command line, what it prints, and how it ends. Everything else is in the library.
//!
//! `cli` holds the flags and `commands` one short file a command; only [`terminal`] and [`progress`] print. The environment
//! is read here and in `commands`, and nowhere else.

mod cli;
mod commands;
mod exit;
mod interrupt;
mod progress;
mod terminal;

#[cfg(feature = "script")]
use std::path::PathBuf;
use std::process::ExitCode;

use clap::FromArgMatches;
use rocketchat_client::escape;
#[cfg(feature = "script")]
use webhook_script::isolated;

use cli::Cli;
use exit::Exit;
use terminal::Terminal;

fn main() -> ExitCode {
    run().into()
}

/// Parses the command line, runs its command, and says how it ended.
fn run() -> Exit {
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
            let error = cli::explained(error);
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
    let ended = commands::run(cli.command, terminal);
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
