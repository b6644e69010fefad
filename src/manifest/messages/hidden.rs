//! The mistakes that are well-formed YAML and say something else than was meant.

use super::words::{fill_or_remove, subject};
use super::{quoted, scalar_text};
use crate::problem::{Code, Problem};
use crate::schema::{Rule, Violation};
use crate::yaml::{Content, Style};

/// The finding with its own help, if this is such a mistake.
pub(super) fn by_yaml(violation: &Violation<'_>) -> Option<Problem> {
    let (Rule::Type { expected } | Rule::Pattern { expected, .. }) = &violation.rule else {
        return None;
    };
    let takes = |name: &str| expected.iter().any(|known| known == name);
    match &violation.node.content {
        Content::Null(_) => Some(empty_value(violation)),
        Content::Text(_) | Content::Int(_) | Content::Float(_) if takes("boolean") => {
            Some(not_a_flag(violation, takes("string")))
        }
        Content::Text(_) | Content::Float(_) if takes("integer") => {
            Some(not_a_number(violation, takes("string")))
        }
        Content::Map(_) if takes("string") => unquoted_colon(violation),
        _ => None,
    }
}

/// `channel:` with nothing behind it, or with a comment that was meant as the value.
fn empty_value(violation: &Violation<'_>) -> Problem {
    let node = violation.node;
    let subject = subject(violation);
    let Some(comment) = node.comment() else {
        return Problem::error(
            Code("empty"),
            node.at.clone(),
            format!("{subject} is empty"),
        )
        .expected("expected a value")
        .help(fill_or_remove(violation));
    };
    let error = Problem::error(
        Code("yaml-comment"),
        comment.at.clone(),
        format!("{subject} is empty: `#` after a space starts a comment"),
    )
    .expected("read as a comment");
    if comment.is_prose() {
        error.help("write a value before the comment")
    } else {
        error.help("quote it").fix(quoted(&comment.text))
    }
}

/// `yes`, `"true"` or `1` where a flag is expected.
fn not_a_flag(violation: &Violation<'_>, or_variable: bool) -> Problem {
    let node = violation.node;
    let error = Problem::error(
        Code("not-a-boolean"),
        node.at.clone(),
        format!("{} must be `true` or `false`", subject(violation)),
    )
    .expected("expected `true` or `false`");
    let text = match &node.content {
        Content::Text(text) => text.as_str().to_owned(),
        Content::Int(number) => number.to_string(),
        _ => return error,
    };
    let Some(meant) = meant_flag(&text) else {
        return with_variable(error, &text, or_variable);
    };
    let error = error.fix(meant);
    match (node.as_text().is_some(), node.style) {
        (false, _) => error.help(format!("write `{meant}`")),
        (true, Style::Plain) => {
            error.help(format!("in YAML 1.2 `{text}` is a string: write `{meant}`"))
        }
        (true, _) => error.help(format!("in quotes it is a string: write `{meant}`")),
    }
}

/// `"3"`, `three` or `2.5` where a whole number is expected.
fn not_a_number(violation: &Violation<'_>, or_variable: bool) -> Problem {
    let error = Problem::error(
        Code("not-a-number"),
        violation.at.clone(),
        format!("{} must be a whole number", subject(violation)),
    )
    .expected("expected a whole number");
    let Some(text) = scalar_text(violation.node) else {
        return error;
    };
    match text.trim().parse::<i64>() {
        Ok(number) => error
            .help(format!("in quotes it is a string: write `{number}`"))
            .fix(number.to_string()),
        Err(_) => with_variable(error, text, or_variable),
    }
}

/// A reference that stands among other text has been meant well, and cannot be a flag or a number.
fn with_variable(error: Problem, text: &str, or_variable: bool) -> Problem {
    if text.starts_with("${secret.") {
        return error.help("a secret is not allowed here: plans show this value");
    }
    match (text.contains("${"), or_variable) {
        (true, true) => error.help("a variable must be the whole value: `${var.NAME}`"),
        (true, false) => error.help("no variable is replaced here: write the value itself"),
        _ => error,
    }
}

/// `- :ghost:` or `- gif: me` instead of a text.
fn unquoted_colon(violation: &Violation<'_>) -> Option<Problem> {
    let node = violation.node;
    let Content::Map(members) = &node.content else {
        return None;
    };
    let [member] = members.as_slice() else {
        return None;
    };
    let subject = subject(violation);
    let error = |why: &str| {
        Problem::error(
            Code("yaml-map"),
            node.at.clone(),
            format!("{subject} is a mapping: {why}"),
        )
        .expected("expected a string")
    };
    let key = &member.key;
    match &member.value.content {
        Content::Null(_) if node.style == Style::Indented => Some(
            error("a `:` at the end of a text makes a key")
                .help("quote it")
                .fix(quoted(&format!("{key}:"))),
        ),
        Content::Text(value) if node.style == Style::Indented && !value.contains('\n') => Some(
            error("a `: ` inside a text makes a key")
                .help("if it is meant as a string, quote it")
                .suggest(quoted(&format!("{key}: {value}")), false),
        ),
        _ => None,
    }
}

/// The flag that was surely meant.
fn meant_flag(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "1" => Some("true"),
        "no" | "n" | "off" | "false" | "0" => Some("false"),
        _ => None,
    }
}
