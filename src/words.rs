//! Words of every stage: things counted, and texts cut to what fits.

use std::fmt::Display;

pub use rocketchat_client::escape::{end, start};

/// `1 file`, `2 files`.
pub fn count<N: Copy + Display + Eq + From<u8>>(number: N, noun: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{ending}")
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
