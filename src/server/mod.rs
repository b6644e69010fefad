//! The client: reads a workspace's integrations, and writes them one by one.
//!
//! [`Reader`] cannot write. [`Writer`] can, and is named only here, in `apply` and in `commands/apply.rs`, so
//! that a plan cannot write. Under both lies a [`Transport`], which says *not sent* or *unknown* where there is
//! no answer. Nothing here compares or decides; a failed, partial or forbidden read is an error, never
//! "nothing there".

mod answer;
mod base_url;
mod checkup;
mod client;
mod credentials;
mod error;
mod gate;
mod hint;
mod history;
mod http_transport;
mod json;
mod limits;
mod listing;
mod log;
mod login;
mod lookup;
mod pacer;
mod resend;
mod session;
mod transport;
mod waits;
mod wire;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Map, Value as Json};
use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) use base_url::BaseUrl;
pub(crate) use checkup::Checkup;
pub(crate) use credentials::{BadCredentials, Credentials, Login};
pub(crate) use error::ServerError;
pub(crate) use http_transport::{Connection, HttpTransport, Timeouts};
pub(crate) use resend::Retries;
pub(crate) use session::{Auth, Endpoint, NoSession, Session};
pub(crate) use transport::{BoxFuture, Transport};
#[cfg(test)]
pub(crate) use transport::{Request, Response, SendError};
pub(crate) use waits::{WaitReason, Waiting};

use crate::integration::{Fields, Kind, Version};
use crate::observed::{
    Histories, Limits, ObservedState, Record, Rooms, ServerFacts, ServerId, Users, View,
};
use crate::redactor::{Redactor, ServerText};
use client::{Call, Client, Sent};
use gate::{Gate, Leave, Stopped, Until};
use listing::Listing;
use resend::Resend;

const INFO: &str = "api/info";
const ME: &str = "api/v1/me";
const CREATE: &str = "api/v1/integrations.create";
const UPDATE: &str = "api/v1/integrations.update";
const REMOVE: &str = "api/v1/integrations.remove";
const GET: &str = "api/v1/integrations.get";

/// Asks, and cannot write.
#[derive(Clone)]
pub(crate) struct Reader {
    client: Arc<Client>,
}

impl Reader {
    /// A reader that sends again as is usual.
    #[cfg(test)]
    pub(crate) fn new(
        base: BaseUrl,
        credentials: &Credentials,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, BadCredentials> {
        Self::with(
            base,
            credentials,
            transport,
            Retries::default(),
            &Redactor::default(),
        )
    }

    /// A reader of this workspace, as this account. `known` are the secrets of the run besides the credentials.
    pub(crate) fn with(
        base: BaseUrl,
        credentials: &Credentials,
        transport: Arc<dyn Transport>,
        retries: Retries,
        known: &Redactor,
    ) -> Result<Self, BadCredentials> {
        let client = Client::new(base, credentials, transport, retries, known)?;
        Ok(Self {
            client: Arc::new(client),
        })
    }

    /// A reader without an account, for what needs no login.
    fn anonymous(
        base: BaseUrl,
        transport: Arc<dyn Transport>,
        retries: Retries,
        known: &Redactor,
    ) -> Self {
        let client = Client::anonymous(base, transport, retries, known.clone());
        Self {
            client: Arc::new(client),
        }
    }

    /// A token for a user and a password. [`Reader::log_out`] ends what this begins.
    async fn log_in(&self, login: &Login) -> Result<Credentials, ServerError> {
        login::log_in(&self.client, login).await
    }

    /// Ends the login that this account's token came from: the token is worth nothing from here on.
    async fn log_out(&self) -> Result<(), ServerError> {
        login::log_out(&self.client).await
    }

    /// Everything that a plan needs to know of the server.
    pub(crate) async fn observe(&self) -> Result<ObservedState, ServerError> {
        let server = self.facts().await?;
        let listing = listing::read(&self.client).await?;
        Ok(state(server, listing, self.limits(), &self.client.redactor))
    }

    /// Which server answers, and as whom.
    pub(crate) async fn facts(&self) -> Result<ServerFacts, ServerError> {
        // First what needs no login, so that "this is no Rocket.Chat" is said before "wrong token".
        let version_text = self.version_text().await?;
        self.account(version_text).await
    }

    /// The version that the server tells.
    async fn version_text(&self) -> Result<Option<ServerText>, ServerError> {
        let info = self.client.call(&Call::get(INFO, &[])).await;
        info.map(|info| version_text(&info).map(|text| self.client.text(text)))
            .map_err(not_rocket_chat)
    }

    /// As whom a server of this version answers.
    async fn account(&self, version_text: Option<ServerText>) -> Result<ServerFacts, ServerError> {
        let me = self.client.call(&Call::get(ME, &[])).await?;
        Ok(ServerFacts {
            url: self.client.base.to_string(),
            version: version_text
                .as_ref()
                .and_then(|text| Version::parse(text.raw())),
            version_text,
            user_id: self.client.required(&me, "_id")?,
            username: self.client.required(&me, "username")?,
            roles: self.client.texts(&me, "roles"),
        })
    }

    /// Where the workspace says that people reach it, if it says so (reference 1.6).
    pub(crate) async fn workspace_url(&self) -> Result<Option<BaseUrl>, ServerError> {
        let info = self.client.call(&Call::get(INFO, &[])).await?;
        let told = info.get("workspaceUrl").and_then(Json::as_str);
        // It would be printed in clear, among the URLs of the webhooks.
        let told = told.filter(|url| !self.client.redactor.finds_in(url));
        Ok(told.and_then(|url| BaseUrl::parse(url).ok()))
    }

    /// All records that this account sees.
    pub(crate) async fn listing(&self) -> Result<Vec<Record>, ServerError> {
        Ok(listing::read(&self.client).await?.records)
    }

    /// One record as it is now. [`ServerError::is_gone`] tells whether there is none.
    pub(crate) async fn get(&self, id: &ServerId) -> Result<Record, ServerError> {
        let query = [("integrationId", id.raw())];
        record(
            self.client.call(&Call::get(GET, &query)).await?,
            &self.client.redactor,
        )
    }

    /// What the answers so far told of the rate limit.
    pub(crate) fn limits(&self) -> Limits {
        self.client.pacer.limits()
    }

    /// What requests wait for at this moment, before they are sent.
    pub(crate) fn waits(&self) -> Vec<Waiting> {
        self.client.pacer.waits().all()
    }
}

/// What this account sees of this server, whose listing is one answer with this body.
#[cfg(any(test, feature = "internals"))]
pub(crate) fn observed(server: ServerFacts, body: &[u8]) -> Result<ObservedState, ServerError> {
    let redactor = Redactor::default();
    listing::of_one(body, &redactor)
        .map(|listing| state(server, listing, Limits::Unknown, &redactor))
}

/// What a server told, before anything else is asked.
fn state(
    server: ServerFacts,
    listing: Listing,
    limits: Limits,
    redactor: &Redactor,
) -> ObservedState {
    ObservedState {
        server,
        records: listing.records,
        strangers: listing.strangers,
        users: Users::default(),
        rooms: Rooms::default(),
        limits,
        view: View::default(),
        histories: Histories::default(),
        redactor: redactor.clone(),
        taken_at: None,
    }
}

/// Writes, one record at a time.
pub(crate) struct Writer {
    reader: Reader,
    gate: Gate,
}

/// What came of a create.
pub(crate) struct Creation {
    /// What the server answers the record to be.
    pub(crate) result: Result<Record, ServerError>,
    /// When it was sent; the last time, if that was more than once.
    pub(crate) sent: Instant,
}

/// Leave to send one write. Taken before what it depends on is looked at once more, so that no wait lies between that
/// look and the write.
#[must_use]
pub(crate) struct Turn(Leave);

impl Turn {
    /// The same, and nothing is sent again from that moment on: what was read before the write would be too old.
    pub(crate) fn until(mut self, moment: Instant) -> Self {
        let repeats = false;
        self.0.until = Some(Until { moment, repeats });
        self
    }

    /// The same, but for what may have been done already.
    pub(crate) fn begun_until(mut self, moment: Instant) -> Self {
        let repeats = true;
        self.0.until = Some(Until { moment, repeats });
        self
    }
}

impl Writer {
    /// A writer beside a reader: the same server, account and connections.
    pub(crate) fn beside(reader: &Reader) -> Self {
        Self {
            reader: reader.clone(),
            gate: Gate::default(),
        }
    }

    /// The same, with so many writes on their way at the most, and none sent once `stop` is true: those that wait
    /// to be sent end with [`ServerError::Stopped`] at once.
    pub(crate) fn gated(&self, most: NonZeroUsize, stop: watch::Receiver<bool>) -> Self {
        Self {
            reader: self.reader.clone(),
            gate: Gate::new(most, stop),
        }
    }

    /// The reader beside it.
    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Creates a record with these values. Sent again only where it certainly was not done;
    /// [`ServerError::leaves_open`] tells whether it may have been.
    pub(crate) async fn create(&self, turn: Turn, fields: &Fields) -> Creation {
        let body = match wire::create(fields) {
            Ok(body) => body,
            Err(error) => {
                return Creation {
                    result: Err(error),
                    sent: Instant::now(),
                };
            }
        };
        let call = Call::post(CREATE, &body);
        let sent = self.send(&call, Resend::Doubling, turn).await;
        Creation {
            result: sent
                .result
                .and_then(|it| record(it, &self.reader.client.redactor)),
            sent: sent.left,
        }
    }

    /// Waits for leave to send a create.
    pub(crate) async fn turn_to_create(&self) -> Result<Turn, ServerError> {
        self.turn_to(&Method::POST, CREATE).await
    }

    /// Waits for leave to send an update.
    pub(crate) async fn turn(&self) -> Result<Turn, ServerError> {
        self.turn_to(&Method::PUT, UPDATE).await
    }

    /// Waits for leave to send a removal.
    pub(crate) async fn turn_to_remove(&self) -> Result<Turn, ServerError> {
        self.turn_to(&Method::POST, REMOVE).await
    }

    async fn turn_to(&self, method: &Method, endpoint: &str) -> Result<Turn, ServerError> {
        let leave = self.reader.client.leave(method, endpoint, &self.gate);
        leave
            .await
            .map(Turn)
            .map_err(|Stopped| ServerError::Stopped)
    }

    /// Gives a record these values, all others that the server has for it being lost, and returns what the server
    /// answers it to be.
    pub(crate) async fn update(
        &self,
        turn: Turn,
        id: &ServerId,
        fields: &Fields,
        server: Option<Version>,
    ) -> Result<Record, ServerError> {
        let body = wire::update(id, fields, server)?;
        let call = Call::put(UPDATE, &body);
        let sent = self.send(&call, Resend::Harmless, turn).await;
        record(sent.unless_open()?, &self.reader.client.redactor)
    }

    /// Removes a record for good. [`ServerError::is_gone`] tells whether there was none.
    pub(crate) async fn remove(
        &self,
        turn: Turn,
        kind: Kind,
        id: &ServerId,
    ) -> Result<(), ServerError> {
        let body = wire::remove(kind, id);
        let call = Call::post(REMOVE, &body);
        let sent = self.send(&call, Resend::Harmless, turn).await;
        let again = sent.open.is_some();
        match sent.unless_open() {
            // It was there for an earlier sending, whose answer was lost (reference 13.23).
            Err(error) if again && error.is_gone() => Ok(()),
            result => result.map(drop),
        }
    }

    async fn send(&self, call: &Call<'_>, resend: Resend, turn: Turn) -> Sent {
        let client = &self.reader.client;
        client.send(call, resend, &self.gate, Some(turn.0)).await
    }
}

/// The record in an answer.
fn record(mut object: Map<String, Json>, redactor: &Redactor) -> Result<Record, ServerError> {
    match object.remove("integration") {
        Some(Json::Object(record)) => Record::decode(record, redactor)
            .map_err(|error| ServerError::Undecodable(error.to_string())),
        _ => Err(ServerError::Undecodable(
            "`integration` is no object".to_owned(),
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

/// Very old servers say it in `info` only (reference 1.6).
fn version_text(info: &Map<String, Json>) -> Option<&str> {
    let own = info.get("version");
    let nested = || info.get("info")?.get("version");
    own.or_else(nested)?.as_str()
}
