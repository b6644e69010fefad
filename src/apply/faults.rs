//! When creates of a kind are given up: the server fails at them in the same way again and again.
//!
//! Each of them may have been done, is looked for until the time limit, and is left unknown. Hundreds more would tell nothing
//! new.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::client::ServerError;
use crate::integration::Kind;

/// How many answers that are the same are enough.
const ENOUGH: usize = 3;

/// How the last creates of each kind failed.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<BTreeMap<Kind, (String, usize)>>);

impl Faults {
    /// A create of this kind was answered.
    pub(super) fn answered<T>(&self, kind: Kind, result: &Result<T, ServerError>) {
        let Err(error) = result else {
            self.lock().remove(&kind);
            return;
        };
        if !error.is_server_fault() {
            return;
        }
        let words = error.to_string();
        let mut all = self.lock();
        match all.get_mut(&kind) {
            Some((same, times)) if *same == words => *times += 1,
            _ => drop(all.insert(kind, (words, 1))),
        }
    }

    /// Why no more of this kind are made, if so.
    pub(super) fn given_up(&self, kind: Kind) -> Option<String> {
        let all = self.lock();
        let (words, _) = all.get(&kind).filter(|(_, times)| *times >= ENOUGH)?;
        Some(words.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Kind, (String, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn the_same_answer_three_times_is_enough() {
        let faults = Faults::default();
        let fault = |words: &str| -> Result<(), _> {
            Err(ServerError::Rejected {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                code: None,
                words: words.to_owned(),
            })
        };
        let hear = |result: &Result<(), ServerError>| {
            faults.answered(Kind::Incoming, result);
            faults.given_up(Kind::Incoming).is_some()
        };
        let refused = Err(ServerError::Stopped);
        let told = [
            hear(&fault("a")),
            hear(&fault("a")),
            // Another one begins anew, and so does a success; what is no fault counts for nothing.
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
    }
}
