//! What a run knows of its creates and of the records of other runs: by its own clock alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::observed::ServerId;

/// The least time between a run's last create and the listing after which it reports it.
pub(super) const LEAST: Duration = Duration::from_secs(1);

/// How long after sending a create its run may take the record back. Nobody else reports it in that time.
pub(super) const TAKE_BACK_WITHIN: Duration = Duration::from_secs(10);

/// How long a record that another run made has been there when it is reported. The rest is for a removal that was
/// sent at the end of [`TAKE_BACK_WITHIN`], and takes effect within so much.
pub(super) const REPORT_AFTER: Duration = Duration::from_secs(20);

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Creates(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    slowest: Duration,
    last: Option<Instant>,
    own: BTreeMap<ServerId, Own>,
    seen: BTreeMap<ServerId, Instant>,
}

/// A create that was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Own {
    /// When it was sent.
    pub(super) sent: Instant,
    /// Whether the answer came within [`LEAST`] of the beginning of the listing that showed no such record.
    pub(super) prompt: bool,
}

impl Creates {
    /// A create that was sent at that moment is answered. `listed` is when the listing began that it went by.
    pub(super) fn answered(&self, id: &ServerId, sent: Instant, listed: Instant) {
        let prompt = listed.elapsed() < LEAST;
        let mut known = self.lock();
        known.made(sent);
        known.own.insert(id.clone(), Own { sent, prompt });
    }

    /// A create that was sent at that moment is not answered, and there is a record now that may be of it, or of
    /// another run.
    pub(super) fn found(&self, id: &ServerId, sent: Instant) {
        self.lock().made(sent);
        self.saw(id);
    }

    /// A listing that has been read shows the record.
    pub(super) fn saw(&self, id: &ServerId) {
        let mut known = self.lock();
        known.seen.entry(id.clone()).or_insert_with(Instant::now);
    }

    /// The record may still vanish: it counts as seen from now on only.
    pub(super) fn may_vanish(&self, id: &ServerId) {
        self.lock().seen.insert(id.clone(), Instant::now());
    }

    /// From when on a record of another run may be reported.
    pub(super) fn reportable_at(&self, id: &ServerId) -> Instant {
        let seen = self.lock().seen.get(id).copied();
        seen.unwrap_or_else(Instant::now) + REPORT_AFTER
    }

    /// The create that made this record, if it was answered.
    pub(super) fn own(&self, id: &ServerId) -> Option<Own> {
        self.lock().own.get(id).copied()
    }

    /// How many creates were answered.
    pub(super) fn answers(&self) -> usize {
        self.lock().own.len()
    }

    /// How long the slowest create took.
    pub(super) fn slowest(&self) -> Duration {
        self.lock().slowest
    }

    /// The check delay: twice the slowest create.
    pub(super) fn check_delay(&self) -> Duration {
        LEAST.max(self.slowest() * 2)
    }

    /// When the check delay after the last create is over.
    pub(super) fn check_due(&self) -> Instant {
        let last = self.lock().last;
        last.unwrap_or_else(Instant::now) + self.check_delay()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn made(&mut self, sent: Instant) {
        self.slowest = self.slowest.max(sent.elapsed());
        self.last = Some(Instant::now());
    }
}
