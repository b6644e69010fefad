//! The form of a manifest: the types that read it and that its schema is made from.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::integration::{Incoming, Kind, LeftOut, Outgoing};

/// The webhook integrations that a Rocket.Chat server should have.
#[derive(JsonSchema)]
#[schemars(
    title = "rcsync manifest",
    rename_all = "camelCase",
    extend("additionalProperties" = false, "patternProperties" = {
        "^x-": { "description": "Free for your own use; anchors live here." }
    })
)]
#[expect(
    dead_code,
    reason = "the schema is made from it; its parts are read one by one"
)]
pub struct Document {
    /// What rcsync may do on the server. Once over all files of a run.
    settings: Option<Settings>,
    /// The integrations. Each is identified by its `type` and `name`.
    #[serde(default)]
    integrations: Vec<EntrySchema>,
}

/// The policy that `plan` shows and `apply` follows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The server that these files are for. A guard, not the address: any other server is refused.
    #[schemars(extend("examples" = ["https://chat.example.org"]))]
    pub server: Option<String>,

    /// What these files may call their own. Only records in scope are ever pruned; without a scope none is.
    pub scope: Option<Scope>,

    /// What becomes of records in scope that no entry names: nothing (`off`), they are switched off and keep
    /// their URL (`disable`), or they are deleted (`delete`; an incoming one is first switched off, and deleted by a
    /// later run).
    #[schemars(extend("default" = "off", "examples" = ["disable"]))]
    pub prune: Option<Prune>,

    /// How many records one run may disable or delete by `prune`, in place of the built-in limits (3, and 30 % of
    /// the records in scope).
    #[schemars(extend("minimum" = 0, "examples" = [3]))]
    pub max_deletes: Option<i64>,

    /// Names, with `*` for any text, of records that are never disabled or deleted, whatever else is written.
    #[serde(default)]
    #[schemars(extend("default" = [], "examples" = [["Grafana legacy"]]))]
    pub keep: Vec<String>,
}

/// Which records these files may call their own: those that match in both ways.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// Names, with `*` for any text; left out, every name.
    #[schemars(extend("examples" = [["pay-*", "Grafana *"]]))]
    pub names: Option<Vec<String>>,

    /// Usernames of creators; left out, this account alone.
    #[schemars(extend("examples" = [["deploy"]]))]
    pub creators: Option<Vec<String>>,
}

/// What becomes of records in scope that no entry names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Prune {
    #[default]
    Off,
    Disable,
    Delete,
}

/// The keys of an entry that are rcsync's own and are never sent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Own {
    /// Pins the entry to the record with this id, whatever its name.
    #[schemars(extend("minLength" = 1, "examples" = ["66f2c41a9be07d3c5a1e8f02"]))]
    pub id: Option<String>,

    /// The name that the record still has on the server: it is renamed in place and keeps its URL.
    #[schemars(extend("examples" = ["Grafana"]))]
    pub renamed_from: Option<String>,

    /// Fields that are written when the record is created and left to others ever after.
    #[serde(default)]
    #[schemars(extend("default" = [], "examples" = [["enabled"]]))]
    pub ignore: Vec<String>,

    /// `present`: it should exist. `absent`: delete it. `released`: leave it alone, to stop managing it or to move
    /// it to another manifest.
    #[schemars(extend("default" = "present", "examples" = ["absent"]))]
    pub state: Option<State>,
}

impl Document {
    /// The key of the integrations.
    pub const INTEGRATIONS: &'static str = "integrations";

    /// How the keys start that are free for anybody's use.
    pub const FREE: &'static str = "x-";
}

impl Own {
    /// The names of these keys.
    pub const KEYS: [&'static str; 4] = ["id", "renamedFrom", "ignore", "state"];
}

/// What an entry asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Present,
    Absent,
    Released,
}

/// The schema of an entry: its `type` decides which fields it may have.
struct EntrySchema;

impl JsonSchema for EntrySchema {
    fn schema_name() -> Cow<'static, str> {
        "Integration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// One if/then for each kind rather than a `oneOf`: a mistake is then told once, by the branch it is in.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.wire()).collect();
        let branches: Vec<_> = Kind::ALL
            .into_iter()
            .map(|kind| {
                json!({
                    "if": { "properties": { "type": { "const": kind.wire() } }, "required": ["type"] },
                    "then": branch(kind, generator)
                })
            })
            .collect();
        json_schema!({
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {
                    "type": "string",
                    "enum": kinds,
                    "enumDescriptions": [
                        "Others post to Rocket.Chat through a URL.",
                        "Rocket.Chat calls URLs when something happens."
                    ],
                    "description": "The kind of integration. It cannot be changed later.",
                    "examples": kinds
                }
            },
            "allOf": branches
        })
    }
}

/// The schema of one kind: its fields, and the keys that are rcsync's own.
fn branch(kind: Kind, generator: &mut SchemaGenerator) -> Json {
    let mut fields = match kind {
        Kind::Incoming => Incoming::json_schema(generator),
        Kind::Outgoing => Outgoing::json_schema(generator),
    }
    .to_value();
    let own = Own::json_schema(generator).to_value();
    let names: Vec<_> = kind.fields().iter().map(|field| field.name).collect();

    let mut properties = json!({ "type": { "const": kind.wire() } });
    extend(&mut properties, fields["properties"].take());
    extend(&mut properties, own["properties"].clone());
    properties["ignore"]["items"] = json!({ "type": "string", "enum": names });
    fields["properties"] = properties;
    fields["required"] = json!(["name"]);

    let required: Vec<_> = kind
        .fields()
        .iter()
        .filter(|field| field.left_out == LeftOut::Required && field.name != "name")
        .map(|field| field.name)
        .collect();
    // An entry that only says that the record should go, or is none of ours, needs no more than its name.
    let mut needs = json!({ "required": required });
    if let Json::Object(keys) = &mut fields {
        let rules = keys.shift_remove_entry("allOf");
        extend(&mut needs, rules.into_iter().collect());
        // Said once for all kinds; else what is no mapping would be told of each.
        keys.shift_remove("type");
    }
    fields["allOf"] = json!([{
        "if": { "properties": { "state": { "enum": ["absent", "released"] } }, "required": ["state"] },
        "then": true,
        "else": needs
    }]);
    fields
}

fn extend(object: &mut Json, with: Json) {
    if let (Json::Object(object), Json::Object(with)) = (object, with) {
        object.extend(with);
    }
}
