//! The form of a manifest: the types that its schema is made from, and how they are read.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde_json::{Map, Value as Json, json};

use crate::integration::{Event, Field, Kind, LeftOut, Role};
use crate::problem::Place;
use crate::yaml::{Content, Member, Node};

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
    /// The schema of this file, for editors.
    #[schemars(rename = "$schema", extend("examples" = ["./manifest.schema.json"]))]
    schema: Option<String>,
    /// What rcsync may do on the server. Only in one of the files of a run.
    settings: Option<Settings>,
    /// The integrations. Each is identified by its `type` and `name`.
    #[schemars(default)]
    integrations: Vec<EntrySchema>,
}

/// A text and its place.
#[derive(Clone, Debug)]
pub struct Located {
    /// The text.
    pub text: String,
    /// Where it is.
    pub at: Place,
}

/// A list of texts and its place.
#[derive(Clone, Debug)]
pub struct LocatedList {
    /// The texts.
    pub items: Vec<Located>,
    /// Where the list stands.
    pub at: Place,
}

/// The policy that `plan` shows and `apply` follows.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(title = "Settings", rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The server that these files are for. This is a safety check, not the address: any other server is refused.
    #[schemars(with = "Option<String>", extend("examples" = ["https://chat.example.org"]))]
    pub server: Option<Located>,

    /// Which integrations on the server these files own. Only integrations in scope are ever pruned; without a scope, none
    /// is.
    pub scope: Option<Scope>,

    /// What happens to integrations in scope that are not in the manifests: nothing (`off`), they are disabled and keep their
    /// URL (`disable`), or they are deleted (`delete`; an incoming one is disabled first, and a later run deletes it).
    #[schemars(extend("default" = "off", "examples" = ["disable"]))]
    pub prune: Option<Prune>,

    /// How many integrations one run may disable or delete by `prune`, instead of the built-in limits (3, and 30 % of the
    /// integrations in scope).
    #[schemars(with = "Option<i64>", extend("minimum" = 0, "examples" = [3]))]
    pub max_deletes: Option<usize>,

    /// Names of integrations that are never disabled or deleted, whatever else is written; `*` matches any text.
    #[schemars(with = "Option<Vec<String>>", extend("default" = [], "examples" = [["Grafana legacy"]]))]
    pub keep: Option<LocatedList>,
}

/// Which integrations these files own: those whose name and creator both match.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(title = "Scope", rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// Names; `*` matches any text. Default: every name.
    #[schemars(with = "Option<Vec<String>>", extend("examples" = [["pay-*", "Grafana *"]]))]
    pub names: Option<LocatedList>,

    /// Usernames of creators. Default: only this account.
    #[schemars(with = "Option<Vec<String>>", extend("examples" = [["deploy"]]))]
    pub creators: Option<LocatedList>,
}

/// What happens to integrations in scope that are not in the manifests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "Prune")]
#[expect(missing_docs, reason = "the schema describes them where they are used")]
pub enum Prune {
    #[default]
    Off,
    Disable,
    Delete,
}

/// The keys of an entry that are rcsync's own and are never sent.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "camelCase")]
pub struct Own {
    /// Pins the entry to the integration with this id, whatever its name.
    #[schemars(extend("minLength" = 1, "examples" = ["66f2c41a9be07d3c5a1e8f02"]))]
    pub id: Option<String>,

    /// The name that the integration still has on the server: it is renamed in place and keeps its URL.
    #[schemars(with = "Option<String>", extend("examples" = ["Grafana"]))]
    pub renamed_from: Option<Located>,

    /// Fields that are only written on create, and never compared or changed afterwards.
    #[schemars(with = "Option<Vec<String>>", extend("default" = [], "examples" = [["enabled"]]))]
    pub ignore: Vec<(&'static str, Place)>,

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
    /// The keys.
    pub const KEYS: [&'static str; 4] = ["id", "renamedFrom", "ignore", "state"];
}

/// What an entry asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(title = "State")]
#[expect(missing_docs, reason = "the schema describes them where they are used")]
pub enum State {
    Present,
    Absent,
    Released,
}

impl Settings {
    /// Reads them; `None` if they have not the form that the schema asks for.
    pub(super) fn read(node: &Node) -> Option<Self> {
        let mut settings = Self {
            server: None,
            scope: None,
            prune: None,
            max_deletes: None,
            keep: None,
        };
        for member in members(node)? {
            let value = &member.value;
            match member.key.as_str() {
                "server" => settings.server = Some(located(value)?),
                "scope" => settings.scope = Some(Scope::read(value)?),
                "prune" => settings.prune = Some(named(value)?),
                "maxDeletes" => {
                    let most = value.as_integer().filter(|most| *most >= 0)?;
                    settings.max_deletes = Some(usize::try_from(most).unwrap_or(usize::MAX));
                }
                "keep" => settings.keep = Some(list(value)?),
                _ => return None,
            }
        }
        Some(settings)
    }
}

impl Scope {
    fn read(node: &Node) -> Option<Self> {
        let (mut names, mut creators) = (None, None);
        for member in members(node)? {
            match member.key.as_str() {
                "names" => names = Some(list(&member.value)?),
                "creators" => creators = Some(list(&member.value)?),
                _ => return None,
            }
        }
        Some(Self { names, creators })
    }
}

impl Own {
    /// Reads the keys of an entry that are rcsync's own, and sees that its rows can be read. Where nothing is known to
    /// be missing (`whole`), nothing may be. The place of what has not the form that the schema asks for is an error.
    pub(super) fn read(kind: Kind, entry: &Node, whole: bool) -> Result<Self, &Place> {
        let mut own = Self::default();
        for member in members(entry).ok_or(&entry.at)? {
            let read = match kind.field(&member.key) {
                Some(field) => field.read(&member.value).map(|_| ()),
                None => own.take(kind, member),
            };
            read.ok_or(&member.key_at)?;
        }
        if whole && own.lacks_a_row(kind, entry) {
            return Err(&entry.at);
        }
        Ok(own)
    }

    fn take(&mut self, kind: Kind, member: &Member) -> Option<()> {
        let value = &member.value;
        match member.key.as_str() {
            "type" => return (value.as_text()? == kind.wire()).then_some(()),
            "id" => self.id = Some(value.as_text().filter(|id| !id.is_empty())?.to_owned()),
            "renamedFrom" => self.renamed_from = Some(located(value)?),
            "ignore" => {
                let row = |item: &Node| Some((kind.field(item.as_text()?)?.name, item.at.clone()));
                self.ignore = value.as_list()?.iter().map(row).collect::<Option<_>>()?;
            }
            "state" => self.state = Some(named(value)?),
            _ => return None,
        }
        Some(())
    }

    fn lacks_a_row(&self, kind: Kind, entry: &Node) -> bool {
        let event = kind.row(Role::Event).and_then(|row| entry.get(row.name));
        let event = event.and_then(|member| Event::named(member.value.as_text()?));
        let is_there = matches!(self.state, None | Some(State::Present));
        kind.fields().iter().any(|field| {
            let needed = is_needed(field, event) && (is_there || field.role == Role::Name);
            needed && entry.get(field.name).is_none()
        })
    }
}

/// Whether an entry that waits for this event cannot do without the row.
fn is_needed(field: &Field, event: Option<&Event>) -> bool {
    field.left_out == LeftOut::Required || event.is_some_and(|event| event.needs(field))
}

fn members(node: &Node) -> Option<&[Member]> {
    match &node.content {
        Content::Map(members) => Some(members),
        _ => None,
    }
}

fn located(node: &Node) -> Option<Located> {
    Some(Located {
        text: node.as_text()?.to_owned(),
        at: node.at.clone(),
    })
}

fn list(node: &Node) -> Option<LocatedList> {
    Some(LocatedList {
        items: node.as_list()?.iter().map(located).collect::<Option<_>>()?,
        at: node.at.clone(),
    })
}

/// The variant of that name.
fn named<T: DeserializeOwned>(node: &Node) -> Option<T> {
    let name = IntoDeserializer::<Error>::into_deserializer(node.as_text()?);
    T::deserialize(name).ok()
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
            "title": "Integration",
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
            "allOf": branches,
            "defaultSnippets": Kind::ALL.map(snippet)
        })
    }
}

/// The schema of one kind: its fields, and the keys that are rcsync's own.
fn branch(kind: Kind, generator: &mut SchemaGenerator) -> Json {
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({ "const": kind.wire() }));
    let rows = kind.fields().iter();
    properties.extend(rows.map(|field| (field.name.to_owned(), field.schema())));
    if let Json::Object(own) = Own::json_schema(generator).to_value()["properties"].take() {
        properties.extend(own);
    }
    let names: Vec<_> = kind.fields().iter().map(|field| field.name).collect();
    if let Some(ignore) = properties.get_mut("ignore") {
        ignore["items"] = json!({ "type": "string", "enum": names });
    }
    let required = kind.fields().iter();
    let required = required
        .filter(|field| field.left_out == LeftOut::Required && field.role != Role::Name)
        .map(|field| field.name);
    // An entry that only says that the record should go, or is none of ours, needs no more than its name.
    let mut needs = json!({ "required": required.collect::<Vec<_>>() });
    if let Some(event) = kind.row(Role::Event) {
        needs["allOf"] = kind
            .fields()
            .iter()
            .filter_map(|field| what_needs(kind, event, field))
            .collect();
    }
    json!({
        "title": format!("{} webhook", kind.title()),
        "description": kind.doc(),
        "properties": properties,
        "additionalProperties": false,
        "required": ["name"],
        "allOf": [{
            "if": { "properties": { "state": { "enum": ["absent", "released"] } }, "required": ["state"] },
            "then": true,
            "else": needs
        }]
    })
}

/// The rule for a row that some events need.
fn what_needs(kind: Kind, event: &Field, field: &Field) -> Option<Json> {
    let events = kind.events().iter().filter(|event| event.needs(field));
    let events: Vec<_> = events.map(|event| event.name).collect();
    (!events.is_empty()).then(|| {
        json!({
            "if": { "properties": { event.name: { "enum": events } }, "required": [event.name] },
            "then": { "required": [field.name] }
        })
    })
}

/// What an editor offers instead of an entry: all that it cannot do without, to be filled in.
fn snippet(kind: Kind) -> Json {
    let event = kind.events().first();
    let needed = kind.fields().iter().filter(|field| is_needed(field, event));
    let needed = needed.zip(1..).map(|(field, number)| {
        let mut example = field.example_values()[0].take();
        let text = match &mut example {
            Json::Array(items) => items.first_mut(),
            text => Some(text),
        };
        if let Some(Json::String(text)) = text {
            *text = blank(number, text);
        }
        (field.name.to_owned(), example)
    });
    let kind_first = std::iter::once(("type".to_owned(), kind.wire().into()));
    let body: Map<String, Json> = kind_first.chain(needed).collect();
    json!({ "label": kind.wire(), "description": kind.doc(), "body": body })
}

/// A place to fill in, with quotes around it where YAML asks for them.
fn blank(number: usize, example: &str) -> String {
    let blank = format!("${{{number}:{example}}}");
    if example.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        blank
    } else {
        format!("\"{blank}\"")
    }
}
