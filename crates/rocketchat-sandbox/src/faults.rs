//! Faults: what can go wrong between a client and a server, chosen per request (docs/server.md#answers-that-are-not-json, item 12).
//!
//! Owns which request a fault applies to. A fault is spent by the requests that it applies to; chance comes from
//! the sandbox's seed. Carrying a fault out is in `mod.rs`; the pages of lists are bent in `rules/list`.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ids::Ids;
use super::reply::{Request, text_response};

/// One fault, and the requests it applies to.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only requests with this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only requests whose path ends so, such as `integrations.create`.
    #[serde(default)]
    pub path: Option<String>,
    /// How many matching requests are spared first.
    #[serde(default)]
    pub after: u32,
    /// How many it then applies to.
    #[serde(default = "once")]
    pub times: u32,
    /// Of the matching requests, about one in so many is taken.
    #[serde(default)]
    pub one_in: Option<u32>,
    /// What happens to them.
    pub effect: Effect,
}

/// A fault that does not say how often applies to one request.
fn once() -> u32 {
    1
}

/// What happens to a request.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Effect {
    /// An answer of choice.
    Answer {
        /// Its status.
        status: u16,
        /// Its headers.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Its body.
        #[serde(default)]
        body: String,
        /// Whether the request takes effect anyway.
        #[serde(default)]
        applied: bool,
    },
    /// 502 with a page of HTML, as a proxy writes it.
    BadGateway,
    /// 200 with a page of HTML, as the web client's server writes it.
    Page,
    /// 302 to another address.
    Redirect {
        /// That address.
        location: String,
    },
    /// The connection is dropped.
    Drop {
        /// Whether the request takes effect first.
        #[serde(default)]
        applied: bool,
    },
    /// The answer takes its time.
    Delay {
        /// How long.
        millis: u64,
    },
    /// More time passes between the stamp of a create and its insert.
    Gap {
        /// How much more.
        millis: u64,
    },
    /// The clock of the server process that takes a create is wrong.
    Skew {
        /// How far it is ahead; behind, if negative.
        millis: i64,
    },
    /// The connection is dropped at once, and the request takes effect later.
    Late {
        /// How much later.
        millis: u64,
    },
    /// The body ends early, and the connection with it.
    Truncate {
        /// After so many bytes.
        bytes: usize,
    },
    /// A list gives another `total`.
    Total {
        /// The lie.
        total: i64,
    },
    /// A list skips a record between two pages.
    Lost,
    /// A list repeats a record between two pages.
    Repeated,
    /// A record changes just before the request.
    Change {
        /// Its id; without one, that of the body.
        #[serde(default)]
        id: Option<String>,
        /// The fields and their new values.
        set: Map<String, Value>,
    },
    /// A record is deleted just before the request.
    Delete {
        /// Its id; without one, that of the body.
        #[serde(default)]
        id: Option<String>,
    },
}

/// A page of HTML.
pub(super) fn html(status: StatusCode, title: &str) -> Response<Bytes> {
    let body = format!(
        "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    );
    text_response(status, "text/html", body)
}

/// An answer of choice; headers that are none are left out.
pub(super) fn chosen(
    status: u16,
    headers: &BTreeMap<String, String>,
    body: &str,
) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = text_response(status, "text/plain", body.to_owned());
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// What a list makes of its pages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Page {
    /// Another total.
    pub(super) total: Option<i64>,
    /// How many records further on the page begins.
    pub(super) shift: i64,
}

/// The effects that apply to a request. Each fault behind them is used once.
pub(super) fn applying_to(
    faults: &mut Vec<Fault>,
    request: &Request,
    ids: &mut Ids,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    for fault in &mut *faults {
        if fault.times == 0
            || !fault.concerns(request)
            || fault.one_in.is_some_and(|count| !ids.one_in(count))
        {
            continue;
        }
        if fault.after > 0 {
            fault.after -= 1;
        } else {
            fault.times -= 1;
            effects.push(fault.effect.clone());
        }
    }
    faults.retain(|fault| fault.times > 0);
    effects
}

impl Fault {
    /// A fault that applies to the next request of this path.
    pub fn next(path: &str, effect: Effect) -> Self {
        Self {
            method: None,
            path: Some(path.to_owned()),
            after: 0,
            times: 1,
            one_in: None,
            effect,
        }
    }

    /// Whether the request is one of those it may apply to.
    fn concerns(&self, request: &Request) -> bool {
        let method = self
            .method
            .as_deref()
            .is_none_or(|method| request.http.method() == method);
        method
            && self
                .path
                .as_deref()
                .is_none_or(|end| request.http.uri().path().ends_with(end))
    }
}
