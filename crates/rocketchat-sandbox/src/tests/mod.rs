//! Tests of the sandbox as a whole, without sockets, on one paused clock.

mod edges;
mod endpoints;
mod faults;
mod kept;
mod listener;
mod quirks;
mod state;
mod webhooks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::write::Write;
use super::{Action, Answer, Clock, Config, Fixture, Request, Sandbox};

/// When the clock of every test begins.
const BEGINNING: u64 = 1_700_000_000_000;
/// The administrator of the fixture.
const ALICE: &str = "alice.admin";

/// A sandbox with the world of the vectors.
struct Server(Arc<Sandbox>);

/// An answer, taken apart.
struct Got {
    status: u16,
    headers: http::HeaderMap,
    body: Value,
}

/// The set-up of the vectors.
fn config() -> Config {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance");
    let fixture = std::fs::read(vectors.join("fixture.json")).expect("the vectors' fixture");
    Config {
        fixture: Some(Fixture::parse(&fixture).expect("a fixture")),
        seed: Some(1),
        // The newest that recordings are of.
        version: "8.8".parse().expect("a version"),
        ..Config::default()
    }
}

impl Server {
    fn open(config: &Config) -> Self {
        Self(Sandbox::open(config, Clock::starting_at(BEGINNING)).expect("a sandbox"))
    }

    fn new() -> Self {
        Self::open(&config())
    }

    /// A request of a user of the fixture; nobody's when the name is empty.
    fn request(&self, who: &str, method: &str, path: &str, body: &Value) -> Request {
        let mut builder = http::Request::builder().method(method).uri(path);
        if !who.is_empty() {
            let state = self.0.lock();
            let user = state.world.user_named(who).expect("a user of the fixture");
            let token = state.world.token_of(&user.id).expect("a token");
            builder = builder
                .header("x-user-id", &user.id)
                .header("x-auth-token", token);
        }
        let bytes = if body.is_null() {
            Bytes::new()
        } else {
            builder = builder.header("content-type", "application/json");
            Bytes::from(body.to_string())
        };
        Request {
            http: builder.body(bytes).expect("a request"),
            peer: [127, 0, 0, 1].into(),
        }
    }

    /// Sends a request; `path` is below `/api/v1/` unless it begins with a slash.
    async fn answer(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/api/v1/{path}")
        };
        self.0.handle(self.request(who, method, &path, body)).await
    }

    /// Sends a request that is answered.
    async fn send(&self, who: &str, method: &str, path: &str, body: Value) -> Got {
        let Answer::Response(response) = self.answer(who, method, path, &body).await else {
            panic!("{method} {path} was not answered");
        };
        let (head, bytes) = response.into_parts();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Got {
            status: head.status.as_u16(),
            headers: head.headers,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    async fn get(&self, who: &str, path: &str) -> Got {
        self.send(who, "GET", path, Value::Null).await
    }

    async fn create(&self, body: Value) -> Got {
        self.send(ALICE, "POST", "integrations.create", body).await
    }

    async fn update(&self, body: Value) -> Got {
        self.send(ALICE, "PUT", "integrations.update", body).await
    }

    /// Creates what must be created, and gives its id.
    async fn made(&self, body: Value) -> String {
        let got = self.create(body).await;
        assert_eq!(got.status, 200, "{}", got.body);
        got.record()["_id"].as_str().expect("an id").to_owned()
    }

    fn act(&self, action: Value) -> bool {
        let action: Action = serde_json::from_value(action).expect("an action");
        self.0.act(action)
    }

    /// Lets a role hold a permission.
    fn permit(&self, permission: &str, role: &str) {
        let write = Write::Permission(permission.to_owned(), [role.to_owned()].into());
        assert!(self.0.lock().write(vec![write]).is_ok());
    }
}

impl Got {
    fn record(&self) -> &Value {
        &self.body["integration"]
    }

    /// The code or text of a refusal, or the status.
    fn verdict(&self) -> String {
        let told = self.body["errorType"]
            .as_str()
            .or(self.body["error"].as_str());
        told.map_or_else(|| self.status.to_string(), ToOwned::to_owned)
    }
}

/// A minimal incoming integration, with some fields set.
fn incoming(set: Value) -> Value {
    with(
        json!({"type": "webhook-incoming", "name": "Inc", "enabled": true, "username": "rocket.cat",
            "channel": "#general", "scriptEnabled": false}),
        set,
    )
}

/// A minimal outgoing integration, with some fields set.
fn outgoing(set: Value) -> Value {
    with(
        json!({"type": "webhook-outgoing", "name": "Out", "enabled": true, "username": "rocket.cat",
            "channel": "#general", "scriptEnabled": false, "event": "sendMessage", "urls": ["http://a"], "token": "t"}),
        set,
    )
}

fn with(mut body: Value, set: Value) -> Value {
    if let (Value::Object(body), Value::Object(set)) = (&mut body, set) {
        body.extend(set);
    }
    body
}

/// Runs a test's future and says how long it took by the paused clock.
async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = tokio::time::Instant::now();
    (future.await, start.elapsed())
}
