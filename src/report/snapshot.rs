//! The snapshot that a plan is made from, and what it leaves open.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use super::plan::{PlaceReport, place_report};
use super::subject::Subject;
use crate::plan::{NotChecked, NotCompared, Open, Plan};
use crate::problem::Texts;

/// The snapshot that a plan is made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SnapshotReport {
    /// When it was taken, in UTC: `2026-11-22T02:00:00Z`.
    pub(super) taken_at: Untrusted,
    /// What was not compared, because the snapshot does not hold it.
    pub(super) not_compared: Vec<NotComparedReport>,
    /// The users that the snapshot does not tell of.
    pub(super) users_not_checked: Vec<Untrusted>,
    /// The rooms and users posted to that it does not tell of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) targets_not_checked: Vec<Untrusted>,
    /// Whether it does not tell who may impersonate, and that counts.
    pub(super) impersonators_not_checked: bool,
    /// Of how many disabled webhooks it does not tell why they are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) histories_not_checked: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "that is how serde asks")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What was not compared about an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotComparedReport {
    /// Which integration.
    #[serde(flatten)]
    pub(super) subject: Subject,
    /// Where the entry stands.
    pub(super) place: PlaceReport,
    /// Whether nothing of it was: no entry named its record when the snapshot was taken.
    pub(super) whole: bool,
    /// Else the fields.
    pub(super) fields: Vec<Untrusted>,
}

impl SnapshotReport {
    /// What a plan says of its snapshot, if it has one.
    pub(super) fn of(plan: &Plan, open: &NotChecked, texts: &Texts) -> Option<Self> {
        let taken_at = plan.taken_at.as_deref()?;
        let not_compared = plan.not_compared.iter();
        let users = open.users.iter();
        let targets = open.targets.iter();
        // Of both kinds, once.
        let targets: BTreeSet<_> = targets.map(|target| &target.name).collect();
        Some(Self {
            taken_at: taken_at.into(),
            not_compared: not_compared
                .map(|it| not_compared_report(it, texts))
                .collect(),
            users_not_checked: users.map(Into::into).collect(),
            targets_not_checked: targets.into_iter().map(Into::into).collect(),
            impersonators_not_checked: open.impersonators,
            histories_not_checked: open.histories.len(),
        })
    }
}

fn not_compared_report(open: &NotCompared, texts: &Texts) -> NotComparedReport {
    let fields = match &open.what {
        Open::Record => &[],
        Open::Fields(fields) => fields.as_slice(),
    };
    NotComparedReport {
        subject: (&open.key).into(),
        place: place_report(&open.place, texts),
        whole: matches!(open.what, Open::Record),
        fields: fields.iter().map(|field| field.name.into()).collect(),
    }
}
