//! What a value, its type and its place in a manifest are called in a sentence.

use ecow::EcoString;

use crate::integration::{Kind, LeftOut};
use crate::manifest::Document;
use crate::schema::{Step, Violation};
use crate::yaml::{Content, Node};

/// The value as a sentence names it: by its key, or by what it is an item of.
pub(super) fn subject(violation: &Violation<'_>) -> String {
    match &*violation.path {
        [] => "a manifest".to_owned(),
        [Step::Key(list), Step::Index(_)] if list == Document::INTEGRATIONS => {
            "an integration".to_owned()
        }
        [.., Step::Key(key)] => format!("`{key}`"),
        [.., Step::Key(list), Step::Index(_)] => format!("an item of `{list}`"),
        _ => "this".to_owned(),
    }
}

/// The kind of the entry that the finding is in, if it says a known one.
pub(super) fn entry_kind(violation: &Violation<'_>) -> Option<Kind> {
    match &*violation.path {
        [Step::Key(list), Step::Index(_)] if list == Document::INTEGRATIONS => {
            Kind::from_wire(violation.node.get("type")?.value.as_text()?)
        }
        _ => None,
    }
}

/// How to fix an empty value: what can be left out, can be left out.
pub(super) fn fill_or_remove(violation: &Violation<'_>) -> &'static str {
    match &*violation.path {
        [Step::Key(list)] if list == Document::INTEGRATIONS => {
            "write the entries below, each beginning with `- type:`, or `integrations: []`"
        }
        [.., Step::Index(_)] => "write a value, or remove the item",
        [.., Step::Key(key)] if key == "type" => "write `webhook-incoming` or `webhook-outgoing`",
        [.., Step::Key(key)] if always_needed(key) => "write a value: it cannot be left out",
        _ => "write a value, or leave the key out",
    }
}

/// Whether no entry that has this key can do without it.
fn always_needed(key: &str) -> bool {
    let mut rows = Kind::ALL
        .iter()
        .filter_map(|kind| kind.field(key))
        .peekable();
    let known = rows.peek().is_some() || key == "file";
    known && rows.all(|row| row.left_out == LeftOut::Required)
}

/// The types a value may have, in words. Where a text is taken beside a flag or a number, it is for a variable: to
/// name it would mislead.
pub(super) fn types(names: &[EcoString]) -> Vec<&'static str> {
    let for_variable = names
        .iter()
        .any(|name| matches!(name.as_str(), "boolean" | "integer"));
    names
        .iter()
        .filter(|name| !(for_variable && *name == "string"))
        .map(|name| match name.as_str() {
            "boolean" => "`true` or `false`",
            "integer" => "a whole number",
            "number" => "a number",
            "array" => "a list",
            "object" => "a mapping",
            "string" => "a string",
            _ => "another type",
        })
        .collect()
}

/// The type a value has, in words.
pub(super) fn found(node: &Node) -> &'static str {
    match node.content {
        Content::Null(_) => "nothing",
        Content::Bool(_) => "a boolean",
        Content::Int(_) => "a number",
        Content::Float(_) => "a fraction",
        Content::Text(_) => "a string",
        Content::List(_) => "a list",
        Content::Map(_) => "a mapping",
    }
}

/// `a, b or c`.
pub(super) fn or_list<T: AsRef<str>>(items: &[T]) -> String {
    list(items, "or")
}

/// `` `a`, `b` and `c` ``.
pub(super) fn and_list(items: &[String]) -> String {
    let quoted: Vec<_> = items.iter().map(|item| format!("`{item}`")).collect();
    list(&quoted, "and")
}

fn list<T: AsRef<str>>(items: &[T], word: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {word} {}", first.join(", "), last.as_ref())
        }
    }
}
