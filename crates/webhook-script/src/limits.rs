//! How long scripts may take, each and all of them, and what is said of one that takes longer.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::{Facts, ScriptError, ServerProfile};

/// What is said of a raw script that ends in a comment without a line end: the comment goes on over what the server puts behind
/// it.
pub const CLOSING_COMMENT: &str = "the last line is a comment and has no line end";

/// The time for one script.
const EACH: Duration = Duration::from_secs(2);
/// The time for all scripts of a run.
const ALL: Duration = Duration::from_secs(10);
/// The same for each script of a run that has thousands: a sound one takes a third of it.
const EACH_OF_MANY: Duration = Duration::from_millis(2);

/// What came of a script: why it does not parse, or what it amounts to; nothing without an engine.
pub type Looked = Result<Option<Facts>, ScriptError>;

/// Why nothing is known of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotChecked {
    /// It takes too long.
    Time,
    /// All the time that the scripts of the run have together, so many seconds, was used before.
    TimeOfAll(u64),
    /// The engine failed, or could not be started.
    Engine,
}

impl NotChecked {
    /// Why, as in "the script was not checked: …".
    pub fn words(self) -> String {
        match self {
            Self::Time => format!("it takes longer than {} s", EACH.as_secs()),
            Self::TimeOfAll(all) => {
                format!("the scripts of this run take longer than {all} s together")
            }
            Self::Engine => "the script engine failed".to_owned(),
        }
    }
}

/// The time that the scripts of a run have together.
pub struct Budget {
    all: Duration,
    /// In microseconds.
    left: AtomicU64,
}

impl Budget {
    /// All the time that a run of so many scripts has.
    pub fn of(scripts: usize) -> Self {
        let scripts = u32::try_from(scripts).unwrap_or(u32::MAX);
        let all = ALL.max(EACH_OF_MANY.saturating_mul(scripts));
        Self {
            all,
            left: AtomicU64::new(micros(all)),
        }
    }

    fn left(&self) -> Duration {
        Duration::from_micros(self.left.load(Relaxed))
    }

    fn take(&self, time: Duration) {
        let less = |left: u64| Some(left.saturating_sub(micros(time)));
        let _ = self.left.fetch_update(Relaxed, Relaxed, less);
    }
}

fn micros(time: Duration) -> u64 {
    time.as_micros().try_into().unwrap_or(u64::MAX)
}

/// Looks at scripts, one after the other, within the time that they and those of other checkers have.
pub struct Checker<'b> {
    budget: &'b Budget,
    #[cfg(feature = "engine")]
    apart: super::isolated::Apart,
}

impl<'b> Checker<'b> {
    /// One that takes its time from there.
    pub fn new(budget: &'b Budget) -> Self {
        Self {
            budget,
            #[cfg(feature = "engine")]
            apart: super::isolated::Apart::default(),
        }
    }

    /// Whether a script parses, and what it amounts to.
    ///
    /// # Errors
    /// When it is too large, or this run has looked at enough.
    pub fn look(&mut self, source: &str, profile: ServerProfile) -> Result<Looked, NotChecked> {
        let all = NotChecked::TimeOfAll(self.budget.all.as_secs());
        let left = self.budget.left();
        if left.is_zero() {
            return Err(all);
        }
        let limit = EACH.min(left);
        let start = Instant::now();
        let looked = self.within(source, profile, limit);
        self.budget.take(start.elapsed());
        looked.map_err(|why| match why {
            NotChecked::Time if limit < EACH => all,
            why => why,
        })
    }

    #[cfg(feature = "engine")]
    fn within(
        &mut self,
        source: &str,
        profile: ServerProfile,
        limit: Duration,
    ) -> Result<Looked, NotChecked> {
        self.apart.look(source, profile, limit)
    }

    #[cfg(not(feature = "engine"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "the same signature with and without the engine"
    )]
    fn within(&mut self, _: &str, _: ServerProfile, _: Duration) -> Result<Looked, NotChecked> {
        Ok(Ok(None))
    }
}

/// Whether more checkers than one are worth it: each has a process of its own.
pub fn are_apart() -> bool {
    #[cfg(feature = "engine")]
    return super::isolated::has_program();
    #[cfg(not(feature = "engine"))]
    false
}
