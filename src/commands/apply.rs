//! `rcsync apply`: plan, ask where somebody can answer, make the changes, and tell what became of each.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use rand::rngs::OsRng;

use super::approval;
use super::base::Against;
use super::failure::Failure;
use super::files::{self, refused};
use super::interrupt::Interrupt;
use super::output;
use super::plan::{self, Planned, Request};
use super::progress::Progress;
use super::runtime;
use super::saved::Saved;
use super::terminal::{self, Terminal};
use crate::apply::{self, Applied, Options};
use crate::cli::{ApplyArgs, PlanFormat};
use crate::exit::Exit;
use crate::plan::Plan;
use crate::report::{self, Context, Look, RunReport};
use crate::server::Writer;

/// Told where somebody could think otherwise.
const UNCHANGED: &str = "Nothing was changed.\n";

/// Applies the manifests.
pub(super) fn run(args: &ApplyArgs, terminal: Terminal) -> Exit {
    if let Err(exit) = sensible(args) {
        return exit;
    }
    let against = match &args.base {
        // A first push, and one that replaces what was there, have no commit before them; what was merged is applied.
        Some(base) => Against::BaseIfKnown(base),
        None => Against::Nothing,
    };
    let saved = match args.plan.as_deref().map(Saved::read).transpose() {
        Ok(saved) => saved,
        Err(failure) => return failed(args, failure, terminal),
    };
    let args = &as_saved(args, saved.as_ref());
    runtime(async {
        let request = Request {
            manifests: &args.manifests,
            server: &args.server,
            narrow: &args.narrow,
            preflight: args.preflight,
            writing: !args.dry_run,
            approved: approval::is_possible(args),
            binding: saved.is_some() || args.output.keeps_plan(),
            assumed: None,
            against,
        };
        let planned = plan::planned(&request, terminal);
        let planned = planned.await.and_then(|planned| {
            let holds = saved.map_or(Ok(()), |saved| saved.holds(&planned.report));
            holds.map(|()| planned)
        });
        match planned {
            Ok(planned) => {
                let shown = output::plan(&planned.report, &args.output, terminal).err();
                if shown.is_some() && !args.dry_run {
                    terminal::err(UNCHANGED);
                }
                let refused = planned.plan.is_refused().then_some(Exit::Refused);
                if let Some(exit) = refused.into_iter().chain(shown).min() {
                    return written(args, &untried(args, &planned, exit), exit);
                }
                if args.dry_run {
                    return Exit::Done;
                }
                let (report, exit) = make(args, &planned, terminal).await;
                written(args, &report, exit)
            }
            Err(failure) => failed(args, failure, terminal),
        }
    })
}

/// The flags, and what a saved plan says in the place of those that are not given.
fn as_saved(args: &ApplyArgs, saved: Option<&Saved>) -> ApplyArgs {
    let mut args = args.clone();
    if let Some(saved) = saved {
        args.preflight = saved.preflight();
        if args.manifests.paths.is_empty() {
            args.manifests.paths = saved.paths();
        }
    }
    args
}

/// Refuses flags that make no sense before anything is asked or written.
fn sensible(args: &ApplyArgs) -> Result<(), Exit> {
    if args.output.format != PlanFormat::Text && !args.dry_run {
        let hint = "add `--dry-run`, or write the plan with `--out FILE`, and what was done with `--report FILE`";
        terminal::error(
            "`--format` is how a plan looks, and an apply tells what it did as text",
            Some(hint),
        );
        return Err(Exit::Invalid);
    }
    // What was done must not be lost because of a slip of the pen.
    if let Some(path) = args.report.as_deref() {
        let hint = "`--report` needs a file that can be written";
        files::can_be_written(path)
            .map_err(|(message, _)| refused(Exit::Invalid)((message, hint.to_owned())))?;
    }
    Ok(())
}

/// Makes the changes, if whoever is asked agrees, and tells of them.
async fn make(args: &ApplyArgs, planned: &Planned, terminal: Terminal) -> (RunReport, Exit) {
    if planned.plan.is_empty() {
        return (untried(args, planned, Exit::Done), Exit::Done);
    }
    let drift = report::drift_text(&planned.report, &terminal.look());
    if !drift.is_empty() {
        terminal::out(&format!("\n{drift}"));
    }
    // What nobody could see is not done.
    if let Err(exit) = terminal::check_out() {
        terminal::err(UNCHANGED);
        return (untried(args, planned, exit), exit);
    }
    if !approval::is_given(args) && planned.plan.has_writes() {
        output::plan_beside_question(&planned.report, &args.output, terminal);
        if !terminal::confirmed(&question(&planned.plan)) {
            terminal::err(UNCHANGED);
            return (untried(args, planned, Exit::Refused), Exit::Refused);
        }
    }
    let interrupt = Interrupt::listen();
    let applied = apply(args, planned, &interrupt).await;
    let exit = interrupt.exit().unwrap_or_else(|| apply::exit_of(&applied));
    let report = told(args, planned, &applied, exit);
    let text = report::run_text(&report, &terminal.look());
    terminal::out(&format!("\n{text}"));
    if terminal::check_out().is_ok() {
        return (report, exit);
    }
    // What was done must be known all the same.
    let look = Look {
        color: terminal.color_err,
        ..terminal.look()
    };
    terminal::err(&report::run_text(&report, &look));
    let exit = terminal::ended(exit);
    (told(args, planned, &applied, exit), exit)
}

/// What became of a plan.
fn told(args: &ApplyArgs, planned: &Planned, applied: &Applied, exit: Exit) -> RunReport {
    let context = context(args, planned);
    RunReport::new(&planned.plan, applied, &context, exit.code())
}

/// What became of a plan that nobody tried.
fn untried(args: &ApplyArgs, planned: &Planned, exit: Exit) -> RunReport {
    told(args, planned, &Applied::nothing(&planned.plan), exit)
}

async fn apply(args: &ApplyArgs, planned: &Planned, interrupt: &Interrupt) -> Applied {
    let records = planned.observed.records.iter();
    let options = Options {
        concurrency: NonZeroUsize::from(args.concurrency),
        seen: records.map(|it| (it.id.clone(), it.clone())).collect(),
        read_at: planned.read_at,
        // A server may still be at work on what it did not answer in time.
        patience: Duration::from_secs(args.server.timeout.into()) * 2,
        fail_fast: args.fail_fast,
        seed: OsRng.try_next_u64().unwrap_or_default(),
    };
    let writer = Arc::new(Writer::beside(&planned.session.reader));
    let progress = Progress::of(&planned.plan, &planned.session.reader);
    apply::apply(
        &planned.plan,
        writer,
        options,
        interrupt.stop.clone(),
        &mut |index, _| progress.done(index),
    )
    .await
}

fn context<'a>(args: &'a ApplyArgs, planned: &'a Planned) -> Context<'a> {
    Context {
        sandbox: planned.session.sandbox.as_deref(),
        ..plan::context(&planned.loaded, &args.manifests)
    }
}

/// Tells of a run that failed before anything was tried.
fn failed(args: &ApplyArgs, failure: Failure, terminal: Terminal) -> Exit {
    let address = super::session::address(&args.server);
    let attempt = plan::attempt(address.as_deref(), &args.manifests, &args.server);
    let report = RunReport::failed(&attempt, failure.report.clone());
    let exit = output::failure(failure, &attempt, &args.output, terminal);
    written(args, &report, exit)
}

/// Writes the report where it was asked for, and says how the run ends.
fn written(args: &ApplyArgs, report: &RunReport, exit: Exit) -> Exit {
    let Some(path) = &args.report else {
        return exit;
    };
    match files::replace(path, report::json(report), false) {
        Ok(()) => exit,
        Err(why) => exit.min(refused(Exit::Unexpected)(why).into()),
    }
}

fn question(plan: &Plan) -> String {
    format!(
        "Make these changes on {} as {}?",
        plan.server.url, plan.server.username
    )
}
