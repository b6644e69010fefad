//! SIGINT and SIGTERM: at the first nothing new is begun and what is in flight finishes, at the second what is known
//! is told; either way there is a report.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::terminal;
use crate::apply::Stop;
use crate::exit::Exit;

/// What signals have said so far.
pub(super) struct Interrupt {
    /// How far the run is to go on.
    pub(super) stop: watch::Receiver<Stop>,
    by: watch::Receiver<Option<Exit>>,
}

impl Interrupt {
    /// Listens from now on.
    pub(super) fn listen() -> Self {
        let (say, stop) = watch::channel(Stop::GoOn);
        let (name, by) = watch::channel(None);
        tokio::spawn(async move {
            let (Ok(mut interrupt), Ok(mut terminate)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
            ) else {
                return;
            };
            let by_terminate = either(&mut interrupt, &mut terminate).await;
            terminal::err(
                "stopping: what is on its way is finished, nothing new is begun; once more quits at once\n",
            );
            name.send_replace(Some(Exit::Interrupted { by_terminate }));
            say.send_replace(Stop::Finish);
            either(&mut interrupt, &mut terminate).await;
            terminal::err("quitting: what is on its way may still be done\n");
            say.send_replace(Stop::Quit);
            // Whoever listens must not think that nobody can say more.
            std::future::pending::<()>().await;
        });
        Self { stop, by }
    }

    /// How the run ends, if a signal came.
    pub(super) fn exit(&self) -> Option<Exit> {
        *self.by.borrow()
    }
}

/// Waits for one of them, and says whether it was the second.
async fn either(interrupt: &mut Signal, terminate: &mut Signal) -> bool {
    tokio::select! {
        _ = interrupt.recv() => false,
        _ = terminate.recv() => true,
    }
}
