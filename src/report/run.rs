//! A run with the secrets taken out: what became of each change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Foreign;
use super::plan::{FieldReport, PlaceReport, field_report, place_report};
use crate::apply::{Applied, Outcome};
use crate::diagnostic::Texts;
use crate::plan::{Change, Plan};

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunReport {
    /// The version of this form.
    pub(super) format_version: u32,
    /// The outcomes, in the plan's order.
    pub(super) outcomes: Vec<OutcomeReport>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutcomeReport {
    /// In one word.
    pub(super) outcome: OutcomeWord,
    /// The kind in one word.
    pub(super) kind_word: Foreign,
    /// The name.
    pub(super) name: Foreign,
    /// The record, where there is one.
    pub(super) id: Option<Foreign>,
    /// Where the entry stands.
    pub(super) place: Option<PlaceReport>,
    /// Why it is not done.
    pub(super) why: Option<Foreign>,
    /// What to do about it.
    pub(super) remedy: Option<Foreign>,
    /// The fields that the server did not take as asked: what it has, and what was asked for.
    pub(super) fields: Vec<FieldReport>,
}

/// What became of a change, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum OutcomeWord {
    /// Made and verified.
    Created,
    /// Made without an answer, and found.
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
    /// Not written: somebody changed the record since the plan.
    Stale,
    /// Certainly not made.
    Failed,
    /// Nobody knows.
    Unknown,
    /// Cannot be made.
    Blocked,
    /// Something is wrong that no update mends.
    Condition,
    /// Not begun.
    NotAttempted,
}

impl RunReport {
    /// The version of the form that [`RunReport`] has.
    pub(crate) const FORMAT_VERSION: u32 = 1;

    /// Takes the secrets out of what became of a plan.
    pub(crate) fn new(plan: &Plan, applied: &Applied, texts: &Texts) -> Self {
        let outcomes = applied.outcomes.iter().filter_map(|(index, outcome)| {
            Some(outcome_report(plan.changes.get(*index)?, outcome, texts))
        });
        Self {
            format_version: Self::FORMAT_VERSION,
            outcomes: outcomes.collect(),
        }
    }
}

fn outcome_report(change: &Change, outcome: &Outcome, texts: &Texts) -> OutcomeReport {
    let mut report = OutcomeReport {
        outcome: word(outcome),
        kind_word: change.key.kind.word().into(),
        name: change.key.name.as_str().into(),
        id: None,
        place: change
            .place
            .as_ref()
            .map(|place| place_report(place, texts)),
        why: None,
        remedy: None,
        fields: Vec::new(),
    };
    match outcome {
        Outcome::Created(id)
        | Outcome::Adopted(id)
        | Outcome::Updated(id)
        | Outcome::Disabled(id)
        | Outcome::Deleted(id)
        | Outcome::AlreadyGone(id) => report.id = Some(id.0.as_str().into()),
        Outcome::Stale { id, why } => {
            report.id = Some(id.0.as_str().into());
            report.why = Some(why.as_str().into());
            report.remedy = Some("it was left as it is: plan again".into());
        }
        Outcome::NotApplied { id, shortfall } => {
            report.id = Some(id.0.as_str().into());
            let why = shortfall.why.join("; ");
            report.why = (!why.is_empty()).then(|| why.into());
            report.fields = shortfall
                .fields
                .iter()
                .map(|field| field_report(field, change))
                .collect();
        }
        Outcome::Failed(error) => {
            report.why = Some(error.to_string().into());
            report.remedy = error.hint().map(Into::into);
        }
        Outcome::Unknown(why) => {
            report.why = Some(format!("it may have been done: {why}").into());
            report.remedy =
                Some("plan again before anything else: it shows what the server has".into());
        }
        Outcome::Blocked | Outcome::Condition | Outcome::NotAttempted => {}
    }
    report
}

fn word(outcome: &Outcome) -> OutcomeWord {
    match outcome {
        Outcome::Created(_) => OutcomeWord::Created,
        Outcome::Adopted(_) => OutcomeWord::Adopted,
        Outcome::Updated(_) => OutcomeWord::Updated,
        Outcome::Disabled(_) => OutcomeWord::Disabled,
        Outcome::Deleted(_) => OutcomeWord::Deleted,
        Outcome::AlreadyGone(_) => OutcomeWord::AlreadyGone,
        Outcome::NotApplied { .. } => OutcomeWord::NotApplied,
        Outcome::Stale { .. } => OutcomeWord::Stale,
        Outcome::Failed(_) => OutcomeWord::Failed,
        Outcome::Unknown(_) => OutcomeWord::Unknown,
        Outcome::Blocked => OutcomeWord::Blocked,
        Outcome::Condition => OutcomeWord::Condition,
        Outcome::NotAttempted => OutcomeWord::NotAttempted,
    }
}
