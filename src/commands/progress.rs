//! What a run waits for and how long it will still take, on a line of the terminal that is written over.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::terminal;
use crate::observed::Limits;
use crate::plan::{Action, Forecast, Plan};
use crate::report;
use crate::server::{Reader, WaitReason, Waiting};

/// How often the line is written.
const TICK: Duration = Duration::from_secs(1);

/// Waits and writes for less than this are not told.
const SHORT: Duration = Duration::from_secs(2);

/// Back to the beginning of the line, and nothing in it.
const CLEAR: &str = "\r\x1b[K";

/// A line that is shown until this is dropped. Without a terminal there is none.
pub(super) struct Progress {
    left: Arc<Mutex<Left>>,
    task: Option<JoinHandle<()>>,
}

/// The writes that are not done.
struct Left {
    actions: Vec<Action>,
    open: BTreeSet<usize>,
}

impl Progress {
    /// Begins to show what becomes of a plan.
    pub(super) fn of(plan: &Plan, reader: &Reader) -> Self {
        let actions: Vec<_> = plan.changes.iter().map(|it| it.action.clone()).collect();
        let open = (0..actions.len())
            .filter(|index| actions[*index].is_write())
            .collect();
        let left = Arc::new(Mutex::new(Left { actions, open }));
        let task = io::stderr()
            .is_terminal()
            .then(|| tokio::spawn(show(reader.clone(), left.clone())));
        Self { left, task }
    }

    /// A write has come to an end.
    pub(super) fn done(&self, index: usize) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.open.remove(&index);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
            terminal::err(CLEAR);
        }
    }
}

async fn show(reader: Reader, left: Arc<Mutex<Left>>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let forecast = {
            let left = left.lock().unwrap_or_else(PoisonError::into_inner);
            left.forecast(reader.limits())
        };
        if let Some(forecast) = forecast {
            let line = line(&reader.waits(), forecast, Instant::now());
            terminal::err(&format!("{CLEAR}{line}"));
        }
    }
}

impl Left {
    fn forecast(&self, limits: Limits) -> Option<Forecast> {
        let open = self
            .open
            .iter()
            .filter_map(|index| self.actions.get(*index));
        Forecast::of(open, limits)
    }
}

/// `waiting 42 s for the server's limit, 87 writes left, about 9 min`
fn line(waits: &[Waiting], forecast: Forecast, now: Instant) -> String {
    let mut parts = Vec::new();
    let longest = waits.iter().max_by_key(|waiting| waiting.until);
    let mut time = forecast.time;
    if let Some(waiting) = longest {
        let rest = waiting.until.duration_since(now);
        let seconds = rest.as_secs() + 1;
        match &waiting.reason {
            WaitReason::Limit => {
                // What is left of this window comes before the windows that the rest needs.
                time += rest;
                if rest >= SHORT {
                    parts.push(format!("waiting {seconds} s for the server's limit"));
                }
            }
            WaitReason::Retry(why) => parts.push(format!("{why}: again in {seconds} s")),
        }
    }
    let plural = if forecast.requests == 1 { "" } else { "s" };
    parts.push(format!("{} write{plural} left", forecast.requests));
    if time >= SHORT {
        parts.push(format!("about {}", report::about(time.as_secs())));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(requests: u32, time: Duration) -> Forecast {
        let limits = Limits::Unknown;
        Forecast {
            requests,
            time,
            limits,
        }
    }

    #[test]
    fn the_line_says_what_is_waited_for_and_how_long_it_takes() {
        let now = Instant::now();
        let wait = |reason, secs: u64| Waiting {
            reason,
            until: now + Duration::from_millis(secs * 1000 + 300),
        };
        let limit = |secs| wait(WaitReason::Limit, secs);
        let nine = forecast(87, Duration::from_mins(8));
        assert_eq!(
            line(&[limit(10), limit(41)], nine, now),
            "waiting 42 s for the server's limit, 87 writes left, about 9 min"
        );
        let retry = wait(WaitReason::Retry("no answer: reset".to_owned()), 2);
        assert_eq!(
            line(&[retry], forecast(1, TICK), now),
            "no answer: reset: again in 3 s, 1 write left"
        );
        assert_eq!(line(&[], forecast(3, TICK), now), "3 writes left");
    }
}
