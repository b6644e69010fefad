//! When creates of a kind are given up: the server fails at them in the same way again and again.
//!
//! Each of them may have been done, is looked for until the time limit, and is left unknown. Hundreds more would tell nothing
//! new.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::client::ServerError;
use crate::integration::Kind;

/// How many answers that are the same are enough.
const ENOUGH: usize = 3;

/// How the last creates of each kind failed.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<BTreeMap<Kind, Same>>);

/// An answer that came again and again.
#[derive(Debug)]
struct Same {
    words: String,
    times: usize,
    /// When it came last.
    last: Instant,
}

impl Faults {
    /// A create of this kind, sent at that moment, is answered. Of those that were under way together one counts: a server
    /// that is asked for too much at once refuses them together.
    pub(super) fn answered<T>(&self, kind: Kind, sent: Instant, result: &Result<T, ServerError>) {
        let Err(error) = result else {
            self.lock().remove(&kind);
            return;
        };
        if !error.is_server_fault() {
            return;
        }
        let (words, last) = (error.to_string(), Instant::now());
        let mut all = self.lock();
        match all.get_mut(&kind) {
            Some(same) if same.words == words && sent < same.last => {}
            Some(same) if same.words == words => {
                same.times += 1;
                same.last = last;
            }
            _ => {
                let times = 1;
                all.insert(kind, Same { words, times, last });
            }
        }
    }

    /// Why no more of this kind are made, if so.
    pub(super) fn given_up(&self, kind: Kind) -> Option<String> {
        let all = self.lock();
        let same = all.get(&kind).filter(|same| same.times >= ENOUGH)?;
        Some(same.words.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Kind, Same>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_same_answer_three_times_is_enough() {
        let faults = Faults::default();
        let fault = |words: &str| -> Result<(), _> {
            Err(ServerError::Rejected {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: None,
                words: words.to_owned(),
            })
        };
        let hear = |result: &Result<(), ServerError>| {
            faults.answered(Kind::Incoming, Instant::now(), result);
            faults.given_up(Kind::Incoming).is_some()
        };
        let refused = Err(ServerError::Stopped);
        let told = [
            hear(&fault("a")),
            hear(&fault("a")),
            // Another one starts again, and so does a success; what is no fault counts for nothing.
            hear(&fault("b")),
            hear(&fault("a")),
            hear(&Ok(())),
            hear(&fault("a")),
            hear(&fault("a")),
            hear(&refused),
            hear(&fault("a")),
        ];
        assert_eq!(told.map(u8::from), [0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(faults.given_up(Kind::Incoming).as_deref(), Some("a"));
        assert_eq!(faults.given_up(Kind::Outgoing), None);

        // Those that were sent before the first of them was answered count as one.
        let sent = Instant::now();
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 0..9 {
            faults.answered(Kind::Outgoing, sent, &fault("a"));
        }
        assert_eq!(faults.given_up(Kind::Outgoing), None);
    }
}
