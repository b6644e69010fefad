//! A plan as Markdown, for a comment on a pull request.
//!
//! A hidden marker comes first, so that a pipeline finds the comment it made before; then a line that says it all, a
//! table, a fold for each change, and a closing line. Untrusted text is in code spans, fences and escaped HTML,
//! and nowhere else.

mod budget;
mod change;
pub mod escape;
mod notes;
mod snapshot;

use super::Untrusted;
use super::about::ServerReport;
use super::diagnostics::json::More;
use super::failure::FailureReport;
use super::options::RenderOptions;
use super::plan::PlanReport;
use super::text::{matches, problem_line, refusal_lines, view_words};
use crate::plan::ActionKind;
use crate::words::{end, listed, start};
use budget::Part;
use escape::{code, comment, fence};

/// How long the words of a failure are at most, where there is hardly any room.
const LONGEST_WORDS: usize = 200;

const TABLE_HEAD: &str = "| | kind | name | what | where |\n|---|---|---|---|---|\n";

/// A plan as Markdown.
pub fn plan_markdown(report: &PlanReport, options: &RenderOptions) -> String {
    let marker = marker(report.about.server.as_ref());
    if let Some(failure) = &report.failure {
        return failed(&marker, report, failure, options);
    }
    if report.changes.is_empty() && report.refusals.is_empty() {
        return format!("{marker}{}", nothing_to_do(report));
    }
    let head = |refusals: &str| format!("{marker}### rcsync: {}\n{refusals}", heading(report));
    let refused = refusals(report);
    let writes = report.forecast.map_or_else(String::new, |forecast| {
        format!("Writes: {}\n\n", forecast.words(" "))
    });
    let footer = format!("{writes}{}", footer(report));
    let parts = report.changes.iter();
    let parts: Vec<_> = parts
        .map(|change| Part::of(change, options.scripts))
        .collect();
    let open = notes::fold(report) + &snapshot::fold(report);
    let whole = budget::fitted(
        &head(&refused),
        &parts,
        &format!("{open}\n{footer}\n"),
        None,
    );
    match options.budget {
        Some(budget) if budget.of(&whole) > budget.room() => {
            let left_out = if open.is_empty() {
                ""
            } else {
                " · the lists of it are left out"
            };
            let foot = format!("\n{footer}{left_out}\n");
            let refused = if budget.of(&refused) > budget.room() / 4 {
                brief_refusals(report)
            } else {
                refused
            };
            budget::fitted(&head(&refused), &parts, &foot, options.budget)
        }
        _ => whole,
    }
}

/// The first line, which no reader sees.
fn marker(server: Option<&ServerReport>) -> String {
    let address = server.map(|server| {
        let address = server.address.for_terminal();
        if server.sandbox {
            return format!(" {}", comment(&format!("sandbox/{address}")));
        }
        let host = address
            .split_once("://")
            .map_or(address.as_str(), |(_, host)| host);
        format!(" {}", comment(host))
    });
    format!("<!-- rcsync plan{} -->\n", address.unwrap_or_default())
}

/// Why the plan as a whole is refused.
fn refusals(report: &PlanReport) -> String {
    let blocks = report.refusals.iter();
    let blocks = blocks.map(|it| format!("\n{}", fence("text", &(refusal_lines(it) + "\n"))));
    blocks.collect()
}

/// Each refusal in one line, where there is hardly any room.
fn brief_refusals(report: &PlanReport) -> String {
    if report.refusals.is_empty() {
        return String::new();
    }
    let lines = report.refusals.iter();
    let lines = lines.map(|it| format!("refused: {}\n", start(&it.why.for_terminal(), 100)));
    format!("\n{}", fence("text", &lines.collect::<String>()))
}

fn heading(report: &PlanReport) -> String {
    let refused = if report.refusals.is_empty() {
        ""
    } else {
        "**refused** · "
    };
    let counts = &report.counts;
    let dying = report
        .changes
        .iter()
        .filter(|change| change.url_dies)
        .count();
    let deaths = match dying {
        0 => String::new(),
        1 => " (1 URL stops working)".to_owned(),
        _ => format!(" ({dying} URLs stop working)"),
    };
    let writes = listed([
        (counts.create, "to create"),
        (counts.update, "to update"),
        (counts.disable, "to disable"),
        (counts.delete, &format!("to delete{deaths}")),
    ]);
    let held = listed([
        (counts.blocked, "blocked"),
        (counts.condition, "with a condition"),
    ]);
    let writes = if writes.is_empty() {
        "nothing to change".to_owned()
    } else {
        writes
    };
    let causes = report.changes.iter().filter_map(|change| change.cause);
    let drifting = causes.filter(|cause| cause.is_drift()).count();
    let drifting = listed([(drifting, "already drifting")]);
    let parts = [writes, held, drifting];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{refused}{}", parts.join(" · "))
}

fn nothing_to_do(report: &PlanReport) -> String {
    let matches = matches(report.counts.unchanged);
    let others = others(report, " · ");
    format!(
        "**rcsync: no changes.** {matches}{others}{}{} · {}\n",
        snapshot::open(report),
        notes::counted(report),
        place(report)
    )
}

/// `12 unmanaged, 1 released`, behind a separator, if there is any such thing.
fn others(report: &PlanReport, separator: &str) -> String {
    let counts = &report.counts;
    let left_out = report.left_out.as_ref();
    let left_out = left_out.map_or(0, |it| it.integrations + it.changes + it.records);
    let others = listed([
        (counts.released, "released"),
        (counts.unmanaged, "unmanaged"),
        (counts.unread, "not read"),
        (left_out, "left out by flags"),
    ]);
    if others.is_empty() {
        return others;
    }
    format!("{separator}{others}")
}

fn footer(report: &PlanReport) -> String {
    let others = others(report, ", ");
    let base = report.base.as_ref();
    let base = base.map(|base| format!(" · base {}", code(&start(&base.for_terminal(), 60))));
    format!(
        "{} unchanged{others}{}{} · {}{}",
        report.counts.unchanged,
        snapshot::open(report),
        notes::counted(report),
        place(report),
        base.unwrap_or_default()
    )
}

/// Which server, and as whom.
fn place(report: &PlanReport) -> String {
    let Some(server) = &report.about.server else {
        return "no server given".to_owned();
    };
    let short = |text: &Untrusted| code(&start(&text.for_terminal(), 60));
    let address = code(&end(&server.address.for_terminal(), 100));
    let mut words = server.words(&address, short);
    if let Some(view) = &report.view {
        words = format!("{words} · **partial view**: {}", view_words(view));
    }
    words + &snapshot::date(report)
}

/// Why there is no plan. What is wrong with manifests is told as far as it fits.
fn failed(
    marker: &str,
    report: &PlanReport,
    failure: &FailureReport,
    options: &RenderOptions,
) -> String {
    let code = failure.exit_code;
    let foot = place(report);
    let whole = |problems: usize, longest: usize| {
        let body = fence("text", &failure_lines(failure, problems, longest));
        format!("{marker}### rcsync: no plan, exit code {code}\n\n{body}\n{foot}\n")
    };
    let mut text = whole(failure.problems.len(), usize::MAX);
    let Some(budget) = options.budget else {
        return text;
    };
    let mut shown = failure.problems.len();
    while shown > 0 && budget.of(&text) > budget.room() {
        shown /= 2;
        text = whole(shown, usize::MAX);
    }
    if budget.of(&text) > budget.room() {
        text = whole(0, LONGEST_WORDS);
    }
    text
}

fn failure_lines(failure: &FailureReport, problems: usize, longest: usize) -> String {
    let words = [Some(&failure.message), failure.help.as_ref()];
    let words = words.into_iter().flatten();
    let mut lines: Vec<_> = words
        .map(|words| start(&words.for_terminal(), longest))
        .collect();
    lines.extend(failure.problems.iter().take(problems).map(problem_line));
    let more: usize = failure.more.iter().map(More::total).sum();
    let more = failure.problems.len() - problems + more;
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The sign of an action; the words beside it say the same.
fn sign(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Blocked | ActionKind::Condition => "❗",
        ActionKind::Delete => "🗑️",
        ActionKind::Disable => "⏸️",
        ActionKind::Update => "✏️",
        ActionKind::Create => "➕",
    }
}
