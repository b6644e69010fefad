//! JSON of a server, held to a size before it is built.
//!
//! Texts take the room in memory that they take on the wire. What does not is many small values: `[0,0,…` becomes sixteen
//! times as large. So they are counted first.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::error::Category;
use thiserror::Error;

/// The most values in an answer, in objects and lists of all depths: ten thousand records have a third of it.
const MOST_VALUES: usize = 1_000_000;

/// Up to here no count of values can do harm.
const SMALL: usize = 4 * 1024 * 1024;

/// Why a text is not read as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum NotRead {
    /// It is none.
    #[error("it is JSON that breaks off, is malformed or is nested too deeply")]
    Malformed,
    /// It is too much of it.
    #[error("it holds more than {MOST_VALUES} values")]
    TooMany,
}

/// The values of a JSON text.
pub(super) fn read(bytes: &[u8]) -> Result<Json, NotRead> {
    if bytes.len() > SMALL && most_values(bytes) > MOST_VALUES {
        let mut left = MOST_VALUES;
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let counted = Count { left: &mut left }.deserialize(&mut reader);
        counted.map_err(|error| match error.classify() {
            Category::Data => NotRead::TooMany,
            Category::Io | Category::Syntax | Category::Eof => NotRead::Malformed,
        })?;
    }
    serde_json::from_slice(bytes).map_err(|_| NotRead::Malformed)
}

/// No text holds more values than this: each follows one of these signs, but for the outermost. To count the signs is
/// quick; those that stand in texts are too many.
fn most_values(bytes: &[u8]) -> usize {
    let sign = |byte: &u8| u8::from(matches!(byte, b',' | b'[' | b'{'));
    // A byte holds the count of so many, and bytes are added many at a time.
    let stretches = bytes.chunks(usize::from(u8::MAX));
    let counts = stretches.map(|stretch| usize::from(stretch.iter().map(sign).sum::<u8>()));
    counts.sum::<usize>() + 1
}

/// Counts values down, and fails when none is left.
struct Count<'a> {
    left: &'a mut usize,
}

impl Count<'_> {
    fn again(&mut self) -> Count<'_> {
        Count { left: self.left }
    }

    fn one(self) {
        *self.left = self.left.saturating_sub(1);
    }
}

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if *self.left == 0 {
            return Err(de::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.one();
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.one();
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.one();
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.one();
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.one();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.one();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self.again())?.is_some() {}
        self.one();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key::<IgnoredAny>()?.is_some() {
            entries.next_value_seed(self.again())?;
        }
        self.one();
        Ok(())
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
            let text = list_of(item, SMALL / item.len() + 1);
            assert_eq!(read(text.as_bytes()), Err(NotRead::TooMany), "{item}");
        }
        let text = list_of(&format!("\"{}\"", "x".repeat(1000)), 5000);
        assert_eq!(
            read(text.as_bytes()).unwrap().as_array().map(Vec::len),
            Some(5000)
        );
    }

    #[test]
    fn there_are_never_more_values_than_signs() {
        for (text, values) in [
            ("0", 1),
            ("[0,[],{},null]", 5),
            (r#"{"a":1,"b":{"c":[2,3]}}"#, 6),
            (r#""[,{""#, 1),
        ] {
            let mut left = 100;
            let mut reader = serde_json::Deserializer::from_str(text);
            Count { left: &mut left }.deserialize(&mut reader).unwrap();
            assert_eq!(100 - left, values, "{text}");
            assert!(most_values(text.as_bytes()) >= values, "{text}");
        }
        assert_eq!(most_values(&[b','; 1000]), 1001);
    }

    #[test]
    fn what_is_large_is_refused_for_its_depth_too() {
        let deep = "[".repeat(SMALL + 1);
        assert_eq!(read(deep.as_bytes()), Err(NotRead::Malformed));
    }
}
