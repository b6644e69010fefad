//! What a terminal would obey, written out: no text from outside moves the cursor, changes colours or titles, or turns
//! the direction of the text around it.

use std::fmt::Write;

/// The text in one line.
pub fn line(text: &str) -> String {
    except(text, &[])
}

/// The text in its lines.
pub fn lines(text: &str) -> String {
    except(text, &['\n'])
}

/// The text with everything written out that a terminal would obey, but for these characters.
pub fn except(text: &str, harmless: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_control_or_bidi(character) && !harmless.contains(&character) {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// The text with a mark instead of what a terminal would obey, but for the controls before the blank.
pub fn replaced(text: &str) -> String {
    let mark = |character: char| match character {
        obeyed if obeyed > ' ' && is_control_or_bidi(obeyed) => '\u{fffd}',
        other => other,
    };
    text.chars().map(mark).collect()
}

/// A text as one word of a shell, in quotes.
pub fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text as one word of a shell, in quotes if it needs them.
pub fn shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if text.is_empty() || text.starts_with('=') || !text.chars().all(is_plain) {
        return shell_quoted(text);
    }
    text.to_owned()
}

/// Text of JSON, or in double quotes of YAML, with what a terminal would obey in the escapes of both. What controls there
/// are before the blank, such text has escaped already.
pub fn json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if character > ' ' && is_control_or_bidi(character) {
            // All of them are in the first plane. Writing to a string cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// Whether a terminal would obey something in it.
pub fn contains_control_or_bidi(text: &str) -> bool {
    text.contains(is_control_or_bidi)
}

/// Control characters, and those that change the order of the text around them.
fn is_control_or_bidi(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{061c}')
}

/// The start of a text, in at most so many characters.
pub fn start(text: &str, longest: usize) -> String {
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
pub fn end(text: &str, longest: usize) -> String {
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
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(
            line("a\u{1b}[31m\u{202e}b\n"),
            "a\\u{1b}[31m\\u{202e}b\\u{a}"
        );
        assert_eq!(lines("\u{9b}1m\n\tb"), "\\u{9b}1m\n\\u{9}b");
        assert_eq!(except("\ta\u{7}", &['\t']), "\ta\\u{7}");
        assert_eq!(line("ä → 字"), "ä → 字");
        assert_eq!(
            replaced("\u{1b}[1mä\u{9b}\u{202e}"),
            "\u{1b}[1mä\u{fffd}\u{fffd}"
        );
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
