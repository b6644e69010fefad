//! From the parser's events to trees: which node is a key, an item, a value; how deep; where.

mod aliases;
mod places;
mod put;
mod tags;

use std::collections::HashMap;
use std::ops::Range;

use ecow::EcoString;
use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, Tag};

use super::{Content, MAX_DEPTH, MAX_FINDINGS, Member, Node, Style, messages, scalars};
use crate::problem::{Code, Place, Problem, SourceId};

const KEY: Code = Code("yaml-key");
const ALIAS: Code = Code("yaml-alias");
const NUL: Code = Code("yaml-control-character");
const DEPTH: Code = Code("yaml-depth");

/// What one reading of a text gave.
#[derive(Default)]
pub(super) struct Reading {
    /// A tree per document; where anything was found, what is left of it.
    pub(super) documents: Vec<Node>,
    /// What is wrong though the syntax is right.
    pub(super) findings: Vec<Problem>,
    /// Mistakes in the syntax: each ended the reading of its document.
    pub(super) syntax: Vec<Syntax>,
    /// How many values were read.
    pub(super) values: usize,
}

/// A mistake in the syntax.
pub(super) struct Syntax {
    /// What to tell.
    pub(super) problem: Problem,
    /// The value that, written as a plain word, would fix it.
    pub(super) blank: Option<Range<usize>>,
}

/// The rest of the document cannot be read.
struct Abandon;

/// Reads a text once, from its start to its end.
pub(super) fn read(source: SourceId, text: &str) -> Reading {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        block_nesting_limit: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut loader = Loader::new(source, text);
    while let Some(next) = parser.next_event() {
        let taken = match next {
            Ok((event, span)) => loader.take(event, &span),
            Err(error) => {
                let scene = messages::Scene {
                    source,
                    text,
                    seen: loader.seen,
                    bracket: loader.bracket(),
                };
                loader.reading.syntax.push(scene.describe(&error));
                Err(Abandon)
            }
        };
        if loader.is_over() {
            loader.abandon();
            break;
        }
        if taken.is_err() {
            loader.abandon();
            if !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
    }
    loader.reading.values = loader.values;
    loader.reading
}

/// How much there is in a tree.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    text: usize,
    /// How many lists and mappings lie around its innermost scalar.
    height: usize,
}

/// A list or mapping that is not at its end yet.
struct Open {
    collection: Collection,
    start: usize,
    style: Style,
    anchor: usize,
}

enum Collection {
    List(Vec<Node>),
    Map {
        members: Vec<Member>,
        merges: Vec<(Place, Node)>,
        key: Option<Key>,
    },
}

/// A key that waits for its value.
struct Key {
    text: EcoString,
    at: Place,
    role: Role,
}

#[derive(PartialEq, Eq)]
enum Role {
    Plain,
    /// `<<`
    Merge,
    /// Reported already; its value is read and dropped.
    Refused,
}

/// A node that aliases may repeat.
struct Anchored {
    node: Node,
    size: Size,
}

struct Loader<'a> {
    source: SourceId,
    text: &'a str,
    reading: Reading,
    stack: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Anchored>,
    /// What aliases have copied.
    copied: Size,
    /// How many values there are, with those that aliases copied.
    values: usize,
    /// Whether there is more than any manifest needs.
    too_large: bool,
    /// The end of the last token the parser told of.
    seen: usize,
    /// The end of the last key, scalar, alias or bracket: where an indented collection ends.
    last_end: usize,
}

impl<'a> Loader<'a> {
    fn new(source: SourceId, text: &'a str) -> Self {
        Self {
            source,
            text,
            reading: Reading::default(),
            stack: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            copied: Size::default(),
            values: 0,
            too_large: false,
            seen: 0,
            last_end: 0,
        }
    }

    /// Where the innermost bracket that is still open stands.
    fn bracket(&self) -> Option<usize> {
        let open = self.stack.last().filter(|open| open.style == Style::Flow)?;
        Some(open.start)
    }

    /// Forgets what was read of a document.
    fn abandon(&mut self) {
        self.stack.clear();
        self.anchors.clear();
        self.root = None;
    }

    /// Whether nothing more is read of this text.
    fn is_over(&self) -> bool {
        self.too_large || self.reading.syntax.len() + self.reading.findings.len() >= MAX_FINDINGS
    }

    fn place(&self, range: &Range<usize>) -> Place {
        Place::new(self.source, range.clone())
    }

    fn report(&mut self, finding: Problem) {
        if self.reading.findings.len() < MAX_FINDINGS {
            self.reading.findings.push(finding);
        }
    }

    /// Takes one event of the parser.
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Abandon> {
        let range = span.byte_range().unwrap_or_default();
        let tag_range = span.tag_span().and_then(|tag| tag.byte_range());
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let tag = tag.as_deref().zip(tag_range);
                self.scalar(&text, style, anchor, tag, range.clone())?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                let start = self.list_start(style, range.start);
                self.check_tag(tag.as_deref().zip(tag_range), &["seq"], &range);
                self.open(Collection::List(Vec::new()), style, anchor, start)?;
                // The parser may tell of the first item; its dash is still to be found.
                self.seen = self.seen.max(start);
                return Ok(());
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref().zip(tag_range), &["map"], &range);
                let map = Collection::Map {
                    members: Vec::new(),
                    merges: Vec::new(),
                    key: None,
                };
                self.open(map, style, anchor, range.start)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(&range)?,
            Event::Alias(anchor) => self.alias(anchor, &range)?,
            Event::UnresolvedAlias(_) => {
                self.report(unknown_alias(self.place(&range)));
                self.last_end = range.end;
                let node = self.node(Content::Null(None), &range, Style::Plain);
                self.put(node)?;
            }
            Event::DocumentEnd => {
                self.anchors.clear();
                self.reading.documents.extend(self.root.take());
            }
            _ => {}
        }
        self.seen = self.seen.max(range.end);
        Ok(())
    }

    /// A node of this text.
    fn node(&self, content: Content, range: &Range<usize>, style: Style) -> Node {
        Node {
            content,
            at: self.place(range),
            style,
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<(&Tag, Range<usize>)>,
        range: Range<usize>,
    ) -> Result<(), Abandon> {
        // The parser gives `~` with nothing in the text for a value that is not there.
        let missing = style == ScalarStyle::Plain && range.is_empty();
        if text.contains('\0') {
            let finding = Problem::error(NUL, self.place(&range), "a string cannot hold NUL");
            self.report(finding.help("remove `\\0`"));
        }
        if self.awaits_key() {
            self.check_tag(tag, &["str"], &range);
            self.key(text, style, missing, range);
            return Ok(());
        }
        let content = match style {
            ScalarStyle::Plain if missing => Content::Null(None),
            ScalarStyle::Plain => scalars::plain(text),
            _ => Content::Text(text.into()),
        };
        let told = self.reading.findings.len();
        let content = self.tagged(content, text, tag.clone(), &range);
        // A tag that was refused is where the value goes wrong.
        let refused = self.reading.findings.len() > told;
        let tag_start = tag.as_ref().map(|(_, range)| range.start);
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
            ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        };
        let at = match style {
            Style::Block => self.block_range(range),
            _ if missing && tag.is_none() && anchor == 0 => self.missing_place(range.start),
            _ => range,
        };
        let at = match tag_start {
            Some(start) if refused => start..at.end,
            _ => at,
        };
        let mut node = self.node(content, &at, style);
        if missing {
            let comment = self.comment_behind(at.start).map(Box::new);
            if let Content::Null(none) = &mut node.content {
                *none = comment;
            }
        }
        self.last_end = self.last_end.max(at.end);
        self.anchor(anchor, &node)?;
        self.put(node)
    }

    /// Whether the next node is a key.
    pub(super) fn awaits_key(&self) -> bool {
        matches!(
            self.stack.last().map(|open| &open.collection),
            Some(Collection::Map { key: None, .. })
        )
    }

    /// Takes a scalar as a key.
    fn key(&mut self, text: &str, style: ScalarStyle, missing: bool, range: Range<usize>) {
        let at = self.place(&range);
        let role = if missing {
            let finding = Problem::error(KEY, at.clone(), "the key before `:` is missing");
            self.report(finding.help("write the key, or quote the text that begins with `:`"));
            Role::Refused
        } else if text == "<<" && style == ScalarStyle::Plain {
            Role::Merge
        } else {
            Role::Plain
        };
        self.last_end = self.last_end.max(range.end);
        self.set_key(Key {
            text: text.into(),
            at,
            role,
        });
    }

    fn set_key(&mut self, new: Key) {
        if let Some(Open {
            collection: Collection::Map { key, .. },
            ..
        }) = self.stack.last_mut()
        {
            *key = Some(new);
        }
    }

    fn open(
        &mut self,
        collection: Collection,
        style: StructureStyle,
        anchor: usize,
        start: usize,
    ) -> Result<(), Abandon> {
        if self.stack.len() >= MAX_DEPTH {
            self.report(too_deep(Place::new(self.source, start..start + 1)));
            return Err(Abandon);
        }
        self.stack.push(Open {
            collection,
            start,
            style: match style {
                StructureStyle::Flow => Style::Flow,
                StructureStyle::Block => Style::Indented,
            },
            anchor,
        });
        Ok(())
    }

    fn close(&mut self, range: &Range<usize>) -> Result<(), Abandon> {
        let Some(open) = self.stack.pop() else {
            return Ok(());
        };
        if open.style == Style::Flow {
            self.last_end = self.last_end.max(range.end);
        }
        let content = match open.collection {
            Collection::List(items) => Content::List(items.into()),
            Collection::Map {
                members, merges, ..
            } => {
                let members = self.without_duplicates(members);
                Content::Map(self.merged(members, merges).into())
            }
        };
        let at = open.start..self.last_end.max(open.start);
        let node = self.node(content, &at, open.style);
        self.anchor(open.anchor, &node)?;
        self.put(node)
    }
}

/// Nesting without end.
pub(super) fn too_deep(at: Place) -> Problem {
    Problem::error(DEPTH, at, format!("nested deeper than {MAX_DEPTH} levels"))
        .help("no manifest needs so many: is a bracket or an indentation repeated?")
}

fn unknown_alias(at: Place) -> Problem {
    let message = "an unquoted `*` repeats an anchor, and no anchor has that name above";
    Problem::error(ALIAS, at, message)
        .expected("read as an alias")
        .help("write `&` and the name before the value to repeat, or quote it if it was meant as a string")
}
