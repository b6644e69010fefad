//! Removing a record, as `state: absent` asks. That there is none any more is success.

use super::{Outcome, Run};
use crate::integration::Kind;
use crate::observed::ServerId;

impl Run {
    /// Removes a record.
    pub(super) async fn remove(&self, kind: Kind, id: ServerId) -> Outcome {
        match self.writer.remove(kind, &id).await {
            Ok(()) => Outcome::Deleted(id),
            Err(error) if error.is_gone() => Outcome::AlreadyGone(id),
            Err(error) if error.leaves_open() => match self.writer.reader().get(&id).await {
                Err(look) if look.is_gone() => Outcome::Deleted(id),
                _ => Outcome::Unknown(error.to_string()),
            },
            Err(error) => Outcome::of(error),
        }
    }
}
