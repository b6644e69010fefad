//! One call of an endpoint: the request with its headers, sent, logged, and its answer told apart.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, sleep};

use super::answer::{self, Asked};
use super::base_url::BaseUrl;
use super::credentials::{BadCredentials, Credentials};
use super::error::ServerError;
use super::quote::Blanks;
use super::transport::{Request, SendError, Transport};
use super::wire::Body;
use super::{limits, log};
use crate::clock::Clock;

/// What [`Reader`](super::Reader) and [`Writer`](super::Writer) share.
pub(super) struct Client {
    pub(super) base: BaseUrl,
    headers: HeaderMap,
    blanks: Blanks,
    transport: Arc<dyn Transport>,
    clock: Clock,
}

/// A call of an endpoint.
pub(super) struct Call<'a> {
    method: Method,
    endpoint: &'a str,
    query: &'a [(&'a str, &'a str)],
    body: Option<&'a Body>,
}

impl<'a> Call<'a> {
    /// A call that reads.
    pub(super) fn get(endpoint: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: Method::GET,
            endpoint,
            query,
            body: None,
        }
    }

    /// A call that makes or removes.
    pub(super) fn post(endpoint: &'a str, body: &'a Body) -> Self {
        Self::writing(Method::POST, endpoint, body)
    }

    /// A call that changes.
    pub(super) fn put(endpoint: &'a str, body: &'a Body) -> Self {
        Self::writing(Method::PUT, endpoint, body)
    }

    fn writing(method: Method, endpoint: &'a str, body: &'a Body) -> Self {
        Self {
            method,
            endpoint,
            query: &[],
            body: Some(body),
        }
    }
}

impl Client {
    pub(super) fn new(
        base: BaseUrl,
        credentials: &Credentials,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, BadCredentials> {
        let (mut headers, blanks) = credentials.headers()?;
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        Ok(Self {
            base,
            headers,
            blanks,
            transport,
            clock: Clock::system(),
        })
    }

    /// The object that an endpoint answers. Sent again only after a refusal by the rate limit, which did
    /// nothing (reference 8).
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Map<String, Json>, ServerError> {
        for _ in 1..limits::TRIES {
            match self.once(call).await {
                Err(ServerError::TooMany { wait }) => {
                    let wait = wait.unwrap_or(limits::DEFAULT_WAIT);
                    log::waiting(call.endpoint, wait);
                    sleep(wait).await;
                }
                result => return result,
            }
        }
        self.once(call).await
    }

    async fn once(&self, call: &Call<'_>) -> Result<Map<String, Json>, ServerError> {
        let url = self.base.join(call.endpoint, call.query);
        let blanks = match call.body {
            Some(body) => self.blanks.and(&body.blanks),
            None => self.blanks.clone(),
        };
        let request = self.request(call, url.as_str())?;
        log::request(&request);
        let start = Instant::now();
        let result = self.transport.send(request).await;
        let line = format!("{} {}", call.method, url.path());
        log::outcome(&line, &result, start.elapsed(), &blanks);
        let asked = Asked {
            url: &url,
            endpoint: call.endpoint,
            blanks: &blanks,
            now: self.clock.millis(),
        };
        answer::read(&result.map_err(|error| silence(&error, &blanks))?, &asked)
    }

    fn request(&self, call: &Call<'_>, url: &str) -> Result<Request, ServerError> {
        let body = call.body.map_or_else(Bytes::new, |body| body.bytes.clone());
        let mut request = http::Request::builder()
            .method(call.method.clone())
            .uri(url)
            .body(body)
            .map_err(|_| ServerError::NotSent("the server's URL cannot be sent".to_owned()))?;
        request.headers_mut().clone_from(&self.headers);
        if call.body.is_some() {
            // Without it the server reads the body as text (reference 9.3).
            request.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        Ok(request)
    }
}

/// No answer, with the reason fit to be printed.
fn silence(error: &SendError, blanks: &Blanks) -> ServerError {
    match error {
        SendError::NotSent(reason) => ServerError::NotSent(blanks.quote(reason)),
        SendError::Unknown(reason) => ServerError::Unknown(blanks.quote(reason)),
    }
}
