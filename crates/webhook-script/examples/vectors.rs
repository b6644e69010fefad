//! Replays recorded cases of the server's script engine: `cargo run --release -p webhook-script --example vectors -- DIR`.
//!
//! It prints each case that comes out differently, and how many do not.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::path::PathBuf;
use std::process::ExitCode;

use webhook_script::isolated;

#[allow(unreachable_pub, missing_docs, reason = "shared with a test")]
#[path = "../tests/script/judge.rs"]
mod judge;

fn main() -> ExitCode {
    // The tests have scripts run apart by this program, as `rcsync` does by itself.
    if std::env::args().nth(1).as_deref() == Some(isolated::ARGUMENT) {
        isolated::serve();
        return ExitCode::SUCCESS;
    }
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let Some(folder) = folder else {
        eprintln!("usage: vectors DIR");
        return ExitCode::FAILURE;
    };
    let judged = match judge::folder(&folder) {
        Ok(judged) => judged,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut pass = 0;
    for case in &judged {
        for (mode, difference) in &case.differences {
            println!("{} ({mode}): {difference}", case.name);
        }
        pass += usize::from(case.differences.is_empty());
    }
    println!("{pass} of {} cases pass", judged.len());
    if pass < judged.len() {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
