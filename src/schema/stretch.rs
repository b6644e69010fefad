//! A large value, taken apart so that its schema judges a stretch of it at a time: in each item of a list and each
//! member of a mapping something may be wrong, and all that is found in one value is held at once.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::checker::Step;
use crate::yaml::{Content, Member, Node};

/// How many items of a list, or members of a mapping, are judged at once: of each, much may be wrong.
const STRETCH: usize = 1_000;

/// What is judged at once of a long list or mapping.
pub(super) struct Stretch<'n> {
    /// The keys that lead to it.
    pub(super) path: Vec<Step>,
    /// The index of its first item.
    first: usize,
    /// Its members.
    pub(super) members: Vec<&'n Member>,
}

impl Stretch<'_> {
    /// Whether what is found at a path in the value of a stretch is about its own items or members, or a mapping's
    /// unknown keys; all else has been judged. The index of an item becomes that in the whole list.
    pub(super) fn takes(&self, path: &mut [Step], unknown: bool) -> bool {
        if !path.starts_with(&self.path) {
            return false;
        }
        match path.get_mut(self.path.len()) {
            Some(Step::Index(index)) => *index += self.first,
            // The `type` is there for the schema's sake.
            Some(Step::Key(key)) => return self.members.iter().any(|it| it.key == *key),
            None => return unknown,
        }
        true
    }
}

/// A value without what comes in further stretches, which is put into `rest`.
pub(super) fn cut<'n>(
    value: &'n Node,
    named: &BTreeSet<String>,
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
                    *number < STRETCH || named.contains(member.key.as_str())
                });
            if !more.is_empty() {
                let more = more.into_iter().map(|(_, member)| member).collect();
                rest.push((path.clone(), Rest::Members(more)));
            }
            let mut json = Map::new();
            for (_, member) in first {
                path.push(Step::Key(member.key.clone()));
                let value = cut(&member.value, named, path, rest);
                path.pop();
                json.insert(member.key.to_string(), value);
            }
            Json::Object(json)
        }
        _ => value.to_json(),
    }
}

/// What of a list or a mapping comes in further stretches.
pub(super) enum Rest<'n> {
    /// All of the list; the first items have been judged.
    Items(&'n [Node]),
    /// These members.
    Members(Vec<&'n Member>),
}

/// The further stretches, each as a value of its own.
pub(super) fn stretches<'r, 'n>(
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

/// A stretch where it is, with nothing around it but the `type` that says which rules are for it.
pub(super) fn around(value: &Node, stretch: &Stretch<'_>, part: Json) -> Json {
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
pub(super) fn names(schema: &Json, into: &mut BTreeSet<String>) {
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
