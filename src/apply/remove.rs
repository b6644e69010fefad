//! Removing a record, as `state: absent` or pruning asks: only one that is still what the plan was made for, as in an
//! update. That there is none any more is success.

use tokio::time::Instant;

use super::update::{Before, FRESH, GONE, MOST_REFUSALS};
use super::{Outcome, Run};
use crate::client::{ServerError, Verb, WritePermit};
use crate::integration::Kind;
use crate::observed::{Record, ServerId};
use crate::server::Writer;

impl Run {
    /// Removes a record, if it is still what the plan was made for.
    pub(super) async fn remove(&self, kind: Kind, id: ServerId, from: &Record) -> Outcome {
        for _ in 1..MOST_REFUSALS {
            let outcome = self.try_remove(kind, &id, from).await;
            if !outcome.is_refused_for_now() {
                return outcome;
            }
        }
        self.try_remove(kind, &id, from).await
    }

    async fn try_remove(&self, kind: Kind, id: &ServerId, from: &Record) -> Outcome {
        let permit = match self.writer.permit(Verb::Remove).await {
            Ok(permit) => permit,
            Err(error) => return Outcome::of(error),
        };
        match self.unchanged(id, Before::Record(from)).await {
            Ok(until) => {
                let permit = permit.until(until);
                self.removed(&self.writer, permit, kind, id.clone()).await
            }
            Err(Outcome::Stale { why, .. }) if why == GONE => Outcome::AlreadyGone(id.clone()),
            Err(outcome) => outcome,
        }
    }

    /// Removes a duplicate, if it is still what it was in the listing; one that is to be removed before a moment only
    /// before it.
    pub(super) async fn remove_duplicate(
        &self,
        writer: &Writer,
        duplicate: &Record,
        listed_at: Instant,
        before: Option<Instant>,
    ) -> Outcome {
        let permit = match writer.permit(Verb::Remove).await {
            Ok(permit) => permit,
            Err(error) => return Outcome::of(error),
        };
        let mut looked_at = listed_at;
        if listed_at.elapsed() >= FRESH {
            looked_at = Instant::now();
            match writer.reader().get(&duplicate.id).await {
                Ok(now) if now.updated_at() == duplicate.updated_at() => {}
                Ok(_) => return Outcome::NotAttempted,
                Err(error) => return Outcome::of(error),
            }
        }
        let until = before.map_or(looked_at + FRESH, |before| before.min(looked_at + FRESH));
        if until <= Instant::now() {
            return Outcome::NotAttempted;
        }
        let permit = permit.until(until);
        self.removed(writer, permit, duplicate.kind, duplicate.id.clone())
            .await
    }

    async fn removed(
        &self,
        writer: &Writer,
        permit: WritePermit,
        kind: Kind,
        id: ServerId,
    ) -> Outcome {
        match writer.remove(permit, kind, &id).await {
            Ok(()) => Outcome::Deleted(id),
            Err(error) if error.is_gone() => Outcome::AlreadyGone(id),
            Err(error) if error.leaves_open() => self.looked_for(id, &error).await,
            Err(error) => Outcome::of(error),
        }
    }

    /// No answer came: only the server can tell whether it was done.
    async fn looked_for(&self, id: ServerId, error: &ServerError) -> Outcome {
        match self.look(self.writer.reader().get(&id)).await {
            Some(Err(look)) if look.is_gone() => Outcome::Deleted(id),
            _ => Outcome::Unknown(error.to_string()),
        }
    }
}
