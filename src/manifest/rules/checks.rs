//! What each rule looks for, in the order of the table.

use super::super::hints::nearest;
use super::super::literals::in_url;
use super::{Findings, Seen, View};
use crate::integration::{Kind, Value};
use crate::problem::Place;

/// What an outgoing webhook may name in the place of a room.
const SCOPES: [&str; 3] = [
    "all_public_channels",
    "all_private_groups",
    "all_direct_messages",
];
const RETRY_DELAYS: [&str; 3] = ["powers-of-ten", "powers-of-two", "increments-of-two"];
const SCRIPT_ENGINES: [&str; 2] = ["isolated-vm", "vm2"];

pub(super) fn blank_name(view: &View, found: &mut Findings<'_>) {
    if let Some((name, at)) = view.plain("name")
        && name.trim().is_empty()
    {
        found.add(at, "`name` is blank");
    }
}

pub(super) fn blank_username(view: &View, found: &mut Findings<'_>) {
    if let Some((name, at)) = view.plain("username")
        && name.trim().is_empty()
    {
        found.add(at, "`username` is blank");
    }
}

pub(super) fn username_form(view: &View, found: &mut Findings<'_>) {
    let Some((name, at)) = view.plain("username") else {
        return;
    };
    let bare = name.trim().trim_start_matches('@');
    if !bare.is_empty() && bare != name {
        let error = found.add(at, format!("no user is named `{name}`"));
        error.set_help(format!("write the bare username: `{bare}`"));
    }
}

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
        let (message, hint) = match (near, item) {
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
        error.set_help(hint);
        if matches!(item, "#" | "@") {
            error.expected = Some("the server answers `error-invalid-room`".to_owned());
        }
    }
}

pub(super) fn scope_case(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view).filter(|(item, _)| is_scope(item)) {
        let lower = item.to_lowercase();
        if lower != item {
            let error = found.add(at, format!("`{item}` has to be in lower case"));
            error.set_help(format!("write `{lower}`"));
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

/// Whether the value was written as the empty text.
fn only_empty(seen: &Seen) -> bool {
    matches!(seen.items.as_slice(), [(text, _)] if text.is_empty())
}

pub(super) fn unused_channel(view: &View, found: &mut Findings<'_>) {
    if let (Some(seen), Some(event)) = (view.seen("channel"), view.event())
        && !event.uses_channel
        && seen.items.iter().any(|(item, _)| !item.is_empty())
    {
        found.add(
            &seen.at,
            format!(
                "`{}` happens in no room: `channel` does nothing",
                event.name
            ),
        );
    }
}

pub(super) fn unused_trigger_words(view: &View, found: &mut Findings<'_>) {
    if let (Some(seen), Some(event)) = (view.seen("triggerWords"), view.event())
        && !event.uses_trigger_words
        && !seen.items.is_empty()
    {
        found.add(
            &seen.at,
            format!(
                "`{}` looks at no words: `triggerWords` does nothing",
                event.name
            ),
        );
    }
}

pub(super) fn blank_trigger_word(view: &View, found: &mut Findings<'_>) {
    let used = view.event().is_none_or(|event| event.uses_trigger_words);
    let written_empty = view
        .seen("triggerWords")
        .is_some_and(|seen| seen.joined && only_empty(seen));
    for (word, at) in view.plain_items("triggerWords") {
        if used && !written_empty && word.trim().is_empty() {
            found.add(at, "a trigger word is blank");
        }
    }
}

pub(super) fn blank_target_room(view: &View, found: &mut Findings<'_>) {
    if let (Some((room, at)), Some(event)) = (view.plain("targetRoom"), view.event())
        && event.needs_target_room
        && room.trim().is_empty()
    {
        found.add(
            at,
            format!("`targetRoom` is blank: `{}` needs it", event.name),
        );
    }
}

pub(super) fn blank_token(view: &View, found: &mut Findings<'_>) {
    if let Some(Seen {
        value: Value::Secret(token),
        at,
        ..
    }) = view.seen("token")
        && token.is_blank()
    {
        found.add(at, "`token` is blank");
    }
}

pub(super) fn literal_secret(view: &View, found: &mut Findings<'_>) {
    if let Some(seen) = view.seen("token")
        && matches!(&seen.value, Value::Secret(secret) if seen.literal && !secret.is_blank())
    {
        found.add(&seen.at, "`token` is written out");
    }
    let avatar = view.plain("avatar").into_iter();
    for (url, at) in view.plain_items("urls").chain(avatar) {
        if let Some(what) = in_url(url) {
            found.add(at, format!("{what} is written out in a URL"));
        }
    }
}

pub(super) fn no_url(view: &View, found: &mut Findings<'_>) {
    if let Some(seen) = view.seen("urls")
        && seen
            .items
            .iter()
            .all(|(url, _)| url.as_plain().is_some_and(|url| url.trim().is_empty()))
    {
        found.add(&seen.at, "`urls` names no URL");
    }
}

pub(super) fn blank_url(view: &View, found: &mut Findings<'_>) {
    let some = view.seen("urls").is_some_and(|seen| {
        seen.items
            .iter()
            .any(|(url, _)| url.as_plain().is_none_or(|url| !url.trim().is_empty()))
    });
    for (url, at) in view.plain_items("urls") {
        if some && url.trim().is_empty() {
            found.add(at, "an item of `urls` is blank");
        }
    }
}

/// Says what is wrong without the URL itself: it may hold credentials.
pub(super) fn url_form(view: &View, found: &mut Findings<'_>) {
    for (url, at) in view
        .plain_items("urls")
        .filter(|(url, _)| !url.trim().is_empty())
    {
        let web = ["http://", "https://"];
        if !web
            .iter()
            .any(|scheme| url.to_ascii_lowercase().starts_with(scheme))
        {
            found.add(at, "this URL does not start with `https://` or `http://`");
        } else if let Err(error) = url::Url::parse(url) {
            found.add(at, format!("this URL is malformed: {error}"));
        }
    }
}

pub(super) fn retry_count(view: &View, found: &mut Findings<'_>) {
    if let Some(Seen {
        value: Value::Number(count),
        at,
        ..
    }) = view.seen("retryCount")
        && *count < 1
        && view.flag("retryFailedCalls")
    {
        found.add(
            at,
            format!("`retryCount` is {count}: with `retryFailedCalls` it is at least 1"),
        );
    }
}

pub(super) fn blank_retry_delay(view: &View, found: &mut Findings<'_>) {
    if let Some((delay, at)) = view.plain("retryDelay")
        && delay.trim().is_empty()
        && view.flag("retryFailedCalls")
    {
        found.add(at, "`retryDelay` is blank");
    }
}

pub(super) fn retry_delay_case(view: &View, found: &mut Findings<'_>) {
    if let Some((delay, at)) = view.plain("retryDelay")
        && delay != delay.to_lowercase()
        && view.flag("retryFailedCalls")
    {
        let error = found.add(at, "`retryDelay` has to be in lower case");
        error.set_help(format!("write `{}`", delay.to_lowercase()));
    }
}

pub(super) fn unknown_retry_delay(view: &View, found: &mut Findings<'_>) {
    unknown_name(view, "retryDelay", &RETRY_DELAYS, found);
}

pub(super) fn unknown_script_engine(view: &View, found: &mut Findings<'_>) {
    unknown_name(view, "scriptEngine", &SCRIPT_ENGINES, found);
}

pub(super) fn script_not_enabled(view: &View, found: &mut Findings<'_>) {
    let blank = match view.seen("script").map(|seen| &seen.value) {
        Some(Value::Script(text)) => text.is_blank(),
        _ => true,
    };
    if let Some(Seen {
        value: Value::Flag(false),
        at,
        ..
    }) = view.seen("scriptEnabled")
        && !blank
    {
        found.add(at, "the script is not enabled");
    }
}

fn unknown_name(view: &View, field: &str, known: &[&str], found: &mut Findings<'_>) {
    let Some((name, at)) = view.plain(field) else {
        return;
    };
    if name.trim().is_empty() || known.contains(&name.to_lowercase().as_str()) {
        return;
    }
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let near = nearest(name, &known).map(|near| format!("did you mean `{near}`?"));
    let warning = found.add(at, format!("no server knows the `{field}` `{name}`"));
    if let Some(near) = near {
        warning.set_help(near);
    }
}
