//! `rcsync apply`: plan, ask where somebody can answer, make the changes, and tell what became of each.

use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use rand::rngs::OsRng;

use super::approval;
use super::base::Against;
use super::failure::Failure;
use super::files::{self, refused};
use super::manifests;
use super::output;
use super::plan::{self, Made, Request};
use super::runtime;
use super::saved::Saved;
use super::session::Session;
use crate::cli::{ApplyArgs, PlanFormat};
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::terminal::{self, Terminal};
use rcsync::apply::Applied;
use rcsync::engine::{self, ApplyOptions, Planned};
use rcsync::plan::Plan;
use rcsync::report::{self, Context, PlanReport, RenderOptions, RunReport, RunText};
use rocketchat_client::Concurrency;

/// Told where somebody could think otherwise.
const UNCHANGED: &str = "Nothing was changed.\n";

/// Applies the manifests.
pub(super) fn run(args: &ApplyArgs, terminal: Terminal) -> Result<Exit, Failure> {
    sensible(args)?;
    let applied = applied(args, terminal);
    Ok(applied.unwrap_or_else(|failed_run| {
        let (args, failure) = *failed_run;
        failed(&args, failure, terminal)
    }))
}

/// Plans, shows the plan and makes it, if it may be made.
fn applied(args: &ApplyArgs, terminal: Terminal) -> Result<Exit, Box<(ApplyArgs, Failure)>> {
    let against = match &args.base {
        // A first push, and one that replaces what was there, have no commit before them; what was merged is applied.
        Some(base) => Against::BaseIfKnown(base),
        None => Against::Nothing,
    };
    let saved = args.plan.as_deref().map(Saved::read).transpose();
    let saved = saved.map_err(|failure| Box::new((args.clone(), failure)))?;
    let args = as_saved(args, saved.as_ref());
    let request = Request {
        manifests: &args.manifests,
        server: &args.server,
        narrow: &args.narrow,
        preflight: args.preflight,
        writing: !args.dry_run,
        approved: approval::is_possible(&args),
        binding: saved.is_some() || args.output.keeps_plan(),
        assumed: None,
        against,
    };
    let done = runtime(plan::in_session(
        &request,
        terminal,
        async |session, made| {
            if let Some(saved) = &saved {
                saved.holds(&made.report)?;
            }
            Ok(shown_and_made(&args, session, made, terminal).await)
        },
    ));
    done.map_err(|failure| Box::new((args.clone(), failure)))
}

async fn shown_and_made(
    args: &ApplyArgs,
    session: &Session,
    made: Made,
    terminal: Terminal,
) -> Exit {
    let shown = output::plan(&made.report, &args.output, terminal).err();
    let run = Run {
        args,
        session,
        context: Context {
            sandbox: session.sandbox.as_deref(),
            ..manifests::context(&made.checked, &args.manifests)
        },
        planned: Arc::new(made.planned),
        plan_report: &made.report,
        terminal,
    };
    if shown.is_some() && !args.dry_run {
        terminal::err(UNCHANGED);
    }
    let refused = run.planned.plan.is_refused().then_some(Exit::Refused);
    if let Some(exit) = refused.into_iter().chain(shown).min() {
        return written(args, &run.untried(exit), exit);
    }
    if args.dry_run {
        return Exit::Done;
    }
    let (report, exit) = run.make().await;
    written(args, &report, exit)
}

/// The flags, and what a saved plan says instead of those that are not given.
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
fn sensible(args: &ApplyArgs) -> Result<(), Failure> {
    if args.output.format != PlanFormat::Text && !args.dry_run {
        let help = "add `--dry-run`, or write the plan with `--out FILE` and the outcomes with `--report FILE`";
        let message = "`--format` is the format of a plan; an apply prints its outcomes as text";
        return Err(Failure::new(Exit::Invalid, message, Some(help)));
    }
    // What was done must not be lost because of a typo.
    if let Some(path) = args.report.as_deref() {
        let help = "`--report` needs a file that can be written";
        files::can_be_written(path)
            .map_err(|problem| Failure::of(Exit::Invalid, &problem.help(help)))?;
    }
    Ok(())
}

/// A plan that may be made.
struct Run<'a> {
    args: &'a ApplyArgs,
    session: &'a Session,
    context: Context<'a>,
    planned: Arc<Planned>,
    plan_report: &'a PlanReport,
    terminal: Terminal,
}

impl Run<'_> {
    /// Makes the changes, if whoever is asked agrees, and tells of them.
    async fn make(&self) -> (RunReport, Exit) {
        let (plan, terminal) = (&self.planned.plan, self.terminal);
        if plan.is_empty() {
            return (self.untried(Exit::Done), Exit::Done);
        }
        let drift = report::drift_text(self.plan_report, &terminal.options());
        if !drift.is_empty() {
            terminal::out(&format!("\n{drift}"));
        }
        // What nobody could see is not done.
        if let Err(exit) = terminal::check_out() {
            terminal::err(UNCHANGED);
            return (self.untried(exit), exit);
        }
        if !approval::is_given(self.args) && plan.has_writes() {
            output::plan_beside_question(self.plan_report, &self.args.output, terminal);
            if !terminal::confirmed(&question(plan)) {
                terminal::err(UNCHANGED);
                return (self.untried(Exit::Refused), Exit::Refused);
            }
        }
        let interrupt = Interrupt::listen();
        let (applied, mut text) = self.apply(&interrupt).await;
        let exit = interrupt.exit();
        let exit = exit.unwrap_or_else(|| Exit::of_applied(&applied));
        let report = self.told(&applied, exit);
        let lead = if text.is_empty() { "\n" } else { "" };
        terminal::out(&format!("{lead}{}", text.rest(&report)));
        if terminal::check_out().is_ok() {
            return (report, exit);
        }
        // What was done must be known anyway.
        let options = RenderOptions {
            color: terminal.color_err,
            ..terminal.options()
        };
        terminal::err(&report::run_text(&report, &options));
        let exit = terminal::ended(exit);
        (self.told(&applied, exit), exit)
    }

    /// Makes the changes, and what was printed of their outcomes.
    async fn apply(&self, interrupt: &Interrupt) -> (Applied, RunText) {
        let options = ApplyOptions {
            concurrency: match self.args.concurrency {
                Some(concurrency) => Concurrency::Fixed(concurrency.into()),
                None => Concurrency::Adaptive,
            },
            // A server may still be at work on what it did not answer in time.
            patience: Duration::from_secs(self.args.server.timeout.into()) * 2,
            fail_fast: self.args.fail_fast,
            seed: OsRng.try_next_u64().unwrap_or_default(),
        };
        let progress = Progress::of(
            &self.planned.plan,
            self.context.texts,
            &self.untried(Exit::Done),
            &self.terminal.options(),
            self.session.reader(),
        );
        let applied = engine::apply(
            self.session.writer(),
            self.planned.clone(),
            &options,
            interrupt.stop.clone(),
            &progress,
        )
        .await;
        (applied, progress.ended())
    }

    /// What became of the plan.
    fn told(&self, applied: &Applied, exit: Exit) -> RunReport {
        RunReport::new(&self.planned.plan, applied, &self.context, exit.code())
    }

    /// What became of it when nobody tried.
    fn untried(&self, exit: Exit) -> RunReport {
        self.told(&Applied::nothing(&self.planned.plan), exit)
    }
}

/// Tells of a run that failed before anything was tried.
fn failed(args: &ApplyArgs, failure: Failure, terminal: Terminal) -> Exit {
    let address = super::session::address(&args.server);
    let attempt = plan::attempt(address.as_deref(), &args.manifests, &args.server);
    let report = RunReport::failed(&attempt, (*failure.report).clone());
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
        Err(why) => exit.min(refused(Exit::Unexpected)(why).tell()),
    }
}

fn question(plan: &Plan) -> String {
    format!(
        "Make these changes on {} as {}?",
        plan.server.url, plan.server.username
    )
}
