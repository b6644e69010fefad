//! How a field is written in a manifest: what the schema says of it, and how it is read, side by side.

use serde_json::{Map, Value as Json, json};

use super::outgoing::EVENTS;
use super::{Event, Field, LeftOut, Role, Value};
use crate::variables::{WHOLE_VARIABLE, is_whole_variable};
use crate::yaml::{Content, Member, Node};

/// What a field's values look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// A text.
    Text,
    /// A set of texts: in requests one text, joined by commas; in records a list.
    Joined,
    /// A set of texts: a list in requests and records.
    Set,
    /// A script.
    Script,
    /// A secret.
    Secret,
}

/// A value that is written in the form that its row asks for; its references are not replaced yet.
pub enum Written<'n> {
    /// A flag.
    Flag(bool),
    /// A whole number.
    Number(i128),
    /// One variable instead of a flag or a number.
    Variable(&'n str),
    /// A text, a script's or a secret's among them.
    Text(&'n str),
    /// A set of texts in one, with commas between them.
    Joined(&'n str),
    /// A list, of texts alone.
    List(&'n [Node]),
    /// A script in a file, and the texts in it to replace.
    File(&'n Node, &'n [Member]),
}

impl Field {
    /// The schema of what may be written.
    pub fn schema(&self) -> Json {
        let mut schema = Map::new();
        schema.insert("description".to_owned(), self.doc.into());
        if let Json::Object(form) = self.form() {
            schema.extend(form);
        }
        if let Some(default) = self.default_json() {
            schema.insert("default".to_owned(), default);
        }
        schema.insert("examples".to_owned(), self.example_values());
        Json::Object(schema)
    }

    /// The examples.
    pub fn example_values(&self) -> Json {
        serde_json::from_str(self.examples).unwrap_or_default()
    }

    fn form(&self) -> Json {
        match self.shape {
            Shape::Flag => json!({
                "type": ["boolean", "string"],
                "pattern": WHOLE_VARIABLE,
                "patternErrorMessage": "write `true` or `false` (or one variable: `${var.NAME}`)"
            }),
            Shape::Number => json!({
                "type": ["integer", "string"],
                "pattern": WHOLE_VARIABLE,
                "patternErrorMessage": "write a whole number (or one variable: `${var.NAME}`)"
            }),
            Shape::Text if self.role == Role::Event => {
                let names: Vec<_> = EVENTS.iter().map(|event| event.name).collect();
                let meanings: Vec<_> = EVENTS.iter().map(|event| event.means).collect();
                json!({ "title": "Event", "type": "string", "enum": names, "enumDescriptions": meanings })
            }
            Shape::Text | Shape::Secret => json!({ "type": "string" }),
            Shape::Joined | Shape::Set if self.role == Role::Called => json!({
                "type": "array",
                "items": { "type": "string", "minLength": 1 },
                "minItems": 1
            }),
            Shape::Joined | Shape::Set => {
                json!({ "type": ["array", "string"], "items": { "type": "string" } })
            }
            Shape::Script => script_schema(),
        }
    }

    /// The value of a field that is left out, where that is fixed.
    fn default_json(&self) -> Option<Json> {
        match self.left_out {
            LeftOut::On => Some(Json::Bool(true)),
            LeftOut::Empty => Some(match self.empty() {
                Value::Flag(on) => on.into(),
                Value::Number(number) => number.into(),
                Value::List(_) => json!([]),
                Value::Text(_) | Value::Script(_) | Value::Secret(_) => "".into(),
            }),
            _ => None,
        }
    }

    /// Reads what is written; `None` if it has not the form that the schema asks for.
    pub fn read<'n>(&self, node: &'n Node) -> Option<Written<'n>> {
        Some(match (self.shape, &node.content) {
            (Shape::Flag, Content::Bool(on)) => Written::Flag(*on),
            (Shape::Number, Content::Int(_) | Content::Float(_)) => {
                Written::Number(node.as_integer()?)
            }
            (Shape::Flag | Shape::Number, Content::Text(text)) if is_whole_variable(text) => {
                Written::Variable(text)
            }
            (Shape::Text, Content::Text(text)) if self.role == Role::Event => {
                Written::Text(Event::named(text)?.name)
            }
            (Shape::Text | Shape::Secret | Shape::Script, Content::Text(text)) => {
                Written::Text(text)
            }
            (Shape::Joined | Shape::Set, Content::List(items)) => {
                let called = self.role == Role::Called;
                let fits = |item: &Node| item.as_text().is_some_and(|it| !called || !it.is_empty());
                let enough = !called || !items.is_empty();
                (enough && items.iter().all(fits)).then_some(Written::List(items))?
            }
            (Shape::Joined | Shape::Set, Content::Text(text)) if self.role != Role::Called => {
                Written::Joined(text)
            }
            (Shape::Script, Content::Map(members)) => file(members)?,
            _ => return None,
        })
    }
}

fn script_schema() -> Json {
    json!({
        "title": "Script",
        "type": ["string", "object"],
        "properties": {
            "file": {
                "description": "Path of the script, relative to the manifest's folder; it must be below the root (`--root`).",
                "type": "string",
                "minLength": 1,
                "examples": ["scripts/grafana.js"]
            },
            "replace": {
                "description": "Strings in the file, each with its replacement, wherever it occurs; the longest first, all at once. A `${secret.NAME}` stays secret in every plan.",
                "type": "object",
                "additionalProperties": { "type": "string" },
                "examples": [{ "__API_KEY__": "${secret.grafana_key}" }]
            }
        },
        "required": ["file"],
        "additionalProperties": false,
        "defaultSnippets": [{
            "label": "file",
            "description": "A script in a file next to the manifest",
            "body": { "file": "${1:scripts/grafana.js}" }
        }]
    })
}

/// A script in a file.
fn file(members: &[Member]) -> Option<Written<'_>> {
    let (mut file, mut replace) = (None, &[][..]);
    for member in members {
        match (member.key.as_str(), &member.value.content) {
            ("file", Content::Text(path)) if !path.is_empty() => file = Some(&member.value),
            ("replace", Content::Map(texts)) => {
                let sound = texts.iter().all(|text| text.value.as_text().is_some());
                replace = sound.then_some(texts)?;
            }
            _ => return None,
        }
    }
    Some(Written::File(file?, replace))
}

#[cfg(test)]
mod tests {
    use super::super::Kind;

    #[test]
    fn every_row_says_what_it_is_for_and_has_an_example() {
        for field in Kind::ALL.iter().flat_map(|kind| kind.fields()) {
            assert!(!field.doc.is_empty(), "{}", field.name);
            let examples = field.example_values();
            assert!(
                examples.as_array().is_some_and(|it| !it.is_empty()),
                "{}",
                field.name
            );
        }
    }
}
