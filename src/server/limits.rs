//! The server's rate limit: how long to wait after a refusal (reference 8).
//!
//! A refused request did nothing, so it may be sent again whatever it was.

use std::time::Duration;

use http::{HeaderMap, header};

/// How often one request is sent before its refusal is reported.
pub(super) const TRIES: usize = 10;

/// The wait where the server names none: its default window.
pub(super) const DEFAULT_WAIT: Duration = Duration::from_mins(1);

/// Shorter would hammer.
const SHORTEST: Duration = Duration::from_secs(1);

/// Longer is a clock that goes wrong, not a window.
const LONGEST: Duration = Duration::from_mins(2);

/// How long a refusal asks to wait: by its words, which need no clock, else by the reset time, else by what
/// a proxy says.
pub(super) fn wait_asked_for(headers: &HeaderMap, words: &str, now: u64) -> Option<Duration> {
    let number =
        |name: &str| -> Option<u64> { headers.get(name)?.to_str().ok()?.trim().parse().ok() };
    let wait = seconds_in(words)
        .map(Duration::from_secs)
        .or_else(|| {
            let reset = number("x-ratelimit-reset")?;
            Some(Duration::from_millis(reset.saturating_sub(now)))
        })
        .or_else(|| number(header::RETRY_AFTER.as_str()).map(Duration::from_secs))?;
    Some(wait.clamp(SHORTEST, LONGEST))
}

/// The figure in `You must wait 42 seconds before trying this endpoint again.`
fn seconds_in(words: &str) -> Option<u64> {
    let (_, rest) = words.split_once("must wait ")?;
    let (figure, rest) = rest.split_once(' ')?;
    rest.starts_with("second")
        .then(|| figure.parse().ok())
        .flatten()
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

    #[test]
    fn words_before_the_clock_before_a_proxy() {
        let all = headers(&[("x-ratelimit-reset", "50000"), ("retry-after", "7")]);
        let words =
            "Error, too many requests. You must wait 42 seconds before trying this endpoint again.";
        let secs = |wait: Option<Duration>| wait.map(|wait| wait.as_secs());
        assert_eq!(secs(wait_asked_for(&all, words, 20_000)), Some(42));
        assert_eq!(secs(wait_asked_for(&all, "", 20_000)), Some(30));
        let proxy = headers(&[("retry-after", "7")]);
        assert_eq!(secs(wait_asked_for(&proxy, "", 0)), Some(7));
        assert_eq!(secs(wait_asked_for(&HeaderMap::new(), "", 0)), None);
    }

    #[test]
    fn clocks_that_go_wrong_are_kept_in_bounds() {
        let secs = |wait: Option<Duration>| wait.map(|wait| wait.as_secs());
        let reset = headers(&[("x-ratelimit-reset", "9999999999999")]);
        assert_eq!(secs(wait_asked_for(&reset, "", 0)), Some(120));
        assert_eq!(secs(wait_asked_for(&reset, "", u64::MAX)), Some(1));
    }
}
