//! What became of a plan, as text.

use anstyle::Style;

use super::super::look::Look;
use super::super::run::{CheckReport, OutcomeReport, OutcomeWord, RunReport};
use super::{Foreign, GREEN, Page, RED, YELLOW, beside, field_text, head, name_width, placed};

/// What became of a plan, as text.
pub fn run_text(report: &RunReport, look: &Look) -> String {
    let mut page = Page::new(look);
    for outcome in &report.outcomes {
        outcome_text(outcome, &mut page);
    }
    page.line("");
    closing(report, &mut page);
    page.text
}

/// How an outcome reads: its sign, its word, whether it is as wanted.
fn outcome_words(word: OutcomeWord) -> (&'static str, &'static str, Style) {
    match word {
        OutcomeWord::Created => ("+", "created", GREEN),
        OutcomeWord::Adopted => ("+", "adopted", GREEN),
        OutcomeWord::Updated => ("~", "updated", YELLOW),
        OutcomeWord::Disabled => ("~", "disabled", RED),
        OutcomeWord::Deleted => ("-", "deleted", RED),
        OutcomeWord::AlreadyGone => ("-", "was gone", RED),
        OutcomeWord::Stale => ("!", "stale", YELLOW),
        OutcomeWord::NotApplied => ("!", "not taken", RED),
        OutcomeWord::Doubled => ("!", "doubled", RED),
        OutcomeWord::Failed => ("!", "failed", RED),
        OutcomeWord::Unknown => ("!", "unknown", RED),
        OutcomeWord::Condition => ("!", "condition", YELLOW),
        OutcomeWord::Blocked => ("!", "blocked", YELLOW),
        OutcomeWord::NotAttempted => ("!", "not begun", YELLOW),
    }
}

fn outcome_text(outcome: &OutcomeReport, page: &mut Page) {
    let (sign, word, style) = outcome_words(outcome.outcome);
    let head = head(sign, word, style, &outcome.subject, page);
    let line = match &outcome.id {
        Some(id) if outcome.outcome.is_done() => beside(&head, &id.for_terminal(), page),
        _ => placed(&head, outcome.place.as_ref(), page),
    };
    page.line(line);
    if let Some(why) = &outcome.why {
        page.words(&why.for_terminal());
    }
    for record in &outcome.records {
        page.line(format!("      {}", record.for_terminal()));
    }
    if let Some(remedy) = &outcome.remedy {
        page.words(&remedy.for_terminal());
    }
    let width = name_width(&outcome.fields);
    for field in &outcome.fields {
        field_text(field, width, "", page);
    }
}

/// The counts, whether what was made was looked back at, and what to do next.
fn closing(report: &RunReport, page: &mut Page) {
    let mut line = format!("{}: {}.", lead(report), counted(report));
    if let CheckReport::Listed { listings } = &report.check {
        line.push_str(&verified(*listings));
    }
    page.line(line);
    let twins: usize = report
        .outcomes
        .iter()
        .map(|it| it.removed_twins.len())
        .sum();
    if twins > 0 {
        let what = if twins == 1 { "twin was" } else { "twins were" };
        page.line(format!(
            "{twins} {what} removed: a run beside this one made the same."
        ));
    }
    if let CheckReport::NotDone { why } = &report.check {
        page.line(format!(
            "Not verified: nobody looked whether other runs made the same: {}.",
            why.for_terminal()
        ));
        page.line("Plan again before the URLs of new webhooks are used.");
    } else if report.outcomes.iter().any(OutcomeReport::has_new_url) {
        let paths = report.manifest.paths.iter();
        let paths: Vec<_> = paths.map(Foreign::for_terminal).collect();
        let sandbox = report.server.iter().filter(|server| server.sandbox);
        let sandbox = sandbox.map(|server| format!(" --sandbox={}", server.address.for_terminal()));
        page.line(format!(
            "URLs of new webhooks: rcsync urls {}{}",
            paths.join(" "),
            sandbox.collect::<String>()
        ));
    }
}

fn verified(listings: usize) -> String {
    match listings {
        1 => " Verified by one listing.".to_owned(),
        several => format!(" Verified by {several} listings."),
    }
}

fn lead(report: &RunReport) -> &'static str {
    match report.counts.done {
        0 => "Nothing applied",
        all if all == report.outcomes.len() => "Applied",
        _ => "Applied in part",
    }
}

/// `1 created, 1 failed`
fn counted(report: &RunReport) -> String {
    let words = [
        (OutcomeWord::Created, "created"),
        (OutcomeWord::Adopted, "adopted"),
        (OutcomeWord::Updated, "updated"),
        (OutcomeWord::Disabled, "disabled"),
        (OutcomeWord::Deleted, "deleted"),
        (OutcomeWord::AlreadyGone, "already gone"),
        (OutcomeWord::Stale, "stale"),
        (OutcomeWord::NotApplied, "accepted but not applied"),
        (OutcomeWord::Doubled, "doubled"),
        (OutcomeWord::Failed, "failed"),
        (OutcomeWord::Unknown, "unknown"),
        (OutcomeWord::Blocked, "blocked"),
        (OutcomeWord::Condition, "condition"),
        (OutcomeWord::NotAttempted, "not begun"),
    ];
    let number = |word| {
        let outcomes = report.outcomes.iter();
        outcomes.filter(|outcome| outcome.outcome == word).count()
    };
    let counts = words.iter().map(|(word, text)| (number(*word), text));
    let counts = counts.filter(|(number, _)| *number > 0);
    let counts: Vec<_> = counts
        .map(|(number, text)| format!("{number} {text}"))
        .collect();
    counts.join(", ")
}
