//! How a broken rule of the schema reads: what is wrong in the words of a manifest, where, and how to fix it.
//!
//! The schema knows kinds of rule and places; here stands what they mean to whoever wrote the line. What is
//! well-formed YAML and says something else than was meant is in `hidden`, names that are nearly right in `names`.

mod hidden;
mod names;
mod words;

pub use names::{nearest, replacement};

use std::collections::HashSet;

use ecow::EcoString;

use crate::problem::{Code, Findings, Problem};
use crate::schema::{Rule, Step, Violation};
use crate::yaml::{Content, Node, Style};
use words::{entry_kind, found, or_list, subject, types};

/// Puts the findings of the schema about one document into words, one for each mistake.
///
/// Of a value of the wrong type that should also be one of a few, it says which few; of an empty one, that it is
/// empty; of a key that is missing because it is misspelt, that it is misspelt.
pub fn explain(violations: &[Violation<'_>], findings: &mut Findings) {
    let with = |wanted: fn(&Rule) -> bool| -> HashSet<&[Step]> {
        let those = violations
            .iter()
            .filter(|violation| wanted(&violation.rule));
        those.map(|violation| &*violation.path).collect()
    };
    let typed = with(|rule| matches!(rule, Rule::Type { .. }));
    let listed = with(|rule| matches!(rule, Rule::Enum { .. }));
    let misspelt: HashSet<(&[Step], &str)> = violations
        .iter()
        .filter_map(|violation| match &violation.rule {
            Rule::Unknown { key, allowed } => Some((&*violation.path, names::meant(key, allowed)?)),
            _ => None,
        })
        .collect();
    let said_better = |violation: &Violation<'_>| {
        let path = &*violation.path;
        let empty = matches!(violation.node.content, Content::Null(_));
        match &violation.rule {
            Rule::Missing { key, .. } => misspelt.contains(&(path, key.as_str())),
            Rule::Type { .. } => !empty && listed.contains(path),
            Rule::Enum { .. } => empty && typed.contains(path),
            _ => false,
        }
    };
    for violation in violations.iter().filter(|it| !said_better(it)) {
        let about = match &violation.rule {
            Rule::Unknown { key, .. } | Rule::Missing { key, .. } => key.as_str(),
            Rule::Other { keyword } => keyword.as_str(),
            _ => "",
        };
        let what = (std::mem::discriminant(&violation.rule), about);
        findings.error_at(&violation.at, what, || explain_one(violation));
    }
}

fn explain_one(violation: &Violation<'_>) -> Problem {
    if let Some(hidden) = hidden::by_yaml(violation) {
        return hidden;
    }
    let say = |code, message: String| Problem::error(Code(code), violation.at.clone(), message);
    let subject = subject(violation);
    match &violation.rule {
        Rule::Unknown { key, allowed } => names::unknown(violation, key, allowed),
        Rule::Missing {
            key,
            because,
            example,
        } => missing(violation, key, because.as_deref(), example.as_deref()),
        Rule::Type { expected } => wrong_type(violation, &subject, expected),
        Rule::Enum { allowed } => names::not_among(violation, &subject, allowed),
        Rule::Pattern { message, .. } => {
            let words = message.as_deref().unwrap_or("write it in another form");
            say("wrong-form", format!("{subject} has the wrong form")).help(words)
        }
        Rule::Empty => {
            let expected = match violation.node.content {
                Content::List(_) => "expected at least one item",
                _ => "expected a string",
            };
            say("empty", format!("{subject} is empty"))
                .expected(expected)
                .help(words::fill_or_remove(violation))
        }
        Rule::Least { limit } => say("too-small", format!("{subject} is below {limit}"))
            .expected(format!("expected {limit} or more")),
        Rule::Other { keyword } => say(
            "schema",
            format!("{subject} violates the schema's rule `{keyword}`"),
        ),
    }
}

fn wrong_type(violation: &Violation<'_>, subject: &str, expected: &[EcoString]) -> Problem {
    let wanted = or_list(&types(expected));
    let node = violation.node;
    let error = Problem::error(
        Code("wrong-type"),
        violation.at.clone(),
        format!("{subject} must be {wanted}, not {}", found(node)),
    )
    .expected(format!("expected {wanted}"));
    let takes = |name: &str| expected.iter().any(|known| known == name);
    let is_item = matches!(&*violation.path, [.., Step::Index(_)]);
    match &node.content {
        _ if violation.path.is_empty() => {
            error.help("a manifest starts with `integrations:`, and its entries stand below")
        }
        Content::Int(number) if takes("string") && !takes("array") && !is_item => {
            let (error, text) = (error.help("quote it"), number.to_string());
            // `007` and `0x7` are other texts.
            let written = violation.at.bytes.end - violation.at.bytes.start;
            if written as usize == text.len() {
                error.fix(quoted(&text))
            } else {
                error
            }
        }
        Content::Bool(_) | Content::Int(_) | Content::Float(_) if takes("string") => {
            error.help("quote it")
        }
        Content::List(items) if takes("string") && items.len() == 1 && !takes("array") => {
            error.help("write the item alone, without a list")
        }
        Content::Map(_) if takes("array") && node.style == Style::Indented => {
            error.help("begin each item of the list with `- `")
        }
        // A list of one that holds commas is hardly what is meant.
        Content::Text(text) if takes("array") && text.contains([',', '\n']) => {
            error.help("write it as a list, one item each")
        }
        Content::Text(text) if takes("array") => error
            .help("write it as a list")
            .fix(format!("[{}]", quoted(text))),
        Content::Text(_) if is_item => error.help("write its keys, each as `key: value`"),
        _ => error,
    }
}

fn missing(
    violation: &Violation<'_>,
    key: &str,
    because: Option<&str>,
    example: Option<&str>,
) -> Problem {
    let value = because
        .and_then(|name| violation.node.get(name))
        .and_then(|member| member.value.as_text());
    let message = match (because, value) {
        (Some(name), Some(value)) => format!("{name} `{value}` needs `{key}`"),
        _ => match entry_kind(violation) {
            Some(kind) => format!("a {kind} needs `{key}`"),
            None if key == "type" => "an integration needs `type`".to_owned(),
            None => format!("{} needs `{key}`", subject(violation)),
        },
    };
    let error = Problem::error(Code("missing-field"), violation.at.clone(), message)
        .expected(format!("`{key}` is missing"));
    match (key, because, example) {
        ("type", _, _) => {
            error.help("write `type: webhook-incoming` or `type: webhook-outgoing`")
        }
        ("channel", Some("event"), _) => error.help(
            "name rooms and users (`[\"#general\"]`), or write `channel: all_public_channels` for all public channels",
        ),
        (_, _, Some(example)) => error.help(format!("add it, for example `{key}: {example}`")),
        _ => error,
    }
}

/// A text as JSON writes it, which is YAML too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text of a node that is one scalar, as far as it can be shown as a fix.
fn scalar_text(node: &Node) -> Option<&str> {
    node.as_text().filter(|text| !text.contains('\n'))
}
