//! Makes a plan's changes, and says what became of each.
//!
//! Creates run side by side within a bound. One failure does not stop the rest; refused credentials do, and
//! so does the stop signal: both keep further writes from being *started*. What is in flight always
//! finishes, because a dropped write has an outcome that nobody knows. This version makes new records and
//! leaves existing ones as they are.

mod create;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use verify::Shortfall;

use crate::exit::Exit;
use crate::integration::Fields;
use crate::observed::ServerId;
use crate::plan::{Action, Plan};
use crate::server::{ServerError, Writer};
use create::Creator;

/// How to go about it.
#[derive(Debug)]
pub(crate) struct Options {
    /// The most writes at a time.
    pub(crate) concurrency: NonZeroUsize,
    /// Every record that was there when the plan was made: none of them can be one of ours.
    pub(crate) seen: BTreeSet<ServerId>,
    /// How long to look for a record whose create was not answered.
    pub(crate) patience: Duration,
}

/// What became of a change.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Made, and the server answered with every value that was asked for.
    Created(ServerId),
    /// Made without an answer, and found afterwards with every value that was asked for.
    Adopted(ServerId),
    /// Accepted, and not done as asked.
    NotApplied {
        /// The new record.
        id: ServerId,
        /// What is missing.
        shortfall: Shortfall,
    },
    /// Certainly not made.
    Failed(ServerError),
    /// No answer, and not found either. Not sent again: it may still be made.
    Unknown(String),
    /// An update, which this version does not make.
    LeftAsIs,
    /// The plan says that it cannot be made.
    Blocked,
    /// Not started: the run was stopped, or the credentials were refused.
    NotAttempted,
}

/// What became of a plan.
#[derive(Debug)]
pub(crate) struct Applied {
    /// For each change its index in the plan, and its outcome; in the plan's order.
    pub(crate) outcomes: Vec<(usize, Outcome)>,
}

/// Makes the changes of a plan. `stop` becomes true when nothing more is to be started; `progress` hears of
/// each write's outcome as soon as it is known.
pub(crate) async fn apply(
    plan: &Plan,
    writer: Arc<Writer>,
    options: Options,
    stop: watch::Receiver<bool>,
    progress: &mut dyn FnMut(usize, &Outcome),
) -> Applied {
    let concurrency = options.concurrency.get();
    let creator = Arc::new(Creator {
        writer,
        account: plan.server.user_id.clone(),
        seen: options.seen,
        patience: options.patience,
    });
    let mut outcomes = Outcomes::new(plan, progress);
    let mut waiting = creates(plan);
    let mut running = JoinSet::new();
    loop {
        let may_start = !outcomes.refused && !*stop.borrow();
        while may_start && running.len() < concurrency {
            let Some((index, fields)) = waiting.pop_front() else {
                break;
            };
            let creator = creator.clone();
            running.spawn(async move { (index, creator.create(fields).await) });
            outcomes.started(index);
        }
        match running.join_next().await {
            Some(Ok((index, outcome))) => outcomes.settle(index, outcome),
            // A fault of ours in a task: its change keeps the outcome it had when it was started.
            Some(Err(_)) => {}
            None => break,
        }
    }
    outcomes.finish()
}

/// The creates of a plan: where each stands in it, and its values.
fn creates(plan: &Plan) -> VecDeque<(usize, Fields)> {
    let changes = plan.changes.iter().enumerate();
    changes
        .filter_map(|(index, change)| match &change.action {
            Action::Create(fields) => Some((index, fields.clone())),
            Action::Update { .. } | Action::Blocked { .. } => None,
        })
        .collect()
}

/// The outcomes so far, each told as it comes.
struct Outcomes<'a> {
    all: Vec<Outcome>,
    /// Whether the server refused this account as a whole.
    refused: bool,
    progress: &'a mut dyn FnMut(usize, &Outcome),
}

impl<'a> Outcomes<'a> {
    fn new(plan: &Plan, progress: &'a mut dyn FnMut(usize, &Outcome)) -> Self {
        let changes = plan.changes.iter();
        let untouched = changes.map(|change| match change.action {
            Action::Create(_) => Outcome::NotAttempted,
            Action::Update { .. } => Outcome::LeftAsIs,
            Action::Blocked { .. } => Outcome::Blocked,
        });
        Self {
            all: untouched.collect(),
            refused: false,
            progress,
        }
    }

    fn started(&mut self, index: usize) {
        self.set(index, Outcome::Unknown("it was not finished".to_owned()));
    }

    fn settle(&mut self, index: usize, outcome: Outcome) {
        self.refused |= matches!(&outcome, Outcome::Failed(error) if error.refuses_all());
        (self.progress)(index, &outcome);
        self.set(index, outcome);
    }

    fn set(&mut self, index: usize, outcome: Outcome) {
        if let Some(slot) = self.all.get_mut(index) {
            *slot = outcome;
        }
    }

    fn finish(self) -> Applied {
        Applied {
            outcomes: self.all.into_iter().enumerate().collect(),
        }
    }
}

impl Outcome {
    /// Whether the server is now as the change wanted it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, Self::Created(_) | Self::Adopted(_))
    }

    /// Whether a write was tried: one that reached no server, or a server that refuses everything, was not.
    fn is_tried(&self) -> bool {
        match self {
            Self::Failed(error) => error.exit() != Exit::Server,
            Self::LeftAsIs | Self::Blocked | Self::NotAttempted => false,
            _ => true,
        }
    }
}

/// How a run ends that came to this. An interruption, which wins, is the caller's to tell.
pub(crate) fn exit_of(applied: &Applied) -> Exit {
    let any = |holds: fn(&Outcome) -> bool| applied.outcomes.iter().any(|(_, it)| holds(it));
    if !any(|outcome| !outcome.is_done()) {
        return Exit::Done;
    }
    if any(Outcome::is_tried) {
        return Exit::Incomplete;
    }
    if any(|outcome| matches!(outcome, Outcome::Failed(_))) {
        return Exit::Server;
    }
    // Nothing was tried: what is left is blocked, or was not begun.
    if any(|outcome| matches!(outcome, Outcome::LeftAsIs | Outcome::NotAttempted)) {
        return Exit::Incomplete;
    }
    Exit::Refused
}
