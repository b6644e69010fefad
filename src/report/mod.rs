//! Reports: plans and runs with the secrets taken out, and how they read.
//!
//! [`PlanReport`] and [`RunReport`] own everything and hold no [`Secret`](crate::secret::Secret): what is made of
//! them cannot leak one. Text that came from a manifest or the server is a [`Untrusted`], which does not print
//! itself; each renderer escapes it in its own way.

mod about;
mod cause;
pub mod diagnostics;
mod diff;
mod doctor;
mod failure;
mod forecast;
mod github;
mod json;
mod markdown;
mod options;
mod plan;
mod policy;
mod run;
mod saved;
mod shown;
mod snapshot;
mod stale;
mod subject;
#[cfg(test)]
mod tests;
mod text;
mod wrap;

pub use about::{Attempt, Context};
pub use doctor::DoctorReport;
pub use failure::FailureReport;
pub use forecast::about;
pub use github::{plan_github, problems_github};
pub use json::json;
pub use markdown::escape as markdown_escape;
pub use markdown::plan_markdown;
pub use options::{Budget, RenderOptions, ScriptDiff};
pub use plan::PlanReport;
pub use run::{OutcomeReport, RunReport};
pub use saved::{NoPlan, Unfit};
pub use text::{RunText, drift_text, plan_text, run_text};

pub use crate::untrusted::Untrusted;
pub use diagnostics::json::ProblemReport;
