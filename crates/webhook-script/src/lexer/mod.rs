//! A script's text as tokens, with brackets in pairs and braces told apart. For scripts that parse: what
//! cannot be followed yields nothing, so that nothing is said about it.

mod context;
mod literals;

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token<'s> {
    pub(super) shape: Shape,
    pub(super) text: &'s str,
    /// Where it starts, in bytes.
    pub(super) at: usize,
    /// Whether a line ended before it.
    pub(super) after_newline: bool,
    /// For a bracket the token of its other side.
    pub(super) pair: usize,
    /// The bracket that it stands in.
    pub(super) inside: Option<usize>,
    /// Whether a `?` before it waits for its `:`; for a `:` whether it is such a one.
    pub(super) ternary: bool,
}

/// What a token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A name or a keyword.
    Word,
    /// A number, a text, a regular expression, or a stretch of a template.
    Literal,
    Punct,
    Open(Group),
    Close,
}

/// What a bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Paren,
    Bracket,
    Block,
    Object,
    Class,
    /// `${…}`.
    Template,
}

/// Words behind which an expression begins.
const OPERATORS: [&str; 16] = [
    "return",
    "typeof",
    "instanceof",
    "in",
    "of",
    "new",
    "delete",
    "void",
    "throw",
    "case",
    "do",
    "else",
    "yield",
    "await",
    "extends",
    "default",
];

/// Signs of more than one character, longest first.
const SIGNS: [&str; 37] = [
    ">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=", "=>", "==", "!=",
    "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "<<", ">>", "**", "=", "?", ":", ";",
];

/// Whether a word is an operator rather than a value.
pub(super) fn is_operator(word: &str) -> bool {
    OPERATORS.contains(&word)
}

/// The tokens; `None` if the text cannot be followed.
pub(super) fn read(source: &str) -> Option<Vec<Token<'_>>> {
    let mut lexer = Lexer {
        source,
        at: 0,
        tokens: Vec::new(),
        open: Vec::new(),
        top: Level::default(),
    };
    if source.starts_with("#!") {
        lexer.skip_line();
    }
    while lexer.next()? {}
    lexer.open.is_empty().then_some(lexer.tokens)
}

/// What is remembered of a level of brackets.
#[derive(Default)]
struct Level {
    /// The bracket that opened it.
    bracket: usize,
    /// How many `?` wait for their `:`.
    ternaries: usize,
    /// Whether the next brace is the body of a class.
    class: bool,
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<Token<'s>>,
    open: Vec<Level>,
    top: Level,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn level(&mut self) -> &mut Level {
        self.open.last_mut().unwrap_or(&mut self.top)
    }

    /// Reads one token; whether there was one.
    fn next(&mut self) -> Option<bool> {
        let after_newline = self.skip_blank()?;
        let start = self.at;
        let Some(first) = self.peek() else {
            return Some(false);
        };
        let next = self.rest().chars().nth(1);
        match first {
            '"' | '\'' => {
                self.text(first)?;
                self.push(Shape::Literal, start, after_newline);
            }
            '`' => self.template(1, after_newline)?,
            '0'..='9' => self.number(after_newline),
            '.' if next.is_some_and(|next| next.is_ascii_digit()) => self.number(after_newline),
            '(' => self.open(Group::Paren, 1, after_newline),
            '[' => self.open(Group::Bracket, 1, after_newline),
            '{' => {
                let group = self.brace();
                self.level().class = false;
                self.open(group, 1, after_newline);
            }
            ')' | ']' | '}' => self.close(after_newline)?,
            '/' if self.regex_may_follow() => {
                self.regex()?;
                self.push(Shape::Literal, start, after_newline);
            }
            _ if is_word(first) || first == '#' => self.word(after_newline),
            _ => self.punct(first, after_newline),
        }
        Some(true)
    }

    /// Skips blanks and comments; whether a line ended there.
    fn skip_blank(&mut self) -> Option<bool> {
        let mut newline = false;
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.skip_line();
            } else if rest.starts_with("/*") {
                let comment = &rest[..rest.find("*/")? + 2];
                newline |= comment.contains(is_line_end);
                self.at += comment.len();
            } else {
                match self.peek() {
                    Some(c) if c.is_whitespace() || c == '\u{feff}' => {
                        newline |= is_line_end(c);
                        self.at += c.len_utf8();
                    }
                    _ => return Some(newline),
                }
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find(is_line_end).unwrap_or(rest.len());
    }

    fn word(&mut self, after_newline: bool) {
        let start = self.at;
        self.at += self.peek().map_or(0, char::len_utf8);
        self.skip_while(is_word);
        let word = self.source.get(start..self.at).unwrap_or_default();
        // `class` as a key or a property is followed by a sign.
        if word == "class" && !self.behind_a_dot() {
            let mut ahead = Lexer {
                source: self.source,
                at: self.at,
                tokens: Vec::new(),
                open: Vec::new(),
                top: Level::default(),
            };
            let followed = ahead.skip_blank().and_then(|_| ahead.peek());
            self.level().class = followed.is_some_and(|c| is_word(c) || c == '{');
        }
        self.push(Shape::Word, start, after_newline);
    }

    fn punct(&mut self, first: char, after_newline: bool) {
        let start = self.at;
        let rest = self.rest();
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        // `a?.5:b` is a question.
        let sign = sign.filter(|sign| {
            **sign != "?." || !rest.chars().nth(2).is_some_and(|c| c.is_ascii_digit())
        });
        self.at += sign.map_or(first.len_utf8(), |sign| sign.len());
        self.push(Shape::Punct, start, after_newline);
        let ternaries = self.level().ternaries;
        self.level().ternaries = match self.tokens.last().map_or("", |token| token.text) {
            "?" => ternaries + 1,
            ":" => ternaries.saturating_sub(1),
            ";" => 0,
            _ => ternaries,
        };
    }

    fn skip_while(&mut self, of: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !of(c)).unwrap_or(rest.len());
    }

    fn push(&mut self, shape: Shape, start: usize, after_newline: bool) {
        let level = self.open.last().unwrap_or(&self.top);
        self.tokens.push(Token {
            shape,
            text: self.source.get(start..self.at).unwrap_or_default(),
            at: start,
            after_newline,
            pair: 0,
            inside: self.open.last().map(|level| level.bracket),
            ternary: level.ternaries > 0,
        });
    }

    fn open(&mut self, group: Group, length: usize, after_newline: bool) {
        let start = self.at;
        self.at += length;
        self.push(Shape::Open(group), start, after_newline);
        self.open.push(Level {
            bracket: self.tokens.len() - 1,
            ..Level::default()
        });
    }

    fn close(&mut self, after_newline: bool) -> Option<()> {
        let bracket = self.open.pop()?.bracket;
        let start = self.at;
        self.at += 1;
        self.push(Shape::Close, start, after_newline);
        let last = self.tokens.len() - 1;
        let opened = self.tokens.get_mut(bracket)?;
        opened.pair = last;
        let fits = matches!(
            (opened.text, self.source.get(start..=start)?),
            ("(", ")") | ("[", "]") | ("{" | "${", "}")
        );
        let template = opened.shape == Shape::Open(Group::Template);
        self.tokens.last_mut()?.pair = bracket;
        if template {
            self.template(0, false)?;
        }
        fits.then_some(())
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '_' | '$' | '\\' | '\u{200c}' | '\u{200d}')
        || (!c.is_ascii() && !c.is_whitespace() && !is_line_end(c) && c != '\u{feff}')
}
