//! Text of a server in a message of ours: one line, short, harmless, and without secrets.

use std::fmt;
use std::sync::Arc;

use crate::escape;
use crate::secret::MASK;
use crate::words::start;

/// How much of a text is quoted.
const LONGEST: usize = 200;

/// The secret values of a request, to be blanked in whatever is quoted of its answer.
///
/// Filled by the two that expose secrets: the credentials' header and the writer of bodies.
#[derive(Clone, Default)]
pub(super) struct Blanks(Vec<Arc<str>>);

impl Blanks {
    /// Adds a value. Nothing can be blanked for the empty one.
    pub(super) fn add(&mut self, secret: &str) {
        if !secret.is_empty() {
            self.0.push(secret.into());
        }
    }

    /// These and those.
    pub(super) fn and(&self, more: &Self) -> Self {
        let mut all = [self.0.as_slice(), more.0.as_slice()].concat();
        // Longest first, so that no rest is left of a secret that holds another.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(all)
    }

    /// The text with a mask wherever a secret stood. A short one may be a part of many words: it is looked for as a
    /// word of its own.
    pub(super) fn blank(&self, text: &str) -> String {
        let mask = |text: String, secret: &Arc<str>| {
            if is_long(secret) {
                text.replace(&**secret, MASK)
            } else {
                replace_word(&text, secret)
            }
        };
        self.0.iter().fold(text.to_owned(), mask)
    }

    /// The long ones alone, for texts in which nothing is expected that has not been masked already.
    pub(super) fn long(&self) -> Self {
        Self(
            self.0
                .iter()
                .filter(|secret| is_long(secret))
                .cloned()
                .collect(),
        )
    }

    /// The first line that says something.
    pub(super) fn quote(&self, text: &str) -> String {
        let text = self.blank(text);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty());
        start(&escape::line(line.unwrap_or_default()), LONGEST)
    }

    /// The lines joined into one: schema failures have a line for each rule (reference 2.3).
    pub(super) fn quote_all(&self, text: &str) -> String {
        let text = self.blank(text);
        let lines: Vec<_> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        start(&escape::line(&lines.join("; ")), LONGEST)
    }
}

/// Whether it is surely no part of another word.
fn is_long(secret: &str) -> bool {
    secret.chars().count() >= 8
}

/// The text with a mask for the word, wherever neither a letter nor a digit is beside it, nor what joins words
/// (`error-invalid-room`).
fn replace_word(text: &str, word: &str) -> String {
    let mut shown = String::new();
    let mut done = 0;
    let in_word = |character: Option<char>| {
        character.is_some_and(|character| character.is_alphanumeric() || "-_".contains(character))
    };
    for (at, _) in text.match_indices(word) {
        let end = at + word.len();
        let glued = in_word(text[..at].chars().next_back()) || in_word(text[end..].chars().next());
        if !glued {
            shown.push_str(&text[done..at]);
            shown.push_str(MASK);
            done = end;
        }
    }
    shown + &text[done..]
}

impl fmt::Debug for Blanks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {MASK}", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanks(secrets: &[&str]) -> Blanks {
        let mut blanks = Blanks::default();
        for secret in secrets {
            blanks.add(secret);
        }
        Blanks::default().and(&blanks)
    }

    #[test]
    fn one_short_harmless_line() {
        let quote = |text: &str| Blanks::default().quote(text);
        assert_eq!(quote("\n <html> \n<body>"), "<html>");
        assert_eq!(quote("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(quote(&"é".repeat(300)).chars().count(), LONGEST);
        assert_eq!(Blanks::default().quote_all("a \n b\n"), "a; b");
    }

    #[test]
    fn a_short_secret_is_blanked_as_a_word_of_its_own() {
        let blank = |text: &str| blanks(&["a", "4711"]).blank(text);
        assert_eq!(
            blank("a bad `a`, at /a/"),
            "(secret) bad `(secret)`, at /(secret)/"
        );
        assert_eq!(
            blank("https://h/4711?k=4711 47110"),
            "https://h/(secret)?k=(secret) 47110"
        );
        assert_eq!(blank("ä a-b error-a"), "ä a-b error-a");
    }

    #[test]
    fn secrets_are_blanked_before_anything_is_cut() {
        let blanks = blanks(&["", "hunter", "hunter2\nline"]);
        let text = format!("{}hunter2\nline hunter", "x".repeat(LONGEST - 3));
        assert!(!blanks.quote(&text).contains("hun"));
        assert_eq!(
            blanks.quote("hunter2\nline and hunter"),
            "(secret) and (secret)"
        );
        assert!(!format!("{blanks:?}").contains("hunter"));
    }
}
