//! `webhook-outgoing`: Rocket.Chat calls URLs when something happens; and the events that can happen.

use super::{Field, Fields, LeftOut, Role, Shape, Value, comma_parts, common};
use crate::secret::Text;

/// What an editor shows of it.
pub(super) const DOC: &str =
    "An outgoing webhook: Rocket.Chat calls its URLs when its event happens.";

/// The rows (docs/server.md#fields).
pub(super) const FIELDS: &[Field] = &[
    Field {
        examples: r#"["Guggy"]"#,
        ..common::NAME
    },
    Field {
        doc: "Whether the webhook is called. The server disables it by itself when a URL answers 410.",
        ..common::ENABLED
    },
    Field {
        name: "event",
        doc: "Event that triggers the webhook. `sendMessage`, `fileUploaded`, `roomJoined` and `roomLeft` happen in a room and \
              need `channel`; `userCreated` needs `targetRoom`; `roomArchived` and `roomCreated` need neither. Only `sendMessage` uses `triggerWords`.",
        examples: r#"["sendMessage"]"#,
        left_out: LeftOut::Required,
        always_sent: true,
        role: Role::Event,
        ..Field::PLAIN
    },
    Field {
        doc: "Posting user of the answers: an exact, existing username.",
        ..common::USERNAME
    },
    Field {
        name: "channel",
        doc: "Where the event has to happen: rooms as `#name`, users as `@username`, or `all_public_channels`, \
              `all_private_groups`, `all_direct_messages`; as a list or as one string with commas. Empty means all \
              public channels. Only for events that happen in a room.",
        examples: r##"["#general", ["#general", "all_direct_messages"]]"##,
        shape: Shape::Joined,
        always_sent: true,
        follows: Some(Role::Event),
        role: Role::Destination,
        ..Field::PLAIN
    },
    Field {
        name: "urls",
        doc: "URLs to call, one after the other. May contain `${secret.NAME}`.",
        examples: r#"[["https://example.org/hook"]]"#,
        shape: Shape::Set,
        left_out: LeftOut::Required,
        sensitive: true,
        role: Role::Called,
        ..Field::PLAIN
    },
    Field {
        name: "triggerWords",
        doc: "Words that a message has to start with (see `triggerWordAnywhere`), as a list or as one string with commas. \
              Without any, every message triggers. Only for `sendMessage`.",
        examples: r#"[["!guggy"], "!guggy, !gif"]"#,
        shape: Shape::Set,
        follows: Some(Role::Event),
        ..Field::PLAIN
    },
    Field {
        name: "triggerWordAnywhere",
        doc: "Whether a trigger word may be anywhere in the message.",
        ..FLAG
    },
    Field {
        name: "runOnEdits",
        doc: "Whether edited messages trigger the webhook too.",
        ..FLAG
    },
    Field {
        name: "targetRoom",
        doc: "Room that answers go to, as `#name` or `@username`. Required for `userCreated`, which does not happen in a room.",
        examples: r##"["#welcome"]"##,
        follows: Some(Role::Event),
        role: Role::Destination,
        ..Field::PLAIN
    },
    Field {
        name: "token",
        doc: "Secret sent to the URLs with every call, to identify the caller. Write `${secret.NAME}`. Default: the server's value \
              is kept; a new webhook gets a generated one.",
        examples: r#"["${secret.guggy_token}"]"#,
        shape: Shape::Secret,
        left_out: LeftOut::Generated,
        ..Field::PLAIN
    },
    Field {
        doc: "Name shown on the answers instead of the user's.",
        examples: r#"["Guggy"]"#,
        ..common::ALIAS
    },
    Field {
        doc: "URL of a picture shown with the answers. May contain `${secret.NAME}`.",
        examples: r#"["http://res.guggy.com/logo_128.png"]"#,
        ..common::AVATAR
    },
    common::EMOJI,
    Field {
        name: "impersonateUser",
        doc: "Whether answers are posted as the user whose message triggered the call.",
        ..FLAG
    },
    Field {
        doc: "JavaScript that prepares the calls and reads the answers: a class `Script` with the method \
              `prepare_outgoing_request`, `process_outgoing_response`, or both. The script itself, or `{ file: PATH }`. rcsync does not replace `${…}` in it.",
        examples: r#"[{ "file": "scripts/guggy.js" }]"#,
        ..common::SCRIPT
    },
    common::SCRIPT_ENABLED,
    common::SCRIPT_ENGINE,
    common::SKIP_TRANSPILE,
    Field {
        name: "retryFailedCalls",
        doc: "Whether a failed call is retried (a 500 is not).",
        ..FLAG
    },
    Field {
        name: "retryCount",
        doc: "How often a failed call is retried, at least 1 with `retryFailedCalls`. Default: the server's value is kept; a new \
              webhook gets 4.",
        examples: "[4]",
        shape: Shape::Number,
        left_out: LeftOut::Observed,
        ..Field::PLAIN
    },
    Field {
        name: "retryDelay",
        doc: "Pauses between the retries: `powers-of-ten` (0.1 s, 1 s, 10 s, …), `powers-of-two` (2 s, 4 s, 8 s, …) or \
              `increments-of-two` (2 s, 4 s, 6 s, …). Default: the server's value is kept; a new webhook gets \
              `powers-of-ten`.",
        examples: r#"["powers-of-ten", "powers-of-two", "increments-of-two"]"#,
        left_out: LeftOut::Observed,
        ..Field::PLAIN
    },
];

/// A flag that is off when it is left out.
const FLAG: Field = Field {
    examples: "[true]",
    shape: Shape::Flag,
    ..Field::PLAIN
};

/// An event that an outgoing webhook can wait for (docs/server.md#outgoing-events).
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
    pub(super) means: &'static str,
}

/// The events, in the order the server lists them.
pub const EVENTS: &[Event] = &[
    Event {
        uses_channel: true,
        uses_trigger_words: true,
        ..event(
            "sendMessage",
            "a message is sent; needs `channel`, uses `triggerWords`",
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

    /// Whether an entry that waits for it has to write the field out.
    pub fn needs(&self, field: &Field) -> bool {
        match field.name {
            "channel" => self.uses_channel,
            "targetRoom" => self.needs_target_room,
            _ => false,
        }
    }
}

/// Whether an entry with this event has to write the field out, though it may be empty.
pub(super) fn requires(values: &Fields, field: &Field) -> bool {
    let event = values.plain("event").and_then(Event::named);
    event.is_some_and(|event| event.needs(field))
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

/// What the server writes instead of values that no retry can go by (docs/server.md#outgoing-options).
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
