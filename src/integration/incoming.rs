//! `webhook-incoming`: others post to Rocket.Chat through a URL.

use schemars::JsonSchema;
use serde::Deserialize;

use super::compat::{Instead, Version, Versions};
use super::written::{Items, ScriptSource, Switch, Words, Written};
use super::{Field, Fields, LeftOut, Role, Shape, comma_parts, common};

/// An incoming webhook: programs post to its URL, and Rocket.Chat shows what they post.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Incoming {
    /// Name of the integration; together with `type` it identifies it. It is not shown in messages.
    #[schemars(extend("examples" = ["Grafana alerts"]))]
    name: Option<Words>,

    /// Whether the URL takes messages. While it is off, the server answers 503 and keeps the URL.
    #[schemars(extend("default" = true, "examples" = [false]))]
    enabled: Option<Switch>,

    /// User that the messages are posted as: an exact, existing username. From Rocket.Chat 8.6 on this user must
    /// hold the permission `message-impersonate` (the roles `bot` and `app` do); older servers add the role `bot`.
    #[schemars(extend("examples" = ["rocket.cat"]))]
    username: Option<Words>,

    /// Where messages go: rooms as `#name`, users as `@username`, as a list or as one text with commas.
    /// Quote each of them: to YAML, `#` after a blank starts a comment, and `@` cannot start a text.
    #[schemars(extend("examples" = ["#ops", ["#ops", "@dana"]]))]
    channel: Option<Items>,

    /// Name shown on the messages in place of the user's.
    #[schemars(extend("default" = "", "examples" = ["Grafana"]))]
    alias: Option<Words>,

    /// URL of a picture shown beside the messages. May hold `${secret.NAME}`.
    #[schemars(extend("default" = "", "examples" = ["https://example.org/grafana.png"]))]
    avatar: Option<Words>,

    /// Emoji shown in place of a picture, as `:name:`. Quote it.
    #[schemars(extend("default" = "", "examples" = [":chart_with_upwards_trend:"]))]
    emoji: Option<Words>,

    /// JavaScript that turns each request into a message: a class `Script` with the method
    /// `process_incoming_request`. Its text, or `{ file: PATH }`. `${…}` in it is JavaScript's own.
    #[schemars(extend("default" = "", "examples" = [{ "file": "scripts/grafana.js" }]))]
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

    /// Whether a request may name another channel than these, from Rocket.Chat 6.3 on. Left out, the
    /// server's value is kept; a new webhook gets `false`.
    #[schemars(extend("examples" = [false]))]
    override_destination_channel_enabled: Option<Switch>,
}

impl Incoming {
    /// The values by name, in the order of the rows.
    pub fn into_fields(self) -> Vec<(&'static str, Option<Written>)> {
        // Without `..`: a field that is forgotten here does not compile.
        let Self {
            name,
            enabled,
            username,
            channel,
            alias,
            avatar,
            emoji,
            script,
            script_enabled,
            script_engine,
            skip_transpile,
            override_destination_channel_enabled: overrides,
        } = self;
        vec![
            ("name", name.map(Into::into)),
            ("enabled", enabled.map(Into::into)),
            ("username", username.map(Into::into)),
            ("channel", channel.map(Into::into)),
            ("alias", alias.map(Into::into)),
            ("avatar", avatar.map(Into::into)),
            ("emoji", emoji.map(Into::into)),
            ("script", script.map(Into::into)),
            ("scriptEnabled", script_enabled.map(Into::into)),
            ("scriptEngine", script_engine.map(Into::into)),
            ("skipTranspile", skip_transpile.map(Into::into)),
            (
                "overrideDestinationChannelEnabled",
                overrides.map(Into::into),
            ),
        ]
    }
}

/// The rows (reference 3.2).
pub(super) const FIELDS: &[Field] = &[
    common::NAME,
    common::ENABLED,
    // Until 7.1 an update ignores it, and from 7.2 to 7.6 it writes the name and leaves the user (reference 3.5).
    Field {
        changes_since: Version::new(7, 7),
        ..common::USERNAME
    },
    Field {
        name: "channel",
        shape: Shape::Joined,
        left_out: LeftOut::Required,
        always_sent: true,
        role: Role::Destination,
        ..Field::PLAIN
    },
    common::ALIAS,
    common::AVATAR,
    common::EMOJI,
    common::SCRIPT,
    common::SCRIPT_ENABLED,
    common::SCRIPT_ENGINE,
    common::SKIP_TRANSPILE,
    // Before 6.3 every request could name another channel; 6.3 takes no create without it (reference 0, E5).
    Field {
        name: "overrideDestinationChannelEnabled",
        shape: Shape::Flag,
        left_out: LeftOut::Observed,
        versions: Versions::since(Version::new(6, 3), Instead::Flag(true))
            .demanded_by(Version::new(6, 3)),
        created_with: Some(Instead::Flag(false)),
        ..Field::PLAIN
    },
];

/// Channels one by one, without the blanks around them.
pub(super) fn normalise(values: &mut Fields) {
    values.split_items("channel", comma_parts);
}
