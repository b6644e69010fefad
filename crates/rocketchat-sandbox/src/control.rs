//! The control endpoint, `/sandbox/…`: faults, drift, and what was received. Off unless asked for.

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Sandbox;
use super::drift::Action;
use super::events::{Event, EventName};
use super::faults::Fault;
use super::reply::{Request, json_response};

/// Where the endpoint lies; the real server has nothing there.
const PREFIX: &str = "/sandbox/";

/// One thing or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Several<T> {
    Many(Vec<T>),
    One(T),
}

/// The things that a body holds.
fn several<T: DeserializeOwned>(body: &[u8]) -> Option<Vec<T>> {
    Some(match serde_json::from_slice(body).ok()? {
        Several::Many(all) => all,
        Several::One(one) => vec![one],
    })
}

/// The answer to a control request; none for a request that is not one.
pub(super) async fn answer(sandbox: &Sandbox, request: &Request) -> Option<Response<Bytes>> {
    let path = request.http.uri().path().strip_prefix(PREFIX)?;
    let body = request.http.body();
    Some(match (request.http.method(), path) {
        (&Method::GET, "requests") => found(&json!({ "requests": sandbox.requests() })),
        (&Method::GET, "deliveries") => found(&json!({ "deliveries": sandbox.deliveries() })),
        (&Method::GET, "messages") => found(&json!({ "messages": sandbox.messages() })),
        (&Method::GET, "faults") => found(&json!({ "faults": sandbox.faults() })),
        (&Method::POST, "faults") => {
            let Some(faults) = several::<Fault>(body) else {
                return Some(refused(
                    "expected a fault or a list of faults: {\"path\": …, \"effect\": {\"kind\": …}}",
                ));
            };
            let added = faults.len();
            for fault in faults {
                sandbox.inject(fault);
            }
            found(&json!({ "added": added }))
        }
        (&Method::DELETE, "faults") => {
            sandbox.clear_faults();
            found(&json!({}))
        }
        (&Method::POST, "events") => {
            let Some(events) = several::<Event>(body) else {
                let names = EventName::ALL.map(EventName::as_str).join(", ");
                return Some(refused(&format!(
                    "expected an event or a list of events: {{\"event\": …, \"room\": …, \"user\": …}}; the events are {names}"
                )));
            };
            let mut done = 0;
            for event in events {
                if !sandbox.happen(event).await {
                    return Some(refused("something named there does not exist"));
                }
                done += 1;
            }
            found(&json!({ "done": done }))
        }
        (&Method::POST, "actions") => {
            let Some(actions) = several::<Action>(body) else {
                return Some(refused(
                    "expected an action or a list of actions: {\"action\": …}",
                ));
            };
            let done = actions.into_iter().map(|action| sandbox.act(action));
            let done: Vec<_> = done.collect();
            if done.contains(&false) {
                refused("something named there does not exist")
            } else {
                found(&json!({ "done": done.len() }))
            }
        }
        _ => json_response(
            StatusCode::NOT_FOUND,
            &json!({ "success": false, "error": "no such control" }),
        ),
    })
}

/// 200 with the body.
fn found(body: &Value) -> Response<Bytes> {
    json_response(StatusCode::OK, body)
}

/// 400 with what was expected.
fn refused(why: &str) -> Response<Bytes> {
    json_response(
        StatusCode::BAD_REQUEST,
        &json!({ "success": false, "error": why }),
    )
}
