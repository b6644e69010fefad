//! A plan as Markdown, for a comment on a pull request.
//!
//! A hidden marker comes first, so that a pipeline finds the comment it made before; then a line that says it all, a
//! table, a fold for each change, and a closing line. Foreign text stands in code spans, fences and escaped HTML,
//! and nowhere else.

mod budget;
mod change;
mod escape;
mod snapshot;

use super::Foreign;
use super::failure::FailureReport;
use super::look::Look;
use super::plan::{ActionWord, PlanReport, ServerReport};
use super::text::problem_line;
use budget::Part;
use escape::{code, comment, end, fence, start};

/// How long the words of a failure are at most, where there is hardly any room.
const LONGEST_WORDS: usize = 200;

const TABLE_HEAD: &str = "| | kind | name | what | where |\n|---|---|---|---|---|\n";

/// A plan as Markdown.
pub(crate) fn plan_markdown(report: &PlanReport, look: &Look) -> String {
    let marker = marker(report.server.as_ref());
    if let Some(failure) = &report.failure {
        return failed(&marker, report, failure, look);
    }
    if report.changes.is_empty() {
        return format!("{marker}{}", nothing_to_do(report));
    }
    let head = format!("{marker}### rcsync: {}\n", heading(report));
    let writes = report.forecast.map_or_else(String::new, |forecast| {
        format!("Writes: {}\n\n", forecast.words(" "))
    });
    let open = snapshot::fold(report, look.budget);
    let foot = format!("{open}\n{writes}{}\n", footer(report));
    let parts = report
        .changes
        .iter()
        .map(|change| Part::of(change, look.scripts));
    budget::fitted(&head, &parts.collect::<Vec<_>>(), &foot, look.budget)
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

fn heading(report: &PlanReport) -> String {
    let counts = &report.counts;
    let dying = report
        .changes
        .iter()
        .filter(|change| change.url_dies)
        .count();
    let deaths = match dying {
        0 => String::new(),
        1 => " (1 URL dies)".to_owned(),
        _ => format!(" ({dying} URLs die)"),
    };
    let writes = listed([
        (counts.create, "to create".to_owned()),
        (counts.update, "to update".to_owned()),
        (counts.delete, format!("to delete{deaths}")),
    ]);
    let held = listed([
        (counts.blocked, "blocked".to_owned()),
        (counts.condition, "with a condition".to_owned()),
    ]);
    let writes = if writes.is_empty() {
        "nothing to change".to_owned()
    } else {
        writes
    };
    if held.is_empty() {
        writes
    } else {
        format!("{writes} · {held}")
    }
}

/// `1 to create, 2 to update`: those that are not none.
fn listed<const N: usize>(counts: [(usize, String); N]) -> String {
    let some = counts.into_iter().filter(|(number, _)| *number > 0);
    let some: Vec<_> = some
        .map(|(number, words)| format!("{number} {words}"))
        .collect();
    some.join(", ")
}

fn nothing_to_do(report: &PlanReport) -> String {
    let are = match report.counts.unchanged {
        1 => "1 integration is".to_owned(),
        number => format!("{number} integrations are"),
    };
    let others = others(report);
    let others = if others.is_empty() {
        others
    } else {
        format!(" · {others}")
    };
    format!(
        "**rcsync: no changes**: {are} as written{others}{} · {}\n",
        snapshot::open(report),
        place(report)
    )
}

/// `12 unmanaged, 1 released`.
fn others(report: &PlanReport) -> String {
    let counts = &report.counts;
    listed([
        (counts.released, "released".to_owned()),
        (counts.unmanaged, "unmanaged".to_owned()),
    ])
}

fn footer(report: &PlanReport) -> String {
    let others = others(report);
    let others = if others.is_empty() {
        others
    } else {
        format!(", {others}")
    };
    format!(
        "{} unchanged{others}{} · {}",
        report.counts.unchanged,
        snapshot::open(report),
        place(report)
    )
}

/// Which server, and as whom.
fn place(report: &PlanReport) -> String {
    let Some(server) = &report.server else {
        return "no server named".to_owned();
    };
    let short = |text: &Foreign| code(&start(&text.for_terminal(), 60));
    let sandbox = if server.sandbox { "sandbox " } else { "" };
    let mut words = format!(
        "{sandbox}{}",
        code(&end(&server.address.for_terminal(), 100))
    );
    match &server.version {
        Some(version) => words = format!("{words} · Rocket.Chat {}", short(version)),
        None if server.account.is_some() => words.push_str(" · Rocket.Chat of an unknown version"),
        None => {}
    }
    if let Some(account) = &server.account {
        words = format!("{words} · as {}", short(account));
    }
    words + &snapshot::date(report)
}

/// Why there is no plan. What is wrong with manifests is told as far as it fits.
fn failed(marker: &str, report: &PlanReport, failure: &FailureReport, look: &Look) -> String {
    let code = failure.exit_code;
    let foot = place(report);
    let whole = |problems: usize, longest: usize| {
        let body = fence("text", &failure_lines(failure, problems, longest));
        format!("{marker}### rcsync: no plan, exit code {code}\n\n{body}\n{foot}\n")
    };
    let mut text = whole(failure.problems.len(), usize::MAX);
    let Some(budget) = look.budget else {
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
    let words = [Some(&failure.message), failure.hint.as_ref()];
    let words = words.into_iter().flatten();
    let mut lines: Vec<_> = words
        .map(|words| start(&words.for_terminal(), longest))
        .collect();
    lines.extend(failure.problems.iter().take(problems).map(problem_line));
    if problems < failure.problems.len() {
        lines.push(format!("… and {} more", failure.problems.len() - problems));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The sign of an action; the words beside it say the same.
fn sign(action: ActionWord) -> &'static str {
    match action {
        ActionWord::Blocked | ActionWord::Condition => "❗",
        ActionWord::Delete => "🗑️",
        ActionWord::Update => "✏️",
        ActionWord::Create => "➕",
    }
}
