//! Words of every stage: things counted, and texts cut to what fits.

use std::fmt::Display;

/// `1 file`, `2 files`.
pub(crate) fn count<N: Copy + Display + Eq + From<u8>>(number: N, noun: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// The start of a text, in at most so many characters.
pub(crate) fn start(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some(_) => text
            .chars()
            .take(longest.saturating_sub(1))
            .chain(['…'])
            .collect(),
        None => text.to_owned(),
    }
}

/// The end of a text, in at most so many characters.
pub(crate) fn end(text: &str, longest: usize) -> String {
    match text.chars().count().checked_sub(longest) {
        None | Some(0) => text.to_owned(),
        Some(more) => std::iter::once('…')
            .chain(text.chars().skip(more + 1))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_all_others_are_several() {
        let counted = [0_u64, 1, 2].map(|number| count(number, "file"));
        assert_eq!(counted, ["0 files", "1 file", "2 files"]);
    }

    #[test]
    fn long_texts_are_cut_at_either_end() {
        assert_eq!(start("äöü", 3), "äöü");
        assert_eq!(start("äöüß", 3), "äö…");
        assert_eq!(start("ä", 0), "…");
        assert_eq!(end("äöüß", 3), "…üß");
        assert_eq!(end("äöü", 3), "äöü");
    }
}
