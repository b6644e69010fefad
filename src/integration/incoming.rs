//! `webhook-incoming`: others post to Rocket.Chat through a URL.

use super::compat::{LegacyDefault, Version, Versions};
use super::{Field, Fields, LeftOut, Role, Shape, comma_parts, common};

/// What an editor shows of it.
pub(super) const DOC: &str =
    "An incoming webhook: programs post to its URL, and Rocket.Chat shows what they post.";

/// The rows (docs/server.md#fields).
pub(super) const FIELDS: &[Field] = &[
    common::NAME,
    Field {
        doc: "Whether the URL accepts messages. While it is disabled, the server answers 503 and keeps the URL.",
        ..common::ENABLED
    },
    // Until 7.1 an update ignores it, and from 7.2 to 7.6 it writes the name and leaves the user (docs/server.md#update).
    Field {
        doc: "Posting user: an exact, existing username. From Rocket.Chat 8.6 on this user \
              must hold the permission `message-impersonate` (the roles `bot` and `app` do); older servers add the \
              role `bot`.",
        changes_since: Version::new(7, 7),
        ..common::USERNAME
    },
    Field {
        name: "channel",
        doc: "Where messages go: rooms as `#name`, users as `@username`, as a list or as one string with commas. Quote each \
              of them: in YAML, `#` after a space starts a comment, and `@` cannot start a string.",
        examples: r##"["#ops", ["#ops", "@dana"]]"##,
        shape: Shape::Joined,
        left_out: LeftOut::Required,
        always_sent: true,
        role: Role::Destination,
        ..Field::PLAIN
    },
    Field {
        doc: "Name shown on the messages instead of the user's.",
        examples: r#"["Grafana"]"#,
        ..common::ALIAS
    },
    Field {
        doc: "URL of a picture shown with the messages. May contain `${secret.NAME}`.",
        examples: r#"["https://example.org/grafana.png"]"#,
        ..common::AVATAR
    },
    Field {
        examples: r#"[":chart_with_upwards_trend:"]"#,
        ..common::EMOJI
    },
    Field {
        doc: "JavaScript that turns each request into a message: a class `Script` with the method \
              `process_incoming_request`. The script itself, or `{ file: PATH }`. rcsync does not replace `${…}` in it.",
        examples: r#"[{ "file": "scripts/grafana.js" }]"#,
        ..common::SCRIPT
    },
    common::SCRIPT_ENABLED,
    common::SCRIPT_ENGINE,
    common::SKIP_TRANSPILE,
    // Before 6.3 every request could name another channel; 6.3 takes no create without it (docs/server.md#versions).
    Field {
        name: "overrideDestinationChannelEnabled",
        doc: "Whether a request may name another channel than these, from Rocket.Chat 6.3 on. Default: the server's value is \
              kept; a new webhook gets `false`.",
        examples: "[false]",
        shape: Shape::Flag,
        left_out: LeftOut::Observed,
        versions: Versions::since(Version::new(6, 3), LegacyDefault::Flag(true))
            .required_by_version(Version::new(6, 3)),
        created_with: Some(LegacyDefault::Flag(false)),
        ..Field::PLAIN
    },
];

/// Channels one by one, without the blanks around them.
pub(super) fn normalise(values: &mut Fields) {
    values.split_items("channel", comma_parts);
}
