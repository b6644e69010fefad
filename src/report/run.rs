//! A run with the secrets taken out: what became of each change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use super::about::{About, Attempt, Context};
use super::diff::Room;
use super::failure::FailureReport;
use super::plan::{FieldReport, PlaceReport, field_report, place_report};
use super::shown::{Observed, Shown, Side, shown};
use super::subject::Subject;
use crate::apply::{Applied, DuplicateCheck, Outcome};
use crate::integration::Fields;
use crate::observed::ServerId;
use crate::plan::{Change, Plan};
use crate::problem::Texts;

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The version of this form.
    pub(super) format_version: u32,
    /// The exit code of the run.
    pub(super) exit_code: u8,
    /// Why nothing was tried, if the run failed before: then nothing below is reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<FailureReport>,
    /// What the run was about.
    #[serde(flatten)]
    pub(super) about: About,
    /// The outcomes, in the plan's order.
    pub(super) outcomes: Vec<OutcomeReport>,
    /// How many of each.
    pub(super) counts: RunCounts,
    /// What looking back at new integrations came to.
    pub(super) check: CheckReport,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeReport {
    /// In one word.
    pub(super) outcome: OutcomeWord,
    /// Which integration.
    #[serde(flatten)]
    pub(super) subject: Subject,
    /// The record, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Untrusted>,
    /// Where the entry stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<PlaceReport>,
    /// Why it is not done; the server's words, if it was the server that refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<Untrusted>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<Untrusted>,
    /// The fields that the server did not take as asked: what it has, and what was asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) fields: Vec<FieldReport>,
    /// The records of this type and name, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) records: Vec<Untrusted>,
    /// What the record held before it was changed or removed, secrets and scripts left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) before: Vec<BeforeReport>,
    /// The ids of duplicates that were removed: a run beside this one had made the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) removed_duplicates: Vec<Untrusted>,
}

/// A field as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct BeforeReport {
    /// Its name.
    pub(super) name: Untrusted,
    /// Its value.
    pub(super) value: Shown,
}

/// What became of a change, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum OutcomeWord {
    /// Made and verified.
    Created,
    /// Made without an answer, or by a run beside this one, and found.
    Adopted,
    /// Changed and verified.
    Updated,
    /// Switched off.
    Disabled,
    /// Removed.
    Deleted,
    /// Nothing was left to remove.
    AlreadyGone,
    /// Accepted, and not done as asked.
    NotApplied,
    /// Not written, or not left so: somebody else changed the record.
    Stale,
    /// Made, and others of its type and name are there.
    Doubled,
    /// Certainly not made.
    Failed,
    /// Nobody knows.
    Unknown,
    /// Cannot be made.
    Blocked,
    /// Something is wrong that no update fixes.
    Condition,
    /// Not begun.
    NotAttempted,
}

/// How many of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunCounts {
    /// The server is as wanted.
    pub(super) done: usize,
    /// Tried, and not done.
    pub(super) failed: usize,
    /// Tried, and nobody knows.
    pub(super) unknown: usize,
    /// Not begun.
    pub(super) not_attempted: usize,
    /// Cannot be made.
    pub(super) blocked: usize,
    /// Something is wrong that no update fixes.
    pub(super) conditions: usize,
}

/// What looking back at new integrations came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum CheckReport {
    /// Nothing was made.
    NotNeeded,
    /// They were listed so often; their outcomes say what was found.
    Done {
        /// How often.
        listings: usize,
    },
    /// It could not be done: other runs may have made the same.
    Skipped {
        /// Why.
        why: Untrusted,
    },
}

impl RunReport {
    /// The version of the form that [`RunReport`] has.
    pub const FORMAT_VERSION: u32 = 1;

    /// Takes the secrets out of what became of a plan.
    pub fn new(plan: &Plan, applied: &Applied, context: &Context<'_>, exit_code: u8) -> Self {
        let outcomes = applied.outcomes.iter().filter_map(|(index, outcome)| {
            let change = plan.changes.get(*index)?;
            let mut report = outcome_report(change, outcome, context.texts, Observed::of(plan));
            report.before = before(applied.before.get(index), Observed::of(plan));
            let removed = applied.removed.iter().filter(|(of, _)| of == index);
            report.removed_duplicates = removed.map(|(_, id)| id.text().into()).collect();
            Some(report)
        });
        let outcomes: Vec<_> = outcomes.collect();
        Self {
            format_version: Self::FORMAT_VERSION,
            exit_code,
            failure: None,
            about: About::plan(plan, context),
            counts: counts(&outcomes),
            outcomes,
            check: match &applied.duplicate_check {
                DuplicateCheck::NotNeeded => CheckReport::NotNeeded,
                DuplicateCheck::Done { listings } => CheckReport::Done {
                    listings: *listings,
                },
                DuplicateCheck::Skipped { why } => CheckReport::Skipped {
                    why: why.as_str().into(),
                },
            },
        }
    }

    /// The report of a run that failed before anything was tried.
    pub fn failed(attempt: &Attempt<'_>, failure: FailureReport) -> Self {
        Self {
            format_version: Self::FORMAT_VERSION,
            exit_code: failure.exit_code,
            failure: Some(failure),
            about: About::failed(attempt),
            outcomes: Vec::new(),
            counts: RunCounts::default(),
            check: CheckReport::NotNeeded,
        }
    }
}

impl OutcomeReport {
    /// What became of the change of this index in a plan; `None` if there is none.
    pub fn new(plan: &Plan, index: usize, outcome: &Outcome, texts: &Texts) -> Option<Self> {
        let change = plan.changes.get(index)?;
        Some(outcome_report(change, outcome, texts, Observed::of(plan)))
    }

    /// Whether it is new and has a URL, which nobody knows yet.
    pub(super) fn has_new_url(&self) -> bool {
        let new = matches!(self.outcome, OutcomeWord::Created | OutcomeWord::Adopted);
        new && self.subject.kind.has_url()
    }
}

impl OutcomeWord {
    /// Whether the server is as wanted.
    pub(super) fn is_done(self) -> bool {
        matches!(
            self,
            Self::Created
                | Self::Adopted
                | Self::Updated
                | Self::Disabled
                | Self::Deleted
                | Self::AlreadyGone
        )
    }
}

fn counts(outcomes: &[OutcomeReport]) -> RunCounts {
    let mut counts = RunCounts::default();
    for outcome in outcomes {
        let count = match outcome.outcome {
            OutcomeWord::Unknown => &mut counts.unknown,
            OutcomeWord::NotAttempted => &mut counts.not_attempted,
            OutcomeWord::Blocked => &mut counts.blocked,
            OutcomeWord::Condition => &mut counts.conditions,
            word if word.is_done() => &mut counts.done,
            _ => &mut counts.failed,
        };
        *count += 1;
    }
    counts
}

fn before(fields: Option<&Fields>, observed: Observed<'_>) -> Vec<BeforeReport> {
    let fields = fields.into_iter().flat_map(Fields::iter);
    let fields = fields.map(|(field, value)| BeforeReport {
        name: field.name.into(),
        value: shown(field, value, Side::Observed(observed)),
    });
    fields.collect()
}

fn outcome_report(
    change: &Change,
    outcome: &Outcome,
    texts: &Texts,
    observed: Observed<'_>,
) -> OutcomeReport {
    let place = change.place.as_ref();
    let mut report = OutcomeReport {
        outcome: OutcomeWord::NotAttempted,
        subject: (&change.key).into(),
        id: change.action.rewrites().map(|id| id.text().into()),
        place: place.map(|place| place_report(place, texts)),
        why: None,
        help: None,
        fields: Vec::new(),
        records: Vec::new(),
        before: Vec::new(),
        removed_duplicates: Vec::new(),
    };
    let mut known = |id: &ServerId, word| {
        report.id = Some(id.text().into());
        word
    };
    report.outcome = match outcome {
        Outcome::Created(id) => known(id, OutcomeWord::Created),
        Outcome::Adopted(id) => known(id, OutcomeWord::Adopted),
        Outcome::Updated(id) => known(id, OutcomeWord::Updated),
        Outcome::Disabled(id) => known(id, OutcomeWord::Disabled),
        Outcome::Deleted(id) => known(id, OutcomeWord::Deleted),
        Outcome::AlreadyGone(id) => known(id, OutcomeWord::AlreadyGone),
        Outcome::Stale { id, why } => {
            report.id = Some(id.text().into());
            report.why = Some(why.as_str().into());
            report.help = Some("it was not changed: plan again".into());
            OutcomeWord::Stale
        }
        Outcome::NotApplied { id, mismatch } => {
            report.id = Some(id.text().into());
            let why = mismatch.why.join("; ");
            report.why = (!why.is_empty()).then(|| why.into());
            report.fields = mismatch
                .fields
                .iter()
                .map(|field| field_report(field, None, change, observed, &Room::default()))
                .collect();
            OutcomeWord::NotApplied
        }
        Outcome::Doubled { records } => {
            report.why = Some("several records now have this type and name:".into());
            report.records = records.iter().map(Into::into).collect();
            report.help =
                Some("delete all but one of them, or pin the entry to one by `id`".into());
            OutcomeWord::Doubled
        }
        Outcome::Failed(error) => {
            report.why = Some(error.to_string().into());
            report.help = error.help().map(Into::into);
            OutcomeWord::Failed
        }
        Outcome::Unknown(why) => {
            report.why = Some(format!("it may have taken effect: {why}").into());
            report.help =
                Some("plan again before anything else: it shows what the server has".into());
            OutcomeWord::Unknown
        }
        Outcome::Blocked => OutcomeWord::Blocked,
        Outcome::Condition => OutcomeWord::Condition,
        Outcome::NotAttempted => OutcomeWord::NotAttempted,
        Outcome::GivenUp(why) => {
            report.why = Some(format!("others of its type failed, each time with: {why}").into());
            OutcomeWord::NotAttempted
        }
    };
    report
}
