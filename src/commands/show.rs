//! `rcsync show`: a saved plan once more, in another format.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::output;
use super::terminal::{self, Terminal};
use crate::cli::ShowArgs;
use crate::exit::Exit;
use crate::report::PlanReport;

/// Shows it.
pub(super) fn run(args: &ShowArgs, terminal: Terminal) -> Exit {
    let shown = args.plan.display();
    let read = read(&args.plan).map_err(|error| format!("{shown} cannot be read: {error}"));
    let report = read.and_then(|text| {
        PlanReport::read(&text).map_err(|error| format!("{shown} is no saved plan: {error}"))
    });
    match report {
        Ok(report) => output::plan(&report, &args.output, terminal)
            .err()
            .unwrap_or(Exit::Done),
        Err(message) => {
            terminal::error(&message, Some("`rcsync plan --out plan.json` writes one"));
            Exit::Invalid
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    if path.as_os_str() != "-" {
        return fs::read_to_string(path);
    }
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(text)
}
