//! What the schema cannot say: one table, each rule with the server's answer that it foresees.
//!
//! A rule that the server would refuse, or whose value it would change on the way, is an error; one about a value
//! that it drops or stores unchanged although it is surely a slip is a warning.

use std::collections::BTreeMap;

use super::hints::nearest;
use super::literals::in_url;
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::integration::{Event, Kind, Value};
use crate::secret::Text;

/// An entry with its references replaced, as the rules look at it: values as written, not yet in normal form.
#[derive(Debug)]
pub(crate) struct View {
    /// Its kind.
    pub(crate) kind: Kind,
    /// The values that could be resolved.
    pub(crate) values: BTreeMap<&'static str, Seen>,
}

/// A value and its place.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The value.
    pub(crate) value: Value,
    /// Where it stands.
    pub(crate) at: Place,
    /// The items of a list, each with its place.
    pub(crate) items: Vec<(Text, Place)>,
    /// Whether the items were written as one text with commas.
    pub(crate) joined: bool,
    /// Whether it was written out, without a reference.
    pub(crate) literal: bool,
}

impl Seen {
    /// Whether this is one text with a comma in it: of such a text the server drops the blank parts.
    fn has_several_parts(&self) -> bool {
        self.joined && self.items.len() > 1
    }
}

impl View {
    fn seen(&self, name: &str) -> Option<&Seen> {
        self.values.get(name)
    }

    fn flag(&self, name: &str) -> bool {
        matches!(
            self.seen(name),
            Some(Seen {
                value: Value::Flag(true),
                ..
            })
        )
    }

    fn plain(&self, name: &str) -> Option<(&str, &Place)> {
        match self.seen(name)? {
            Seen {
                value: Value::Text(text),
                at,
                ..
            } => Some((text.as_plain()?, at)),
            _ => None,
        }
    }

    fn plain_items(&self, name: &str) -> impl Iterator<Item = (&str, &Place)> {
        let items = self
            .seen(name)
            .map_or(&[][..], |seen| seen.items.as_slice());
        items
            .iter()
            .filter_map(|(text, at)| Some((text.as_plain()?, at)))
    }

    fn event(&self) -> Option<&'static Event> {
        Event::named(self.plain("event")?.0)
    }
}

/// One rule.
struct Rule {
    code: &'static str,
    severity: Severity,
    /// The kind it is about; `None` for both.
    kind: Option<Kind>,
    /// What the server does about it, as in "the server …".
    foresees: &'static str,
    /// How to mend it, where the check itself does not say it better.
    remedy: &'static str,
    check: fn(&View, &mut Findings<'_>),
}

/// Where a rule puts what it finds.
struct Findings<'r> {
    rule: &'r Rule,
    into: &'r mut Vec<Diagnostic>,
}

impl Findings<'_> {
    fn add(&mut self, at: &Place, message: impl Into<String>) -> &mut Diagnostic {
        let mut found = Diagnostic::error(Code(self.rule.code), at.clone(), message);
        found.severity = self.rule.severity;
        self.into.push(found);
        let last = self.into.len() - 1;
        &mut self.into[last]
    }
}

/// Applies every rule to an entry.
pub(crate) fn check(view: &View, into: &mut Vec<Diagnostic>) {
    for rule in RULES
        .iter()
        .filter(|rule| rule.kind.is_none_or(|kind| kind == view.kind))
    {
        let before = into.len();
        (rule.check)(view, &mut Findings { rule, into });
        for found in into.iter_mut().skip(before) {
            found
                .expected
                .get_or_insert_with(|| format!("the server {}", rule.foresees));
            if found.hint.is_none() {
                found.set_hint(rule.remedy);
            }
        }
    }
}

use Severity::{Error, Warning};

const INCOMING: Option<Kind> = Some(Kind::Incoming);
const OUTGOING: Option<Kind> = Some(Kind::Outgoing);

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { code: "blank-name", severity: Warning, kind: None, check: blank_name,
        foresees: "stores a record without a name",
        remedy: "write a name: it identifies the integration" },
    Rule { code: "blank-username", severity: Error, kind: None, check: blank_username,
        foresees: "answers `error-invalid-username`",
        remedy: "name an existing user, such as `rocket.cat`" },
    Rule { code: "username-form", severity: Error, kind: None, check: username_form,
        foresees: "answers `error-invalid-user`",
        remedy: "write the username alone" },
    Rule { code: "no-channel", severity: Error, kind: INCOMING, check: no_channel,
        foresees: "answers `error-invalid-channel`",
        remedy: "name a room (`\"#ops\"`) or a user (`\"@dana\"`)" },
    Rule { code: "blank-channel", severity: Error, kind: OUTGOING, check: blank_channel,
        foresees: "answers `error-invalid-channel`",
        remedy: "name rooms and users, or write `all_public_channels`" },
    Rule { code: "empty-channel-part", severity: Error, kind: INCOMING, check: empty_channel_part,
        foresees: "answers `error-invalid-channel-start-with-chars`",
        remedy: "remove it" },
    Rule { code: "empty-channel-part", severity: Warning, kind: OUTGOING, check: empty_channel_part,
        foresees: "drops the empty part",
        remedy: "remove it" },
    Rule { code: "comma-in-channel", severity: Error, kind: None, check: comma_in_channel,
        foresees: "takes the item for several channels",
        remedy: "write one item each" },
    Rule { code: "scope-on-incoming", severity: Error, kind: INCOMING, check: scope_on_incoming,
        foresees: "answers `error-invalid-channel-start-with-chars`",
        remedy: "name rooms as `#name` and users as `@username`" },
    Rule { code: "channel-prefix", severity: Error, kind: None, check: channel_prefix,
        foresees: "answers `error-invalid-channel-start-with-chars`",
        remedy: "name rooms as `#name` and users as `@username`" },
    Rule { code: "scope-case", severity: Error, kind: OUTGOING, check: scope_case,
        foresees: "answers `error-invalid-room`",
        remedy: "write it in lower case" },
    Rule { code: "all-public-channels", severity: Warning, kind: OUTGOING, check: means_all_public_channels,
        foresees: "takes every public channel",
        remedy: "if that is meant, write `all_public_channels`" },
    Rule { code: "unused-channel", severity: Warning, kind: OUTGOING, check: unused_channel,
        foresees: "drops the value",
        remedy: "leave it out, or choose an event that happens in a room" },
    Rule { code: "unused-trigger-words", severity: Warning, kind: OUTGOING, check: unused_trigger_words,
        foresees: "drops the value",
        remedy: "leave it out: only `sendMessage` looks at words" },
    Rule { code: "blank-trigger-word", severity: Error, kind: OUTGOING, check: blank_trigger_word,
        foresees: "drops the blank word",
        remedy: "remove it" },
    Rule { code: "blank-target-room", severity: Error, kind: OUTGOING, check: blank_target_room,
        foresees: "answers `error-invalid-targetRoom`",
        remedy: "name the room that answers go to, as `\"#welcome\"`" },
    Rule { code: "blank-token", severity: Error, kind: OUTGOING, check: blank_token,
        foresees: "answers `error-invalid-token` to every later change",
        remedy: "write `${secret.NAME}`, or leave it out: a token is then generated" },
    Rule { code: "literal-secret", severity: Warning, kind: None, check: literal_secret,
        foresees: "and everyone who reads this file have it",
        remedy: "write `${secret.NAME}`, give its value with `--secret-file` or RCSYNC_SECRET_NAME, and change what was \
                 written here" },
    Rule { code: "no-url", severity: Error, kind: OUTGOING, check: no_url,
        foresees: "answers `error-invalid-urls`",
        remedy: "write at least one URL" },
    Rule { code: "blank-url", severity: Error, kind: OUTGOING, check: blank_url,
        foresees: "drops the blank URL",
        remedy: "remove it" },
    Rule { code: "url-form", severity: Warning, kind: OUTGOING, check: url_form,
        foresees: "stores the URL, and every call of it fails",
        remedy: "write the whole URL, as `https://example.org/hook`" },
    Rule { code: "retry-count", severity: Error, kind: OUTGOING, check: retry_count,
        foresees: "writes 4 in its place",
        remedy: "write 1 or more, or switch `retryFailedCalls` off" },
    Rule { code: "blank-retry-delay", severity: Error, kind: OUTGOING, check: blank_retry_delay,
        foresees: "writes `powers-of-ten` in its place",
        remedy: "write `powers-of-ten`, `powers-of-two` or `increments-of-two`" },
    Rule { code: "retry-delay-case", severity: Error, kind: OUTGOING, check: retry_delay_case,
        foresees: "writes the value in lower case",
        remedy: "write it in lower case" },
    Rule { code: "unknown-retry-delay", severity: Warning, kind: OUTGOING, check: unknown_retry_delay,
        foresees: "stores the value, and every retry fails",
        remedy: "write `powers-of-ten`, `powers-of-two` or `increments-of-two`" },
    Rule { code: "unknown-script-engine", severity: Warning, kind: None, check: unknown_script_engine,
        foresees: "stores the value, and no engine runs the script",
        remedy: "leave it out, or write `isolated-vm`" },
    Rule { code: "script-not-enabled", severity: Warning, kind: None, check: script_not_enabled,
        foresees: "stores the script and does not run it",
        remedy: "leave `scriptEnabled` out to use it, or `script` to have none" },
];

/// What an outgoing webhook may name in the place of a room.
const SCOPES: [&str; 3] = [
    "all_public_channels",
    "all_private_groups",
    "all_direct_messages",
];
const RETRY_DELAYS: [&str; 3] = ["powers-of-ten", "powers-of-two", "increments-of-two"];
const SCRIPT_ENGINES: [&str; 2] = ["isolated-vm", "vm2"];

fn blank_name(view: &View, found: &mut Findings<'_>) {
    if let Some((name, at)) = view.plain("name")
        && name.trim().is_empty()
    {
        found.add(at, "`name` is blank");
    }
}

fn blank_username(view: &View, found: &mut Findings<'_>) {
    if let Some((name, at)) = view.plain("username")
        && name.trim().is_empty()
    {
        found.add(at, "`username` is blank");
    }
}

fn username_form(view: &View, found: &mut Findings<'_>) {
    let Some((name, at)) = view.plain("username") else {
        return;
    };
    let bare = name.trim().trim_start_matches('@');
    if !bare.is_empty() && bare != name {
        let error = found.add(at, format!("no user is named `{name}`"));
        error.set_hint(format!("write the bare username: `{bare}`"));
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

fn no_channel(view: &View, found: &mut Findings<'_>) {
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

fn blank_channel(view: &View, found: &mut Findings<'_>) {
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

fn empty_channel_part(view: &View, found: &mut Findings<'_>) {
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

fn comma_in_channel(view: &View, found: &mut Findings<'_>) {
    if view.seen("channel").is_some_and(|seen| !seen.joined) {
        for (item, at) in channels(view).filter(|(item, _)| item.contains(',')) {
            let parts = item.split(',').map(str::trim);
            let parts: Vec<_> = parts
                .filter(|part| !part.is_empty())
                .map(|part| format!("\"{part}\""))
                .collect();
            let error = found.add(at, "an item of `channel` holds a comma");
            match parts.as_slice() {
                [] => error.set_hint("remove it"),
                [one] => error.set_hint(format!("write `{one}`")),
                _ => error.set_hint(format!("write one item each: `[{}]`", parts.join(", "))),
            }
        }
    }
}

fn is_scope(item: &str) -> bool {
    SCOPES.contains(&item.to_lowercase().as_str())
}

fn scope_on_incoming(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view).filter(|(item, _)| is_scope(item)) {
        found.add(
            at,
            format!("`{item}` is for outgoing webhooks: an incoming one posts to rooms and users"),
        );
    }
}

fn channel_prefix(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view) {
        if item.starts_with(['#', '@']) && item.len() > 1 || is_scope(item) || item.contains(',') {
            continue;
        }
        let scopes: Vec<String> = SCOPES.iter().map(ToString::to_string).collect();
        let near = (view.kind == Kind::Outgoing)
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
        error.set_hint(hint);
        if matches!(item, "#" | "@") {
            error.expected = Some("the server answers `error-invalid-room`".to_owned());
        }
    }
}

fn scope_case(view: &View, found: &mut Findings<'_>) {
    for (item, at) in channels(view).filter(|(item, _)| is_scope(item)) {
        let lower = item.to_lowercase();
        if lower != item {
            let error = found.add(at, format!("`{item}` has to be in lower case"));
            error.set_hint(format!("write `{lower}`"));
        }
    }
}

fn means_all_public_channels(view: &View, found: &mut Findings<'_>) {
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

fn unused_channel(view: &View, found: &mut Findings<'_>) {
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

fn unused_trigger_words(view: &View, found: &mut Findings<'_>) {
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

fn blank_trigger_word(view: &View, found: &mut Findings<'_>) {
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

fn blank_target_room(view: &View, found: &mut Findings<'_>) {
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

fn blank_token(view: &View, found: &mut Findings<'_>) {
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

fn literal_secret(view: &View, found: &mut Findings<'_>) {
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

fn no_url(view: &View, found: &mut Findings<'_>) {
    if let Some(seen) = view.seen("urls")
        && seen
            .items
            .iter()
            .all(|(url, _)| url.as_plain().is_some_and(|url| url.trim().is_empty()))
    {
        found.add(&seen.at, "`urls` names no URL");
    }
}

fn blank_url(view: &View, found: &mut Findings<'_>) {
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
fn url_form(view: &View, found: &mut Findings<'_>) {
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

fn retry_count(view: &View, found: &mut Findings<'_>) {
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

fn blank_retry_delay(view: &View, found: &mut Findings<'_>) {
    if let Some((delay, at)) = view.plain("retryDelay")
        && delay.trim().is_empty()
        && view.flag("retryFailedCalls")
    {
        found.add(at, "`retryDelay` is blank");
    }
}

fn retry_delay_case(view: &View, found: &mut Findings<'_>) {
    if let Some((delay, at)) = view.plain("retryDelay")
        && delay != delay.to_lowercase()
        && view.flag("retryFailedCalls")
    {
        let error = found.add(at, "`retryDelay` has to be in lower case");
        error.set_hint(format!("write `{}`", delay.to_lowercase()));
    }
}

fn unknown_retry_delay(view: &View, found: &mut Findings<'_>) {
    unknown_name(view, "retryDelay", &RETRY_DELAYS, found);
}

fn unknown_script_engine(view: &View, found: &mut Findings<'_>) {
    unknown_name(view, "scriptEngine", &SCRIPT_ENGINES, found);
}

fn script_not_enabled(view: &View, found: &mut Findings<'_>) {
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
        warning.set_hint(near);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_it_foresees_and_codes_are_kebab_case() {
        for rule in RULES {
            assert!(!rule.foresees.is_empty(), "{}", rule.code);
            assert!(
                rule.code
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-'),
                "{}",
                rule.code
            );
        }
    }
}
