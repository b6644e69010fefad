//! A plan with the secrets taken out.

use std::collections::BTreeSet;
use std::iter::repeat;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use super::about::{About, Context};
use super::cause::LastChangeReport;
use super::diff::{self, Room, ScriptReport};
use super::failure::FailureReport;
use super::forecast::ForecastReport;
use super::policy::{self, LeftOutReport, RefusalReport, UnmanagedReport};
use super::shown::{Observed, Shown, Side, redacted_all, shown};
use super::snapshot::SnapshotReport;
use super::subject::Subject;
use crate::integration::{Shape, Value};
use crate::observed::View;
use crate::plan::{
    Action, ActionKind, Annotations, Binding, Cause, Change, Condition, FieldChange, Origin, Plan,
    Reason, Step,
};
use crate::problem::{Place, Problem, Texts};
use crate::secret::Text;

/// A plan, as it is shown and saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    /// The version of this form.
    pub(super) format_version: u32,
    /// Why there is no plan, if the run failed: then nothing below is reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<FailureReport>,
    /// What the run was about.
    #[serde(flatten)]
    pub(super) about: About,
    /// What the manifests are compared with to tell this change from drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) base: Option<Untrusted>,
    /// The changes, in the order they are shown.
    pub(super) changes: Vec<ChangeReport>,
    /// How many of each.
    pub(super) counts: Counts,
    /// How long the writes will take, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) forecast: Option<ForecastReport>,
    /// The records that no entry names and that are left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unmanaged: Vec<UnmanagedReport>,
    /// What the account sees, where that is not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) view: Option<View>,
    /// What the flags of the run leave out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left_out: Option<LeftOutReport>,
    /// Why the plan as a whole is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) refusals: Vec<RefusalReport>,
    /// What could not be checked, and what the server will do beside what is asked of it. No changes, and no drift.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<NoteReport>,
    /// The snapshot that it is made from, if the server was not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) snapshot: Option<SnapshotReport>,
    /// What it was made for, if it may be applied: `apply --plan` goes on only if all of it still holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binding: Option<Binding>,
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeReport {
    /// What would be done.
    pub(super) action: ActionKind,
    /// Which integration.
    #[serde(flatten)]
    pub(super) subject: Subject,
    /// The record, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Untrusted>,
    /// Where the entry stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<PlaceReport>,
    /// The fields.
    pub(super) fields: Vec<FieldReport>,
    /// What is wrong with the record that no field shows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) conditions: Vec<ConditionReport>,
    /// Whether the URL of an incoming webhook dies with it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) url_dies: bool,
    /// What pruning does to it, if no entry names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pruned: Option<Step>,
    /// Why it is blocked: each reason is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) blocked: Vec<BlockedReport>,
    /// What it comes from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<Cause>,
    /// Who changed the record last, if it drifts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_change: Option<LastChangeReport>,
}

/// What a reader should know beside the changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoteReport {
    /// Its name: `not-checked`, `bot-role`, …
    pub(super) code: Untrusted,
    /// In one line.
    pub(super) words: Untrusted,
}

/// A place in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct PlaceReport {
    /// The file.
    pub(super) file: Untrusted,
    /// The line, from 1.
    pub(super) line: usize,
    /// The column in characters, from 1.
    pub(super) column: usize,
}

/// Why a change cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct BlockedReport {
    /// Why.
    pub(super) why: Untrusted,
    /// The lines to choose from, if the choice is the user's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) choices: Vec<Untrusted>,
    /// What to do.
    pub(super) help: Untrusted,
}

/// What is wrong with a record that no field shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ConditionReport {
    /// Its name: `script-not-compiled`, …
    pub(super) code: Untrusted,
    /// What is wrong.
    pub(super) why: Untrusted,
    /// What the server says about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) words: Option<Untrusted>,
    /// What to do.
    pub(super) help: Untrusted,
}

/// A field of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct FieldReport {
    /// Its name.
    pub(super) name: Untrusted,
    /// What becomes of it.
    pub(super) change: FieldDiff,
    /// What it comes from, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cause: Option<Cause>,
}

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum FieldDiff {
    /// It gets its first value.
    Set(Shown),
    /// Another value.
    Replaced { before: Shown, after: Shown },
    /// Other items in a list.
    Items {
        added: Vec<Untrusted>,
        removed: Vec<Untrusted>,
    },
    /// Another script, or a first one.
    Script(ScriptReport),
}

/// How many of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Counts {
    pub(super) create: usize,
    pub(super) update: usize,
    #[serde(default)]
    pub(super) disable: usize,
    pub(super) delete: usize,
    pub(super) blocked: usize,
    pub(super) condition: usize,
    pub(super) unchanged: usize,
    pub(super) released: usize,
    pub(super) unmanaged: usize,
    /// Records of a type that this rcsync does not know, and does not read.
    #[serde(default)]
    pub(super) unread: usize,
}

impl PlanReport {
    /// The version of the form that [`PlanReport`] has.
    pub const FORMAT_VERSION: u32 = 3;

    /// Takes the secrets out of a plan.
    pub fn new(plan: &Plan, annotations: &Annotations, context: &Context<'_>) -> Self {
        let room = Room::default();
        let kinds: Vec<_> = plan.changes.iter().map(|it| it.action.kind()).collect();
        let count = |kind| kinds.iter().filter(|it| **it == kind).count();
        Self {
            format_version: Self::FORMAT_VERSION,
            failure: None,
            about: About::plan(plan, context),
            base: context.base.map(Into::into),
            changes: plan
                .changes
                .iter()
                .zip(annotations.origins.iter().map(Some).chain(repeat(None)))
                .map(|(change, origin)| {
                    change_report(change, origin, context.texts, Observed::of(plan), &room)
                })
                .collect(),
            counts: Counts {
                create: count(ActionKind::Create),
                update: count(ActionKind::Update),
                disable: count(ActionKind::Disable),
                delete: count(ActionKind::Delete),
                blocked: count(ActionKind::Blocked),
                condition: count(ActionKind::Condition),
                unchanged: plan.unchanged,
                released: plan.released,
                unmanaged: plan.unmanaged.len(),
                unread: plan.unknown_kinds,
            },
            forecast: plan.forecast().map(Into::into),
            unmanaged: plan.unmanaged.iter().map(policy::unmanaged).collect(),
            view: plan.view.is_partial().then(|| plan.view.clone()),
            left_out: policy::left_out(plan),
            refusals: plan.refusals.iter().map(policy::refusal).collect(),
            notes: annotations.notes.iter().map(note).collect(),
            snapshot: SnapshotReport::of(plan, &annotations.not_checked, context.texts),
            binding: annotations.binding.clone(),
        }
    }
}

impl ChangeReport {
    /// What is behind a field that is only a part of where the change comes from.
    pub(super) fn note(&self, field: &FieldReport) -> &'static str {
        match field.cause {
            Some(cause) if self.cause == Some(Cause::Both) => cause.note(),
            _ => "",
        }
    }
}

impl ConditionReport {
    /// As people read it: what is wrong, what the server says about it, and what to do.
    pub(super) fn lines(&self) -> Vec<String> {
        let (code, why) = (self.code.for_terminal(), self.why.for_terminal());
        let rest = self.words.iter().chain([&self.help]);
        let rest = rest.map(Untrusted::for_terminal);
        [format!("{code}: {why}")].into_iter().chain(rest).collect()
    }
}

impl PlaceReport {
    /// `chat/team.yaml:12`.
    pub(super) fn words(&self) -> String {
        format!("{}:{}", self.file.for_terminal(), self.line)
    }
}

fn note(note: &Problem) -> NoteReport {
    NoteReport {
        code: note.code.0.into(),
        words: note.message.as_str().into(),
    }
}

fn change_report(
    change: &Change,
    origin: Option<&Origin>,
    texts: &Texts,
    observed: Observed<'_>,
    room: &Room,
) -> ChangeReport {
    let blocked = match &change.action {
        Action::Blocked { reasons, .. } => reasons.iter().map(blocked_report).collect(),
        _ => Vec::new(),
    };
    ChangeReport {
        action: change.action.kind(),
        subject: (&change.key).into(),
        id: change.action.id().map(|id| id.text().into()),
        place: change
            .place
            .as_ref()
            .map(|place| place_report(place, texts)),
        fields: change
            .fields
            .iter()
            .enumerate()
            .map(|(index, field)| {
                let cause = origin.and_then(|it| it.fields.get(index).copied());
                field_report(field, cause, change, observed, room)
            })
            .collect(),
        conditions: change.conditions.iter().map(condition_report).collect(),
        url_dies: matches!(change.action, Action::Delete { .. }) && change.key.kind.has_url(),
        pruned: change.pruned,
        blocked,
        cause: origin.map(|it| it.cause),
        last_change: origin
            .and_then(|it| it.last_modified.as_ref())
            .map(Into::into),
    }
}

fn blocked_report(reason: &Reason) -> BlockedReport {
    BlockedReport {
        why: reason.problem.message.as_str().into(),
        choices: reason.choices.iter().map(Into::into).collect(),
        help: help(&reason.problem),
    }
}

fn condition_report(condition: &Condition) -> ConditionReport {
    ConditionReport {
        code: condition.problem.code.0.into(),
        why: condition.problem.message.as_str().into(),
        words: condition.words.as_deref().map(Into::into),
        help: help(&condition.problem),
    }
}

/// What to do about a problem.
pub(super) fn help(problem: &Problem) -> Untrusted {
    problem.help.as_deref().unwrap_or_default().into()
}

pub(super) fn place_report(place: &Place, texts: &Texts) -> PlaceReport {
    let start = texts.start(place);
    PlaceReport {
        file: texts.get(place.source).origin.as_str().into(),
        line: start.line,
        column: start.column,
    }
}

/// Whether there is nothing yet that could be replaced.
fn has_no_record(action: &Action) -> bool {
    matches!(action, Action::Create(_) | Action::Blocked { id: None, .. })
}

/// A field of a change; also what a run says of a field that the server did not take.
pub(super) fn field_report(
    change: &FieldChange,
    cause: Option<Cause>,
    whole: &Change,
    observed: Observed<'_>,
    room: &Room,
) -> FieldReport {
    let field = change.field;
    let diff = match (&change.before, &change.after) {
        (_, None) => FieldDiff::Set(Shown::Generated),
        (before, Some(Value::Script(after))) => {
            let file = whole.script_file.as_deref().map(Into::into);
            let before = match before {
                Some(Value::Script(before)) => before.as_ref(),
                _ => &Text::EMPTY,
            };
            let before = observed.redactor.mark_in(before);
            FieldDiff::Script(diff::change(file, &before, after, room))
        }
        (None, Some(after)) if has_no_record(&whole.action) => {
            FieldDiff::Set(shown(field, after, Side::Desired))
        }
        (before, Some(Value::List(after))) if matches!(field.shape, Shape::Joined | Shape::Set) => {
            let before = match before {
                Some(Value::List(before)) => before.as_slice(),
                _ => &[],
            };
            let only = |these: &[Text], those: &[Text], side| {
                // What is not known is the same as nothing.
                let known = those.iter().filter(|text| text.same(text).is_some());
                let known: BTreeSet<_> = known.map(Text::identity).collect();
                let missing = these.iter().filter(|it| !known.contains(&it.identity()));
                redacted_all(field, missing, side)
            };
            FieldDiff::Items {
                added: only(after, before, Side::Desired),
                removed: only(before, after, Side::Observed(observed)),
            }
        }
        (before, Some(after)) => FieldDiff::Replaced {
            before: before.as_ref().map_or(Shown::Nothing, |value| {
                shown(field, value, Side::Observed(observed))
            }),
            after: shown(field, after, Side::Desired),
        },
    };
    FieldReport {
        name: field.name.into(),
        change: diff,
        cause,
    }
}
