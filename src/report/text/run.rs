//! What became of a plan, as text.

use anstyle::Style;

use super::super::look::Look;
use super::super::run::{OutcomeReport, OutcomeWord, RunReport};
use super::{GREEN, Page, RED, YELLOW, beside, field_text, head, name_width, placed};

/// What became of a plan, as text.
pub(crate) fn run_text(report: &RunReport, look: &Look) -> String {
    let mut page = Page::new(look);
    for outcome in &report.outcomes {
        outcome_text(outcome, &mut page);
    }
    page.line("");
    let line = closing(report);
    page.line(line);
    page.text
}

/// How an outcome reads: its sign, its word, whether it is as wanted.
fn outcome_words(word: OutcomeWord) -> (&'static str, &'static str, Style) {
    match word {
        OutcomeWord::Created => ("+", "created", GREEN),
        OutcomeWord::Adopted => ("+", "adopted", GREEN),
        OutcomeWord::Updated => ("~", "updated", YELLOW),
        OutcomeWord::Deleted => ("-", "deleted", RED),
        OutcomeWord::AlreadyGone => ("-", "was gone", RED),
        OutcomeWord::Stale => ("!", "stale", YELLOW),
        OutcomeWord::NotApplied => ("!", "not taken", RED),
        OutcomeWord::Failed => ("!", "failed", RED),
        OutcomeWord::Unknown => ("!", "unknown", RED),
        OutcomeWord::Condition => ("!", "condition", YELLOW),
        OutcomeWord::Blocked => ("!", "blocked", YELLOW),
        OutcomeWord::NotAttempted => ("!", "not begun", YELLOW),
    }
}

fn outcome_text(outcome: &OutcomeReport, page: &mut Page) {
    let (sign, word, style) = outcome_words(outcome.outcome);
    let head = head(sign, word, style, &outcome.kind_word, &outcome.name, page);
    let line = match &outcome.id {
        Some(id) if is_done(outcome.outcome) => beside(&head, &id.for_terminal(), page),
        _ => placed(&head, outcome.place.as_ref(), page),
    };
    page.line(line);
    for words in [&outcome.why, &outcome.remedy].into_iter().flatten() {
        page.words(&words.for_terminal());
    }
    let width = name_width(&outcome.fields);
    for field in &outcome.fields {
        field_text(field, width, "", page);
    }
}

/// Whether the server is as wanted.
fn is_done(word: OutcomeWord) -> bool {
    matches!(
        word,
        OutcomeWord::Created
            | OutcomeWord::Adopted
            | OutcomeWord::Updated
            | OutcomeWord::Deleted
            | OutcomeWord::AlreadyGone
    )
}

/// `Applied in part: 1 created, 1 failed.`
fn closing(report: &RunReport) -> String {
    let words = [
        (OutcomeWord::Created, "created"),
        (OutcomeWord::Adopted, "adopted"),
        (OutcomeWord::Updated, "updated"),
        (OutcomeWord::Deleted, "deleted"),
        (OutcomeWord::AlreadyGone, "already gone"),
        (OutcomeWord::Stale, "stale"),
        (OutcomeWord::NotApplied, "accepted but not applied"),
        (OutcomeWord::Failed, "failed"),
        (OutcomeWord::Unknown, "unknown"),
        (OutcomeWord::Blocked, "blocked"),
        (OutcomeWord::Condition, "condition"),
        (OutcomeWord::NotAttempted, "not begun"),
    ];
    let number = |word| {
        report
            .outcomes
            .iter()
            .filter(|outcome| outcome.outcome == word)
            .count()
    };
    let counts: Vec<_> = words
        .iter()
        .map(|(word, text)| (number(*word), text))
        .filter(|(number, _)| *number > 0)
        .map(|(number, text)| format!("{number} {text}"))
        .collect();
    let done = report
        .outcomes
        .iter()
        .filter(|outcome| is_done(outcome.outcome))
        .count();
    let lead = match done {
        0 => "Nothing applied",
        all if all == report.outcomes.len() => "Applied",
        _ => "Applied in part",
    };
    format!("{lead}: {}.", counts.join(", "))
}
