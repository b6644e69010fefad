//! JSON of a server, held to a number of values.
//!
//! Texts take the room in memory that they take on the wire. What does not is many small values: `[0,0,…` becomes sixteen
//! times as large. So they are counted while they are read.
//!
//! What the server compiled of a script is as long as the script, and all that anybody asks is whether there is something.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::error::Category;
use thiserror::Error;

/// The most values in an answer, in objects and lists of all depths: ten thousand records have a third of it.
pub(super) const MOST_VALUES: usize = 1_000_000;

/// The key of a text of which no more is kept than whether there is one, and whether it is the text of [`SCRIPT`].
pub(super) const COMPILED: &str = "scriptCompiled";
const SCRIPT: &str = "script";
/// What stands for a compiled script that is the script itself.
pub const AS_WRITTEN: &str = "as written";
/// What stands for another one.
const ANOTHER: &str = "another";

/// Why a text is not read as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum NotRead {
    /// It is none.
    #[error("the JSON ends early, is malformed or is nested too deeply")]
    Malformed,
    /// It is too much of it.
    #[error("it holds more than {0} values")]
    TooMany(usize),
}

/// The values of a JSON text, at most so many.
pub(super) fn read(bytes: &[u8], most: usize) -> Result<Json, NotRead> {
    let mut left = most;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Counted { left: &mut left }.deserialize(&mut reader);
    let whole = read.and_then(|json| reader.end().map(|()| json));
    whole.map_err(|error| match error.classify() {
        Category::Data => NotRead::TooMany(most),
        Category::Io | Category::Syntax | Category::Eof => NotRead::Malformed,
    })
}

/// Reads a value, and fails when there are more than are left.
struct Counted<'a> {
    left: &'a mut usize,
}

impl Counted<'_> {
    fn another(&mut self) -> Counted<'_> {
        Counted { left: self.left }
    }
}

impl<'de> DeserializeSeed<'de> for Counted<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        let left = self.left.checked_sub(1);
        *self.left = left.ok_or_else(|| de::Error::custom("too many values"))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counted<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.another())? {
            list.push(item);
        }
        list.shrink_to_fit();
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Json, A::Error> {
        // A map that grows takes up to twice the room, and all of it stays.
        let mut members = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self.another())?;
            members.push((key, value));
        }
        let of = |name| members.iter().position(|(key, _)| key == name);
        if let (Some(at), script) = (of(COMPILED), of(SCRIPT))
            && matches!(&members[at].1, Json::String(text) if !text.is_empty())
        {
            let same = script.is_some_and(|script| members[script].1 == members[at].1);
            members[at].1 = if same { AS_WRITTEN } else { ANOTHER }.into();
        }
        Ok(members.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list_of(item: &str, count: usize) -> String {
        format!("[{}{item}]", format!("{item},").repeat(count - 1))
    }

    #[test]
    fn many_small_values_are_refused_and_as_many_bytes_of_text_are_read() {
        for item in [
            "0",
            "[]",
            "{}",
            r#"{"":0}"#,
            "null",
            "true",
            r#""a""#,
            "-1",
            "1.5",
        ] {
            let text = list_of(item, MOST_VALUES);
            assert_eq!(
                read(text.as_bytes(), MOST_VALUES),
                Err(NotRead::TooMany(MOST_VALUES)),
                "{item}"
            );
        }
        let text = list_of(&format!("\"{}\"", "x".repeat(1000)), 5000);
        assert_eq!(
            read(text.as_bytes(), MOST_VALUES)
                .unwrap()
                .as_array()
                .map(Vec::len),
            Some(5000)
        );
    }

    #[test]
    fn every_value_counts_and_is_read_as_it_is() {
        for (text, values) in [
            ("0", 1),
            ("[0,[],{},null]", 5),
            (r#"{"a":1,"b":{"c":[2,-3.5]},"a":true}"#, 7),
            (r#""[,{\n\u00e4""#, 1),
        ] {
            let mut left = 100;
            let mut reader = serde_json::Deserializer::from_str(text);
            let read = Counted { left: &mut left }.deserialize(&mut reader);
            assert_eq!(read.unwrap(), text.parse::<Json>().unwrap(), "{text}");
            assert_eq!(100 - left, values, "{text}");
        }
        let most = list_of("0", MOST_VALUES - 1);
        assert!(read(most.as_bytes(), MOST_VALUES).is_ok());
    }

    fn read_one(text: &str) -> Json {
        read(text.as_bytes(), 100).unwrap()
    }

    #[test]
    fn of_a_compiled_script_it_is_kept_whether_there_is_one() {
        let text = r#"[{"scriptCompiled":"\u00e4b","script":"ab"},{"scriptCompiled":""},{"scriptCompiled":{"a":"bc"}}]"#;
        let read = read(text.as_bytes(), 100).unwrap().to_string();
        assert_eq!(read, text.replace(r"\u00e4b", ANOTHER));
        let same = read_one(r#"{"scriptCompiled":"ab","script":"ab"}"#);
        assert_eq!(same["scriptCompiled"], AS_WRITTEN);
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_malformed() {
        for text in ["", "[", "{} 1", "nope", &"[".repeat(2 * MOST_VALUES)] {
            assert_eq!(read(text.as_bytes(), MOST_VALUES), Err(NotRead::Malformed));
        }
    }
}
