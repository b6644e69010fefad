//! A run that failed before there was a plan: the same form, so that a pipeline has one thing to read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use super::about::{About, Attempt};
use super::diagnostics::json::{More, ProblemReport, Problems};
use super::plan::PlanReport;

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureReport {
    /// The exit code.
    pub(super) exit_code: u8,
    /// What went wrong.
    pub(super) message: Untrusted,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<Untrusted>,
    /// What is wrong with the manifests, if that is why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) problems: Vec<ProblemReport>,
    /// How many more are, by file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) more: Vec<More>,
}

impl FailureReport {
    /// A failure, in a line, and what to do about it.
    pub fn new(exit_code: u8, message: &str, help: Option<&str>) -> Self {
        Self {
            exit_code,
            message: message.into(),
            help: help.map(Into::into),
            problems: Vec::new(),
            more: Vec::new(),
        }
    }

    /// What went wrong, in one line.
    pub fn line(&self) -> String {
        self.message.for_terminal()
    }

    /// Adds what is wrong with the manifests.
    #[must_use]
    pub fn with(self, found: Problems) -> Self {
        Self {
            problems: found.problems,
            more: found.more,
            ..self
        }
    }
}

impl PlanReport {
    /// The report of a run that failed.
    pub fn failed(attempt: &Attempt<'_>, failure: FailureReport) -> Self {
        Self {
            format_version: Self::FORMAT_VERSION,
            failure: Some(failure),
            about: About::failed(attempt),
            ..Self::default()
        }
    }
}
