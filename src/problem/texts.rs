//! The texts that problems are in, and places in them.
//!
//! A place is a range of bytes in a text; lines and columns are counted only when it is shown.

use std::ops::Range;
use std::sync::OnceLock;

/// Names one of the [`Texts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

/// A stretch of a text, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The text.
    pub source: SourceId,
    /// The bytes, from the start of the text.
    pub bytes: Range<u32>,
}

impl Place {
    /// These bytes of a text.
    pub fn new(source: SourceId, bytes: Range<usize>) -> Self {
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self {
            source,
            bytes: short(bytes.start)..short(bytes.end.max(bytes.start)),
        }
    }

    /// Where it begins: that tells one entry from all others.
    pub fn begins(&self) -> (SourceId, u32) {
        (self.source, self.bytes.start)
    }
}

/// The texts that places point into, in the order they were read.
#[derive(Debug, Default)]
pub struct Texts {
    texts: Vec<SourceText>,
}

/// A text that was read, with the name it is shown under.
pub struct SourceText {
    /// The path as the user would write it, or `<stdin>`.
    pub origin: String,
    /// All of it.
    pub text: String,
    /// Where its lines and characters are, once somebody asks.
    index: OnceLock<Index>,
}

/// Where the lines and characters of a text are.
struct Index {
    /// Where each line starts, in bytes.
    lines: Vec<usize>,
    /// How many characters there are before byte 0, [`STRIDE`], 2 × [`STRIDE`], …: a line may be as long as the
    /// whole text, and every place in it is counted.
    characters: Vec<usize>,
}

/// How many bytes are counted for one place at most.
const STRIDE: usize = 4096;

impl std::fmt::Debug for SourceText {
    /// The name alone: the text may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SourceText({:?})", self.origin)
    }
}

/// A place as people count: from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Texts {
    /// Takes in a text.
    pub fn add(&mut self, origin: impl Into<String>, text: impl Into<String>) -> SourceId {
        self.texts.push(SourceText {
            origin: origin.into(),
            text: text.into(),
            index: OnceLock::new(),
        });
        SourceId(u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX))
    }

    /// The text of that name.
    pub fn get(&self, id: SourceId) -> &SourceText {
        &self.texts[id.0 as usize]
    }

    /// Where a place begins.
    pub fn start(&self, place: &Place) -> Position {
        self.get(place.source).position(place.bytes.start as usize)
    }

    /// Where a place ends: the position just after its last character.
    pub fn end(&self, place: &Place) -> Position {
        self.get(place.source).position(place.bytes.end as usize)
    }
}

impl Index {
    fn of(text: &str) -> Self {
        let mut counted = 0;
        let characters = text.as_bytes().chunks(STRIDE).map(|chunk| {
            let before = counted;
            counted += starts(chunk);
            before
        });
        Self {
            characters: characters.collect(),
            lines: std::iter::once(0)
                .chain(text.match_indices('\n').map(|(at, _)| at + 1))
                .collect(),
        }
    }
}

impl SourceText {
    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::of(&self.text))
    }

    /// The position of a byte; one inside a character, or past the end, counts as the nearest before it.
    pub fn position(&self, byte: usize) -> Position {
        let byte = self.text.floor_char_boundary(byte);
        let lines = &self.index().lines;
        let line = lines.partition_point(|start| *start <= byte);
        let start = lines[line - 1];
        // A byte order mark is no column.
        let mark = '\u{feff}';
        let marked = self.text[start..byte].starts_with(mark);
        let start = start + if marked { mark.len_utf8() } else { 0 };
        let column = self.characters_before(byte) - self.characters_before(start) + 1;
        Position { line, column }
    }

    fn characters_before(&self, byte: usize) -> usize {
        let stride = byte / STRIDE;
        let characters = &self.index().characters;
        let counted = characters.get(stride).copied();
        // At the very end of the text there may be no stride more.
        let (from, counted) = match counted {
            Some(counted) => (stride * STRIDE, counted),
            None => match characters.last() {
                Some(counted) => ((stride - 1) * STRIDE, *counted),
                None => (0, 0),
            },
        };
        counted + starts(&self.text.as_bytes()[from..byte])
    }

    /// The bytes of the lines `first..=last` (from 1), without the last line's end, be it LF or CRLF.
    pub fn lines(&self, first: usize, last: usize) -> Range<usize> {
        let lines = &self.index().lines;
        let start = lines[first - 1];
        let end = match lines.get(last) {
            Some(next) if self.text[start..next - 1].ends_with('\r') => next - 2,
            Some(next) => next - 1,
            None => self.text.len(),
        };
        start..end
    }
}

/// How many characters start in a stretch of UTF-8.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_long_line_are_counted_right() {
        for length in [STRIDE - 1, STRIDE, STRIDE + 1, 3 * STRIDE] {
            let mut text = "x: ".to_owned();
            text.extend(std::iter::repeat_n('ä', length));
            let mut texts = Texts::default();
            let id = texts.add("a.yaml", text.as_str());
            for (column, (byte, _)) in text.char_indices().enumerate() {
                let position = texts.get(id).position(byte);
                assert_eq!(
                    position,
                    Position {
                        line: 1,
                        column: column + 1
                    }
                );
            }
            let end = texts.get(id).position(text.len());
            assert_eq!(end.column, length + 4);
        }
    }

    #[test]
    fn positions_count_characters_and_skip_the_byte_order_mark() {
        let mut texts = Texts::default();
        let id = texts.add("a.yaml", "\u{feff}ä: ü\nb: c\n");
        let at = |start, end| Place {
            source: id,
            bytes: start..end,
        };
        assert_eq!(texts.start(&at(3, 5)), Position { line: 1, column: 1 });
        assert_eq!(texts.start(&at(7, 9)), Position { line: 1, column: 4 });
        assert_eq!(texts.start(&at(10, 11)), Position { line: 2, column: 1 });
        assert_eq!(texts.end(&at(10, 99)), Position { line: 3, column: 1 });
    }
}
