//! What a report says about records that no entry names, about what flags leave out, and about refusals.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use super::plan::help;
use super::subject::Subject;
use crate::plan::{LeftAlone, Plan, Refusal, Unmanaged};

/// A record that no entry names and that is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UnmanagedReport {
    /// Which integration.
    #[serde(flatten)]
    pub(super) subject: Subject,
    /// The id.
    pub(super) id: Untrusted,
    /// The username of its creator.
    pub(super) creator: Option<Untrusted>,
    /// Why it is left alone.
    pub(super) why: LeftAlone,
}

/// What the flags of a run leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct LeftOutReport {
    /// How many integrations of the manifest the run is not about.
    pub(super) integrations: usize,
    /// How many changes it does not make.
    pub(super) changes: usize,
    /// How many records that could be pruned it leaves alone.
    pub(super) records: usize,
}

/// Why a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct RefusalReport {
    /// The guard: `too-many`, `another-server`, …
    pub(super) code: Untrusted,
    /// Why, in one line.
    pub(super) why: Untrusted,
    /// What it was judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) facts: Vec<Fact>,
    /// What would allow it.
    pub(super) help: Untrusted,
    /// The lines to write, where there are some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lines: Vec<Untrusted>,
}

/// What a guard judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Fact {
    /// In one word.
    pub(super) word: Untrusted,
    /// What it is.
    pub(super) value: Untrusted,
}

pub(super) fn unmanaged(record: &Unmanaged) -> UnmanagedReport {
    UnmanagedReport {
        subject: (&record.key).into(),
        id: record.id.text().into(),
        creator: record.creator.as_ref().map(Into::into),
        why: record.why,
    }
}

pub(super) fn left_out(plan: &Plan) -> Option<LeftOutReport> {
    let left_alone = plan.unmanaged.iter();
    let report = LeftOutReport {
        integrations: plan.left_out.entries,
        changes: plan.left_out.changes,
        records: left_alone.filter(|it| it.why == LeftAlone::LeftOut).count(),
    };
    (report.integrations + report.changes + report.records > 0).then_some(report)
}

pub(super) fn refusal(refusal: &Refusal) -> RefusalReport {
    let fact = |(word, value): &(&str, String)| Fact {
        word: (*word).into(),
        value: value.as_str().into(),
    };
    RefusalReport {
        code: refusal.problem.code.0.into(),
        why: refusal.problem.message.as_str().into(),
        facts: refusal.facts.iter().map(fact).collect(),
        help: help(&refusal.problem),
        lines: refusal.lines.iter().map(Into::into).collect(),
    }
}
