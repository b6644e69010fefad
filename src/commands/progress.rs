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

/// Waits for the limit that are shorter than this are not told, nor are times.
const SHORT: Duration = Duration::from_secs(2);

/// Back to the beginning of the line, and nothing in it.
const CLEAR: &str = "\r\x1b[K";

/// Asks the server, and shows what is waited for meanwhile.
pub(super) async fn while_reading<T>(reader: &Reader, asked: impl Future<Output = T>) -> T {
    let _line = Line::begin(reader, |reader| {
        let now = Instant::now();
        wait(&reader.waits(), now).map(|(_, words)| words)
    });
    asked.await
}

/// How the writes of a plan go on, shown until this is dropped.
pub(super) struct Progress {
    left: Arc<Mutex<Left>>,
    _line: Line,
}

/// A line that is written over until this is dropped. Without a terminal there is none.
struct Line(Option<JoinHandle<()>>);

impl Line {
    fn begin(reader: &Reader, words: impl Fn(&Reader) -> Option<String> + Send + 'static) -> Self {
        let reader = reader.clone();
        Self(io::stderr().is_terminal().then(|| {
            tokio::spawn(async move {
                let mut ticks = interval(TICK);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
                loop {
                    ticks.tick().await;
                    let words = words(&reader).unwrap_or_default();
                    terminal::err(&format!("{CLEAR}{words}"));
                }
            })
        }))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
            terminal::err(CLEAR);
        }
    }
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
        let of = left.clone();
        let line = Line::begin(reader, move |reader| of_writes(reader, &of));
        Self { left, _line: line }
    }

    /// A write has come to an end.
    pub(super) fn done(&self, index: usize) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.open.remove(&index);
    }
}

fn of_writes(reader: &Reader, left: &Mutex<Left>) -> Option<String> {
    let left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let forecast = left.forecast(reader.limits())?;
    Some(line(&reader.waits(), forecast, Instant::now()))
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
    let wait = wait(waits, now);
    // What is left of this window comes before the windows that the rest needs.
    let time = forecast.time + wait.as_ref().map_or(Duration::ZERO, |(rest, _)| *rest);
    let plural = if forecast.requests == 1 { "" } else { "s" };
    let left = format!("{} write{plural} left", forecast.requests);
    let about = (time >= SHORT).then(|| format!("about {}", report::about(time.as_secs())));
    let parts = wait.map(|(_, words)| words).into_iter().chain([left]);
    parts.chain(about).collect::<Vec<_>>().join(", ")
}

/// The longest wait, and what it is for; one that is over in a moment is none.
fn wait(waits: &[Waiting], now: Instant) -> Option<(Duration, String)> {
    let longest = waits.iter().max_by_key(|waiting| waiting.until)?;
    let rest = longest.until.duration_since(now);
    let seconds = rest.as_secs() + 1;
    let words = match &longest.reason {
        WaitReason::Limit => format!("waiting {seconds} s for the server's limit"),
        WaitReason::Retry(why) => format!("{why}: again in {seconds} s"),
    };
    (rest >= SHORT || longest.reason != WaitReason::Limit).then_some((rest, words))
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
            "no answer: reset: again in 3 s, 1 write left, about 3 s"
        );
        let left = "3 writes left";
        assert_eq!(line(&[], forecast(3, TICK), now), left);
        assert_eq!(line(&[limit(1)], forecast(3, TICK), now), left);
    }
}
