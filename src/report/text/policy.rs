//! What a plan as text says about pruning, about what flags leave out, and about refusals.

use super::super::plan::{ActionWord, ChangeReport, PlanReport};
use super::super::policy::{
    LeftAloneWord, LeftOutReport, RefusalReport, StepWord, UnmanagedReport,
};
use super::{COLUMNS, Foreign, Page, RED, count, shortened};

/// What pruning does to a record, below its heading.
pub(super) fn pruned_text(change: &ChangeReport, page: &mut Page) {
    let text = match (change.pruned, change.action) {
        (None, _) => return,
        (Some(_), ActionWord::Blocked) => "in no entry: it should be pruned, and cannot",
        (Some(StepWord::Off), _) => "in no entry: switched off, and kept",
        (Some(StepWord::First), _) => {
            "in no entry: switched off now; announced second step: a later run that finds it switched off deletes it"
        }
        (Some(StepWord::Second), _) => "in no entry: second step, it was found switched off",
        (Some(StepWord::AtOnce), _) => "in no entry: deleted at once",
    };
    page.words(text);
}

/// What the flags of the run leave out, in one line.
pub(super) fn left_out_text(left_out: &LeftOutReport, page: &mut Page) {
    let parts = [
        (left_out.integrations, "integration"),
        (left_out.changes, "change"),
        (left_out.records, "record in no entry"),
    ];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| match noun {
            "record in no entry" if number > 1 => format!("{number} records in no entry"),
            noun => count(number, noun),
        })
        .collect();
    page.line(format!("Left out by flags: {}.", parts.join(", ")));
}

/// Why the plan as a whole is refused.
pub(super) fn refusal_text(refusal: &RefusalReport, page: &mut Page) {
    page.line("");
    let why = wrapped(&format!("refused: {}", refusal.why.for_terminal()), 2);
    page.line(why.replacen("refused:", &page.paint(RED, "refused:"), 1));
    for fact in &refusal.facts {
        page.line(format!(
            "  {}   {}",
            fact.word.for_terminal(),
            fact.value.for_terminal()
        ));
    }
    let remedy = format!("to go on: {}", refusal.remedy.for_terminal());
    page.line(format!("  {}", wrapped(&remedy, 4)));
    for line in &refusal.lines {
        page.line(format!("    {}", line.for_terminal()));
    }
}

/// The records that no entry names and that are left alone, a line each.
pub(crate) fn unmanaged_text(report: &PlanReport) -> String {
    let mut page = Page::new(false);
    if !report.unmanaged.is_empty() {
        page.line("");
        page.line("Unmanaged:");
    }
    for record in &report.unmanaged {
        page.line(unmanaged_line(record));
    }
    page.text
}

fn unmanaged_line(record: &UnmanagedReport) -> String {
    let creator = record.creator.as_ref().map(Foreign::for_terminal);
    let why = match record.why {
        LeftAloneWord::NotPruned => "",
        LeftAloneWord::OutOfScope => ", out of scope",
        LeftAloneWord::Kept => ", kept",
        LeftAloneWord::LeftOut => ", left out by flags",
        LeftAloneWord::Off => ", switched off already",
    };
    format!(
        "  {:<9} {:<36}  {}  made by {}{why}",
        record.kind_word.for_terminal(),
        shortened(&record.name.for_terminal(), 36),
        record.id.for_terminal(),
        creator.as_deref().unwrap_or("somebody unknown"),
    )
}

/// The words in lines that fit the page, those after the first indented.
fn wrapped(words: &str, indent: usize) -> String {
    let (mut text, mut columns) = (String::new(), 0);
    for word in words.split(' ') {
        let width = word.chars().count();
        if columns > 0 && columns + 1 + width > COLUMNS - indent {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            columns = 0;
        } else if columns > 0 {
            text.push(' ');
            columns += 1;
        }
        text.push_str(word);
        columns += width;
    }
    text
}
