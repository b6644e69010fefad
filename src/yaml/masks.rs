//! Which bytes of a text look like secrets, told from its lines alone.
//!
//! A text that cannot be parsed has no tree to tell its secrets by, and yet its lines are shown. A value
//! under a key such as `token` counts as secret here, whatever it is part of; too much is masked rather
//! than too little. References (`${secret.x}`) are shown.

use std::ops::Range;

use crate::problem::{Place, SourceId};

/// Where a text holds literal values under keys that look like secrets.
pub fn secret_looking(source: SourceId, text: &str) -> Vec<Place> {
    ranges(text)
        .into_iter()
        .map(|range| Place::new(source, range))
        .collect()
}

/// The same as bytes of the text.
pub(super) fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // The column of the secret key whose value may go on below.
    let mut open: Option<usize> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        let continues = open.is_some_and(|column| indent > column);
        if continues && !content.is_empty() {
            found.push(start + indent..start + content.len());
        } else if !content.is_empty() {
            open = None;
            if let Some((column, value)) = secret_value(content) {
                open = Some(column);
                if !value.is_empty() {
                    found.push(start + value.start..start + value.end);
                }
            }
        }
        start += line.len();
    }
    found
}

/// The column of the first secret-looking key of a line, and the rest of the line behind its colon.
fn secret_value(line: &str) -> Option<(usize, Range<usize>)> {
    for (colon, _) in line.match_indices(':') {
        let before = line[..colon].trim_end();
        let key = before.trim_end_matches(['"', '\'']);
        let start = key
            .rfind(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '-' | '.')))
            .map_or(0, |at| {
                at + key[at..].chars().next().map_or(1, char::len_utf8)
            });
        if !is_secret_looking(&key[start..]) {
            continue;
        }
        let rest = &line[colon + 1..];
        let value = rest.trim_start();
        if value.trim_start_matches(['"', '\'']).starts_with("${") {
            continue;
        }
        return Some((start, line.len() - value.len()..line.len()));
    }
    None
}

/// Whether a key's name says that its value is secret.
fn is_secret_looking(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace(['_', '-'], "");
    [
        "token",
        "secret",
        "password",
        "passwd",
        "apikey",
        "authorization",
        "credential",
    ]
    .iter()
    .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_under_secret_keys_are_found() {
        let text = "\
name: x
token: abc # c
- { name: y, \"apiKey\": k }
authToken:
  - one

  two
urls: [a]
token: ${secret.x}
token: |
    p
q: r
";
        let found: Vec<_> = ranges(text).into_iter().map(|at| &text[at]).collect();
        assert_eq!(found, ["abc # c", "k }", "- one", "two", "|", "p"]);
    }
}
