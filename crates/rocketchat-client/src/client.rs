//! One call of an endpoint: the request with its headers, sent, logged, and its answer told apart.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde_json::{Map, Value as Json};
use tokio::time::{Instant, timeout_at};

use super::Body;
use super::answer::{self, Asked};
use super::base_url::BaseUrl;
use super::concurrency::Sign;
use super::credentials::{BadCredentials, Credentials};
use super::error::ServerError;
use super::gate::{Gate, Permit};
use super::http_transport::{IDLE, LARGEST_ANSWER};
use super::json::MOST_VALUES;
use super::pacer::Pacer;
use super::resend::{Resend, Retries};
use super::session::Endpoint;
use super::transport::{Largest, Request, Response, SendError, Transport};
use super::waits::{WaitReason, Waiting};
use super::{limits, log};
use crate::clock::Clock;
use crate::redactor::Redactor;

/// What [`Reader`](super::Reader) and [`Writer`](super::Writer) share.
pub(super) struct Client {
    pub(super) base: BaseUrl,
    headers: HeaderMap,
    /// What the server may echo.
    pub(super) redactor: Redactor,
    transport: Arc<dyn Transport>,
    clock: Clock,
    pub(super) pacer: Pacer,
    retries: Retries,
    /// How many calls there were.
    calls: AtomicU64,
    /// The connections that it has left open.
    connections: Mutex<Connections>,
    /// Whether a request found nobody to be sent to, until the last try; nobody was reached since.
    given_up: AtomicBool,
    /// How far the server's clock is ahead of ours, in milliseconds, as its first answer told.
    pub(super) ahead: OnceLock<i64>,
}

/// What is known of the connections to the server.
#[derive(Default)]
struct Connections {
    in_flight: usize,
    /// The most requests that were in flight at once: each had one.
    most: usize,
    last: Option<Instant>,
}

/// What came of a call that may have been sent several times.
pub(super) struct Sent {
    /// The last answer.
    pub(super) result: Result<Map<String, Json>, ServerError>,
    /// Why an earlier sending may have done what was asked.
    pub(super) open: Option<ServerError>,
    /// When the last sending left, or was to leave.
    pub(super) left: Instant,
}

impl Sent {
    /// The last answer; but a refusal is not proof that an earlier sending was not done. That there is no such record
    /// tells enough.
    pub(super) fn unless_open(self) -> Result<Map<String, Json>, ServerError> {
        match (self.result, self.open) {
            (Err(error), Some(open)) if !error.is_gone() => Err(open),
            (result, _) => result,
        }
    }
}

/// A call of an endpoint.
pub(super) struct Call<'a> {
    method: Method,
    endpoint: &'a str,
    query: &'a [(&'a str, &'a str)],
    body: Option<&'a Body>,
    share: usize,
}

impl<'a> Call<'a> {
    /// A call that reads.
    pub(super) fn get(endpoint: &'a str, query: &'a [(&'a str, &'a str)]) -> Self {
        Self {
            method: Method::GET,
            endpoint,
            query,
            body: None,
            share: 1,
        }
    }

    /// The same, where so many answers may come at once: each may be as large as its share of the largest answer.
    pub(super) fn one_of(self, share: usize) -> Self {
        Self { share, ..self }
    }

    /// A call that has a body.
    pub(super) fn writing(method: Method, endpoint: &'a str, body: &'a Body) -> Self {
        Self {
            method,
            endpoint,
            query: &[],
            body: Some(body),
            share: 1,
        }
    }
}

impl Client {
    /// One with credentials.
    pub(super) fn with_token(
        endpoint: &Endpoint,
        credentials: &Credentials,
    ) -> Result<Self, BadCredentials> {
        let (headers, own) = credentials.headers()?;
        let mut client = Self::anonymous(endpoint);
        client.redactor = client.redactor.and(&own);
        client.headers.extend(headers);
        Ok(client)
    }

    /// One for what needs no login.
    pub(super) fn anonymous(endpoint: &Endpoint) -> Self {
        let accept = HeaderValue::from_static("application/json");
        let endpoint = endpoint.clone();
        Self {
            base: endpoint.base,
            headers: HeaderMap::from_iter([(header::ACCEPT, accept)]),
            redactor: endpoint.known,
            transport: endpoint.transport,
            clock: Clock::system(),
            pacer: Pacer::new(endpoint.retries.longest_wait),
            retries: endpoint.retries,
            calls: AtomicU64::new(0),
            connections: Mutex::default(),
            given_up: AtomicBool::new(false),
            ahead: OnceLock::new(),
        }
    }

    /// The object that an endpoint answers to a read.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Map<String, Json>, ServerError> {
        let open = Gate::default();
        self.send(call, Resend::Idempotent, &open, None)
            .await
            .result
    }

    /// The permit to send to an endpoint, before the call is made up.
    pub(super) async fn acquire(
        &self,
        method: &Method,
        endpoint: &str,
        gate: &Gate,
    ) -> Result<Permit, ServerError> {
        gate.pass(self.pacer.limiter(method, endpoint)).await
    }

    /// Sends a call, and again where the rate limit refused it, which did nothing (docs/server.md#rate-limits), or where what
    /// happened allows it.
    pub(super) async fn send(
        &self,
        call: &Call<'_>,
        resend: Resend,
        gate: &Gate,
        mut permit: Option<Permit>,
    ) -> Sent {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let mut pauses = self.retries.pauses(number);
        let mut refusals = 0;
        let (mut open, mut last) = (None, None);
        let until = permit.as_ref().and_then(|permit| permit.until);
        loop {
            let passed = match (permit.take(), last.take()) {
                (Some(permit), _) => Ok(permit),
                (None, last) => {
                    let next = self.acquire(&call.method, call.endpoint, gate);
                    let until = until.filter(|it| !(it.repeats && open.is_some()));
                    match before(until.map(|it| it.moment), next).await {
                        Some(passed) => passed,
                        None => {
                            return Sent {
                                result: Err(last.unwrap_or(ServerError::Stopped)),
                                open,
                                left: Instant::now(),
                            };
                        }
                    }
                }
            };
            let left = Instant::now();
            let result = match passed {
                Ok(permit) => self.once(call, permit).await,
                Err(error) => Err(error),
            };
            let Err(error) = &result else {
                return Sent { result, open, left };
            };
            let again = match error {
                ServerError::TooMany { .. } => {
                    refusals += 1;
                    refusals < limits::TRIES
                }
                error if resend.allows(error) && !self.is_given_up(error) => {
                    self.pause(call, pauses.next(), error, gate).await
                }
                _ => false,
            };
            if !again {
                return Sent { result, open, left };
            }
            match result {
                Err(error) if error.leaves_open() => drop(open.get_or_insert(error)),
                result => last = result.err(),
            }
        }
    }

    /// Waits before another sending; `false` if there is to be none.
    async fn pause(
        &self,
        call: &Call<'_>,
        pause: Option<Duration>,
        why: &ServerError,
        gate: &Gate,
    ) -> bool {
        let Some(pause) = pause else {
            let unreachable = matches!(why, ServerError::NotSent(_));
            self.given_up.fetch_or(unreachable, Ordering::Relaxed);
            return false;
        };
        log::again(call.endpoint, pause, why);
        let waiting = Waiting {
            reason: WaitReason::Retry(why.to_string()),
            until: Instant::now() + pause,
        };
        let wait = self.pacer.waits().sleep(waiting);
        gate.unless_stopped(wait).await.is_ok()
    }

    /// Whether an error says once more what another request has waited for in vain: that the server is not there.
    fn is_given_up(&self, error: &ServerError) -> bool {
        matches!(error, ServerError::NotSent(_)) && self.given_up.load(Ordering::Relaxed)
    }

    /// How many connections earlier requests have left open, as far as can be told.
    pub(super) fn connections(&self) -> usize {
        let connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let fresh = connections.last.is_some_and(|last| last.elapsed() < IDLE);
        if fresh { connections.most } else { 0 }
    }

    /// A request is in flight until what is returned is dropped.
    fn connect(&self) -> Connected<'_> {
        let mut connections = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connections.in_flight += 1;
        connections.most = connections.most.max(connections.in_flight);
        Connected(&self.connections)
    }

    async fn once(
        &self,
        call: &Call<'_>,
        mut permit: Permit,
    ) -> Result<Map<String, Json>, ServerError> {
        let url = self.base.join(call.endpoint, call.query);
        let redactor = match call.body {
            Some(body) => self.redactor.and(&body.redactor),
            None => self.redactor.clone(),
        };
        let request = self.request(call, url.as_str())?;
        log::request(&request, &self.redactor);
        let start = Instant::now();
        let result = {
            let _connected = self.connect();
            self.transport.send(request).await
        };
        let line = format!("{} {}", call.method, url.path());
        let took = start.elapsed();
        log::outcome(&line, &result, took, &redactor);
        let mut sign = sign(&result, took);
        let now = self.clock.millis();
        match &result {
            Ok(answer) => {
                self.given_up.store(false, Ordering::Relaxed);
                if let Some(ahead) = limits::clock_skew(answer.headers(), now) {
                    self.ahead.get_or_init(|| ahead);
                }
                let told = limits::rate_limit(answer.headers(), now);
                permit
                    .in_flight
                    .answered(told, answer.status().is_success());
            }
            Err(SendError::NotSent(_)) => permit.in_flight.not_sent(),
            Err(SendError::Unknown(_) | SendError::Overlarge(_)) => {}
        }
        let asked = Asked {
            url: &url,
            endpoint: call.endpoint,
            redactor: &redactor,
            now,
            most_values: MOST_VALUES / call.share,
        };
        let result = match result {
            Ok(answer) => answer::read(&answer, &asked),
            Err(error) => Err(silence(&error, &redactor)),
        };
        if let Err(ServerError::TooMany { wait }) = &result {
            let wait = wait.unwrap_or(limits::DEFAULT_WAIT);
            permit.in_flight.refused(wait);
            sign = Sign::Strain("too many requests".to_owned());
        }
        if let Some(place) = &permit.place {
            place.answered(call.endpoint, sign);
        }
        result
    }

    fn request(&self, call: &Call<'_>, url: &str) -> Result<Request, ServerError> {
        let body = call.body.map_or_else(Bytes::new, |body| body.bytes.clone());
        let mut request = http::Request::builder()
            .method(call.method.clone())
            .uri(url)
            .body(body)
            .map_err(|_| ServerError::NotSent("the server's URL cannot be sent".to_owned()))?;
        request.headers_mut().clone_from(&self.headers);
        let largest = Largest(LARGEST_ANSWER / call.share);
        request.extensions_mut().insert(largest);
        if call.body.is_some() {
            // Without it the server reads the body as text (docs/server.md#request-bodies).
            request.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        Ok(request)
    }
}

/// What an answer, or none, says of how much the server bears.
fn sign(result: &Result<Response, SendError>, took: Duration) -> Sign {
    match result {
        Ok(answer) if answer.status().is_success() => Sign::Success(took),
        Ok(answer) if answer.status().is_server_error() => {
            Sign::Strain(format!("status {}", answer.status().as_u16()))
        }
        Err(SendError::NotSent(_) | SendError::Unknown(_)) => Sign::Strain("no answer".to_owned()),
        Ok(_) | Err(SendError::Overlarge(_)) => Sign::Other,
    }
}

/// A request in flight.
struct Connected<'c>(&'c Mutex<Connections>);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.in_flight -= 1;
        connections.last = Some(Instant::now());
    }
}

/// What comes before a moment, if it does.
async fn before<T>(moment: Option<Instant>, future: impl Future<Output = T>) -> Option<T> {
    match moment {
        None => Some(future.await),
        Some(moment) if moment <= Instant::now() => None,
        Some(moment) => timeout_at(moment, future).await.ok(),
    }
}

/// No answer, with the reason fit to be printed.
fn silence(error: &SendError, redactor: &Redactor) -> ServerError {
    match error {
        SendError::NotSent(reason) => ServerError::NotSent(redactor.quote(reason)),
        SendError::Unknown(reason) => ServerError::Unknown(redactor.quote(reason)),
        SendError::Overlarge(reason) => ServerError::Undecodable(reason.clone()),
    }
}
