//! Makes a plan's changes, and says what became of each.
//!
//! Creates and updates run side by side within a bound, then deletes. One failure does not stop the rest; refused
//! credentials do, and so does the stop signal: both keep further writes from being *started*. What is in flight
//! always finishes, because a dropped write has an outcome that nobody knows.

mod create;
mod remove;
mod update;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub(crate) use verify::Shortfall;

use crate::exit::Exit;
use crate::integration::{Fields, Kind, Role, Value};
use crate::observed::{ServerFacts, ServerId, Users};
use crate::plan::{Action, Plan};
use crate::server::{ServerError, Writer};

/// How to go about it.
#[derive(Debug)]
pub(crate) struct Options {
    /// The most writes at a time.
    pub(crate) concurrency: NonZeroUsize,
    /// Every record that was there when the plan was made: none of them can be one of ours.
    pub(crate) seen: BTreeSet<ServerId>,
    /// When the reading of the listing that the plan was made for began.
    pub(crate) read_at: Instant,
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
    /// Changed, and every value is as asked.
    Updated(ServerId),
    /// Removed.
    Deleted(ServerId),
    /// There was nothing left to remove.
    AlreadyGone(ServerId),
    /// Accepted, and not done as asked.
    NotApplied {
        /// The record.
        id: ServerId,
        /// What is missing.
        shortfall: Shortfall,
    },
    /// Not written: the record is not what the plan was made for any more.
    Stale {
        /// The record.
        id: ServerId,
        /// What changed, in one line.
        why: String,
    },
    /// Certainly not made.
    Failed(ServerError),
    /// No answer, and not to be found out. Not sent again: it may still be done.
    Unknown(String),
    /// The plan says that it cannot be made.
    Blocked,
    /// Something is wrong that no update mends.
    Condition,
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
    let (halt, halted) = watch::channel(*stop.borrow());
    let run = Arc::new(Run {
        writer: writer.gated(options.concurrency, halted),
        server: plan.server.clone(),
        users: plan.users.clone(),
        options,
    });
    let mut outcomes = Outcomes::new(plan, progress);
    let of = |these: fn(&Action) -> bool| {
        let changes = changes(plan).into_iter();
        changes.filter(|it| these(&it.action)).collect()
    };
    let creates = of(|it| matches!(it, Action::Create(_)));
    let updates = of(|it| matches!(it, Action::Update { .. }));
    let deletes = of(|it| matches!(it, Action::Delete { .. }));
    for lines in [vec![creates, updates], vec![deletes]] {
        run.all(lines, stop.clone(), &halt, &mut outcomes).await;
    }
    outcomes.finish()
}

/// A write, and where it stands in the plan.
struct Write {
    index: usize,
    kind: Kind,
    action: Action,
}

fn changes(plan: &Plan) -> Vec<Write> {
    let changes = plan.changes.iter().enumerate();
    let writes = changes.filter(|(_, change)| change.action.is_write());
    let writes = writes.map(|(index, change)| Write {
        index,
        kind: change.key.kind,
        action: change.action.clone(),
    });
    writes.collect()
}

/// What every write of a run needs.
struct Run {
    writer: Writer,
    server: ServerFacts,
    users: Users,
    options: Options,
}

impl Run {
    /// Makes these writes side by side, as long as nothing speaks against starting another. Each endpoint has a line
    /// of its own, so that one whose limit is used up does not hold up the others; how many requests are on their
    /// way is bounded by the writer.
    async fn all(
        self: &Arc<Self>,
        mut lines: Vec<VecDeque<Write>>,
        mut stop: watch::Receiver<bool>,
        halt: &watch::Sender<bool>,
        outcomes: &mut Outcomes<'_>,
    ) {
        let most = self.options.concurrency.get();
        let mut free: Vec<_> = lines.iter().map(|_| most).collect();
        let mut running = JoinSet::new();
        loop {
            for (number, line) in lines.iter_mut().enumerate() {
                while !*halt.borrow() && free[number] > 0 {
                    let Some(write) = line.pop_front() else {
                        break;
                    };
                    free[number] -= 1;
                    let run = self.clone();
                    outcomes.started(write.index);
                    running.spawn(async move {
                        let outcome = run.make(write.kind, write.action).await;
                        (number, write.index, outcome)
                    });
                }
            }
            let joined = tokio::select! {
                joined = running.join_next() => joined,
                Ok(_) = stop.wait_for(|stop| *stop), if !*halt.borrow() => {
                    halt.send_replace(true);
                    continue;
                }
            };
            match joined {
                Some(Ok((number, index, outcome))) => {
                    free[number] += 1;
                    if outcomes.settle(index, outcome) {
                        halt.send_replace(true);
                    }
                }
                // A fault of ours in a task: its change keeps the outcome it had when it was started.
                Some(Err(_)) => {}
                None => break,
            }
        }
    }

    async fn make(&self, kind: Kind, action: Action) -> Outcome {
        match action {
            Action::Create(fields) => self.create(fields).await,
            Action::Update { id, from, to } => self.update(id, &from, to).await,
            Action::Delete { id } => self.remove(kind, id).await,
            Action::Condition { .. } => Outcome::Condition,
            Action::Blocked { .. } => Outcome::Blocked,
        }
    }

    /// The id of whom these values post as, where that is known.
    fn poster(&self, asked: &Fields) -> Option<&str> {
        match asked.by_role(Role::PostsAs)? {
            Value::Text(name) => self.users.id_of(name.as_plain()?, &self.server),
            _ => None,
        }
    }

    /// The same after an update: there are servers whose updates leave the user as it was.
    fn poster_after_update(&self, asked: &Fields) -> Option<&str> {
        let (field, _) = asked
            .iter()
            .find(|(field, _)| field.role == Role::PostsAs)?;
        self.poster(asked)
            .filter(|_| field.changes_on(self.server.version))
    }
}

/// The outcomes so far, each told as it comes.
struct Outcomes<'a> {
    all: Vec<Outcome>,
    progress: &'a mut dyn FnMut(usize, &Outcome),
}

impl<'a> Outcomes<'a> {
    fn new(plan: &Plan, progress: &'a mut dyn FnMut(usize, &Outcome)) -> Self {
        let changes = plan.changes.iter();
        let untouched = changes.map(|change| match change.action {
            Action::Blocked { .. } => Outcome::Blocked,
            Action::Condition { .. } => Outcome::Condition,
            Action::Create(_) | Action::Update { .. } | Action::Delete { .. } => {
                Outcome::NotAttempted
            }
        });
        Self {
            all: untouched.collect(),
            progress,
        }
    }

    fn started(&mut self, index: usize) {
        self.set(index, Outcome::Unknown("it was not finished".to_owned()));
    }

    /// Takes an outcome, and says whether the server refuses this account as a whole.
    fn settle(&mut self, index: usize, outcome: Outcome) -> bool {
        let refused = matches!(&outcome, Outcome::Failed(error) if error.refuses_all());
        (self.progress)(index, &outcome);
        self.set(index, outcome);
        refused
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
    /// What becomes of a change that certainly was not made.
    fn of(error: ServerError) -> Self {
        match error {
            ServerError::Stopped => Self::NotAttempted,
            error => Self::Failed(error),
        }
    }

    /// Whether the server is now as the change wanted it.
    pub(crate) fn is_done(&self) -> bool {
        matches!(
            self,
            Self::Created(_)
                | Self::Adopted(_)
                | Self::Updated(_)
                | Self::Deleted(_)
                | Self::AlreadyGone(_)
        )
    }

    /// Whether a write was tried: one that reached no server, or a server that refuses everything, was not.
    fn is_tried(&self) -> bool {
        match self {
            Self::Failed(error) => error.exit() != Exit::Server,
            Self::Blocked | Self::Condition | Self::NotAttempted => false,
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
    // Nothing was tried: what is left is blocked, a condition that no update mends, or was not begun.
    if any(|outcome| matches!(outcome, Outcome::NotAttempted)) {
        return Exit::Incomplete;
    }
    Exit::Refused
}
