//! The last step before a request is sent: its turn on the lane of its endpoint, a place among those on their way,
//! and nobody who says stop.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::pacer::{Flight, Lane};

/// Who may pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate {
    /// How many may be on their way; any number without.
    places: Option<Arc<Semaphore>>,
    /// Becomes true when nothing more is to be sent.
    stop: Option<watch::Receiver<bool>>,
}

/// The run was stopped, and nothing was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped;

/// Leave to send one request.
#[derive(Debug)]
pub(super) struct Leave {
    pub(super) flight: Flight,
    /// Until when the request may be sent again.
    pub(super) until: Option<Until>,
    _place: Option<OwnedSemaphorePermit>,
}

/// Until when a request may be sent again that was looked at before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    pub(super) moment: Instant,
    /// Whether it may be sent again later, too, once it may have been done already.
    pub(super) repeats: bool,
}

impl Gate {
    /// A gate for so many at a time, that is shut once `stop` is true.
    pub(super) fn new(most: NonZeroUsize, stop: watch::Receiver<bool>) -> Self {
        Self {
            places: Some(Arc::new(Semaphore::new(most.get()))),
            stop: Some(stop),
        }
    }

    /// Waits for leave to send a request on this lane.
    pub(super) async fn pass(&self, lane: Arc<Lane>) -> Result<Leave, Stopped> {
        let leave = async {
            let flight = lane.enter().await;
            let place = match &self.places {
                // It is never closed; without places there is no bound.
                Some(places) => places.clone().acquire_owned().await.ok(),
                None => None,
            };
            Leave {
                flight,
                until: None,
                _place: place,
            }
        };
        self.unless_stopped(leave).await
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
