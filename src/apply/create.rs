//! Making a new record, never twice.
//!
//! A create is sent once. If no answer comes, the record is looked for until patience ends: one that is new,
//! of this account, and exactly as asked is taken for ours; otherwise the outcome is unknown, and stays so.

use std::time::Duration;

use rand::SeedableRng;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::StdRng;
use tokio::time::{Instant, sleep};

use super::verify::shortfall;
use super::{Outcome, Run};
use crate::integration::{Fields, LeftOut, Value};
use crate::observed::{Record, ServerId};
use crate::server::ServerError;

/// As long as the tokens that the server and its web form make (reference 3.3).
const TOKEN_LENGTH: usize = 48;

/// The pause before the first look. The server may still be compiling the script.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

impl Run {
    /// Makes one record and says what became of it.
    pub(super) async fn create(&self, mut fields: Fields) -> Outcome {
        if let Err(error) = generate_secrets(&mut fields) {
            return Outcome::Failed(error);
        }
        match self.writer.create(&fields).await {
            Ok(record) => match shortfall(&fields, &record, self.poster(&fields)) {
                None => Outcome::Created(record.id),
                Some(shortfall) => Outcome::NotApplied {
                    id: record.id,
                    shortfall,
                },
            },
            Err(error) if error.leaves_open() => match self.search(&fields).await {
                Some(id) => Outcome::Adopted(id),
                None => Outcome::Unknown(error.to_string()),
            },
            Err(error) => Outcome::of(error),
        }
    }

    /// Looks for a record whose create was not answered, with growing pauses.
    async fn search(&self, fields: &Fields) -> Option<ServerId> {
        let deadline = Instant::now() + self.options.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            sleep(pause.min(left)).await;
            pause *= 2;
            // A listing that cannot be read says nothing about what is there.
            if let Ok(records) = self.writer.reader().listing().await {
                let ours = records
                    .into_iter()
                    .find(|record| self.is_ours(record, fields));
                if let Some(record) = ours {
                    return Some(record.id);
                }
            }
        }
    }

    /// Whether a record can only be the one that was asked for: new, of this account, equal in every value.
    fn is_ours(&self, record: &Record, fields: &Fields) -> bool {
        record.kind == fields.kind()
            && !self.options.seen.contains(&record.id)
            && record.created_by_id().as_deref() == Some(self.server.user_id.as_str())
            && shortfall(fields, record, None).is_none()
    }
}

/// Fills in the secrets that a record needs and nobody gave: the server makes none, and takes no update without one
/// (reference 3.3, 3.5).
pub(super) fn generate_secrets(fields: &mut Fields) -> Result<(), ServerError> {
    for field in fields.kind().fields() {
        if field.left_out == LeftOut::Generated && fields.get(field).is_none() {
            let mut random = StdRng::try_from_os_rng().map_err(|_| {
                ServerError::NotSent(
                    "the operating system gives no randomness for a token".to_owned(),
                )
            })?;
            let secret = Alphanumeric.sample_string(&mut random, TOKEN_LENGTH);
            fields.set(field.name, Some(Value::secret(secret)));
        }
    }
    Ok(())
}
