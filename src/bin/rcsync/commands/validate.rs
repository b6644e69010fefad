//! `rcsync validate`: check manifests without a server.

use super::failure::Failure;
use super::manifests;
use crate::cli::{Format, ValidateArgs};
use crate::exit::Exit;
use crate::terminal::{self, Terminal};
use rcsync::report::{self, diagnostics};
use rcsync::variables::Undefined;

/// Checks them and tells all that was found.
pub(super) fn run(args: &ValidateArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let mut checked = manifests::read(&args.manifests, Undefined::Unknown)?;
    let scripts = checked.scripts();
    checked.findings.absorb(scripts);
    let refused = checked.is_refused(args.manifests.strict);
    let report = || diagnostics::json(&checked.findings, &checked.sources.texts);
    match args.format {
        Format::Text => {
            manifests::show(&checked, &checked.findings, terminal);
            if !refused {
                terminal::out(&format!("valid: {}\n", checked.what_was_read()));
            }
        }
        Format::Json => {
            terminal::json(&report());
        }
        Format::Github => {
            let report = report();
            terminal::out(&report::problems_github(&report.problems, &report.more));
        }
    }
    Ok(if refused { Exit::Invalid } else { Exit::Done })
}
