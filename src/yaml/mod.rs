//! Text to a tree in which every key and every value has its place. The only user of `granit-parser`.
//!
//! Takes YAML 1.2 with the core rules and `<<`, and refuses what hides mistakes or costs without bound:
//! duplicate keys, keys that are no texts, tags, NUL, deep nesting, aliases that blow up. Knows nothing of
//! what a manifest means.

mod loader;
pub mod masks;
mod messages;
pub mod scalars;

use std::borrow::Cow;
use std::collections::HashSet;

use ecow::{EcoString, EcoVec};

use crate::problem::{Code, Place, Problem, SourceId};

/// How deep lists and mappings may nest; everything that walks a tree recurses no deeper.
pub const MAX_DEPTH: usize = 64;

/// How many items a list may have, and how many keys a mapping: ten times the integrations of a very large workspace.
pub const MAX_ITEMS: usize = 100_000;

/// How many values a text may have, with those that aliases repeat: so many that as many integrations as a list takes
/// items can be written.
const MAX_VALUES: usize = 600_000;

/// The same for a text of so many bytes: so few that a small file of tiny values takes little memory.
fn most_values(bytes: usize) -> usize {
    MAX_VALUES.min(MAX_ITEMS + bytes / 3)
}

/// More findings of one text than this are not collected: nobody reads them. The last says so.
const MAX_FINDINGS: usize = 1000;

/// A text is read again after a value that broke its syntax was blanked out, at most so often …
const MAX_PASSES: usize = 16;

/// … and only while all readings together stay below so many bytes.
const MAX_READ: usize = 64 << 20;

const SYNTAX: Code = Code("yaml-syntax");
const CONTROL: Code = Code("yaml-control-character");
const TOO_MANY: Code = Code("yaml-too-many-problems");

/// One document of a YAML text.
#[derive(Clone)]
pub struct Node {
    /// What it holds.
    pub content: Content,
    /// Where it is. An empty value stands just behind its key's colon.
    pub at: Place,
    /// How it was written.
    pub style: Style,
}

/// A comment instead of a value.
#[derive(Clone)]
pub struct Comment {
    /// Where it is, from its `#` on.
    pub at: Place,
    /// All of it.
    pub text: String,
}

impl Comment {
    /// Whether it was surely meant as a comment: a value that lost its quotes has no blank behind its `#`.
    pub fn is_prose(&self) -> bool {
        self.text.starts_with("# ") || self.text.trim_matches('#').is_empty()
    }
}

/// What a node holds, after the YAML 1.2 core rules. A copy shares it, so that aliases take no memory.
#[derive(Clone)]
pub enum Content {
    /// Nothing, `null` or `~`; and where nothing is written, the comment that follows on the line, which may have been
    /// meant as the value (`channel: #general`).
    Null(Option<Box<Comment>>),
    /// `true` or `false`; `yes` and `no` are text.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text, with line breaks as `\n`. There may be very many small ones.
    Text(EcoString),
    /// A list.
    List(EcoVec<Node>),
    /// A mapping, in the order it was written; keys are texts and differ.
    Map(EcoVec<Member>),
}

/// A key and its value.
#[derive(Clone)]
pub struct Member {
    /// The key.
    pub key: EcoString,
    /// Where the key stands.
    pub key_at: Place,
    /// The value.
    pub value: Node,
}

/// How a node was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// A scalar in single or double quotes.
    Quoted,
    /// A literal (`|`) or folded (`>`) scalar.
    Block,
    /// A list or mapping by indentation.
    Indented,
    /// A list or mapping in brackets.
    Flow,
}

/// What a text says, and all that is wrong with it.
pub struct Reading {
    /// A tree for each document that could be read. Where anything is wrong they serve to find what else is: a value
    /// that lacks its quotes is there under a made-up text, one that could not be read as nothing.
    pub documents: Vec<Node>,
    /// What is wrong, by place; all of it errors.
    pub problems: Vec<Problem>,
    /// How many values were read, those of what could not be read to its end among them.
    pub values: usize,
}

/// Reads every document of a text that has to be sound; else all that is wrong with it.
///
/// # Errors
/// What is wrong with it.
pub fn load(source: SourceId, text: &str) -> Result<Vec<Node>, Vec<Problem>> {
    let reading = read(source, text);
    if reading.problems.is_empty() {
        Ok(reading.documents)
    } else {
        Err(reading.problems)
    }
}

/// Reads every document of a text, as far as it can be read.
///
/// One mistake in the syntax is reported per document, and more where each is a value that only lacks its
/// quotes: blanked out, it hides nothing else.
pub fn read(source: SourceId, text: &str) -> Reading {
    let refused = control_characters(source, text);
    if !refused.is_empty() {
        return Reading {
            documents: Vec::new(),
            problems: refused,
            values: 0,
        };
    }
    let passes = (MAX_READ / text.len().max(1)).clamp(1, MAX_PASSES);
    let mut text = Cow::Borrowed(text);
    let mut problems: Vec<Problem> = Vec::new();
    let mut documents = Vec::new();
    let mut values = 0;
    let mut blanked = HashSet::new();
    for pass in 1..=passes {
        let reading = loader::read(source, &text);
        values += reading.values;
        let mut again = false;
        for syntax in reading.syntax {
            let line = line_start(&text, syntax.problem.start().unwrap_or_default());
            // A second mistake on a blanked line is most likely the first one's consequence.
            if blanked.contains(&line) {
                continue;
            }
            match syntax.blank {
                Some(range) if pass < passes && problems.len() < MAX_FINDINGS => {
                    blanked.insert(line);
                    let blank = "_".repeat(range.len());
                    text.to_mut().replace_range(range, &blank);
                    problems.push(syntax.problem);
                    again = true;
                }
                // The next reading finds it once more.
                _ if again => {}
                _ => problems.push(syntax.problem),
            }
        }
        if !again {
            problems.extend(reading.findings);
            documents = reading.documents;
            break;
        }
    }
    let enough = problems.len() >= MAX_FINDINGS;
    problems.sort_by_key(Problem::start);
    problems.dedup();
    if enough {
        // Some may not have been collected: what else is said could follow from them.
        documents.clear();
        problems.truncate(MAX_FINDINGS - 1);
        let last = problems.last().and_then(|last| last.place.clone());
        problems.extend(last.map(|at| {
            let message = format!("this file has {MAX_FINDINGS} problems or more");
            Problem::error(TOO_MANY, at, message).expected("the rest of it is not checked")
        }));
    }
    Reading {
        documents,
        problems,
        values,
    }
}

/// The characters that YAML does not take, not even in quotes or comments.
fn control_characters(source: SourceId, text: &str) -> Vec<Problem> {
    // Nearly every manifest passes here; without a way out of the loop it goes many bytes at a time.
    let plain = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return Vec::new();
    }
    text.char_indices()
        .filter(|(_, char)| {
            (char.is_control() && !matches!(char, '\t' | '\n' | '\r' | '\u{85}'))
                || matches!(char, '\u{fffe}' | '\u{ffff}')
        })
        .take(20)
        .map(|(at, char)| {
            let code = u32::from(char);
            let finding = Problem::error(
                CONTROL,
                Place::new(source, at..at + char.len_utf8()),
                format!("the control character U+{code:04X} is not allowed in YAML"),
            );
            if char == '\0' {
                finding.help("remove it; a text saved as UTF-16 must be saved as UTF-8")
            } else {
                finding.help(format!(
                    "remove it, or write `\\u{code:04x}` in a text in double quotes"
                ))
            }
        })
        .collect()
}

/// Where the line of a byte starts.
fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// Where the line of a byte ends, before its line break.
fn line_end(text: &str, at: usize) -> usize {
    let end = text[at..].find('\n').map_or(text.len(), |more| at + more);
    if end > at && text[..end].ends_with('\r') {
        end - 1
    } else {
        end
    }
}

impl Node {
    /// The member of that key, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Member> {
        match &self.content {
            Content::Map(members) => members.iter().find(|member| member.key == key),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The comment instead of a value.
    pub fn comment(&self) -> Option<&Comment> {
        match &self.content {
            Content::Null(comment) => comment.as_deref(),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// The whole number, if it is one (`3.0` is); of one that is larger than any, the largest.
    pub fn as_integer(&self) -> Option<i128> {
        match &self.content {
            Content::Int(number) => Some((*number).into()),
            Content::Float(number) if number.fract() == 0.0 => {
                let largest = if *number < 0.0 { i128::MIN } else { i128::MAX };
                Some(format!("{number:.0}").parse().unwrap_or(largest))
            }
            _ => None,
        }
    }

    /// The node under the segments of a JSON pointer (unescaped).
    #[cfg(test)]
    pub fn at_pointer<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Option<&Self> {
        segments
            .into_iter()
            .try_fold(self, |node, segment| match &node.content {
                Content::List(items) => items.get(segment.parse::<usize>().ok()?),
                _ => node.get(segment).map(|member| &member.value),
            })
    }

    /// The same without places. JSON has neither infinity nor NaN: a fraction stands for them, which no rule takes.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.content {
            Content::Null(_) => Value::Null,
            Content::Bool(flag) => Value::Bool(*flag),
            Content::Int(number) => Value::from(*number),
            Content::Float(number) if number.is_finite() => Value::from(*number),
            Content::Float(_) => Value::from(0.5),
            Content::Text(text) => Value::String(text.as_str().to_owned()),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Map(members) => members
                .iter()
                .map(|member| (member.key.as_str().to_owned(), member.value.to_json()))
                .collect(),
        }
    }
}

impl std::fmt::Debug for Node {
    /// The kind and the place: values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.content {
            Content::Null(_) => "null",
            Content::Bool(_) => "bool",
            Content::Int(_) => "int",
            Content::Float(_) => "float",
            Content::Text(_) => "text",
            Content::List(_) => "list",
            Content::Map(_) => "map",
        };
        write!(f, "{kind}@{:?}", self.at.bytes)
    }
}

#[cfg(test)]
mod tests;
