//! A plan as a file: written, and read again.

use serde::Deserialize;

use super::failure::FailureReport;
use super::plan::PlanReport;
use crate::plan::Binding;

/// What every version of the form has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    format_version: u32,
}

/// Why a text is not a saved plan. It quotes nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum NoPlan {
    /// Written by another version.
    #[error(
        "it has format version {found}, and this rcsync reads {}: use the rcsync that wrote it",
        PlanReport::FORMAT_VERSION
    )]
    Version {
        /// Which.
        found: u32,
    },
    /// Something else, or broken.
    #[error("{0}")]
    Form(String),
}

/// Why a saved plan cannot be applied, whatever the server says.
pub enum Unfit<'a> {
    /// There is none: the run that wrote it failed, for this reason.
    Failed(&'a FailureReport),
    /// It was made from a snapshot.
    Snapshot,
    /// It does not say what it was made for.
    Unbound,
}

impl PlanReport {
    /// Reads what [`json`](super::json()) wrote.
    ///
    /// # Errors
    /// When it is not a plan of this version.
    pub fn read(text: &str) -> Result<Self, NoPlan> {
        let form = |error: serde_json::Error| {
            // The library's own words quote values.
            let what = match error.classify() {
                serde_json::error::Category::Eof => "it ends early",
                serde_json::error::Category::Data => "something is missing or of another kind",
                _ => "it is not JSON",
            };
            let place = format!("(line {}, column {})", error.line(), error.column());
            NoPlan::Form(format!("{what} {place}"))
        };
        let version = serde_json::from_str::<Versioned>(text).map_err(form)?;
        if version.format_version != Self::FORMAT_VERSION {
            let found = version.format_version;
            return Err(NoPlan::Version { found });
        }
        serde_json::from_str(text).map_err(form)
    }

    /// What it was made for.
    ///
    /// # Errors
    /// When it was not made to be applied.
    pub fn bound(&self) -> Result<&Binding, Unfit<'_>> {
        match (&self.failure, &self.snapshot, &self.binding) {
            (Some(failure), _, _) => Err(Unfit::Failed(failure)),
            (_, Some(_), _) => Err(Unfit::Snapshot),
            (_, _, None) => Err(Unfit::Unbound),
            (_, _, Some(binding)) => Ok(binding),
        }
    }

    /// The paths that were named.
    pub fn paths(&self) -> Vec<String> {
        let paths = self.about.manifest.paths.iter();
        paths.map(|path| path.raw().to_owned()).collect()
    }
}
