//! Which names a script declares, and which of its tokens see each.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;

use super::super::lexer::{Group, Shape, Token};

/// More steps than this are not made: no script that people write needs them.
pub(super) const MAX_STEPS: usize = 50_000_000;

/// The tokens of a script, and which names they declare.
pub(super) struct Scopes<'t> {
    pub(super) tokens: &'t [Token<'t>],
    /// The braces that are bodies of functions.
    pub(super) bodies: BTreeSet<usize>,
    /// The names that are declared, each with the tokens that see it.
    pub(super) declared: Vec<(usize, Range<usize>)>,
    /// The same tokens.
    pub(super) declaring: BTreeSet<usize>,
    pub(super) steps: Cell<usize>,
}

impl<'t> Scopes<'t> {
    /// Finds what every function, statement and pattern declares.
    pub(super) fn read(tokens: &'t [Token<'t>]) -> Self {
        let mut scopes = Self {
            tokens,
            bodies: BTreeSet::new(),
            declared: Vec::new(),
            declaring: BTreeSet::new(),
            steps: Cell::new(0),
        };
        scopes.functions();
        scopes.declarations();
        scopes
    }

    /// Whether all was followed to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.steps.get() < MAX_STEPS
    }

    pub(super) fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// The text so many tokens before.
    pub(super) fn before(&self, at: usize, back: usize) -> &str {
        at.checked_sub(back).map_or("", |at| self.text(at))
    }

    pub(super) fn shape(&self, at: usize) -> Option<Shape> {
        self.tokens.get(at).map(|token| token.shape)
    }

    pub(super) fn pair(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(at, |token| token.pair)
    }

    /// What holds a token.
    pub(super) fn group(&self, at: usize) -> Option<Group> {
        match self.shape(self.tokens.get(at)?.inside?)? {
            Shape::Open(group) => Some(group),
            _ => None,
        }
    }

    pub(super) fn whole(&self) -> Range<usize> {
        0..self.tokens.len()
    }

    pub(super) fn is_property(&self, at: usize) -> bool {
        matches!(self.before(at, 1), "." | "?.")
    }

    pub(super) fn declare(&mut self, at: usize, region: &Range<usize>) {
        self.declared.push((at, region.clone()));
        self.declaring.insert(at);
    }

    /// The block that a name declared here is seen in, or for `var` the function.
    pub(super) fn region(&self, at: usize, var: bool) -> Range<usize> {
        let mut inside = self.tokens.get(at).and_then(|token| token.inside);
        while let Some(open) = inside {
            let block = self.shape(open) == Some(Shape::Open(Group::Block));
            if block && (!var || self.bodies.contains(&open)) {
                return open..self.pair(open);
            }
            inside = self.tokens.get(open).and_then(|token| token.inside);
        }
        self.whole()
    }

    /// Declares the parameters of every function.
    fn functions(&mut self) {
        for at in 0..self.tokens.len() {
            match self.shape(at) {
                Some(Shape::Open(Group::Paren)) => {
                    let close = self.pair(at);
                    let Some(body) = self.body(at, close) else {
                        continue;
                    };
                    self.elements(at + 1, close, &(at..body));
                }
                Some(Shape::Word) if self.text(at + 1) == "=>" => {
                    let end = self.arrow_body(at + 2);
                    self.declare(at, &(at..end));
                }
                _ => {}
            }
        }
    }

    /// The end of the function whose parameters these parentheses may hold.
    fn body(&mut self, open: usize, close: usize) -> Option<usize> {
        if self.text(close + 1) == "=>" {
            return Some(self.arrow_body(close + 2));
        }
        if self.shape(close + 1) != Some(Shape::Open(Group::Block)) {
            return None;
        }
        let end = self.pair(close + 1);
        if self.before(open, 1) == "catch" && !self.is_property(open.saturating_sub(1)) {
            return Some(end);
        }
        let named = usize::from(self.before(open, 1) != "function" && self.before(open, 1) != "*");
        let keyword = match self.before(open, 1 + named) {
            "*" => self.before(open, 2 + named),
            word => word,
        };
        let method = matches!(self.group(open), Some(Group::Class | Group::Object));
        if keyword != "function" && !method {
            return None;
        }
        self.bodies.insert(close + 1);
        Some(end)
    }

    /// The end of an arrow function whose body starts here.
    fn arrow_body(&mut self, at: usize) -> usize {
        if self.shape(at) == Some(Shape::Open(Group::Block)) {
            self.bodies.insert(at);
            self.pair(at)
        } else {
            self.expression_end(at)
        }
    }

    /// Declares what `var`, `let`, `const`, `function` and `class` do.
    fn declarations(&mut self) {
        for at in 0..self.tokens.len() {
            if self.shape(at) != Some(Shape::Word) || self.is_property(at) {
                continue;
            }
            match self.text(at) {
                keyword @ ("var" | "let" | "const") => {
                    let var = keyword == "var";
                    self.list(at, var);
                }
                "function" => {
                    let name = at + 1 + usize::from(self.text(at + 1) == "*");
                    if self.shape(name) == Some(Shape::Word) {
                        let region = self.region(at, false);
                        self.declare(name, &region);
                    }
                }
                "class"
                    if self.shape(at + 1) == Some(Shape::Word)
                        && self.text(at + 1) != "extends" =>
                {
                    let region = self.region(at, false);
                    self.declare(at + 1, &region);
                }
                _ => {}
            }
        }
    }

    /// The names behind `var`, `let` or `const`.
    fn list(&mut self, keyword: usize, var: bool) {
        let names = matches!(
            self.shape(keyword + 1),
            Some(Shape::Word | Shape::Open(Group::Bracket | Group::Object | Group::Block))
        );
        if !names {
            return;
        }
        let region = match self.loop_body(keyword) {
            Some(region) if !var => region,
            _ => self.region(keyword, var),
        };
        let mut at = keyword + 1;
        loop {
            at = self.element(at, &region);
            if self.text(at) != "," {
                return;
            }
            at += 1;
        }
    }

    /// What sees a name that the head of a loop declares.
    fn loop_body(&self, keyword: usize) -> Option<Range<usize>> {
        let open = keyword.checked_sub(1)?;
        let head = match self.before(open, 1) {
            "await" => self.before(open, 2),
            word => word,
        };
        let close = self.pair(open);
        let block = self.shape(close + 1) == Some(Shape::Open(Group::Block));
        (head == "for" && self.text(open) == "(" && block).then(|| open..self.pair(close + 1))
    }
}
