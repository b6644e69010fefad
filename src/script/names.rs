//! Which globals a script uses, and where its names stand. Follows scopes closely enough that a name that is
//! declared where it is used is never taken for a global; where a script cannot be followed nothing is said.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::lexer::{self, Group, Shape, Token, is_operator};
use super::{Absent, Spot, globals};

/// More steps than this are not made: no script that people write needs them.
const MAX_STEPS: usize = 50_000_000;
/// The longest list of words.
const MAX_WORDS: usize = 200_000;

/// What is read.
#[derive(Default)]
pub(super) struct Names {
    pub(super) absent: Vec<Absent>,
    pub(super) words: Vec<(String, Spot)>,
    pub(super) top_level: Vec<(String, Spot)>,
}

/// Reads the names of a script.
pub(super) fn read(source: &str) -> Names {
    let Some(tokens) = lexer::read(source) else {
        return Names::default();
    };
    let mut scopes = Scopes {
        tokens: &tokens,
        bodies: BTreeSet::new(),
        declared: Vec::new(),
        declaring: BTreeSet::new(),
        steps: Cell::new(0),
    };
    scopes.functions();
    scopes.declarations();
    let spots = Spots::new(source);
    let words = tokens.iter().filter(|token| token.shape == Shape::Word);
    let named = |token: &Token<'_>| (token.text.to_owned(), spots.of(token.at));
    let mut top_level: Vec<_> = scopes
        .declared
        .iter()
        .filter(|(_, region)| *region == scopes.whole())
        .filter_map(|(at, _)| tokens.get(*at).map(named))
        .collect();
    top_level.sort_by_key(|(_, at)| *at);
    Names {
        absent: if scopes.steps.get() < MAX_STEPS {
            scopes.absent(&spots)
        } else {
            Vec::new()
        },
        words: words.take(MAX_WORDS).map(named).collect(),
        top_level,
    }
}

/// Where the first regular expression stands of which that is true.
pub(super) fn first_regex(source: &str, is: impl Fn(&str) -> bool) -> Option<Spot> {
    let tokens = lexer::read(source)?;
    let mut regexes = tokens
        .iter()
        .filter(|token| token.shape == Shape::Literal && token.text.starts_with('/'));
    let found = regexes.find(|token| is(token.text))?;
    Some(Spots::new(source).of(found.at))
}

/// Bytes as lines and columns.
struct Spots(Vec<usize>);

impl Spots {
    fn new(source: &str) -> Self {
        let starts = source.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(starts).collect())
    }

    fn of(&self, byte: usize) -> Spot {
        let line = self.0.partition_point(|start| *start <= byte);
        let start = self
            .0
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Spot {
            line: short(line),
            column: short(byte - start + 1),
        }
    }
}

struct Scopes<'t> {
    tokens: &'t [Token<'t>],
    /// The braces that are bodies of functions.
    bodies: BTreeSet<usize>,
    /// The names that are declared, each with the tokens that see it.
    declared: Vec<(usize, Range<usize>)>,
    /// The same tokens.
    declaring: BTreeSet<usize>,
    steps: Cell<usize>,
}

impl Scopes<'_> {
    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    /// The text so many tokens before.
    fn before(&self, at: usize, back: usize) -> &str {
        at.checked_sub(back).map_or("", |at| self.text(at))
    }

    fn shape(&self, at: usize) -> Option<Shape> {
        self.tokens.get(at).map(|token| token.shape)
    }

    fn pair(&self, at: usize) -> usize {
        self.tokens.get(at).map_or(at, |token| token.pair)
    }

    /// What holds a token.
    fn group(&self, at: usize) -> Option<Group> {
        match self.shape(self.tokens.get(at)?.inside?)? {
            Shape::Open(group) => Some(group),
            _ => None,
        }
    }

    fn whole(&self) -> Range<usize> {
        0..self.tokens.len()
    }

    fn is_property(&self, at: usize) -> bool {
        matches!(self.before(at, 1), "." | "?.")
    }

    fn declare(&mut self, at: usize, region: &Range<usize>) {
        self.declared.push((at, region.clone()));
        self.declaring.insert(at);
    }

    /// The block that a name declared here is seen in, or for `var` the function.
    fn region(&self, at: usize, var: bool) -> Range<usize> {
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

    /// The first token behind an expression.
    fn expression_end(&self, from: usize) -> usize {
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

    fn ends_expression(&self, at: usize) -> bool {
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

    /// Declares the targets of a list of parameters or of a pattern in brackets.
    fn elements(&mut self, from: usize, to: usize, region: &Range<usize>) {
        let mut at = from;
        while at < to {
            at = match self.text(at) {
                "," => at + 1,
                _ => self.element(at, region).max(at + 1),
            };
        }
    }

    /// Declares one target with its default; the token behind it.
    fn element(&mut self, from: usize, region: &Range<usize>) -> usize {
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

    /// The globals that are missed, in the order of their first use.
    fn absent(&self, spots: &Spots) -> Vec<Absent> {
        if self
            .tokens
            .iter()
            .any(|token| token.text == "with" && token.shape == Shape::Word)
        {
            return Vec::new();
        }
        let seen = self.seen();
        let mut found: BTreeMap<&str, (&globals::Global, Vec<usize>)> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for (at, token) in self.tokens.iter().enumerate() {
            if token.shape != Shape::Word || self.declaring.contains(&at) {
                continue;
            }
            let Some(global) = globals::absent(token.text) else {
                continue;
            };
            let sees = |regions: &Vec<Range<usize>>| {
                let next = regions.partition_point(|region| region.start <= at);
                let last = next.checked_sub(1).and_then(|last| regions.get(last));
                last.is_some_and(|region| at < region.end)
            };
            match self.role(at) {
                _ if seen.get(token.text).is_some_and(sees) => {}
                Role::Use => found
                    .entry(token.text)
                    .or_insert((global, Vec::new()))
                    .1
                    .push(at),
                Role::Known => {
                    known.insert(token.text);
                }
                Role::Other => {}
            }
        }
        let mut absent: Vec<_> = found
            .into_iter()
            .filter(|(name, _)| !known.contains(name))
            .filter_map(|(_, (global, uses))| {
                let first = self.tokens.get(*uses.first()?)?;
                Some(Absent {
                    name: global.name,
                    instead: global.instead,
                    at: spots.of(first.at),
                    uses: uses.len(),
                })
            })
            .collect();
        absent.sort_by_key(|one| one.at);
        absent
    }

    /// Where each name is declared: stretches in order that do not overlap.
    fn seen(&self) -> BTreeMap<&str, Vec<Range<usize>>> {
        let mut regions: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
        for (at, region) in &self.declared {
            regions
                .entry(self.text(*at))
                .or_default()
                .push(region.clone());
        }
        for regions in regions.values_mut() {
            regions.sort_by_key(|region| region.start);
            let mut merged: Vec<Range<usize>> = Vec::new();
            for region in regions.drain(..) {
                match merged.last_mut() {
                    Some(last) if region.start <= last.end => last.end = last.end.max(region.end),
                    _ => merged.push(region),
                }
            }
            *regions = merged;
        }
        regions
    }

    /// What a word does that is declared nowhere.
    fn role(&self, at: usize) -> Role {
        let (before, next) = (self.before(at, 1), self.text(at + 1));
        if self.is_property(at) {
            let global = matches!(self.before(at, 2), "global" | "globalThis" | "this");
            return if global && next == "=" {
                Role::Known
            } else {
                Role::Other
            };
        }
        if matches!(before, "break" | "continue") || self.is_key(at, before, next) {
            return Role::Other;
        }
        // A script that asks whether it is there, or makes it, knows.
        if before == "typeof" || next == "=" {
            return Role::Known;
        }
        let within = self.tokens.get(at).and_then(|token| token.inside);
        if within.is_some_and(|open| {
            self.group(at) == Some(Group::Object) && self.text(self.pair(open) + 1) == "="
        }) {
            return Role::Known;
        }
        Role::Use
    }

    /// Whether a word is a key, a label or the name of a member.
    fn is_key(&self, at: usize, before: &str, next: &str) -> bool {
        let Some(token) = self.tokens.get(at) else {
            return false;
        };
        if next == ":" {
            return !token.ternary && before != "case";
        }
        let modifier = matches!(before, "get" | "set" | "async" | "static" | "*");
        match self.group(at) {
            Some(Group::Class) => {
                let ended = token.after_newline && self.ends_expression(at.saturating_sub(1));
                modifier || ended || matches!(before, "{" | "}" | ";")
            }
            Some(Group::Object) => next == "(" && (modifier || matches!(before, "{" | ",")),
            _ => false,
        }
    }
}

/// What a word does.
enum Role {
    /// Stands for the global.
    Use,
    /// Asks for it, or makes it.
    Known,
    /// Is a key, a property, a label.
    Other,
}
