//! Where a plan's knowledge comes from: a server, or a snapshot of one.

use crate::client::{BoxFuture, ServerError};
use crate::observed::{Answers, ObservedState, Questions, ServerFacts, Snapshot};
use crate::redactor::Redactor;
use crate::server::Reader;

/// Whatever a plan may ask, and nothing that writes.
pub trait Source: Send + Sync {
    /// Reads which server answers, as whom, and every record that this account sees.
    ///
    /// # Errors
    /// When the listing cannot be read whole: a part of it is never returned.
    fn observe(&self) -> BoxFuture<'_, Result<ObservedState, ServerError>>;

    /// Answers questions about what was observed. What cannot be told is *unknown*, never "nobody".
    ///
    /// # Errors
    /// Only where every other request would be refused too.
    fn answer<'a>(
        &'a self,
        server: &'a ServerFacts,
        questions: &'a Questions,
    ) -> BoxFuture<'a, Result<Answers, ServerError>>;
}

impl Source for Reader {
    fn observe(&self) -> BoxFuture<'_, Result<ObservedState, ServerError>> {
        Box::pin(self.observe())
    }

    fn answer<'a>(
        &'a self,
        server: &'a ServerFacts,
        questions: &'a Questions,
    ) -> BoxFuture<'a, Result<Answers, ServerError>> {
        Box::pin(self.answer(server, questions))
    }
}

/// A snapshot as a source: it answers what its maker asked, and nothing else.
pub struct Recorded {
    records: ObservedState,
    answers: Answers,
}

impl Recorded {
    /// What a snapshot holds, with `known` masked in all that it says.
    ///
    /// # Errors
    /// When it contradicts itself.
    pub fn new(snapshot: Snapshot, known: &Redactor) -> Result<Self, crate::observed::NoSnapshot> {
        let mut records = snapshot.observed(known)?;
        let answers = Answers {
            users: std::mem::take(&mut records.users),
            rooms: std::mem::take(&mut records.rooms),
            histories: std::mem::take(&mut records.histories),
            ..Answers::default()
        };
        Ok(Self { records, answers })
    }
}

impl Source for Recorded {
    fn observe(&self) -> BoxFuture<'_, Result<ObservedState, ServerError>> {
        Box::pin(async { Ok(self.records.clone()) })
    }

    fn answer<'a>(
        &'a self,
        _: &'a ServerFacts,
        questions: &'a Questions,
    ) -> BoxFuture<'a, Result<Answers, ServerError>> {
        let Answers {
            users,
            rooms,
            histories,
            ..
        } = self.answers.clone();
        Box::pin(async {
            Ok(Answers {
                users: users.only(&questions.users, questions.impersonators),
                rooms: rooms.only(&questions.targets),
                histories: histories.only(&questions.histories),
                ..Answers::default()
            })
        })
    }
}
