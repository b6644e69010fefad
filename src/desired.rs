//! What the manifests ask for, with every reference replaced and every default filled in.

pub mod policy;
mod replaced;
pub mod scripts;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::integration::{Field, Fields, Key, LeftOut, Role, Value};
use crate::manifest::rules::{self, View};
use crate::manifest::{Entry, Manifest};
use crate::problem::{Code, Findings, Place, Problem, Severity, SourceId, Texts};
use crate::secret::Text;
use crate::variables::{Resolver, Variables};

pub use crate::manifest::{Prune, State};
pub use policy::Policy;

/// What all manifests of a run ask for together.
#[derive(Clone, Debug, Default)]
pub struct DesiredState {
    /// The entries, in the order they were read; no two have the same key, unless each is pinned.
    pub entries: Vec<Desired>,
    /// What else a run may do, and what it may not.
    pub policy: Policy,
}

impl DesiredState {
    /// The texts that are written out, whole, in fields where secrets may stand.
    pub fn literals(&self) -> BTreeSet<String> {
        let values = self.entries.iter().flat_map(|entry| entry.fields.iter());
        let values = values.filter(|(field, _)| field.sensitive);
        let texts = values.flat_map(|(_, value)| match value {
            Value::Text(text) => std::slice::from_ref(text),
            Value::List(items) => items.as_slice(),
            _ => &[],
        });
        texts
            .filter_map(Text::as_plain)
            .map(str::to_owned)
            .collect()
    }
}

/// The rows that a manifest writes out, by name, with their places. There are few of each entry, and very many entries.
#[derive(Clone, Debug, Default)]
pub struct Written(Box<[(&'static str, Place)]>);

impl Written {
    /// Whether a row is written.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Where a row is written.
    pub fn get(&self, name: &str) -> Option<&Place> {
        let mut rows = self.0.iter();
        rows.find(|(row, _)| *row == name).map(|(_, at)| at)
    }

    /// The names of the rows, in order.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(name, _)| *name)
    }
}

impl FromIterator<(&'static str, Place)> for Written {
    fn from_iter<I: IntoIterator<Item = (&'static str, Place)>>(rows: I) -> Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(name, _)| *name);
        Self(rows.into())
    }
}

/// One integration as it should be.
#[derive(Clone, Debug)]
pub struct Desired {
    /// What identifies it.
    pub key: Key,
    /// The values, in normal form: those written, and the fixed defaults of those left out. A row without a
    /// value means whatever the server has.
    pub fields: Fields,
    /// The rows that the manifest writes out, by name, and where.
    pub written: Written,
    /// Where the entry stands.
    pub place: Place,
    /// The file its script comes from, as the manifest names it.
    pub script_file: Option<String>,
    /// Where its script stands.
    pub script_at: Option<ScriptAt>,
    /// Whether it should exist.
    pub state: State,
    /// The id of the record that it is pinned to.
    pub id: Option<String>,
    /// The name that its record may still have.
    pub renamed_from: Option<String>,
    /// The names of the rows that are written on create and left to others ever after.
    pub ignored: BTreeSet<&'static str>,
    /// The names of the secrets that it refers to, in the order in which they stand.
    pub secrets: Vec<String>,
}

/// Where a script stands.
#[derive(Clone, Debug)]
pub enum ScriptAt {
    /// In a file, that is named there.
    File(SourceId, Place),
    /// The same, with texts in it that are replaced: this is how it is in the file.
    Template(SourceId, Place, Arc<Text>),
    /// There.
    Value(Place),
}

/// The texts of script files, as they are and as scripts, by the manifest that names them and the path it names.
pub type Scripts = BTreeMap<(SourceId, String), (SourceId, Arc<Text>)>;

/// What came of building the desired state.
#[derive(Debug)]
pub struct Built {
    /// The entries that are sound.
    pub state: DesiredState,
    /// What was found; with an error among it the state is not whole.
    pub findings: Findings,
    /// The names of the secrets whose values were made up.
    pub made_up: Vec<String>,
}

/// Replaces references, applies the rules that the schema cannot say, and fills in what is left out. What is found is
/// added to `findings`. The tree of each entry goes as its values come: there may be very many.
pub fn build(
    manifests: Vec<Manifest>,
    variables: &Variables,
    scripts: &Scripts,
    texts: &Texts,
    findings: Findings,
) -> Built {
    let mut resolver = Resolver::new(variables, texts);
    resolver.findings = findings;
    let mut state = DesiredState::default();
    let mut seen = Identities::default();
    settings_once(&manifests, &mut resolver.findings);
    // One alone counts, and all problems are reported.
    for (settings, _) in manifests.iter().rev().filter_map(|it| it.settings.as_ref()) {
        state.policy = policy::read(settings, &mut resolver);
    }
    for entry in manifests.into_iter().flat_map(|manifest| manifest.entries) {
        let view = view::view(&entry, scripts, texts, &mut resolver);
        rules::check(&view, &mut resolver.findings);
        let Some(key) = key(&entry, &view) else {
            continue;
        };
        unique(&entry, &key, &mut seen, &mut resolver.findings);
        let mut desired = desired(&entry, key, view, scripts);
        unused_ignore(&entry, &desired.written, &mut resolver.findings);
        let old = entry.own.renamed_from.as_ref();
        desired.renamed_from = old.and_then(|old| policy::plain(old, &mut resolver));
        desired.secrets = std::mem::take(&mut resolver.secrets);
        state.entries.push(desired);
    }
    Built {
        state,
        findings: resolver.findings,
        made_up: resolver.made_up.into_iter().collect(),
    }
}

fn settings_once(manifests: &[Manifest], findings: &mut Findings) {
    let mut places = manifests
        .iter()
        .filter_map(|manifest| Some(&manifest.settings.as_ref()?.1));
    if let Some(first) = places.next() {
        findings.extend(places.map(|place| {
            Problem::error(
                Code("second-settings"),
                place.clone(),
                "`settings` is written twice",
            )
            .help("write it once over all files")
            .also(first.clone(), "first written here")
        }));
    }
}

fn key(entry: &Entry, view: &View) -> Option<Key> {
    let name = entry.kind.row(Role::Name)?;
    match &view.values.get(name.name)?.value {
        Value::Text(text) => Some(Key {
            kind: entry.kind,
            name: text.as_plain()?.into(),
        }),
        _ => None,
    }
}

/// The entries seen so far, by what may not be written twice, and where that is written.
#[derive(Default)]
struct Identities {
    /// The first entry of each type and name, and the first of them that is pinned to no record.
    named: BTreeMap<Key, (Place, Option<Place>)>,
    /// The entry that is pinned to each record.
    pinned: BTreeMap<String, Place>,
}

/// Refuses a second entry of the same type and name, unless both are pinned to records of their own, and a second
/// entry for the same record.
fn unique(entry: &Entry, key: &Key, seen: &mut Identities, findings: &mut Findings) {
    let place = |key: &str| {
        entry
            .value(key)
            .map_or(entry.place(), |node| &node.at)
            .clone()
    };
    let name_at = place("name");
    let namesakes = seen.named.get(key);
    let namesake = match &entry.own.id {
        Some(id) => {
            if let Some(other) = seen.pinned.insert(id.clone(), place("id")) {
                findings.push(
                    Problem::error(
                        Code("duplicate-id"),
                        place("id"),
                        "another entry is pinned to this record",
                    )
                    .expected("second entry for this id")
                    .help("a record has one entry: remove one of them, or correct its `id`")
                    .also(other, "first written here"),
                );
                return;
            }
            namesakes.and_then(|(_, unpinned)| unpinned.as_ref())
        }
        None => namesakes.map(|(first, _)| first),
    };
    if let Some(first) = namesake {
        let error = Problem::error(
            Code("duplicate-entry"),
            name_at.clone(),
            format!("a {} of this name is already written", key.kind),
        );
        findings.push(if *first == name_at {
            error
                .expected("an alias repeats this name")
                .help("merge what the entries share instead, and give each a name: `<<: *anchor`")
        } else {
            error
                .expected("second entry of this type and name")
                .help("type and name identify an integration: give one of them another name, or pin each with an `id`")
                .also(first.clone(), "first written here")
        });
    }
    let unpinned = entry.own.id.is_none().then(|| name_at.clone());
    match seen.named.get_mut(key) {
        Some((_, first)) => *first = first.take().or(unpinned),
        None => drop(seen.named.insert(key.clone(), (name_at, unpinned))),
    }
}

fn desired(entry: &Entry, key: Key, view: View, scripts: &Scripts) -> Desired {
    let mut fields = Fields::new(entry.kind);
    let written = view.values.into_iter().map(|(name, seen)| {
        fields.set(name, Some(seen.value));
        (name, seen.at)
    });
    let written: Written = written.collect();
    let script = fields.by_role(Role::Script);
    let has_script = matches!(script, Some(Value::Script(text)) if !text.is_blank());
    for field in entry.kind.fields() {
        if !written.contains(field.name) {
            fields.set(field.name, field.default_value(has_script));
        }
    }
    entry.kind.normalise(&mut fields);
    let ignored = ignored(entry, &written);
    Desired {
        key,
        fields,
        written,
        place: entry.place().clone(),
        script_file: entry.script_file().map(|(file, _)| file.to_owned()),
        script_at: script_at(entry, scripts),
        state: entry.own.state.unwrap_or(State::Present),
        id: entry.own.id.clone(),
        renamed_from: None,
        ignored,
        secrets: Vec::new(),
    }
}

/// Notes where `ignore` names a field that is not written and that the server's value stands for anyway.
fn unused_ignore(entry: &Entry, written: &Written, findings: &mut Findings) {
    for (name, at) in &entry.own.ignore {
        let field = entry.kind.field(name);
        if written.contains(name) || field.is_none_or(|it| it.left_out != LeftOut::Observed) {
            continue;
        }
        let message = format!(
            "`ignore` does nothing for `{name}`: a field that is not written is left as it is"
        );
        let note = Problem::warning(Code("unused-ignore"), at.clone(), message);
        findings.push(Problem {
            severity: Severity::Note,
            ..note.help(format!("write `{name}` too, or leave it out of `ignore`"))
        });
    }
}

/// The rows that the manifest leaves to others, and those it leaves out that follow one of them: a script that is
/// left to others brings its own switch.
fn ignored(entry: &Entry, written: &Written) -> BTreeSet<&'static str> {
    let named = |field: &Field| {
        let ignore = &entry.own.ignore;
        ignore.iter().any(|(name, _)| *name == field.name)
    };
    let rows = entry.kind.fields();
    let ignored = rows.iter().filter(|field| {
        let leader = rows.iter().find(|row| Some(row.role) == field.follows);
        named(field) || !written.contains(field.name) && leader.is_some_and(named)
    });
    ignored.map(|field| field.name).collect()
}

fn script_at(entry: &Entry, scripts: &Scripts) -> Option<ScriptAt> {
    let value = entry.value(entry.kind.row(Role::Script)?.name)?;
    if let Some((file, at)) = entry.script_file() {
        let (source, text) = scripts.get(&(entry.source(), file.to_owned()))?;
        return Some(if value.get("replace").is_some() {
            ScriptAt::Template(*source, at.clone(), text.clone())
        } else {
            ScriptAt::File(*source, at.clone())
        });
    }
    Some(ScriptAt::Value(value.at.clone()))
}
