//! What requests wait for before they are sent, for whoever shows it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::{Instant, sleep_until};

/// A request that is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What for.
    pub reason: WaitReason,
    /// Until when, as far as is known.
    pub until: Instant,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// The server's rate limit takes no more calls for now.
    Limit,
    /// The request is sent again after a pause; this is why.
    Retry(String),
}

/// The waits of a run that are not over.
#[derive(Debug, Default)]
pub(super) struct Waits(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    next: u64,
    all: BTreeMap<u64, Waiting>,
}

impl Waits {
    /// Waits until the moment has come, and tells of it meanwhile. May be dropped.
    pub(super) async fn sleep(&self, waiting: Waiting) {
        let until = waiting.until;
        let _open = Shown::new(self, waiting);
        sleep_until(until).await;
    }

    /// Those that are not over.
    pub(super) fn all(&self) -> Vec<Waiting> {
        self.with(|open| open.all.values().cloned().collect())
    }

    fn with<T>(&self, what: impl FnOnce(&mut Open) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A wait that is told of until this is dropped.
struct Shown<'a> {
    waits: &'a Waits,
    key: u64,
}

impl<'a> Shown<'a> {
    fn new(waits: &'a Waits, waiting: Waiting) -> Self {
        let key = waits.with(|open| {
            open.next += 1;
            open.all.insert(open.next, waiting);
            open.next
        });
        Self { waits, key }
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.waits.with(|open| open.all.remove(&self.key));
    }
}
