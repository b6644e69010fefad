//! How far expressions and patterns reach, and what patterns declare.

use std::ops::Range;

use super::super::lexer::{Group, Shape, is_operator};
use super::scopes::{MAX_STEPS, Scopes};

impl Scopes<'_> {
    /// The first token behind an expression.
    pub(super) fn expression_end(&self, from: usize) -> usize {
        let mut at = from;
        let mut ternaries = 0_usize;
        while let Some(token) = self.tokens.get(at) {
            self.steps.set(self.steps.get() + 1);
            if self.steps.get() > MAX_STEPS || (at > from && self.begins_statement(at)) {
                break;
            }
            match (token.shape, token.text) {
                (Shape::Open(_), _) => at = token.pair.max(at),
                (Shape::Close, _) | (Shape::Punct, "," | ";") => break,
                (Shape::Punct, "?") => ternaries += 1,
                (Shape::Punct, ":") => match ternaries.checked_sub(1) {
                    Some(left) => ternaries = left,
                    None => break,
                },
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Whether a line end before a token ends a statement.
    fn begins_statement(&self, at: usize) -> bool {
        let Some(token) = self.tokens.get(at).filter(|token| token.after_newline) else {
            return false;
        };
        let begins = match token.shape {
            Shape::Word => !matches!(token.text, "in" | "of" | "instanceof"),
            Shape::Literal => !token.text.starts_with('`'),
            Shape::Open(group) => matches!(group, Group::Block | Group::Object | Group::Class),
            Shape::Punct => matches!(token.text, "++" | "--" | "!" | "~"),
            Shape::Close => false,
        };
        begins && self.ends_expression(at.saturating_sub(1))
    }

    pub(super) fn ends_expression(&self, at: usize) -> bool {
        match self.shape(at) {
            Some(Shape::Literal | Shape::Close) => true,
            Some(Shape::Word) => {
                let keyword = is_operator(self.text(at))
                    || matches!(self.text(at), "function" | "class" | "async" | "static");
                self.is_property(at) || !keyword
            }
            _ => false,
        }
    }

    /// Declares the targets of a list of parameters or of a pattern in brackets.
    pub(super) fn elements(&mut self, from: usize, to: usize, region: &Range<usize>) {
        let mut at = from;
        while at < to {
            at = match self.text(at) {
                "," => at + 1,
                _ => self.element(at, region).max(at + 1),
            };
        }
    }

    /// Declares one target with its default; the token behind it.
    pub(super) fn element(&mut self, from: usize, region: &Range<usize>) -> usize {
        let at = from + usize::from(self.text(from) == "...");
        let next = match self.shape(at) {
            Some(Shape::Word) => {
                self.declare(at, region);
                at + 1
            }
            Some(Shape::Open(Group::Bracket)) => {
                self.elements(at + 1, self.pair(at), region);
                self.pair(at) + 1
            }
            Some(Shape::Open(Group::Object | Group::Block)) => {
                self.properties(at + 1, self.pair(at), region);
                self.pair(at) + 1
            }
            _ => return from,
        };
        if self.text(next) == "=" {
            self.expression_end(next + 1)
        } else {
            next
        }
    }

    /// Declares the targets of a pattern in braces.
    fn properties(&mut self, from: usize, to: usize, region: &Range<usize>) {
        let mut at = from;
        while at < to {
            let key = match self.shape(at) {
                Some(Shape::Open(Group::Bracket)) => self.pair(at),
                _ => at,
            };
            at = match self.text(at) {
                "," => at + 1,
                _ if self.text(key + 1) == ":" => self.element(key + 2, region).max(key + 2),
                _ => self.element(at, region).max(at + 1),
            };
        }
    }
}
