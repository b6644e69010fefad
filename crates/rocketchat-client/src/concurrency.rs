//! How many requests are in flight at once: as many as the server bears.
//!
//! The level starts at 8 and doubles each round trip until the first sign of strain. From then on it grows by one each
//! round trip, and strain halves it: answers that take longer than 1.5 times the lowest latency, a refusal (429 or
//! 5xx), or a broken connection. It stays where it is while answers are only a little slower than the lowest latency.
//!
//! What counts is the median of a round trip: a single slow answer is not strain. Each endpoint is compared with itself,
//! because a create may compile a script and a removal does not; and so are requests that open a connection first.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Duration;

/// The level at the beginning. A refusal never makes a lower one the highest.
const START: usize = 8;

/// The highest level.
const HIGHEST: usize = 64;

/// The fewest answers of an endpoint that have a median.
const SAMPLES: usize = 4;

/// How much of the lowest latency an answer may take longer, before it is strain.
const STRAIN: f64 = 0.5;

/// The same, before the level stops growing.
const ROOM: f64 = 0.25;

/// Lower latencies count as this: on a fast network, noise is a multiple of them.
const FLOOR: Duration = Duration::from_millis(10);

/// How many requests may be in flight at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concurrency {
    /// As many as the server bears.
    #[default]
    Adaptive,
    /// As many as this.
    Fixed(NonZeroUsize),
}

/// The level, and what it follows from.
#[derive(Debug)]
pub(super) struct Level {
    now: usize,
    adaptive: bool,
    in_flight: usize,
    /// The most requests that were in flight: there are as many connections.
    connections: usize,
    /// The highest level that the server has not refused.
    ceiling: usize,
    /// Whether there was no sign of strain yet.
    doubling: bool,
    /// The number of the round trip.
    round: u64,
    /// How many of the requests that were sent in it were answered.
    answers: usize,
    /// Whether as many requests as the level were in flight in it.
    full: bool,
    /// By endpoint, and whether there was a connection already: to open one takes longer.
    latencies: BTreeMap<(String, bool), Latencies>,
}

/// The latencies of requests that are alike.
#[derive(Debug, Default)]
struct Latencies {
    /// The lowest median.
    lowest: Option<Duration>,
    /// Whether that is the median of requests that were in flight alone. It is not lowered then.
    alone: bool,
    /// Those of this round trip.
    round: Vec<Duration>,
}

/// A request in flight.
#[derive(Clone, Copy, Debug)]
pub(super) struct Started {
    round: u64,
    /// Whether there may be a connection for it.
    connected: bool,
}

/// What an answer says of the server.
#[derive(Clone, Debug)]
pub(super) enum Sign {
    /// It took so long.
    Success(Duration),
    /// It refused the request, or did not answer; this is why.
    Strain(String),
    /// Nothing: it was another error, which may be found early.
    Other,
}

/// Another level.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) why: String,
}

impl Level {
    /// With so many connections open.
    pub(super) fn new(concurrency: Concurrency, connections: usize) -> Self {
        let (level, adaptive) = match concurrency {
            Concurrency::Adaptive => (START, true),
            Concurrency::Fixed(level) => (level.get(), false),
        };
        Self {
            now: level,
            adaptive,
            in_flight: 0,
            connections: connections.max(1),
            ceiling: HIGHEST,
            doubling: true,
            round: 0,
            answers: 0,
            full: false,
            latencies: BTreeMap::new(),
        }
    }

    /// How many requests may be in flight.
    pub(super) fn get(&self) -> usize {
        self.now
    }

    /// Another request is sent, if the level allows it.
    pub(super) fn start(&mut self) -> Option<Started> {
        if self.in_flight >= self.now {
            return None;
        }
        self.in_flight += 1;
        self.full |= self.in_flight == self.now;
        let connected = self.in_flight <= self.connections;
        self.connections = self.connections.max(self.in_flight);
        Some(Started {
            round: self.round,
            connected,
        })
    }

    /// A request is no longer in flight.
    pub(super) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// An answer came, or there is none. Requests that were sent at an earlier level say nothing about this one.
    pub(super) fn answered(
        &mut self,
        started: Started,
        endpoint: &str,
        sign: Sign,
    ) -> Option<Change> {
        if !self.adaptive || started.round != self.round {
            return None;
        }
        match sign {
            Sign::Strain(why) => {
                self.ceiling = self.now.saturating_sub(1).max(START);
                self.doubling = false;
                return self.next_round(self.now / 2, why);
            }
            Sign::Success(latency) => {
                let like = (endpoint.to_owned(), started.connected);
                let latencies = self.latencies.entry(like).or_default();
                // The first one is alone: the limiter lets no other pass before its answer.
                match latencies.lowest {
                    None if started.connected => latencies.lowest = Some(latency),
                    _ => latencies.round.push(latency),
                }
            }
            Sign::Other => {}
        }
        self.answers += 1;
        if self.answers < self.now {
            return None;
        }
        let alone = self.now == 1;
        let latencies = self.latencies.values_mut();
        let medians = latencies.filter_map(|it| it.median(alone));
        let (excess, why) = medians.max_by(|a, b| a.0.total_cmp(&b.0))?;
        self.doubling &= excess <= ROOM;
        let level = match excess {
            // One request at a time is not what slows it down.
            _ if excess > STRAIN && alone => {
                self.doubling = true;
                self.now
            }
            _ if excess > STRAIN => self.now / 2,
            _ if excess > ROOM || !self.full => self.now,
            _ if self.doubling => self.now * 2,
            _ => self.now + 1,
        };
        self.next_round(level, why)
    }

    fn next_round(&mut self, level: usize, why: String) -> Option<Change> {
        let from = self.now;
        self.now = level.clamp(1, self.ceiling);
        self.round += 1;
        self.answers = 0;
        self.full = false;
        self.latencies.values_mut().for_each(|it| it.round.clear());
        (self.now != from).then_some(Change {
            from,
            to: self.now,
            why,
        })
    }
}

impl Latencies {
    /// How far the median of the round trip is above the lowest one, as a part of that, and the same in words; nothing if
    /// there are too few answers, or none were there before.
    fn median(&mut self, alone: bool) -> Option<(f64, String)> {
        if self.round.len() < SAMPLES {
            return None;
        }
        self.round.sort_unstable();
        let median = *self.round.get((self.round.len() - 1) / 2)?;
        let Some(mut lowest) = self.lowest else {
            self.lowest = Some(median);
            self.round.clear();
            return None;
        };
        if !self.alone {
            lowest = lowest.min(median);
        }
        let above = median.saturating_sub(lowest).as_secs_f64();
        let excess = above / lowest.max(FLOOR).as_secs_f64();
        let (now, least) = (median.as_millis(), lowest.as_millis());
        let why = format!("the median latency is {now} ms, the lowest was {least} ms");
        if alone && excess > STRAIN {
            (lowest, self.alone) = (median, true);
        }
        self.lowest = Some(lowest);
        Some((excess, why))
    }
}

#[cfg(test)]
mod tests;
