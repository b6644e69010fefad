//! Which requests may be sent again, and after which pauses (docs/server.md#repeating-a-request).
//!
//! Refusals by the rate limit are no matter of this: they did nothing, and are waited out.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use http::StatusCode;

use super::error::ServerError;

/// The first pause; each is twice the one before, and up to twice as long again by chance.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// How a run sends again.
#[derive(Clone, Copy, Debug)]
pub struct Retries {
    /// How often one request, at most.
    pub times: u16,
    /// Whence the chance in the pauses comes.
    pub seed: u64,
    /// How long a request waits at most before it is sent, where the rate limit refuses it until then.
    pub longest_wait: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            times: 3,
            seed: 0,
            longest_wait: Duration::from_mins(10),
        }
    }
}

impl Retries {
    /// The pauses of the request of this number. Requests that fail together do not come again together.
    pub(super) fn pauses(self, number: u64) -> impl Iterator<Item = Duration> {
        ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_times(self.times.into())
            .with_jitter()
            .with_jitter_seed(self.seed.wrapping_add(number))
            .build()
    }
}

/// What a second sending would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resend {
    /// Nothing that the first did not: a read, an update, a removal.
    Idempotent,
    /// The same once more: a create. Only what certainly was not sent is sent again.
    NonIdempotent,
}

impl Resend {
    /// Whether a request that ended so may be sent again.
    pub(super) fn allows(self, error: &ServerError) -> bool {
        match error {
            ServerError::NotSent(_) => true,
            ServerError::Unknown(_) => self == Self::Idempotent,
            ServerError::UnexpectedStatus { status, .. } | ServerError::Rejected { status, .. } => {
                self == Self::Idempotent && is_transient(*status)
            }
            _ => false,
        }
    }
}

/// What a proxy says of a server that is not there at the moment.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_follow_the_seed() {
        let pauses = |seed, number| -> Vec<_> {
            let times = 3;
            Retries {
                times,
                seed,
                ..Retries::default()
            }
            .pauses(number)
            .collect()
        };
        assert_eq!(pauses(7, 1), pauses(7, 1));
        assert_ne!(pauses(7, 1), pauses(7, 2));
        assert_ne!(pauses(7, 1), pauses(8, 1));
        let all = pauses(7, 1);
        assert_eq!(all.len(), 3);
        for (pause, least) in all.iter().zip([500, 1000, 2000]) {
            let millis = pause.as_millis();
            assert!((least..=2 * least).contains(&millis), "{millis}");
        }
    }

    #[test]
    fn only_what_passes_away_is_sent_again_and_a_create_only_unsent() {
        let unexpected = |status: u16| ServerError::UnexpectedStatus {
            status: StatusCode::from_u16(status).unwrap(),
            line: String::new(),
        };
        let silence = ServerError::Unknown(String::new());
        let not_sent = ServerError::NotSent(String::new());
        for (error, harmless, doubling) in [
            (not_sent, true, true),
            (silence, true, false),
            (unexpected(502), true, false),
            (unexpected(503), true, false),
            (unexpected(504), true, false),
            (unexpected(500), false, false),
            (unexpected(520), false, false),
            (ServerError::Unauthorised, false, false),
            (ServerError::TooLarge, false, false),
            (ServerError::Undecodable(String::new()), false, false),
        ] {
            let allowed = [Resend::Idempotent, Resend::NonIdempotent].map(|it| it.allows(&error));
            assert_eq!(allowed, [harmless, doubling], "{error}");
        }
    }
}
