//! Where a plan goes: standard output in one format, and files in others.

use super::failure::Failure;
use super::files::{self, File, refused};
use crate::cli::{OutputArgs, PlanFormat};
use crate::exit::Exit;
use crate::terminal::{self, Terminal};
use rcsync::report::{self, Attempt, PlanReport, RenderOptions};

/// Shows a plan and writes the files that were asked for, also where it cannot be shown.
///
/// # Errors
/// When it cannot be shown or a file cannot be written; the reason has been shown.
pub(super) fn plan(report: &PlanReport, args: &OutputArgs, terminal: Terminal) -> Result<(), Exit> {
    terminal::out(&rendered(
        report,
        args.format,
        &options(args, terminal.color_out, terminal),
    ));
    write(report, args, terminal)?;
    terminal::check_out()
}

/// Shows a plan on standard error, where a question about it follows, unless standard output shows it there.
pub(super) fn plan_beside_question(report: &PlanReport, args: &OutputArgs, terminal: Terminal) {
    if !terminal::out_is_terminal() {
        let options = options(args, terminal.color_err, terminal);
        terminal::err(&report::plan_text(report, &options));
    }
}

/// Tells of a run that failed, also wherever something reads more than standard error, and says how the run ends.
pub(super) fn failure(
    failure: Failure,
    attempt: &Attempt<'_>,
    args: &OutputArgs,
    terminal: Terminal,
) -> Exit {
    let exit = failure.tell();
    let report = PlanReport::failed(attempt, *failure.report);
    // People have read it on standard error.
    if args.format != PlanFormat::Text {
        terminal::out(&rendered(
            &report,
            args.format,
            &options(args, terminal.color_out, terminal),
        ));
    }
    write(&report, args, terminal)
        .err()
        .map_or(exit, |other| exit.min(other))
}

fn options(args: &OutputArgs, color: bool, terminal: Terminal) -> RenderOptions {
    RenderOptions {
        color,
        verbose: terminal.verbose,
        scripts: args.script_diff,
        budget: args.budget,
    }
}

fn rendered(report: &PlanReport, format: PlanFormat, options: &RenderOptions) -> String {
    match format {
        PlanFormat::Text => report::plan_text(report, options),
        PlanFormat::Markdown => report::plan_markdown(report, options),
        PlanFormat::Json => report::json(report),
        PlanFormat::Github => report::plan_github(report),
    }
}

fn write(report: &PlanReport, args: &OutputArgs, terminal: Terminal) -> Result<(), Exit> {
    let options = options(args, false, terminal);
    let outs = args.out.iter().map(|out| File {
        path: out.path.clone(),
        text: rendered(report, out.format, &options),
        secret: false,
    });
    let outs: Vec<_> = outs.collect();
    files::write(&outs, true).map_err(|why| refused(Exit::Unexpected)(why).tell())
}
