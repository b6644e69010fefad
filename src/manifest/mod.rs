//! A checked manifest: exactly what the user wrote, typed, with every place at hand.
//!
//! A [`Manifest`] holds what follows the schema, and its entries their rows as trees: each is read once, where its
//! references are replaced. What the schema cannot say is in [`rules`]; what YAML hides, and
//! how the schema's findings read, in [`messages`]; what a mistake leaves sound, in `invalid`.

mod form;
mod invalid;
pub mod literals;
pub mod messages;
pub mod rules;
pub mod scripts;

use std::collections::BTreeSet;
use std::rc::Rc;

use ecow::{EcoString, EcoVec};
use serde_json::Value as Json;

pub use form::{Document, Located, LocatedList, Own, Prune, Settings, State};
pub use invalid::InvalidSpans;

use crate::integration::{Kind, Role};
use crate::problem::{Code, Findings, Place, Problem, SourceId};
use crate::schema::{Checker, Rule, Step, Violation};
use crate::yaml::{Content, Node};

/// What one document asks for.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// Its settings, with the place of their key.
    pub settings: Option<(Settings, Place)>,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// One integration as written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its kind.
    pub kind: Kind,
    /// The keys that are rcsync's own.
    pub own: Own,
    /// Its tree, which has a member for each row that it writes out.
    pub node: Node,
}

impl Entry {
    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.node.at
    }

    /// The text it is in.
    pub fn source(&self) -> SourceId {
        self.node.at.source
    }

    /// The value of a key, with its place.
    pub fn value(&self, key: &str) -> Option<&Node> {
        self.node.get(key).map(|member| &member.value)
    }

    /// The file that its script is in, and where the manifest names it.
    pub fn script_file(&self) -> Option<(&str, &Place)> {
        let script = self.value(self.kind.row(Role::Script)?.name)?;
        let file = &script.get("file")?.value;
        Some((file.as_text()?, &file.at))
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
    // The same as [`schema`], as a test requires: to read it takes a third of the time that it takes to make.
    let schema = serde_json::from_str(include_str!("../../schema/manifest.schema.json"));
    schema
        .map_err(|error| error.to_string())
        .and_then(|schema| Checker::new(schema, Document::INTEGRATIONS))
        .map_err(|message| format!("the schema of manifests is unsound: {message}"))
}

/// Checks a document against the schema and types it. Findings are added to `findings`; what breaks the schema, or
/// is invalid, is not part of the manifest, and the rest is still there to be checked.
pub fn read(
    checker: &Checker,
    mut document: Node,
    invalid: &InvalidSpans,
    findings: &mut Findings,
) -> Manifest {
    let entries = take_entries(&mut document);
    let mut manifest = Manifest::default();
    let mut broken = BTreeSet::new();
    checker.check(&document, |violations| {
        broken.extend(broken_members(0, &violations));
        explain(violations, invalid, findings);
    });
    if let Some(member) = invalid.sound(&document, "settings", &broken) {
        match Settings::read(&member.value) {
            Some(settings) => manifest.settings = Some((settings, member.key_at.clone())),
            None => findings.push(unreadable(&member.value.at)),
        }
    }
    for (number, node) in entries.into_iter().enumerate() {
        let mut broken = BTreeSet::new();
        let mut whole = invalid.is_nothing();
        checker.check_item(number, &node, |violations| {
            whole &= violations.is_empty();
            broken.extend(broken_members(2, &violations));
            explain(violations, invalid, findings);
        });
        explain(of_no_kind(number, &node), invalid, findings);
        let sound = invalid.sound_entry(node, &broken);
        match sound.and_then(|node| entry(node, whole)) {
            Some(Ok(entry)) => manifest.entries.push(entry),
            Some(Err(at)) => findings.push(unreadable(&at)),
            None => {}
        }
    }
    manifest
}

/// Takes the entries out of a document, and with them what is free for anybody's use: it has been repeated where it
/// belongs.
fn take_entries(document: &mut Node) -> EcoVec<Node> {
    let Content::Map(members) = &mut document.content else {
        return EcoVec::new();
    };
    let mut entries = EcoVec::new();
    for member in members.make_mut() {
        if member.key.starts_with(Document::FREE) {
            member.value.content = Content::Null(None);
        }
        if member.key == Document::INTEGRATIONS
            && let Content::List(items) = &mut member.value.content
        {
            entries = std::mem::take(items);
        }
    }
    entries
}

/// Tells what breaks the schema, unless it only follows from what is invalid.
fn explain(mut violations: Vec<Violation<'_>>, invalid: &InvalidSpans, findings: &mut Findings) {
    violations.retain(|violation| !invalid.explains(violation));
    messages::explain(&violations, findings);
}

/// The keys of an entry without a type that no kind has: the schema looks at them once it knows the type.
fn of_no_kind(number: usize, node: &Node) -> Vec<Violation<'_>> {
    let Content::Map(members) = &node.content else {
        return Vec::new();
    };
    if node.get("type").is_some() {
        return Vec::new();
    }
    let fields = Kind::ALL.iter().flat_map(|kind| kind.fields());
    let names = fields.map(|field| field.name);
    let names: BTreeSet<_> = names.chain(Own::KEYS).chain(["type"]).collect();
    let allowed: Rc<[String]> = names.iter().map(ToString::to_string).collect();
    let path: Rc<[Step]> = [
        Step::Key(Document::INTEGRATIONS.into()),
        Step::Index(number),
    ]
    .into();
    let unknown = members.iter().filter(|it| !names.contains(it.key.as_str()));
    unknown
        .map(|member| Violation {
            path: path.clone(),
            node,
            at: member.key_at.clone(),
            rule: Rule::Unknown {
                key: member.key.clone(),
                allowed: allowed.clone(),
            },
        })
        .collect()
}

/// The members of a mapping, so deep in the document, that break a rule.
fn broken_members(depth: usize, violations: &[Violation<'_>]) -> Vec<EcoString> {
    let members = violations.iter().filter_map(|violation| {
        let rest = violation.path.get(depth..)?;
        match (rest.first(), &violation.rule) {
            (Some(Step::Key(key)), _) | (None, Rule::Unknown { key, .. }) => Some(key.clone()),
            _ => None,
        }
    });
    members.collect()
}

/// Reads an entry of which all is sound that is left, and nothing is missing if it is whole. `None` if it does not say
/// of which kind it is; an error, with the place, if a value cannot be read.
fn entry(node: Node, whole: bool) -> Option<Result<Entry, Place>> {
    let kind = Kind::from_wire(node.get("type")?.value.as_text()?)?;
    Some(match Own::read(kind, &node, whole) {
        Ok(own) => Ok(Entry { kind, own, node }),
        Err(at) => Err(at.clone()),
    })
}

/// What the schema takes and the reader does not: that would be a flaw of this program.
fn unreadable(at: &Place) -> Problem {
    let message = "this matches the schema, but cannot be read";
    Problem::error(Code("unreadable"), at.clone(), message)
        .help("this is a bug in rcsync: please report it with these lines")
}

#[cfg(test)]
mod tests;
