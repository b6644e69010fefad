//! Text to a tree in which every key and every value has its place. The only user of `granit-parser`.

use crate::diagnostic::Place;

/// One document of a YAML text.
#[derive(Clone)]
pub(crate) struct Node {
    /// What it holds.
    pub(crate) content: Content,
    /// Where it stands. An empty value stands just behind its key's colon.
    pub(crate) at: Place,
    /// How it was written.
    pub(crate) style: Style,
    /// For an empty value: the comment that follows on its line, which may have been meant as the value
    /// (`channel: #general`).
    pub(crate) comment: Option<Place>,
}

/// What a node holds, after the YAML 1.2 core rules.
#[derive(Clone)]
pub(crate) enum Content {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`; `yes` and `no` are text.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text, with line breaks as `\n`.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order it was written; keys are texts and differ.
    Map(Vec<Member>),
}

/// A key and its value.
#[derive(Clone)]
pub(crate) struct Member {
    /// The key.
    pub(crate) key: String,
    /// Where the key stands.
    pub(crate) key_at: Place,
    /// The value.
    pub(crate) value: Node,
}

/// How a node was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
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
