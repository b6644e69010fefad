//! The look back at what a run made, before anybody hears of its URLs.
//!
//! Runs that begin together find nothing and each make a record of an entry. There is no lock; but each of them
//! looks once more a settle time after its last create, and all follow one rule: the twin that was inserted first
//! stays. Why that holds, whichever of them looks when: the rule goes by the second of the insert, and a run looks a
//! second later at least. What is inserted after its look is therefore younger than what it found, and is removed by
//! the run that made it. So nothing that was reported is ever removed, whatever the others see.
//!
//! A run removes its own first: the others do the same, and what is still there at the next look is of a run that
//! was ended.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::stop::{Stop, said};
use super::verify::shortfall;
use super::{Outcome, Outcomes, Run, twins};
use crate::integration::Fields;
use crate::observed::{Record, ServerId};
use crate::plan::twins::named;
use crate::plan::{Action, Plan};
use crate::server::ServerError;

/// The least time: ids tell the second of their insert.
const LEAST: Duration = Duration::from_secs(1);

/// How often a run looks before it says that there are still twins.
const MOST_LOOKS: usize = 4;

/// How often a listing is begun that cannot be read.
const MOST_TRIES: usize = 3;

/// What looking back came to.
#[derive(Debug)]
pub(crate) enum Settled {
    /// The run made nothing.
    NothingMade,
    /// What it made is there, or its outcome says otherwise.
    Looked {
        /// How often the records were listed.
        listings: usize,
    },
    /// It could not be done, and so nobody knows whether there are twins.
    Not {
        /// Why, in one line.
        why: String,
    },
}

/// How long creates take.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Creates>);

#[derive(Clone, Copy, Debug, Default)]
struct Creates {
    slowest: Duration,
    last: Option<Instant>,
}

impl Pace {
    /// A record is there that was sent for at that moment.
    pub(super) fn made(&self, sent: Instant) {
        let mut creates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        creates.slowest = creates.slowest.max(sent.elapsed());
        creates.last = Some(Instant::now());
    }

    /// The settle time, and how much of it is left.
    fn settle(&self) -> (Duration, Duration) {
        let creates = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let settle = LEAST.max(creates.slowest * 2);
        let passed = creates.last.map_or(Duration::ZERO, |last| last.elapsed());
        (settle, settle.saturating_sub(passed))
    }
}

/// A create that may have made a record.
struct Made<'p> {
    index: usize,
    asked: &'p Fields,
    /// The record, as far as is known.
    own: Option<ServerId>,
}

/// What there is of it.
struct Found<'r> {
    /// Every new record of its type and name.
    namesakes: Vec<&'r Record>,
    /// The twin that stays.
    stays: Option<&'r Record>,
    /// The twins that this run may remove.
    goes: Vec<&'r Record>,
}

impl Run {
    /// Looks for what was made, removes twins, and corrects the outcomes.
    pub(super) async fn settle(
        self: &Arc<Self>,
        plan: &Plan,
        outcomes: &mut Outcomes<'_>,
    ) -> Settled {
        let made = made(plan, outcomes);
        if made.iter().all(|it| it.own.is_none()) {
            return Settled::NothingMade;
        }
        let (settle, mut pause) = self.pace.settle();
        let mut listings = 0;
        loop {
            if !self.pause(pause).await {
                return stopped();
            }
            let records = match self.listing(settle).await {
                Some(Ok(records)) => records,
                Some(Err(error)) => {
                    return Settled::Not {
                        why: error.to_string(),
                    };
                }
                None => return stopped(),
            };
            let listed_at = Instant::now();
            listings += 1;
            let found: Vec<_> = made.iter().map(|it| self.find(it, &records)).collect();
            let going = made.iter().zip(&found);
            let mut going: Vec<_> = going
                .flat_map(|(made, found)| found.goes.iter().map(move |record| (made, *record)))
                .collect();
            if going.is_empty() || listings == MOST_LOOKS {
                for (made, found) in made.iter().zip(&found) {
                    outcomes.correct(made.index, |outcome| found.outcome(made, outcome));
                }
                return Settled::Looked { listings };
            }
            if listings == 1 {
                going.retain(|(made, record)| made.own.as_ref() == Some(&record.id));
            }
            if !self.remove_twins(going, listed_at, outcomes).await {
                return stopped();
            }
            pause = settle;
        }
    }

    /// The listing; `None` if a stop ended it.
    async fn listing(&self, pause: Duration) -> Option<Result<Vec<Record>, ServerError>> {
        let mut tries = 1;
        loop {
            match self.look(self.writer.reader().listing()).await? {
                Err(error) if tries < MOST_TRIES && !error.refuses_all() => {
                    tries += 1;
                    if !self.pause(pause).await {
                        return Some(Err(error));
                    }
                }
                result => return Some(result),
            }
        }
    }

    fn find<'r>(&self, made: &Made<'_>, records: &'r [Record]) -> Found<'r> {
        let asked = made.asked;
        let namesakes: Vec<_> = twins::new(records, asked, &self.options.seen).collect();
        let whole = |record: &Record| shortfall(asked, record, self.poster(asked)).is_none();
        let mut own = namesakes.iter().copied();
        let own = own.find(|it| Some(&it.id) == made.own.as_ref() && whole(it));
        let equal = |record: &&Record| match own {
            Some(own) => whole(record) && Self::is_like(record, own, asked),
            None => self.is_as_asked(record, asked),
        };
        let equal: Vec<_> = namesakes.iter().copied().filter(equal).collect();
        let stays = twins::eldest(&equal);
        let goes = equal
            .into_iter()
            .filter(|it| stays.is_some_and(|stays| stays.id != it.id) && self.is_own(it));
        Found {
            goes: goes.collect(),
            namesakes,
            stays,
        }
    }

    /// Removes these, and says whether it came to an end.
    async fn remove_twins(
        self: &Arc<Self>,
        twins: Vec<(&Made<'_>, &Record)>,
        listed_at: Instant,
        outcomes: &mut Outcomes<'_>,
    ) -> bool {
        let (cease, ceased) = watch::channel(false);
        let writer = Arc::new(self.free_writer.gated(self.options.concurrency, ceased));
        let mut removing = JoinSet::new();
        for (made, record) in twins {
            let (run, writer, index, record) =
                (self.clone(), writer.clone(), made.index, record.clone());
            removing.spawn(async move {
                let outcome = run.remove_twin(&writer, &record, listed_at).await;
                (index, record.id, outcome)
            });
        }
        loop {
            let joined = tokio::select! {
                biased;
                () = said(&self.stop, Stop::Quit) => return false,
                () = said(&self.stop, Stop::Finish), if !*cease.borrow() => {
                    cease.send_replace(true);
                    continue;
                }
                joined = removing.join_next() => joined,
            };
            match joined {
                Some(Ok((index, id, Outcome::Deleted(_)))) => outcomes.removed(index, id),
                // Whether it is there is for the next look.
                Some(_) => {}
                None => return !*cease.borrow(),
            }
        }
    }
}

impl Found<'_> {
    /// What became of the create, in the light of what is there.
    fn outcome(&self, made: &Made<'_>, before: &Outcome) -> Option<Outcome> {
        let own = made.own.as_ref();
        match (before, &*self.namesakes, self.stays) {
            // A failure already, and a more telling one.
            (Outcome::NotApplied { .. }, ..)
            | (Outcome::Unknown(_), [], _)
            | (Outcome::Unknown(_), [_], None) => None,
            (_, [only], Some(_)) => {
                (own != Some(&only.id)).then(|| Outcome::Adopted(only.id.clone()))
            }
            (_, [], _) => Some(stale(own?, "it was made, and is not there any more")),
            (_, [only], None) if own == Some(&only.id) => {
                Some(stale(own?, "somebody changed it after it was made"))
            }
            (_, namesakes, _) => Some(Outcome::Doubled {
                records: namesakes.iter().map(|it| named(it)).collect(),
            }),
        }
    }
}

fn stale(id: &ServerId, why: &str) -> Outcome {
    Outcome::Stale {
        id: id.clone(),
        why: why.to_owned(),
    }
}

fn stopped() -> Settled {
    Settled::Not {
        why: "the run was stopped".to_owned(),
    }
}

/// The creates that made a record, or may have.
fn made<'p>(plan: &'p Plan, outcomes: &Outcomes<'_>) -> Vec<Made<'p>> {
    let changes = plan.changes.iter().enumerate();
    let made = changes.filter_map(|(index, change)| {
        let Action::Create(asked) = &change.action else {
            return None;
        };
        let own = match outcomes.get(index)? {
            Outcome::Created(id) | Outcome::Adopted(id) | Outcome::NotApplied { id, .. } => {
                Some(id.clone())
            }
            Outcome::Unknown(_) => None,
            _ => return None,
        };
        Some(Made { index, asked, own })
    });
    made.collect()
}
