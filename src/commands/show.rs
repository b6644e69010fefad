//! `rcsync show`: a saved plan once more, in another format.

use std::io;
use std::path::Path;

use super::files;
use super::output;
use super::terminal::{self, Terminal};
use crate::cli::ShowArgs;
use crate::exit::Exit;
use crate::report::PlanReport;
use crate::source::bounded;

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
        return files::read_report(path);
    }
    bounded(&mut io::stdin(), files::LARGEST_REPORT)
}
