//! JSON Schemas made from types, and documents checked against them.
//!
//! Generic: the owner of a type passes it in. Findings carry the kind of rule that was broken and the place,
//! never the value: the words are the owner's.

mod checker;
mod stretch;

use std::fmt::Write;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value as Json};

pub use checker::{Checker, Rule, Step, Violation};

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
