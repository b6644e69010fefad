//! Keys and values that are none of those allowed: most are nearly right, or right elsewhere.

use super::quoted;
use super::words::{and_list, entry_kind, or_list, subject};
use crate::integration::{Kind, LeftOut};
use crate::problem::{Code, Place, Problem};
use crate::schema::{Step, Violation};
use crate::words::{is_slip, start};
use crate::yaml::Content;

/// More allowed names than this are listed below the line, not beside it.
const FEW: usize = 3;

/// How much of a value is quoted.
const LONGEST_VALUE: usize = 40;

/// The allowed key that is meant by one that is not, as far as can be told.
pub(super) fn meant<'a>(key: &str, allowed: &'a [String]) -> Option<&'a str> {
    let elsewhere = elsewhere(key).and_then(|name| allowed.iter().find(|it| *it == name));
    elsewhere
        .map(String::as_str)
        .or_else(|| nearest(key, allowed))
}

/// A key that is not among those allowed.
pub(super) fn unknown(violation: &Violation<'_>, key: &str, allowed: &[String]) -> Problem {
    let entry = entry_kind(violation);
    let top = violation.path.is_empty();
    let message = match (entry, &*violation.path) {
        (Some(kind), [_, _]) => format!("`{key}` is not a field of a {kind}"),
        (_, []) => format!("`{key}` is not a key of a manifest"),
        (_, [Step::Key(section)]) if section == "settings" => format!("`{key}` is not a setting"),
        _ => format!("{} has no key `{key}`", subject(violation)),
    };
    let error = Problem::error(Code("unknown-field"), violation.at.clone(), message);
    if let Some(why) = entry.and_then(|kind| never_a_field(kind, key)) {
        return error.help(why);
    }
    if !top && ["scriptFile", "script_file", "scriptPath"].contains(&key) {
        return error.help("write `script: { file: … }`");
    }
    if !top && let Some(name) = elsewhere(key).filter(|name| allowed.iter().any(|it| it == name)) {
        let error = error.help(format!("rcsync calls it `{name}`"));
        return instead(error, violation, key, name, true);
    }
    if let Some(near) = nearest(key, allowed) {
        let error = error.help(format!("did you mean `{near}`?"));
        // Where the entry lacks this very field, and needs it, nothing else can be meant.
        let needed = entry
            .and_then(|kind| kind.field(near))
            .is_some_and(|field| field.left_out == LeftOut::Required);
        let certain = needed && violation.node.get(near).is_none();
        return instead(error, violation, key, near, certain || is_slip(key, near));
    }
    if top
        && Kind::ALL
            .iter()
            .any(|kind| key == "type" || kind.field(key).is_some())
    {
        return error.help("it belongs to an integration: write `integrations:`, and below it `- ` and the keys, all indented");
    }
    if top
        && !["settings", "integrations"]
            .iter()
            .any(|it| violation.node.get(it).is_some())
    {
        return error.help(
            "if this file is not a manifest, keep the manifests in a folder of their own, or name them one by one",
        );
    }
    if top {
        return error.help(
            "a manifest has `settings` and `integrations`; keys that start with `x-` are free",
        );
    }
    let keys = and_list(allowed);
    error.help(match entry {
        Some(kind) => match other_kind_with(kind, key) {
            Some(other) => format!("it is a field of a {other}"),
            None => format!("a {kind} has {keys}"),
        },
        None => format!("{} has {keys}", subject(violation)),
    })
}

/// The error, with a text instead of another one.
fn instead(
    error: Problem,
    violation: &Violation<'_>,
    text: &str,
    near: &str,
    certain: bool,
) -> Problem {
    match replacement(&violation.at, text, near) {
        Some(written) => error.suggest(written, certain),
        None => error,
    }
}

/// How a text is written instead of another one: in quotes, if that is. One that is written over several lines, or with
/// escapes, is there as something else: nothing can take its place.
pub fn replacement(at: &Place, text: &str, near: &str) -> Option<String> {
    let written = (at.bytes.end - at.bytes.start) as usize;
    let is_plain = |it: char| it.is_alphanumeric() || matches!(it, '-' | '_' | '.' | '/' | ' ');
    let needs_quotes = near.starts_with(['-', ' ']) || !near.chars().all(is_plain);
    match written.checked_sub(text.len())? {
        0 if !needs_quotes => Some(near.to_owned()),
        0 | 2 => Some(quoted(near)),
        _ => None,
    }
}

/// Keys of a record or a request that a manifest cannot have, and why.
fn never_a_field(kind: Kind, key: &str) -> Option<&'static str> {
    Some(match (kind, key) {
        (Kind::Incoming, "token") => {
            "the server makes the token of an incoming webhook, as part of its URL: leave it out"
        }
        (_, "_id" | "integrationId") => "to pin an entry to a record, write `id`",
        (_, "userId") => "the server finds it from `username`: leave it out",
        (_, "target_url") => "write `urls`",
        (
            _,
            "scriptCompiled" | "scriptError" | "_createdAt" | "_createdBy" | "_updatedAt"
            | "_updatedBy",
        ) => "the server writes it: leave it out",
        _ => return None,
    })
}

/// The field that a key of the message API, of other tools or of client libraries stands for.
fn elsewhere(key: &str) -> Option<&'static str> {
    let flat = key.replace(['_', '-'], "").to_lowercase();
    Some(match flat.as_str() {
        "iconemoji" => "emoji",
        "iconurl" | "avatarurl" => "avatar",
        "integrationstype" | "integrationtype" | "kind" => "type",
        "channels" | "room" | "rooms" => "channel",
        "postas" | "user" | "impersonateuser" => "username",
        "url" | "outgoingurl" | "webhookurl" => "urls",
        "active" | "isenabled" => "enabled",
        "path" | "src" | "source" | "filename" | "filepath" => "file",
        _ => return None,
    })
}

fn other_kind_with(kind: Kind, key: &str) -> Option<Kind> {
    Kind::ALL
        .into_iter()
        .find(|other| *other != kind && other.field(key).is_some())
}

/// A value that is not among those allowed.
pub(super) fn not_among(violation: &Violation<'_>, subject: &str, allowed: &[String]) -> Problem {
    let listed: Vec<_> = allowed.iter().map(|name| format!("`{name}`")).collect();
    let listed = or_list(&listed);
    let Content::Text(text) = &violation.node.content else {
        return Problem::error(
            Code("unknown-value"),
            violation.at.clone(),
            format!("{subject} must be {listed}"),
        )
        .expected("expected one of these strings");
    };
    let error = Problem::error(
        Code("unknown-value"),
        violation.at.clone(),
        format!("{subject} cannot be `{}`", start(text, LONGEST_VALUE)),
    );
    if text.contains("${") {
        return error.help("no variable is replaced here: write the value itself");
    }
    let part = only_one_with(text, allowed);
    match nearest(text, allowed).or(part) {
        Some(near) => {
            let error = error.help(format!("did you mean `{near}`?"));
            let certain = part == Some(near) || is_slip(text, near);
            instead(error, violation, text, near, certain)
        }
        None if allowed.len() > FEW => error.help(format!("write {listed}")),
        None => error.expected(format!("expected {listed}")),
    }
}

/// The only allowed name that the text is a part of (`incoming`).
fn only_one_with<'a>(text: &str, allowed: &'a [String]) -> Option<&'a str> {
    let text = text.to_lowercase();
    let mut with = allowed
        .iter()
        .filter(|name| text.len() > 2 && name.to_lowercase().contains(&text));
    with.next()
        .filter(|_| with.next().is_none())
        .map(String::as_str)
}

/// The allowed name that is nearest, if it is near enough to be what was meant.
pub fn nearest<'a>(name: &str, allowed: &'a [String]) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace(['_', '-'], "");
    let limit = (name.chars().count() / 3).clamp(1, 4);
    let name = plain(name);
    allowed
        .iter()
        // The distance of two texts costs their product; no name is near one that is so much longer.
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= 4 * limit)
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&name, &plain(candidate));
            (distance, candidate.as_str())
        })
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
