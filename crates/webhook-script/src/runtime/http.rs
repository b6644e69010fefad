//! The HTTP calls of scripts: what goes out, and what the caller has answered. None is made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use url::Url;

use crate::value::Value;

/// A call that a script makes through `fetch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpCall {
    /// Where to, with the query that `params` adds.
    pub url: String,
    /// The method, in upper case.
    pub method: String,
    /// The headers that the script or the body causes, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Option<String>,
}

/// What a called server answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpAnswer {
    /// An answer.
    Response {
        /// The status code.
        status: u16,
        /// The headers, in order.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },
    /// The connection fails, with this reason: `connect ECONNREFUSED 127.0.0.1:9`.
    Fail(String),
    /// Nobody says what it would be: the outcome cannot be told.
    Unknown,
}

/// Answers the calls of scripts. A function is one, and so are [`Answers`].
pub trait Http {
    /// What the called server answers.
    fn answer(&mut self, call: &HttpCall) -> HttpAnswer;
}

impl<F: FnMut(&HttpCall) -> HttpAnswer> Http for F {
    fn answer(&mut self, call: &HttpCall) -> HttpAnswer {
        self(call)
    }
}

/// Answers in order, the last one again and again; with none, no answer is known.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    list: Vec<HttpAnswer>,
    next: usize,
}

impl Answers {
    /// These, in order.
    pub fn new(list: Vec<HttpAnswer>) -> Self {
        Self { list, next: 0 }
    }
}

impl Http for Answers {
    fn answer(&mut self, _: &HttpCall) -> HttpAnswer {
        let at = self.next.min(self.list.len().saturating_sub(1));
        self.next += 1;
        self.list.get(at).cloned().unwrap_or(HttpAnswer::Unknown)
    }
}

/// What the server's `fetch` throws, in the words that reach the script.
pub(super) struct Failure {
    /// Whether it is a `TypeError`; else an `Error`.
    pub(super) is_type_error: bool,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn of_type(message: impl Into<String>) -> Self {
        Self {
            is_type_error: true,
            message: message.into(),
        }
    }

    pub(super) fn plain(message: impl Into<String>) -> Self {
        Self {
            is_type_error: false,
            message: message.into(),
        }
    }
}

/// The call that the arguments of `fetch` come to.
pub(super) fn call(arguments: &[Value]) -> Result<HttpCall, Failure> {
    let none = Value::Undefined;
    let target = arguments.first().unwrap_or(&none);
    let options = arguments.get(1).unwrap_or(&none);
    let mut url = Url::parse(&target.to_text()).map_err(|_| Failure::of_type("Invalid URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Failure::of_type("Only HTTP(S) protocols are supported"));
    }
    if let Some(Value::Object(params)) = options.get("params") {
        let given = params.iter().filter(|(_, value)| value.is_truthy());
        let given: Vec<_> = given.map(|(key, value)| (key, value.to_text())).collect();
        if !given.is_empty() {
            url.query_pairs_mut().extend_pairs(given);
        }
    }
    let method = options.get("method").filter(|method| method.is_truthy());
    let method = method.map_or_else(|| "GET".to_owned(), |it| it.to_text().to_uppercase());
    let mut headers = headers(options.get("headers"));
    let body = body(options.get("body"), &mut headers);
    if body.is_some() && matches!(method.as_str(), "GET" | "HEAD") {
        return Err(Failure::of_type(
            "Request with GET/HEAD method cannot have body",
        ));
    }
    Ok(HttpCall {
        url: url.into(),
        method,
        headers,
        body,
    })
}

fn headers(given: Option<&Value>) -> BTreeMap<String, String> {
    let pairs: Vec<(String, String)> = match given {
        Some(Value::Object(entries)) => entries
            .iter()
            .map(|(name, value)| (name.clone(), value.to_text()))
            .collect(),
        Some(Value::Array(pairs)) => pairs
            .iter()
            .filter_map(|pair| match pair {
                Value::Array(pair) => Some((pair.first()?.to_text(), pair.get(1)?.to_text())),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let lower = |(name, value): (String, String)| (name.to_lowercase(), value);
    pairs.into_iter().map(lower).collect()
}

/// The body, and the content type that comes with it.
fn body(given: Option<&Value>, headers: &mut BTreeMap<String, String>) -> Option<String> {
    const TYPE: &str = "content-type";
    let body = given.filter(|body| !matches!(body, Value::Undefined | Value::Null))?;
    let form = "application/x-www-form-urlencoded";
    let is_form = headers.get(TYPE).is_some_and(|kind| kind.contains(form));
    Some(match body {
        Value::Object(_) | Value::Array(_) if !is_form => {
            headers.insert(TYPE.into(), "application/json".into());
            body.to_plain_json().unwrap_or(Json::Null).to_string()
        }
        Value::ArrayBuffer(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        body => {
            let kind = headers.entry(TYPE.into());
            kind.or_insert_with(|| "text/plain;charset=UTF-8".into());
            body.to_text()
        }
    })
}

/// Whether `json()` of a response comes to what the body says.
pub(super) fn json(url: &str, body: &str) -> Result<(), Failure> {
    let parsed: Result<Json, _> = serde_json::from_str(body);
    match parsed {
        Err(_) => Err(Failure::plain(format!(
            "invalid json response body at {url} reason: {}",
            reason(body)
        ))),
        // The server's copying code takes `null` for an object.
        Ok(parsed) if holds_null(&parsed) => Err(Failure::of_type(
            "object null is not iterable (cannot read property Symbol(Symbol.iterator))",
        )),
        Ok(_) => Ok(()),
    }
}

/// Why V8 does not parse a text as JSON, as far as it is regular.
fn reason(body: &str) -> String {
    let body = body.trim_start();
    match body.chars().next() {
        None => "Unexpected end of JSON input".into(),
        Some('{') => "Expected property name or '}' in JSON at position 1".into(),
        Some(first) => format!("Unexpected token '{first}', \"{body}\" is not valid JSON"),
    }
}

fn holds_null(json: &Json) -> bool {
    match json {
        Json::Null => true,
        Json::Array(items) => items.iter().any(holds_null),
        Json::Object(entries) => entries.values().any(holds_null),
        _ => false,
    }
}

/// The words that belong to a status code.
pub(super) fn status_text(status: u16) -> &'static str {
    let status = http::StatusCode::from_u16(status).ok();
    status
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}
