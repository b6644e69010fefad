//! The look back at what a run made, before anybody hears of its URLs.
//!
//! Runs that begin together find nothing, and each creates a record of the same entry. There is no lock, and no clock
//! that they share: the ids and times that a server gives may be hours off, and one process of it may take seconds for
//! a create that another does at once. Each run has its own clock alone, and that only for lengths of time.
//!
//! # The rule
//! A run lists the records again a check delay after its last create: twice its slowest create, at least [`LEAST`].
//! What the listing shows of an entry decides:
//!
//! - The run's own record alone: it is reported.
//! - The record of another run alone: it is reported if a listing of [`REPORT_AFTER`] ago showed it already; until then
//!   the run waits. The same goes for a record that was found after a create without an answer, since it may be another
//!   run's, and for one that was there before the create.
//! - Several that are equal. All runs choose the same one of them, by their ids.
//!   - If it is not the run's own, the run takes its own back: it removes it.
//!   - If it is, the run waits a check delay for the others to do so. If one of them is still there then, the run
//!     removes it if its own create was prompt, and takes back its own if it was late. *Prompt* means that the answer
//!     came within [`LEAST`] of the beginning of the listing that showed nothing.
//!   - A record is taken back only within [`TAKE_BACK_WITHIN`] of sending its create, and not by a run that has removed
//!     the record of another for it. A record that was found after a silence is not taken back, and nothing is removed
//!     for it.
//! - None, though the run's own was answered: it lists again, [`MOST_LOOKS`] times in all, since a listing may lag; then it says
//!   that the record is gone.
//! - None, after the run has taken back its own: it pauses for a random time, lists, and creates again if there is still
//!   none; three times at most. Then it says that nothing exists.
//! - Several in [`MOST_LOOKS`] listings: it says so.
//!
//! If the listing a check delay later would come too late to take a late create back, there is one at once, too.
//!
//! # What it promises
//! 1. No record that a run has reported is removed by another run that follows the rule.
//! 2. One record is left, unless every run that created one was killed or says that nothing exists.
//! 3. If several are left, a run was killed, or one has said so and exits with code 6.
//!
//! # What is assumed
//! - A listing shows every record whose create was answered before it began, or that an earlier listing showed, and that
//!   is not removed before it ends.
//! - A removal takes effect within [`REPORT_AFTER`] less [`TAKE_BACK_WITHIN`] of being sent, or never. There is no
//!   conditional removal, so a run that is suspended between its last look at the clock and the request counts on this.
//! - Clocks measure ten seconds as ten seconds. A process that is suspended does not break that; a machine that sleeps
//!   does. What time a clock shows, that of a server or any other, is not used.
//! - Otherwise runs may be suspended or killed between any two steps, and a create may take any time.
//!
//! # Why that is so
//! *Taking back.* A run reports the record of another when it saw it `REPORT_AFTER` ago, so at least that long after its
//! create was sent. By then the removal by its own run has taken effect, if there is one. A run does not report a record
//! that it has tried to take back before the same time has passed.
//!
//! *Removing others.* Let x be the record of the run X, created promptly, and z another record that X finds beside it.
//! Suppose that a run reported z. Its listing showed z alone, and z had been there for `LEAST` when that listing began.
//! - If x was answered after that listing began: X's own listing began less than `LEAST` before the answer, so z was
//!   there already. X's listing would have shown z, and X would have created nothing.
//! - If x was answered before: x was removed before that listing ended. Not by X, which does not take x back after it
//!   has removed others. So it was removed by another prompt run, for a record of its own that comes before x in the
//!   order that all share. That listing did not show that record either, so it was removed as well, for a third one;
//!   and so on. The last of this line is removed by nobody, and the listing would have shown it.
//!
//! Two prompt runs always see each other: a record that is answered after the other run's look was created by a listing
//! that began after the other's answer. So they choose from the same records, and both by the same order: where ids are
//! of two kinds, so that the order depends on which are seen, nobody removes others (`are_comparable`).
//!
//! *One is left.* If a run removed others, the last record of the line above is left. If none did, records vanish only
//! by being taken back, and a run that has taken its own back lists until it sees a record, or creates one.
//!
//! *Several are reported.* If two are left, take the one that was answered later. Its run lists after that, sees both, and
//! does not end before it sees one alone or says that there are several.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

use super::creates::TAKE_BACK_WITHIN;
#[cfg(doc)]
use super::creates::{LEAST, REPORT_AFTER};
use super::decide::{Found, Made, Step, not_shown, unchecked};
use super::removals::{Removal, TakenBack};
use super::verify::mismatch;
use super::{Outcome, Outcomes, Run, duplicates};
use crate::client::ServerError;
use crate::observed::{Record, ServerId};
use crate::plan::{Action, Plan};

/// How many listings of a run show several records before it says so.
pub(super) const MOST_LOOKS: usize = 4;

/// How often a listing is begun that cannot be read.
const MOST_TRIES: usize = 3;

/// What looking back came to.
#[derive(Debug)]
pub enum DuplicateCheck {
    /// The run made nothing.
    NotNeeded,
    /// What it made is there, or its outcome says otherwise.
    Done {
        /// How often the records were listed.
        listings: usize,
    },
    /// It could not be done, and so nobody knows whether there are duplicates.
    Skipped {
        /// Why, in one line.
        why: String,
    },
}

impl Run {
    /// Looks for what was made, removes duplicates, and corrects the outcomes.
    pub(super) async fn check_duplicates(
        self: &Arc<Self>,
        plan: &Plan,
        outcomes: &mut Outcomes<'_>,
    ) -> DuplicateCheck {
        let mut made = made(plan, outcomes);
        for it in &mut made {
            it.due = match outcomes.get(it.index) {
                // One of another run, or that may be, can be reported only later.
                Some(Outcome::Adopted(id) | Outcome::Stale { id, .. }) => {
                    self.creates.check_due().max(self.creates.reportable_at(id))
                }
                _ => self.first_look(it),
            };
        }
        let is_known = |it: &Made<'_>| !matches!(outcomes.get(it.index), Some(Outcome::Unknown(_)));
        if !made.iter().any(is_known) {
            return DuplicateCheck::NotNeeded;
        }
        let settled = self.look_back(&mut made, outcomes).await;
        if matches!(settled, DuplicateCheck::Skipped { .. }) {
            for it in made.iter().filter(|it| it.gone || it.taken_back) {
                let open = if it.taken_back { unchecked } else { not_shown };
                outcomes.correct(it.index, |outcome| outcome.is_done().then(open));
            }
        }
        settled
    }

    /// When the first listing is of use to a create: a check delay after the last, or at once for a late one that the
    /// second listing would find too old to be taken back.
    fn first_look(&self, made: &Made<'_>) -> Instant {
        let (now, settled) = (Instant::now(), self.creates.check_due());
        let own = made.own.as_ref().and_then(|id| self.creates.own(id));
        let late = own.filter(|own| !own.prompt);
        let until = late.map(|own| own.sent + TAKE_BACK_WITHIN);
        let at_once =
            until.is_some_and(|it| now < it && it <= settled + self.creates.check_delay());
        if at_once { now } else { settled }
    }

    /// Lists until nothing is open. What is left of `made` is open.
    async fn look_back(
        self: &Arc<Self>,
        made: &mut Vec<Made<'_>>,
        outcomes: &mut Outcomes<'_>,
    ) -> DuplicateCheck {
        let mut chance = StdRng::seed_from_u64(self.options.seed);
        let mut listings = 0;
        while let Some(due) = made.iter().map(|it| it.due).min() {
            if !self
                .pause(due.saturating_duration_since(Instant::now()))
                .await
            {
                return stopped();
            }
            let began = Instant::now();
            let records = match self.listing(self.creates.check_delay()).await {
                Some(Ok(records)) => records,
                Some(Err(error)) => return not(&error),
                None => return stopped(),
            };
            let listed_at = Instant::now();
            listings += 1;
            let mut removals = Vec::new();
            let (mut again, mut done) = (Vec::new(), Vec::new());
            for (at, it) in made.iter_mut().enumerate() {
                if it.due > began {
                    continue;
                }
                let found = self.find(it, &records);
                let Some(before) = outcomes.get(it.index) else {
                    continue;
                };
                it.due = listed_at + self.creates.check_delay();
                match it.step(&found, &self.creates, began, before) {
                    Step::Wait => {}
                    Step::Until(moment) => it.due = moment,
                    Step::Again => again.push(at),
                    Step::Done(outcome) => {
                        outcomes.correct(it.index, |_| outcome);
                        done.push(at);
                    }
                    Step::TakeBack(record, reportable) => {
                        let sent = self.creates.own(&record.id).map(|own| own.sent);
                        let own = sent.map(|sent| TakenBack {
                            until: sent + TAKE_BACK_WITHIN,
                            reportable,
                        });
                        removals.push(Removal { at, record, own });
                    }
                    Step::Remove(others) => {
                        let own = None;
                        let others = others.into_iter();
                        removals.extend(others.map(|record| Removal { at, record, own }));
                    }
                }
            }
            if !self.remove_all(removals, listed_at, made, outcomes).await {
                return stopped();
            }
            if !again.is_empty() {
                let most = self.creates.check_delay() * 2;
                let pause = most.mul_f64(chance.random::<f64>());
                match self.create_again(&again, pause, made, outcomes).await {
                    Some(Ok(failed)) => done.extend(failed),
                    Some(Err(error)) => return not(&error),
                    None => return stopped(),
                }
            }
            let mut at = 0..;
            made.retain(|_| at.next().is_none_or(|at| !done.contains(&at)));
        }
        DuplicateCheck::Done { listings }
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
        let namesakes: Vec<_> = duplicates::new(records, asked, &self.options.seen).collect();
        let whole = |record: &Record| mismatch(asked, record, self.poster(asked)).is_none();
        let mut own = namesakes.iter().copied();
        let own = own.find(|it| Some(&it.id) == made.own.as_ref() && whole(it));
        let equal = |record: &&Record| match own {
            Some(own) => whole(record) && Self::is_like(record, own, asked),
            None => self.is_as_asked(record, asked),
        };
        let equal: Vec<_> = namesakes.iter().copied().filter(equal).collect();
        for record in &namesakes {
            self.creates.saw(&record.id);
        }
        Found {
            removable: equal.iter().copied().filter(|it| self.is_own(it)).collect(),
            equal,
            namesakes,
        }
    }

    /// Creates these again, unless a listing that begins after the pause shows one. Those of which nothing came; `None`
    /// if a stop ended it.
    async fn create_again(
        self: &Arc<Self>,
        again: &[usize],
        pause: Duration,
        made: &mut [Made<'_>],
        outcomes: &mut Outcomes<'_>,
    ) -> Option<Result<Vec<usize>, ServerError>> {
        if !self.pause(pause).await {
            return None;
        }
        let began = Instant::now();
        match self.listing(self.creates.check_delay()).await? {
            Ok(records) => self.listings.take(began, records).await,
            Err(error) => return Some(Err(error)),
        }
        let mut failed = Vec::new();
        for at in again.iter().copied() {
            let Some(made) = made.get_mut(at) else {
                continue;
            };
            let outcome = self.create(made.asked).await;
            if may_have_made(&outcome) {
                made.made_again(own_of(&outcome));
            } else {
                failed.push(at);
            }
            made.due = self.first_look(made);
            outcomes.correct(made.index, |_| Some(outcome));
        }
        Some(Ok(failed))
    }
}

fn not(error: &ServerError) -> DuplicateCheck {
    DuplicateCheck::Skipped {
        why: error.to_string(),
    }
}

fn stopped() -> DuplicateCheck {
    DuplicateCheck::Skipped {
        why: "the run was stopped".to_owned(),
    }
}

/// Whether there may be a record of a create with this outcome.
fn may_have_made(outcome: &Outcome) -> bool {
    let unknown = matches!(outcome, Outcome::Unknown(_) | Outcome::Stale { .. });
    unknown || own_of(outcome).is_some()
}

/// The record of a create with this outcome, as far as is known.
fn own_of(outcome: &Outcome) -> Option<ServerId> {
    match outcome {
        Outcome::Created(id) | Outcome::Adopted(id) | Outcome::NotApplied { id, .. } => {
            Some(id.clone())
        }
        _ => None,
    }
}

/// The creates that made a record, or may have, or found one of another run.
fn made<'p>(plan: &'p Plan, outcomes: &Outcomes<'_>) -> Vec<Made<'p>> {
    let changes = plan.changes.iter().enumerate();
    let made = changes.filter_map(|(index, change)| {
        let Action::Create(asked) = &change.action else {
            return None;
        };
        let outcome = outcomes.get(index).filter(|it| may_have_made(it))?;
        Some(Made::new(index, asked, own_of(outcome)))
    });
    made.collect()
}
