//! Everything of a sandbox that changes, behind one lock: the world, its journal, ids, limiter, faults,
//! and the records of what was asked.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use super::faults::Faults;
use super::ids::Ids;
use super::journal::Journal;
use super::limiter::Limiter;
use super::reply::{Refusal, Request};
use super::rules::hooks::Delivery;
use super::world::World;
use super::write::Write;

/// How many requests and deliveries are remembered.
const REMEMBERED: usize = 100_000;

/// A request that was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Received {
    /// Its number, from one.
    pub(crate) number: u64,
    /// Its method.
    pub(crate) method: String,
    /// Its path.
    pub(crate) path: String,
    /// Its query string.
    pub(crate) query: String,
    /// Its body, where somebody can ask for it: parsed, or as text where it is no JSON; none where it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<Value>,
    /// The status it was answered with; none while it is under way, and when its connection was dropped.
    pub(crate) status: Option<u16>,
}

/// A body as JSON, or else as text.
fn readable(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

/// The changing part of a sandbox.
#[derive(Debug)]
pub(super) struct State {
    pub(super) world: World,
    pub(super) journal: Journal,
    pub(super) ids: Ids,
    pub(super) limiter: Limiter,
    pub(super) faults: Faults,
    received: VecDeque<Received>,
    deliveries: VecDeque<Delivery>,
    count: u64,
}

impl State {
    /// A state that nothing was asked of yet.
    pub(super) fn new(world: World, journal: Journal, ids: Ids) -> Self {
        Self {
            world,
            journal,
            ids,
            limiter: Limiter::default(),
            faults: Faults::default(),
            received: VecDeque::new(),
            deliveries: VecDeque::new(),
            count: 0,
        }
    }

    /// Writes to the journal first, then to the world.
    pub(super) fn write(&mut self, writes: Vec<Write>) -> Result<(), Refusal> {
        self.journal.append(&writes).map_err(|_| Refusal::Broken)?;
        for write in writes {
            self.world.apply(write);
        }
        Ok(())
    }

    /// Records a request, with its body if that is wanted; its number is for [`State::answered`].
    pub(super) fn receive(&mut self, request: &Request, with_body: bool) -> u64 {
        self.count += 1;
        let body = request.http.body();
        let uri = request.http.uri();
        remember(
            &mut self.received,
            Received {
                number: self.count,
                method: request.http.method().to_string(),
                path: uri.path().to_owned(),
                query: uri.query().unwrap_or_default().to_owned(),
                body: (with_body && !body.is_empty()).then(|| readable(body)),
                status: None,
            },
        );
        self.count
    }

    /// Records what a request was answered with.
    pub(super) fn answered(&mut self, number: u64, status: Option<u16>) {
        let first = self.received.front().map_or(number, |first| first.number);
        let at = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        if let Some(received) = self
            .received
            .get_mut(at)
            .filter(|received| received.number == number)
        {
            received.status = status;
        }
    }

    /// The requests received, oldest first.
    pub(super) fn received(&self) -> Vec<Received> {
        self.received.iter().cloned().collect()
    }

    /// Records a delivery to a webhook.
    pub(super) fn deliver(&mut self, delivery: Delivery) {
        remember(&mut self.deliveries, delivery);
    }

    /// What webhooks received, oldest first.
    pub(super) fn deliveries(&self) -> Vec<Delivery> {
        self.deliveries.iter().cloned().collect()
    }
}

/// Adds to the end, and forgets the oldest when there are too many.
fn remember<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == REMEMBERED {
        queue.pop_front();
    }
    queue.push_back(item);
}
