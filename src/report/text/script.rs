//! A script that differs, as text.

use super::super::diff::{Line, ScriptReport, Sign};
use super::{DIM, GREEN, Page, RED};

/// A script that differs: its file, and as much of its lines as is wanted.
pub(super) fn script_text(name: &str, script: &ScriptReport, note: &str, page: &mut Page) {
    page.line(format!("{name}{}{note}", script.words(page.scripts)));
    if script.is_shown(page.scripts) {
        lines(&script.hunks, page);
    }
}

fn lines(hunks: &[Vec<Line>], page: &mut Page) {
    for (index, hunk) in hunks.iter().enumerate() {
        if index > 0 {
            page.line(page.paint(DIM, "       …"));
        }
        for line in hunk {
            let sign = line.sign.character();
            let text = format!("{:>8}  {sign} {}", line.number, line.words());
            page.line(match line.sign {
                Sign::Added => page.paint(GREEN, &text),
                Sign::Removed => page.paint(RED, &text),
                Sign::Same => text,
            });
        }
    }
}
