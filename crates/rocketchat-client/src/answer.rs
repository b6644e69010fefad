//! An answer, told apart: an object that says `success`, or which error it is.
//!
//! The order of evidence (docs/server.md#error-shapes): what the body says counts before the status.

use std::time::Duration;

use http::{StatusCode, header};
use serde_json::{Map, Value as Json};
use url::Url;

use super::base_url::BaseUrl;
use super::error::ServerError;
use super::transport::Response;
use super::{json, limits, login};
use crate::redactor::{Redactor, ServerText};

/// What was asked, as far as it explains an answer.
pub(super) struct Asked<'a> {
    /// The whole URL.
    pub(super) url: &'a Url,
    /// The endpoint below the base URL.
    pub(super) endpoint: &'a str,
    /// What must not be quoted.
    pub(super) redactor: &'a Redactor,
    /// The time of the answer, in milliseconds since the epoch.
    pub(super) now: u64,
    /// How many values it may hold.
    pub(super) most_values: usize,
}

/// The object that was asked for.
pub(super) fn read(answer: &Response, asked: &Asked<'_>) -> Result<Map<String, Json>, ServerError> {
    let status = answer.status();
    if status.is_redirection() {
        return Err(redirected(answer, asked));
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Err(ServerError::TooLarge);
    }
    match json::read(answer.body(), asked.most_values) {
        Ok(Json::Object(object)) => object_of(status, object, answer, asked),
        Ok(_) if status.is_success() => Err(ServerError::Undecodable(
            "it is JSON, but not an object".to_owned(),
        )),
        Err(why @ json::NotRead::TooMany(_)) => Err(ServerError::Undecodable(why.to_string())),
        Ok(_) | Err(json::NotRead::Malformed) => Err(not_json(answer, asked)),
    }
}

fn object_of(
    status: StatusCode,
    object: Map<String, Json>,
    answer: &Response,
    asked: &Asked<'_>,
) -> Result<Map<String, Json>, ServerError> {
    let said = object.get("success").and_then(Json::as_bool);
    // Logins of early servers say nothing else (docs/server.md#login).
    let success = said.or_else(|| (object.get("status")? == "success").then_some(true));
    match (status.is_success(), success) {
        (true, Some(true)) => Ok(object),
        (true, None) => Err(ServerError::Undecodable(
            "it does not say `success`".to_owned(),
        )),
        _ => Err(refusal(status, &object, answer, asked)),
    }
}

/// Which refusal a JSON object is.
fn refusal(
    status: StatusCode,
    object: &Map<String, Json>,
    answer: &Response,
    asked: &Asked<'_>,
) -> ServerError {
    let text = |key| object.get(key).and_then(Json::as_str);
    let said = text("error")
        .or_else(|| text("message"))
        .unwrap_or_default();
    let (said, bracketed) = split_code(said);
    let code = text("errorType").or(bracketed);
    let words = asked.redactor.quote_all(said);
    // 0.74 refused with 400 and this code (docs/server.md#rate-limits).
    if status == StatusCode::TOO_MANY_REQUESTS || code == Some("error-too-many-requests") {
        return ServerError::TooMany {
            wait: wait(answer, said, asked),
        };
    }
    if code.is_some_and(login::wants_second_factor) {
        return login::second_factor(object, asked.redactor);
    }
    match status {
        StatusCode::UNAUTHORIZED if asked.endpoint == login::LOGIN => {
            login::refusal(object, words, asked.redactor)
        }
        StatusCode::UNAUTHORIZED => ServerError::Unauthorised,
        StatusCode::FORBIDDEN if is_of_route(object, said, bracketed) => {
            ServerError::Forbidden { words }
        }
        // From 9.0 on every refusal of this kind has one `errorType`: what it was is in `error`.
        StatusCode::FORBIDDEN => {
            let (code, words) = match bracketed {
                Some(code) => (Some(code), words),
                None if !said.contains(' ') => (Some(said), String::new()),
                None => (code, words),
            };
            ServerError::Rejected {
                status,
                code: code.map(|code| asked.redactor.quote(code)),
                words,
            }
        }
        _ => ServerError::Rejected {
            status,
            code: code.map(|code| asked.redactor.quote(code)),
            words,
        },
    }
}

/// Whether a 403 says that the account may not use the endpoint at all, as the server's gate does before it looks at
/// anything else; or comes from something in front of the server. Else it is about one record, or one type.
fn is_of_route(object: &Map<String, Json>, said: &str, code: Option<&str>) -> bool {
    let old = said == "unauthorized";
    let new = code == Some("error-unauthorized") || said == "error-unauthorized";
    old || new || object.get("success").is_none()
}

/// Splits `Invalid room [error-invalid-room]` into the words and the code.
fn split_code(said: &str) -> (&str, Option<&str>) {
    let split = said
        .trim_end()
        .strip_suffix(']')
        .and_then(|rest| rest.rsplit_once('['))
        .filter(|(_, code)| !code.is_empty() && !code.contains(char::is_whitespace));
    match split {
        Some((words, code)) => (words.trim_end(), Some(code)),
        None => (said, None),
    }
}

/// Which error an answer is that is no JSON object (docs/server.md#answers-that-are-not-json).
fn not_json(answer: &Response, asked: &Asked<'_>) -> ServerError {
    let status = answer.status();
    let text = String::from_utf8_lossy(answer.body());
    // JSON that breaks off is not quoted: it may hold the tokens of records.
    let broken = text.trim_start().starts_with(['{', '[']);
    let line = if broken {
        String::new()
    } else {
        asked.redactor.quote(&text)
    };
    match status {
        StatusCode::TOO_MANY_REQUESTS => ServerError::TooMany {
            wait: wait(answer, "", asked),
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ServerError::Gateway { status, line },
        _ if status.is_success() && broken => {
            ServerError::Undecodable(json::NotRead::Malformed.to_string())
        }
        StatusCode::NOT_FOUND => ServerError::NotRocketChat { status, line },
        _ if status.is_success() => ServerError::NotRocketChat { status, line },
        _ => ServerError::UnexpectedStatus { status, line },
    }
}

fn redirected(answer: &Response, asked: &Asked<'_>) -> ServerError {
    let location = answer.headers().get(header::LOCATION);
    let location = location.and_then(|to| to.to_str().ok());
    let elsewhere = |to: &str| ServerError::Redirected {
        to: to.to_owned(),
        base: None,
    };
    if let Some(location) = location.filter(|to| asked.redactor.finds_in(to)) {
        // As a URL it would be written in another way, in which a secret might not be found.
        return elsewhere(&asked.redactor.quote(location));
    }
    let Some(mut to) = location.and_then(|to| asked.url.join(to).ok()) else {
        return elsewhere("nowhere");
    };
    let base = BaseUrl::behind(&to, asked.endpoint);
    let base = base.map(|base| ServerText::new(base.to_string(), asked.redactor));
    to.set_query(None);
    to.set_fragment(None);
    // Both fail only for URLs that cannot have user info.
    let _ = to.set_username("");
    let _ = to.set_password(None);
    ServerError::Redirected {
        to: asked.redactor.quote(to.as_str()),
        base,
    }
}

fn wait(answer: &Response, said: &str, asked: &Asked<'_>) -> Option<Duration> {
    limits::retry_after(answer.headers(), said, asked.now)
}
