//! Wall time laid over tokio's time, so that a paused test runtime owns both.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
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

    /// Milliseconds since the epoch.
    pub fn millis(&self) -> u64 {
        u64::try_from((self.wall + self.start.elapsed()).as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment as the server writes it: `2026-01-31T09:08:07.123Z`.
    pub fn iso(&self) -> String {
        let millis = i64::try_from(self.millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
    }
}

/// A moment that the header `Date` tells, in milliseconds since the epoch.
pub fn parse_http_date(text: &str) -> Option<u64> {
    let at = DateTimeParser::new().parse_timestamp(text).ok()?;
    u64::try_from(at.as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wall_time_follows_the_runtime() {
        let clock = Clock {
            wall: Duration::from_secs(1_700_000_000),
            start: Instant::now(),
        };
        tokio::time::advance(Duration::from_millis(1_234)).await;
        assert_eq!(clock.millis(), 1_700_000_001_234);
        assert_eq!(clock.iso(), "2023-11-14T22:13:21.234Z");
    }

    #[test]
    fn a_date_is_read_as_it_is_written() {
        let text = "Tue, 14 Nov 2023 22:13:21 GMT";
        assert_eq!(parse_http_date(text), Some(1_700_000_001_000));
        assert_eq!(parse_http_date("yesterday"), None);
    }
}
