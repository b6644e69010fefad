//! The last step before a request is sent: its turn on the limiter of its endpoint, a place among those in flight,
//! and nobody who says stop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::concurrency::{Concurrency, Level, Sign, Started};
use super::error::ServerError;
use super::log;
use super::pacer::{EndpointLimiter, InFlight, TooLong};

/// Who may pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    /// How many may be in flight; any number without.
    places: Option<Arc<Places>>,
    /// Becomes true when nothing more is to be sent.
    stop: Option<watch::Receiver<bool>>,
}

/// The run was stopped, and nothing was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped;

/// The permit to send one request.
#[derive(Debug)]
pub(super) struct Permit {
    pub(super) in_flight: InFlight,
    /// Until when the request may be sent again.
    pub(super) until: Option<Until>,
    pub(super) place: Option<Place>,
}

/// Until when a request may be sent again that was looked at before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    pub(super) moment: Instant,
    /// Whether it may be sent again later, too, once it may have been done already.
    pub(super) repeats: bool,
}

impl Gate {
    /// A gate for so many at a time over so many connections that are open, that is shut once `stop` is true.
    pub(super) fn new(
        concurrency: Concurrency,
        connections: usize,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            places: Some(Arc::new(Places {
                turn: tokio::sync::Mutex::default(),
                level: Mutex::new(Level::new(concurrency, connections)),
                freed: Notify::new(),
            })),
            stop: Some(stop),
        }
    }

    /// How many may be in flight at the moment.
    pub(super) fn level(&self) -> usize {
        let places = self.places.as_ref();
        places.map_or(usize::MAX, |places| places.level().get())
    }

    /// Waits for a permit to send a request on this limiter.
    pub(super) async fn pass(&self, limiter: Arc<EndpointLimiter>) -> Result<Permit, ServerError> {
        let permit = async {
            let in_flight = limiter.acquire().await?;
            let place = match &self.places {
                Some(places) => Some(places.clone().enter().await),
                None => None,
            };
            Ok(Permit {
                in_flight,
                until: None,
                place,
            })
        };
        match self.unless_stopped(permit).await {
            Ok(left) => left.map_err(|TooLong(wait)| ServerError::TooLong { wait }),
            Err(Stopped) => Err(ServerError::Stopped),
        }
    }

    /// Waits, unless the run is stopped. What is waited for is dropped then.
    pub(super) async fn unless_stopped<T>(
        &self,
        wait: impl Future<Output = T>,
    ) -> Result<T, Stopped> {
        tokio::select! {
            biased;
            () = self.stopped() => Err(Stopped),
            value = wait => Ok(value),
        }
    }

    async fn stopped(&self) {
        let said = match self.stop.clone() {
            Some(mut stop) => stop.wait_for(|stop| *stop).await.is_ok(),
            None => false,
        };
        if !said {
            // Whoever could have said it has gone.
            std::future::pending::<()>().await;
        }
    }
}

/// The places of the requests in flight.
#[derive(Debug)]
struct Places {
    /// Held by the request that gets the next place: they get one in the order in which they came.
    turn: tokio::sync::Mutex<()>,
    level: Mutex<Level>,
    /// A place is free, or the level is another one.
    freed: Notify,
}

/// The place of a request in flight. Dropping it makes room for another.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    started: Started,
}

impl Places {
    async fn enter(self: Arc<Self>) -> Place {
        let turn = self.turn.lock().await;
        let started = loop {
            let started = self.level().start();
            match started {
                Some(started) => break started,
                None => self.freed.notified().await,
            }
        };
        drop(turn);
        Place {
            places: self,
            started,
        }
    }

    fn level(&self) -> MutexGuard<'_, Level> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// An answer came, or there is none: the level follows from that.
    pub(super) fn answered(&self, endpoint: &str, sign: Sign) {
        let change = self.places.level().answered(self.started, endpoint, sign);
        if let Some(change) = change {
            log::concurrency(&change);
            self.places.freed.notify_one();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.level().end();
        self.places.freed.notify_one();
    }
}
