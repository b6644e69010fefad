//! An entry with its references replaced: the values as the rules look at them, not yet in normal form.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Scripts, replaced};
use crate::integration::{Field, Shape, Value, Written};
use crate::manifest::Entry;
use crate::manifest::rules::{Seen, View};
use crate::problem::{Code, Place, Problem, Texts};
use crate::secret::{Piece, Secret, Text};
use crate::variables::{Resolver, Secrets, within};
use crate::yaml::{MAX_ITEMS, Node};

/// What a part of a text with commas takes in memory, in bytes: what is written in two of them.
const PART: usize = 128;

/// The entry's values with their references replaced; one that could not be replaced is not among them.
pub(super) fn view(
    entry: &Entry,
    scripts: &Scripts,
    texts: &Texts,
    resolver: &mut Resolver<'_>,
) -> View {
    let mut values = BTreeMap::new();
    for field in entry.kind.fields() {
        let Some(node) = entry.value(field.name) else {
            continue;
        };
        let mut seen = Seen {
            value: Value::Flag(false),
            at: node.at.clone(),
            items: Vec::new(),
            joined: false,
            literal: true,
        };
        let refers = |text: &str| text.contains("${");
        // The manifest has been told what has no such form.
        let value = field.read(node).and_then(|written| match written {
            Written::Flag(on) => Some(Value::Flag(on)),
            Written::Number(number) => self::number(field, number, node, resolver),
            Written::Variable(text) => variable(field, text, node, resolver),
            Written::Text(text) if field.shape == Shape::Secret => {
                seen.literal = !refers(text);
                secret(text, node, resolver)
            }
            Written::Text(text) if field.shape == Shape::Script => Some(Value::script(text)),
            Written::Text(text) => {
                seen.literal = !refers(text);
                let text = resolver.text(text, &node.at, takes_secrets(field));
                text.map(Value::Text)
            }
            Written::Joined(text) => {
                seen.literal = !refers(text);
                seen.joined = true;
                seen.items = joined(field, text, node, texts, resolver)?;
                Some(Value::List(item_values(&seen)))
            }
            Written::List(items) => {
                seen.literal = !items.iter().filter_map(Node::as_text).any(refers);
                seen.items = list(field, items, resolver);
                Some(Value::List(item_values(&seen)))
            }
            Written::File(file, replace) => {
                let (_, template) = scripts.get(&(entry.source(), file.as_text()?.to_owned()))?;
                replaced::script(template, replace, &node.at, resolver).map(Value::Script)
            }
        });
        if let Some(value) = value {
            seen.value = value;
            values.insert(field.name, seen);
        }
    }
    View {
        kind: entry.kind,
        values,
    }
}

fn takes_secrets(field: &Field) -> Secrets {
    if field.sensitive {
        Secrets::Allowed
    } else {
        Secrets::Refused
    }
}

/// The flag or number that a variable stands for.
fn variable(field: &Field, text: &str, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = resolver.text(text, &node.at, Secrets::Refused)?;
    let text = text.as_plain();
    let (value, code, expected, help) = if field.shape == Shape::Number {
        let number = text.and_then(|text| text.trim().parse().ok());
        let help = "give the variable such a value";
        (
            number.map(Value::Number),
            "not-a-number",
            "a whole number",
            help,
        )
    } else {
        let flag = match text {
            Some("true") => Some(Value::Flag(true)),
            Some("false") => Some(Value::Flag(false)),
            _ => None,
        };
        let help = "give the variable one of these values";
        (flag, "not-a-boolean", "`true` or `false`", help)
    };
    if value.is_none() {
        let error = misfit(field, code, expected, node).help(help);
        resolver.findings.push(error);
    }
    value
}

fn number(field: &Field, number: i128, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let fitting = number.try_into().ok().map(Value::Number);
    if fitting.is_none() {
        let error = misfit(field, "not-a-number", "a whole number", node);
        resolver.findings.push(error.help("this one is too large"));
    }
    fitting
}

fn misfit(field: &Field, code: &'static str, expected: &str, node: &Node) -> Problem {
    let message = format!("`{}` must be {expected}", field.name);
    Problem::error(Code(code), node.at.clone(), message).expected(format!("expected {expected}"))
}

/// The items of a list, each with its place.
fn list(field: &Field, items: &[Node], resolver: &mut Resolver<'_>) -> Vec<(Text, Place)> {
    let items = items.iter().map(|item| {
        let text = item.as_text().unwrap_or_default();
        let text = resolver.text(text, &item.at, takes_secrets(field));
        // What could not be resolved is reported; it keeps its place, so that the other items are looked at.
        let text = text.unwrap_or_else(|| Secret::Unknown.into());
        (text, item.at.clone())
    });
    items.collect()
}

/// The parts of a text with commas as they are written, each with its place.
fn joined(
    field: &Field,
    text: &str,
    node: &Node,
    texts: &Texts,
    resolver: &mut Resolver<'_>,
) -> Option<Vec<(Text, Place)>> {
    let whole = resolver.text(text, &node.at, takes_secrets(field))?;
    let plain = whole.as_plain()?;
    let count = plain.matches(',').count() + 1;
    if count > MAX_ITEMS {
        let message = format!("`{}` has more than {MAX_ITEMS} items", field.name);
        let error = Problem::error(Code("too-much"), node.at.clone(), message);
        resolver.findings.push(error.help("name fewer"));
        return None;
    }
    if !resolver.make(count * PART, &node.at) {
        return None;
    }
    let written = within(texts, &node.at, plain);
    let parts = parts(plain).map(|(part, bytes)| {
        let at = written.as_ref().filter(|_| part.len() < plain.len());
        let at = at.and_then(|written| part_of(written, bytes));
        (Text::from(part), at.unwrap_or_else(|| node.at.clone()))
    });
    Some(parts.collect())
}

/// The parts of a text with commas, each with where it can be seen: without the blanks around it, and with a comma
/// beside it if there is nothing else.
fn parts(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut next = 0;
    text.split(',').map(move |part| {
        let start = next;
        next += part.len() + 1;
        let shown = part.trim_start();
        let from = start + part.len() - shown.len();
        let seen = match shown.trim_end().len() {
            0 if start > 0 => start - 1..start + part.len(),
            0 => start..start + part.len() + 1,
            length => from..from + length,
        };
        (part, seen)
    })
}

/// A stretch of a place, in bytes from its start.
fn part_of(place: &Place, bytes: Range<usize>) -> Option<Place> {
    let at = |offset: usize| Some(place.bytes.start + u32::try_from(offset).ok()?);
    Some(Place {
        source: place.source,
        bytes: at(bytes.start)?..at(bytes.end)?,
    })
}

/// The items as values: the parts of a text are trimmed and blanks dropped, the items of a list stay as they are.
fn item_values(seen: &Seen) -> Vec<Text> {
    let items = seen.items.iter().map(|(text, _)| text);
    if !seen.joined {
        return items.cloned().collect();
    }
    items
        .filter_map(Text::as_plain)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(Text::from)
        .collect()
}

fn secret(written: &str, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = resolver.text(written, &node.at, Secrets::Allowed)?;
    let secret = match text.pieces() {
        [Piece::Secret(secret)] => secret.clone(),
        _ => text.expose().map_or(Secret::Unknown, Secret::new),
    };
    Some(Value::Secret(secret))
}
