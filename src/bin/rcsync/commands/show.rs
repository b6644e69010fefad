//! `rcsync show`: a saved plan once more, in another format.

use std::io;
use std::path::Path;

use super::failure::Failure;
use super::files;
use super::output;
use crate::cli::ShowArgs;
use crate::exit::Exit;
use crate::terminal::Terminal;
use rcsync::report::PlanReport;
use rcsync::source::bounded;

/// Shows it.
pub(super) fn run(args: &ShowArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let shown = args.plan.display();
    let read = read(&args.plan).map_err(|error| format!("{shown} cannot be read: {error}"));
    let report = read.and_then(|text| {
        PlanReport::read(&text).map_err(|error| format!("{shown} is not a saved plan: {error}"))
    });
    let help = "`rcsync plan --out plan.json` writes one";
    let report = report.map_err(|message| Failure::new(Exit::Invalid, &message, Some(help)))?;
    let shown = output::plan(&report, &args.output, terminal);
    Ok(shown.err().unwrap_or(Exit::Done))
}

fn read(path: &Path) -> io::Result<String> {
    if path.as_os_str() != "-" {
        return files::read_report(path);
    }
    bounded(&mut io::stdin(), files::LARGEST_REPORT)
}
