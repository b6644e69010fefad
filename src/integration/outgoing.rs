//! `webhook-outgoing`: Rocket.Chat calls URLs when something happens; and the events that can happen.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::written::{Count, Items, List, ScriptSource, Switch, Token, Words, Written};
use super::{Field, Fields, LeftOut, Role, Shape, Value, comma_parts, common};
use crate::secret::Text;

/// An outgoing webhook: Rocket.Chat calls its URLs when its event happens.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(transform = state_what_events_need)]
pub struct Outgoing {
    /// Name of the integration; together with `type` it identifies it. It is not shown in messages.
    #[schemars(extend("examples" = ["Guggy"]))]
    name: Option<Words>,

    /// Whether the event is acted on. The server turns this off by itself when a URL answers 410.
    #[schemars(extend("default" = true, "examples" = [false]))]
    enabled: Option<Switch>,

    /// What has to happen. `sendMessage`, `fileUploaded`, `roomJoined` and `roomLeft` happen in a room and need
    /// `channel`; `userCreated` needs `targetRoom`; `roomArchived` and `roomCreated` need neither.
    /// Only `sendMessage` looks at `triggerWords`.
    event: Option<EventName>,

    /// User that answers are posted as: an exact, existing username.
    #[schemars(extend("examples" = ["rocket.cat"]))]
    username: Option<Words>,

    /// Where the event has to happen: rooms as `#name`, users as `@username`, or `all_public_channels`,
    /// `all_private_groups`, `all_direct_messages`; as a list or as one text with commas. Empty means all
    /// public channels. Only for events that happen in a room.
    #[schemars(extend("examples" = ["#general", ["#general", "all_direct_messages"]]))]
    channel: Option<Items>,

    /// URLs to call, each in turn. May hold `${secret.NAME}`.
    #[schemars(extend("minItems" = 1, "examples" = [["https://example.org/hook"]]))]
    urls: Option<List>,

    /// Words that a message has to start with (see `triggerWordAnywhere`), as a list or as one text with commas.
    /// None means every message. Only for `sendMessage`.
    #[schemars(extend("default" = [], "examples" = [["!guggy"], "!guggy, !gif"]))]
    trigger_words: Option<Items>,

    /// Whether a trigger word may stand anywhere in the message.
    #[schemars(extend("default" = false, "examples" = [true]))]
    trigger_word_anywhere: Option<Switch>,

    /// Whether edited messages count too.
    #[schemars(extend("default" = false, "examples" = [true]))]
    run_on_edits: Option<Switch>,

    /// Room that answers go to, as `#name` or `@username`. Needed for `userCreated`, which happens in no room.
    #[schemars(extend("default" = "", "examples" = ["#welcome"]))]
    target_room: Option<Words>,

    /// Secret sent to the URLs with every call, so that they know who calls. Write `${secret.NAME}`. Left out, the
    /// server's value is kept; a new webhook gets a generated one.
    #[schemars(extend("examples" = ["${secret.guggy_token}"]))]
    token: Option<Token>,

    /// Name shown on the answers in place of the user's.
    #[schemars(extend("default" = "", "examples" = ["Guggy"]))]
    alias: Option<Words>,

    /// URL of a picture shown beside the answers. May hold `${secret.NAME}`.
    #[schemars(extend("default" = "", "examples" = ["http://res.guggy.com/logo_128.png"]))]
    avatar: Option<Words>,

    /// Emoji shown in place of a picture, as `:name:`. Quote it.
    #[schemars(extend("default" = "", "examples" = [":ghost:"]))]
    emoji: Option<Words>,

    /// Whether answers are posted as the user whose message triggered the call.
    #[schemars(extend("default" = false, "examples" = [true]))]
    impersonate_user: Option<Switch>,

    /// JavaScript that prepares the calls and reads the answers: a class `Script` with the method
    /// `prepare_outgoing_request`, `process_outgoing_response`, or both. Its text, or `{ file: PATH }`.
    /// `${…}` in it is JavaScript's own.
    #[schemars(extend("default" = "", "examples" = [{ "file": "scripts/guggy.js" }]))]
    script: Option<ScriptSource>,

    /// Whether the script is used. Left out, it is on when there is a script.
    #[schemars(extend("examples" = [true]))]
    script_enabled: Option<Switch>,

    /// Engine that runs the script, from Rocket.Chat 6.5 on; `isolated-vm` is the only one since 7.0.
    /// Left out, the server's value is kept.
    #[schemars(extend("examples" = ["isolated-vm"]))]
    script_engine: Option<Words>,

    /// Store the script as it is instead of transpiling it, from Rocket.Chat 8.4 on. Left out, the server's
    /// value is kept.
    #[schemars(extend("examples" = [false]))]
    skip_transpile: Option<Switch>,

    /// Whether a failed call is tried again (a 500 is not).
    #[schemars(extend("default" = false, "examples" = [true]))]
    retry_failed_calls: Option<Switch>,

    /// How often a failed call is tried again, at least 1 with `retryFailedCalls`. Left out, the server's value is
    /// kept; where it has none, it takes 4.
    #[schemars(extend("examples" = [4]))]
    retry_count: Option<Count>,

    /// Pauses between the tries: `powers-of-ten` (0.1 s, 1 s, 10 s, …), `powers-of-two` (2 s, 4 s, 8 s, …) or
    /// `increments-of-two` (2 s, 4 s, 6 s, …). Left out, the server's value is kept; where it has none, it
    /// takes `powers-of-ten`.
    #[schemars(extend("examples" = ["powers-of-ten", "powers-of-two", "increments-of-two"]))]
    retry_delay: Option<Words>,
}

impl Outgoing {
    /// The values by name, in the order of the rows.
    pub fn into_fields(self) -> Vec<(&'static str, Option<Written>)> {
        // Without `..`: a field that is forgotten here does not compile.
        let Self {
            name,
            enabled,
            event,
            username,
            channel,
            urls,
            trigger_words,
            trigger_word_anywhere,
            run_on_edits,
            target_room,
            token,
            alias,
            avatar,
            emoji,
            impersonate_user,
            script,
            script_enabled,
            script_engine,
            skip_transpile,
            retry_failed_calls,
            retry_count,
            retry_delay,
        } = self;
        vec![
            ("name", name.map(Into::into)),
            ("enabled", enabled.map(Into::into)),
            ("event", event.map(|event| Words(event.0).into())),
            ("username", username.map(Into::into)),
            ("channel", channel.map(Into::into)),
            ("urls", urls.map(Into::into)),
            ("triggerWords", trigger_words.map(Into::into)),
            ("triggerWordAnywhere", trigger_word_anywhere.map(Into::into)),
            ("runOnEdits", run_on_edits.map(Into::into)),
            ("targetRoom", target_room.map(Into::into)),
            ("token", token.map(Into::into)),
            ("alias", alias.map(Into::into)),
            ("avatar", avatar.map(Into::into)),
            ("emoji", emoji.map(Into::into)),
            ("impersonateUser", impersonate_user.map(Into::into)),
            ("script", script.map(Into::into)),
            ("scriptEnabled", script_enabled.map(Into::into)),
            ("scriptEngine", script_engine.map(Into::into)),
            ("skipTranspile", skip_transpile.map(Into::into)),
            ("retryFailedCalls", retry_failed_calls.map(Into::into)),
            ("retryCount", retry_count.map(Into::into)),
            ("retryDelay", retry_delay.map(Into::into)),
        ]
    }
}

/// The rows (reference 3.2).
pub(super) const FIELDS: &[Field] = &[
    common::NAME,
    common::ENABLED,
    Field {
        name: "event",
        left_out: LeftOut::Required,
        always_sent: true,
        role: Role::Event,
        ..Field::PLAIN
    },
    common::USERNAME,
    Field {
        name: "channel",
        shape: Shape::Joined,
        always_sent: true,
        follows: Some(Role::Event),
        role: Role::Destination,
        ..Field::PLAIN
    },
    Field {
        name: "urls",
        shape: Shape::Set,
        left_out: LeftOut::Required,
        sensitive: true,
        ..Field::PLAIN
    },
    Field {
        name: "triggerWords",
        shape: Shape::Set,
        follows: Some(Role::Event),
        ..Field::PLAIN
    },
    FLAG.named("triggerWordAnywhere"),
    FLAG.named("runOnEdits"),
    Field {
        name: "targetRoom",
        follows: Some(Role::Event),
        role: Role::Destination,
        ..Field::PLAIN
    },
    Field {
        name: "token",
        shape: Shape::Secret,
        left_out: LeftOut::Generated,
        ..Field::PLAIN
    },
    common::ALIAS,
    common::AVATAR,
    common::EMOJI,
    FLAG.named("impersonateUser"),
    common::SCRIPT,
    common::SCRIPT_ENABLED,
    common::SCRIPT_ENGINE,
    common::SKIP_TRANSPILE,
    FLAG.named("retryFailedCalls"),
    Field {
        name: "retryCount",
        shape: Shape::Number,
        left_out: LeftOut::Observed,
        ..Field::PLAIN
    },
    Field {
        name: "retryDelay",
        left_out: LeftOut::Observed,
        ..Field::PLAIN
    },
];

/// A flag that is off when it is left out.
const FLAG: Field = Field {
    shape: Shape::Flag,
    ..Field::PLAIN
};

/// An event that an outgoing webhook can wait for (reference 4.1).
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Its name.
    pub name: &'static str,
    /// Whether it happens in a room, so that `channel` counts.
    pub uses_channel: bool,
    /// Whether trigger words count.
    pub uses_trigger_words: bool,
    /// Whether answers need a room of their own.
    pub needs_target_room: bool,
    /// When it happens.
    means: &'static str,
}

/// The events, in the order the server lists them.
pub const EVENTS: &[Event] = &[
    Event {
        uses_channel: true,
        uses_trigger_words: true,
        ..event(
            "sendMessage",
            "a message is sent; needs `channel`, looks at `triggerWords`",
        )
    },
    Event {
        uses_channel: true,
        ..event("fileUploaded", "a file is uploaded; needs `channel`")
    },
    event(
        "roomArchived",
        "a room is archived; needs neither `channel` nor `targetRoom`",
    ),
    event(
        "roomCreated",
        "a room is created; needs neither `channel` nor `targetRoom`",
    ),
    Event {
        uses_channel: true,
        ..event("roomJoined", "a user joins a room; needs `channel`")
    },
    Event {
        uses_channel: true,
        ..event("roomLeft", "a user leaves a room; needs `channel`")
    },
    Event {
        needs_target_room: true,
        ..event("userCreated", "a user is created; needs `targetRoom`")
    },
];

/// An event that looks at nothing; the table writes the differences over it.
const fn event(name: &'static str, means: &'static str) -> Event {
    Event {
        name,
        uses_channel: false,
        uses_trigger_words: false,
        needs_target_room: false,
        means,
    }
}

impl Event {
    /// The event of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        EVENTS.iter().find(|event| event.name == name)
    }
}

/// The name of an event, as written.
#[derive(Debug, Deserialize)]
pub struct EventName(String);

impl JsonSchema for EventName {
    fn schema_name() -> Cow<'static, str> {
        "Event".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<_> = EVENTS.iter().map(|event| event.name).collect();
        let meanings: Vec<_> = EVENTS.iter().map(|event| event.means).collect();
        let example = &names[..1];
        json_schema!({ "type": "string", "enum": names, "enumDescriptions": meanings, "examples": example })
    }
}

/// Writes into the schema which events need `channel` and which need `targetRoom`.
fn state_what_events_need(schema: &mut Schema) {
    let rule = |needs: fn(&Event) -> bool, field: &str| {
        let events: Vec<_> = EVENTS
            .iter()
            .filter(|event| needs(event))
            .map(|event| event.name)
            .collect();
        serde_json::json!({
            "if": { "properties": { "event": { "enum": events } }, "required": ["event"] },
            "then": { "required": [field] }
        })
    };
    schema.insert(
        "allOf".to_owned(),
        serde_json::json!([
            rule(|event| event.uses_channel, "channel"),
            rule(|event| event.needs_target_room, "targetRoom"),
        ]),
    );
}

/// Whether an entry with this event has to write the field out, though it may be empty.
pub(super) fn demands(values: &Fields, field: &Field) -> bool {
    let Some(event) = values.plain("event").and_then(Event::named) else {
        return false;
    };
    match field.name {
        "channel" => event.uses_channel,
        "targetRoom" => event.needs_target_room,
        _ => false,
    }
}

/// Channels and trigger words one by one and only for the events that use them; URLs without blanks around
/// them; the pauses between tries in lower case, and retries that can be made.
pub(super) fn normalise(values: &mut Fields) {
    let event = values.plain("event").and_then(Event::named);
    if event.is_some_and(|event| event.uses_channel) {
        values.split_items("channel", comma_parts);
    } else {
        values.set("channel", Some(Value::List(Vec::new())));
    }
    if event.is_some_and(|event| !event.uses_trigger_words) {
        values.set("triggerWords", None);
    }
    values.split_items("urls", |url| match url.trim() {
        "" => Vec::new(),
        _ => vec![Text::from(url)],
    });
    if let Some(delay) = values.plain("retryDelay").map(str::to_lowercase) {
        values.set("retryDelay", Some(Value::Text(Text::from(delay))));
    }
    if matches!(values.value("retryFailedCalls"), Some(Value::Flag(true))) {
        fill_retries(values);
    }
}

/// What the server writes in place of values that no retry can go by (reference 4.2).
fn fill_retries(values: &mut Fields) {
    if matches!(values.value("retryCount"), Some(Value::Number(count)) if *count < 1) {
        values.set("retryCount", Some(Value::Number(4)));
    }
    if values
        .plain("retryDelay")
        .is_some_and(|delay| delay.trim().is_empty())
    {
        values.set("retryDelay", Some(Value::Text(Text::from("powers-of-ten"))));
    }
}
