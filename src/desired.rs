//! What the manifests ask for, with every reference replaced and every default filled in.

pub(crate) mod policy;
mod replaced;
pub(crate) mod scripts;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place, SourceId, Texts};
use crate::integration::written::{Count, Items, ScriptSource, Switch, Written};
use crate::integration::{Field, Fields, Key, Role, Value};
use crate::manifest::rules::{self, Seen, View};
use crate::manifest::{Entry, Manifest};
use crate::secret::{Piece, Secret, Text};
use crate::variables::{Resolver, Secrets, Variables, within};
use crate::yaml::{Content, Node};

pub(crate) use crate::manifest::{Prune, State};
pub(crate) use policy::Policy;

/// What all manifests of a run ask for together.
#[derive(Clone, Debug, Default)]
pub(crate) struct DesiredState {
    /// The entries, in the order they were read; no two have the same key, unless each is pinned.
    pub(crate) entries: Vec<Desired>,
    /// What else a run may do, and what it may not.
    pub(crate) policy: Policy,
}

/// One integration as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Desired {
    /// What identifies it.
    pub(crate) key: Key,
    /// The values, in normal form: those written, and the fixed defaults of those left out. A row without a
    /// value means whatever the server has.
    pub(crate) fields: Fields,
    /// The names of the rows that the manifest writes out.
    pub(crate) written: BTreeSet<&'static str>,
    /// Where the entry stands.
    pub(crate) place: Place,
    /// The file its script comes from, as the manifest names it.
    pub(crate) script_file: Option<String>,
    /// Where its script stands.
    pub(crate) script_at: Option<ScriptAt>,
    /// Whether it should exist.
    pub(crate) state: State,
    /// The id of the record that it is pinned to.
    pub(crate) id: Option<String>,
    /// The name that its record may still have.
    pub(crate) renamed_from: Option<String>,
    /// The names of the rows that are written on create and left to others ever after.
    pub(crate) ignored: BTreeSet<&'static str>,
    /// The names of the secrets that it refers to, in the order in which they stand.
    pub(crate) secrets: Vec<String>,
}

/// Where a script stands.
#[derive(Clone, Debug)]
pub(crate) enum ScriptAt {
    /// In a file, that is named there.
    File(SourceId, Place),
    /// The same, with texts in it that are replaced: this is how it stands in the file.
    Template(SourceId, Place, Arc<Text>),
    /// There.
    Value(Place),
}

/// The texts of script files, as they are and as scripts, by the manifest that names them and the path it names.
pub(crate) type Scripts = BTreeMap<(SourceId, String), (SourceId, Arc<Text>)>;

/// What came of building the desired state.
#[derive(Debug)]
pub(crate) struct Built {
    /// The entries that are sound.
    pub(crate) state: DesiredState,
    /// What was found; with an error among it the state is not whole.
    pub(crate) findings: Vec<Diagnostic>,
    /// The names of the secrets whose values were made up.
    pub(crate) made_up: Vec<String>,
}

/// Replaces references, applies the rules that the schema cannot say, and fills in what is left out.
pub(crate) fn build(
    manifests: &[Manifest],
    variables: &Variables,
    scripts: &Scripts,
    texts: &Texts,
) -> Built {
    let mut resolver = Resolver::new(variables, texts);
    let mut state = DesiredState::default();
    let mut seen = Identities::default();
    settings_once(manifests, &mut resolver.findings);
    // One alone counts, and all problems are told.
    for (settings, _, node) in manifests.iter().rev().filter_map(|it| it.settings.as_ref()) {
        state.policy = policy::read(settings, node, &mut resolver);
    }
    for entry in manifests.iter().flat_map(|manifest| &manifest.entries) {
        let view = view(entry, scripts, texts, &mut resolver);
        rules::check(&view, &mut resolver.findings);
        let Some(key) = key(entry, &view) else {
            continue;
        };
        unique(entry, &key, &mut seen, &mut resolver.findings);
        let mut desired = desired(entry, key, view, scripts);
        desired.renamed_from = renamed_from(entry, &mut resolver);
        desired.secrets = std::mem::take(&mut resolver.secrets);
        state.entries.push(desired);
    }
    Built {
        state,
        findings: resolver.findings,
        made_up: resolver.made_up.into_iter().collect(),
    }
}

fn settings_once(manifests: &[Manifest], findings: &mut Vec<Diagnostic>) {
    let mut places = manifests
        .iter()
        .filter_map(|manifest| Some(&manifest.settings.as_ref()?.1));
    if let Some(first) = places.next() {
        findings.extend(places.map(|place| {
            Diagnostic::error(
                Code("second-settings"),
                place.clone(),
                "`settings` is written twice",
            )
            .hint("write it once over all files")
            .also(first.clone(), "first written here")
        }));
    }
}

fn key(entry: &Entry, view: &View) -> Option<Key> {
    let name = entry
        .kind
        .fields()
        .iter()
        .find(|field| field.role == Role::Name)?;
    match &view.values.get(name.name)?.value {
        Value::Text(text) => Some(Key {
            kind: entry.kind,
            name: text.as_plain()?.to_owned(),
        }),
        _ => None,
    }
}

/// The entries seen so far, by what may not be written twice.
#[derive(Default)]
struct Identities<'m> {
    /// The first entry of each type and name.
    first: BTreeMap<Key, &'m Entry>,
    /// The first of them that is pinned to no record.
    unpinned: BTreeMap<Key, &'m Entry>,
    /// The entry that is pinned to each record.
    pinned: BTreeMap<&'m str, &'m Entry>,
}

/// Refuses a second entry of the same type and name, unless both are pinned to records of their own, and a second
/// entry for the same record.
fn unique<'m>(
    entry: &'m Entry,
    key: &Key,
    seen: &mut Identities<'m>,
    findings: &mut Vec<Diagnostic>,
) {
    let place = |entry: &Entry, key: &str| {
        entry
            .value(key)
            .map_or_else(|| entry.place().clone(), |node| node.at.clone())
    };
    let namesake = match &entry.own.id {
        Some(id) => {
            if let Some(other) = seen.pinned.insert(id, entry) {
                findings.push(
                    Diagnostic::error(
                        Code("duplicate-id"),
                        place(entry, "id"),
                        "another entry is pinned to this record",
                    )
                    .expected("second entry for this id")
                    .hint("a record has one entry: remove one of them, or mend its `id`")
                    .also(place(other, "id"), "first written here"),
                );
                return;
            }
            seen.unpinned.get(key)
        }
        None => seen.first.get(key),
    };
    if let Some(other) = namesake {
        let (first, second) = (place(other, "name"), place(entry, "name"));
        let repeated = first == second;
        let error = Diagnostic::error(
            Code("duplicate-entry"),
            second,
            format!("a {} of this name is already written", key.kind),
        );
        findings.push(if repeated {
            error
                .expected("an alias repeats this name")
                .hint("merge what the entries share instead, and give each a name: `<<: *anchor`")
        } else {
            error
                .expected("second entry of this type and name")
                .hint("type and name identify an integration: give one of them another name, or pin each with an `id`")
                .also(first, "first written here")
        });
    }
    seen.first.entry(key.clone()).or_insert(entry);
    if entry.own.id.is_none() {
        seen.unpinned.entry(key.clone()).or_insert(entry);
    }
}

fn desired(entry: &Entry, key: Key, view: View, scripts: &Scripts) -> Desired {
    let mut fields = Fields::new(entry.kind);
    let written: BTreeSet<_> = view.values.keys().copied().collect();
    for (name, seen) in view.values {
        fields.set(name, Some(seen.value));
    }
    let has_script = fields.iter().any(|(field, value)| {
        field.role == Role::Script && matches!(value, Value::Script(text) if !text.is_blank())
    });
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

/// The rows that the manifest leaves to others, and those it leaves out that follow one of them: a script that is
/// left to others brings its own switch.
fn ignored(entry: &Entry, written: &BTreeSet<&'static str>) -> BTreeSet<&'static str> {
    let named = |field: &Field| entry.own.ignore.iter().any(|name| name == field.name);
    let rows = entry.kind.fields();
    let ignored = rows.iter().filter(|field| {
        let leader = rows.iter().find(|row| Some(row.role) == field.follows);
        named(field) || !written.contains(field.name) && leader.is_some_and(named)
    });
    ignored.map(|field| field.name).collect()
}

/// The old name, with its references replaced as in the name.
fn renamed_from(entry: &Entry, resolver: &mut Resolver<'_>) -> Option<String> {
    let old = entry.own.renamed_from.as_deref()?;
    let node = entry.value("renamedFrom")?;
    let text = resolver.text(old, &node.at, Secrets::Refused)?;
    text.as_plain().map(str::to_owned)
}

/// The entry's values with their references replaced; one that could not be replaced is not among them.
fn view(entry: &Entry, scripts: &Scripts, texts: &Texts, resolver: &mut Resolver<'_>) -> View {
    let mut values = BTreeMap::new();
    for (field, written) in &entry.written {
        let Some(node) = entry.value(field.name) else {
            continue;
        };
        let mut seen = Seen {
            value: Value::Flag(false),
            at: node.at.clone(),
            items: Vec::new(),
            joined: false,
            literal: !matches!(written, Written::Token(token) if has_reference(&token.0)),
        };
        let value = match written {
            Written::Switch(switch) => flag(field, switch, node, resolver),
            Written::Count(count) => number(field, count, node, resolver),
            Written::Words(words) => resolver
                .text(&words.0, &node.at, takes_secrets(field))
                .map(Value::Text),
            Written::Items(items) => list(field, items, node, texts, resolver).map(|items| {
                seen.joined = matches!(node.content, Content::Text(_));
                seen.items = items;
                Value::List(item_values(&seen))
            }),
            Written::Script(script) => script_text(entry, script, node, scripts, resolver),
            Written::Token(token) => secret(&token.0, node, resolver),
        };
        if let Some(value) = value {
            seen.value = value;
            values.insert(field.name, seen);
        }
    }
    View {
        kind: entry.kind,
        values,
    }
}

/// Whether a secret is named, and not written out.
fn has_reference(written: &Secret) -> bool {
    written.expose().is_some_and(|text| text.contains("${"))
}

fn takes_secrets(field: &Field) -> Secrets {
    if field.sensitive {
        Secrets::Allowed
    } else {
        Secrets::Refused
    }
}

fn flag(field: &Field, switch: &Switch, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = match switch {
        Switch::Known(on) => return Some(Value::Flag(*on)),
        Switch::Variable(text) => resolver.text(text, &node.at, Secrets::Refused)?,
    };
    match text.as_plain() {
        Some("true") => Some(Value::Flag(true)),
        Some("false") => Some(Value::Flag(false)),
        _ => {
            let message = format!("`{}` must be `true` or `false`", field.name);
            resolver.findings.push(
                Diagnostic::error(Code("not-a-flag"), node.at.clone(), message)
                    .expected("expected `true` or `false`")
                    .hint("give the variable one of these values"),
            );
            None
        }
    }
}

fn number(field: &Field, count: &Count, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = match count {
        Count::Known(number) => return Some(Value::Number(*number)),
        Count::Decimal(number) => Text::from(format!("{number:.0}")),
        Count::Variable(text) => resolver.text(text, &node.at, Secrets::Refused)?,
    };
    let number = text
        .as_plain()
        .and_then(|text| text.trim().parse().ok())
        .map(Value::Number);
    if number.is_none() {
        let message = format!("`{}` must be a whole number", field.name);
        let error = Diagnostic::error(Code("not-a-number"), node.at.clone(), message)
            .expected("expected a whole number");
        resolver.findings.push(match count {
            Count::Variable(_) => error.hint("give the variable such a value"),
            Count::Known(_) | Count::Decimal(_) => error.hint("this one is too large"),
        });
    }
    number
}

/// The items of a list, each with its place; of a text with commas, its parts as they are written.
fn list(
    field: &Field,
    items: &Items,
    node: &Node,
    texts: &Texts,
    resolver: &mut Resolver<'_>,
) -> Option<Vec<(Text, Place)>> {
    match items {
        Items::Joined(text) => {
            let whole = resolver.text(text, &node.at, takes_secrets(field))?;
            let plain = whole.as_plain()?;
            let written = within(texts, &node.at, plain);
            let parts = parts(plain).map(|(part, bytes)| {
                let at = written.as_ref().filter(|_| part.len() < plain.len());
                let at = at.and_then(|written| part_of(written, bytes));
                (Text::from(part), at.unwrap_or_else(|| node.at.clone()))
            });
            Some(parts.collect())
        }
        Items::List(items) => {
            let Content::List(nodes) = &node.content else {
                return None;
            };
            let items = items.iter().zip(nodes).map(|(item, node)| {
                let text = resolver.text(item, &node.at, takes_secrets(field));
                // What could not be resolved is told; it keeps its place, so that the other items are looked at.
                (text.unwrap_or_else(unknown), node.at.clone())
            });
            Some(items.collect())
        }
    }
}

/// A text of which nothing is known.
fn unknown() -> Text {
    let mut text = Text::EMPTY;
    text.push(Piece::Secret(Secret::Unknown));
    text
}

/// The parts of a text with commas, each with where it can be seen: without the blanks around it, and with a comma
/// beside it if there is nothing else.
fn parts(text: &str) -> impl Iterator<Item = (&str, Range<usize>)> {
    let mut next = 0;
    text.split(',').map(move |part| {
        let start = next;
        next += part.len() + 1;
        let shown = part.trim_start();
        let from = start + part.len() - shown.len();
        let seen = match shown.trim_end().len() {
            0 if start > 0 => start - 1..start + part.len(),
            0 => start..start + part.len() + 1,
            length => from..from + length,
        };
        (part, seen)
    })
}

/// A stretch of a place, in bytes from its start.
fn part_of(place: &Place, bytes: Range<usize>) -> Option<Place> {
    let at = |offset: usize| Some(place.bytes.start + u32::try_from(offset).ok()?);
    Some(Place {
        source: place.source,
        bytes: at(bytes.start)?..at(bytes.end)?,
    })
}

/// The items as values: the parts of a text are trimmed and blanks dropped, the items of a list stay as they are.
fn item_values(seen: &Seen) -> Vec<Text> {
    let items = seen.items.iter().map(|(text, _)| text);
    if !seen.joined {
        return items.cloned().collect();
    }
    items
        .filter_map(Text::as_plain)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(Text::from)
        .collect()
}

fn script_at(entry: &Entry, scripts: &Scripts) -> Option<ScriptAt> {
    let mut fields = entry.kind.fields().iter();
    let field = fields.find(|field| field.role == Role::Script)?;
    let value = entry.value(field.name)?;
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

fn script_text(
    entry: &Entry,
    script: &ScriptSource,
    node: &Node,
    scripts: &Scripts,
    resolver: &mut Resolver<'_>,
) -> Option<Value> {
    match script {
        ScriptSource::Text(text) => Some(Value::script(text.as_str())),
        ScriptSource::File { file, replace } => {
            let (_, template) = scripts.get(&(entry.source(), file.clone()))?;
            replaced::script(template, replace, node, resolver).map(Value::Script)
        }
    }
}

fn secret(written: &Secret, node: &Node, resolver: &mut Resolver<'_>) -> Option<Value> {
    let text = resolver.text(written.expose()?, &node.at, Secrets::Allowed)?;
    let secret = match text.pieces() {
        [Piece::Secret(secret)] => secret.clone(),
        _ => text.expose().map_or(Secret::Unknown, Secret::new),
    };
    Some(Value::Secret(secret))
}
