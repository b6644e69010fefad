//! From bytes to values, with the server's forbearance: query strings, JSON and form bodies.
//!
//! Malformed JSON and unknown content types are an empty object, never an error (reference 9.3).

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::js;

/// The body as a handler sees it. Lists stay lists; other values that are no object become an empty one.
pub(super) fn body(headers: &HeaderMap, bytes: &[u8]) -> Value {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    if kind.contains("application/json") {
        match serde_json::from_slice(bytes) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => js::whole_numbers(value),
            _ => Value::Object(Map::new()),
        }
    } else if kind.contains("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(bytes);
        Value::Object(
            pairs
                .map(|(key, value)| (key.into_owned(), Value::from(value.into_owned())))
                .collect(),
        )
    } else {
        Value::Object(Map::new())
    }
}

/// The query: a repeated key is a list, `key[]` always is, `key[part]` is an object.
pub(super) fn query(text: &str) -> Map<String, Value> {
    let mut query = Map::new();
    for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = Value::from(value.into_owned());
        match key.strip_suffix(']').and_then(|key| key.split_once('[')) {
            Some((key, "")) if !key.is_empty() => append(&mut query, key, value, true),
            Some((key, part)) if !key.is_empty() => {
                let entry = query
                    .entry(key)
                    .or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(object) = entry {
                    object.insert(part.to_owned(), value);
                }
            }
            _ => append(&mut query, &key, value, false),
        }
    }
    query
}

/// Adds one value of a key.
fn append(query: &mut Map<String, Value>, key: &str, value: Value, list: bool) {
    match query.get_mut(key) {
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => drop(query.insert(
            key.to_owned(),
            if list {
                Value::Array(vec![value])
            } else {
                value
            },
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queries_are_read_as_the_server_reads_them() {
        for (text, value) in [
            ("a=1&b=x%20y", json!({"a": "1", "b": "x y"})),
            ("a=1&a=2&a=3", json!({"a": ["1", "2", "3"]})),
            ("a[]=1", json!({"a": ["1"]})),
            ("a%5B%5D=1&a[]=2", json!({"a": ["1", "2"]})),
            ("a[b]=1", json!({"a": {"b": "1"}})),
            ("", json!({})),
        ] {
            assert_eq!(Value::Object(query(text)), value, "{text}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_an_empty_object() {
        let read = |kind: &str, bytes: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().expect("a header"));
            body(&headers, bytes.as_bytes())
        };
        assert_eq!(
            read("application/json; charset=utf-8", "{\"a\":1,\"a\":2}"),
            json!({"a": 2})
        );
        assert_eq!(read("application/json", "[]"), json!([]));
        for (kind, bytes) in [
            ("application/json", "{"),
            ("application/json", "5"),
            ("text/plain", "{\"a\":1}"),
        ] {
            assert_eq!(read(kind, bytes), json!({}), "{kind} {bytes}");
        }
        assert_eq!(
            read("application/x-www-form-urlencoded", "a=b+c&a=d"),
            json!({"a": "d"})
        );
    }
}
