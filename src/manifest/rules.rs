//! What the schema cannot say: one table, each rule with what the server would do.
//!
//! A rule that the server would refuse, or whose value it would change on the way, is an error; one about a value
//! that it drops or stores unchanged although it is surely a slip is a warning.

mod channels;
mod checks;

use std::collections::BTreeMap;

use super::literals::LITERAL_SECRET;
use super::messages::replacement;
use crate::integration::{Event, Kind, Value};
use crate::problem::{Code, Fix, Place, Problem, Severity};
use crate::secret::Text;

/// An entry with its references replaced, as the rules look at it: values as written, not yet in normal form.
#[derive(Debug)]
pub struct View {
    /// Its kind.
    pub kind: Kind,
    /// The values that could be resolved.
    pub values: BTreeMap<&'static str, Seen>,
}

/// A value and its place.
#[derive(Debug)]
pub struct Seen {
    /// The value.
    pub value: Value,
    /// Where it is.
    pub at: Place,
    /// The items of a list, each with its place.
    pub items: Vec<(Text, Place)>,
    /// Whether the items were written as one string with commas.
    pub joined: bool,
    /// Whether it was written out, without a reference.
    pub literal: bool,
}

impl Seen {
    /// Whether this is one text with a comma in it: of such a text the server drops the blank parts.
    fn has_several_parts(&self) -> bool {
        self.joined && self.items.len() > 1
    }
}

impl Problem {
    /// Says what to write instead of a text, and makes it a suggestion where the text was written out there.
    fn write(&mut self, field: Option<&Seen>, written: &str, meant: &str, certain: bool) {
        self.set_help(if certain {
            format!("write `{meant}`")
        } else {
            format!("did you mean `{meant}`?")
        });
        let (Some(seen), Some(place)) = (field, &self.place) else {
            return;
        };
        let text = replacement(place, written, meant).filter(|_| seen.literal);
        self.fix = text.map(|text| Box::new(Fix { text, certain }));
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
    consequence: &'static str,
    /// How to fix it, where the check itself does not say it better.
    help: &'static str,
    check: fn(&View, &mut Findings<'_>),
}

/// Where a rule puts what it finds.
struct Findings<'r> {
    rule: &'r Rule,
    /// The last finding, to which the check may still add.
    last: Option<Problem>,
    into: &'r mut crate::problem::Findings,
}

impl Findings<'_> {
    fn add(&mut self, at: &Place, message: impl Into<String>) -> &mut Problem {
        self.pass_on();
        let mut found = Problem::error(Code(self.rule.code), at.clone(), message);
        found.severity = self.rule.severity;
        self.last.insert(found)
    }

    /// Passes the last finding on, with what the rule says where the check said nothing.
    fn pass_on(&mut self) {
        let Some(mut found) = self.last.take() else {
            return;
        };
        found
            .expected
            .get_or_insert_with(|| format!("the server {}", self.rule.consequence));
        if found.help.is_none() {
            found.set_help(self.rule.help);
        }
        self.into.push(found);
    }

    /// Whether there is room for an error at this place.
    fn has_room(&self, at: &Place) -> bool {
        self.into.has_room(at.source)
    }
}

/// Applies every rule to an entry.
pub fn check(view: &View, into: &mut crate::problem::Findings) {
    for rule in RULES
        .iter()
        .filter(|rule| rule.kind.is_none_or(|kind| kind == view.kind))
    {
        let mut found = Findings {
            rule,
            last: None,
            into,
        };
        (rule.check)(view, &mut found);
        found.pass_on();
    }
}

use Severity::{Error, Warning};

const INCOMING: Option<Kind> = Some(Kind::Incoming);
const OUTGOING: Option<Kind> = Some(Kind::Outgoing);

#[rustfmt::skip]
const RULES: &[Rule] = &[
    Rule { code: "blank-name", severity: Warning, kind: None, check: checks::blank_name,
        consequence: "stores a record without a name",
        help: "write a name: it identifies the integration" },
    Rule { code: "blank-username", severity: Error, kind: None, check: checks::blank_username,
        consequence: "answers `error-invalid-username`",
        help: "name an existing user, such as `rocket.cat`" },
    Rule { code: "username-form", severity: Error, kind: None, check: checks::username_form,
        consequence: "answers `error-invalid-user`",
        help: "write the username alone" },
    Rule { code: "no-channel", severity: Error, kind: INCOMING, check: channels::no_channel,
        consequence: "answers `error-invalid-channel`",
        help: "name a room (`\"#ops\"`) or a user (`\"@dana\"`)" },
    Rule { code: "blank-channel", severity: Error, kind: OUTGOING, check: channels::blank_channel,
        consequence: "answers `error-invalid-channel`",
        help: "name rooms and users, or write `all_public_channels`" },
    Rule { code: "empty-channel-part", severity: Error, kind: INCOMING, check: channels::empty_channel_part,
        consequence: "answers `error-invalid-channel-start-with-chars`",
        help: "remove it" },
    Rule { code: "empty-channel-part", severity: Warning, kind: OUTGOING, check: channels::empty_channel_part,
        consequence: "drops the empty part",
        help: "remove it" },
    Rule { code: "comma-in-channel", severity: Error, kind: None, check: channels::comma_in_channel,
        consequence: "treats the item as several channels",
        help: "write one item each" },
    Rule { code: "channel-separator", severity: Warning, kind: None, check: channels::channel_separator,
        consequence: "treats it as the name of one room",
        help: "write one item each" },
    Rule { code: "scope-on-incoming", severity: Error, kind: INCOMING, check: channels::scope_on_incoming,
        consequence: "answers `error-invalid-channel-start-with-chars`",
        help: "name rooms as `#name` and users as `@username`" },
    Rule { code: "channel-prefix", severity: Error, kind: None, check: channels::channel_prefix,
        consequence: "answers `error-invalid-channel-start-with-chars`",
        help: "name rooms as `#name` and users as `@username`" },
    Rule { code: "scope-case", severity: Error, kind: OUTGOING, check: channels::scope_case,
        consequence: "answers `error-invalid-room`",
        help: "write it in lower case" },
    Rule { code: "all-public-channels", severity: Warning, kind: OUTGOING, check: channels::means_all_public_channels,
        consequence: "uses every public channel",
        help: "if that is meant, write `all_public_channels`" },
    Rule { code: "unused-channel", severity: Warning, kind: OUTGOING, check: channels::unused_channel,
        consequence: "drops the value",
        help: "leave it out, or choose an event that happens in a room" },
    Rule { code: "unused-trigger-words", severity: Warning, kind: OUTGOING, check: checks::unused_trigger_words,
        consequence: "drops the value",
        help: "leave it out: only `sendMessage` uses trigger words" },
    Rule { code: "blank-trigger-word", severity: Error, kind: OUTGOING, check: checks::blank_trigger_word,
        consequence: "drops the blank word",
        help: "remove it" },
    Rule { code: "blank-target-room", severity: Error, kind: OUTGOING, check: checks::blank_target_room,
        consequence: "answers `error-invalid-targetRoom`",
        help: "name the room that answers go to, as `\"#welcome\"`" },
    Rule { code: "blank-token", severity: Error, kind: OUTGOING, check: checks::blank_token,
        consequence: "answers `error-invalid-token` to every later change",
        help: "write `${secret.NAME}`, or leave it out: a token is then generated" },
    Rule { code: LITERAL_SECRET.0, severity: Warning, kind: None, check: checks::literal_secret,
        consequence: "and everyone who reads this file have it",
        help: "write `${secret.NAME}`, give its value with `--secret-file` or RCSYNC_SECRET_NAME, and change what was \
                 written here" },
    Rule { code: "no-url", severity: Error, kind: OUTGOING, check: checks::no_url,
        consequence: "answers `error-invalid-urls`",
        help: "write at least one URL" },
    Rule { code: "blank-url", severity: Error, kind: OUTGOING, check: checks::blank_url,
        consequence: "drops the blank URL",
        help: "remove it" },
    Rule { code: "url-form", severity: Warning, kind: OUTGOING, check: checks::url_form,
        consequence: "stores the URL, and every call of it fails",
        help: "write the whole URL, as `https://example.org/hook`" },
    Rule { code: "retry-count", severity: Error, kind: OUTGOING, check: checks::retry_count,
        consequence: "writes 4 in its place",
        help: "write 1 or more, or switch `retryFailedCalls` off" },
    Rule { code: "blank-retry-delay", severity: Error, kind: OUTGOING, check: checks::blank_retry_delay,
        consequence: "writes `powers-of-ten` in its place",
        help: "write `powers-of-ten`, `powers-of-two` or `increments-of-two`" },
    Rule { code: "retry-delay-case", severity: Error, kind: OUTGOING, check: checks::retry_delay_case,
        consequence: "writes the value in lower case",
        help: "write it in lower case" },
    Rule { code: "unknown-retry-delay", severity: Warning, kind: OUTGOING, check: checks::unknown_retry_delay,
        consequence: "stores the value, and every retry fails",
        help: "write `powers-of-ten`, `powers-of-two` or `increments-of-two`" },
    Rule { code: "unknown-script-engine", severity: Warning, kind: None, check: checks::unknown_script_engine,
        consequence: "stores the value, and no engine runs the script",
        help: "leave it out, or write `isolated-vm`" },
    Rule { code: "no-script", severity: Warning, kind: None, check: checks::no_script,
        consequence: "runs nothing",
        help: "write `script`, or leave `scriptEnabled` out" },
    Rule { code: "unused-retries", severity: Warning, kind: OUTGOING, check: checks::unused_retries,
        consequence: "does not try again",
        help: "write `retryFailedCalls: true`, or leave it out" },
    Rule { code: "emoji-form", severity: Warning, kind: None, check: checks::emoji_form,
        consequence: "stores it, and no client shows a picture for it",
        help: "write it with colons, as `\":ghost:\"`" },
    Rule { code: "unexpanded-variable", severity: Warning, kind: None, check: checks::unexpanded_variable,
        consequence: "stores it as it is written",
        help: "write `${var.NAME}`, or `${secret.NAME}` for a secret" },
    Rule { code: "script-not-enabled", severity: Warning, kind: None, check: checks::script_not_enabled,
        consequence: "stores the script and does not run it",
        help: "leave `scriptEnabled` out to use it, or `script` to have none" },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_says_what_it_foresees_and_codes_are_kebab_case() {
        for rule in RULES {
            assert!(!rule.consequence.is_empty(), "{}", rule.code);
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
