//! What requests wait for before they are sent, for whoever shows it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

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
pub(super) struct Waits(Mutex<BTreeMap<u64, Waiting>>);

impl Waits {
    /// Waits until the moment has come, and tells of it meanwhile. May be dropped.
    pub(super) async fn sleep(&self, waiting: Waiting) {
        let until = waiting.until;
        let key = {
            let mut open = self.open();
            let key = open.last_key_value().map_or(0, |(last, _)| last + 1);
            open.insert(key, waiting);
            key
        };
        let _open = Shown { waits: self, key };
        sleep_until(until).await;
    }

    /// Those that are not over.
    pub(super) fn all(&self) -> Vec<Waiting> {
        self.open().values().cloned().collect()
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Waiting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait that is told of until this is dropped.
struct Shown<'a> {
    waits: &'a Waits,
    key: u64,
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        self.waits.open().remove(&self.key);
    }
}
