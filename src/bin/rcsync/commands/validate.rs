//! `rcsync validate`: check manifests without a server.

use std::path::PathBuf;

use super::failure::Failure;
use super::{files, manifests};
use crate::cli::{Format, ValidateArgs};
use crate::exit::Exit;
use crate::terminal::{self, Terminal};
use rcsync::engine::check::Checked;
use rcsync::report::{self, diagnostics};
use rcsync::source::{STDIN, bounded_file};
use rcsync::variables::Undefined;
use rcsync::words::count;
use rocketchat_client::escape;

/// What can be read once a suggestion is applied may have one of its own: a value below a key that was misspelled.
const MOST_ROUNDS: usize = 5;

/// Reads manifests and their scripts.
fn read(args: &ValidateArgs) -> Result<Checked, Failure> {
    let mut checked = manifests::read(&args.manifests, Undefined::Unknown)?;
    let scripts = checked.scripts(args.server_version);
    checked.findings.absorb(scripts);
    Ok(checked)
}

/// Applies the suggestions that are certain, once they are approved; whether there was one.
fn fix(args: &ValidateArgs, checked: &Checked) -> Result<bool, Failure> {
    let findings = &checked.findings;
    let masked = manifests::masked(checked, findings);
    let fixed = diagnostics::fixed(findings, &checked.sources.texts, &masked);
    if fixed.is_empty() {
        return Ok(false);
    }
    let refused = |message: String, help: &str| {
        let problem = files::about_file(message).help(help);
        Failure::of(Exit::Refused, &problem)
    };
    for text in &fixed {
        terminal::out(&escape::lines(&text.diff));
    }
    let number: usize = fixed.iter().map(|it| it.count).sum();
    let problems = count(number, "problem");
    let named = count(fixed.len(), "file");
    if fixed.iter().any(|text| text.origin == STDIN) {
        let message = "standard input cannot be fixed; nothing was written".to_owned();
        return Err(refused(message, "name a file"));
    }
    if !args.yes {
        if !terminal::can_ask() {
            let message = "there is no terminal to ask on; nothing was written".to_owned();
            return Err(refused(message, "add `--yes` to write without being asked"));
        }
        if !terminal::confirmed(&format!("Fix {problems} in {named}?")) {
            terminal::note("Nothing was written.\n");
            return Err(Failure::known(Exit::Refused, "the fixes were not approved"));
        }
    }
    let write: Vec<_> = fixed
        .iter()
        .map(|text| files::File {
            path: PathBuf::from(text.origin),
            text: text.after.clone(),
            secret: false,
        })
        .collect();
    files::check_free(&write, true).map_err(files::refused(Exit::Refused))?;
    for (file, text) in write.iter().zip(&fixed) {
        // Somebody may have saved it while the question stood.
        let now = bounded_file(&file.path, text.before.len());
        if !now.is_ok_and(|now| now == text.before) {
            let message = format!(
                "{} has changed since it was read; nothing was written",
                text.origin
            );
            return Err(refused(message, "run it again"));
        }
    }
    files::write(&write, true).map_err(files::refused(Exit::Refused))?;
    terminal::note(&format!("fixed: {problems} in {named}\n"));
    Ok(true)
}

/// Checks them and tells all that was found.
pub(super) fn run(args: &ValidateArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let mut checked = read(args)?;
    if args.fix {
        for round in 0..MOST_ROUNDS {
            match fix(args, &checked)? {
                true => checked = read(args)?,
                false if round == 0 => {
                    terminal::note("nothing to fix: no suggestion is certain\n");
                    break;
                }
                false => break,
            }
        }
    }
    let refused = checked.is_refused(args.manifests.strict);
    let report = || diagnostics::json(&checked.findings, &checked.sources.texts);
    match args.format {
        Format::Text => {
            let strict = args.manifests.strict;
            manifests::show(&checked, &checked.findings, strict, terminal);
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
