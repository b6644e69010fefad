//! Making a new record, never twice.
//!
//! A create is sent once. If no answer comes, the record is looked for until patience ends: one that is new,
//! of this account, and exactly as asked is taken for ours; otherwise the outcome is unknown, and stays so.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::distr::{Alphanumeric, SampleString};
use rand::rngs::StdRng;
use tokio::time::{Instant, sleep};

use super::Outcome;
use super::verify::shortfall;
use crate::integration::{Fields, LeftOut, Value};
use crate::observed::{Record, ServerId};
use crate::server::{ServerError, Writer};

/// As long as the tokens that the server and its web form make (reference 3.3).
const TOKEN_LENGTH: usize = 48;

/// The pause before the first look. The server may still be compiling the script.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Makes records for one run.
pub(super) struct Creator {
    /// Who writes.
    pub(super) writer: Arc<Writer>,
    /// The id of the account that writes.
    pub(super) account: String,
    /// The records that were there before.
    pub(super) seen: BTreeSet<ServerId>,
    /// How long to look for a record without an answer.
    pub(super) patience: Duration,
}

impl Creator {
    /// Makes one record and says what became of it.
    pub(super) async fn create(&self, mut fields: Fields) -> Outcome {
        if let Err(error) = generate_secrets(&mut fields) {
            return Outcome::Failed(error);
        }
        match self.writer.create(&fields).await {
            Ok(record) => match shortfall(&fields, &record) {
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
            Err(error) => Outcome::Failed(error),
        }
    }

    /// Looks for a record whose create was not answered, with growing pauses.
    async fn search(&self, fields: &Fields) -> Option<ServerId> {
        let deadline = Instant::now() + self.patience;
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
            && !self.seen.contains(&record.id)
            && record.created_by_id().as_deref() == Some(self.account.as_str())
            && shortfall(fields, record).is_none()
    }
}

/// Fills in the secrets that a new record needs and the manifest does not give: the server makes none
/// (reference 3.3).
fn generate_secrets(fields: &mut Fields) -> Result<(), ServerError> {
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
