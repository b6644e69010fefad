//! The rows that both kinds have (docs/server.md#fields). What they say of messages or answers, each kind says itself.

use super::compat::{LegacyDefault, Version, Versions};
use super::{Field, LeftOut, Role, Shape};

pub(super) const NAME: Field = Field {
    name: "name",
    doc: "Name of the integration; together with `type` it identifies it. It is not shown in messages.",
    examples: r#"["Grafana alerts"]"#,
    left_out: LeftOut::Required,
    always_sent: true,
    role: Role::Name,
    ..Field::PLAIN
};

pub(super) const ENABLED: Field = Field {
    name: "enabled",
    examples: "[false]",
    shape: Shape::Flag,
    left_out: LeftOut::On,
    always_sent: true,
    role: Role::Switch,
    ..Field::PLAIN
};

pub(super) const USERNAME: Field = Field {
    name: "username",
    examples: r#"["rocket.cat"]"#,
    left_out: LeftOut::Required,
    always_sent: true,
    role: Role::PostsAs,
    ..Field::PLAIN
};

pub(super) const ALIAS: Field = Field {
    name: "alias",
    ..Field::PLAIN
};

pub(super) const AVATAR: Field = Field {
    name: "avatar",
    sensitive: true,
    ..Field::PLAIN
};

pub(super) const EMOJI: Field = Field {
    name: "emoji",
    doc: "Emoji shown instead of a picture, as `:name:`. Quote it.",
    examples: r#"[":ghost:"]"#,
    ..Field::PLAIN
};

pub(super) const SCRIPT: Field = Field {
    name: "script",
    shape: Shape::Script,
    role: Role::Script,
    ..Field::PLAIN
};

pub(super) const SCRIPT_ENABLED: Field = Field {
    name: "scriptEnabled",
    doc: "Whether the script is used. Default: `true` if there is a script.",
    examples: "[true]",
    shape: Shape::Flag,
    left_out: LeftOut::OnWithScript,
    always_sent: true,
    follows: Some(Role::Script),
    role: Role::ScriptSwitch,
    ..Field::PLAIN
};

/// Since 6.5; until then scripts ran in `vm2`, and until 7.0 those of records without it still do (docs/server.md#create).
pub(super) const SCRIPT_ENGINE: Field = Field {
    name: "scriptEngine",
    doc: "Engine that runs the script, from Rocket.Chat 6.5 on; `isolated-vm` is the only one since 7.0. Default: the \
          server's value is kept.",
    examples: r#"["isolated-vm"]"#,
    left_out: LeftOut::Observed,
    versions: Versions::since(Version::new(6, 5), LegacyDefault::Text("vm2"))
        .legacy_default_until(Version::new(7, 0)),
    created_with: Some(LegacyDefault::Text("isolated-vm")),
    ..Field::PLAIN
};

/// Since 8.4; until then every script was transpiled (docs/server.md#saving-a-script), and from 9.0 on none is.
pub(super) const SKIP_TRANSPILE: Field = Field {
    name: "skipTranspile",
    doc: "Store the script as it is instead of transpiling it, from Rocket.Chat 8.4 to 8.9; 9.0 does so with \
          every script. Default: the server's value is kept.",
    examples: "[false]",
    shape: Shape::Flag,
    left_out: LeftOut::Observed,
    versions: Versions::since(Version::new(8, 4), LegacyDefault::Flag(false))
        .until(Version::new(9, 0), LegacyDefault::Flag(true)),
    created_with: Some(LegacyDefault::Flag(false)),
    ..Field::PLAIN
};
