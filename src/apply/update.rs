//! Changing a record: looked at once more, written whole, verified.
//!
//! There is no conditional write. A record that was changed since the plan is left as it is; between that look and
//! the write a few milliseconds remain. A write that the server refuses for now is sent again only as long as that look
//! counts; then the record is read again. So is a removal that was not answered; an update may have been done already,
//! and is the same once more.

use std::time::Duration;

use tokio::time::Instant;

use super::create::generate_secrets;
use super::verify::mismatch;
use super::{Outcome, Run};
use crate::client::{ServerError, Verb};
use crate::integration::Fields;
use crate::observed::{Record, ServerId};

/// How old the plan's listing may be to stand for a look of its own; and how long a look counts.
pub(super) const FRESH: Duration = Duration::from_secs(5);

/// How often a write is begun that the rate limit refuses.
pub(super) const MOST_REFUSALS: usize = 10;

/// Why a record that is no more is not what the plan was made for.
pub(super) const GONE: &str = "it was deleted since the plan was made";

/// What a plan knows of a record that it changes or removes.
#[derive(Clone, Copy)]
pub(super) enum Before<'a> {
    /// Its stored values.
    Values(&'a Fields),
    /// All of it.
    Record(&'a Record),
}

impl Before<'_> {
    /// Why a record is not what it was any more, if that is so.
    fn change(self, now: &Record) -> Option<String> {
        let kind = match self {
            Self::Values(fields) => fields.kind(),
            Self::Record(record) => record.kind,
        };
        if now.kind != kind {
            return Some(format!("it is now a {}", now.kind));
        }
        let changed: Vec<_> = match self {
            Self::Record(record) => now.differing(record),
            Self::Values(fields) => match now.stored() {
                Ok(stored) => fields.differing(&stored).collect(),
                Err(error) => return Some(error.to_string()),
            },
        };
        let changed: Vec<_> = changed.iter().map(|it| format!("`{}`", it.name)).collect();
        let why = format!("{} changed since the plan was made", changed.join(", "));
        Some(why).filter(|_| !changed.is_empty())
    }
}

impl Run {
    /// Gives a record these values, if it is still what the plan was made for.
    pub(super) async fn update(&self, id: ServerId, from: &Fields, mut to: Fields) -> Outcome {
        if let Err(error) = generate_secrets(&mut to) {
            return Outcome::Failed(error);
        }
        for _ in 1..MOST_REFUSALS {
            let outcome = self.try_update(&id, from, &to).await;
            if !outcome.is_refused_for_now() {
                return outcome;
            }
        }
        self.try_update(&id, from, &to).await
    }

    async fn try_update(&self, id: &ServerId, from: &Fields, to: &Fields) -> Outcome {
        // First of all, since it may take minutes: what is read before that would be old.
        let permit = match self.writer.permit(Verb::Update).await {
            Ok(permit) => permit,
            Err(error) => return Outcome::of(error),
        };
        let until = match self.unchanged(id, Before::Values(from)).await {
            Ok(until) => until,
            Err(outcome) => return outcome,
        };
        let permit = permit.begun_until(until);
        let answer = self.writer.update(permit, id, to, self.server.version);
        match answer.await {
            Ok(record) => self.verified(to, record),
            Err(error) if error.is_gone() => Outcome::Stale {
                id: id.clone(),
                why: GONE.to_owned(),
            },
            Err(error) if error.leaves_open() => self.looked_at(id.clone(), to, &error).await,
            Err(error) => Outcome::of(error),
        }
    }

    /// Switches a record off, if it is still what the plan was made for. That its script does not compile, or that it
    /// posts as somebody else, is as it was.
    pub(super) async fn disable(&self, id: ServerId, from: &Fields, to: Fields) -> Outcome {
        match self.update(id, from, to).await {
            Outcome::NotApplied { id, mismatch } if mismatch.fields.is_empty() => {
                Outcome::Disabled(id)
            }
            Outcome::Updated(id) => Outcome::Disabled(id),
            outcome => outcome,
        }
    }

    /// Until when it counts that the record is what the plan was made for; the outcome of a write that is not made,
    /// if it is not, or nobody can tell.
    pub(super) async fn unchanged(
        &self,
        id: &ServerId,
        before: Before<'_>,
    ) -> Result<Instant, Outcome> {
        let listed = self.options.read_at;
        if listed.elapsed() < FRESH {
            return Ok(listed + FRESH);
        }
        let asked = Instant::now();
        match self.look(self.writer.reader().get(id)).await {
            Some(Ok(now)) => match before.change(&now) {
                None => Ok(asked + FRESH),
                Some(why) => Err(stale(id, why)),
            },
            Some(Err(error)) if error.is_gone() => Err(stale(id, GONE.to_owned())),
            Some(Err(error)) => Err(Outcome::of(error)),
            None => Err(Outcome::NotAttempted),
        }
    }

    fn verified(&self, to: &Fields, record: Record) -> Outcome {
        match mismatch(to, &record, self.poster_after_update(to)) {
            None => Outcome::Updated(record.id),
            Some(mismatch) => Outcome::NotApplied {
                id: record.id,
                mismatch,
            },
        }
    }

    /// No answer came: only the record itself can tell whether it was done.
    async fn looked_at(&self, id: ServerId, to: &Fields, error: &ServerError) -> Outcome {
        match self.look(self.writer.reader().get(&id)).await {
            Some(Ok(record)) if mismatch(to, &record, self.poster_after_update(to)).is_none() => {
                Outcome::Updated(id)
            }
            _ => Outcome::Unknown(error.to_string()),
        }
    }
}

fn stale(id: &ServerId, why: String) -> Outcome {
    Outcome::Stale {
        id: id.clone(),
        why,
    }
}
