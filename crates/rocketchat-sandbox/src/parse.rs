//! From bytes to values, with the server's forbearance: query strings, JSON and form bodies.
//!
//! Malformed JSON and unknown content types are an empty object, never an error (docs/server.md#request-bodies).

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::js;

/// The body as a handler sees it. Lists stay lists; other values that are no object become an empty one.
pub(super) fn body(headers: &HeaderMap, bytes: &[u8]) -> Value {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    body_of_kind(kind, bytes)
}

/// The same of a content type.
pub(super) fn body_of_kind(kind: &str, bytes: &[u8]) -> Value {
    if kind.contains("application/json") {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match serde_json::from_slice(bytes) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => js::numbers(value),
            _ => json!({}),
        }
    } else if kind.contains("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(bytes);
        let fields = pairs.map(|(key, value)| (key.into_owned(), value.into_owned().into()));
        Value::Object(fields.collect())
    } else {
        json!({})
    }
}

/// How many parameters a query may have.
const PARAMETERS: usize = 1000;
/// How many values one of them may have.
const VALUES: usize = 500;

/// The query: a repeated key is a list, `key[]` and `key[0]` always are, `key[part]` is an object.
pub(super) fn query(text: &str) -> Map<String, Value> {
    let mut query = Map::new();
    for (key, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = Value::from(value.into_owned());
        match key.strip_suffix(']').and_then(|key| key.split_once('[')) {
            Some((key, part)) if !key.is_empty() && is_index(part) => {
                append(&mut query, key, value, true);
            }
            Some((key, part)) if !key.is_empty() => {
                if let Value::Object(object) = query.entry(key).or_insert_with(|| json!({})) {
                    object.insert(part.to_owned(), value);
                }
            }
            _ => append(&mut query, &key, value, false),
        }
    }
    query
}

/// How deep the parts in brackets of a nested query reach.
const DEPTH: usize = 5;

/// The query as scripts of webhooks see it: `a[b][c]` is an object in an object.
pub(super) fn nested(text: &str) -> Value {
    let mut query = json!({});
    for (key, value) in url::form_urlencoded::parse(text.as_bytes()).take(PARAMETERS) {
        let (first, rest) = key.split_once('[').unwrap_or((&key, ""));
        let parts = rest.split('[').filter_map(|part| part.strip_suffix(']'));
        let mut place = &mut query[first];
        for part in parts.take(DEPTH) {
            if part.is_empty() {
                if !place.is_array() {
                    *place = json!([]);
                }
                break;
            }
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[part];
        }
        match place {
            Value::Null => *place = value.into_owned().into(),
            Value::Array(items) => items.push(value.into_owned().into()),
            Value::Object(_) => {}
            first => *first = Value::Array(vec![first.take(), value.into_owned().into()]),
        }
    }
    query
}

/// Whether a query is small enough to be read at all (docs/server.md#schema-errors).
pub(super) fn is_readable(text: &str) -> bool {
    let few = |value: &Value| value.as_array().is_none_or(|items| items.len() <= VALUES);
    text.split('&').count() <= PARAMETERS && query(text).values().all(few)
}

/// Whether the part in brackets stands for a place in a list.
fn is_index(part: &str) -> bool {
    part.is_empty() || part.parse::<usize>().is_ok_and(|index| index <= VALUES)
}

/// Adds one value of a key.
fn append(query: &mut Map<String, Value>, key: &str, value: Value, list: bool) {
    match query.get_mut(key) {
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None if list => drop(query.insert(key.to_owned(), Value::Array(vec![value]))),
        None => drop(query.insert(key.to_owned(), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read_as_the_server_reads_them() {
        for (text, value) in [
            ("a=1&b=x%20y", json!({"a": "1", "b": "x y"})),
            ("a=1&a=2&a=3", json!({"a": ["1", "2", "3"]})),
            ("a[]=1", json!({"a": ["1"]})),
            ("a%5B%5D=1&a[]=2", json!({"a": ["1", "2"]})),
            ("a[b]=1", json!({"a": {"b": "1"}})),
            ("a[0]=1", json!({"a": ["1"]})),
            ("a[501]=1", json!({"a": {"501": "1"}})),
            ("a=1=2&b&&c=+%2B", json!({"a": "1=2", "b": "", "c": " +"})),
            ("", json!({})),
        ] {
            assert_eq!(Value::Object(query(text)), value, "{text}");
        }
    }

    #[test]
    fn a_query_of_very_many_values_is_not_read() {
        for (pair, times, readable) in [
            ("a=1", 500, true),
            ("a[]=1", 501, false),
            ("", 1000, true),
            ("", 1001, false),
        ] {
            assert_eq!(
                is_readable(&vec![pair; times].join("&")),
                readable,
                "{pair} {times}"
            );
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
