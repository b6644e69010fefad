//! A wire that remembers what is sent over it.

use std::sync::{Arc, Mutex};

use serde_json::Value as Json;

use rocketchat_client::{BoxFuture, Request, Response, SendError, Transport};

/// What was sent.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    /// The endpoint, as `GET me`.
    pub(super) what: String,
    /// The record it is about.
    pub(super) id: Option<String>,
    /// What it writes.
    pub(super) body: Option<Json>,
}

/// The wire.
pub(super) struct Watched {
    line: Arc<dyn Transport>,
    sent: Mutex<Vec<Sent>>,
}

impl Watched {
    pub(super) fn over(line: Arc<dyn Transport>) -> Self {
        Self {
            line,
            sent: Mutex::default(),
        }
    }

    /// What was sent so far.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

impl Transport for Watched {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        let uri = request.uri();
        let endpoint = uri.path().rsplit('/').next().unwrap_or_default();
        let query = uri.query().unwrap_or_default();
        let asked = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("integrationId="));
        let body: Option<Json> = serde_json::from_slice(request.body()).ok();
        let written = body
            .as_ref()
            .and_then(|body| body["integrationId"].as_str());
        self.sent.lock().unwrap().push(Sent {
            what: format!("{} {endpoint}", request.method()),
            id: asked.or(written).map(str::to_owned),
            body,
        });
        self.line.send(request)
    }
}
