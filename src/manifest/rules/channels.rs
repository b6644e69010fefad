//! What the rules about `channel` look for, in the order of the table.

use super::super::messages::nearest;
use super::{Findings, Seen, View};
use crate::integration::Kind;
use crate::problem::Place;

/// What an outgoing webhook may name instead of a room.
const SCOPES: [&str; 3] = [
    "all_public_channels",
    "all_private_groups",
    "all_direct_messages",
];

/// Whether `channel` counts: always for an incoming webhook, else for events that happen in a room.
fn uses_channel(view: &View) -> bool {
    view.kind == Kind::Incoming || view.event().is_some_and(|event| event.uses_channel)
}

/// The items of `channel` that are not blank, trimmed.
fn channels(view: &View) -> impl Iterator<Item = (&str, &Place)> {
    view.plain_items("channel")
        .map(|(item, at)| (item.trim(), at))
        .filter(|(item, _)| !item.is_empty() && uses_channel(view))
}

pub(super) fn no_channel(view: &View, found: &mut Findings<'_>) {
    if let Some(seen) = view.seen("channel")
        && only_blanks(view, seen).is_some()
    {
        found.add(&seen.at, "`channel` is empty");
    }
}

/// What a `channel` that names nothing holds.
#[derive(PartialEq, Eq)]
enum Blanks {
    /// Nothing at all.
    None,
    /// White space.
    Written,
}

/// What `channel` holds if it names nothing; `None` if it names something, or may.
fn only_blanks(view: &View, seen: &Seen) -> Option<Blanks> {
    let plain: Vec<_> = view.plain_items("channel").map(|(item, _)| item).collect();
    let nothing =
        plain.len() == seen.items.len() && plain.iter().all(|item| item.trim().is_empty());
    let blanks = plain.iter().any(|item| !item.is_empty());
    nothing.then_some(if blanks {
        Blanks::Written
    } else {
        Blanks::None
    })
}

pub(super) fn blank_channel(view: &View, found: &mut Findings<'_>) {
    let Some(seen) = view.seen("channel") else {
        return;
    };
    if uses_channel(view)
        && !seen.has_several_parts()
        && only_blanks(view, seen) == Some(Blanks::Written)
    {
        found.add(&seen.at, "`channel` is blank");
    }
}

pub(super) fn empty_channel_part(view: &View, found: &mut Findings<'_>) {
    let Some(seen) = view.seen("channel") else {
        return;
    };
    let some_part = view
        .plain_items("channel")
        .any(|(item, _)| !item.trim().is_empty());
    if some_part && uses_channel(view) {
        for (item, at) in view.plain_items("channel") {
            if item.trim().is_empty() {
                let words = if seen.joined {
                    "a part of `channel` is empty"
                } else {
                    "an item of `channel` is empty"
                };
                found.add(at, words);
            }
        }
    }
}

pub(super) fn comma_in_channel(view: &View, found: &mut Findings<'_>) {
    if view.seen("channel").is_some_and(|seen| !seen.joined) {
        for (item, at) in channels(view).filter(|(item, _)| item.contains(',')) {
            let parts = item.split(',').map(str::trim);
            let parts: Vec<_> = parts
                .filter(|part| !part.is_empty())
                .flat_map(separated)
                .map(|part| format!("\"{part}\""))
                .collect();
            let error = found.add(at, "an item of `channel` holds a comma");
            match parts.as_slice() {
                [] => error.set_help("remove it"),
                [one] => error.set_help(format!("write `{one}`")),
                _ => error.set_help(format!("write one item each: `[{}]`", parts.join(", "))),
            }
        }
    }
}

/// The targets that something else than a comma keeps apart: no name of a room or user holds a blank and a second sign.
fn separated(item: &str) -> Vec<&str> {
    let parts = item.split(|c: char| c == ';' || c.is_whitespace());
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    if parts.iter().all(|part| part.starts_with(['#', '@'])) {
        parts
    } else {
        vec![item]
    }
}

pub(super) fn channel_separator(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view).filter(|(item, _)| !item.contains(',')) {
        let parts = separated(item).into_iter();
        let parts: Vec<_> = parts.map(|part| format!("\"{part}\"")).collect();
        if parts.len() > 1 {
            let error = found.add(
                at,
                "`channel` holds several rooms or users without a comma between",
            );
            error.set_help(format!("write one item each: `[{}]`", parts.join(", ")));
        }
    }
}

fn is_scope(item: &str) -> bool {
    SCOPES.contains(&item.to_lowercase().as_str())
}

pub(super) fn scope_on_incoming(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view).filter(|(item, _)| is_scope(item)) {
        found.add(
            at,
            format!("`{item}` is for outgoing webhooks: an incoming one posts to rooms and users"),
        );
    }
}

pub(super) fn channel_prefix(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view) {
        if item.starts_with(['#', '@']) && item.len() > 1 || is_scope(item) || item.contains(',') {
            continue;
        }
        let scopes: Vec<String> = SCOPES.iter().map(ToString::to_string).collect();
        let near = (view.kind == Kind::Outgoing && found.has_room(at))
            .then(|| nearest(item, &scopes))
            .flatten();
        let meant = meant(item);
        let (message, help) = match (near, item) {
            (Some(near), _) => (None, format!("did you mean `{near}`?")),
            (None, "#") => (
                Some("`#` names no room"),
                "write the room's name behind it".to_owned(),
            ),
            (None, "@") => (
                Some("`@` names no user"),
                "write the username behind it".to_owned(),
            ),
            (None, _) => (
                None,
                format!("write `\"#{item}\"` for a room, `\"@{item}\"` for a user"),
            ),
        };
        let message = message.map_or_else(
            || format!("`{item}` starts with neither `#` nor `@`"),
            str::to_owned,
        );
        let error = found.add(at, message);
        error.set_help(help);
        match (near, meant) {
            (Some(near), _) => error.write(view.seen("channel"), item, near, false),
            (None, Some(meant)) => error.write(view.seen("channel"), item, &meant, true),
            _ => {}
        }
        if matches!(item, "#" | "@") {
            error.expected = Some("the server answers `error-invalid-room`".to_owned());
        }
    }
}

/// The target that is certainly meant: by the address of a room's page, or with a sign that only looks like `#` or `@`.
fn meant(item: &str) -> Option<String> {
    let looks_like = [
        ('＃', '#'),
        ('﹟', '#'),
        ('♯', '#'),
        ('＠', '@'),
        ('﹫', '@'),
    ];
    let mut signs = looks_like.iter();
    if let Some((sign, name)) =
        signs.find_map(|(like, sign)| Some((sign, item.strip_prefix(*like)?)))
    {
        return (!name.is_empty()).then(|| format!("{sign}{name}"));
    }
    let (path, name) = item.trim_end_matches('/').rsplit_once('/')?;
    let (_, page) = path.rsplit_once('/').unwrap_or(("", path));
    let sign = match page {
        "channel" | "group" => '#',
        "direct" => '@',
        _ => return None,
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!name.is_empty() && name.chars().all(is_name)).then(|| format!("{sign}{name}"))
}

pub(super) fn scope_case(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view).filter(|(item, _)| is_scope(item)) {
        let lower = item.to_lowercase();
        if lower != item {
            let error = found.add(at, format!("`{item}` has to be in lower case"));
            error.write(view.seen("channel"), item, &lower, true);
        }
    }
}

pub(super) fn means_all_public_channels(view: &View, found: &mut Findings<'_>) {
    if let Some(seen) = view.seen("channel")
        && uses_channel(view)
        && only_blanks(view, seen)
            .is_some_and(|blanks| seen.has_several_parts() || blanks == Blanks::None)
    {
        found.add(&seen.at, "an empty `channel` means all public channels");
    }
}

pub(super) fn unused_channel(view: &View, found: &mut Findings<'_>) {
    if let (Some(seen), Some(event)) = (view.seen("channel"), view.event())
        && !event.uses_channel
        && seen.items.iter().any(|(item, _)| !item.is_empty())
    {
        found.add(
            &seen.at,
            format!(
                "`{}` does not happen in a room: `channel` has no effect",
                event.name
            ),
        );
    }
}
