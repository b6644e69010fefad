//! The server's rate limit, as its answers tell of it (docs/server.md#rate-limits).
//!
//! The end of a window comes in the server's own time. Ours need not agree with it: where the two differ by more
//! than the second that `Date` is exact to, the server's counts.

use std::time::Duration;

use http::{HeaderMap, header};

use crate::clock::parse_http_date;

/// How often one request is sent before its refusal is reported.
pub(super) const TRIES: usize = 10;

/// The wait where the server names none: its default window.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_mins(1);

/// Shorter would hammer.
const SHORTEST: Duration = Duration::from_secs(1);

/// No wait is longer.
const LONGEST: Duration = Duration::from_hours(24);

/// The same where only our own clock tells: longer is a clock that goes wrong.
const LONGEST_BY_OUR_CLOCK: Duration = Duration::from_mins(2);

/// What an answer tells of the limit of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RateLimitHeaders {
    /// How many calls a window takes.
    pub(super) calls: u64,
    /// How many this one still takes.
    pub(super) left: u64,
    /// When the window ends, in the server's time: this tells one window from another.
    pub(super) reset: u64,
    /// How long that is from now.
    pub(super) ends_in: Duration,
}

/// Reads the three headers of a limited endpoint. `now` is our own time, in milliseconds since the epoch.
pub(super) fn rate_limit(headers: &HeaderMap, now: u64) -> Option<RateLimitHeaders> {
    let reset = number(headers, "x-ratelimit-reset")?;
    Some(RateLimitHeaders {
        calls: number(headers, "x-ratelimit-limit")?,
        left: number(headers, "x-ratelimit-remaining")?,
        reset,
        ends_in: until(headers, reset, now),
    })
}

/// How long a refusal asks to wait: by its words, which need no clock, else by the reset time, else by what
/// a proxy says.
pub(super) fn retry_after(headers: &HeaderMap, words: &str, now: u64) -> Option<Duration> {
    let wait = seconds_in(words)
        .map(Duration::from_secs)
        .or_else(|| {
            let reset = number(headers, "x-ratelimit-reset")?;
            Some(until(headers, reset, now))
        })
        .or_else(|| number(headers, header::RETRY_AFTER.as_str()).map(Duration::from_secs))?;
    Some(wait.clamp(SHORTEST, LONGEST))
}

/// How long it is until a moment of the server's time.
fn until(headers: &HeaderMap, reset: u64, now: u64) -> Duration {
    let date = headers
        .get(header::DATE)
        .and_then(|date| date.to_str().ok());
    let left = |now: u64| Duration::from_millis(reset.saturating_sub(now));
    match date.and_then(parse_http_date) {
        // `Date` leaves out the fraction, and the answer was some time in flight.
        Some(date) if !(date.saturating_sub(1000)..=date + 2000).contains(&now) => {
            left(date).min(LONGEST)
        }
        Some(_) => left(now).min(LONGEST),
        None => left(now).min(LONGEST_BY_OUR_CLOCK),
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The figure in `You must wait 42 seconds before trying this endpoint again.`
fn seconds_in(words: &str) -> Option<u64> {
    let (_, rest) = words.split_once("must wait ")?;
    let (figure, rest) = rest.split_once(' ')?;
    rest.starts_with("second")
        .then(|| figure.parse().ok())
        .flatten()
}

/// How far a date is ahead of `now`, in milliseconds; a date is cut to the second.
pub(super) fn clock_skew(headers: &http::HeaderMap, now: u64) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let date = i64::try_from(parse_http_date(date)?).ok()?;
    let now = i64::try_from(now).ok()?;
    Some(if (date..date + 1000).contains(&now) {
        0
    } else {
        date - now
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    fn secs(wait: Option<Duration>) -> Option<u64> {
        wait.map(|wait| wait.as_secs())
    }

    #[test]
    fn words_before_the_clock_before_a_proxy() {
        let all = headers(&[("x-ratelimit-reset", "50000"), ("retry-after", "7")]);
        let words =
            "Error, too many requests. You must wait 42 seconds before trying this endpoint again.";
        assert_eq!(secs(retry_after(&all, words, 20_000)), Some(42));
        assert_eq!(secs(retry_after(&all, "", 20_000)), Some(30));
        let proxy = headers(&[("retry-after", "7")]);
        assert_eq!(secs(retry_after(&proxy, "", 0)), Some(7));
        assert_eq!(secs(retry_after(&HeaderMap::new(), "", 0)), None);
    }

    #[test]
    fn a_window_of_ten_minutes_is_believed_to_words() {
        let words = "You must wait 600 seconds before trying this endpoint again.";
        assert_eq!(secs(retry_after(&HeaderMap::new(), words, 0)), Some(600));
    }

    #[test]
    fn clocks_that_go_wrong_are_kept_in_bounds() {
        let reset = headers(&[("x-ratelimit-reset", "9999999999999")]);
        assert_eq!(secs(retry_after(&reset, "", 0)), Some(120));
        assert_eq!(secs(retry_after(&reset, "", u64::MAX)), Some(1));
    }

    #[test]
    fn the_servers_time_counts_where_ours_is_another() {
        let told = |now| {
            let headers = headers(&[
                ("x-ratelimit-limit", "10"),
                ("x-ratelimit-remaining", "3"),
                ("x-ratelimit-reset", "1700000041500"),
                ("date", "Tue, 14 Nov 2023 22:13:21 GMT"),
            ]);
            super::rate_limit(&headers, now).unwrap()
        };
        let near = told(1_700_000_001_700);
        assert_eq!((near.calls, near.left), (10, 3));
        assert_eq!(near.ends_in, Duration::from_millis(39_800));
        // An hour late, and in another century.
        for now in [1_700_003_600_000, 0] {
            assert_eq!(told(now).ends_in, Duration::from_millis(40_500));
        }
        assert_eq!(
            super::rate_limit(&headers(&[("x-ratelimit-limit", "10")]), 0),
            None
        );
    }
}
