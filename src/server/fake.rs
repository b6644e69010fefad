//! A transport whose answers are written in the test.

use crate::redactor::Redactor;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::{Reader, Writer};
use crate::client::{
    BaseUrl, BoxFuture, Credentials, Endpoint, Request, Response, Retries, SendError, Session,
    Transport,
};
use crate::secret::Secret;

/// The token of [`Script::reader`]'s account. Must be found in no output.
pub(crate) const TOKEN: &str = "hunter2-of-the-account";

/// What the server does with the next request.
pub(crate) type Step = Result<Response, SendError>;

/// Answers requests in order, and remembers them.
#[derive(Default)]
pub(crate) struct Script {
    steps: Mutex<VecDeque<Step>>,
    requests: Mutex<Vec<Request>>,
}

impl Script {
    /// These answers, one after the other; then *unknown* for ever.
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self {
            steps: Mutex::new(steps.into_iter().collect()),
            requests: Mutex::default(),
        })
    }

    /// A session over it that sends a request so many times again.
    pub(crate) fn session(self: &Arc<Self>, times: u16) -> Session {
        let credentials = Credentials {
            user_id: "u1".into(),
            token: Secret::new(TOKEN),
        };
        let retries = Retries {
            times,
            seed: 1,
            ..Retries::default()
        };
        session(
            "https://chat.example.org/chat/",
            &credentials,
            self.clone(),
            retries,
        )
    }

    /// A reader over it that asks once.
    pub(crate) fn reader(self: &Arc<Self>) -> Reader {
        Reader::of(&self.session(0))
    }

    /// A reader over it that asks so many times again.
    pub(crate) fn patient_reader(self: &Arc<Self>, times: u16) -> Reader {
        Reader::of(&self.session(times))
    }

    /// A writer over it that asks and writes once.
    pub(crate) fn writer(self: &Arc<Self>) -> Arc<Writer> {
        Arc::new(Writer::of(&self.session(0)))
    }

    /// The requests so far: method, path and query.
    pub(crate) fn lines(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| {
                let target = request.uri().path_and_query().unwrap();
                format!("{} {target}", request.method())
            })
            .collect()
    }

    /// The requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

impl Transport for Script {
    fn send(&self, request: Request) -> BoxFuture<'_, Step> {
        self.requests.lock().unwrap().push(request);
        let step = self.steps.lock().unwrap().pop_front();
        let silence = || Err(SendError::Unknown("the script is over".to_owned()));
        Box::pin(async move { step.unwrap_or_else(silence) })
    }
}

/// A session over a transport.
pub(crate) fn session(
    base: &str,
    credentials: &Credentials,
    transport: Arc<dyn Transport>,
    retries: Retries,
) -> Session {
    let endpoint = Endpoint {
        base: BaseUrl::parse(base).unwrap(),
        transport,
        retries,
        known: Redactor::default(),
    };
    Session::with_token(&endpoint, credentials).unwrap()
}

/// A session of somebody over a transport.
pub(crate) fn anybody(transport: Arc<dyn Transport>) -> Session {
    let credentials = Credentials {
        user_id: "u1".to_owned(),
        token: Secret::new("t"),
    };
    session("http://h", &credentials, transport, Retries::default())
}

/// An answer with this status and body.
#[expect(clippy::unnecessary_wraps, reason = "a step may also be silence")]
pub(crate) fn answer(status: u16, body: impl Into<String>) -> Step {
    let response = http::Response::builder().status(status);
    Ok(response.body(Bytes::from(body.into())).unwrap())
}

/// A page of the listing.
pub(crate) fn page(records: &[Json], total: usize) -> Step {
    let page = json!({"integrations": records, "total": total, "success": true});
    answer(200, page.to_string())
}

/// An incoming record of the listing, created by the account of [`Script::reader`].
pub(crate) fn record(id: &str) -> Json {
    json!({"_id": id, "type": "webhook-incoming", "name": format!("name of {id}"), "enabled": true,
        "username": "rocket.cat", "channel": ["#ops"], "scriptEnabled": false, "token": "hunter2-of-a-record",
        "_createdBy": {"_id": "u1", "username": "deploy"}})
}
