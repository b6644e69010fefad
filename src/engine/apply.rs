//! Making the changes of a plan, in a task of their own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::{Event, Events, Planned};
use crate::apply::{self, Applied, Options, Outcome, Stop};
use crate::client::Concurrency;
use crate::server::Writer;

/// How to go about it.
#[derive(Clone, Debug)]
pub struct ApplyOptions {
    /// How many writes may be in flight at once.
    pub concurrency: Concurrency,
    /// How long after sending a create that was not answered its record is looked for.
    pub patience: Duration,
    /// Whether the first failure keeps further writes from being started.
    pub fail_fast: bool,
    /// Seed of what is left to chance.
    pub seed: u64,
}

/// Makes the changes, and looks back at what was made. `stop` says how far to go on.
///
/// The writes run in a task of their own: dropping this future starts no further write and drops none that was sent. The
/// runtime has to live until they are answered.
pub async fn apply(
    writer: Writer,
    planned: Arc<Planned>,
    options: &ApplyOptions,
    stop: watch::Receiver<Stop>,
    events: &dyn Events,
) -> Applied {
    let records = planned.observed.records.iter();
    let options = Options {
        concurrency: options.concurrency,
        seen: records.map(|it| (it.id.clone(), it.clone())).collect(),
        read_at: planned.read_at,
        patience: options.patience,
        fail_fast: options.fail_fast,
        seed: options.seed,
    };
    let asked = Asked(watch::channel(*stop.borrow()).0);
    let heard = asked.0.subscribe();
    let (tell, mut told) = mpsc::unbounded_channel();
    let of = planned.clone();
    let run = tokio::spawn(async move {
        // Whoever has dropped the future hears no more.
        let mut written = |index, outcome: &Outcome| {
            let _ = tell.send((index, outcome.clone()));
        };
        apply::apply(&of.plan, Arc::new(writer), options, heard, &mut written).await
    });
    let passed_on = async {
        let mut stop = stop;
        while stop.changed().await.is_ok() {
            asked.0.send_replace(*stop.borrow());
        }
        std::future::pending::<()>().await;
    };
    let listened = async {
        while let Some((index, outcome)) = told.recv().await {
            events.event(&Event::Written(index, &outcome));
        }
    };
    tokio::select! {
        () = passed_on => {}
        () = listened => {}
    }
    match run.await {
        Ok(applied) => applied,
        // A fault of ours: what was begun is not known.
        Err(_) => Applied::lost(&planned.plan),
    }
}

/// How far the task is to go on. Dropped with the future, it keeps the task from starting anything more.
struct Asked(watch::Sender<Stop>);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.send_modify(|stop| *stop = (*stop).max(Stop::Finish));
    }
}
