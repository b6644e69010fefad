//! Where a plan's knowledge comes from: a server, or a snapshot of one.

use crate::client::{BoxFuture, ServerError};
use crate::observed::{Answers, ObservedState, Questions, Rights, ServerFacts, Snapshot, View};
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
        Box::pin(async {
            let mut answers = Answers {
                users: self.users(&questions.users, questions.limit).await?,
                ..Answers::default()
            };
            if questions.permissions() {
                let mut rights = Rights::default();
                match self.permissions().await {
                    Ok(permissions) => {
                        rights = Rights::of(server.roles.as_ref(), &permissions);
                        answers.users.impersonators = permissions.impersonators().cloned();
                        let roles = server.roles.as_ref();
                        let view = roles.map(|roles| View::of(roles, &permissions));
                        answers.view = Some(view.unwrap_or_else(View::unknown));
                    }
                    Err(error) if error.refuses_all() => return Err(error),
                    // The server checks it again; what is not seen counts as not seen.
                    Err(error) => {
                        answers.view = Some(View::unknown());
                        answers.no_permissions = Some(error.to_string());
                    }
                }
                let left = questions.limit.saturating_sub(answers.users.found.len());
                answers.rooms = self.rooms(&questions.targets, rights, left).await?;
            }
            answers.histories = self.histories(&questions.histories).await?;
            Ok(answers)
        })
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
