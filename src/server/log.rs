//! What a log says of requests: a line for each (`-v`), or headers and bodies with masks (`-vv`).

use std::fmt::Write;
use std::time::Duration;

use http::{HeaderMap, HeaderName, header};
use serde_json::Value as Json;
use tracing::{Level, debug, enabled, info};

use super::credentials::TOKEN_HEADER;
use super::error::ServerError;
use super::quote::Blanks;
use super::transport::{Request, Response, SendError};
use super::{json, wire};
use crate::escape;
use crate::secret::MASK;

/// The target of everything that is logged here.
pub(crate) const TARGET: &str = "rcsync::http";

/// Headers that are never shown, from whomever they come.
const MASKED: [HeaderName; 4] = [
    TOKEN_HEADER,
    header::AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
];

/// A request, before it is sent.
pub(super) fn request(request: &Request) {
    if enabled!(target: TARGET, Level::DEBUG) {
        let (method, uri) = (request.method(), request.uri());
        let headers = headers(request.headers());
        // What we send is masked by its fields.
        let body = body(request.body(), &Blanks::default());
        debug!(target: TARGET, "> {method} {uri}{headers}{body}");
    }
}

/// What came of it.
pub(super) fn outcome(
    line: &str,
    result: &Result<Response, SendError>,
    took: Duration,
    blanks: &Blanks,
) {
    let ms = took.as_millis();
    let answer = match result {
        Ok(answer) => answer,
        Err(SendError::NotSent(why)) => {
            info!(target: TARGET, "{line}: not sent after {ms} ms: {}", blanks.quote(why));
            return;
        }
        Err(SendError::Unknown(why) | SendError::Overlarge(why)) => {
            info!(target: TARGET, "{line}: no answer after {ms} ms: {}", blanks.quote(why));
            return;
        }
    };
    info!(target: TARGET, "{line}: {} in {ms} ms", answer.status().as_u16());
    if enabled!(target: TARGET, Level::DEBUG) {
        let status = answer.status();
        let headers = headers(answer.headers());
        // A refusal may quote what was sent; in a record every field is masked that may hold a secret.
        let long = blanks.long();
        let body = body(
            answer.body(),
            if status.is_success() { &long } else { blanks },
        );
        debug!(target: TARGET, "< {status}{headers}{body}");
    }
}

/// A wait that the rate limit asks for.
pub(super) fn waiting(endpoint: &str, wait: Duration) {
    let seconds = wait.as_secs_f64().ceil();
    info!(target: TARGET, "{endpoint}: waiting {seconds} s for the server's limit");
}

/// A request that is sent again after a pause.
pub(super) fn again(endpoint: &str, pause: Duration, why: &ServerError) {
    info!(target: TARGET, "{endpoint}: again in {} ms: {why}", pause.as_millis());
}

fn headers(headers: &HeaderMap) -> String {
    let mut shown = String::new();
    for (name, value) in headers {
        let masked = value.is_sensitive() || MASKED.contains(name);
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = if masked { MASK } else { &value };
        // Writing to a string cannot fail.
        let _ = write!(shown, "\n  {name}: {}", Blanks::default().quote(value));
    }
    shown
}

/// A body with masks; of what is no JSON, its first line.
fn body(bytes: &[u8], blanks: &Blanks) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let shown = match json::read(bytes) {
        Ok(mut json) => {
            wire::masked(&mut json);
            blank(&mut json, blanks);
            escape::line(&json.to_string())
        }
        Err(_) if bytes.starts_with(b"{") || bytes.starts_with(b"[") => {
            "(JSON that cannot be read)".to_owned()
        }
        Err(_) => blanks.quote(&String::from_utf8_lossy(bytes)),
    };
    format!("\n  {shown}")
}

/// Masks what is left of secrets in texts. Keys, numbers and flags hold none, nor do the fields of a record that are
/// not masked already.
fn blank(json: &mut Json, blanks: &Blanks) {
    match json {
        Json::String(text) => *text = blanks.blank(text),
        Json::Array(items) => items.iter_mut().for_each(|item| blank(item, blanks)),
        Json::Object(object) => {
            let others = object.iter_mut().filter(|(key, _)| !wire::is_field(key));
            others.for_each(|(_, value)| blank(value, blanks));
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}
