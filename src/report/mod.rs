//! Reports: plans and runs with the secrets taken out, and how they read.
//!
//! [`PlanReport`] and [`RunReport`] own everything and hold no [`Secret`](crate::secret::Secret): what is made of
//! them cannot leak one. Text that came from a manifest or the server is a [`Foreign`], which does not print
//! itself; each renderer escapes it in its own way.

mod cause;
pub(crate) mod diagnostics;
mod diff;
mod doctor;
mod failure;
mod forecast;
mod github;
mod json;
mod look;
mod markdown;
mod plan;
mod policy;
mod run;
mod saved;
mod shown;
mod snapshot;
mod stale;
#[cfg(test)]
mod tests;
mod text;
mod wrap;

pub(crate) use doctor::DoctorReport;
pub(crate) use failure::{Attempt, FailureReport};
pub(crate) use forecast::about;
pub(crate) use github::{plan_github, problems_github};
pub(crate) use json::json;
pub(crate) use look::{Budget, Look, ScriptDiff};
#[cfg(any(test, feature = "internals"))]
pub(crate) use markdown::escape::holds as markdown_holds;
pub(crate) use markdown::plan_markdown;
pub(crate) use plan::{Context, PlanReport};
pub(crate) use run::RunReport;
pub(crate) use saved::{NoPlan, Unfit};
pub(crate) use text::{drift_text, plan_text, run_text};

pub(crate) use diagnostics::json::Problem;
pub(crate) use shown::Foreign;
