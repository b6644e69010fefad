//! How values and comments are written as YAML. The library decides about quotes; what is chosen here is what
//! people read: scripts as blocks, short lists in a line, no text over several lines but a script.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_saphyr::{DoubleQuoted, FlowMap, FlowSeq, LitStr};

use super::Unwritable;
use crate::escape;

/// Above this many characters a list is written with one item a line.
const LONGEST_LINE: usize = 80;

/// A value as the manifest writes it.
#[derive(Clone, Debug)]
pub(super) enum Yaml {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<String>),
    /// A script's text.
    Script(String),
    /// The file that holds a script.
    File(String),
}

/// A mapping in the order it was made.
pub(super) struct Mapping<'a>(pub(super) &'a [(&'static str, Yaml)]);

/// One text. Anything that would take several lines is written in one, escaped. What starts with a sign is quoted, and
/// what has a `:` before one that means something in a list: readers differ about them.
struct Line<'a>(&'a str);

/// What some readers take for the end of a key, inside brackets.
const ENDS_OF_KEYS: [&str; 6] = [":?", ":,", ":[", ":]", ":{", ":}"];

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let plain = self.0.starts_with(char::is_alphanumeric)
            && !ENDS_OF_KEYS.iter().any(|end| self.0.contains(end));
        if !plain || escape::contains_control_or_bidi(self.0) {
            DoubleQuoted(self.0).serialize(to)
        } else {
            to.serialize_str(self.0)
        }
    }
}

impl Serialize for Yaml {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Flag(on) => to.serialize_bool(*on),
            Self::Number(number) => to.serialize_i64(*number),
            Self::Text(text) => Line(text).serialize(to),
            Self::List(items) => list(items, to),
            // Not every reader takes a block whose first line starts with a tab.
            Self::Script(text) if text.trim_start_matches([' ', '\n']).starts_with('\t') => {
                DoubleQuoted(text.as_str()).serialize(to)
            }
            Self::Script(text)
                if text
                    .lines()
                    .any(|line| escape::contains_control_or_bidi(&line.replace('\t', ""))) =>
            {
                DoubleQuoted(text.as_str()).serialize(to)
            }
            Self::Script(text) => LitStr(text).serialize(to),
            Self::File(path) => FlowMap(File { file: Line(path) }).serialize(to),
        }
    }
}

#[derive(Serialize)]
struct File<'a> {
    file: Line<'a>,
}

fn list<S: Serializer>(items: &[String], to: S) -> Result<S::Ok, S::Error> {
    let lines: Vec<_> = items.iter().map(|item| Line(item)).collect();
    let length: usize = items.iter().map(|item| item.chars().count() + 4).sum();
    if length <= LONGEST_LINE {
        return FlowSeq(lines).serialize(to);
    }
    let mut sequence = to.serialize_seq(Some(lines.len()))?;
    for line in &lines {
        sequence.serialize_element(line)?;
    }
    sequence.end()
}

impl Serialize for Mapping<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// A value as YAML.
pub(super) fn yaml(value: &impl Serialize) -> Result<String, Unwritable> {
    // A line folded by the writer would be exact and unreadable in a diff.
    let options = serde_saphyr::ser_options! {
        folded_wrap_chars: usize::MAX,
        compact_list_indent: false,
    };
    let text = serde_saphyr::to_string_with_options(value, options)
        .map_err(|error| Unwritable(error.to_string()))?;
    // What turns the direction of text is in double quotes, and the library leaves it as it is there.
    Ok(escape::json(&text))
}

/// A text with every line moved to the right. Blocks move as a whole, so that what they read stays the same.
pub(super) fn indented(text: &str) -> String {
    let line = |line: &str| match line {
        "\n" => line.to_owned(),
        _ => format!("  {line}"),
    };
    text.split_inclusive('\n').map(line).collect()
}

/// A comment between entries. The text must be one line.
pub(super) fn comment(line: &str) -> String {
    format!("  # {line}").trim_end().to_owned() + "\n"
}

/// A text from the server in one line, whatever it holds.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' => line.push(character),
            _ => line.extend(character.escape_debug()),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_end_a_key_in_brackets_is_quoted() {
        let list = |item: &str| yaml(&Yaml::List(vec![item.to_owned()])).unwrap();
        for item in ["a:?", "a:, b", "a:[b", "a:]", "a:{b", "a:}"] {
            assert_eq!(list(item), format!("[\"{item}\"]\n"));
        }
        assert_eq!(list("https://a.org"), "[https://a.org]\n");
    }
}
