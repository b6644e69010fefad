//! JSON Schemas made from types, and documents checked against them.
//!
//! Generic: the owner of a type passes it in. Findings carry the kind of rule that was broken and the place,
//! never the value: the words are the owner's.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::rc::Rc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{ValidationError, Validator};
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value as Json};

use crate::diagnostic::Place;
use crate::yaml::{Content, Node};

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
}

/// A rule of the schema that a document breaks.
#[derive(Debug)]
pub struct Violation<'n> {
    /// The keys and indexes that lead from the document to the value.
    pub path: Vec<Step>,
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
    Key(String),
    /// Into a list.
    Index(usize),
}

/// The kinds of rule that a manifest's schema uses.
#[derive(Debug, PartialEq, Eq)]
pub enum Rule {
    /// A key is missing.
    Missing {
        key: String,
        /// The key whose value asks for it.
        because: Option<String>,
        /// A value it could have, as JSON: the schema's first example or allowed value.
        example: Option<String>,
    },
    /// A key that is not among those allowed.
    Unknown { key: String, allowed: Rc<[String]> },
    /// Another type of value.
    Type { expected: Vec<String> },
    /// A value that is not among those allowed.
    Enum { allowed: Vec<String> },
    /// A text of another form; `message` is the schema's own, `expected` are the types beside it.
    Pattern {
        message: Option<String>,
        expected: Vec<String>,
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

    /// Every rule that the document breaks, without the items of the list.
    pub fn check<'n>(&self, document: &'n Node) -> Vec<Violation<'n>> {
        self.whole.check(document, &[])
    }

    /// Every rule that one item of the list breaks, which has this number.
    pub fn check_item<'n>(&self, number: usize, item: &'n Node) -> Vec<Violation<'n>> {
        let path = [Step::Key(self.list.clone()), Step::Index(number)];
        self.item.check(item, &path)
    }
}

impl Part {
    fn new(schema: Json) -> Result<Self, String> {
        let validator = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
        Ok(Self { schema, validator })
    }

    /// Every rule that a value breaks to which that path leads.
    fn check<'n>(&self, value: &'n Node, before: &[Step]) -> Vec<Violation<'n>> {
        let json = value.to_json();
        let mut violations = Vec::new();
        for error in self.validator.iter_errors(&json) {
            self.describe(value, before, &error, &mut violations);
        }
        violations
    }

    fn describe<'n>(
        &self,
        document: &'n Node,
        before: &[Step],
        error: &ValidationError<'_>,
        into: &mut Vec<Violation<'n>>,
    ) {
        let within: Vec<Step> = steps(error.instance_path());
        let node = walk(document, &within);
        let path = [before, &within].concat();
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
                let places = key_places(node);
                for key in unexpected {
                    let at = places.get(key.as_str()).copied().unwrap_or(&node.at);
                    add(
                        at.clone(),
                        Rule::Unknown {
                            key: key.clone(),
                            allowed: allowed.clone(),
                        },
                    );
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default().to_owned();
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
            LocationSegment::Property(key) => Step::Key(key.into_owned()),
            LocationSegment::Index(index) => Step::Index(index),
        })
        .collect()
}

/// The value that a path leads to, or the last one on the way that there is.
fn walk<'n>(document: &'n Node, path: &[Step]) -> &'n Node {
    let mut node = document;
    for step in path {
        let next = match (step, &node.content) {
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
fn key_places(node: &Node) -> BTreeMap<&str, &Place> {
    let Content::Map(members) = &node.content else {
        return BTreeMap::new();
    };
    let places = members.iter().map(|m| (m.key.as_str(), &m.key_at));
    places.collect()
}

/// Where a mapping's first key stands: a mapping has no better place for what it lacks.
fn first_key(node: &Node) -> Place {
    match &node.content {
        Content::Map(members) => members.first().map(|member| member.key_at.clone()),
        _ => None,
    }
    .unwrap_or_else(|| node.at.clone())
}

fn texts(value: Option<&Json>) -> Vec<String> {
    match value {
        Some(Json::Array(items)) => items
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect(),
        Some(Json::String(one)) => vec![one.clone()],
        _ => Vec::new(),
    }
}
