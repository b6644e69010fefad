//! Words in lines that fit a width.

use crate::words::cells;

/// The words behind `lead`, in lines of at most `width` cells, those after the first indented. What is in
/// back-ticks stays together.
pub(super) fn wrapped(lead: &str, words: &str, indent: usize, width: usize) -> String {
    let mut text = lead.to_owned();
    let mut columns = cells(lead);
    let mut quoted = false;
    let words = words.split(|character| {
        quoted ^= character == '`';
        character == ' ' && !quoted
    });
    for (index, word) in words.enumerate() {
        let length = cells(word);
        if index > 0 && columns + 1 + length > width {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            columns = indent;
        } else if index > 0 {
            text.push(' ');
            columns += 1;
        }
        text.push_str(word);
        columns += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fill_lines_and_quotes_stay_together() {
        let text = wrapped("why: ", "a bb ccc `d d d` e", 2, 10);
        assert_eq!(text, "why: a bb\n  ccc\n  `d d d`\n  e");
        assert_eq!(wrapped("", "longer than wide", 0, 4), "longer\nthan\nwide");
    }
}
