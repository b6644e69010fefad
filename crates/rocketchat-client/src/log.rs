//! What a log says of requests: a line for each (`-v`), or headers and bodies with masks (`-vv`).

use std::fmt::Write;
use std::time::Duration;

use http::{HeaderMap, HeaderName, header};
use tracing::{Level, debug, enabled, info};

use super::concurrency::Change;
use super::credentials::TOKEN_HEADER;
use super::error::ServerError;
use super::transport::{Request, Response, SendError};
use super::{json, mask};
use crate::escape;
use crate::redactor::Redactor;
use crate::secret::MASK;

/// The target of everything that is logged here.
pub(crate) const TARGET: &str = "rocketchat_client";

/// Headers that are never shown, from whomever they come.
const MASKED: [HeaderName; 4] = [
    TOKEN_HEADER,
    header::AUTHORIZATION,
    header::COOKIE,
    header::SET_COOKIE,
];

/// A request, before it is sent.
pub(super) fn request(request: &Request, redactor: &Redactor) {
    if enabled!(target: TARGET, Level::DEBUG) {
        let (method, uri) = (request.method(), redactor.mask(&request.uri().to_string()));
        let headers = headers(request.headers(), redactor);
        let body = body(request.body(), redactor);
        debug!(target: TARGET, "> {method} {uri}{headers}{body}");
    }
}

/// What came of it.
pub(super) fn outcome(
    line: &str,
    result: &Result<Response, SendError>,
    took: Duration,
    redactor: &Redactor,
) {
    let ms = took.as_millis();
    let answer = match result {
        Ok(answer) => answer,
        Err(error) => {
            let what = match error {
                SendError::NotSent(_) => "not sent",
                SendError::Unknown(_) | SendError::Overlarge(_) => "no answer",
            };
            let why = redactor.quote(&error.to_string());
            info!(target: TARGET, "{line}: {what} after {ms} ms: {why}");
            return;
        }
    };
    info!(target: TARGET, "{line}: {} in {ms} ms", answer.status().as_u16());
    if enabled!(target: TARGET, Level::DEBUG) {
        let status = answer.status();
        let headers = headers(answer.headers(), redactor);
        let body = body(answer.body(), redactor);
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
    info!(target: TARGET, "{endpoint}: retrying in {} ms: {why}", pause.as_millis());
}

/// Another number of requests at once.
pub(super) fn concurrency(Change { from, to, why }: &Change) {
    info!(target: TARGET, "concurrency {from} -> {to}: {why}");
}

fn headers(headers: &HeaderMap, redactor: &Redactor) -> String {
    let mut shown = String::new();
    for (name, value) in headers {
        let masked = value.is_sensitive() || MASKED.contains(name);
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = if masked { MASK } else { &value };
        let name = redactor.mask(name.as_str());
        // Writing to a string cannot fail.
        let _ = write!(shown, "\n  {name}: {}", redactor.quote(value));
    }
    shown
}

/// A body with masks: by its fields, and wherever a known secret stands. Of what is not JSON, its first line.
fn body(bytes: &[u8], redactor: &Redactor) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    let shown = match json::read(bytes, json::MOST_VALUES) {
        Ok(mut json) => {
            mask::mask(&mut json, redactor);
            escape::line(&redactor.mask(&json.to_string()))
        }
        Err(_) if bytes.starts_with(b"{") || bytes.starts_with(b"[") => {
            "(JSON that cannot be read)".to_owned()
        }
        Err(_) => redactor.quote(&String::from_utf8_lossy(bytes)),
    };
    format!("\n  {shown}")
}
