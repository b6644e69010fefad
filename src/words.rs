//! Words of every stage: things counted, and texts cut to what fits.

use std::fmt::Display;

use unicode_width::UnicodeWidthStr;

pub use rocketchat_client::escape::{end, start};

/// `1 file`, `2 files`.
pub fn count<N: Copy + Display + Eq + From<u8>>(number: N, noun: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// `2 fields, 1 integration`: of each how many there are, but for those of which there are none.
pub fn counted<const N: usize>(counts: [(usize, &str); N]) -> String {
    let some = counts.into_iter().filter(|(number, _)| *number > 0);
    let some: Vec<_> = some.map(|(number, noun)| count(number, noun)).collect();
    some.join(", ")
}

/// `1 to create, 2 to update`: the same of what needs no ending.
pub fn listed<const N: usize>(counts: [(usize, &str); N]) -> String {
    let some = counts.into_iter().filter(|(number, _)| *number > 0);
    let some: Vec<_> = some
        .map(|(number, words)| format!("{number} {words}"))
        .collect();
    some.join(", ")
}

/// What is nearly called so: with two slips at most, whatever the case, and fewer than half of the characters.
pub fn nearest<T>(
    wanted: &str,
    all: impl IntoIterator<Item = T>,
    name: impl Fn(&T) -> &str,
) -> Option<T> {
    let wanted = wanted.to_lowercase();
    let length = wanted.chars().count();
    let near = all.into_iter().filter_map(|it| {
        let name = name(&it).to_lowercase();
        // To compare two texts takes the product of their lengths, and they differ by as much as those at least.
        if name.chars().count().abs_diff(length) > 2 {
            return None;
        }
        let slips = strsim::damerau_levenshtein(&name, &wanted);
        (slips <= 2 && slips < length / 2 + 1).then_some((slips, name, it))
    });
    let near = near.min_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    near.map(|(_, _, it)| it)
}

/// Whether a name is another with one slip of the hand, or written in another case or with other signs between its words: then
/// it is hardly meant otherwise.
pub fn is_slip(written: &str, meant: &str) -> bool {
    let folded = |name: &str| -> String {
        let name = name.chars().filter(|it| !matches!(it, '_' | '-' | ' '));
        name.flat_map(char::to_lowercase).collect()
    };
    let (written, meant) = (folded(written), folded(meant));
    written == meant
        || meant.chars().count() >= 5 && strsim::damerau_levenshtein(&written, &meant) <= 1
}

/// How many cells of a terminal a text takes: wide characters take two, and marks on others none.
pub fn cells(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The start of a text, in at most so many cells of a terminal.
pub fn fit(text: &str, most: usize) -> String {
    if cells(text) <= most {
        return text.to_owned();
    }
    let mut fitted = String::new();
    for character in text.chars() {
        fitted.push(character);
        if cells(&fitted) + 1 > most {
            fitted.pop();
            break;
        }
    }
    fitted + "…"
}

/// Whether a character has no width, and is not a mark on another.
pub fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{ad}')
}

/// A word that none of several things is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is nothing of that name")]
pub struct NoSuchWord;

impl NoSuchWord {
    /// The one that is called so.
    ///
    /// # Errors
    /// When none is.
    pub fn find<T: Copy>(
        all: impl IntoIterator<Item = T>,
        called: impl Fn(T) -> &'static str,
        word: &str,
    ) -> Result<T, Self> {
        all.into_iter().find(|it| called(*it) == word).ok_or(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_cells_and_marks_none() {
        assert_eq!(cells("Störung"), 7);
        assert_eq!(cells("Sto\u{308}rung"), 7);
        assert_eq!(cells("障害 🔥"), 7);
        assert_eq!(fit("障害通知", 8), "障害通知");
        assert_eq!(fit("障害通知", 7), "障害通…");
        assert_eq!(fit("障害通知", 6), "障害…");
        assert_eq!(fit("Sto\u{308}rung", 5), "Sto\u{308}r…");
        assert_eq!(fit("abc", 0), "…");
    }

    #[test]
    fn one_is_one_and_all_others_are_several() {
        let counted = [0_u64, 1, 2].map(|number| count(number, "file"));
        assert_eq!(counted, ["0 files", "1 file", "2 files"]);
    }
}
