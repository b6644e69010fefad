//! Wall time laid over tokio's time, so that a paused test runtime owns both.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::time::Instant;

/// A clock whose wall time moves with tokio's: under a paused runtime it moves only as the test says.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: Duration,
    start: Instant,
}

impl Clock {
    /// A clock that agrees with the machine's at this moment.
    pub fn system() -> Self {
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            wall,
            start: Instant::now(),
        }
    }

    /// A clock that shows `millis` milliseconds after the epoch at this moment.
    pub fn starting_at(millis: u64) -> Self {
        Self {
            wall: Duration::from_millis(millis),
            start: Instant::now(),
        }
    }

    /// A clock that is so many milliseconds ahead of this one, or behind it.
    pub(crate) fn ahead_by(&self, millis: i64) -> Self {
        let by = Duration::from_millis(millis.unsigned_abs());
        let wall = if millis < 0 {
            self.wall.saturating_sub(by)
        } else {
            self.wall.saturating_add(by)
        };
        Self { wall, ..*self }
    }

    /// Milliseconds since the epoch.
    pub fn millis(&self) -> u64 {
        u64::try_from((self.wall + self.start.elapsed()).as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment as the server writes it: `2026-01-31T09:08:07.123Z`.
    pub fn iso(&self) -> String {
        let millis = i64::try_from(self.millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
    }

    /// The moment as the header `Date` has it, to the second: `Sat, 31 Jan 2026 09:08:07 GMT`.
    pub fn http_date(&self) -> String {
        let millis = i64::try_from(self.millis()).unwrap_or(i64::MAX);
        let at = Timestamp::from_millisecond(millis).ok();
        at.and_then(|at| DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wall_time_follows_the_runtime() {
        let clock = Clock::starting_at(1_700_000_000_000);
        tokio::time::advance(Duration::from_millis(1_234)).await;
        assert_eq!(clock.millis(), 1_700_000_001_234);
        assert_eq!(clock.iso(), "2023-11-14T22:13:21.234Z");
        assert_eq!(clock.http_date(), "Tue, 14 Nov 2023 22:13:21 GMT");
        assert_eq!(clock.ahead_by(-1_234).millis(), 1_700_000_000_000);
        assert_eq!(clock.ahead_by(766).iso(), "2023-11-14T22:13:22.000Z");
    }
}
