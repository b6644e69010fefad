use std::collections::VecDeque;

use super::*;

const LATENCY: Duration = Duration::from_millis(100);

/// A level that is used as far as it goes.
struct Driven {
    level: Level,
    in_flight: VecDeque<Started>,
}

impl Driven {
    /// One that has learned how long an answer takes, from a request that was alone.
    fn new() -> Self {
        let mut driven = Self {
            level: Level::new(Concurrency::Adaptive, 1),
            in_flight: VecDeque::new(),
        };
        let first = driven.level.start().unwrap();
        driven
            .level
            .answered(first, "create", Sign::Success(LATENCY));
        driven.level.end();
        driven
    }

    /// Answers until the level is another, or so many round trips are over.
    fn until_changed(&mut self, sign: impl Fn(usize) -> Sign) -> Option<Change> {
        for _ in 0..20 * HIGHEST {
            while let Some(started) = self.level.start() {
                self.in_flight.push_back(started);
            }
            let sign = sign(self.in_flight.len());
            let started = self.in_flight.pop_front().unwrap();
            let change = self.level.answered(started, "create", sign);
            self.level.end();
            if change.is_some() {
                return change;
            }
        }
        None
    }

    fn to(&mut self, sign: impl Fn(usize) -> Sign) -> Option<usize> {
        self.until_changed(sign).map(|change| change.to)
    }
}

fn success(millis: u64) -> Sign {
    Sign::Success(Duration::from_millis(millis))
}

/// A server that works on so many requests at once.
fn queue(capacity: u32) -> impl Fn(usize) -> Sign {
    move |in_flight| {
        let in_flight = u32::try_from(in_flight).unwrap();
        Sign::Success(LATENCY * in_flight.max(capacity) / capacity)
    }
}

fn strain() -> Sign {
    Sign::Strain("status 503".to_owned())
}

#[test]
fn the_level_doubles_until_64() {
    let mut driven = Driven::new();
    let levels = [(); 4].map(|()| driven.to(|_| success(100)));
    assert_eq!(levels, [Some(16), Some(32), Some(64), None]);
}

#[test]
fn a_fixed_level_stays() {
    let three = NonZeroUsize::new(3).unwrap();
    let mut driven = Driven {
        level: Level::new(Concurrency::Fixed(three), 1),
        in_flight: VecDeque::new(),
    };
    for sign in [success(1), success(1000), strain()] {
        assert_eq!(driven.until_changed(|_| sign.clone()), None);
        assert_eq!((driven.level.get(), driven.in_flight.len()), (3, 2));
    }
}

#[test]
fn a_queue_halves_the_level_and_a_short_one_keeps_it() {
    let mut driven = Driven::new();
    let levels = [(); 6].map(|()| driven.to(queue(16)));
    // 32 take twice as long; 20 a quarter longer, and 21 more than that.
    let expected = [16, 32, 16, 17, 18, 19].map(Some);
    assert_eq!(levels, expected);
    let more = [(); 3].map(|()| driven.to(queue(16)));
    assert_eq!(more, [Some(20), Some(21), None]);
}

#[test]
fn fewer_than_8_are_found_from_the_first_answer() {
    let mut driven = Driven::new();
    let change = driven.until_changed(queue(4)).unwrap();
    assert_eq!((change.from, change.to), (8, 4));
    assert_eq!(
        change.why,
        "the median latency is 200 ms, the lowest was 100 ms"
    );
    let levels = [(); 3].map(|()| driven.to(queue(4)));
    assert_eq!(levels, [Some(5), Some(6), None]);
}

#[test]
fn a_slow_answer_is_not_strain_and_noise_on_a_fast_network_is_not_either() {
    // Every third answer is slow.
    let mut driven = Driven::new();
    let mut levels = Vec::new();
    let count = std::cell::Cell::new(0_u64);
    for _ in 0..3 {
        levels.push(driven.to(|_| {
            count.set(count.get() + 1);
            success(if count.get().is_multiple_of(3) {
                5000
            } else {
                100
            })
        }));
    }
    assert_eq!(levels, [16, 32, 64].map(Some));
    // Answers that take twenty times as long as the first, which is less than 5 ms more.
    let mut level = Driven::new();
    let fast = |micros| Sign::Success(Duration::from_micros(micros));
    level.level.latencies.clear();
    let first = level.level.start().unwrap();
    level.level.answered(first, "create", fast(100));
    level.level.end();
    let levels = [(); 3].map(|()| level.to(|_| fast(2000)));
    assert_eq!(levels, [16, 32, 64].map(Some));
}

#[test]
fn a_refusal_halves_the_level_once_a_round_trip_and_what_was_refused_is_not_tried_again() {
    let bounded = |in_flight| {
        if in_flight > 20 {
            strain()
        } else {
            success(100)
        }
    };
    let mut driven = Driven::new();
    let levels = [(); 3].map(|()| driven.to(bounded));
    assert_eq!(levels, [16, 32, 16].map(Some));
    let mut refused = 0;
    let mut last = 16;
    while let Some(change) = driven.until_changed(bounded) {
        refused += usize::from(change.to < change.from);
        last = change.to;
    }
    assert_eq!((refused, last), (1, 20));
    // Chance refusals leave at least the level at the beginning.
    for _ in 0..40 {
        driven.to(|_| strain());
    }
    while driven.to(|_| success(100)).is_some() {}
    assert_eq!(driven.level.get(), START);
}

#[test]
fn what_is_slow_without_concurrency_is_not_strain() {
    // The first answer was faster than all others ever are.
    let mut driven = Driven::new();
    let levels = [(); 6].map(|()| driven.to(|_| success(300)));
    assert_eq!(levels, [4, 2, 1, 2, 4, 8].map(Some));
    let more = [(); 4].map(|()| driven.to(|_| success(300)));
    assert_eq!(more, [Some(16), Some(32), Some(64), None]);
    // A fast one among them is not believed any more.
    assert_eq!(driven.to(|_| success(100)), None);
    assert_eq!(driven.to(|_| success(300)), None);
}

#[test]
fn endpoints_are_compared_with_themselves_and_an_unused_level_does_not_grow() {
    let mut level = Level::new(Concurrency::Adaptive, 1);
    for _ in 0..100 {
        for (endpoint, millis) in [("create", 300), ("remove", 20)] {
            let started = level.start().unwrap();
            assert_eq!(level.answered(started, endpoint, success(millis)), None);
            level.end();
        }
    }
    assert_eq!(level.get(), START);
}

#[test]
fn opening_a_connection_is_not_latency() {
    let mut level = Level::new(Concurrency::Adaptive, 1);
    let first = level.start().unwrap();
    assert!(first.connected);
    level.answered(first, "create", success(100));
    level.end();
    let started: Vec<_> = (0..START).map(|_| level.start().unwrap()).collect();
    assert!(level.start().is_none());
    for started in started {
        let millis = if started.connected { 100 } else { 400 };
        assert_eq!(level.answered(started, "create", success(millis)), None);
        level.end();
    }
    let again = level.start().unwrap();
    assert!(again.connected);
}
