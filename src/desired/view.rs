//! An entry with its references replaced: the values as the rules look at them, not yet in normal form.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Scripts, replaced};
use crate::diagnostic::{Code, Diagnostic, Place, Texts};
use crate::integration::written::{Count, Items, ScriptFile, ScriptSource, Switch, Written};
use crate::integration::{Field, Value};
use crate::manifest::Entry;
use crate::manifest::rules::{Seen, View};
use crate::secret::{Piece, Secret, Text};
use crate::variables::{Resolver, Secrets, within};
use crate::yaml::{Content, MAX_ITEMS, Node};

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
    for (field, written) in &entry.written {
        let Some(node) = entry.value(field.name) else {
            continue;
        };
        let mut seen = Seen {
            value: Value::Flag(false),
            at: node.at.clone(),
            items: Vec::new(),
            joined: false,
            literal: !matches!(written, Written::Token(token) if has_reference(&token.0)),
        };
        let value = match written {
            Written::Switch(switch) => flag(field, switch, node, resolver),
            Written::Count(count) => number(field, count, node, resolver),
            Written::Words(words) => resolver
                .text(&words.0, &node.at, takes_secrets(field))
                .map(Value::Text),
            Written::Items(items) => list(field, items, node, texts, resolver).map(|items| {
                seen.joined = matches!(node.content, Content::Text(_));
                seen.items = items;
                Value::List(item_values(&seen))
            }),
            Written::Script(script) => script_text(entry, script, node, scripts, resolver),
            Written::Token(token) => secret(&token.0, node, resolver),
        };
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

/// Whether a secret is named, and not written out.
fn has_reference(written: &Secret) -> bool {
    written.expose().is_some_and(|text| text.contains("${"))
}

fn takes_secrets(field: &Field) -> Secrets {
    if field.sensitive {
        Secrets::Allowed
    } else {
        Secrets::Refused
    }
}

fn flag(field: &Field, switch: &Switch, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = match switch {
        Switch::Known(on) => return Some(Value::Flag(*on)),
        Switch::Variable(text) => resolver.text(text, &node.at, Secrets::Refused)?,
    };
    match text.as_plain() {
        Some("true") => Some(Value::Flag(true)),
        Some("false") => Some(Value::Flag(false)),
        _ => {
            let message = format!("`{}` must be `true` or `false`", field.name);
            resolver.findings.push(
                Diagnostic::error(Code("not-a-flag"), node.at.clone(), message)
                    .expected("expected `true` or `false`")
                    .hint("give the variable one of these values"),
            );
            None
        }
    }
}

fn number(field: &Field, count: &Count, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = match count {
        Count::Known(number) => return Some(Value::Number(*number)),
        Count::Decimal(number) => Text::from(format!("{number:.0}")),
        Count::Variable(text) => resolver.text(text, &node.at, Secrets::Refused)?,
    };
    let number = text
        .as_plain()
        .and_then(|text| text.trim().parse().ok())
        .map(Value::Number);
    if number.is_none() {
        let message = format!("`{}` must be a whole number", field.name);
        let error = Diagnostic::error(Code("not-a-number"), node.at.clone(), message)
            .expected("expected a whole number");
        resolver.findings.push(match count {
            Count::Variable(_) => error.hint("give the variable such a value"),
            Count::Known(_) | Count::Decimal(_) => error.hint("this one is too large"),
        });
    }
    number
}

/// The items of a list, each with its place; of a text with commas, its parts as they are written.
fn list(
    field: &Field,
    items: &Items,
    node: &Node,
    texts: &Texts,
    resolver: &mut Resolver<'_>,
) -> Option<Vec<(Text, Place)>> {
    match items {
        Items::Joined(text) => {
            let whole = resolver.text(text, &node.at, takes_secrets(field))?;
            let plain = whole.as_plain()?;
            let count = plain.matches(',').count() + 1;
            if count > MAX_ITEMS {
                let message = format!("`{}` has more than {MAX_ITEMS} items", field.name);
                let error = Diagnostic::error(Code("too-much"), node.at.clone(), message);
                resolver.findings.push(error.hint("name fewer"));
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
        Items::List(items) => {
            let Content::List(nodes) = &node.content else {
                return None;
            };
            let items = items.iter().zip(nodes).map(|(item, node)| {
                let text = resolver.text(item, &node.at, takes_secrets(field));
                // What could not be resolved is told; it keeps its place, so that the other items are looked at.
                (
                    text.unwrap_or_else(|| Secret::Unknown.into()),
                    node.at.clone(),
                )
            });
            Some(items.collect())
        }
    }
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

fn script_text(
    entry: &Entry,
    script: &ScriptSource,
    node: &Node,
    scripts: &Scripts,
    resolver: &mut Resolver<'_>,
) -> Option<Value> {
    match script {
        ScriptSource::Text(text) => Some(Value::Script(text.clone())),
        ScriptSource::File(ScriptFile { file, replace }) => {
            let (_, template) = scripts.get(&(entry.source(), file.clone()))?;
            replaced::script(template, replace, node, resolver).map(Value::Script)
        }
    }
}

fn secret(written: &Secret, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = resolver.text(written.expose()?, &node.at, Secrets::Allowed)?;
    let secret = match text.pieces() {
        [Piece::Secret(secret)] => secret.clone(),
        _ => text.expose().map_or(Secret::Unknown, Secret::new),
    };
    Some(Value::Secret(secret))
}
