//! Texts, templates, regular expressions and numbers.

use super::{Group, Lexer, Shape, is_line_end, is_word};

impl Lexer<'_> {
    /// Moves past a text in quotes.
    pub(super) fn text(&mut self, quote: char) -> Option<()> {
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == '\\' {
                chars.next();
            } else if c == quote {
                self.at += at + c.len_utf8();
                return Some(());
            }
        }
        None
    }

    /// Reads a template up to its end or the next `${`: from its back-tick, which is skipped, or from behind a `}`.
    pub(super) fn template(&mut self, skipped: usize, after_newline: bool) -> Option<()> {
        let start = self.at;
        let mut chars = self.rest().char_indices().skip(skipped).peekable();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => {
                    chars.next();
                }
                '`' => {
                    self.at += at + 1;
                    self.push(Shape::Literal, start, after_newline);
                    return Some(());
                }
                '$' if chars.peek().is_some_and(|(_, next)| *next == '{') => {
                    self.at += at;
                    self.push(Shape::Literal, start, after_newline);
                    self.open(Group::Template, 2, false);
                    return Some(());
                }
                _ => {}
            }
        }
        None
    }

    /// Moves past a regular expression.
    pub(super) fn regex(&mut self) -> Option<()> {
        let mut class = false;
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                _ if is_line_end(c) => return None,
                '\\' => {
                    chars.next();
                }
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    self.at += at + 1;
                    self.skip_while(is_word);
                    return Some(());
                }
                _ => {}
            }
        }
        None
    }

    pub(super) fn number(&mut self, after_newline: bool) {
        let start = self.at;
        let digit = |c: char| c.is_ascii_digit() || c == '_';
        let prefixed = self.rest().starts_with('0')
            && (self.rest().chars().nth(1)).is_some_and(|c| c.is_ascii_alphabetic());
        if !prefixed {
            self.skip_while(digit);
            if self.rest().starts_with('.') {
                self.at += 1;
                self.skip_while(digit);
            }
            let exponent = self.rest();
            if exponent.starts_with(['e', 'E'])
                && exponent.get(1..2).is_some_and(|c| c == "+" || c == "-")
            {
                self.at += 2;
            }
        }
        self.skip_while(is_word);
        self.push(Shape::Literal, start, after_newline);
    }
}
