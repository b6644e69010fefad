//! A transport whose answers are written in the test.

use crate::redactor::Redactor;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::transport::{BoxFuture, Request, Response, SendError, Transport};
use super::{BaseUrl, Credentials, Reader, Retries};
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

    /// A reader over it that asks once.
    pub(crate) fn reader(self: &Arc<Self>) -> Reader {
        self.patient_reader(0)
    }

    /// A reader over it that asks so many times again.
    pub(crate) fn patient_reader(self: &Arc<Self>, times: u16) -> Reader {
        let credentials = Credentials {
            user_id: "u1".into(),
            token: Secret::new(TOKEN),
        };
        let base = BaseUrl::parse("https://chat.example.org/chat/").unwrap();
        let retries = Retries { times, seed: 1 };
        Reader::with(
            base,
            &credentials,
            self.clone(),
            retries,
            &Redactor::default(),
        )
        .unwrap()
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
