//! Untrusted text in Markdown: in code spans, fences, HTML and comments that it cannot get out of.
//!
//! What comes here is in one line: control characters are written out already.

use std::fmt::Write;

/// A code span with the text in it, between longer back-ticks than any in it.
pub fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(text) + 1);
    // One blank is taken off at both ends, unless there is nothing but blanks.
    let edge = |c: char| c == '`' || c == ' ';
    let blank =
        !text.trim_matches(' ').is_empty() && (text.starts_with(edge) || text.ends_with(edge));
    let pad = if blank { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// A code span in a table. A `|` is escaped even in code there; behind a backslash, where readers of Markdown are of
/// two minds about that, it is written out.
pub fn cell(text: &str) -> String {
    code(&text.replace("\\|", "\\\\u{7c}").replace('|', "\\|"))
}

/// A fenced block of whole lines, between longer back-ticks than any in it.
pub fn fence(info: &str, lines: &str) -> String {
    let ticks = "`".repeat((longest_run(lines) + 1).max(3));
    format!("{ticks}{info}\n{lines}{ticks}\n")
}

/// Text between tags.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The longest text in a comment: one that is looked for has to be whole, and an address is never so long.
pub const LONGEST_COMMENT: usize = 300;

/// Text in a comment: all but the characters of addresses is written as in a URL, and so is every second dash.
pub fn comment(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        let plain = character.is_ascii_alphanumeric() || "._:/~[]%".contains(character);
        if plain || (character == '-' && !escaped.ends_with('-')) {
            escaped.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        }
        if escaped.len() > LONGEST_COMMENT {
            break;
        }
    }
    escaped
}

/// How many back-ticks stand in a row at most.
pub fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_is_longer_than_the_back_ticks_in_it() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`a"), "`` `a ``");
        assert_eq!(code(" a"), "`  a `");
        assert_eq!(code("  "), "`  `");
        assert_eq!(code(""), "(empty)");
    }

    #[test]
    fn a_cell_keeps_its_pipes() {
        assert_eq!(cell("a | b"), "`a \\| b`");
        assert_eq!(cell("a\\|b"), "`a\\\\u{7c}b`");
        assert_eq!(cell("a\\\\||"), "`a\\\\\\u{7c}\\|`");
    }

    #[test]
    fn a_comment_cannot_be_closed() {
        assert_eq!(comment("chat.example.org/a-b"), "chat.example.org/a-b");
        assert_eq!(comment("--><b>ä"), "-%2D%3E%3Cb%3E%C3%A4");
        assert!(comment(&"-".repeat(5000)).len() < 310);
    }
}
