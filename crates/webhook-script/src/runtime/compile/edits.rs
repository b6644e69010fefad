//! Changes to a text that leave its lines where they are.

use oxc_span::Span;

use super::IMPORT;

/// How changes at one place follow each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    /// What closes something: the innermost first.
    Close,
    /// What opens something: the outermost first.
    Open,
    Replace,
}

struct Edit {
    start: usize,
    end: usize,
    order: Order,
    text: String,
}

/// A list of changes. They are added from the outside to the inside, and do not overlap.
#[derive(Default)]
pub(super) struct Edits(Vec<Edit>);

impl Edits {
    fn push(&mut self, start: u32, end: u32, order: Order, text: &str) {
        self.0.push(Edit {
            start: start as usize,
            end: end as usize,
            order,
            text: text.to_owned(),
        });
    }

    /// Inserts before what begins here.
    pub(super) fn open(&mut self, at: u32, text: &str) {
        self.push(at, at, Order::Open, text);
    }

    /// Inserts behind what ends here.
    pub(super) fn close(&mut self, at: u32, text: &str) {
        self.push(at, at, Order::Close, text);
    }

    /// Replaces a range; its line breaks stay, before the text.
    pub(super) fn replace(&mut self, start: u32, end: u32, text: &str) {
        self.push(start, end, Order::Replace, text);
    }

    /// Gives `import()` another name.
    pub(super) fn import(&mut self, span: Span) {
        let keyword = u32::try_from("import".len()).unwrap_or_default();
        self.replace(span.start, span.start + keyword, IMPORT);
    }

    /// The text with all changes.
    pub(super) fn apply(self, source: &str) -> String {
        let count = self.0.len();
        let mut edits: Vec<(usize, Edit)> = self.0.into_iter().enumerate().collect();
        edits.sort_by_key(|(at, edit)| {
            let within = match edit.order {
                Order::Close => count - at,
                Order::Open | Order::Replace => *at,
            };
            (edit.start, edit.order, within)
        });
        let mut out = String::with_capacity(source.len() * 2);
        let mut done = 0;
        for (_, edit) in edits {
            let start = edit.start.max(done);
            out.push_str(source.get(done..start).unwrap_or_default());
            let replaced = source.get(start..edit.end.max(start)).unwrap_or_default();
            out.extend(
                replaced
                    .chars()
                    .filter(|c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')),
            );
            out.push_str(&edit.text);
            done = edit.end.max(start);
        }
        out.push_str(source.get(done..).unwrap_or_default());
        out
    }
}
