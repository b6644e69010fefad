//! Waits before sending what the server's rate limit would refuse (docs/server.md#rate-limits).
//!
//! There is a limiter for each endpoint, which all requests of a run share. What the headers of its answers tell
//! is what it goes by: without them the endpoint is not limited; with them, requests leave one at a time once the
//! budget is small, so that whatever other clients take of the same budget, one request of a window is refused at
//! the most; after it, and when nothing is left, the limiter is closed until the window is over.
//!
//! All waiting is before sending, and may be given up at any moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::limits::{DEFAULT_WAIT, RateLimitHeaders};
use super::log;
use super::waits::{WaitReason, Waiting, Waits};
use super::{Limits, Rate};

/// How much later than the end of a window the next request leaves: clocks are not exact.
const MARGIN: Duration = Duration::from_millis(250);

/// Requests leave side by side only while this many more calls are left than are in flight: so many would
/// another client have to make within one answer's time for more than one of ours to be refused.
const SPARE: u64 = 32;

/// Where endpoints that are limited live. Others are never asked for by a write.
const LIMITED: &str = "api/v1/";

/// The limiters of a run.
#[derive(Debug)]
pub(super) struct Pacer {
    limiters: Mutex<BTreeMap<String, Arc<EndpointLimiter>>>,
    waits: Arc<Waits>,
    /// How long a request waits at most.
    longest: Duration,
}

/// A request would have to wait so long, which is longer than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong(pub(super) Duration);

impl Pacer {
    /// One whose requests wait no longer than this.
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            limiters: Mutex::default(),
            waits: Arc::default(),
            longest,
        }
    }

    /// The limiter of an endpoint.
    pub(super) fn limiter(&self, method: &Method, endpoint: &str) -> Arc<EndpointLimiter> {
        let mut limiters = lock(&self.limiters);
        let limiter = limiters.entry(format!("{method} {endpoint}"));
        limiter
            .or_insert_with(|| {
                Arc::new(EndpointLimiter::new(
                    endpoint,
                    self.longest,
                    self.waits.clone(),
                ))
            })
            .clone()
    }

    /// What requests wait for.
    pub(super) fn waits(&self) -> &Waits {
        &self.waits
    }

    /// What is known of the limit. All endpoints of integrations have the same one, each for itself.
    pub(super) fn limits(&self) -> Limits {
        let limiters = lock(&self.limiters);
        let limiters: Vec<_> = limiters
            .values()
            .filter(|limiter| limiter.endpoint.starts_with(LIMITED))
            .map(|limiter| {
                let state = lock(&limiter.state);
                (state.budget, state.rate)
            })
            .collect();
        let rates = || limiters.iter().filter_map(|(_, rate)| *rate);
        let unlimited = |(budget, _): &(Budget, _)| matches!(budget, Budget::Unlimited);
        match rates().map(|rate| rate.calls).min() {
            Some(calls) => Limits::PerEndpoint(Rate {
                calls,
                window: rates()
                    .filter_map(|rate| rate.window)
                    .max()
                    .unwrap_or(DEFAULT_WAIT),
            }),
            None if limiters.iter().any(unlimited) => Limits::Unlimited,
            None => Limits::Unknown,
        }
    }
}

/// The way to one endpoint.
#[derive(Debug)]
pub(super) struct EndpointLimiter {
    endpoint: String,
    /// Held by the request that leaves next: they leave in the order in which they came.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    answers: Notify,
    waits: Arc<Waits>,
    longest: Duration,
}

#[derive(Debug)]
struct State {
    budget: Budget,
    /// How many requests are in flight.
    in_flight: u64,
    rate: Option<SeenRate>,
    /// Whether it refuses without telling of a limit, as proxies do.
    blind: bool,
}

/// How much the endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Budget {
    /// The next answer will tell.
    Unknown,
    /// An answer came without a word of a limit.
    Unlimited,
    /// So many calls until a moment, which is in the server's time `reset`.
    Left {
        left: u64,
        until: Instant,
        reset: Option<u64>,
    },
}

/// What was seen of windows.
#[derive(Clone, Copy, Debug)]
struct SeenRate {
    calls: u64,
    /// How long one is, where its beginning was seen or more than the default was.
    window: Option<Duration>,
}

/// When the next request may leave.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Now,
    At(Instant),
    /// When an answer has come.
    Answered,
}

impl EndpointLimiter {
    fn new(endpoint: &str, longest: Duration, waits: Arc<Waits>) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            longest,
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(State {
                budget: Budget::Unknown,
                in_flight: 0,
                rate: None,
                blind: false,
            }),
            answers: Notify::new(),
            waits,
        }
    }

    /// Waits until a request may leave, unless that takes too long. Dropping this gives the wait up, and nothing else.
    pub(super) async fn acquire(self: Arc<Self>) -> Result<InFlight, TooLong> {
        let turn = self.turn.lock().await;
        loop {
            let next = {
                let mut state = lock(&self.state);
                let next = state.next(Instant::now());
                state.in_flight += u64::from(next == Next::Now);
                next
            };
            match next {
                Next::Now => break,
                Next::Answered => self.answers.notified().await,
                Next::At(until) => {
                    let wait = until.duration_since(Instant::now());
                    if wait > self.longest + MARGIN {
                        return Err(TooLong(wait.saturating_sub(MARGIN)));
                    }
                    log::waiting(&self.endpoint, wait);
                    let reason = WaitReason::Limit;
                    self.waits.sleep(Waiting { reason, until }).await;
                }
            }
        }
        drop(turn);
        Ok(InFlight {
            limiter: self,
            counted: true,
        })
    }
}

impl State {
    fn next(&mut self, now: Instant) -> Next {
        if matches!(self.budget, Budget::Left { until, .. } if until <= now) {
            self.budget = Budget::Unknown;
        }
        let alone = if self.in_flight == 0 {
            Next::Now
        } else {
            Next::Answered
        };
        match self.budget {
            Budget::Unlimited => Next::Now,
            Budget::Left { left: 0, until, .. } => Next::At(until),
            Budget::Left { left, .. } if left > self.in_flight + SPARE => Next::Now,
            Budget::Left { .. } | Budget::Unknown => alone,
        }
    }

    /// Takes in what an answer tells. Answers overtake each other: the least that was told of a window counts.
    fn observe(&mut self, told: RateLimitHeaders, now: Instant) {
        let mut left = told.left;
        if let Budget::Left {
            left: known,
            reset: Some(reset),
            ..
        } = self.budget
        {
            if told.reset < reset {
                return;
            }
            if told.reset == reset {
                left = left.min(known);
            }
        }
        self.budget = Budget::Left {
            left,
            until: now + told.ends_in + MARGIN,
            reset: Some(told.reset),
        };
        let seen = rounded(told.ends_in);
        let first = told.left + 1 == told.calls;
        let window = self.rate.and_then(|rate| rate.window);
        self.rate = Some(SeenRate {
            calls: told.calls,
            window: window.max((first || seen > DEFAULT_WAIT).then_some(seen)),
        });
    }
}

/// To the nearest five seconds, or second if it is short, so that two runs say the same of one server.
fn rounded(window: Duration) -> Duration {
    let step = if window < Duration::from_secs(10) {
        1
    } else {
        5
    };
    let steps = (window.as_secs_f64() / f64::from(step)).round().max(1.0);
    Duration::from_secs_f64(steps * f64::from(step))
}

/// A request in flight. Dropping it without a word is an answer that did not come: the call may count.
#[derive(Debug)]
pub(super) struct InFlight {
    limiter: Arc<EndpointLimiter>,
    /// Whether the server may have counted it, and has not told so.
    counted: bool,
}

impl InFlight {
    /// An answer came, with these words about the limit.
    pub(super) fn answered(&mut self, told: Option<RateLimitHeaders>, success: bool) {
        self.counted = false;
        let mut state = lock(&self.limiter.state);
        match told {
            Some(told) => state.observe(told, Instant::now()),
            // Early refusals tell of no limit on limited endpoints either.
            None if success && !state.blind => state.budget = Budget::Unlimited,
            None => {}
        }
    }

    /// The answer was a refusal: nothing more is sent for so long.
    pub(super) fn refused(&mut self, wait: Duration) {
        let mut state = lock(&self.limiter.state);
        state.blind |= state.rate.is_none();
        let reset = match state.budget {
            Budget::Left { reset, .. } => reset,
            Budget::Unknown | Budget::Unlimited => None,
        };
        state.budget = Budget::Left {
            left: 0,
            until: Instant::now() + wait + MARGIN,
            reset,
        };
    }

    /// It never left.
    pub(super) fn not_sent(&mut self) {
        self.counted = false;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = lock(&self.limiter.state);
        state.in_flight = state.in_flight.saturating_sub(1);
        if let (true, Budget::Left { left, .. }) = (self.counted, &mut state.budget) {
            *left = left.saturating_sub(1);
        }
        drop(state);
        self.limiter.answers.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
