//! Removing a record, as `state: absent` or pruning asks. That there is none any more is success.

use tokio::time::Instant;

use super::update::{FRESH, GONE};
use super::{Outcome, Run};
use crate::integration::{Fields, Kind};
use crate::observed::{Record, ServerId};
use crate::server::{ServerError, Turn, Writer};

impl Run {
    /// Removes a record; where its values decided that it should go, only if it still has them.
    pub(super) async fn remove(&self, kind: Kind, id: ServerId, from: Option<&Fields>) -> Outcome {
        let turn = match self.writer.turn_to_remove().await {
            Ok(turn) => turn,
            Err(error) => return Outcome::of(error),
        };
        if let Some(from) = from
            && let Some(outcome) = self.stale(&id, from).await
        {
            return match outcome {
                Outcome::Stale { why, .. } if why == GONE => Outcome::AlreadyGone(id),
                outcome => outcome,
            };
        }
        self.removed(&self.writer, turn, kind, id).await
    }

    /// Removes a twin, if it is still what it was in the listing.
    pub(super) async fn remove_twin(
        &self,
        writer: &Writer,
        twin: &Record,
        listed_at: Instant,
    ) -> Outcome {
        let turn = match writer.turn_to_remove().await {
            Ok(turn) => turn,
            Err(error) => return Outcome::of(error),
        };
        if listed_at.elapsed() >= FRESH {
            match writer.reader().get(&twin.id).await {
                Ok(now) if now.updated_at() == twin.updated_at() => {}
                Ok(_) => return Outcome::NotAttempted,
                Err(error) => return Outcome::of(error),
            }
        }
        self.removed(writer, turn, twin.kind, twin.id.clone()).await
    }

    async fn removed(&self, writer: &Writer, turn: Turn, kind: Kind, id: ServerId) -> Outcome {
        match writer.remove(turn, kind, &id).await {
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
