//! How long the writes will take, and on what assumptions.
//!
//! The same plan against the same server gives the same forecast: nothing is measured. Requests are reckoned at a
//! quarter of a second, and at as many at once as an apply begins with, though it sends more to a server that bears
//! more. What counts is the rate limit, under which a window begins with its first call.

use std::time::Duration;

use super::Action;
use crate::client::{Limits, Rate};

/// How long an answer is reckoned to take.
const ANSWER: Duration = Duration::from_millis(250);

/// How many requests are reckoned to be in flight at once: as many as at the beginning of an apply.
const SIDE_BY_SIDE: u32 = 8;

/// A limit that takes no more calls than this is used one by one.
const SMALL: u64 = 40;

/// What the writes of a plan will take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// How many requests change something.
    pub requests: u32,
    /// How long they take.
    pub time: Duration,
    /// Under which limit.
    pub limits: Limits,
}

impl Forecast {
    /// What these actions will take, in the order in which they are made; `None` if none of them is a write.
    pub fn of<'a>(actions: impl IntoIterator<Item = &'a Action>, limits: Limits) -> Option<Self> {
        let (mut creates, mut updates, mut disables, mut deletes) = (0, 0, 0, 0);
        for action in actions {
            match action {
                Action::Create(_) => creates += 1,
                Action::Update { .. } => updates += 1,
                Action::Disable { .. } => disables += 1,
                Action::Delete { .. } => deletes += 1,
                Action::Condition { .. } | Action::Blocked { .. } => {}
            }
        }
        let requests = creates + updates + disables + deletes;
        // Each is read once more before it is written. A disable is an update, and follows those of the same endpoint.
        let changed = |calls| Endpoint::under(limits).end(calls, 2 * ANSWER);
        let first = [
            Endpoint::under(limits).end(creates, ANSWER),
            changed(updates),
        ];
        let then = changed(updates + disables).saturating_sub(changed(updates))
            + Endpoint::under(limits).end(deletes, ANSWER);
        let first = match limits {
            Limits::PerEndpoint(_) => first[0].max(first[1]),
            // All endpoints share what can be in flight.
            Limits::Unlimited | Limits::Unknown => first[0] + first[1],
        };
        (requests > 0).then_some(Self {
            requests,
            time: first + then,
            limits,
        })
    }
}

/// An endpoint of which nobody made use for a while.
struct Endpoint {
    rate: Option<Rate>,
}

impl Endpoint {
    fn under(limits: Limits) -> Self {
        let rate = match limits {
            Limits::PerEndpoint(rate) => Some(rate),
            Limits::Unlimited | Limits::Unknown => None,
        };
        Self { rate }
    }

    /// When so many calls are answered that take so long each.
    fn end(&self, calls: u32, each: Duration) -> Duration {
        let one_by_one = self.rate.is_some_and(|rate| rate.calls <= SMALL);
        let at_once = if one_by_one { 1 } else { SIDE_BY_SIDE };
        let time = |calls: u32| each * calls.div_ceil(at_once);
        let Some(rate) = self.rate else {
            return time(calls);
        };
        let most = u32::try_from(rate.calls).unwrap_or(u32::MAX).max(1);
        let full = calls.saturating_sub(1) / most;
        time(most).max(rate.window) * full + time(calls - full * most)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::integration::{Fields, Kind};
    use crate::observed::{Record, ServerId};
    use crate::redactor::Redactor;

    fn actions(creates: u32, updates: u32, deletes: u32) -> Vec<Action> {
        let id = || ServerId::from("a".to_owned());
        let fields = || Fields::new(Kind::Incoming);
        let create = std::iter::repeat_n(Action::Create(fields()), creates as usize);
        let update = Action::Update {
            id: id(),
            from: fields(),
            to: fields(),
        };
        let record = json!({"_id": "a", "type": "webhook-incoming"});
        let record =
            Record::decode(record.as_object().unwrap().clone(), &Redactor::default()).unwrap();
        let delete = Action::delete(&record);
        create
            .chain(std::iter::repeat_n(update, updates as usize))
            .chain(std::iter::repeat_n(delete, deletes as usize))
            .collect()
    }

    fn time(creates: u32, updates: u32, deletes: u32, limits: Limits) -> Duration {
        Forecast::of(&actions(creates, updates, deletes), limits)
            .unwrap()
            .time
    }

    fn ten_a_minute() -> Limits {
        Limits::PerEndpoint(Rate {
            calls: 10,
            window: Duration::from_mins(1),
        })
    }

    #[test]
    fn without_a_write_there_is_nothing_to_tell() {
        assert_eq!(Forecast::of(&[], Limits::Unknown), None);
        let condition = Action::Condition {
            id: ServerId::from("a".to_owned()),
        };
        assert_eq!(Forecast::of(&[condition], Limits::Unlimited), None);
    }

    #[test]
    fn windows_are_what_takes_time() {
        let secs = |creates, updates, deletes| {
            time(creates, updates, deletes, ten_a_minute()).as_secs_f64()
        };
        for (found, expected) in [
            (secs(1, 0, 0), 0.25),
            (secs(10, 0, 0), 2.5),
            (secs(11, 0, 0), 60.25),
            (secs(100, 0, 0), 542.5),
            // Each endpoint has a budget of its own; deletes come last.
            (secs(100, 100, 0), 545.0),
            (secs(100, 20, 0), 542.5),
            (secs(11, 0, 11), 120.5),
        ] {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }

    #[test]
    fn answers_are_what_takes_time_otherwise() {
        for limits in [Limits::Unlimited, Limits::Unknown] {
            let forecast = Forecast::of(&actions(80, 8, 1), limits).unwrap();
            assert_eq!((forecast.requests, forecast.limits), (89, limits));
            assert_eq!(forecast.time, ANSWER * (10 + 2 + 1));
        }
        // A window that is too short for what it would take.
        let slow = Limits::PerEndpoint(Rate {
            calls: 10,
            window: Duration::from_secs(1),
        });
        assert_eq!(time(20, 0, 0, slow), 20 * ANSWER);
    }
}
