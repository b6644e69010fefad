//! `rcsync validate`: check manifests without a server.

use super::load;
use super::terminal::{self, Terminal};
use crate::cli::{Format, ValidateArgs};
use crate::desired;
use crate::exit::Exit;
use crate::report::{self, diagnostics};
use crate::variables::Undefined;

/// Checks them and tells all that was found.
pub(super) fn run(args: &ValidateArgs, terminal: Terminal) -> Exit {
    let mut loaded = match load::load(&args.manifests, Undefined::Unknown) {
        Ok(loaded) => loaded,
        Err(failure) => return failure.into(),
    };
    let texts = &loaded.sources.texts;
    let scripts = desired::scripts::check(&loaded.desired.entries, texts);
    loaded.findings.absorb(scripts);
    let refused = loaded.is_refused(args.manifests.strict);
    match args.format {
        Format::Text => {
            loaded.show_findings(terminal);
            if !refused {
                terminal::out(&format!("valid: {}\n", loaded.what_was_read()));
            }
        }
        Format::Json => {
            let report = diagnostics::json(&loaded.findings, &loaded.sources.texts);
            terminal::json(&report);
        }
        Format::Github => {
            let report = diagnostics::json(&loaded.findings, &loaded.sources.texts);
            terminal::out(&report::problems_github(&report.problems, &report.more));
        }
    }
    if refused { Exit::Invalid } else { Exit::Done }
}
