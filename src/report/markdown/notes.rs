//! What a plan notes besides its changes, in Markdown.

use super::super::plan::PlanReport;
use super::escape::fence;
use crate::words::{count, start};

/// How many are listed; the JSON has them all.
const LISTED: usize = 20;

/// The longest line in the list.
const LONGEST: usize = 300;

/// How many there are.
pub(super) fn counted(report: &PlanReport) -> String {
    match report.notes.len() {
        0 => String::new(),
        number => format!(" · {}", count(number, "note")),
    }
}

/// All of them, as far as they are listed.
pub(super) fn fold(report: &PlanReport) -> String {
    if report.notes.is_empty() {
        return String::new();
    }
    let lines = report.notes.iter().take(LISTED);
    let lines = lines.map(|note| start(&note.words.for_terminal(), LONGEST) + "\n");
    let more = match report.notes.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("… and {more} more\n"),
    };
    let list = fence("text", &(lines.collect::<String>() + &more));
    format!("\n<details open><summary>notes</summary>\n\n{list}\n</details>\n")
}
