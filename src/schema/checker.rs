//! Documents checked against a schema.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ecow::EcoString;
use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{ValidationError, Validator};
use serde_json::Value as Json;

use super::stretch::{Stretch, around, cut, names, stretches};
use crate::problem::Place;
use crate::yaml::{Content, Member, Node};

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
        /// Which.
        key: EcoString,
        /// The key whose value asks for it.
        because: Option<String>,
        /// A value it could have, as JSON: the schema's first example or allowed value.
        example: Option<String>,
    },
    /// A key that is not among those allowed.
    Unknown {
        /// Which.
        key: EcoString,
        /// Those.
        allowed: Rc<[String]>,
    },
    /// Another type of value.
    Type {
        /// The types that are allowed.
        expected: Vec<EcoString>,
    },
    /// A value that is not among those allowed.
    Enum {
        /// Those, as JSON.
        allowed: Vec<String>,
    },
    /// A text of another form.
    Pattern {
        /// The schema's own words.
        message: Option<String>,
        /// The types that are allowed beside it.
        expected: Vec<EcoString>,
    },
    /// A text, list or mapping that may not be empty.
    Empty,
    /// A number below the least allowed.
    Least {
        /// That one.
        limit: String,
    },
    /// Any other rule.
    Other {
        /// Its keyword.
        keyword: String,
    },
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
        // The keywords in use mean the same in draft 7, and whether a schema is valid is found out in a quarter of the time.
        let validator = jsonschema::draft7::new(&schema).map_err(|error| error.to_string())?;
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
        let json = cut(value, &self.named, &mut Vec::new(), &mut rest);
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
        let unknown = matches!(
            error.kind(),
            ValidationErrorKind::AdditionalProperties { .. }
        );
        if stretch.is_some_and(|stretch| !stretch.takes(&mut within, unknown)) {
            return;
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

    /// The schema that the broken keyword is in.
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
