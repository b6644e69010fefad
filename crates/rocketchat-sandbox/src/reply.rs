//! What goes in and out: requests, answers, and the refusals with their statuses and bodies.
//!
//! Owns the error model of docs/server.md#error-shapes. Which refusal applies is decided by `routes` and `rules`.

use std::borrow::Cow;
use std::net::IpAddr;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::profile::{Quirk, ServerProfile};
use super::schema::Part;

/// One request, and where it comes from.
#[derive(Clone, Debug)]
pub struct Request {
    /// The request with its whole body.
    pub http: http::Request<Bytes>,
    /// The address of the peer: the limiter counts by it.
    pub peer: IpAddr,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A whole response.
    Response(Response<Bytes>),
    /// A response of which only the first bytes of the body arrive before the connection is dropped.
    Cut(Response<Bytes>, usize),
    /// The connection is dropped without a word.
    Dropped,
}

impl Answer {
    /// The status, when one is sent.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Response(response) | Self::Cut(response, _) => Some(response.status().as_u16()),
            Self::Dropped => None,
        }
    }
}

/// Why a request is refused.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// A coded error was thrown: 400 with `errorType`.
    Coded {
        code: Cow<'static, str>,
        reason: Cow<'static, str>,
        details: Option<Value>,
    },
    /// A plain failure: 400 with a text.
    Plain(Cow<'static, str>),
    /// The request schema was not met.
    Schema(Part, Vec<String>),
    /// Not logged in.
    LoggedOut,
    /// The permission of the route is missing.
    Forbidden,
    /// Too many requests; how many seconds to wait.
    Limited(u64),
    /// No such path.
    UnknownPath,
    /// The path is there, with another method.
    WrongMethod(&'static str),
    /// A body of its own.
    Other(StatusCode, Value),
    /// A bare text.
    Text(StatusCode, &'static str),
    /// The state could not be written.
    Broken,
}

impl Refusal {
    /// A coded error whose details are one key.
    pub(super) fn coded(code: &'static str, reason: &'static str, place: Place) -> Self {
        Self::Coded {
            code: code.into(),
            reason: reason.into(),
            details: Some(match place {
                Place::Method(name) => json!({ "method": name }),
                Place::Function(name) => json!({ "function": name }),
            }),
        }
    }

    /// A coded error without details.
    pub(super) fn thrown(code: &'static str, reason: &'static str) -> Self {
        Self::Coded {
            code: code.into(),
            reason: reason.into(),
            details: None,
        }
    }
}

/// Where the server says that a coded error was thrown, if it says so.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Method(&'static str),
    Function(&'static str),
}

/// The text of every 401.
const LOGGED_OUT: &str = "You must be logged in to do this.";

impl Refusal {
    /// The response, as this version words it.
    pub(super) fn response(self, profile: &ServerProfile) -> Response<Bytes> {
        let failure = |error: Cow<'static, str>| json!({ "success": false, "error": error });
        let old_router = profile.has(Quirk::OldRouter);
        let alike = |code: &str| profile.has(Quirk::ForbidsAlike) && FORBIDDEN.contains(&code);
        let (status, body) = match self {
            Self::Coded { code, reason, .. } if alike(&code) => {
                (StatusCode::FORBIDDEN, forbidden(&worded(&code, &reason)))
            }
            Self::Plain(error) if alike(&error) => (StatusCode::FORBIDDEN, forbidden(&error)),
            Self::Coded {
                code,
                reason,
                details,
            } => (StatusCode::BAD_REQUEST, coded(&code, &reason, details)),
            Self::Plain(error) => (StatusCode::BAD_REQUEST, failure(error)),
            Self::Schema(part, messages) => {
                (StatusCode::BAD_REQUEST, schema(profile, part, &messages))
            }
            Self::LoggedOut => (StatusCode::UNAUTHORIZED, logged_out(profile)),
            Self::Forbidden => {
                let error = if profile.has(Quirk::ForbidsInOldWords) {
                    "unauthorized"
                } else {
                    "User does not have the permissions required for this action [error-unauthorized]"
                };
                if profile.has(Quirk::GateTellsType) {
                    return json_response(StatusCode::FORBIDDEN, &forbidden(error));
                }
                (StatusCode::FORBIDDEN, failure(error.into()))
            }
            Self::Limited(seconds) => {
                let error = format!(
                    "Error, too many requests. Please slow down. You must wait {seconds} seconds before trying this endpoint again. [error-too-many-requests]"
                );
                (StatusCode::TOO_MANY_REQUESTS, failure(error.into()))
            }
            Self::UnknownPath if old_router => (StatusCode::NOT_FOUND, no_endpoint()),
            Self::WrongMethod(allowed) if old_router => {
                let mut response = json_response(StatusCode::METHOD_NOT_ALLOWED, &no_endpoint());
                let allowed = HeaderValue::from_static(allowed);
                response.headers_mut().insert(ALLOW, allowed);
                return response;
            }
            Self::UnknownPath | Self::WrongMethod(_) => {
                return text_response(StatusCode::NOT_FOUND, "text/plain", "404 Not Found");
            }
            Self::Other(status, body) => (status, body),
            Self::Text(status, text) => return text_response(status, "text/plain", text),
            Self::Broken => {
                let error = if old_router {
                    "Internal error occured"
                } else {
                    "Internal server error"
                };
                (StatusCode::INTERNAL_SERVER_ERROR, failure(error.into()))
            }
        };
        json_response(status, &body)
    }
}

/// The codes that 9.0 answers alike.
const FORBIDDEN: [&str; 9] = [
    "error-not-allowed",
    "not-allowed",
    "not-authorized",
    "not_authorized",
    "no-permission",
    "error-not-authorized-federation",
    "error-not-authorized",
    "error-unauthorized",
    "unauthorized",
];

/// What 9.0 answers to what an account may not do.
fn forbidden(error: &str) -> Value {
    json!({ "success": false, "error": error, "errorType": "error-forbidden" })
}

/// The reason, a space, the code in brackets (docs/server.md#error-shapes).
fn worded(code: &str, reason: &str) -> String {
    let blank = if reason.is_empty() { "" } else { " " };
    format!("{reason}{blank}[{code}]")
}

/// A coded exception.
fn coded(code: &str, reason: &str, details: Option<Value>) -> Value {
    let error = worded(code, reason);
    let mut body = json!({ "success": false, "error": error, "errorType": code });
    if let Some(details) = details {
        body["details"] = details;
    }
    body
}

/// A schema failure in the words of the version (docs/server.md#schema-errors).
fn schema(profile: &ServerProfile, part: Part, messages: &[String]) -> Value {
    let typed = profile.has(Quirk::TypedRoutes);
    let suffixed = profile.has(Quirk::SchemaCodeSuffixed);
    let mut error = messages.join(if typed { "\n" } else { "\n " });
    if suffixed {
        error.push_str(" [invalid-params]");
    }
    let code = if suffixed || (typed && part == Part::Body) {
        "invalid-params"
    } else {
        "error-invalid-params"
    };
    json!({ "success": false, "errorType": code, "error": error })
}

/// The 401 of the version (docs/server.md#request-headers).
fn logged_out(profile: &ServerProfile) -> Value {
    if profile.has(Quirk::OldRouter) {
        json!({ "status": "error", "message": LOGGED_OUT })
    } else if profile.has(Quirk::ShortUnauthorised) {
        json!({ "success": false, "error": LOGGED_OUT })
    } else {
        json!({ "success": false, "error": LOGGED_OUT, "status": "error", "message": LOGGED_OUT })
    }
}

/// What the old router says of paths and methods that it does not have (docs/server.md#answers-that-are-not-json).
fn no_endpoint() -> Value {
    json!({ "status": "error", "message": "API endpoint does not exist" })
}

/// A JSON answer with the headers of every API answer (docs/server.md#request-bodies).
pub(super) fn json_response(status: StatusCode, body: &Value) -> Response<Bytes> {
    let mut response = text_response(status, "application/json", body.to_string());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// An answer of some other type.
pub(super) fn text_response(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Adds a header whose value is a number.
pub(super) fn number_header(response: &mut Response<Bytes>, name: &'static str, value: u64) {
    response
        .headers_mut()
        .insert(HeaderName::from_static(name), HeaderValue::from(value));
}
