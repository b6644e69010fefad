//! Where a script stands, and with it every spot in it.

use webhook_script::Spot;

use crate::problem::{Place, SourceId, Texts};

/// Where a script stands: which bytes of a text its lines are.
#[derive(Clone, Debug)]
pub struct ScriptLocation {
    pub(super) whole: Place,
    /// Where each line of the script starts; none if it is there in another form.
    lines: Vec<usize>,
    end: usize,
    /// Whether it is written as a block of which YAML joins the lines.
    pub(super) folded: bool,
}

/// Whether a block begins here whose lines are joined: `script: >`, `>-`, `>2`.
fn ends_in_a_fold(before: &str) -> bool {
    let head = before.trim_end();
    let head = head.trim_end_matches(|it: char| it.is_ascii_digit() || "+-".contains(it));
    head.strip_suffix('>')
        .is_some_and(|key| key.ends_with([':', ' ']))
}

impl ScriptLocation {
    /// A script that is a text of its own.
    pub fn file(source: SourceId, texts: &Texts) -> Self {
        let text = texts.get(source).text.as_str();
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            whole: Place::new(source, 0..0),
            lines: std::iter::once(mark).chain(starts).collect(),
            end: text.len(),
            folded: false,
        }
    }

    /// A script that is a value in a manifest: followed where its lines stand there as they are.
    pub fn value(at: &Place, script: &str, texts: &Texts) -> Self {
        let (start, end) = (at.bytes.start as usize, at.bytes.end as usize);
        let text = texts.get(at.source).text.as_str();
        let first = text.get(..start).and_then(|before| before.rfind('\n'));
        let mut from = first.map_or(0, |newline| newline + 1);
        let mut lines = Vec::new();
        for (number, line) in script.trim_end_matches('\n').split('\n').enumerate() {
            let rest = text.get(from..).unwrap_or_default();
            let written = rest.split('\n').next().unwrap_or_default();
            let written = written.strip_suffix('\r').unwrap_or(written);
            // Behind its key the value may be followed by others; as a block it is indented.
            let (indentation, exact) = if number == 0 && text.get(start..end) == Some(line) {
                (start - from, true)
            } else {
                let indentation = written.len().saturating_sub(line.len());
                let blank = written
                    .get(..indentation)
                    .is_some_and(|text| text.trim().is_empty());
                (
                    indentation,
                    blank && written.ends_with(line) || line.trim().is_empty(),
                )
            };
            if !exact {
                lines.clear();
                break;
            }
            lines.push(from + indentation);
            from += rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        }
        Self {
            whole: at.clone(),
            lines,
            end,
            folded: text.get(..start).is_some_and(ends_in_a_fold),
        }
    }

    /// Where a stretch of the script stands.
    pub(super) fn place(&self, at: Spot, length: usize) -> Option<Place> {
        let last = self.lines.last()?;
        let line = self.lines.get(super::before(at.line));
        let start = line.map_or((*last).max(self.end), |start| {
            start + super::before(at.column)
        });
        let start = start.min(self.end);
        let bytes = start..(start + length).min(self.end);
        Some(Place::new(self.whole.source, bytes))
    }
}
