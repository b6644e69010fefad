//! From the parser's errors to findings that say where the mistake is and how to fix it.
//!
//! The parser points at the byte at which it gave up; a reader needs the quote that is not closed, the
//! value that lacks its quotes, the tab. Works on the line and the few tokens around that byte.

use std::ops::Range;

use granit_parser::{ErrorKind, ScanError};

use super::loader::{Syntax, too_deep};
use super::{SYNTAX, line_end, line_start, masks};
use crate::problem::{Place, Problem, SourceId};

/// No look at the text around goes further than this.
const REACH: usize = 64 << 10;

/// Where what follows the last such character begins: it may be one of several bytes.
fn after_last(text: &str, is_such: impl Fn(char) -> bool) -> usize {
    let mut found = text.char_indices().rev().filter(|(_, char)| is_such(*char));
    found.next().map_or(0, |(at, char)| at + char.len_utf8())
}

/// What is known when the parser gives up.
pub(super) struct Scene<'a> {
    pub(super) source: SourceId,
    pub(super) text: &'a str,
    /// The end of the last token that was read well.
    pub(super) seen: usize,
    /// The bracket that is open there.
    pub(super) bracket: Option<usize>,
}

impl Scene<'_> {
    /// The finding for an error of the parser.
    pub(super) fn describe(&self, error: &ScanError) -> Syntax {
        let at = error.marker().byte_offset().unwrap_or(self.seen);
        let at = self.text.floor_char_boundary(at);
        match error.kind() {
            ErrorKind::UnexpectedCharacter { character } => self.reserved(at, *character),
            ErrorKind::CommentNotSeparated => {
                let words = "an unquoted value cannot begin with `#`";
                self.unquoted_items(at, words)
            }
            ErrorKind::UnclosedFlowCollection { .. } if self.comment_in_brackets(at).is_some() => {
                self.swallowed(self.comment_in_brackets(at).unwrap_or(at..at))
            }
            ErrorKind::MappingValueNotAllowed => self.colon(at),
            ErrorKind::ExpectedFlowSequenceSeparator | ErrorKind::ExpectedFlowMappingSeparator => {
                self.separator(at, error)
            }
            ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar => self.open_quote(at),
            ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar => self.after_quote(at),
            ErrorKind::UnknownQuotedScalarEscape => self.escape(at),
            ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar => self.tab(at),
            ErrorKind::RecursionLimitExceeded => Syntax {
                problem: too_deep(Place::new(self.source, at..self.after(at))),
                blank: None,
            },
            kind => self.plainly(at, kind, error),
        }
    }

    /// The errors whose place the parser tells well.
    fn plainly(&self, at: usize, kind: &ErrorKind, error: &ScanError) -> Syntax {
        let (message, help) = match kind {
            ErrorKind::UnclosedFlowCollection { open } => (
                format!("this `{open}` is not closed"),
                if *open == '[' {
                    "close it with `]`"
                } else {
                    "close it with `}`"
                },
            ),
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => (
                format!("this `{open}` is closed by `{close}`"),
                "a `[` is closed by `]`, a `{` by `}`",
            ),
            ErrorKind::MisplacedFlowCollectionEnd => (
                "this bracket closes nothing".to_owned(),
                "remove it, or quote the text that it belongs to",
            ),
            ErrorKind::InvalidColonPlacement => (
                "a key is not allowed here, inside brackets".to_owned(),
                "is a `[` or `{` above not closed, or a `,` missing?",
            ),
            ErrorKind::BlockSequenceEntryNotAllowed => (
                "a list cannot begin on its key's line".to_owned(),
                "write each `- ` item on a line of its own, below the key",
            ),
            ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedDocumentStart
            | ErrorKind::InvalidIndentation => (
                "a key was expected here".to_owned(),
                "check the indentation: the keys of one mapping begin in the same column",
            ),
            ErrorKind::ExpectedBlockSequenceEntry => (
                "a list item was expected here".to_owned(),
                "check the indentation: the `- ` of one list stand in the same column, and so do the keys of one item",
            ),
            ErrorKind::SimpleKeyExpected => (
                "this line has no `:` that would make it a key".to_owned(),
                "write `key: value`; a text over several lines is indented deeper than its key",
            ),
            ErrorKind::InvalidBlockScalarHeader => (
                "nothing may follow `|` or `>` on its line".to_owned(),
                "begin the text on the next line, or quote the value",
            ),
            ErrorKind::MissingAnchorOrAliasName => (
                "an unquoted `*` or `&` needs a name".to_owned(),
                "quote it if it was meant as a string",
            ),
            _ if self.text[at..].starts_with(',') => {
                return self.unquoted(
                    at..self.value_end(at),
                    "an unquoted value cannot begin with `,`",
                );
            }
            _ => return self.found(at..self.line_tail(at), error.info(), None),
        };
        // Behind the dash of an item that has no place here, the parser is one step too far.
        let line = line_start(self.text, at);
        let at = match self.text[line..at].trim_start() {
            dash if dash.trim_end() == "-" => at - dash.len(),
            _ => at,
        };
        let end = match kind {
            ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::MismatchedFlowCollectionEnd { .. }
            | ErrorKind::MisplacedFlowCollectionEnd
            | ErrorKind::InvalidColonPlacement => self.after(at),
            _ => self.line_tail(at),
        };
        let mut syntax = self.found(at..end, message, Some(help));
        if let (ErrorKind::InvalidColonPlacement, Some(bracket)) = (kind, self.bracket) {
            let opened = Place::new(self.source, bracket..self.after(bracket));
            syntax.problem = syntax.problem.also(opened, "opened here");
        }
        syntax
    }

    fn found(&self, range: Range<usize>, message: impl Into<String>, help: Option<&str>) -> Syntax {
        let at = Place::new(self.source, range);
        let mut problem = Problem::error(SYNTAX, at, message);
        problem.help = help.map(str::to_owned);
        Syntax {
            problem,
            blank: None,
        }
    }

    /// A finding that quotes around a value would fix.
    fn unquoted(&self, range: Range<usize>, message: &str) -> Syntax {
        let mut syntax = self.found(range.clone(), message, Some("quote it"));
        let line = &self.text[line_start(self.text, range.start)..line_end(self.text, range.end)];
        if masks::ranges(line).is_empty() {
            syntax.problem = syntax.problem.fix(quoted(&self.text[range.clone()]));
        }
        if !self.goes_on_below(range.end) {
            syntax.blank = Some(range);
        }
        syntax
    }

    /// The same of a value that begins with `#`, and of those behind it in its list: one by one, each would take the rest of the
    /// line for a comment.
    fn unquoted_items(&self, at: usize, message: &str) -> Syntax {
        let end = self.value_end(at);
        let rest = &self.text[end..line_end(self.text, end)];
        let more = rest.find(']').map(|close| &rest[..close]);
        let Some(more) = more.filter(|more| more.contains(", #") && !more.contains(['"', '\'']))
        else {
            return self.unquoted(at..end, message);
        };
        let items = self.text[at..end + more.trim_end().len()].split(',');
        let items: Vec<_> = items
            .map(|item| match item.trim() {
                item if item.starts_with('#') => quoted(item),
                item => item.to_owned(),
            })
            .collect();
        let mut syntax = self.unquoted(at..end + more.trim_end().len(), message);
        if let Some(fix) = &mut syntax.problem.fix {
            fix.text = items.join(", ");
        }
        syntax
    }

    /// A character that no unquoted value begins with.
    fn reserved(&self, at: usize, character: char) -> Syntax {
        if !matches!(character, '@' | '`' | '%') {
            let message = format!("unexpected character `{}`", character.escape_default());
            return self.found(at..self.after(at), message, None);
        }
        let end = self.value_end(at);
        let named = match character {
            '`' => "a back-tick".to_owned(),
            _ => format!("`{character}`"),
        };
        self.unquoted(
            at..end,
            &format!("an unquoted value cannot begin with {named}"),
        )
    }

    /// A second `: ` on a line, or one on a line that is indented too deep.
    fn colon(&self, at: usize) -> Syntax {
        let start = line_start(self.text, at);
        let line = &self.text[start..at];
        let value = line.match_indices(':').find_map(|(colon, _)| {
            let rest = &line[colon + 1..];
            let value = rest.trim_start();
            (value.len() < rest.len()).then_some(at - value.len())
        });
        let Some(value) = value.filter(|value| *value < at) else {
            let key = start + (line.len() - line.trim_start().len());
            return self.found(
                key..self.after(at),
                "a key cannot stand here: the line above has its value already",
                Some("check the indentation: the keys of one mapping begin in the same column"),
            );
        };
        if self.text[value..].starts_with(['"', '\'']) {
            return self.found(
                at..self.after(at),
                "a second `:` cannot follow on this line",
                Some("write one key a line, or quote the whole value"),
            );
        }
        self.unquoted(
            value..self.value_end(value),
            "an unquoted value cannot hold `: ` or end in `:`",
        )
    }

    /// Inside brackets, something that is no `,` follows a value: most often `${…}`.
    fn separator(&self, at: usize, error: &ScanError) -> Syntax {
        if !(self.text[at..].starts_with('{') && self.text[..at].ends_with('$')) {
            let message = "a `,` or the closing bracket was expected here";
            let info = error.info();
            let help = if info.contains('}') {
                "separate the members by `,`, and close with `}`"
            } else {
                "separate the items by `,`, and close with `]`"
            };
            return self.found(at..self.after(at), message, Some(help));
        }
        let line = &self.text[line_start(self.text, at)..at];
        let start = at - line.len()
            + after_last(line, |char| {
                matches!(char, '[' | '{' | ',') || char.is_whitespace()
            });
        let rest = &self.text[at..line_end(self.text, at)];
        let brace = rest.find('}').map_or(rest.len(), |brace| brace + 1);
        let more = rest[brace..]
            .find(|char: char| matches!(char, ']' | '}' | ',') || char.is_whitespace())
            .unwrap_or(rest.len() - brace);
        self.unquoted(
            start..at + brace + more,
            "`${…}` must be quoted inside `[…]` and `{…}`",
        )
    }

    /// A comment on the line of a bracket that is not closed: it may have taken the closing bracket with it.
    fn comment_in_brackets(&self, open: usize) -> Option<Range<usize>> {
        let line = &self.text[open..line_end(self.text, open)];
        let mut quote = None;
        let mut before = ' ';
        for (index, char) in line.char_indices().take(REACH) {
            match (quote, char) {
                (None, '#') if before.is_whitespace() => {
                    let comment = &line[index..];
                    let value = comment.find([',', ']', '}'])?;
                    return Some(open + index..open + index + comment[..value].trim_end().len());
                }
                (None, '"' | '\'') => quote = Some(char),
                (Some(open), _) if open == char => quote = None,
                _ => {}
            }
            before = char;
        }
        None
    }

    fn swallowed(&self, value: Range<usize>) -> Syntax {
        let mut syntax = self.unquoted(
            value,
            "`#` after a space starts a comment, up to the end of the line",
        );
        syntax.problem.expected = Some("read as a comment".to_owned());
        syntax
    }

    fn open_quote(&self, at: usize) -> Syntax {
        let start = self.quote_over(at).unwrap_or(at);
        let quote = self.text[start..].chars().next().unwrap_or('"');
        let quote = if quote == '\'' { '\'' } else { '"' };
        self.found(
            start..self.line_tail(start),
            "this quote is not closed",
            Some(&format!(
                "close it with `{quote}`; for a text of several lines use `|`"
            )),
        )
    }

    /// The quote that opens before a byte, and has not closed there.
    fn quote_over(&self, at: usize) -> Option<usize> {
        if self.text[at..].starts_with(['"', '\'']) {
            return Some(at);
        }
        let mut from = self
            .text
            .floor_char_boundary(self.seen.max(at.saturating_sub(REACH)));
        loop {
            let found = from + self.text.get(from..at)?.find(['"', '\'', '#'])?;
            let begins = self.text[..found]
                .chars()
                .next_back()
                .is_none_or(|before| before.is_whitespace() || "[{,:".contains(before));
            from = found + 1;
            if !begins {
                continue;
            }
            if self.text[found..].starts_with('#') {
                from = line_end(self.text, found);
            } else {
                match closing_quote(self.text, found) {
                    Some(end) if end <= at => from = end,
                    _ => return Some(found),
                }
            }
        }
    }

    fn after_quote(&self, at: usize) -> Syntax {
        let help = "quote the whole value; inside \"…\" a quote is written `\\\"`, inside '…' it is written `''`";
        self.found(
            at..self.line_tail(at),
            "nothing may follow the closing quote",
            Some(help),
        )
    }

    fn escape(&self, at: usize) -> Syntax {
        let end = closing_quote(self.text, at).unwrap_or_else(|| line_end(self.text, at));
        let mut chars = self.text[at..end].char_indices();
        let mut wrong = at;
        while let Some((index, char)) = chars.next() {
            if char == '\\'
                && let Some((_, escaped)) = chars.next()
                && !"0abtnvfre \"/\\N_LPxuU\n\r\t".contains(escaped)
            {
                wrong = at + index;
                break;
            }
        }
        self.found(
            wrong..self.after(self.after(wrong)),
            "inside \"…\" a `\\` begins an escape, and there is none of this name",
            Some("write `\\\\` for a backslash, or use single quotes"),
        )
    }

    /// The first tab in the white space that a line begins with.
    fn tab(&self, at: usize) -> Syntax {
        let mut start = line_start(self.text, at);
        let reach = self.text.floor_char_boundary(at.saturating_add(REACH));
        let tab = loop {
            let line = &self.text[start..line_end(self.text, start)];
            let blank = line.len() - line.trim_start().len();
            match line[..blank].find('\t') {
                Some(tab) if blank < line.len() && start + blank >= at => {
                    break Some((start + tab, start + blank));
                }
                _ => {}
            }
            match self.text[start..].find('\n') {
                Some(next) if start < reach => start += next + 1,
                _ => break None,
            }
        };
        let (start, end) = tab.unwrap_or((at, self.after(at)));
        self.found(
            start..end,
            "a tab in the indentation",
            Some("indent with spaces: YAML does not allow tabs"),
        )
    }

    /// Where the unquoted value that begins here ends: before a comment, and inside brackets before `,` or a bracket.
    fn value_end(&self, start: usize) -> usize {
        let line = line_start(self.text, start);
        let depth = self.text[line..start]
            .chars()
            .fold(0_i32, |depth, char| match char {
                '[' | '{' => depth + 1,
                ']' | '}' => depth - 1,
                _ => depth,
            });
        let flow = self.bracket.is_some() || depth > 0;
        let value = &self.text[start..line_end(self.text, start)];
        let comment = value.find(" #").unwrap_or(value.len());
        let end = if flow {
            value
                .find([',', ']', '}'])
                .unwrap_or(value.len())
                .min(comment)
        } else {
            comment
        };
        start + value[..end].trim_end().len().max(1)
    }

    /// Whether the line of a byte is followed by one that is indented deeper than its key: then it is unclear
    /// what that line would belong to.
    fn goes_on_below(&self, at: usize) -> bool {
        let line = &self.text[line_start(self.text, at)..line_end(self.text, at)];
        let column = line.len() - line.trim_start_matches([' ', '-']).len();
        let below = self.text[line_end(self.text, at)..]
            .lines()
            .skip(1)
            .take(100)
            .find(|below| !below.trim().is_empty() && !below.trim_start().starts_with('#'));
        below.is_some_and(|below| below.len() - below.trim_start().len() > column)
    }

    /// The end of the character at a byte.
    fn after(&self, at: usize) -> usize {
        self.text[at..].chars().next().map_or(at, |char| {
            if char == '\n' || char == '\r' {
                at
            } else {
                at + char.len_utf8()
            }
        })
    }

    /// The end of what is written on the line of a byte.
    fn line_tail(&self, at: usize) -> usize {
        at + self.text[at..line_end(self.text, at)].trim_end().len()
    }
}

/// Where a quoted scalar that opens at a byte ends, just behind its closing quote.
fn closing_quote(text: &str, open: usize) -> Option<usize> {
    let double = text[open..].starts_with('"');
    let mut chars = text[open..].char_indices().skip(1).peekable();
    while let Some((index, char)) = chars.next() {
        match char {
            _ if index > REACH => return None,
            '\\' if double => {
                chars.next();
            }
            '"' if double => return Some(open + index + 1),
            '\'' if !double && chars.next_if(|(_, next)| *next == '\'').is_none() => {
                return Some(open + index + 1);
            }
            _ => {}
        }
    }
    None
}

/// A text of one line in the quotes that need the least escaping.
pub(super) fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// The first byte from `from` on (and before `to`) that is no white space, comment, anchor, tag or one of the
/// indicators named.
pub(super) fn skip(text: &str, from: usize, to: usize, indicators: &str) -> usize {
    let mut at = from.min(to);
    while at < to {
        let Some(char) = text[at..].chars().next() else {
            break;
        };
        at += match char {
            '#' => line_end(text, at) - at,
            '&' | '!' => text[at..]
                .find(char::is_whitespace)
                .unwrap_or(text.len() - at),
            '-' if !text[at + 1..].starts_with(char::is_whitespace) => break,
            _ if char.is_whitespace() || indicators.contains(char) => char.len_utf8(),
            _ => break,
        };
    }
    at.min(to)
}
