//! Stopping: requests in flight are finished, and whatever only waits ends at once.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

/// How long a look may take that a run is stopped during: it may be waiting for the server's limit.
const LAST_LOOK: Duration = Duration::from_secs(3);

/// What whoever watches over a run says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// Go on.
    #[default]
    GoOn,
    /// Begin nothing new, and finish what is in flight.
    Finish,
    /// Finish nothing more: tell what is known.
    Quit,
}

/// Waits until that much is said. Whoever has gone says nothing more.
pub(super) async fn said(stop: &watch::Receiver<Stop>, least: Stop) {
    let heard = stop.clone().wait_for(|stop| *stop >= least).await.is_ok();
    if !heard {
        std::future::pending::<()>().await;
    }
}

impl super::Run {
    /// Waits so long; `false` if a stop ended it.
    pub(super) async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            biased;
            () = said(&self.stop, Stop::Finish) => false,
            () = sleep(time) => true,
        }
    }

    /// Reads something; `None` if a stop ended it, which leaves a read little time.
    pub(super) async fn look<T>(&self, read: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            read = read => Some(read),
            () = async {
                said(&self.stop, Stop::Finish).await;
                sleep(LAST_LOOK).await;
            } => None,
        }
    }
}
