//! What a sign means that means several things: by what stands before it.

use super::{Group, Lexer, Shape, Token, is_operator};

impl<'s> Lexer<'s> {
    pub(super) fn behind_a_dot(&self) -> bool {
        matches!(self.tokens.last(), Some(last) if matches!(last.text, "." | "?."))
    }

    /// The last token, and whether it is the name of a property.
    fn last(&self) -> Option<(&Token<'s>, bool)> {
        let (last, before) = self.tokens.split_last()?;
        let property = before
            .last()
            .is_some_and(|dot| matches!(dot.text, "." | "?."));
        Some((last, property))
    }

    /// Whether a `/` begins a regular expression.
    pub(super) fn regex_may_follow(&self) -> bool {
        let Some((last, property)) = self.last() else {
            return true;
        };
        match last.shape {
            Shape::Literal => false,
            Shape::Word => !property && is_operator(last.text),
            Shape::Punct => !matches!(last.text, "++" | "--"),
            Shape::Open(_) => true,
            Shape::Close => match self.tokens.get(last.pair).map(|open| open.shape) {
                Some(Shape::Open(Group::Paren)) => self.is_head(last.pair),
                Some(Shape::Open(Group::Block)) => true,
                _ => false,
            },
        }
    }

    /// Whether a parenthesis belongs to a statement, so that a statement follows it.
    fn is_head(&self, paren: usize) -> bool {
        let before = paren.checked_sub(1).and_then(|at| self.tokens.get(at));
        before.is_some_and(|word| matches!(word.text, "if" | "for" | "while" | "with" | "await"))
    }

    /// What a brace holds that follows here.
    pub(super) fn brace(&mut self) -> Group {
        if self.level().class {
            return Group::Class;
        }
        let parent = self
            .open
            .last()
            .and_then(|level| self.tokens.get(level.bracket));
        let parent = parent.map_or(Group::Block, |open| match open.shape {
            Shape::Open(group) => group,
            _ => Group::Block,
        });
        let statement = match self.last() {
            None => true,
            Some((last, property)) => match last.shape {
                Shape::Literal | Shape::Close => true,
                Shape::Word if matches!(last.text, "else" | "do") => true,
                Shape::Word => property || !is_operator(last.text),
                Shape::Open(group) => group == Group::Block,
                Shape::Punct => match last.text {
                    ";" | "=>" => true,
                    ":" => parent == Group::Block && !last.ternary,
                    _ => false,
                },
            },
        };
        if statement {
            Group::Block
        } else {
            Group::Object
        }
    }
}
