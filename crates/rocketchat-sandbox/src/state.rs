//! Everything of a sandbox that changes, behind one lock: the world, its journal, ids, limiter, faults,
//! and the records of what was asked.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;
use webhook_script::delivery::Post;

use super::faults::Fault;
use super::ids::Ids;
use super::journal::Journal;
use super::limiter::Limiter;
use super::reply::{Refusal, Request};
use super::world::World;
use super::write::Write;

/// How many requests, and how many deliveries, are remembered, and of how many bytes as they were sent.
const REMEMBERED: usize = 100_000;
const REMEMBERED_BYTES: usize = 64 << 20;

/// A request that was received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Received {
    /// Its number, from one.
    pub number: u64,
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its query string.
    pub query: String,
    /// Its body, where somebody can ask for it: parsed, or as text where it is no JSON; none where it is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The status it was answered with; none while it is under way, and when its connection was dropped.
    pub status: Option<u16>,
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
    /// Those that are still to come.
    pub(super) faults: Vec<Fault>,
    pub(super) received: Remembered<Received>,
    /// What webhooks received.
    pub(super) deliveries: Remembered<Value>,
    /// The messages that they posted.
    pub(super) messages: Remembered<Post>,
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
            faults: Vec::new(),
            received: Remembered::default(),
            deliveries: Remembered::default(),
            messages: Remembered::default(),
            count: 0,
        }
    }

    /// Writes to the journal first, then to the world.
    pub(super) fn write(&mut self, writes: Vec<Write>) -> Result<(), Refusal> {
        if let Err(error) = self.journal.append(&writes) {
            // The answer says as little as the server's would.
            tracing::error!("the state of the sandbox cannot be written: {error}");
            return Err(Refusal::Broken);
        }
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
        let kept = if with_body { body.len() } else { 0 };
        let bytes = uri.path().len() + uri.query().map_or(0, str::len) + kept;
        self.received.push(
            Received {
                number: self.count,
                method: request.http.method().to_string(),
                path: uri.path().to_owned(),
                query: uri.query().unwrap_or_default().to_owned(),
                body: (with_body && !body.is_empty()).then(|| readable(body)),
                status: None,
            },
            bytes,
        );
        self.count
    }

    /// Records what a request was answered with.
    pub(super) fn answered(&mut self, number: u64, status: Option<u16>) {
        let received = &mut self.received.items;
        let first = received.front().map_or(number, |(first, _)| first.number);
        let at = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        if let Some((received, _)) = received
            .get_mut(at)
            .filter(|(received, _)| received.number == number)
        {
            received.status = status;
        }
    }
}

/// The newest of what came, within bounds.
#[derive(Debug)]
pub(super) struct Remembered<T> {
    /// Each with its bytes.
    items: VecDeque<(T, usize)>,
    bytes: usize,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl<T: Clone> Remembered<T> {
    /// Adds to the end what has so many bytes, and forgets the oldest when there are too many.
    pub(super) fn push(&mut self, item: T, bytes: usize) {
        self.bytes += bytes;
        self.items.push_back((item, bytes));
        while self.items.len() > REMEMBERED || self.bytes > REMEMBERED_BYTES {
            let Some((_, bytes)) = self.items.pop_front() else {
                return;
            };
            self.bytes -= bytes;
        }
    }

    /// All of it, oldest first.
    pub(super) fn all(&self) -> Vec<T> {
        self.items.iter().map(|(item, _)| item.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_bounded_in_number_and_bytes() {
        let mut remembered = Remembered::default();
        for number in 0..=REMEMBERED {
            remembered.push(number, 1);
        }
        assert_eq!(remembered.all().len(), REMEMBERED);
        assert_eq!(remembered.all()[0], 1);
        remembered.push(7, REMEMBERED_BYTES);
        assert_eq!(
            (remembered.all(), remembered.bytes),
            (vec![7], REMEMBERED_BYTES)
        );
        remembered.push(8, REMEMBERED_BYTES + 1);
        assert_eq!((remembered.all(), remembered.bytes), (vec![], 0));
    }
}
