//! From the flags and the environment to a session with a server, or with a sandbox inside this process.

mod embedded;
mod identity;

use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use rand::rngs::OsRng;

use super::failure::Failure;
use super::known;
use crate::cli::ServerArgs;
use crate::exit::Exit;
use crate::progress::Notes;
use rcsync::desired::Policy;
use rcsync::engine::{Event, Events};
use rcsync::plan;
use rcsync::problem::Problem;
use rcsync::server::{Reader, Writer};
use rocketchat_client as client;
use rocketchat_client::redactor::Redactor;
use rocketchat_client::{
    Auth, BaseUrl, Connection, Endpoint, HttpTransport, NoSession, Retries, Timeouts,
};

/// A server to talk to.
pub(super) struct Session {
    inner: client::Session,
    reader: Reader,
    /// For the embedded sandbox, where its state is.
    pub(super) sandbox: Option<String>,
}

impl Session {
    /// What asks.
    pub(super) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// What writes.
    pub(super) fn writer(&self) -> Writer {
        Writer::of(&self.inner)
    }
}

/// Opens a session, does something in it, and closes it however that ended. No request is sent before, but for a login by
/// password.
///
/// # Errors
/// When a flag, a variable or a file is missing or unsound, a login fails, or what is done in it does.
pub(super) async fn with<T>(
    args: &ServerArgs,
    writing: bool,
    known: &Redactor,
    doing: impl AsyncFnOnce(&Session) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let config = connection_config(args, writing, known).await?;
    let auth = config.auth.as_ref();
    let auth = auth.map_err(|problem| Failure::of(Exit::Invalid, problem))?;
    let opened = client::Session::open(&config.endpoint, auth).await;
    let inner = opened.map_err(|error| match error {
        NoSession::Unusable(error) => Failure::of(Exit::Invalid, &error.into()),
        NoSession::Refused(error) => error.into(),
    })?;
    let session = Session {
        reader: Reader::of(&inner),
        inner,
        sandbox: config.sandbox,
    };
    let done = doing(&session).await;
    if let Err(error) = session.inner.close().await {
        Notes.event(&Event::StillLoggedIn(&error));
    }
    done
}

/// Whether it is said which server, and as whom. No request is sent.
///
/// # Errors
/// When a flag, a variable or a file is missing or unsound.
pub(super) async fn check(args: &ServerArgs) -> Result<(), Failure> {
    let config = connection_config(args, false, &Redactor::default()).await?;
    config
        .auth
        .map(drop)
        .map_err(|problem| Failure::of(Exit::Invalid, &problem))
}

/// Whether these files are for the server that is named. No request is sent.
///
/// # Errors
/// When they are for another.
pub(super) fn check_server(args: &ServerArgs, policy: &Policy) -> Result<(), Failure> {
    // The embedded sandbox has no address of its own.
    let address = args.sandbox.is_none().then(|| address(args)).flatten();
    let refusal = address.and_then(|it| plan::another_server(&it, policy));
    refusal.map_or(Ok(()), |it| Err(Failure::of(Exit::Refused, &it.problem)))
}

/// How a server is reached, and as whom.
pub(super) struct ConnectionConfig {
    /// Where it is.
    pub(super) endpoint: Endpoint,
    /// Whether certificates are trusted beside those of the system.
    pub(super) has_authorities: bool,
    /// For the embedded sandbox, where its state is.
    sandbox: Option<String>,
    /// As whom, if that is said.
    pub(super) auth: Result<Auth, Problem>,
}

/// Makes it out of flags and the environment. No request is sent.
///
/// # Errors
/// When a flag, a variable or a file is missing or unsound.
pub(super) async fn connection_config(
    args: &ServerArgs,
    writing: bool,
    known: &Redactor,
) -> Result<ConnectionConfig, Failure> {
    let (base, auth, authorities) = if let Some(state) = &args.sandbox {
        let (base, credentials) = embedded::open(state, writing).await?;
        (base, Ok(Auth::Token(credentials)), None)
    } else {
        let base =
            identity::server(args).map_err(|problem| Failure::of(Exit::Invalid, &problem))?;
        let authorities =
            identity::authorities(args).map_err(|problem| Failure::of(Exit::Invalid, &problem))?;
        (base, identity::auth(args), authorities)
    };
    Ok(ConnectionConfig {
        has_authorities: authorities.is_some(),
        endpoint: Endpoint {
            transport: transport(args, &base, authorities)?,
            base,
            known: known::from_environment().and(known),
            retries: Retries {
                times: args.retries,
                // Runs that fail together do not come again together.
                seed: OsRng.try_next_u64().unwrap_or_default(),
                longest_wait: args.wait,
            },
        },
        sandbox: args.sandbox.as_ref().map(|it| it.display().to_string()),
        auth,
    })
}

impl ConnectionConfig {
    /// The server's address, or where the embedded sandbox keeps its state.
    pub(super) fn shown(&self) -> String {
        let sandbox = self.sandbox.clone();
        sandbox.unwrap_or_else(|| self.endpoint.base.to_string())
    }
}

fn transport(
    args: &ServerArgs,
    base: &BaseUrl,
    authorities: Option<Vec<u8>>,
) -> Result<Arc<HttpTransport>, Failure> {
    let connection = Connection {
        timeouts: Timeouts {
            connect: Duration::from_secs(args.connect_timeout.into()),
            read: Duration::from_secs(args.read_timeout.into()),
            total: Duration::from_secs(args.timeout.into()),
        },
        authorities,
        direct: base.is_local(),
    };
    let transport = HttpTransport::new(&connection).map_err(|error| {
        let message = format!("no connection can be made: {error}");
        Failure::new(Exit::Server, &message, None)
    })?;
    Ok(Arc::new(transport))
}

/// Which server is named, whatever else is missing: its address, or where the embedded sandbox keeps its state.
pub(super) fn address(args: &ServerArgs) -> Option<String> {
    if let Some(state) = &args.sandbox {
        return Some(state.display().to_string());
    }
    let url = identity::address(args)?;
    Some(BaseUrl::parse(&url).ok()?.to_string())
}
