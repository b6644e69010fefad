//! The known secrets of a run, masked in whatever a server says.
//!
//! A server may echo a secret in any form: as it is, escaped, encoded, within a URL. A [`Redactor`] knows the values and
//! finds them in all of these forms. [`ServerText`] is text that a server sent: it compares as it came, and its only way
//! to a reader is through the redactor that it carries. Values of records are marked instead ([`Redactor::mark`]), so
//! that a script keeps its masks when it is split into lines.
//!
//! Text of manifests is not masked: whoever proposes a change could find out a secret by writing down guesses and
//! looking which of them are masked.

mod forms;
mod server_text;
mod views;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::escape::{self, start};
use crate::secret::{MASK, Piece, Secret, Text};
use forms::Counts;

pub use server_text::ServerText;

/// How much of a text is quoted.
const LONGEST: usize = 200;

/// How much of a text is read for a quote, in bytes.
const QUOTED: usize = 16 * 1024;

/// The fewest characters of a secret that is masked wherever a server says something. A shorter one is many a word, and
/// masking that word everywhere would tell it; it is masked in the answer to the request that it was sent with.
pub const SHORTEST: usize = 4;

/// From so many characters on a secret is masked inside of words, too.
const LONG: usize = 8;

/// The secret values that must not be shown. A clone shares them.
#[derive(Clone, Default)]
pub struct Redactor(Option<Arc<Known>>);

/// The values, and what finds them.
struct Known {
    values: Vec<Arc<str>>,
    finder: OnceLock<Finder>,
}

/// Finds every form of the values.
struct Finder {
    /// `None` if there are more values than fit into the memory: then everything counts as secret.
    machine: Option<AhoCorasick>,
    /// How each pattern of the machine counts.
    counts: Vec<Counts>,
    /// The length of the longest value, in bytes.
    longest: usize,
}

impl Redactor {
    /// Masks these values; blank ones are ignored.
    pub fn new<V: Into<Arc<str>>>(values: impl IntoIterator<Item = V>) -> Self {
        let values = values.into_iter().map(Into::into);
        let values: Vec<_> = values
            .filter(|value: &Arc<str>| !value.trim().is_empty())
            .collect();
        if values.is_empty() {
            return Self::default();
        }
        Self(Some(Arc::new(Known {
            values,
            finder: OnceLock::new(),
        })))
    }

    /// Masks these secrets, as far as their values are known.
    pub fn of(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let secrets = secrets.into_iter();
        Self::new(secrets.filter_map(|secret| secret.expose().map(Arc::<str>::from)))
    }

    /// Masks those that are long enough to be masked everywhere.
    pub fn of_long(secrets: impl Iterator<Item = Secret>) -> Self {
        Self::of(secrets.filter(|secret| secret.has_characters(SHORTEST)))
    }

    /// Masks the values of both.
    #[must_use]
    pub fn and(&self, more: &Self) -> Self {
        match (&self.0, &more.0) {
            (_, None) => self.clone(),
            (None, _) => more.clone(),
            (Some(these), Some(those)) => {
                Self::new([&these.values[..], &those.values[..]].concat())
            }
        }
    }

    /// The text with a mask instead of every secret.
    pub fn mask(&self, text: &str) -> String {
        masked(text, &self.find(text))
    }

    /// The text with every secret in it marked as such.
    pub fn mark(&self, text: &str) -> Text {
        let mut marked = Text::EMPTY;
        self.mark_onto(&mut marked, text);
        marked
    }

    fn mark_onto(&self, marked: &mut Text, text: &str) {
        let mut done = 0;
        for found in self.find(text) {
            marked.push(Piece::Plain(text[done..found.start].into()));
            marked.push(Piece::Secret(Secret::new(&text[found.clone()])));
            done = found.end;
        }
        marked.push(Piece::Plain(text[done..].into()));
    }

    /// The same for a text that may have secret stretches already.
    pub fn mark_in(&self, text: &Text) -> Text {
        let mut marked = Text::EMPTY;
        for piece in text.pieces() {
            match piece {
                Piece::Plain(plain) => self.mark_onto(&mut marked, plain),
                Piece::Secret(_) => marked.push(piece.clone()),
            }
        }
        marked
    }

    /// Whether a secret is in the text, in any form.
    pub fn finds_in(&self, text: &str) -> bool {
        !self.find(text).is_empty()
    }

    /// Whether a secret is this number, however it is written.
    pub fn finds_number(&self, number: &serde_json::Number) -> bool {
        let is_it = |value: &Arc<str>| {
            let value: Option<f64> = value.trim().parse().ok();
            value.is_some() && value == number.as_f64()
        };
        let values = self.0.iter().flat_map(|known| &known.values);
        self.finds_in(&number.to_string()) || values.into_iter().any(is_it)
    }

    /// The first line that says something: short, harmless and without secrets.
    pub fn quote(&self, text: &str) -> String {
        let text = self.mask_start(text.trim_start());
        start(
            &escape::line(text.lines().next().unwrap_or_default().trim_end()),
            LONGEST,
        )
    }

    /// The lines joined into one: schema failures have a line for each rule (docs/server.md#schema-errors).
    pub fn quote_all(&self, text: &str) -> String {
        let text = self.mask_start(text);
        let lines = text.lines().map(str::trim);
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        start(&escape::line(&lines.join("; ")), LONGEST)
    }

    /// The start of a text, which may be very long, with a mask instead of every secret, also of one that goes on
    /// behind the cut.
    fn mask_start(&self, text: &str) -> String {
        let longest = self.0.as_ref().map_or(0, |known| known.finder().longest);
        let cut = text.floor_char_boundary(QUOTED);
        let read = text.floor_char_boundary(cut + views::reach(longest));
        masked(&text[..cut], &self.find(&text[..read]))
    }

    /// Where secrets stand, in order and apart from each other.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let Some(known) = &self.0 else {
            return Vec::new();
        };
        let finder = known.finder();
        let mut found = views::find(text, finder.longest, &|view| finder.find(view));
        found.sort_by_key(|range| range.start);
        found.dedup_by(|next, last| {
            let joins = next.start <= last.end;
            if joins {
                last.end = last.end.max(next.end);
            }
            joins
        });
        found
    }
}

impl Known {
    fn finder(&self) -> &Finder {
        self.finder.get_or_init(|| Finder::of(&self.values))
    }
}

impl Finder {
    fn of(values: &[Arc<str>]) -> Self {
        let forms: Vec<_> = values.iter().flat_map(|value| forms::of(value)).collect();
        // Secrets may be long, and the quicker machine takes a table for each of their bytes.
        let mut machine = AhoCorasick::builder();
        machine.kind(Some(AhoCorasickKind::ContiguousNFA));
        Self {
            machine: machine.build(forms.iter().map(|form| &form.bytes)).ok(),
            counts: forms.iter().map(|form| form.counts).collect(),
            longest: values.iter().map(|value| value.len()).max().unwrap_or(0),
        }
    }

    /// Where a form is in these bytes.
    fn find(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let Some(machine) = &self.machine else {
            return std::iter::once(0..bytes.len()).collect();
        };
        let matches = machine.find_overlapping_iter(bytes);
        let counted = matches.filter_map(|found| {
            let counts = self.counts.get(found.pattern().as_usize())?;
            counts.range(bytes, found.range())
        });
        counted.collect()
    }
}

/// The text with a mask instead of these stretches, some of which may go on behind its end.
fn masked(text: &str, secrets: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets.iter().filter(|secret| secret.start < text.len()) {
        masked.push_str(&text[done..secret.start]);
        masked.push_str(MASK);
        done = secret.end.min(text.len());
    }
    masked.push_str(&text[done..]);
    masked
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.as_ref().map_or(0, |known| known.values.len());
        write!(f, "{count} {MASK}")
    }
}

#[cfg(test)]
mod tests;
