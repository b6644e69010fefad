//! The rate limiter: fixed windows by address, route and method (docs/server.md#rate-limits).
//!
//! Whom it does not concern, and when it is asked, is decided by `routes`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use http::{HeaderMap, Method, Response};

use bytes::Bytes;

use super::reply;

/// Calls per window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many calls pass.
    pub calls: u64,
    /// How long a window is.
    pub millis: u64,
}

/// What the limiter says to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether the call passes.
    pub(crate) passes: bool,
    limit: u64,
    remaining: u64,
    /// When the window ends, in milliseconds since the epoch.
    reset: u64,
}

impl Verdict {
    /// Adds the headers of a limited route.
    pub(crate) fn write(&self, response: &mut Response<Bytes>) {
        reply::number_header(response, "x-ratelimit-limit", self.limit);
        reply::number_header(response, "x-ratelimit-remaining", self.remaining);
        reply::number_header(response, "x-ratelimit-reset", self.reset);
    }

    /// The seconds that the refusal names.
    pub(crate) fn wait(&self, now: u64) -> u64 {
        self.reset.saturating_sub(now).div_ceil(1000)
    }
}

/// A window that has begun.
#[derive(Clone, Copy, Debug)]
struct Window {
    began: u64,
    calls: u64,
}

/// How many windows are remembered. Callers may name themselves as they like.
const MOST: usize = 100_000;
/// How much of such a name counts, in characters.
const LONGEST_NAME: usize = 64;

/// The windows of one server.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    windows: BTreeMap<(String, String), Window>,
}

impl Limiter {
    /// Counts a call of a route. Refused calls do not count, and do not prolong the window.
    pub(crate) fn ask(
        &mut self,
        client: String,
        (method, path): (&Method, &str),
        rate: Rate,
        now: u64,
    ) -> Verdict {
        if self.windows.len() >= MOST {
            let goes_on = |window: &Window| now < window.began.saturating_add(rate.millis);
            self.windows.retain(|_, window| goes_on(window));
            if self.windows.len() >= MOST {
                self.windows.clear();
            }
        }
        let fresh = Window {
            began: now,
            calls: 0,
        };
        let window = self
            .windows
            .entry((client, format!("{method} {path}")))
            .or_insert(fresh);
        if now >= window.began.saturating_add(rate.millis) {
            *window = fresh;
        }
        let passes = window.calls < rate.calls;
        window.calls += u64::from(passes);
        let remaining = rate.calls - window.calls.min(rate.calls);
        Verdict {
            passes,
            limit: rate.calls,
            remaining,
            reset: window.began.saturating_add(rate.millis),
        }
    }
}

/// The client's address as the server sees it behind one proxy (docs/server.md#rate-limits).
pub(super) fn client(headers: &HeaderMap, peer: IpAddr) -> String {
    let header = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .filter(|value| !value.is_empty())
    };
    let forwarded = || header("x-forwarded-for")?.rsplit(',').next();
    match header("x-real-ip").or_else(forwarded) {
        Some(address) => address.trim().chars().take(LONGEST_NAME).collect(),
        None => peer.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate {
        calls: 2,
        millis: 1000,
    };

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let mut limiter = Limiter::default();
        for name in 0..=MOST {
            let call = (&Method::GET, "/");
            assert!(limiter.ask(name.to_string(), call, RATE, 0).passes);
        }
        assert!(limiter.windows.len() <= MOST);
        let long = "x".repeat(1 << 16).parse().expect("a value");
        let headers =
            HeaderMap::from_iter([(http::header::HeaderName::from_static("x-real-ip"), long)]);
        assert_eq!(client(&headers, [127, 0, 0, 1].into()).len(), LONGEST_NAME);
    }

    #[test]
    fn a_window_begins_with_its_first_call_and_is_forgotten() {
        let mut limiter = Limiter::default();
        let mut ask = |client: &str, route, now| {
            let verdict = limiter.ask(client.to_owned(), (&Method::GET, route), RATE, now);
            (verdict.passes, verdict.remaining, verdict.reset)
        };
        assert_eq!(ask("a", "list", 500), (true, 1, 1500));
        assert_eq!(ask("a", "list", 600), (true, 0, 1500));
        assert_eq!(ask("a", "list", 1499), (false, 0, 1500));
        assert_eq!(ask("b", "list", 1499), (true, 1, 2499));
        assert_eq!(ask("a", "get", 1499), (true, 1, 2499));
        assert_eq!(ask("a", "list", 1500), (true, 1, 2500));
    }

    #[test]
    fn the_proxy_names_the_client() {
        let peer = IpAddr::from([127, 0, 0, 1]);
        let mut headers = HeaderMap::new();
        assert_eq!(client(&headers, peer), "127.0.0.1");
        headers.insert(
            "x-forwarded-for",
            http::HeaderValue::from_static("1.1.1.1, 2.2.2.2"),
        );
        assert_eq!(client(&headers, peer), "2.2.2.2");
        headers.insert("x-real-ip", http::HeaderValue::from_static("3.3.3.3"));
        assert_eq!(client(&headers, peer), "3.3.3.3");
    }
}
