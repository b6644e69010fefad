//! The values of variables and secrets: from the environment, files and flags, the later winning.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::Inputs;
use crate::problem::{Code, Place, Problem, Texts};
use crate::secret::Secret;
use crate::source::words;
use crate::variables::{SECRET_PREFIX, VAR_PREFIX, Variables, is_name};
use crate::yaml;

/// How a file of values is read.
pub(super) type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// What a file of values holds: texts, numbers and flags.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Flag(bool),
    Whole(i64),
    Fraction(f64),
    Text(String),
}

/// Gathers the values, the files through `read`.
///
/// # Errors
/// For a value or a file that cannot be read. It never quotes a value.
pub(super) fn gather(inputs: &Inputs, read: Read<'_>) -> Result<Variables, Problem> {
    let mut variables = Variables {
        undefined_secrets: inputs.undefined,
        ..Variables::default()
    };
    let secret = |(name, value): (String, String)| (name, Secret::new(value));
    for (name, value) in &inputs.environment {
        if let Some(name) = name.strip_prefix(VAR_PREFIX) {
            variables.plain.insert(name.to_owned(), value.clone());
        } else if let Some(name) = name.strip_prefix(SECRET_PREFIX) {
            variables
                .secrets
                .extend([secret((name.to_owned(), value.clone()))]);
        }
    }
    for path in &inputs.var_files {
        variables.plain.extend(values(path, read)?);
    }
    for flag in &inputs.vars {
        let (name, value) = flag
            .split_once('=')
            .filter(|(name, _)| is_name(name))
            .ok_or_else(|| {
                let message = "`--var` takes NAME=VALUE, the name of letters, digits and `_`";
                wrong(message, "for example `--var room=ops`")
            })?;
        if let Some(bare) = name.strip_prefix(VAR_PREFIX) {
            let message =
                format!("`{VAR_PREFIX}` is for the environment: `--var` takes the bare name");
            return Err(wrong(message, format!("write `--var {bare}=…`")));
        }
        variables.plain.insert(name.to_owned(), value.to_owned());
    }
    for path in &inputs.secret_files {
        let values = values(path, read)?;
        variables.secrets.extend(values.into_iter().map(secret));
    }
    Ok(variables)
}

fn wrong(message: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem::with_help(Code("values"), message, help)
}

/// A YAML mapping from names to scalars.
fn values(path: &Path, read: Read<'_>) -> Result<BTreeMap<String, String>, Problem> {
    let text = read(path).map_err(|error| {
        let help = match error.kind() {
            io::ErrorKind::NotFound => {
                "name a file that is there: paths are relative to the current folder"
            }
            _ => "a file of values has to be readable, and UTF-8",
        };
        wrong(format!("{}: {}", path.display(), words(&error)), help)
    })?;
    of_text(path, text).map_err(|message| {
        wrong(
            message,
            "a file of values is a YAML mapping from names to strings, numbers or booleans",
        )
    })
}

fn of_text(path: &Path, text: String) -> Result<BTreeMap<String, String>, String> {
    let shown = path.display();
    let mut texts = Texts::default();
    let source = texts.add(shown.to_string(), text);
    let text = &texts.get(source).text;
    // As manifests are: the library below knows no bound in depth, and takes the last of duplicate keys. What it and
    // this say of a problem may quote a value.
    let documents = yaml::load(source, text).map_err(|problems| {
        let at = |place: Option<&Place>| place.map_or(1, |at| texts.start(at).line);
        let Some(problem) = problems.first() else {
            return format!("{shown}: not a YAML mapping");
        };
        let (place, code) = (problem.place.as_ref(), problem.code.0);
        let line = at(place);
        match (place.and_then(|at| written(text, at)), problem.also.first()) {
            (Some(key), Some((first, _))) if code == "yaml-duplicate-key" => {
                let first = at(Some(first));
                format!("{shown}:{line}: `{key}` is there twice; the first stands at line {first}")
            }
            _ => format!("{shown}:{line}: not a YAML mapping ({code})"),
        }
    })?;
    let values: BTreeMap<String, Scalar> = serde_yaml::from_str(text).map_err(|error| {
        let line = error
            .location()
            .map(|at| format!(":{}", at.line()))
            .unwrap_or_default();
        format!("{shown}{line}: not a YAML mapping from names to strings, numbers or booleans")
    })?;
    if let Some(name) = values.keys().find(|name| !is_name(name)) {
        return Err(format!(
            "{shown}: `{name}` is not a name: use letters, digits and `_`"
        ));
    }
    let as_written = |name: &str| {
        let members = documents.iter().filter_map(|document| document.get(name));
        let at = members.map(|member| &member.value.at).next_back()?;
        written(text, at).map(str::to_owned)
    };
    let texts = values.into_iter().map(|(name, value)| {
        let text = match value {
            Scalar::Flag(on) => on.to_string(),
            Scalar::Whole(number) => number.to_string(),
            // `1.10` must not become `1.1`.
            Scalar::Fraction(number) => as_written(&name).unwrap_or_else(|| number.to_string()),
            Scalar::Text(text) => text,
        };
        (name, text)
    });
    Ok(texts.collect())
}

/// What is at a place.
fn written<'t>(text: &'t str, at: &Place) -> Option<&'t str> {
    text.get(at.bytes.start as usize..at.bytes.end as usize)
}
