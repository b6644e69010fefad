//! How a broken rule of the schema reads, with a hint of its own for each mistake that YAML hides.

use crate::diagnostic::{Code, Diagnostic};
use crate::integration::Kind;
use crate::schema::{Rule, Step, Violation};
use crate::yaml::{Content, Node, Style};

/// Puts a finding of the schema into words.
pub(crate) fn explain(violation: &Violation<'_>) -> Diagnostic {
    if let Some(hidden) = hidden_by_yaml(violation) {
        return hidden;
    }
    let say = |code, message: String| Diagnostic::error(Code(code), violation.at.clone(), message);
    let subject = subject(violation);
    match &violation.rule {
        Rule::Unknown { key, allowed } => unknown(violation, key, allowed),
        Rule::Missing { key, because } => missing(violation, key, because.as_deref()),
        Rule::Type { expected } => {
            let expected = expected
                .iter()
                .map(|name| type_words(name))
                .collect::<Vec<_>>();
            let found = found_words(violation.node);
            let expected = or_list(&expected);
            say(
                "wrong-type",
                format!("{subject} must be {expected}, not {found}"),
            )
            .expected(format!("expected {expected}"))
        }
        Rule::Enum { allowed } => not_among(violation, &subject, allowed),
        Rule::Pattern { message } => {
            let words = message.as_deref().unwrap_or("write it in another form");
            say("wrong-form", format!("{subject} is not of the right form")).hint(words)
        }
        Rule::Empty => say("empty", format!("{subject} is empty")).expected("expected a value"),
        Rule::Least { limit } => say("too-small", format!("{subject} is below {limit}")),
        Rule::Other { keyword } => say(
            "schema",
            format!("{subject} breaks the schema's rule `{keyword}`"),
        ),
    }
}

/// The mistakes that are well-formed YAML and say something else than was meant.
fn hidden_by_yaml(violation: &Violation<'_>) -> Option<Diagnostic> {
    let node = violation.node;
    let subject = subject(violation);
    let error = |code, message: String| Diagnostic::error(Code(code), node.at.clone(), message);
    match (&violation.rule, &node.content) {
        (Rule::Type { .. }, Content::Null) => Some(empty_value(violation, &subject)),
        (Rule::Pattern { .. } | Rule::Type { .. }, Content::Text(text))
            if takes_flag(violation) =>
        {
            let meant = meant_flag(text);
            let mut error = error("not-a-flag", format!("{subject} must be `true` or `false`"))
                .expected("expected `true` or `false`");
            if let Some(meant) = meant {
                error.hint = Some(match node.style {
                    Style::Plain => format!("in YAML 1.2 `{text}` is a text: write `{meant}`"),
                    _ => format!("in quotes it is a text: write `{meant}`"),
                });
                error.fix = Some(meant.to_owned());
            } else if text.contains("${") {
                error.hint = Some("a variable must be the whole value: `${var.NAME}`".to_owned());
            }
            Some(error)
        }
        (Rule::Type { expected }, Content::Map(members))
            if expected.iter().any(|e| e == "string") =>
        {
            let [member] = members.as_slice() else {
                return None;
            };
            if member.key.starts_with(':') || member.key.starts_with("${") {
                let text = if member.key.starts_with(':') {
                    format!("{}:", member.key.trim_end_matches(':'))
                } else {
                    member.key.clone()
                };
                return Some(
                    error(
                        "yaml-map",
                        format!("{subject} is a mapping: a `:` at the end of a text makes a key"),
                    )
                    .hint(format!("quote it: `\"{text}\"`")),
                );
            }
            None
        }
        (Rule::Type { expected }, Content::Bool(_) | Content::Int(_) | Content::Float(_))
            if expected.iter().any(|name| name == "string") =>
        {
            let found = found_words(node);
            Some(
                error(
                    "wrong-type",
                    format!("{subject} must be a text, not {found}"),
                )
                .expected("expected a text")
                .hint("quote it"),
            )
        }
        _ => None,
    }
}

/// `channel:` with nothing behind it, or with a comment that was meant as the value.
fn empty_value(violation: &Violation<'_>, subject: &str) -> Diagnostic {
    let at = violation.node.at.clone();
    match &violation.node.comment {
        Some(comment) => Diagnostic::error(
            Code("yaml-comment"),
            comment.clone(),
            format!("{subject} is empty: `#` after a blank starts a comment"),
        )
        .expected("read as a comment")
        .hint("quote the value: `\"#…\"`"),
        None => Diagnostic::error(Code("empty"), at, format!("{subject} is empty"))
            .expected("expected a value")
            .hint("write a value, or leave the key out"),
    }
}

fn unknown(violation: &Violation<'_>, key: &str, allowed: &[String]) -> Diagnostic {
    let entry = entry_kind(violation);
    let top = violation.path.is_empty();
    let message = match (entry, violation.path.as_slice()) {
        (Some(kind), [_, _]) => format!("`{key}` is not a field of a {kind}"),
        (_, []) => format!("`{key}` is not a key of a manifest"),
        (_, [Step::Key(section)]) if section == "settings" => format!("`{key}` is not a setting"),
        _ => format!("{} has no key `{key}`", subject(violation)),
    };
    let mut error = Diagnostic::error(Code("unknown-field"), violation.at.clone(), message);
    if let Some(why) = entry.and_then(|kind| never_a_field(kind, key)) {
        return error.hint(why);
    }
    if let Some(near) = nearest(key, allowed) {
        error.hint = Some(format!("did you mean `{near}`?"));
        error.fix = Some(near.to_owned());
    } else if top {
        error.hint = Some(
            "a manifest has `settings` and `integrations`; keys that start with `x-` are free"
                .to_owned(),
        );
    } else if let Some(other) = entry.and_then(|kind| other_kind_with(kind, key)) {
        error.hint = Some(format!("it is a field of a {other}"));
    } else {
        error.hint = Some(format!("its keys are {}", and_list(allowed)));
    }
    error
}

/// Keys of a record or a request that a manifest cannot have, and why.
fn never_a_field(kind: Kind, key: &str) -> Option<&'static str> {
    Some(match (kind, key) {
        (Kind::Incoming, "token") => {
            "the server makes the token of an incoming webhook, as part of its URL; it cannot be chosen"
        }
        (_, "_id" | "integrationId") => "to pin an entry to a record, write `id`",
        (_, "userId") => "the server finds it from `username`",
        (_, "target_url") => "write `urls`",
        (
            _,
            "scriptCompiled" | "scriptError" | "_createdAt" | "_createdBy" | "_updatedAt"
            | "_updatedBy",
        ) => "the server writes it; leave it out",
        _ => return None,
    })
}

fn other_kind_with(kind: Kind, key: &str) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .find(|other| *other != kind && other.field(key).is_some())
}

fn missing(violation: &Violation<'_>, key: &str, because: Option<&str>) -> Diagnostic {
    let value = because
        .and_then(|name| violation.node.get(name))
        .map(|member| &member.value.content);
    let message = match (because, value) {
        (Some("type"), Some(Content::Text(kind))) => format!("a {kind} needs `{key}`"),
        (Some(name), Some(Content::Text(value))) => format!("{name} `{value}` needs `{key}`"),
        _ => match entry_kind(violation) {
            Some(kind) => format!("a {kind} needs `{key}`"),
            None if key == "type" => "an integration needs `type`".to_owned(),
            None => format!("`{key}` is missing"),
        },
    };
    let error = Diagnostic::error(Code("missing-field"), violation.at.clone(), message)
        .expected(format!("`{key}` is missing"));
    match (key, because) {
        ("type", _) => error.hint("write `type: webhook-incoming` or `type: webhook-outgoing`"),
        ("channel", Some("event")) => error.hint(
            "name rooms and users (`[\"#general\"]`), or write `channel: all_public_channels` for all public channels",
        ),
        ("targetRoom", _) => error.hint("this event happens in no room: say where answers go"),
        _ => error,
    }
}

fn not_among(violation: &Violation<'_>, subject: &str, allowed: &[String]) -> Diagnostic {
    let listed = or_list(
        &allowed
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>(),
    );
    let Content::Text(text) = &violation.node.content else {
        return Diagnostic::error(
            Code("unknown-value"),
            violation.at.clone(),
            format!("{subject} must be {listed}"),
        );
    };
    let error = Diagnostic::error(
        Code("unknown-value"),
        violation.at.clone(),
        format!("{subject} cannot be `{}`", shortened(text)),
    );
    if text.contains("${") {
        return error.hint("no variable is replaced here: write the value itself");
    }
    match nearest(text, allowed) {
        Some(near) => error.hint(format!("did you mean `{near}`?")).fix(near),
        None => error.expected(format!("expected {listed}")),
    }
}

/// The value as a sentence names it: by its key, or by what it is an item of.
fn subject(violation: &Violation<'_>) -> String {
    match violation.path.as_slice() {
        [] => "a manifest".to_owned(),
        [Step::Key(list), Step::Index(_)] if list == "integrations" => "an integration".to_owned(),
        [.., Step::Key(key)] => format!("`{key}`"),
        [.., Step::Key(list), Step::Index(_)] => format!("an item of `{list}`"),
        _ => "this".to_owned(),
    }
}

/// The kind of the entry that the finding is in, if it says a known one.
fn entry_kind(violation: &Violation<'_>) -> Option<Kind> {
    match violation.path.as_slice() {
        [Step::Key(list), Step::Index(_)] if list == "integrations" => {
            match &violation.node.get("type")?.value.content {
                Content::Text(kind) => Kind::from_wire(kind),
                _ => None,
            }
        }
        _ => None,
    }
}

fn takes_flag(violation: &Violation<'_>) -> bool {
    match &violation.rule {
        Rule::Type { expected } => expected.iter().any(|name| name == "boolean"),
        Rule::Pattern { message } => message
            .as_deref()
            .is_some_and(|words| words.contains("`true`")),
        _ => false,
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

/// The allowed name that is nearest, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(name: &str, allowed: &'a [String]) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 4);
    allowed
        .iter()
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(
                &name.to_lowercase().replace(['_', '-'], ""),
                &candidate.to_lowercase().replace(['_', '-'], ""),
            );
            (distance, candidate.as_str())
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn type_words(name: &str) -> &'static str {
    match name {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "array" => "a list",
        "object" => "a mapping",
        "string" => "a text",
        _ => "another type",
    }
}

fn found_words(node: &Node) -> &'static str {
    match node.content {
        Content::Null => "nothing",
        Content::Bool(_) => "a flag",
        Content::Int(_) => "a number",
        Content::Float(_) => "a fraction",
        Content::Text(_) => "a text",
        Content::List(_) => "a list",
        Content::Map(_) => "a mapping",
    }
}

fn or_list<T: AsRef<str>>(items: &[T]) -> String {
    list(items, "or")
}

fn and_list(items: &[String]) -> String {
    list(
        &items
            .iter()
            .map(|item| format!("`{item}`"))
            .collect::<Vec<_>>(),
        "and",
    )
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

/// The start of a long text.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
