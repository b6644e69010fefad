//! SIGINT and SIGTERM: at the first nothing new is begun and what is in flight finishes, at the second what is known
//! is reported; either way there is a report.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::terminal;
use rcsync::apply::Stop;

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
        let mut signals = Signals::listen();
        tokio::spawn(async move {
            let by_terminate = signals.next().await;
            terminal::err(
                "Stopping after the requests in flight. Press Ctrl-C again to quit now.\n",
            );
            name.send_replace(Some(Exit::Interrupted { by_terminate }));
            say.send_replace(Stop::Finish);
            signals.next().await;
            terminal::err("Quitting: the requests in flight may still take effect.\n");
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

/// The signals that ask for an end. Without them, where the system gives none, the process ends as it would.
pub(super) struct Signals(Option<(Signal, Signal)>);

impl Signals {
    /// Takes them over from now on, also while nobody waits for one.
    pub(super) fn listen() -> Self {
        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        Self(interrupt.ok().zip(terminate.ok()))
    }

    /// Waits for the next one, and says whether it was SIGTERM.
    pub(super) async fn next(&mut self) -> bool {
        let Some((interrupt, terminate)) = &mut self.0 else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => false,
            _ = terminate.recv() => true,
        }
    }
}
