//! Workflow commands of GitHub Actions: what stands beside the lines of a pull request.
//!
//! GitHub shows the first ten errors, warnings and notices of a step.

use super::Untrusted;
use super::diagnostics::json::{More, ProblemReport};
use super::plan::{ChangeReport, ConditionReport, PlaceReport, PlanReport};
use super::text::{field_line, pruned_words, refusal_lines};
use crate::plan::ActionKind;
use crate::problem::Severity;

/// Findings as annotations, and for each file one that says how many more there are.
pub fn problems_github(problems: &[ProblemReport], more: &[More]) -> String {
    let more = more.iter().map(|more| {
        let level = if more.errors > 0 { "error" } else { "warning" };
        command(level, Some((&more.file, 1, 1)), "rcsync", &more.words())
    });
    problems.iter().map(problem).chain(more).collect()
}

fn problem(problem: &ProblemReport) -> String {
    let message = with_help(&problem.message, problem.help.as_ref());
    let place = Some((&problem.file, problem.line, problem.column));
    command(
        level(problem.severity),
        place,
        &problem.code.for_terminal(),
        &message,
    )
}

/// A message with the help below it.
fn with_help(message: &Untrusted, help: Option<&Untrusted>) -> String {
    let lines = [Some(message), help].into_iter().flatten();
    lines
        .map(Untrusted::for_terminal)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A plan as annotations: how many changes there are, and each beside its entry.
pub fn plan_github(report: &PlanReport) -> String {
    if let Some(failure) = &report.failure {
        let message = with_help(&failure.message, failure.help.as_ref());
        return command("error", None, "rcsync: no plan", &message)
            + &problems_github(&failure.problems, &failure.more);
    }
    let summary = super::text::summary_line(report);
    let refusals = report.refusals.iter();
    let refusals: String = refusals
        .map(|it| command("error", None, "rcsync: refused", &refusal_lines(it)))
        .collect();
    let changes: String = report.changes.iter().map(change).collect();
    let notes = report.notes.iter();
    let notes: String = notes
        .map(|it| {
            command(
                "warning",
                None,
                &it.code.for_terminal(),
                &it.words.for_terminal(),
            )
        })
        .collect();
    refusals + &command("notice", None, "rcsync plan", &summary) + &changes + &notes
}

fn change(change: &ChangeReport) -> String {
    let level = match change.action {
        ActionKind::Blocked => "error",
        ActionKind::Condition => "warning",
        _ => "notice",
    };
    let (word, subject) = (change.action.word(), &change.subject);
    let name = subject.name.for_terminal();
    let title = format!("{word} {} {name}", subject.kind.word());
    let place = change.place.as_ref();
    let place = place.map(|PlaceReport { file, line, column }| (file, *line, *column));
    command(level, place, &title, &message(change))
}

/// What would be done, and why not.
fn message(change: &ChangeReport) -> String {
    let mut lines = Vec::new();
    for blocked in &change.blocked {
        lines.push(blocked.why.for_terminal());
        lines.extend(blocked.choices.iter().map(Untrusted::for_terminal));
        lines.push(blocked.help.for_terminal());
    }
    lines.extend(change.fields.iter().map(field_line));
    lines.extend(change.conditions.iter().flat_map(ConditionReport::lines));
    lines.extend(pruned_words(change).map(str::to_owned));
    if change.url_dies {
        lines.push("its URL stops working for good; senders will get errors".to_owned());
    }
    if lines.is_empty() {
        lines.push("no fields".to_owned());
    }
    lines.join("\n")
}

/// `::error file=…,line=…,col=…,title=…::…`. What was read from standard input has no file to stand beside.
/// What GitHub calls it.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "notice",
        other => other.word(),
    }
}

fn command(
    level: &str,
    place: Option<(&Untrusted, usize, usize)>,
    title: &str,
    message: &str,
) -> String {
    let place = place.map(|(file, line, column)| (file.for_terminal(), line, column));
    let place = place.filter(|(file, ..)| !file.starts_with('<'));
    let place = place.map_or_else(String::new, |(file, line, column)| {
        format!("file={},line={line},col={column},", property(&file))
    });
    format!(
        "::{level} {place}title={}::{}\n",
        property(title),
        data(message)
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_a_command() {
        let file = Untrusted::from("a,b:c%\n::error::x");
        let made = command(
            "error",
            Some((&file, 1, 2)),
            "t: 100 %, x",
            "m\n::warning::y",
        );
        assert_eq!(
            made,
            "::error file=a%2Cb%3Ac%25\\u{a}%3A%3Aerror%3A%3Ax,line=1,col=2,title=t%3A 100 %25%2C x::m%0A::warning::y\n"
        );
    }

    #[test]
    fn standard_input_is_no_file() {
        let file = Untrusted::from("<stdin>");
        assert_eq!(
            command("notice", Some((&file, 1, 2)), "t", "m"),
            "::notice title=t::m\n"
        );
    }
}
