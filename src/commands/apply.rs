//! `rcsync apply`: plan, ask where somebody can answer, make the changes, and tell what became of each.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::base::Against;
use super::failure::Failure;
use super::output;
use super::plan::{self, Planned};
use super::runtime;
use super::saved::Saved;
use super::terminal::{self, Terminal};
use crate::apply::{self, Options};
use crate::cli::{ApplyArgs, ManifestArgs, PlanFormat};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::report::{self, RunReport};
use crate::server::Writer;

/// Applies the manifests.
pub(super) fn run(args: &ApplyArgs, terminal: Terminal) -> Exit {
    if args.output.format != PlanFormat::Text && !args.dry_run {
        let hint = "add `--dry-run`, or write the plan with `--out FILE`";
        terminal::error(
            "`--format` is how a plan looks, and an apply tells what it did as text",
            Some(hint),
        );
        return Exit::Invalid;
    }
    let against = match &args.base {
        Some(base) => Against::Base(base),
        None => Against::Nothing,
    };
    let saved = match args.plan.as_deref().map(Saved::read).transpose() {
        Ok(saved) => saved,
        Err(failure) => return told(failure, args, &args.manifests, terminal),
    };
    let mut manifests = args.manifests.clone();
    let mut preflight = args.preflight;
    if let Some(saved) = &saved {
        preflight = saved.preflight();
        if manifests.paths.is_empty() {
            manifests.paths = saved.paths();
        }
    }
    runtime(async {
        let writing = !args.dry_run;
        let planned = plan::planned(
            &manifests,
            &args.server,
            preflight,
            writing,
            None,
            against,
            terminal,
        );
        let planned = planned.await.and_then(|planned| {
            let holds = saved.map_or(Ok(()), |saved| saved.holds(&planned.report));
            holds.map(|()| planned)
        });
        match planned {
            Ok(planned) => {
                if let Err(exit) = output::plan(&planned.report, &args.output, terminal) {
                    return exit;
                }
                if args.dry_run || planned.plan.is_empty() {
                    return Exit::Done;
                }
                make(args, &planned, terminal).await
            }
            Err(failure) => told(failure, args, &manifests, terminal),
        }
    })
}

/// Tells of a run that failed.
fn told(failure: Failure, args: &ApplyArgs, manifests: &ManifestArgs, terminal: Terminal) -> Exit {
    plan::failed(failure, manifests, &args.server, &args.output, terminal)
}

/// Makes the changes, if whoever is asked agrees.
async fn make(args: &ApplyArgs, planned: &Planned, terminal: Terminal) -> Exit {
    let drift = report::drift_text(&planned.report, &terminal.look());
    if !drift.is_empty() {
        terminal::out(&format!("\n{drift}"));
    }
    // A sandbox holds nothing that anybody would miss.
    let ask = !args.yes && planned.session.sandbox.is_none() && planned.plan.has_writes();
    if ask && !terminal::confirmed(&question(&planned.plan)) {
        terminal::err("Nothing was changed.\n");
        return Exit::Refused;
    }
    let options = Options {
        concurrency: NonZeroUsize::from(args.concurrency),
        seen: planned
            .observed
            .records
            .iter()
            .map(|record| record.id.clone())
            .collect(),
        read_at: planned.read_at,
        patience: Duration::from_secs(args.server.timeout.into()),
    };
    let writer = Arc::new(Writer::beside(&planned.session.reader));
    let stop = Stop::listen();
    let applied = apply::apply(
        &planned.plan,
        writer,
        options,
        stop.stopped.clone(),
        &mut |_, _| {},
    )
    .await;
    let report = RunReport::new(&planned.plan, &applied, &planned.loaded.sources.texts);
    terminal::out(&format!(
        "\n{}",
        report::run_text(&report, &terminal.look())
    ));
    stop.exit().unwrap_or_else(|| apply::exit_of(&applied))
}

fn question(plan: &Plan) -> String {
    format!(
        "Make these changes on {} as {}?",
        plan.server.url, plan.server.username
    )
}

/// SIGINT and SIGTERM: nothing new is begun, what is in flight finishes, the report is printed.
struct Stop {
    stopped: watch::Receiver<bool>,
    by: watch::Receiver<Option<Exit>>,
}

impl Stop {
    fn listen() -> Self {
        let (stop, stopped) = watch::channel(false);
        let (name, by) = watch::channel(None);
        tokio::spawn(async move {
            let (Ok(mut interrupt), Ok(mut terminate)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
            ) else {
                return;
            };
            let by_terminate = tokio::select! {
                _ = interrupt.recv() => false,
                _ = terminate.recv() => true,
            };
            terminal::err("stopping: what is on its way is finished, nothing new is begun\n");
            let _ = name.send(Some(Exit::Interrupted { by_terminate }));
            let _ = stop.send(true);
        });
        Self { stopped, by }
    }

    /// How the run ends, if a signal came.
    fn exit(&self) -> Option<Exit> {
        *self.by.borrow()
    }
}
