//! How long the writes of a plan will take.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::client::Limits;
use crate::plan::Forecast;
use crate::words::count;

/// What the writes will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ForecastReport {
    /// How many requests change something.
    pub(super) requests: u32,
    /// How many seconds they take, if nobody else uses the limit up.
    pub(super) seconds: u64,
    /// Under which limit.
    pub(super) limit: LimitReport,
}

/// How many calls the server takes of this account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub(super) enum LimitReport {
    /// Not known.
    Unknown,
    /// As many as come.
    Unlimited,
    /// So many of each endpoint in so many seconds.
    PerEndpoint { calls: u64, window_seconds: u64 },
}

impl From<Forecast> for ForecastReport {
    fn from(forecast: Forecast) -> Self {
        Self {
            requests: forecast.requests,
            seconds: whole_seconds(forecast.time),
            limit: match forecast.limits {
                Limits::Unknown => LimitReport::Unknown,
                Limits::Unlimited => LimitReport::Unlimited,
                Limits::PerEndpoint(rate) => LimitReport::PerEndpoint {
                    calls: rate.calls,
                    window_seconds: whole_seconds(rate.window),
                },
            },
        }
    }
}

impl ForecastReport {
    /// In words, and the assumptions with it. `space` is in the middle of what may need two lines.
    pub(super) fn words(&self, space: &str) -> String {
        let requests = count(self.requests, "request");
        let lead = format!("{requests}, about {}", about(self.seconds));
        match self.limit {
            LimitReport::Unknown => format!("{lead} if this account is not rate limited."),
            LimitReport::Unlimited => format!("{lead}; this account is not rate limited."),
            LimitReport::PerEndpoint {
                calls,
                window_seconds,
            } => format!(
                "{lead}; this account is limited to {calls} calls of each endpoint{space}\
                 in a window (assumed to be {window_seconds} s), shared with other clients behind the same address."
            ),
        }
    }
}

/// The seconds of a time, rounded up: nothing takes no time.
fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// A time that nobody knows exactly: `42 s`, `9 min`, `2 h 5 min`.
pub fn about(seconds: u64) -> String {
    let minutes = (seconds + 30) / 60;
    match (minutes / 60, minutes % 60) {
        _ if seconds < 100 => format!("{seconds} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Rate;

    #[test]
    fn times_are_told_as_people_do() {
        for (seconds, words) in [
            (1, "1 s"),
            (99, "99 s"),
            (100, "2 min"),
            (545, "9 min"),
            (3600, "1 h"),
            (7529, "2 h 5 min"),
        ] {
            assert_eq!(about(seconds), words);
        }
    }

    #[test]
    fn the_assumptions_are_told() {
        let words = |limits| {
            let (requests, time) = (100, Duration::from_millis(542_500));
            let forecast = Forecast {
                requests,
                time,
                limits,
            };
            ForecastReport::from(forecast).words("\n  ")
        };
        let ten = Rate {
            calls: 10,
            window: Duration::from_mins(1),
        };
        assert_eq!(
            [
                words(Limits::Unlimited),
                words(Limits::Unknown),
                words(Limits::PerEndpoint(ten))
            ],
            [
                "100 requests, about 9 min; this account is not rate limited.",
                "100 requests, about 9 min if this account is not rate limited.",
                "100 requests, about 9 min; this account is limited to 10 calls of each endpoint\n  \
                 in a window (assumed to be 60 s), shared with other clients behind the same address.",
            ]
        );
    }
}
