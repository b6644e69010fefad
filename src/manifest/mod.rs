//! A checked manifest: exactly what the user wrote, typed, with every place at hand.
//!
//! A [`Manifest`] holds what follows the schema. What the schema cannot say stands in [`rules`]; what YAML hides, and
//! how the schema's findings read, in [`hints`]; what a mistake leaves sound, in [`spoilt`].

mod form;
pub mod hints;
pub mod literals;
pub mod rules;
pub mod scripts;
mod spoilt;

use std::collections::BTreeSet;

use serde_json::Value as Json;

pub use form::{Document, Own, Prune, Settings, State};
pub use spoilt::Spoilt;

use crate::diagnostic::{Code, Diagnostic, Findings, Place, SourceId};
use crate::integration::written::{ScriptSource, Written};
use crate::integration::{Field, Incoming, Kind, Outgoing};
use crate::schema::{Checker, Rule, Step, Violation};
use crate::yaml::{Content, Node};

/// What one document asks for.
#[derive(Debug, Default)]
pub struct Manifest {
    /// Its settings, with the place of their key, and their tree.
    pub settings: Option<(Settings, Place, Node)>,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// One integration as written.
#[derive(Debug)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// The keys that are rcsync's own.
    pub own: Own,
    /// The rows that it writes out.
    pub written: Vec<(&'static Field, Written)>,
    /// Its tree without the texts, for the places.
    pub node: Node,
}

impl Entry {
    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.node.at
    }

    /// The text it stands in.
    pub fn source(&self) -> SourceId {
        self.node.at.source
    }

    /// The value of a key, with its place.
    pub fn value(&self, key: &str) -> Option<&Node> {
        self.node.get(key).map(|member| &member.value)
    }

    /// The file that its script is in, and where the manifest names it.
    pub fn script_file(&self) -> Option<(&str, &Place)> {
        self.written
            .iter()
            .find_map(|(field, written)| match written {
                Written::Script(ScriptSource::File(script)) => {
                    let at = self.value(field.name).and_then(|node| node.get("file"));
                    Some((
                        script.file.as_str(),
                        at.map_or(&self.node.at, |member| &member.value.at),
                    ))
                }
                _ => None,
            })
    }
}

/// The schema of manifests, as a value.
pub fn schema() -> Json {
    crate::schema::of::<Document>()
}

/// The schema of manifests, ready to check them.
///
/// # Errors
/// A flaw of this program, in words.
pub fn checker() -> Result<Checker, String> {
    Checker::new(schema(), Document::INTEGRATIONS)
        .map_err(|message| format!("the schema of manifests is unsound: {message}"))
}

/// Checks a document against the schema and types it. Findings are added to `findings`; what breaks the schema, or
/// is spoilt, is not part of the manifest, and the rest is still there to be checked.
pub fn read(
    checker: &Checker,
    mut document: Node,
    spoilt: &Spoilt,
    findings: &mut Findings,
) -> Manifest {
    let entries = take_entries(&mut document);
    let mut violations = checker.check(&document);
    let mut manifest = Manifest::default();
    if let Some(member) = spoilt.sound(&document, "settings", &violations)
        && let Some(settings) = typed(&member.value, member.value.to_json(), findings)
    {
        manifest.settings = Some((settings, member.key_at.clone(), member.value.clone()));
    }
    violations.retain(|violation| !spoilt.explains(violation));
    hints::explain(&violations, findings);
    for (number, node) in entries.into_iter().enumerate() {
        let mut violations = checker.check_item(number, &node);
        let broken = broken_members(&violations);
        violations.retain(|violation| !spoilt.explains(violation));
        hints::explain(&violations, findings);
        let sound = spoilt.sound_entry(node, &broken);
        let entry = sound.and_then(|node| entry(node, findings));
        manifest.entries.extend(entry);
    }
    manifest
}

/// Takes the entries out of a document, and with them what is free for anybody's use: it has been repeated where it
/// belongs.
fn take_entries(document: &mut Node) -> Vec<Node> {
    let Content::Map(members) = &mut document.content else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    for member in members {
        if member.key.starts_with(Document::FREE) {
            member.value.content = Content::Null;
        }
        if member.key == Document::INTEGRATIONS
            && let Content::List(items) = &mut member.value.content
        {
            entries = std::mem::take(items);
        }
    }
    entries
}

/// The members of an entry that break a rule.
fn broken_members(violations: &[Violation<'_>]) -> BTreeSet<String> {
    let members = violations.iter().filter_map(|violation| {
        let [_, _, rest @ ..] = violation.path.as_slice() else {
            return None;
        };
        match (rest.first(), &violation.rule) {
            (Some(Step::Key(key)), _) | (None, Rule::Unknown { key, .. }) => Some(key.clone()),
            _ => None,
        }
    });
    members.collect()
}

fn entry(mut node: Node, findings: &mut Findings) -> Option<Entry> {
    let Json::Object(mut keys) = node.take_json() else {
        return None;
    };
    let kind = Kind::from_wire(keys.remove("type")?.as_str()?)?;
    let own = Own::KEYS
        .iter()
        .filter_map(|key| keys.remove_entry(*key))
        .collect();
    let own: Own = typed(&node, Json::Object(own), findings)?;
    let keys = Json::Object(keys);
    let written = match kind {
        Kind::Incoming => typed::<Incoming>(&node, keys, findings)?.into_fields(),
        Kind::Outgoing => typed::<Outgoing>(&node, keys, findings)?.into_fields(),
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
        node,
    })
}

/// Reads a value that follows the schema. That serde then refuses it would be a flaw of this program: it is
/// reported as one, without serde's words, which quote the value.
fn typed<T: serde::de::DeserializeOwned>(
    node: &Node,
    json: Json,
    findings: &mut Findings,
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
