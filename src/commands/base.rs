//! `--base`: what the manifests asked for before, to tell this change from drift.

use std::path::Path;

use super::failure::Failure;
use super::load;
use super::terminal;
use crate::cli::ManifestArgs;
use crate::desired::DesiredState;
use crate::diagnostic::{Diagnostic, Severity, Texts};
use crate::exit::Exit;
use crate::observed::ObservedState;
use crate::plan::Plan;
use crate::source::Base;
use crate::variables::Undefined;

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

/// What was asked for before.
pub(super) enum Before {
    /// Nobody asks, or nobody can tell.
    Unknown,
    /// This, in the base of that name.
    Base(String, Box<DesiredState>),
    /// The same as now.
    Same,
}

impl Against<'_> {
    /// Reads the base. No request is sent.
    ///
    /// # Errors
    /// When there is no such base; the reason has been shown.
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

impl Before {
    /// What the base is called, if there is one.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Base(name, _) => Some(name),
            Self::Unknown | Self::Same => None,
        }
    }

    /// Says of each change what it comes from.
    pub(super) fn trace(&self, plan: &mut Plan, head: &DesiredState, observed: &ObservedState) {
        match self {
            Self::Unknown => {}
            Self::Base(_, base) => plan.trace(head, base, observed),
            Self::Same => plan.trace_to_drift(observed),
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
        return Err(Failure::shown(
            Exit::Invalid,
            "what standard input was before cannot be told",
            Some("with `--base`, name files or folders"),
        ));
    }
    let paths: Vec<_> = manifests.paths.iter().map(Path::new).collect();
    let base = match Base::find(name, &paths, &std::env::vars_os().collect()) {
        Ok(base) => base,
        Err(error) if error.is_unknown && may_be_unknown => {
            terminal::note(&format!(
                "warning: {}, so this change cannot be told from drift\nhelp: {}\n",
                error.message, error.hint
            ));
            return Ok(Before::Unknown);
        }
        Err(error) => return Err(load::no_base(&error)),
    };
    // A secret of then need not be known any more.
    let undefined = match undefined {
        Undefined::Refused => Undefined::Unknown,
        other => other,
    };
    let loaded = load::load_base(manifests, undefined, &base)?;
    let name = base.name;
    let mut errors = loaded.findings.iter();
    let error = errors.find(|found| found.severity == Severity::Error);
    if let Some(error) = error {
        terminal::note(&format!(
            "note: the manifests in {name} are not valid, so this change cannot be told from drift\n      {}\n",
            in_one_line(error, &loaded.sources.texts)
        ));
        return Ok(Before::Unknown);
    }
    if loaded.sources.manifests.is_empty() {
        terminal::note(&format!(
            "note: there are no manifests in {name} yet: all is from this change\n"
        ));
    }
    Ok(Before::Base(name, Box::new(loaded.desired)))
}

fn in_one_line(found: &Diagnostic, texts: &Texts) -> String {
    let start = texts.start(&found.at);
    let line = format!(
        "{}:{}:{}: {}",
        texts.get(found.at.source).origin,
        start.line,
        start.column,
        found.message
    );
    // It may hold anything.
    line.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
