//! Makes a plan's changes, and says what became of each.
//!
//! Creates and updates run side by side, as many as the server bears, then disables, then deletes. One failure does not
//! stop the rest; refused credentials do, and so does the stop signal: both keep further writes from being *started*. What is
//! in flight finishes, because a dropped write has an outcome that nobody knows; only who is told to stop twice drops
//! it. In the end comes a look back at what was made.

mod create;
mod creates;
mod decide;
mod duplicate_check;
mod duplicates;
mod faults;
mod listed;
mod outcome;
mod removals;
mod remove;
mod stop;
mod update;
mod verify;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use duplicate_check::DuplicateCheck;
pub use outcome::{Applied, Outcome, Verdict};
pub use stop::Stop;

use crate::client::Concurrency;
use crate::integration::{Fields, Kind, Role, Value};
use crate::observed::{Record, ServerFacts, ServerId, Users};
use crate::plan::{Action, Plan};
use crate::redactor::ServerText;
use crate::server::Writer;
use creates::Creates;
use faults::Faults;
use listed::Listings;
use outcome::Outcomes;
use stop::said;

/// How to go about it.
#[derive(Debug)]
pub struct Options {
    /// How many writes may be in flight at once.
    pub concurrency: Concurrency,
    /// Every record that was there when the plan was made: none of them can be one of ours.
    pub seen: BTreeMap<ServerId, Record>,
    /// When the reading of the listing that the plan was made for began.
    pub read_at: Instant,
    /// How long after sending a create that was not answered its record is looked for.
    pub patience: Duration,
    /// Whether the first failure keeps further writes from being started.
    pub fail_fast: bool,
    /// Whence chance comes.
    pub seed: u64,
}

/// Makes the changes of a plan, and looks back at what was made. `stop` says how far to go on; `progress` hears of
/// each write's outcome as soon as it is known.
pub async fn apply(
    plan: &Plan,
    writer: Arc<Writer>,
    options: Options,
    stop: watch::Receiver<Stop>,
    progress: &mut (dyn FnMut(usize, &Outcome) + Send),
) -> Applied {
    let (halt, halted) = watch::channel(*stop.borrow() >= Stop::Finish);
    let run = Arc::new(Run {
        writer: writer.gated(options.concurrency, halted),
        free_writer: writer,
        server: plan.server.clone(),
        users: plan.users.clone(),
        creates: Creates::default(),
        faults: Faults::default(),
        listings: Listings::by_plan(options.read_at),
        options,
        stop,
    });
    let mut outcomes = Outcomes::new(plan, progress);
    let of = |these: fn(&Action) -> bool| {
        let changes = changes(plan).into_iter();
        changes.filter(|it| these(&it.action)).collect()
    };
    let creates = of(|it| matches!(it, Action::Create(_)));
    let updates = of(|it| matches!(it, Action::Update { .. }));
    let disables = of(|it| matches!(it, Action::Disable { .. }));
    let deletes = of(|it| matches!(it, Action::Delete { .. }));
    // What is lost comes last: an interruption then leaves more than was asked for, never less.
    for lines in [vec![creates, updates], vec![disables], vec![deletes]] {
        run.all(lines, &halt, &mut outcomes).await;
    }
    let duplicate_check = run.check_duplicates(plan, &mut outcomes).await;
    outcomes.finish(plan, &run.options.seen, duplicate_check)
}

/// A write, and where it is in the plan.
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
    /// Writes as long as nothing speaks against it.
    writer: Writer,
    /// Writes as long as nobody says stop.
    free_writer: Arc<Writer>,
    server: ServerFacts,
    users: Users,
    creates: Creates,
    faults: Faults,
    listings: Listings,
    options: Options,
    stop: watch::Receiver<Stop>,
}

impl Run {
    /// Makes these writes side by side, as long as nothing speaks against starting another. Each endpoint has a line
    /// of its own, so that one whose limit is used up does not hold up the others; how many requests are in
    /// flight is up to the writer, and changes with each answer.
    async fn all(
        self: &Arc<Self>,
        mut lines: Vec<VecDeque<Write>>,
        halt: &watch::Sender<bool>,
        outcomes: &mut Outcomes<'_>,
    ) {
        let mut begun: Vec<_> = lines.iter().map(|_| 0_usize).collect();
        let mut running = JoinSet::new();
        loop {
            for (number, line) in lines.iter_mut().enumerate() {
                while !*halt.borrow() && begun[number] < self.writer.level() {
                    let Some(write) = line.pop_front() else {
                        break;
                    };
                    begun[number] += 1;
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
                // What is in flight is dropped here and nowhere else: its outcome stays unknown.
                () = said(&self.stop, Stop::Quit) => break,
                () = said(&self.stop, Stop::Finish), if !*halt.borrow() => {
                    halt.send_replace(true);
                    continue;
                }
            };
            match joined {
                Some(Ok((number, index, outcome))) => {
                    begun[number] -= 1;
                    if outcome.refuses_all() || self.options.fail_fast && !outcome.is_done() {
                        halt.send_replace(true);
                    }
                    outcomes.take(index, outcome);
                }
                // A fault of ours in a task: its change keeps the outcome it had when it was started.
                Some(Err(_)) => {}
                None => break,
            }
        }
    }

    async fn make(self: &Arc<Self>, kind: Kind, action: Action) -> Outcome {
        match action {
            Action::Create(fields) => self.create(&fields).await,
            Action::Update { id, from, to } => self.update(id, &from, to).await,
            Action::Disable { id, from, to } => self.disable(id, &from, to).await,
            Action::Delete { id, from } => self.remove(kind, id, &from).await,
            Action::Condition { .. } => Outcome::Condition,
            Action::Blocked { .. } => Outcome::Blocked,
        }
    }

    /// The id of whom these values post as, where that is known.
    fn poster(&self, asked: &Fields) -> Option<&ServerText> {
        match asked.by_role(Role::PostsAs)? {
            Value::Text(name) => self.users.id_of(name.as_plain()?, &self.server),
            _ => None,
        }
    }

    /// The same after an update: there are servers whose updates leave the user as it was.
    fn poster_after_update(&self, asked: &Fields) -> Option<&ServerText> {
        let field = asked.kind().row(Role::PostsAs)?;
        self.poster(asked)
            .filter(|_| field.changes_on(self.server.version))
    }
}
