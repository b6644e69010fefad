//! Clients that make integrations twice, or tell of one that is removed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::{Value as Json, json};

use super::super::{crowd, faults};
use rocketchat_client::{BoxFuture, Request, Response, SendError, Transport};

pub(super) fn is(request: &Request, endpoint: &str) -> bool {
    request.uri().path().ends_with(endpoint)
}

pub(super) fn body(answer: &Response) -> Option<Json> {
    let body = serde_json::from_slice(answer.body()).ok()?;
    answer.status().is_success().then_some(body)
}

pub(super) fn with_body(answer: Response, body: &Json) -> Response {
    answer.map(|_| body.to_string().into())
}

/// Sends a create again that was not answered, or that a proxy answered.
struct Resends(Arc<dyn Transport>);

impl Transport for Resends {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async move {
            let again = is(&request, "integrations.create").then(|| request.clone());
            let result = self.0.send(request).await;
            let open = match &result {
                Err(SendError::Unknown(_) | SendError::Overlarge(_)) => true,
                Ok(answer) => answer.status().is_server_error(),
                Err(SendError::NotSent(_)) => false,
            };
            match again.filter(|_| open) {
                Some(request) => self.0.send(request).await,
                None => result,
            }
        })
    }
}

/// Takes what came of a listing for all there is.
struct IgnoresTotal(Arc<dyn Transport>);

impl Transport for IgnoresTotal {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async move {
            let listing = is(&request, "integrations.list");
            let answer = self.0.send(request).await?;
            match body(&answer).filter(|_| listing) {
                Some(mut body) => {
                    body["total"] = json!(body["integrations"].as_array().unwrap().len());
                    Ok(with_body(answer, &body))
                }
                None => Ok(answer),
            }
        })
    }
}

/// Sees nothing that others make once it has begun to create: as if it did not look back.
struct LooksNotBack {
    line: Arc<dyn Transport>,
    known: Mutex<BTreeSet<String>>,
    creates: Mutex<bool>,
}

impl Transport for LooksNotBack {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async move {
            let (creates, lists) = (
                is(&request, "integrations.create"),
                is(&request, "integrations.list"),
            );
            *self.creates.lock().unwrap() |= creates;
            let answer = self.line.send(request).await?;
            let Some(mut body) = body(&answer).filter(|_| creates || lists) else {
                return Ok(answer);
            };
            let id = |record: &Json| record["_id"].as_str().unwrap().to_owned();
            let mut known = self.known.lock().unwrap();
            if creates {
                known.insert(id(&body["integration"]));
            } else if *self.creates.lock().unwrap() {
                let records = body["integrations"].as_array_mut().unwrap();
                records.retain(|record| known.contains(&id(record)));
                body["total"] = json!(records.len());
            } else {
                known.extend(body["integrations"].as_array().unwrap().iter().map(id));
            }
            Ok(with_body(answer, &body))
        })
    }
}

/// Looks back the moment that its last create is answered, and not a check delay later.
struct LooksTooSoon {
    line: Arc<dyn Transport>,
    seen: Mutex<Option<Response>>,
}

impl Transport for LooksTooSoon {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async move {
            if is(&request, "integrations.list")
                && let Some(seen) = self.seen.lock().unwrap().take()
            {
                return Ok(seen);
            }
            let mut list = request.clone();
            let creates = is(&request, "integrations.create");
            let answer = self.line.send(request).await?;
            if creates {
                *list.method_mut() = http::Method::GET;
                let uri = list.uri().to_string();
                *list.uri_mut() = uri
                    .replace("create", "list?offset=0&count=100&sort={%22_id%22:1}")
                    .parse()
                    .unwrap();
                *list.body_mut() = bytes::Bytes::new();
                let seen = self.line.send(list).await?;
                *self.seen.lock().unwrap() = Some(seen);
            }
            Ok(answer)
        })
    }
}

/// Holds the law that was broken against the one that has to be.
#[track_caller]
fn is_law(broken: Option<String>, law: &str) {
    let broken = broken.unwrap();
    assert!(broken.contains(law), "{broken}");
}

#[test]
fn a_client_that_sends_a_create_again_is_caught() {
    let broken = faults::broken_by(|line| Arc::new(Resends(line)));
    is_law(broken, "made");
}

#[test]
fn a_client_that_ignores_the_total_is_caught() {
    let broken = faults::broken_by(|line| Arc::new(IgnoresTotal(line)));
    is_law(broken, "changed in");
}

#[test]
fn a_client_that_does_not_look_back_is_caught() {
    let looks_not_back = |line| -> Arc<dyn Transport> {
        Arc::new(LooksNotBack {
            line,
            known: Mutex::default(),
            creates: Mutex::default(),
        })
    };
    assert!(crowd::broken_so(looks_not_back, "8 records of").is_some());
}

#[test]
fn a_client_that_looks_back_too_soon_is_caught() {
    let broken = crowd::broken_by(|line| {
        let seen = Mutex::default();
        Arc::new(LooksTooSoon { line, seen })
    });
    is_law(broken, "was told of, and is dead");
}
