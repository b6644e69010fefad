//! What a plan was made for: who asked which server, the entries, and the records that it is about. A saved plan is an
//! assertion: it is applied only if a fresh plan was made for the same, and says the same.
//!
//! No secret goes in, nor a digest of one: of what may be secret it is kept how it compared with the server. All else
//! goes in as digests, so that the file does not grow with the scripts.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{Change, Plan, Preflight, compare};
use crate::desired::{Desired, DesiredState};
use crate::integration::{Field, Fields, Kind, Shape, Value};
use crate::observed::{ObservedState, Record};
use crate::secret::{Piece, Text};

/// What a plan was made for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The id of the account that asked.
    pub user_id: String,
    /// For which entries the posting users were looked up.
    pub preflight: Preflight,
    /// The entries, in the order they were read.
    pub entries: Vec<BoundEntry>,
    /// The records that the plan is about, by id.
    pub records: BTreeMap<String, BoundRecord>,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BoundEntry {
    /// `webhook-incoming` or `webhook-outgoing`.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The record that it is pinned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A digest of all that it says, the names of secrets instead of their values.
    pub digest: String,
}

/// A record that the plan is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BoundRecord {
    /// When it was last updated, as the server writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// Digests of its values, by field; not of those that may be secret.
    pub fields: BTreeMap<String, String>,
    /// How the values that may be secret compared with the entry's, by field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, Compared>,
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Compared {
    /// They are the same.
    Equal,
    /// They are not.
    Different,
    /// One of them is not known.
    Unknown,
}

impl Binding {
    /// What this plan was made for.
    pub fn of(
        plan: &Plan,
        desired: &DesiredState,
        observed: &ObservedState,
        preflight: Preflight,
    ) -> Self {
        let entries: BTreeMap<_, _> = desired
            .entries
            .iter()
            .map(|it| (it.place.begins(), it))
            .collect();
        let records: BTreeMap<_, _> = observed.records.iter().map(|it| (&it.id, it)).collect();
        let mut scripts = Scripts::new();
        let bound = |change: &Change| {
            let record = records.get(change.action.id()?)?;
            let entry = change
                .place
                .as_ref()
                .and_then(|it| entries.get(&it.begins()));
            Some((
                record.id.to_string(),
                BoundRecord::of(record, entry.copied()),
            ))
        };
        Self {
            user_id: plan.server.user_id.to_string(),
            preflight,
            entries: desired
                .entries
                .iter()
                .map(|it| BoundEntry::of(it, &mut scripts))
                .collect(),
            records: plan.changes.iter().filter_map(bound).collect(),
        }
    }
}

/// The digests of scripts, by where their texts are: one file may be the script of very many entries.
type Scripts = BTreeMap<*const Text, String>;

impl BoundEntry {
    fn of(entry: &Desired, scripts: &mut Scripts) -> Self {
        // Without `..`: what an entry says is bound, or left out on purpose.
        let Desired {
            key,
            fields,
            written,
            place: _,
            script_file,
            script_at: _,
            state,
            id,
            renamed_from,
            ignored,
            secrets,
        } = entry;
        let fields = fields.iter();
        let fields: Vec<_> = fields
            .map(|(field, value)| match value {
                Value::Script(text) => {
                    let known = scripts.entry(Arc::as_ptr(text));
                    let digest = known.or_insert_with(|| digest(&plain(value)));
                    json!([field.name, digest])
                }
                _ => json!([field.name, plain(value)]),
            })
            .collect();
        let whole = json!([
            key.kind.wire(),
            key.name.raw(),
            id,
            renamed_from,
            format!("{state:?}"),
            ignored,
            written.names().collect::<Vec<_>>(),
            script_file,
            fields,
            secrets,
        ]);
        Self {
            kind: key.kind,
            name: key.name.raw().to_owned(),
            id: id.clone(),
            digest: digest(&whole),
        }
    }
}

impl BoundRecord {
    fn of(record: &Record, entry: Option<&Desired>) -> Self {
        let mut bound = Self {
            updated_at: record.updated_at().map(|at| at.to_string()),
            fields: BTreeMap::new(),
            secrets: BTreeMap::new(),
        };
        // One that cannot be read is blocked for it, and the plan says so.
        let Ok(observed) = record.fields() else {
            return bound;
        };
        let wanted = entry.map(|entry| compare::wanted(entry, observed));
        let wanted = |field: &Field| wanted.as_ref().and_then(|wanted| wanted.get(field));
        for field in record.kind.fields() {
            let name = field.name.to_owned();
            if may_be_secret(field, wanted(field)) {
                let compared = wanted(field).map(|it| compared(field, it, observed));
                bound.secrets.extend(compared.map(|it| (name, it)));
            } else if let Some(value) = observed.get(field) {
                bound.fields.insert(name, digest(&plain(value)));
            }
        }
        bound
    }
}

/// Whether the server's value may be a secret, or hold one. A script does where the entry's has one in it.
fn may_be_secret(field: &Field, wanted: Option<&Value>) -> bool {
    match field.shape {
        Shape::Secret => true,
        Shape::Script => wanted.is_some_and(Value::holds_secret),
        _ => field.sensitive,
    }
}

fn compared(field: &Field, wanted: &Value, observed: &Fields) -> Compared {
    match wanted.same(observed.get(field)) {
        Some(true) => Compared::Equal,
        Some(false) => Compared::Different,
        None => Compared::Unknown,
    }
}

/// A value without its secret stretches. Lists are sets.
fn plain(value: &Value) -> Json {
    match value {
        Value::Flag(on) => json!(on),
        Value::Number(number) => json!(number),
        Value::Text(text) => stretches(text),
        Value::List(items) => {
            let mut items: Vec<_> = items
                .iter()
                .map(|item| stretches(item).to_string())
                .collect();
            items.sort();
            json!(items)
        }
        Value::Script(text) => text
            .as_plain()
            .map_or_else(|| stretches(text), |text| json!(text)),
        Value::Secret(_) => Json::Null,
    }
}

fn stretches(text: &Text) -> Json {
    let stretches = text.pieces().iter().map(|piece| match piece {
        Piece::Plain(text) => json!(text.as_str()),
        Piece::Secret(_) => Json::Null,
    });
    stretches.collect()
}

/// SHA-256, in hexadecimal digits. The order in what is digested is its maker's.
fn digest(json: &Json) -> String {
    format!("{:x}", Sha256::digest(json.to_string()))
}

#[cfg(test)]
mod tests;
