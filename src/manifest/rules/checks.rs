//! What each rule looks for, in the order of the table.

use super::super::literals::in_url;
use super::super::messages::nearest;
use super::{Findings, Seen, View};
use crate::integration::Value;

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
        error.write(view.seen("username"), name, bare, true);
    }
}

/// Whether the value was written as the empty text.
fn only_empty(seen: &Seen) -> bool {
    matches!(seen.items.as_slice(), [(text, _)] if text.is_empty())
}

pub(super) fn unused_trigger_words(view: &View, found: &mut Findings<'_>) {
    if let (Some(seen), Some(event)) = (view.seen("triggerWords"), view.event())
        && !event.uses_trigger_words
        && !seen.items.is_empty()
    {
        found.add(&seen.at, format!("`{}` ignores `triggerWords`", event.name));
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
        found.add(&seen.at, "`token` is in plain text");
    }
    let avatar = view.plain("avatar").into_iter();
    for (url, at) in view.plain_items("urls").chain(avatar) {
        if let Some(what) = in_url(url) {
            found.add(at, format!("{what} is in plain text in a URL"));
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
        found.add(&seen.at, "`urls` has no URL");
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
        let seen = view.seen("retryDelay");
        error.write(seen, delay, &delay.to_lowercase(), true);
    }
}

pub(super) fn unknown_retry_delay(view: &View, found: &mut Findings<'_>) {
    unknown_name(view, "retryDelay", &RETRY_DELAYS, found);
}

pub(super) fn unknown_script_engine(view: &View, found: &mut Findings<'_>) {
    unknown_name(view, "scriptEngine", &SCRIPT_ENGINES, found);
}

/// Whether there is no script.
fn is_without_script(view: &View) -> bool {
    match view.seen("script").map(|seen| &seen.value) {
        Some(Value::Script(text)) => text.is_blank(),
        seen => seen.is_none(),
    }
}

pub(super) fn no_script(view: &View, found: &mut Findings<'_>) {
    if let Some(seen) = view.seen("scriptEnabled")
        && view.flag("scriptEnabled")
        && is_without_script(view)
    {
        found.add(&seen.at, "`scriptEnabled` has no effect without a script");
    }
}

pub(super) fn unused_retries(view: &View, found: &mut Findings<'_>) {
    for name in ["retryCount", "retryDelay"] {
        // Who writes that the switch is off means it: records are often written so.
        if let Some(seen) = view.seen(name)
            && view.seen("retryFailedCalls").is_none()
        {
            let message = format!("`{name}` does nothing without `retryFailedCalls: true`");
            found.add(&seen.at, message);
        }
    }
}

pub(super) fn emoji_form(view: &View, found: &mut Findings<'_>) {
    if let Some((emoji, at)) = view.plain("emoji") {
        let name = emoji.trim();
        // The picture itself is also accepted.
        let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_graphic());
        if is_name && !(name.len() > 2 && name.starts_with(':') && name.ends_with(':')) {
            let warning = found.add(
                at,
                format!("the emoji `{emoji}` needs colons around its name"),
            );
            let bare = name.trim_matches(':');
            if !bare.is_empty() {
                let colons = format!(":{bare}:");
                warning.write(view.seen("emoji"), emoji, &colons, true);
            }
        }
    }
}

/// What is written as other tools write a variable. Trigger words and scripts have such signs of their own.
pub(super) fn unexpanded_variable(view: &View, found: &mut Findings<'_>) {
    let texts = ["name", "alias", "username", "avatar", "emoji", "targetRoom"];
    let texts = texts.iter().filter_map(|name| view.plain(name));
    let items = ["channel", "urls"].map(|name| view.plain_items(name));
    for (text, at) in texts.chain(items.into_iter().flatten()) {
        if let Some((written, name)) = variable_of_others(text) {
            let warning = found.add(at, format!("`{written}` is not a variable in a manifest"));
            if !name.is_empty() {
                warning.set_help(format!(
                    "write `${{var.{name}}}`, or `${{secret.{name}}}` for a secret"
                ));
            }
        }
    }
}

/// A variable as shells, templates or Windows write it, and its name where that can be one.
fn variable_of_others(text: &str) -> Option<(&str, &str)> {
    let is_name = |name: &str| {
        let mut letters = name.chars();
        letters
            .next()
            .is_some_and(|it| it.is_ascii_alphabetic() || it == '_')
            && letters.all(|it| it.is_ascii_alphanumeric() || it == '_')
    };
    let upper = |name: &str| {
        is_name(name) && name.len() > 1 && !name.contains(|it: char| it.is_ascii_lowercase())
    };
    if let Some((before, rest)) = text.split_once("{{")
        && let Some((inner, _)) = rest.split_once("}}")
    {
        let written = text.get(before.len()..before.len() + inner.len() + 4)?;
        let name = inner.trim();
        return Some((written, if is_name(name) { name } else { "" }));
    }
    for (at, _) in text.match_indices('$') {
        let rest = text.get(at + 1..)?;
        let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
        let name = rest.get(..end.unwrap_or(rest.len()))?;
        if upper(name) {
            return Some((text.get(at..=at + name.len())?, name));
        }
    }
    let mut parts = text.split('%').skip(1);
    let name = parts.find(|name| upper(name) && text.contains(&format!("%{name}%")))?;
    let at = text.find(&format!("%{name}%"))?;
    Some((text.get(at..at + name.len() + 2)?, name))
}

pub(super) fn script_not_enabled(view: &View, found: &mut Findings<'_>) {
    let blank = is_without_script(view);
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
    let warning = found.add(at, format!("`{name}` is not a known `{field}`"));
    if let Some(near) = nearest(name, &known) {
        warning.write(view.seen(field), name, near, false);
    }
}
