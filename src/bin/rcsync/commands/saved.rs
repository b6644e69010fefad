//! `rcsync apply --plan`: a saved plan is an assertion, not a program. Everything is read and planned anew, and what is
//! done is what the fresh plan says; it is done only if the saved one says the same.

use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::files;
use crate::exit::Exit;
use rcsync::plan::Preflight;
use rcsync::report::{NoPlan, PlanReport, Unfit};

/// What to do about a plan that cannot be applied.
const ANEW: &str =
    "nothing was written: plan again with `rcsync plan PATHS --out plan.json`, and review that";

/// A saved plan that may be applied, if it still holds.
pub(super) struct Saved {
    path: PathBuf,
    report: PlanReport,
    preflight: Preflight,
}

impl Saved {
    /// Reads it. No request is sent.
    ///
    /// # Errors
    /// When it is not a plan that may be applied.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = files::read_report(path).map_err(|error| {
            let message = format!("{shown} cannot be read: {error}");
            Failure::new(Exit::Invalid, &message, None)
        })?;
        let report = PlanReport::read(&text).map_err(|error| match error {
            NoPlan::Version { .. } => Failure::new(
                Exit::Stale,
                &format!("{shown} is stale: {error}"),
                Some(ANEW),
            ),
            NoPlan::Form(_) => {
                let message = format!("{shown} is not a saved plan: {error}");
                Failure::new(Exit::Invalid, &message, Some(ANEW))
            }
        })?;
        let preflight = match report.bound() {
            Ok(binding) => binding.preflight,
            Err(unfit) => {
                let message = format!("{shown} cannot be applied: {}", words(&unfit));
                return Err(Failure::new(Exit::Invalid, &message, Some(ANEW)));
            }
        };
        Ok(Self {
            path: path.to_owned(),
            preflight,
            report,
        })
    }

    /// For which entries something was looked up: the same is to be known again.
    pub(super) fn preflight(&self) -> Preflight {
        self.preflight
    }

    /// The paths that it was made of.
    pub(super) fn paths(&self) -> Vec<String> {
        self.report.paths()
    }

    /// Whether a fresh plan is the same.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn holds(&self, fresh: &PlanReport) -> Result<(), Failure> {
        let Some(difference) = self.report.staleness(fresh) else {
            return Ok(());
        };
        let message = format!("{} is stale: {difference}", self.path.display());
        Err(Failure::new(Exit::Stale, &message, Some(ANEW)))
    }
}

fn words(unfit: &Unfit<'_>) -> String {
    match unfit {
        Unfit::Failed(failure) => {
            format!("it has no plan, because the run failed: {}", failure.line())
        }
        Unfit::Snapshot => {
            "it was made from a snapshot, without secrets and without the server".to_owned()
        }
        Unfit::Unbound => {
            "it does not say what it was made for; a plan with `--server-version` is for \
                           another server"
                .to_owned()
        }
    }
}
