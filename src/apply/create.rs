//! Making a new record, never twice.
//!
//! A create is sent again only where it certainly was not done. If no answer comes, the record is looked for with
//! growing pauses until the time limit since sending: one that is new, of this account, and exactly as asked is
//! adopted; otherwise the outcome is unknown, and nothing is sent again in this run. What several runs make at once
//! is for `duplicate_check`; to it, an adopted record is another run's, since nobody can tell.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::StdRng;
use tokio::time::Instant;

use super::verify::mismatch;
use super::{Outcome, Run, duplicates};
use crate::client::{ServerError, Verb};
use crate::integration::{Fields, LeftOut, Value};
use crate::observed::ServerId;

/// As long as the tokens that the server and its web form make (docs/server.md#create).
const TOKEN_LENGTH: usize = 48;

/// The pause before the first look. The server may still be compiling the script.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl Run {
    /// Makes one record and says what became of it.
    pub(super) async fn create(self: &Arc<Self>, asked: &Fields) -> Outcome {
        let mut fields = asked.clone();
        if let Err(error) = generate_secrets(&mut fields) {
            return Outcome::Failed(error);
        }
        if let Some(why) = self.faults.given_up(asked.kind()) {
            return Outcome::GivenUp(why);
        }
        // First of all, since it may take minutes: what is listed before that would be old.
        let permit = match self.writer.permit(Verb::Create).await {
            Ok(permit) => permit,
            Err(error) => return Outcome::of(error),
        };
        let listed = match self.listed(asked).await {
            Ok(listed) => listed,
            Err(outcome) => return outcome,
        };
        if let Some(why) = self.faults.given_up(asked.kind()) {
            return Outcome::GivenUp(why);
        }
        let creation = self.writer.create(permit, &fields).await;
        self.faults
            .answered(asked.kind(), creation.sent, &creation.result);
        match creation.result {
            Ok(record) => {
                self.creates.answered(&record.id, creation.sent, listed);
                match mismatch(&fields, &record, self.poster(&fields)) {
                    None => Outcome::Created(record.id),
                    Some(mismatch) => Outcome::NotApplied {
                        id: record.id,
                        mismatch,
                    },
                }
            }
            Err(error) if error.leaves_open() => match self.search(asked, creation.sent).await {
                Some(id) => {
                    self.creates.found(&id, creation.sent);
                    Outcome::Adopted(id)
                }
                None => Outcome::Unknown(error.to_string()),
            },
            Err(error) => Outcome::of(error),
        }
    }

    /// Looks for a record whose create was sent at that moment and not answered, with growing pauses. A secret that
    /// was generated counts as little as that of a run beside this one: nobody has seen either.
    async fn search(&self, asked: &Fields, sent: Instant) -> Option<ServerId> {
        let deadline = sent + self.options.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            // There is one look at least, however long the silence was.
            let next = if left.is_zero() { FIRST_PAUSE } else { left };
            let whole = self.pause(pause.min(next)).await;
            pause *= 2;
            // A listing that cannot be read says nothing about what is there.
            let began = Instant::now();
            if let Some(Ok(records)) = self.look(self.writer.reader().listing()).await {
                let mut found: Vec<_> =
                    duplicates::new(&records, asked, &self.options.seen).collect();
                found.retain(|record| self.is_own(record) && self.is_as_asked(record, asked));
                let found = duplicates::eldest(&found).map(|record| record.id.clone());
                self.listings.take(began, records).await;
                if found.is_some() {
                    return found;
                }
            }
            if !whole || Instant::now() >= deadline {
                return None;
            }
        }
    }
}

/// Fills in the secrets that a record needs and nobody gave: the server makes none, and takes no update without one
/// (docs/server.md#create, #update).
pub(super) fn generate_secrets(fields: &mut Fields) -> Result<(), ServerError> {
    for field in fields.kind().fields() {
        if field.left_out == LeftOut::Generated && fields.get(field).is_none() {
            let mut random = StdRng::try_from_os_rng().map_err(|_| {
                ServerError::NotSent(
                    "the operating system provides no random numbers for a token".to_owned(),
                )
            })?;
            let secret = Alphanumeric.sample_string(&mut random, TOKEN_LENGTH);
            fields.set(field.name, Some(Value::secret(secret)));
        }
    }
    Ok(())
}
