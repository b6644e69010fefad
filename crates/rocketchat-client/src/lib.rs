//! A client of Rocket.Chat's REST API, as far as webhook integrations need it.
//!
//! A [`Session`] is one account on one server. Its [`Reader`] cannot write; its [`Writer`] can, one record at a time, and
//! is not reached from a reader. Under both lies a [`Transport`], which says *not sent* or *unknown* where there is no
//! answer, so that a create is never sent twice. A failed, partial or forbidden read is an error, never "nothing there".
//! Records come and go as the JSON that the server sends: what is in them is the caller's.
//!
//! Whatever a server says is a `ServerText`: it is compared as it came and shown without
//! the secrets of the run.

mod answer;
mod base_url;
mod client;
pub mod clock;
mod concurrency;
mod credentials;
mod error;
pub mod escape;
mod gate;
mod help;
mod http_transport;
mod json;
mod limits;
mod listing;
mod log;
mod login;
mod mask;
mod pacer;
mod rate;
pub mod redactor;
mod resend;
pub mod secret;
mod session;
mod transport;
mod waits;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Map, Value as Json};
use tokio::sync::watch;
use tokio::time::Instant;

pub use base_url::{BaseUrl, BaseUrlError};
pub use concurrency::Concurrency;
pub use credentials::{BadCredentials, Credentials, Login};
pub use error::ServerError;
pub use http_transport::{Connection, HttpTransport, Timeouts};
pub use json::AS_WRITTEN;
pub use rate::{Limits, Rate};
pub use resend::Retries;
pub use session::{Auth, Endpoint, NoSession, Session};
pub use transport::{BoxFuture, Largest, Request, Response, SendError, Transport};
pub use waits::{WaitReason, Waiting};

use crate::redactor::{Redactor, ServerText};
use crate::secret::Secret;
use client::{Call, Client, Sent};
use gate::{Gate, Permit, Until};
use resend::Resend;

const INFO: &str = "api/info";
const ME: &str = "api/v1/me";
const GET: &str = "api/v1/integrations.get";

/// A JSON object as the server sent it.
pub type Object = Map<String, Json>;

/// The body of a write, and the secrets in it.
#[derive(Clone)]
pub struct Body {
    bytes: Bytes,
    /// What the answer may echo.
    redactor: Redactor,
}

impl Body {
    /// A body that holds these secrets.
    pub fn new(object: Object, secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self {
            bytes: Json::Object(object).to_string().into(),
            redactor: Redactor::of(secrets),
        }
    }

    /// The JSON.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the answer may echo.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}

/// An account, as the server describes it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub user_id: ServerText,
    /// Its username.
    pub username: ServerText,
    /// Its roles, if the server tells them.
    pub roles: Option<BTreeSet<ServerText>>,
}

/// Asks, and cannot write.
#[derive(Clone)]
pub struct Reader {
    client: Arc<Client>,
}

impl Reader {
    /// The server's address.
    pub fn base(&self) -> &BaseUrl {
        &self.client.base
    }

    /// The secrets that the server may echo.
    pub fn redactor(&self) -> &Redactor {
        &self.client.redactor
    }

    /// The object that an endpoint answers to a read.
    ///
    /// # Errors
    /// When there is no answer, or another one.
    pub async fn get(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<Object, ServerError> {
        self.client.call(&Call::get(endpoint, query)).await
    }

    /// What the server says of itself to everybody: that it is a Rocket.Chat, and perhaps its version and address.
    ///
    /// # Errors
    /// When there is no answer, or the server is no Rocket.Chat.
    pub async fn info(&self) -> Result<Object, ServerError> {
        self.get(INFO, &[]).await.map_err(not_rocket_chat)
    }

    /// The version in what [`Reader::info`] returned, if the server tells it.
    pub fn version(&self, info: &Object) -> Option<ServerText> {
        // Very old servers say it in `info` only (docs/server.md#server-information).
        let own = info.get("version");
        let nested = || info.get("info")?.get("version");
        let text = own.or_else(nested)?.as_str()?;
        Some(self.text(text))
    }

    /// Where the workspace says that people reach it, if it says so (docs/server.md#server-information).
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn workspace_url(&self) -> Result<Option<BaseUrl>, ServerError> {
        let info = self.get(INFO, &[]).await?;
        let told = info.get("workspaceUrl").and_then(Json::as_str);
        // It would be printed in clear, among the URLs of the webhooks.
        let told = told.filter(|url| !self.client.redactor.finds_in(url));
        Ok(told.and_then(|url| BaseUrl::parse(url).ok()))
    }

    /// The account that asks.
    ///
    /// # Errors
    /// When there is no answer, or the credentials are refused.
    pub async fn account(&self) -> Result<Account, ServerError> {
        let me = self.get(ME, &[]).await?;
        Ok(Account {
            user_id: self.required(&me, "_id")?,
            username: self.required(&me, "username")?,
            roles: self.texts(&me, "roles"),
        })
    }

    /// All records that this account sees, by id, if they can be read whole.
    ///
    /// # Errors
    /// When they cannot.
    pub async fn integrations(&self) -> Result<Vec<Object>, ServerError> {
        listing::read(&self.client).await
    }

    /// How many records this account sees.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn count_integrations(&self) -> Result<u64, ServerError> {
        listing::total(&self.client).await
    }

    /// One record as it is now. [`ServerError::is_gone`] tells whether there is none.
    ///
    /// # Errors
    /// When there is no answer, or no such record.
    pub async fn integration(&self, id: &str) -> Result<Object, ServerError> {
        record(self.get(GET, &[("integrationId", id)]).await?)
    }

    /// What the answers so far told of the rate limit.
    pub fn limits(&self) -> Limits {
        self.client.pacer.limits()
    }

    /// What requests wait for at this moment, before they are sent.
    pub fn waits(&self) -> Vec<Waiting> {
        self.client.pacer.waits().all()
    }

    /// How far the server's clock is ahead of ours, in milliseconds, if its answers have a date.
    pub fn clock_skew(&self) -> Option<i64> {
        self.client.ahead.get().copied()
    }

    /// Text that the server sent.
    pub fn text(&self, text: &str) -> ServerText {
        ServerText::new(text, &self.client.redactor)
    }

    /// The texts of a list in an answer, if it is one.
    pub fn texts(&self, object: &Object, key: &str) -> Option<BTreeSet<ServerText>> {
        let items = object.get(key)?.as_array()?.iter();
        items.map(|item| Some(self.text(item.as_str()?))).collect()
    }

    /// A text that an answer has to hold.
    ///
    /// # Errors
    /// When it does not.
    pub fn required(&self, object: &Object, key: &str) -> Result<ServerText, ServerError> {
        let text = object.get(key).and_then(Json::as_str);
        text.map(|text| self.text(text))
            .ok_or_else(|| ServerError::Undecodable(format!("`{key}` is not a string")))
    }
}

/// The records in the body of a listing that is one answer.
///
/// # Errors
/// When it is none, or not whole.
pub fn listing_of(body: &[u8]) -> Result<Vec<Object>, ServerError> {
    listing::of_one(body)
}

/// What a write does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It makes a record.
    Create,
    /// It changes one.
    Update,
    /// It removes one.
    Remove,
}

impl Verb {
    fn endpoint(self) -> (Method, &'static str) {
        match self {
            Self::Create => (Method::POST, "api/v1/integrations.create"),
            Self::Update => (Method::PUT, "api/v1/integrations.update"),
            Self::Remove => (Method::POST, "api/v1/integrations.remove"),
        }
    }
}

/// Writes, one record at a time.
pub struct Writer {
    reader: Reader,
    gate: Gate,
}

/// What came of a create.
pub struct Creation<R = Object> {
    /// What the server answers the record to be.
    pub result: Result<R, ServerError>,
    /// When it was sent; the last time, if that was more than once.
    pub sent: Instant,
}

/// The permit to send one write. Taken before what it depends on is looked at once more, so that no wait lies between that
/// look and the write.
#[must_use]
pub struct WritePermit(Permit);

impl WritePermit {
    /// The same, and nothing is sent again from that moment on: what was read before the write would be too old.
    pub fn until(mut self, moment: Instant) -> Self {
        let repeats = false;
        self.0.until = Some(Until { moment, repeats });
        self
    }

    /// The same, but for what may have been done already.
    pub fn begun_until(mut self, moment: Instant) -> Self {
        let repeats = true;
        self.0.until = Some(Until { moment, repeats });
        self
    }
}

impl Writer {
    /// The same, with so many writes in flight at most, and none sent once `stop` is true: those that wait
    /// to be sent end with [`ServerError::Stopped`] at once.
    #[must_use]
    pub fn gated(&self, concurrency: Concurrency, stop: watch::Receiver<bool>) -> Self {
        Self {
            reader: self.reader.clone(),
            gate: Gate::new(concurrency, self.reader.client.connections(), stop),
        }
    }

    /// How many writes may be in flight at the moment: more would only wait.
    pub fn level(&self) -> usize {
        self.gate.level()
    }

    /// Creates a record. Sent again only where it certainly was not done; [`ServerError::leaves_open`] tells whether it
    /// may have been.
    pub async fn create(&self, permit: WritePermit, body: &Body) -> Creation {
        let sent = self.send(Verb::Create, body, permit).await;
        Creation {
            result: sent.result.and_then(record),
            sent: sent.left,
        }
    }

    /// Waits for the permit to send such a write.
    ///
    /// # Errors
    /// [`ServerError::Stopped`], as of the others, and [`ServerError::TooLong`].
    pub async fn permit(&self, verb: Verb) -> Result<WritePermit, ServerError> {
        let (method, endpoint) = verb.endpoint();
        let permit = self.reader.client.acquire(&method, endpoint, &self.gate);
        permit.await.map(WritePermit)
    }

    /// Gives a record what the body says, all else that the server has for it being lost, and returns what the server
    /// answers it to be.
    ///
    /// # Errors
    /// When it was not done, or that is not known.
    pub async fn update(&self, permit: WritePermit, body: &Body) -> Result<Object, ServerError> {
        let sent = self.send(Verb::Update, body, permit).await;
        record(sent.unless_open()?)
    }

    /// Removes a record for good. [`ServerError::is_gone`] tells whether there was none.
    ///
    /// # Errors
    /// When it was not done, or that is not known.
    pub async fn remove(&self, permit: WritePermit, body: &Body) -> Result<(), ServerError> {
        let sent = self.send(Verb::Remove, body, permit).await;
        let again = sent.open.is_some();
        match sent.unless_open() {
            // It was there for an earlier sending, whose answer was lost (docs/server.md#repeating-a-request).
            Err(error) if again && error.is_gone() => Ok(()),
            result => result.map(drop),
        }
    }

    async fn send(&self, verb: Verb, body: &Body, permit: WritePermit) -> Sent {
        let (method, endpoint) = verb.endpoint();
        let call = Call::writing(method, endpoint, body);
        let resend = match verb {
            Verb::Create => Resend::NonIdempotent,
            Verb::Update | Verb::Remove => Resend::Idempotent,
        };
        let client = &self.reader.client;
        client.send(&call, resend, &self.gate, Some(permit.0)).await
    }
}

/// The record in an answer.
fn record(mut object: Object) -> Result<Object, ServerError> {
    match object.remove("integration") {
        Some(Json::Object(record)) => Ok(record),
        _ => Err(ServerError::Undecodable(
            "`integration` is not an object".to_owned(),
        )),
    }
}

/// Every Rocket.Chat answers what needs no login: who does not is another server, though it may speak JSON.
fn not_rocket_chat(error: ServerError) -> ServerError {
    let status = match error {
        ServerError::Undecodable(_) => StatusCode::OK,
        ServerError::Rejected { status, .. } if status == StatusCode::NOT_FOUND => status,
        other => return other,
    };
    ServerError::NotRocketChat {
        status,
        line: String::new(),
    }
}
