//! What a run waits for and how long it will still take, on a line of the terminal that is written over.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, IsTerminal};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::terminal;
use rcsync::apply::Outcome;
use rcsync::engine::{Event, Events};
use rcsync::plan::{Action, Forecast, Plan};
use rcsync::problem::Texts;
use rcsync::report::{self, OutcomeReport, RenderOptions, RunReport, RunText};
use rcsync::server::Reader;
use rcsync::words::start;
use rocketchat_client::Limits;
use rocketchat_client::{WaitReason, Waiting};

/// Notes of the engine, on standard error.
pub(super) struct Notes;

impl Events for Notes {
    fn event(&self, event: &Event<'_>) {
        note(event);
    }
}

fn note(event: &Event<'_>) {
    let words = event.to_string();
    if !words.is_empty() {
        terminal::note(&format!("{}: {words}\n", event.severity().word()));
    }
}

/// How often the line is written.
const TICK: Duration = Duration::from_secs(1);

/// Waits for the limit that are shorter than this are not told, nor are times.
const SHORT: Duration = Duration::from_secs(2);

/// How often a wait is told where there is no such line.
const SELDOM: Duration = Duration::from_secs(30);

/// Asks the server, and shows what is waited for meanwhile.
pub(super) async fn while_reading<T>(reader: &Reader, asked: impl Future<Output = T>) -> T {
    let _line = Line::begin(reader, |reader| {
        let now = Instant::now();
        wait(&reader.waits(), now).map(|(_, words)| words)
    });
    asked.await
}

/// How the writes of a plan go on, shown until this is dropped: their outcomes as soon as they are known, and below them
/// what is waited for.
pub(super) struct Progress<'a> {
    left: Arc<Mutex<Left>>,
    outcomes: Mutex<Outcomes<'a>>,
    _line: Line,
}

/// The outcomes of a plan, printed in the order in which the changes are made: one that is known early waits for those before
/// it, so that two runs print the same.
struct Outcomes<'a> {
    plan: &'a Plan,
    texts: &'a Texts,
    text: RunText,
    /// The writes that are not printed, in that order.
    order: VecDeque<usize>,
    known: BTreeMap<usize, OutcomeReport>,
}

impl<'a> Outcomes<'a> {
    fn of(plan: &'a Plan, texts: &'a Texts, text: RunText) -> Self {
        let step = |action: &Action| match action {
            Action::Create(_) | Action::Update { .. } => Some(0),
            Action::Disable { .. } => Some(1),
            Action::Delete { .. } => Some(2),
            Action::Blocked { .. } | Action::Condition { .. } => None,
        };
        let changes = plan.changes.iter().enumerate();
        let writes = changes.filter_map(|(index, change)| Some((step(&change.action)?, index)));
        let mut order: Vec<_> = writes.collect();
        order.sort_unstable();
        Self {
            plan,
            texts,
            text,
            order: order.into_iter().map(|(_, index)| index).collect(),
            known: BTreeMap::new(),
        }
    }

    fn take(&mut self, index: usize, outcome: &Outcome) {
        let report = OutcomeReport::new(self.plan, index, outcome, self.texts);
        self.known.extend(report.map(|report| (index, report)));
        while let Some(next) = self.order.front()
            && let Some(report) = self.known.remove(next)
        {
            terminal::out(&self.text.outcome(*next, &report));
            self.order.pop_front();
        }
    }
}

/// A line that is written over until this is dropped. Without a terminal, a line of its own every now and then while
/// something is waited for, so that a log shows why nothing happens.
struct Line(Option<JoinHandle<()>>);

impl Line {
    fn begin(reader: &Reader, words: impl Fn(&Reader) -> Option<String> + Send + 'static) -> Self {
        if terminal::is_quiet() {
            return Self(None);
        }
        let reader = reader.clone();
        let is_terminal = io::stderr().is_terminal();
        Self(Some(tokio::spawn(async move {
            let every = if is_terminal { TICK } else { SELDOM };
            let mut ticks = interval_at(Instant::now() + every, every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                ticks.tick().await;
                let words = words(&reader).unwrap_or_default();
                if is_terminal {
                    terminal::progress(&cut(&words, terminal::width()));
                } else if wait(&reader.waits(), Instant::now()).is_some() {
                    terminal::note(&format!("{words}\n"));
                }
            }
        })))
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
            terminal::end_progress();
        }
    }
}

/// The writes that are not done.
struct Left {
    actions: Vec<Action>,
    open: BTreeSet<usize>,
    all: usize,
    began: Instant,
}

impl<'a> Progress<'a> {
    /// Begins to show what becomes of a plan. `untried` is the report of it so far.
    pub(super) fn of(
        plan: &'a Plan,
        texts: &'a Texts,
        untried: &RunReport,
        options: &RenderOptions,
        reader: &Reader,
    ) -> Self {
        let actions: Vec<_> = plan.changes.iter().map(|it| it.action.clone()).collect();
        let open: BTreeSet<_> = (0..actions.len())
            .filter(|index| actions[*index].is_write())
            .collect();
        let left = Arc::new(Mutex::new(Left {
            actions,
            all: open.len(),
            open,
            began: Instant::now(),
        }));
        let of = left.clone();
        let line = Line::begin(reader, move |reader| of_writes(reader, &of));
        let text = RunText::new(untried, options);
        Self {
            left,
            outcomes: Mutex::new(Outcomes::of(plan, texts, text)),
            _line: line,
        }
    }

    /// What was printed so far, to go on from.
    pub(super) fn ended(self) -> RunText {
        let outcomes = self.outcomes.into_inner();
        outcomes.unwrap_or_else(PoisonError::into_inner).text
    }
}

impl Events for Progress<'_> {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Written(index, outcome) => {
                let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
                left.open.remove(index);
                drop(left);
                let outcomes = self.outcomes.lock();
                let mut outcomes = outcomes.unwrap_or_else(PoisonError::into_inner);
                outcomes.take(*index, outcome);
            }
            event => note(event),
        }
    }
}

fn of_writes(reader: &Reader, left: &Mutex<Left>) -> Option<String> {
    let left = left.lock().unwrap_or_else(PoisonError::into_inner);
    let forecast = left.forecast(reader.limits())?;
    let now = Instant::now();
    Some(line(&reader.waits(), left.write_rate(now), forecast, now))
}

impl Left {
    fn forecast(&self, limits: Limits) -> Option<Forecast> {
        let open = self
            .open
            .iter()
            .filter_map(|index| self.actions.get(*index));
        Forecast::of(open, limits)
    }

    fn write_rate(&self, now: Instant) -> WriteRate {
        WriteRate {
            all: self.all,
            done: self.all - self.open.len(),
            since: now.duration_since(self.began),
        }
    }
}

/// How the writes went so far.
#[derive(Clone, Copy)]
struct WriteRate {
    all: usize,
    done: usize,
    since: Duration,
}

impl WriteRate {
    /// How many a second, once that tells something.
    fn rate(self) -> Option<f64> {
        let done = u32::try_from(self.done).ok().filter(|done| *done > 0)?;
        (self.since >= TICK).then(|| f64::from(done) / self.since.as_secs_f64())
    }
}

/// As much of the words as one line of the terminal holds: what wraps cannot be written over.
fn cut(words: &str, width: usize) -> String {
    start(words, width.saturating_sub(1))
}

/// `waiting 42 s for the server's limit, 12 of 99 writes, 4 a second, about 9 min left`
fn line(waits: &[Waiting], write_rate: WriteRate, forecast: Forecast, now: Instant) -> String {
    let wait = wait(waits, now);
    let rate = write_rate.rate();
    let time = match (forecast.limits, rate) {
        // The server sets the write_rate.
        (Limits::PerEndpoint(_), _) | (_, None) => forecast.time,
        (_, Some(rate)) => Duration::from_secs_f64(f64::from(forecast.requests) / rate),
    };
    // What is left of this window comes before the windows that the rest needs.
    let time = time + wait.as_ref().map_or(Duration::ZERO, |(rest, _)| *rest);
    let done = format!("{} of {} writes", write_rate.done, write_rate.all);
    let rate = rate.map(|rate| {
        if rate < 10.0 {
            format!("{rate:.1} a second")
        } else {
            format!("{rate:.0} a second")
        }
    });
    let about = (time >= SHORT).then(|| format!("about {} left", report::about(time.as_secs())));
    let parts = wait.map(|(_, words)| words).into_iter().chain([done]);
    parts
        .chain(rate)
        .chain(about)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The longest wait, and what it is for; one that is over in a moment is none.
fn wait(waits: &[Waiting], now: Instant) -> Option<(Duration, String)> {
    let longest = waits.iter().max_by_key(|waiting| waiting.until)?;
    let rest = longest.until.duration_since(now);
    let seconds = rest.as_secs() + 1;
    let words = match &longest.reason {
        WaitReason::Limit => format!("waiting {seconds} s for the server's limit"),
        WaitReason::Retry(why) => format!("{why}: retrying in {seconds} s"),
    };
    (rest >= SHORT || longest.reason != WaitReason::Limit).then_some((rest, words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocketchat_client::Rate;

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
        let write_rate = |done, secs| WriteRate {
            all: 99,
            done,
            since: Duration::from_secs(secs),
        };
        let ten_a_minute = Forecast {
            limits: Limits::PerEndpoint(Rate {
                calls: 10,
                window: Duration::from_mins(1),
            }),
            ..forecast(87, Duration::from_mins(8))
        };
        assert_eq!(
            line(
                &[limit(10), limit(41)],
                write_rate(12, 60),
                ten_a_minute,
                now
            ),
            "waiting 42 s for the server's limit, 12 of 99 writes, 0.2 a second, about 9 min left"
        );
        let retry = wait(WaitReason::Retry("no answer: reset".to_owned()), 2);
        assert_eq!(
            line(&[retry], write_rate(98, 5), forecast(1, TICK), now),
            "no answer: reset: retrying in 3 s, 98 of 99 writes, 20 a second, about 2 s left"
        );
        // What is measured counts more than what was assumed, once there is something to measure.
        let rest = forecast(90, Duration::from_secs(3));
        let begun = "0 of 99 writes, about 3 s left";
        assert_eq!(line(&[], write_rate(0, 0), rest, now), begun);
        assert_eq!(
            line(&[limit(1)], write_rate(0, 9), rest, now),
            "0 of 99 writes, about 3 s left"
        );
        assert_eq!(
            line(&[], write_rate(9, 9), rest, now),
            "9 of 99 writes, 1.0 a second, about 90 s left"
        );
    }

    #[test]
    fn a_line_never_wraps() {
        assert_eq!(cut("12345678", 9), "12345678");
        assert_eq!(cut("123456789", 9), "1234567…");
        assert_eq!(cut("ééééé", 4), "éé…");
        assert_eq!(cut("12", 0), "…");
    }
}
