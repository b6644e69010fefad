//! Removing duplicates: a run's own record in favour of another, or those of other runs.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::decide::Made;
use super::stop::{Stop, said};
use super::{Outcome, Outcomes, Run};
use crate::observed::{Record, ServerId};

/// A record that is to be removed.
pub(super) struct Removal<'r> {
    /// Which of the creates it is about.
    pub(super) at: usize,
    pub(super) record: &'r Record,
    /// If it is the run's own.
    pub(super) own: Option<TakenBack>,
}

/// The removal of a run's own record.
#[derive(Clone, Copy)]
pub(super) struct TakenBack {
    /// Until when it may be sent.
    pub(super) until: Instant,
    /// When the other one may be reported.
    pub(super) reportable: Instant,
}

impl Run {
    /// Removes these side by side, and says whether that came to an end.
    pub(super) async fn remove_all(
        self: &Arc<Self>,
        removals: Vec<Removal<'_>>,
        listed_at: Instant,
        made: &mut [Made<'_>],
        outcomes: &mut Outcomes<'_>,
    ) -> bool {
        let (cease, ceased) = watch::channel(false);
        let writer = Arc::new(self.free_writer.gated(self.options.concurrency, ceased));
        let mut removing = JoinSet::new();
        for Removal { at, record, own } in removals {
            if let Some(made) = made.get_mut(at).filter(|_| own.is_some()) {
                // Even if nothing is heard of it.
                made.taken_back = true;
            }
            let (run, writer, record) = (self.clone(), writer.clone(), record.clone());
            removing.spawn(async move {
                let until = own.map(|own| own.until);
                let outcome = run
                    .remove_duplicate(&writer, &record, listed_at, until)
                    .await;
                (at, record.id, own, outcome)
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
                Some(Ok((at, id, own, outcome))) => {
                    if let Some(made) = made.get_mut(at) {
                        self.removed_one(made, id, own, &outcome, outcomes);
                    }
                }
                Some(Err(_)) => {}
                None => return !*cease.borrow(),
            }
        }
    }

    /// Takes in what became of a removal.
    fn removed_one(
        &self,
        made: &mut Made<'_>,
        id: ServerId,
        own: Option<TakenBack>,
        outcome: &Outcome,
        outcomes: &mut Outcomes<'_>,
    ) {
        made.due = Instant::now() + self.creates.check_delay();
        match outcome {
            Outcome::Deleted(_) => outcomes.removed(made.index, id),
            Outcome::AlreadyGone(_) => {}
            // It may still be done.
            Outcome::Unknown(_) => self.creates.may_vanish(&id),
            // It certainly was not done: whether it is still to be is for the next listing.
            _ => {
                made.taken_back &= own.is_none();
                return;
            }
        }
        if let Some(own) = own {
            made.due = made.due.max(own.reportable);
        }
    }
}
