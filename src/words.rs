//! Words of every stage: things counted, and texts cut to what fits.

use std::fmt::Display;

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
    fn one_is_one_and_all_others_are_several() {
        let counted = [0_u64, 1, 2].map(|number| count(number, "file"));
        assert_eq!(counted, ["0 files", "1 file", "2 files"]);
    }
}
