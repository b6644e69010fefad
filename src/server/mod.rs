//! The server's integrations in the words of the other stages: what the [`client`] reads, decoded; what is
//! to be written, encoded.
//!
//! [`Reader`] cannot write. [`Writer`] can, and is named only here, in `apply` and in `engine/apply.rs`, so that a plan
//! cannot write. Nothing here compares or decides.

mod checkup;
mod history;
mod lookup;
mod wire;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

use std::pin::Pin;

use tokio::sync::watch;

pub use checkup::Checkup;

use crate::client::{
    self, Account, BadCredentials, BaseUrl, Concurrency, Limits, Object, ServerError, Session,
    Verb, Waiting, WritePermit,
};
use crate::integration::{Fields, Kind, Version};
use crate::observed::{
    DecodeError, Histories, ObservedState, Record, Rooms, ServerFacts, ServerId, Users, View,
};
use crate::problem::{Code, Problem};
use crate::redactor::{Redactor, ServerText};

/// What came of a create.
pub type Creation = client::Creation<Record>;

/// Asks, and cannot write.
#[derive(Clone)]
pub struct Reader {
    client: client::Reader,
}

impl Reader {
    /// Asks within a session.
    pub fn of(session: &Session) -> Self {
        session.reader().clone().into()
    }

    /// The server's address.
    pub fn address(&self) -> String {
        self.client.base().to_string()
    }

    /// Everything that a plan needs to know of the server, asked at once.
    ///
    /// # Errors
    /// When it is no Rocket.Chat, does not take the credentials, or the listing cannot be read whole: a part of it is
    /// never returned.
    pub async fn observe(&self) -> Result<ObservedState, ServerError> {
        let (server, records) =
            both(Box::pin(self.facts()), Box::pin(self.client.integrations())).await?;
        state(server, records, self.limits(), self.client.redactor())
    }

    /// Which server answers, and as whom.
    ///
    /// # Errors
    /// When it is no Rocket.Chat, or does not take the credentials.
    pub async fn facts(&self) -> Result<ServerFacts, ServerError> {
        // "This is no Rocket.Chat" counts more than "wrong token".
        let (version_text, account) = both(
            Box::pin(self.version_text()),
            Box::pin(self.client.account()),
        )
        .await?;
        Ok(self.known(version_text, account))
    }

    /// The version that the server tells.
    async fn version_text(&self) -> Result<Option<ServerText>, ServerError> {
        let info = self.client.info().await?;
        Ok(self.client.version(&info))
    }

    /// A server of this version, as this account.
    fn known(&self, version_text: Option<ServerText>, account: Account) -> ServerFacts {
        let version = version_text.as_ref();
        ServerFacts {
            url: self.address(),
            version: version.and_then(|text| Version::parse(text.raw())),
            version_text,
            user_id: account.user_id,
            username: account.username,
            roles: account.roles,
        }
    }

    /// Where the workspace says that people reach it, if it says so (docs/server.md#server-information).
    ///
    /// # Errors
    /// When the server does not tell.
    pub async fn workspace_url(&self) -> Result<Option<BaseUrl>, ServerError> {
        self.client.workspace_url().await
    }

    /// All records that this account sees.
    ///
    /// # Errors
    /// When it cannot be read whole: a part of it is never returned.
    pub async fn listing(&self) -> Result<Vec<Record>, ServerError> {
        let records = self.client.integrations().await?;
        Ok(decode_all(records, self.client.redactor())?.0)
    }

    /// One record as it is now. [`ServerError::is_gone`] tells whether there is none.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn get(&self, id: &ServerId) -> Result<Record, ServerError> {
        let record = self.client.integration(id.raw()).await?;
        decode(record, self.client.redactor())
    }

    /// What the answers so far told of the rate limit.
    pub fn limits(&self) -> Limits {
        self.client.limits()
    }

    /// What requests wait for at this moment, before they are sent.
    pub fn waits(&self) -> Vec<Waiting> {
        self.client.waits()
    }
}

impl From<client::Reader> for Reader {
    fn from(client: client::Reader) -> Self {
        Self { client }
    }
}

/// What this account sees of this server, whose listing is one answer with this body.
///
/// # Errors
/// When it is no whole listing.
pub fn observed(server: ServerFacts, body: &[u8]) -> Result<ObservedState, ServerError> {
    let records = client::listing_of(body)?;
    state(server, records, Limits::Unknown, &Redactor::default())
}

/// What a server told, before anything else is asked.
fn state(
    server: ServerFacts,
    records: Vec<Object>,
    limits: Limits,
    redactor: &Redactor,
) -> Result<ObservedState, ServerError> {
    let (records, unknown_kinds) = decode_all(records, redactor)?;
    Ok(ObservedState {
        server,
        records,
        unknown_kinds,
        users: Users::default(),
        rooms: Rooms::default(),
        limits,
        view: View::default(),
        histories: Histories::default(),
        redactor: redactor.clone(),
        taken_at: None,
    })
}

/// The records that the account sees, by id, and how many there are of no kind that we know.
fn decode_all(raw: Vec<Object>, redactor: &Redactor) -> Result<(Vec<Record>, usize), ServerError> {
    let mut records = Vec::with_capacity(raw.len());
    let mut unknown_kinds = 0;
    for raw in raw {
        match Record::decode(raw, redactor) {
            Ok(record) => records.push(record),
            Err(DecodeError::Stranger { .. }) => unknown_kinds += 1,
            Err(error) => return Err(ServerError::Undecodable(error.to_string())),
        }
    }
    Ok((records, unknown_kinds))
}

/// Writes, one record at a time.
pub struct Writer {
    client: client::Writer,
    reader: Reader,
}

impl Writer {
    /// Writes within a session.
    pub fn of(session: &Session) -> Self {
        Self {
            client: session.writer(),
            reader: Reader::of(session),
        }
    }

    /// The same, with so many writes in flight at most, and none sent once `stop` is true: those that wait
    /// to be sent end with [`ServerError::Stopped`] at once.
    #[must_use]
    pub fn gated(&self, concurrency: Concurrency, stop: watch::Receiver<bool>) -> Self {
        Self {
            client: self.client.gated(concurrency, stop),
            reader: self.reader.clone(),
        }
    }

    /// How many writes may be in flight at the moment: more would only wait.
    pub fn level(&self) -> usize {
        self.client.level()
    }

    /// The reader beside it.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Creates a record with these values. Sent again only where it certainly was not done;
    /// [`ServerError::leaves_open`] tells whether it may have been.
    pub async fn create(&self, permit: WritePermit, fields: &Fields) -> Creation {
        let client::Creation { result, sent } = match wire::create(fields) {
            Ok(body) => self.client.create(permit, &body).await,
            Err(error) => client::Creation {
                result: Err(error),
                sent: tokio::time::Instant::now(),
            },
        };
        Creation {
            result: result.and_then(|it| decode(it, self.redactor())),
            sent,
        }
    }

    /// Waits for leave to send such a write.
    ///
    /// # Errors
    /// When the run is stopped.
    pub async fn permit(&self, verb: Verb) -> Result<WritePermit, ServerError> {
        self.client.permit(verb).await
    }

    /// Gives a record these values, all others that the server has for it being lost, and returns what the server
    /// answers it to be.
    ///
    /// # Errors
    /// When the server refuses it, or did not answer: [`ServerError::leaves_open`] tells whether it may have been done.
    pub async fn update(
        &self,
        permit: WritePermit,
        id: &ServerId,
        fields: &Fields,
        server: Option<Version>,
    ) -> Result<Record, ServerError> {
        let body = wire::update(id, fields, server)?;
        let record = self.client.update(permit, &body).await?;
        decode(record, self.redactor())
    }

    /// Removes a record for good. [`ServerError::is_gone`] tells whether there was none.
    ///
    /// # Errors
    /// When the server refuses it, or did not answer: [`ServerError::leaves_open`] tells whether it may have been done.
    pub async fn remove(
        &self,
        permit: WritePermit,
        kind: Kind,
        id: &ServerId,
    ) -> Result<(), ServerError> {
        self.client.remove(permit, &wire::remove(kind, id)).await
    }

    fn redactor(&self) -> &Redactor {
        self.reader.client.redactor()
    }
}

/// Both at once. What the first fails with counts, whatever the other says, and nothing waits for the other then.
async fn both<A, B>(
    mut first: Pin<Box<impl Future<Output = Result<A, ServerError>>>>,
    mut other: Pin<Box<impl Future<Output = Result<B, ServerError>>>>,
) -> Result<(A, B), ServerError> {
    let mut early = None;
    let first = loop {
        tokio::select! {
            biased;
            first = &mut first => break first?,
            other = &mut other, if early.is_none() => early = Some(other),
        }
    };
    let other = match early {
        Some(other) => other?,
        None => other.await?,
    };
    Ok((first, other))
}

/// The record that an object of the server is.
fn decode(record: Object, redactor: &Redactor) -> Result<Record, ServerError> {
    Record::decode(record, redactor).map_err(|error| ServerError::Undecodable(error.to_string()))
}

/// What the server, or the way to it, was in the way of.
impl From<&ServerError> for Problem {
    fn from(error: &ServerError) -> Self {
        Self {
            help: error.help(),
            ..Self::new(Code("server"), error.to_string())
        }
    }
}

/// Credentials that cannot be sent.
impl From<BadCredentials> for Problem {
    fn from(error: BadCredentials) -> Self {
        let help = "check RCSYNC_USER_ID and RCSYNC_AUTH_TOKEN, or the file of the token";
        Self::with_help(Code("connection"), error.to_string(), help)
    }
}
