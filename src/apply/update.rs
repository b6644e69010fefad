//! Changing a record: looked at once more, written whole, verified.
//!
//! There is no conditional write. A record that was changed since the plan is left as it is; between that look and
//! the write a few milliseconds remain.

use std::time::Duration;

use super::create::generate_secrets;
use super::verify::shortfall;
use super::{Outcome, Run};
use crate::integration::Fields;
use crate::observed::{Record, ServerId};
use crate::server::ServerError;

/// How old the plan's listing may be to stand for a look of its own.
pub(super) const FRESH: Duration = Duration::from_secs(5);

/// Why a record that is no more is not what the plan was made for.
pub(super) const GONE: &str = "it was deleted since the plan was made";

impl Run {
    /// Gives a record these values, if it is still what the plan was made for.
    pub(super) async fn update(&self, id: ServerId, from: &Fields, mut to: Fields) -> Outcome {
        // First of all, since it may take minutes: what is read before that would be old.
        let turn = match self.writer.turn().await {
            Ok(turn) => turn,
            Err(error) => return Outcome::of(error),
        };
        if let Some(outcome) = self.stale(&id, from).await {
            return outcome;
        }
        if let Err(error) = generate_secrets(&mut to) {
            return Outcome::Failed(error);
        }
        let answer = self.writer.update(turn, &id, &to, self.server.version);
        match answer.await {
            Ok(record) => self.verified(&to, record),
            Err(error) if error.is_gone() => Outcome::Stale {
                id,
                why: GONE.to_owned(),
            },
            Err(error) if error.leaves_open() => self.looked_at(id, &to, &error).await,
            Err(error) => Outcome::of(error),
        }
    }

    /// Switches a record off, if it is still what the plan was made for. That its script does not compile, or that it
    /// posts as somebody else, is as it was.
    pub(super) async fn disable(&self, id: ServerId, from: &Fields, to: Fields) -> Outcome {
        match self.update(id, from, to).await {
            Outcome::NotApplied { id, shortfall } if shortfall.fields.is_empty() => {
                Outcome::Disabled(id)
            }
            Outcome::Updated(id) => Outcome::Disabled(id),
            outcome => outcome,
        }
    }

    /// The outcome of a write that is not made, because the record is not what the plan was made for any more, or
    /// nobody can tell.
    pub(super) async fn stale(&self, id: &ServerId, from: &Fields) -> Option<Outcome> {
        match self.look(self.staleness(id, from)).await {
            Some(Ok(None)) => None,
            Some(Ok(Some(why))) => Some(Outcome::Stale {
                id: id.clone(),
                why,
            }),
            Some(Err(error)) => Some(Outcome::of(error)),
            None => Some(Outcome::NotAttempted),
        }
    }

    /// Why the record is not what the plan was made for any more, if that is so.
    async fn staleness(&self, id: &ServerId, from: &Fields) -> Result<Option<String>, ServerError> {
        if self.options.read_at.elapsed() < FRESH {
            return Ok(None);
        }
        let record = match self.writer.reader().get(id).await {
            Ok(record) => record,
            Err(error) if error.is_gone() => return Ok(Some(GONE.to_owned())),
            Err(error) => return Err(error),
        };
        if record.kind != from.kind() {
            return Ok(Some(format!("it is a {} by now", record.kind)));
        }
        let now = match record.stored() {
            Ok(now) => now,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let changed: Vec<_> = from
            .differing(&now)
            .map(|field| format!("`{}`", field.name))
            .collect();
        let why = format!("{} changed since the plan was made", changed.join(", "));
        Ok(Some(why).filter(|_| !changed.is_empty()))
    }

    fn verified(&self, to: &Fields, record: Record) -> Outcome {
        match shortfall(to, &record, self.poster_after_update(to)) {
            None => Outcome::Updated(record.id),
            Some(shortfall) => Outcome::NotApplied {
                id: record.id,
                shortfall,
            },
        }
    }

    /// No answer came: only the record itself can tell whether it was done.
    async fn looked_at(&self, id: ServerId, to: &Fields, error: &ServerError) -> Outcome {
        match self.look(self.writer.reader().get(&id)).await {
            Some(Ok(record)) if shortfall(to, &record, self.poster_after_update(to)).is_none() => {
                Outcome::Updated(id)
            }
            _ => Outcome::Unknown(error.to_string()),
        }
    }
}
