//! Removing a record, as `state: absent` or pruning asks. That there is none any more is success.

use super::update::GONE;
use super::{Outcome, Run};
use crate::integration::{Fields, Kind};
use crate::observed::ServerId;

impl Run {
    /// Removes a record; where its values decided that it should go, only if it still has them.
    pub(super) async fn remove(&self, kind: Kind, id: ServerId, from: Option<&Fields>) -> Outcome {
        if let Some(from) = from
            && let Some(outcome) = self.stale(&id, from).await
        {
            return match outcome {
                Outcome::Stale { why, .. } if why == GONE => Outcome::AlreadyGone(id),
                outcome => outcome,
            };
        }
        match self.writer.remove(kind, &id).await {
            Ok(()) => Outcome::Deleted(id),
            Err(error) if error.is_gone() => Outcome::AlreadyGone(id),
            Err(error) if error.leaves_open() => match self.writer.reader().get(&id).await {
                Err(look) if look.is_gone() => Outcome::Deleted(id),
                _ => Outcome::Unknown(error.to_string()),
            },
            Err(error) => Outcome::Failed(error),
        }
    }
}
