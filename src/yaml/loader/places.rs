//! Places that the parser tells otherwise than people see them.

use std::ops::Range;

use granit_parser::StructureStyle;

use super::{Collection, Loader};
use crate::problem::Place;
use crate::yaml::{Comment, line_end, messages};

impl Loader<'_> {
    /// Where a list starts: at its first `-`, also where the list is not indented under its key.
    pub(super) fn list_start(&self, style: StructureStyle, start: usize) -> usize {
        let under_key = matches!(
            self.stack.last().map(|open| &open.collection),
            Some(Collection::Map { key: Some(_), .. })
        );
        if style == StructureStyle::Flow || !under_key {
            return start;
        }
        let found = messages::skip(self.text, self.seen, start, ":?,");
        if self.text[found..].starts_with('-') {
            found
        } else {
            start
        }
    }

    /// A block scalar's lines, from the first below its header to its last that is not blank.
    pub(super) fn block_range(&self, range: Range<usize>) -> Range<usize> {
        let header = messages::skip(self.text, self.seen, range.end, ":?-");
        if !self.text[header..].starts_with(['|', '>']) {
            return range;
        }
        let below = line_end(self.text, header);
        if range.start <= below || self.text[range.clone()].trim().is_empty() {
            return header..header + 1;
        }
        let end = range.start + self.text[range.clone()].trim_end().len();
        let gap = &self.text[below..range.start];
        // A blank first line counts: line n of the text is line n from here.
        let start = if gap.matches('\n').count() > 1 {
            below + gap.find('\n').map_or(0, |newline| newline + 1)
        } else {
            range.start
        };
        start..end
    }

    /// Where a value that is not there would begin: just behind its key's colon or its dash.
    pub(super) fn missing_place(&self, start: usize) -> Range<usize> {
        let text = self.text;
        let at = match self.stack.last().map(|open| &open.collection) {
            Some(Collection::Map { key: Some(key), .. }) => {
                let from = key.at.bytes.end as usize;
                let colon = from
                    + (text[from..].len() - text[from..].trim_start_matches([' ', '\t']).len());
                if text[colon..].starts_with(':') {
                    colon + 1
                } else {
                    start
                }
            }
            Some(Collection::List(_)) => {
                let dash = messages::skip(text, self.seen, start, ",");
                if text[dash..].starts_with('-') {
                    dash + 1
                } else {
                    start
                }
            }
            _ => start,
        };
        at..at
    }

    /// The comment that follows on the line.
    pub(super) fn comment_behind(&self, at: usize) -> Option<Comment> {
        let rest = &self.text[at..];
        let comment = rest.trim_start_matches([' ', '\t']);
        // Looked at before the line's end is searched: a line may hold very many empty values.
        if !comment.starts_with('#') || comment.len() == rest.len() {
            return None;
        }
        let start = at + rest.len() - comment.len();
        let text = self.text[start..line_end(self.text, start)].trim_end();
        Some(Comment {
            at: Place::new(self.source, start..start + text.len()),
            text: text.to_owned(),
        })
    }
}
