//! The listing that creates go by: the plan's, and newer ones.
//!
//! A create goes by a listing that is under five seconds old, as an update does: an older one is read again first, and
//! what somebody made since the plan is found and not made once more.
//!
//! In a run of many creates most would be late (see `duplicate_check`), and a late create gives its run no right to remove the
//! records of others. So the list is read again while it creates, once in the least check delay, where that makes creates
//! prompt. No create waits for it. A listing costs a call of another endpoint's budget: where there is a limit, there
//! are a few in a window.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::creates::{Creates, LEAST};
use super::update::FRESH;
use super::{Outcome, Run, duplicates};
use crate::client::Limits;
use crate::integration::Fields;
use crate::observed::Record;
use crate::server::Reader;

/// How long no listing is begun after one that could not be read.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// How many creates a small run has at most: the plan's listing does for it.
const MANY: usize = 10;

/// How many listings there are in a window of the rate limit at most: others need some, too.
const SHARE: u32 = 4;

/// How long a listing may take, that a create waits for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The newest listing, and who reads another.
#[derive(Debug)]
pub(super) struct Listings {
    newest: Mutex<Listed>,
    reading: Arc<Mutex<()>>,
}

#[derive(Debug)]
struct Listed {
    /// When its reading began.
    began: Instant,
    /// How long that took.
    took: Duration,
    /// What it shows; nothing for the listing that the plan was made for.
    records: Vec<Record>,
    /// Until when none is begun.
    not_before: Instant,
}

impl Listings {
    /// The listing that the plan was made for, which shows nothing of what is created.
    pub(super) fn by_plan(began: Instant) -> Self {
        Self {
            newest: Mutex::new(Listed {
                began,
                took: Duration::ZERO,
                records: Vec::new(),
                not_before: began,
            }),
            reading: Arc::default(),
        }
    }

    /// Reads the list, if that can be done in time.
    async fn read(&self, reader: &Reader, most: Duration) {
        let began = Instant::now();
        match timeout(most, reader.listing()).await {
            Ok(Ok(records)) => self.take(began, records).await,
            _ => self.newest.lock().await.not_before = Instant::now() + RETRY_AFTER,
        }
    }

    /// A listing whose reading began at that moment has been read.
    pub(super) async fn take(&self, began: Instant, records: Vec<Record>) {
        let mut newest = self.newest.lock().await;
        if newest.began < began {
            *newest = Listed {
                began,
                took: began.elapsed(),
                records,
                not_before: began,
            };
        }
    }
}

impl Listed {
    /// Whether creates should not go by it any more.
    fn is_outdated(&self, limits: Limits) -> bool {
        let most = match limits {
            Limits::PerEndpoint(rate) => FRESH.max(rate.window / SHARE),
            Limits::Unlimited | Limits::Unknown => FRESH,
        };
        self.began.elapsed() >= most && self.not_before <= Instant::now()
    }

    /// Whether creates that go by it are late, and would not be by another.
    fn makes_late(&self, creates: &Creates, limits: Limits) -> bool {
        let helps = self.took + creates.slowest() < LEAST;
        let many = creates.answers() >= MANY && !matches!(limits, Limits::PerEndpoint(_));
        many && helps && self.began.elapsed() >= LEAST && self.not_before <= Instant::now()
    }
}

impl Run {
    /// When the listing began that a create of these values goes by; an outcome if it shows that somebody has made
    /// the record since the plan, or if a stop came.
    pub(super) async fn listed(self: &Arc<Self>, asked: &Fields) -> Result<Instant, Outcome> {
        let reader = self.writer.reader();
        let limits = reader.limits();
        if self.listings.newest.lock().await.is_outdated(limits) {
            let _reading = self.listings.reading.lock().await;
            // Another create may have read it meanwhile.
            if self.listings.newest.lock().await.is_outdated(limits) {
                let read = self.listings.read(reader, PATIENCE);
                self.look(read).await.ok_or(Outcome::NotAttempted)?;
            }
        }
        let newest = self.listings.newest.lock().await;
        if newest.makes_late(&self.creates, limits)
            && let Ok(reading) = self.listings.reading.clone().try_lock_owned()
        {
            let run = self.clone();
            tokio::spawn(async move {
                run.listings.read(run.writer.reader(), LEAST).await;
                drop(reading);
            });
        }
        let mut there = duplicates::new(&newest.records, asked, &self.options.seen).peekable();
        let Some(first) = there.peek() else {
            return Ok(newest.began);
        };
        let id = first.id.clone();
        there.for_each(|it| self.creates.saw(&it.id));
        Err(Outcome::Stale {
            id,
            why: "it was created since the plan was made".to_owned(),
        })
    }
}
