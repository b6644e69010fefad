//! JSON Schemas made from types, and documents checked against them.
//!
//! Generic: the owner of a type passes it in. Findings carry the kind of rule that was broken and the place,
//! never the value: the words are the owner's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::rc::Rc;

use ecow::EcoString;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{ValidationError, Validator};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value as Json};

use crate::diagnostic::Place;
use crate::yaml::{Content, Member, Node};

/// The JSON Schema of a type, for documents that are read (draft 2020-12, nothing referred to).
pub fn of<T: JsonSchema>() -> Json {
    generate::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The JSON Schema of a type, for documents that are written: what is always there is required.
pub fn of_written<T: JsonSchema>() -> Json {
    generate::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Json {
    let settings = settings
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(RecursiveTransform(tidy));
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    let Json::Object(keys) = &mut schema else {
        return schema;
    };
    // What it is comes first, for whoever opens the file.
    let first = ["$schema", "title", "description"];
    let mut ordered: Map<String, Json> = first
        .iter()
        .filter_map(|key| keys.remove_entry(*key))
        .collect();
    ordered.extend(std::mem::take(keys));
    Json::Object(ordered)
}

/// What may be left out may not therefore be null (an empty value in YAML is nearly always a slip); descriptions
/// are one paragraph, without the line ends of the source, and say the default.
fn tidy(schema: &mut Schema) {
    for key in ["type", "enum"] {
        if let Some(Json::Array(items)) = schema.get_mut(key) {
            items.retain(|item| !item.is_null() && item != "null");
            if let ("type", [only]) = (key, items.as_slice()) {
                let only = only.clone();
                schema.insert(key.to_owned(), only);
            }
        }
    }
    let default = schema.get("default").and_then(said_default);
    if let Some(Json::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
        if let Some(default) = default {
            let _ = write!(text, " Default: `{default}`.");
        }
    }
    // `int64` and its kin are known to no editor.
    schema.remove("format");
}

/// A default that is worth saying: editors show descriptions, and not the keyword. Empty ones go without saying.
fn said_default(default: &Json) -> Option<String> {
    match default {
        Json::Bool(_) | Json::Number(_) => Some(default.to_string()),
        Json::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// A schema, ready to check documents, and the items of one list of theirs one at a time: a document may break a rule
/// in very many places, and all that is found in one check is held at once.
pub struct Checker {
    /// For all but the items of the list.
    whole: Part,
    list: String,
    item: Part,
}

/// A schema, or a part of one.
struct Part {
    schema: Json,
    validator: Validator,
    /// The keys that it names, wherever that is.
    named: BTreeSet<String>,
}

/// How many items of a list, or members of a mapping, are judged at once: of each, much may be wrong.
const STRETCH: usize = 1_000;

/// What is judged at once of a long list or mapping.
struct Stretch<'n> {
    /// The keys that lead to it.
    path: Vec<Step>,
    /// The index of its first item.
    first: usize,
    /// Its members.
    members: Vec<&'n Member>,
}

/// A rule of the schema that a document breaks.
#[derive(Debug)]
pub struct Violation<'n> {
    /// The keys and indexes that lead from the document to the value.
    pub path: Rc<[Step]>,
    /// The value.
    pub node: &'n Node,
    /// Where to point: the value, or the key that should not be there.
    pub at: Place,
    /// The rule.
    pub rule: Rule,
}

/// One step down a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into a mapping.
    Key(EcoString),
    /// Into a list.
    Index(usize),
}

/// The kinds of rule that a manifest's schema uses.
#[derive(Debug, PartialEq, Eq)]
pub enum Rule {
    /// A key is missing.
    Missing {
        key: EcoString,
        /// The key whose value asks for it.
        because: Option<String>,
        /// A value it could have, as JSON: the schema's first example or allowed value.
        example: Option<String>,
    },
    /// A key that is not among those allowed.
    Unknown {
        key: EcoString,
        allowed: Rc<[String]>,
    },
    /// Another type of value.
    Type { expected: Vec<EcoString> },
    /// A value that is not among those allowed.
    Enum { allowed: Vec<String> },
    /// A text of another form; `message` is the schema's own, `expected` are the types beside it.
    Pattern {
        message: Option<String>,
        expected: Vec<EcoString>,
    },
    /// A text, list or mapping that may not be empty.
    Empty,
    /// A number below the least allowed.
    Least { limit: String },
    /// Any other rule, by its keyword.
    Other { keyword: String },
}

impl Checker {
    /// Takes in a schema, and the name of the list whose items are checked one at a time.
    ///
    /// # Errors
    /// When it is no valid schema; the text is for the maker of the schema.
    pub fn new(mut schema: Json, list: &str) -> Result<Self, String> {
        let item = schema.pointer_mut(&format!("/properties/{list}/items"));
        let item = item.map_or(Json::Bool(true), |items| {
            std::mem::replace(items, Json::Bool(true))
        });
        Ok(Self {
            whole: Part::new(schema)?,
            list: list.to_owned(),
            item: Part::new(item)?,
        })
    }

    /// Tells every rule that the document breaks, without the items of the list; many of them in several turns.
    pub fn check<'n>(&self, document: &'n Node, tell: impl FnMut(Vec<Violation<'n>>)) {
        self.whole.check(document, &[], tell);
    }

    /// The same for one item of the list, which has this number.
    pub fn check_item<'n>(
        &self,
        number: usize,
        item: &'n Node,
        tell: impl FnMut(Vec<Violation<'n>>),
    ) {
        let path = [Step::Key(self.list.as_str().into()), Step::Index(number)];
        self.item.check(item, &path, tell);
    }
}

impl Part {
    fn new(schema: Json) -> Result<Self, String> {
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
        let mut named = BTreeSet::new();
        names(&schema, &mut named);
        Ok(Self {
            schema,
            validator,
            named,
        })
    }

    /// Tells every rule that a value breaks to which that path leads. All that is named in the schema is judged
    /// together, and what there may be any number of, a stretch at a time.
    fn check<'n>(
        &self,
        value: &'n Node,
        before: &[Step],
        mut tell: impl FnMut(Vec<Violation<'n>>),
    ) {
        let mut rest = Vec::new();
        let json = self.cut(value, &mut Vec::new(), &mut rest);
        let mut violations = Vec::new();
        for error in self.validator.iter_errors(&json) {
            self.describe(value, before, None, &error, &mut violations);
        }
        drop(json);
        tell(violations);
        for (stretch, part) in rest.iter().flat_map(stretches) {
            let mut violations = Vec::new();
            let json = around(value, &stretch, part);
            for error in self.validator.iter_errors(&json) {
                self.describe(value, before, Some(&stretch), &error, &mut violations);
            }
            tell(violations);
        }
    }

    /// A value without what comes in further stretches, which is put into `rest`.
    fn cut<'n>(
        &self,
        value: &'n Node,
        path: &mut Vec<Step>,
        rest: &mut Vec<(Vec<Step>, Rest<'n>)>,
    ) -> Json {
        match &value.content {
            Content::List(items) if items.len() > STRETCH => {
                rest.push((path.clone(), Rest::Items(items)));
                items[..STRETCH].iter().map(Node::to_json).collect()
            }
            Content::Map(members) => {
                let (first, more): (Vec<_>, Vec<_>) =
                    members.iter().enumerate().partition(|(number, member)| {
                        *number < STRETCH || self.named.contains(member.key.as_str())
                    });
                if !more.is_empty() {
                    let more = more.into_iter().map(|(_, member)| member).collect();
                    rest.push((path.clone(), Rest::Members(more)));
                }
                let mut json = Map::new();
                for (_, member) in first {
                    path.push(Step::Key(member.key.clone()));
                    let value = self.cut(&member.value, path, rest);
                    path.pop();
                    json.insert(member.key.to_string(), value);
                }
                Json::Object(json)
            }
            _ => value.to_json(),
        }
    }

    /// Puts what breaks a rule into words of ours; of a stretch, what is wrong with its own items or members.
    fn describe<'n>(
        &self,
        document: &'n Node,
        before: &[Step],
        stretch: Option<&Stretch<'n>>,
        error: &ValidationError<'_>,
        into: &mut Vec<Violation<'n>>,
    ) {
        let mut within: Vec<Step> = steps(error.instance_path());
        if let Some(stretch) = stretch {
            let depth = stretch.path.len();
            let unknown = matches!(
                error.kind(),
                ValidationErrorKind::AdditionalProperties { .. }
            );
            if !within.starts_with(&stretch.path) || within.len() == depth && !unknown {
                return;
            }
            match within.get_mut(depth) {
                Some(Step::Index(index)) => *index += stretch.first,
                // The key of another member that is there for the schema's sake.
                Some(Step::Key(key)) if stretch.members.iter().all(|it| it.key != *key) => return,
                _ => {}
            }
        }
        let node = walk(document, &within, stretch);
        let path: Rc<[Step]> = [before, &within].concat().into();
        let mut add = |at: Place, rule: Rule| {
            into.push(Violation {
                path: path.clone(),
                node,
                at,
                rule,
            });
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let allowed = self.allowed_keys(error);
                let places = key_places(node, stretch);
                for key in unexpected {
                    let at = places.get(key.as_str()).copied().unwrap_or(&node.at);
                    add(
                        at.clone(),
                        Rule::Unknown {
                            key: key.as_str().into(),
                            allowed: allowed.clone(),
                        },
                    );
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = EcoString::from(property.as_str().unwrap_or_default());
                let because = self.because(error);
                let reason = because.as_deref().and_then(|name| node.get(name));
                let at = reason.map_or_else(|| first_key(node), |member| member.value.at.clone());
                let example = self.example(&key, error);
                add(
                    at,
                    Rule::Missing {
                        key,
                        because,
                        example,
                    },
                );
            }
            kind => add(node.at.clone(), self.rule(kind, error)),
        }
    }

    fn rule(&self, kind: &ValidationErrorKind, error: &ValidationError<'_>) -> Rule {
        match kind {
            ValidationErrorKind::Type { .. } => Rule::Type {
                expected: texts(self.keyword(error)),
            },
            ValidationErrorKind::Enum { options } => Rule::Enum {
                allowed: texts(Some(options)),
            },
            ValidationErrorKind::Pattern { .. } => {
                let beside = |keyword| self.beside(error)?.get(keyword);
                Rule::Pattern {
                    message: beside("patternErrorMessage")
                        .and_then(Json::as_str)
                        .map(str::to_owned),
                    expected: texts(beside("type")),
                }
            }
            ValidationErrorKind::MinLength { .. }
            | ValidationErrorKind::MinItems { .. }
            | ValidationErrorKind::MinProperties { .. } => Rule::Empty,
            ValidationErrorKind::Minimum { limit } => Rule::Least {
                limit: limit.to_string(),
            },
            other => Rule::Other {
                keyword: other.keyword().to_owned(),
            },
        }
    }

    /// The value of the keyword that was broken.
    fn keyword(&self, error: &ValidationError<'_>) -> Option<&Json> {
        self.schema.pointer(error.schema_path().as_str())
    }

    /// The schema that the broken keyword stands in.
    fn beside(&self, error: &ValidationError<'_>) -> Option<&Json> {
        let path = error.schema_path().as_str();
        self.schema.pointer(path.rsplit_once('/')?.0)
    }

    fn allowed_keys(&self, error: &ValidationError<'_>) -> Rc<[String]> {
        let properties = self
            .beside(error)
            .and_then(|schema| schema.get("properties"));
        properties
            .and_then(Json::as_object)
            .map(|keys| keys.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// The first example (or allowed value) of a key that a `required` asks for; the key is described there or further out.
    fn example(&self, key: &str, error: &ValidationError<'_>) -> Option<String> {
        let mut path = error.schema_path().as_str();
        while let Some((outer, _)) = path.rsplit_once('/') {
            let property = self.schema.pointer(&format!("{outer}/properties/{key}"));
            let first = |keyword| property?.get(keyword)?.get(0);
            if let Some(example) = first("examples").or_else(|| first("enum")) {
                return Some(example.to_string());
            }
            path = outer;
        }
        None
    }

    /// For a `required` in a `then`: the key that its `if` looks at, unless that key says which form applies as a
    /// whole (`const`).
    fn because(&self, error: &ValidationError<'_>) -> Option<String> {
        let condition = error
            .schema_path()
            .as_str()
            .strip_suffix("/then/required")?;
        let asked = self
            .schema
            .pointer(&format!("{condition}/if/properties"))?
            .as_object()?;
        let (key, condition) = asked.iter().next()?;
        condition.get("const").is_none().then(|| key.clone())
    }
}

fn steps(path: &Location) -> Vec<Step> {
    path.into_iter()
        .map(|segment| match segment {
            LocationSegment::Property(key) => Step::Key(key.as_ref().into()),
            LocationSegment::Index(index) => Step::Index(index),
        })
        .collect()
}

/// The value that a path leads to, or the last one on the way that there is.
fn walk<'n>(document: &'n Node, path: &[Step], stretch: Option<&Stretch<'n>>) -> &'n Node {
    let mut node = document;
    for (depth, step) in path.iter().enumerate() {
        let here = stretch.filter(|stretch| stretch.path.len() == depth);
        let next = match (step, &node.content) {
            (Step::Key(key), _) if here.is_some_and(|it| !it.members.is_empty()) => {
                let members = here.map_or(&[][..], |it| &it.members);
                let member = members.iter().find(|member| member.key == *key);
                member.map(|member| &member.value)
            }
            (Step::Key(key), _) => node.get(key).map(|member| &member.value),
            (Step::Index(index), Content::List(items)) => items.get(*index),
            (Step::Index(_), _) => None,
        };
        let Some(next) = next else { break };
        node = next;
    }
    node
}

/// Where each key of a mapping stands: to search it key by key would cost the square of its size.
fn key_places<'n>(node: &'n Node, stretch: Option<&Stretch<'n>>) -> BTreeMap<&'n str, &'n Place> {
    let place = |member: &'n Member| (member.key.as_str(), &member.key_at);
    match (&node.content, stretch) {
        (_, Some(stretch)) => stretch.members.iter().map(|it| place(it)).collect(),
        (Content::Map(members), None) => members.iter().map(place).collect(),
        _ => BTreeMap::new(),
    }
}

/// What of a list or a mapping comes in further stretches.
enum Rest<'n> {
    /// All of the list; the first items have been judged.
    Items(&'n [Node]),
    /// These members.
    Members(Vec<&'n Member>),
}

/// The further stretches, each as a value of its own.
fn stretches<'r, 'n>(
    (path, rest): &'r (Vec<Step>, Rest<'n>),
) -> Box<dyn Iterator<Item = (Stretch<'n>, Json)> + 'r> {
    let stretch = |first, members| Stretch {
        path: path.clone(),
        first,
        members,
    };
    match rest {
        Rest::Items(items) => {
            let stretches = items.chunks(STRETCH).enumerate().skip(1);
            Box::new(stretches.map(move |(number, items)| {
                let json = items.iter().map(Node::to_json).collect();
                (stretch(number * STRETCH, Vec::new()), json)
            }))
        }
        Rest::Members(members) => Box::new(members.chunks(STRETCH).map(move |members| {
            let json = members.iter();
            let json = json.map(|member| (member.key.to_string(), member.value.to_json()));
            (stretch(0, members.to_vec()), json.collect())
        })),
    }
}

/// A stretch where it stands, with nothing around it but the `type` that says which rules are for it.
fn around(value: &Node, stretch: &Stretch<'_>, part: Json) -> Json {
    let mut json = part;
    for step in stretch.path.iter().rev() {
        if let Step::Key(key) = step {
            json = Json::Object(Map::from_iter([(key.to_string(), json)]));
        }
    }
    if let (Json::Object(members), Some(kind)) = (&mut json, value.get("type")) {
        members
            .entry("type")
            .or_insert_with(|| kind.value.to_json());
    }
    json
}

/// The keys that a schema names.
fn names(schema: &Json, into: &mut BTreeSet<String>) {
    match schema {
        Json::Object(keys) => {
            if let Some(Json::Object(properties)) = keys.get("properties") {
                into.extend(properties.keys().cloned());
            }
            keys.values().for_each(|inner| names(inner, into));
        }
        Json::Array(items) => items.iter().for_each(|inner| names(inner, into)),
        _ => {}
    }
}

/// Where a mapping's first key stands: a mapping has no better place for what it lacks.
fn first_key(node: &Node) -> Place {
    match &node.content {
        Content::Map(members) => members.first().map(|member| member.key_at.clone()),
        _ => None,
    }
    .unwrap_or_else(|| node.at.clone())
}

fn texts<T: for<'t> From<&'t str>>(value: Option<&Json>) -> Vec<T> {
    match value {
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(T::from).collect(),
        Some(Json::String(one)) => vec![one.as_str().into()],
        _ => Vec::new(),
    }
}
