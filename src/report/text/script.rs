//! A script that differs, as text.

use super::super::Foreign;
use super::super::diff::{Line, Preflight, Sign, is_first, stat};
use super::super::look::ScriptDiff;
use super::{DIM, GREEN, Page, RED};
use crate::words::count;

/// A script that differs: its file, and as much of its lines as is wanted.
pub(super) fn script_text(
    name: &str,
    file: Option<&Foreign>,
    hunks: Result<&[Vec<Line>], Preflight>,
    note: &str,
    page: &mut Page,
) {
    let file = file.map_or("inline".to_owned(), Foreign::for_terminal);
    let hunks = match hunks {
        Ok(hunks) => hunks,
        Err(extent) => return page.line(format!("{name}{file} ({}){note}", extent.words())),
    };
    let (added, removed) = stat(hunks);
    if is_first(hunks) {
        return page.line(format!("{name}{file} ({}){note}", count(added, "line")));
    }
    match page.scripts {
        ScriptDiff::None => page.line(format!("{name}{file}{note}")),
        ScriptDiff::Stat => page.line(format!("{name}{file} (+{added} -{removed} lines){note}")),
        ScriptDiff::Full => {
            page.line(format!("{name}{file}{note}"));
            lines(hunks, page);
        }
    }
}

fn lines(hunks: &[Vec<Line>], page: &mut Page) {
    for (index, hunk) in hunks.iter().enumerate() {
        if index > 0 {
            page.line(page.paint(DIM, "       …"));
        }
        for line in hunk {
            let sign = line.sign.character();
            let text = format!("{:>8}  {sign} {}", line.number, line.text.line());
            let note = if line.space_only {
                "  (white space only)"
            } else {
                ""
            };
            let text = text + note;
            let text = match line.sign {
                Sign::Added => page.paint(GREEN, &text),
                Sign::Removed => page.paint(RED, &text),
                Sign::Same => text,
            };
            page.line(text);
        }
    }
}
