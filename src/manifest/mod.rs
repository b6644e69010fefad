//! A checked manifest: exactly what the user wrote, typed, with every place at hand.
//!
//! A [`Manifest`] exists only for documents that follow the schema. What the schema cannot say stands in
//! [`rules`]; what YAML hides, and how the schema's findings read, in [`hints`].

mod form;
pub(crate) mod hints;
pub(crate) mod rules;
pub(crate) mod scripts;

use serde_json::Value as Json;

pub(crate) use form::{Document, Own, Prune, Settings, State};

use crate::diagnostic::{Code, Diagnostic, Place, SourceId};
use crate::integration::written::{ScriptSource, Written};
use crate::integration::{Field, Incoming, Kind, Outgoing};
use crate::schema::Checker;
use crate::yaml::{Content, Node};

/// What one document asks for.
#[derive(Debug, Default)]
pub(crate) struct Manifest {
    /// Its settings, with the place of their key, and their tree.
    pub(crate) settings: Option<(Settings, Place, Node)>,
    /// Its entries, in order.
    pub(crate) entries: Vec<Entry>,
}

/// One integration as written.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its kind.
    pub(crate) kind: Kind,
    /// The keys that are rcsync's own.
    pub(crate) own: Own,
    /// The rows that it writes out.
    pub(crate) written: Vec<(&'static Field, Written)>,
    /// Its tree, for the places.
    pub(crate) node: Node,
}

impl Entry {
    /// Where it stands.
    pub(crate) fn place(&self) -> &Place {
        &self.node.at
    }

    /// The text it stands in.
    pub(crate) fn source(&self) -> SourceId {
        self.node.at.source
    }

    /// The value of a key, with its place.
    pub(crate) fn value(&self, key: &str) -> Option<&Node> {
        self.node.get(key).map(|member| &member.value)
    }

    /// The file that its script is in, and where the manifest names it.
    pub(crate) fn script_file(&self) -> Option<(&str, &Place)> {
        self.written
            .iter()
            .find_map(|(field, written)| match written {
                Written::Script(ScriptSource::File { file, .. }) => {
                    let at = self.value(field.name).and_then(|node| node.get("file"));
                    Some((
                        file.as_str(),
                        at.map_or(&self.node.at, |member| &member.value.at),
                    ))
                }
                _ => None,
            })
    }
}

/// The schema of manifests, as a value.
pub(crate) fn schema() -> Json {
    crate::schema::of::<Document>()
}

/// Checks documents against the schema and types them. Findings are added to `findings`; a document that breaks
/// the schema yields no manifest.
pub(crate) fn read(
    checker: &Checker,
    document: &Node,
    findings: &mut Vec<Diagnostic>,
) -> Option<Manifest> {
    let violations = checker.check(document);
    if !violations.is_empty() {
        findings.extend(hints::explain(&violations));
        return None;
    }
    let mut manifest = Manifest::default();
    if let Some(member) = document.get("settings") {
        let settings = typed(&member.value, member.value.to_json(), findings)?;
        manifest.settings = Some((settings, member.key_at.clone(), member.value.clone()));
    }
    if let Some(Content::List(items)) = document.get("integrations").map(|m| &m.value.content) {
        for node in items {
            manifest.entries.push(entry(node, findings)?);
        }
    }
    Some(manifest)
}

fn entry(node: &Node, findings: &mut Vec<Diagnostic>) -> Option<Entry> {
    let Json::Object(mut keys) = node.to_json() else {
        return None;
    };
    let kind = Kind::from_wire(keys.remove("type")?.as_str()?)?;
    let own = Own::KEYS
        .iter()
        .filter_map(|key| keys.remove_entry(*key))
        .collect();
    let own: Own = typed(node, Json::Object(own), findings)?;
    let keys = Json::Object(keys);
    let written = match kind {
        Kind::Incoming => typed::<Incoming>(node, keys, findings)?.into_fields(),
        Kind::Outgoing => typed::<Outgoing>(node, keys, findings)?.into_fields(),
    };
    let written = kind
        .fields()
        .iter()
        .zip(written)
        .filter_map(|(field, (_, written))| Some((field, written?)))
        .collect();
    Some(Entry {
        kind,
        own,
        written,
        node: node.clone(),
    })
}

/// Reads a value that follows the schema. That serde then refuses it would be a flaw of this program: it is
/// reported as one, without serde's words, which quote the value.
fn typed<T: serde::de::DeserializeOwned>(
    node: &Node,
    json: Json,
    findings: &mut Vec<Diagnostic>,
) -> Option<T> {
    let read = serde_json::from_value(json);
    if read.is_err() {
        findings.push(
            Diagnostic::error(
                Code("unreadable"),
                node.at.clone(),
                "this follows the schema and still cannot be read",
            )
            .hint("this is a flaw of rcsync: please report it with these lines"),
        );
    }
    read.ok()
}
