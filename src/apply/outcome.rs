//! What became of changes.

use std::collections::BTreeMap;

use super::duplicate_check::DuplicateCheck;
use super::verify::Mismatch;
use crate::client::ServerError;
use crate::integration::Fields;
use crate::observed::{Record, ServerId};
use crate::plan::{Action, Plan};

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Made, and the server answered with every value that was asked for.
    Created(ServerId),
    /// Made without an answer, or by a run beside this one, and found with every value that was asked for.
    Adopted(ServerId),
    /// Changed, and every value is as asked.
    Updated(ServerId),
    /// Switched off.
    Disabled(ServerId),
    /// Removed.
    Deleted(ServerId),
    /// There was nothing left to remove.
    AlreadyGone(ServerId),
    /// Accepted, and not done as asked.
    NotApplied {
        /// The record.
        id: ServerId,
        /// What is missing.
        mismatch: Mismatch,
    },
    /// Not written, or not left so: the record is not what the plan was made for, or not what was made.
    Stale {
        /// The record.
        id: ServerId,
        /// What changed, in one line.
        why: String,
    },
    /// Made, and others of its type and name are there that this run may not remove.
    Doubled {
        /// All of them, a line each.
        records: Vec<String>,
    },
    /// Certainly not made.
    Failed(ServerError),
    /// No answer, and not to be found out. Not sent again: it may still be done.
    Unknown(String),
    /// The plan says that it cannot be made.
    Blocked,
    /// Something is wrong that no update fixes.
    Condition,
    /// Not started: the run was stopped, or the credentials were refused.
    NotAttempted,
    /// Not started: the server failed at others of its kind, each time so.
    GivenUp(String),
}

/// What became of a plan.
#[derive(Debug)]
pub struct Applied {
    /// For each change its index in the plan, and its outcome; in the plan's order.
    pub outcomes: Vec<(usize, Outcome)>,
    /// What records that were changed or removed, or may have been, held before: by index in the plan.
    pub before: BTreeMap<usize, Fields>,
    /// The duplicates of what was made that were removed, by index in the plan.
    pub removed: Vec<(usize, ServerId)>,
    /// What looking back at what was made came to.
    pub duplicate_check: DuplicateCheck,
}

/// How far an apply got, as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Everything was done.
    Done,
    /// Something was tried and not done, or not begun, or not looked back at.
    Incomplete,
    /// Nothing was tried: the server could not be reached, or refused the account.
    NoAccess,
    /// Nothing was tried: what is left is blocked, or a condition that no update ends.
    Refused,
}

impl Applied {
    /// How far it got.
    pub fn verdict(&self) -> Verdict {
        let any = |holds: fn(&Outcome) -> bool| self.outcomes.iter().any(|(_, it)| holds(it));
        if !any(|outcome| !outcome.is_done()) {
            return match self.duplicate_check {
                DuplicateCheck::NotNeeded | DuplicateCheck::Done { .. } => Verdict::Done,
                // Nobody knows whether there are duplicates.
                DuplicateCheck::Skipped { .. } => Verdict::Incomplete,
            };
        }
        if any(Outcome::is_tried) {
            Verdict::Incomplete
        } else if any(|outcome| matches!(outcome, Outcome::Failed(_))) {
            Verdict::NoAccess
        } else if any(|outcome| matches!(outcome, Outcome::NotAttempted)) {
            Verdict::Incomplete
        } else {
            Verdict::Refused
        }
    }

    /// What becomes of a plan whose apply failed by a fault of this program: whatever it may have begun is unknown.
    pub fn lost(plan: &Plan) -> Self {
        let mut lost = Self::nothing(plan);
        for (_, outcome) in &mut lost.outcomes {
            if matches!(outcome, Outcome::NotAttempted) {
                *outcome = Outcome::Unknown("it was not finished".to_owned());
            }
        }
        lost
    }

    /// What becomes of a plan that nobody applies.
    pub fn nothing(plan: &Plan) -> Self {
        let outcomes = plan.changes.iter().map(|it| untouched(&it.action));
        Self {
            outcomes: outcomes.enumerate().collect(),
            before: BTreeMap::new(),
            removed: Vec::new(),
            duplicate_check: DuplicateCheck::NotNeeded,
        }
    }
}

/// What becomes of a change that is not begun.
fn untouched(action: &Action) -> Outcome {
    match action {
        Action::Blocked { .. } => Outcome::Blocked,
        Action::Condition { .. } => Outcome::Condition,
        Action::Create(_)
        | Action::Update { .. }
        | Action::Disable { .. }
        | Action::Delete { .. } => Outcome::NotAttempted,
    }
}

/// The outcomes so far, each told as it comes.
pub(super) struct Outcomes<'a> {
    all: Vec<Outcome>,
    removed: Vec<(usize, ServerId)>,
    progress: &'a mut (dyn FnMut(usize, &Outcome) + Send),
}

impl<'a> Outcomes<'a> {
    pub(super) fn new(plan: &Plan, progress: &'a mut (dyn FnMut(usize, &Outcome) + Send)) -> Self {
        Self {
            all: plan
                .changes
                .iter()
                .map(|it| untouched(&it.action))
                .collect(),
            removed: Vec::new(),
            progress,
        }
    }

    pub(super) fn started(&mut self, index: usize) {
        self.set(index, Outcome::Unknown("it was not finished".to_owned()));
    }

    pub(super) fn take(&mut self, index: usize, outcome: Outcome) {
        (self.progress)(index, &outcome);
        self.set(index, outcome);
    }

    /// The outcome so far.
    pub(super) fn get(&self, index: usize) -> Option<&Outcome> {
        self.all.get(index)
    }

    /// Puts another outcome in its place, if there is a better one.
    pub(super) fn correct(
        &mut self,
        index: usize,
        better: impl FnOnce(&Outcome) -> Option<Outcome>,
    ) {
        if let Some(outcome) = self.get(index).and_then(better) {
            self.set(index, outcome);
        }
    }

    /// A duplicate of what this change made was removed.
    pub(super) fn removed(&mut self, index: usize, id: ServerId) {
        self.removed.push((index, id));
    }

    fn set(&mut self, index: usize, outcome: Outcome) {
        if let Some(slot) = self.all.get_mut(index) {
            *slot = outcome;
        }
    }

    pub(super) fn finish(
        self,
        plan: &Plan,
        seen: &BTreeMap<ServerId, Record>,
        duplicate_check: DuplicateCheck,
    ) -> Applied {
        let changes = plan.changes.iter().zip(&self.all).enumerate();
        let before = changes.filter_map(|(index, (change, outcome))| {
            let id = change
                .action
                .rewrites()
                .filter(|_| outcome.may_have_written())?;
            Some((index, seen.get(id)?.fields().ok()?.clone()))
        });
        Applied {
            before: before.collect(),
            removed: self.removed,
            outcomes: self.all.into_iter().enumerate().collect(),
            duplicate_check,
        }
    }
}

impl Outcome {
    /// What becomes of a change that certainly was not made.
    pub(super) fn of(error: ServerError) -> Self {
        match error {
            ServerError::Stopped => Self::NotAttempted,
            error => Self::Failed(error),
        }
    }

    /// Whether the server is now as the change wanted it.
    pub fn is_done(&self) -> bool {
        matches!(
            self,
            Self::Created(_)
                | Self::Adopted(_)
                | Self::Updated(_)
                | Self::Disabled(_)
                | Self::Deleted(_)
                | Self::AlreadyGone(_)
        )
    }

    /// Whether the server refuses this account as a whole.
    pub(super) fn refuses_all(&self) -> bool {
        matches!(self, Self::Failed(error) if error.refuses_all())
    }

    /// Whether the rate limit refused it, which did nothing.
    pub(super) fn is_refused_for_now(&self) -> bool {
        matches!(self, Self::Failed(ServerError::TooMany { .. }))
    }

    /// Whether the record may not be what it was.
    fn may_have_written(&self) -> bool {
        matches!(
            self,
            Self::Updated(_)
                | Self::Disabled(_)
                | Self::Deleted(_)
                | Self::NotApplied { .. }
                | Self::Unknown(_)
        )
    }

    /// Whether a write was tried: one that reached no server, or a server that refuses everything, was not.
    fn is_tried(&self) -> bool {
        match self {
            Self::Failed(error) => !error.is_no_access(),
            Self::Blocked | Self::Condition | Self::NotAttempted | Self::GivenUp(_) => false,
            _ => true,
        }
    }
}
