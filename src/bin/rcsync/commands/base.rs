//! `--base`: what the manifests asked for before, to tell this change from drift.

use super::failure::Failure;
use super::manifests;
use crate::cli::ManifestArgs;
use crate::exit::Exit;
use crate::terminal;
use rcsync::engine::Before;
use rcsync::engine::check::{CheckError, check_base};
use rcsync::problem::{Problem, Severity, Texts};
use rcsync::source::Base;
use rcsync::variables::Undefined;

/// What the manifests are compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Against<'a> {
    /// Nothing: nobody asks.
    Nothing,
    /// What they were before, there.
    Base(&'a str),
    /// The same, or nothing if git knows no such commit.
    BaseIfKnown(&'a str),
    /// Themselves: nothing was changed in them.
    Itself,
}

impl Against<'_> {
    /// Reads the base. No request is sent.
    ///
    /// # Errors
    /// When there is no such base.
    pub(super) fn load(
        self,
        manifests: &ManifestArgs,
        undefined: Undefined,
    ) -> Result<Before, Failure> {
        match self {
            Self::Nothing => Ok(Before::Unknown),
            Self::Base(name) => load(name, manifests, undefined, false),
            Self::BaseIfKnown(name) => load(name, manifests, undefined, true),
            Self::Itself => Ok(Before::Same),
        }
    }
}

fn load(
    name: &str,
    manifests: &ManifestArgs,
    undefined: Undefined,
    may_be_unknown: bool,
) -> Result<Before, Failure> {
    if manifests.paths.iter().any(|path| path == "-") {
        return Err(Failure::new(
            Exit::Invalid,
            "standard input has no base",
            Some("with `--base`, name files or folders"),
        ));
    }
    // A secret of then need not be known any more.
    let undefined = match undefined {
        Undefined::Refused => Undefined::Unknown,
        other => other,
    };
    let inputs = manifests::inputs(manifests, undefined);
    let paths: Vec<_> = inputs
        .paths
        .iter()
        .map(std::path::PathBuf::as_path)
        .collect();
    let base = match Base::find(name, &paths, &std::env::vars_os().collect()) {
        Ok(base) => base,
        Err(error) if error.is_unknown && may_be_unknown => {
            terminal::note(&format!(
                "warning: {}, so this change cannot be told from drift\nhelp: {}\n",
                error.problem.message,
                error.problem.help.unwrap_or_default()
            ));
            return Ok(Before::Unknown);
        }
        Err(error) => return Err(CheckError::Base(error).into()),
    };
    let checked = check_base(&inputs, &base)?;
    let name = base.name;
    let mut errors = checked.findings.iter();
    let error = errors.find(|found| found.severity == Severity::Error);
    if let Some(error) = error {
        terminal::note(&format!(
            "note: the manifests in {name} are not valid, so this change cannot be told from drift\n      {}\n",
            in_one_line(error, &checked.sources.texts)
        ));
        return Ok(Before::Unknown);
    }
    if checked.sources.manifests.is_empty() {
        terminal::note(&format!(
            "note: there are no manifests in {name} yet: everything comes from this change\n"
        ));
    }
    Ok(Before::Base(name, Box::new(checked.desired)))
}

fn in_one_line(found: &Problem, texts: &Texts) -> String {
    let place = found.place.as_ref().map_or_else(String::new, |at| {
        let start = texts.start(at);
        let origin = &texts.get(at.source).origin;
        format!("{origin}:{}:{}: ", start.line, start.column)
    });
    // It may hold anything.
    let line = format!("{place}{}", found.message);
    line.replace(char::is_control, " ")
}
