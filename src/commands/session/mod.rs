//! From the flags and the environment to a reader of the server, or of a sandbox inside this process.

mod embedded;
mod identity;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use rand::rngs::OsRng;

use super::failure::Failure;
use super::known;
use super::terminal;
use crate::cli::ServerArgs;
use crate::exit::Exit;
use crate::redactor::Redactor;
use crate::server::{
    BaseUrl, Connection, Credentials, HttpTransport, Reader, Retries, ServerError, Timeouts,
};
use identity::{Complaint, Identity};

tokio::task_local! {
    /// Who is logged in by password, until the command ends.
    static LOGGED_IN: RefCell<Option<Reader>>;
}

/// A server to talk to.
pub(super) struct Session {
    /// The way to ask it.
    pub(super) reader: Reader,
    /// For the embedded sandbox, where its state is.
    pub(super) sandbox: Option<String>,
}

/// Runs a command, and logs out afterwards whoever it has logged in.
pub(super) async fn ended(command: impl Future<Output = Exit>) -> Exit {
    let command = async {
        let exit = command.await;
        if let Some(reader) = LOGGED_IN.with(RefCell::take)
            && let Err(error) = reader.log_out().await
        {
            terminal::note(&format!(
                "warning: the login could not be ended, and lasts until it expires: {error}\n"
            ));
        }
        exit
    };
    LOGGED_IN.scope(RefCell::default(), command).await
}

/// Opens it. No request is sent yet, but for a login by password.
///
/// # Errors
/// When a flag, a variable or a file is missing or unsound, or a login fails; the reason has been shown.
pub(super) async fn open(
    args: &ServerArgs,
    writing: bool,
    known: &Redactor,
) -> Result<Session, Failure> {
    let way = way(args, writing, known).await?;
    let reader = way.enter().await.map_err(|no_entry| match no_entry {
        NoEntry::Missing(complaint) => complain(complaint),
        NoEntry::Refused(error) => failed(&error),
    })?;
    Ok(Session {
        reader,
        sandbox: way.sandbox,
    })
}

/// Whether it is said which server, and as whom. No request is sent.
///
/// # Errors
/// When a flag, a variable or a file is missing or unsound; the reason has been shown.
pub(super) async fn check(args: &ServerArgs) -> Result<(), Failure> {
    let way = way(args, false, &Redactor::default()).await?;
    way.identity.map(drop).map_err(complain)
}

/// The way to a server, and who one would be there.
pub(super) struct Way {
    /// Where it is.
    pub(super) base: BaseUrl,
    /// Whether certificates are trusted beside those of the system.
    pub(super) has_authorities: bool,
    /// For the embedded sandbox, where its state is.
    sandbox: Option<String>,
    identity: Result<Identity, Complaint>,
    transport: Arc<HttpTransport>,
    retries: Retries,
    /// The secrets that the server may echo.
    known: Redactor,
}

/// Why one is nobody there.
pub(super) enum NoEntry {
    /// It is not said who one would be, or not so that it can be sent.
    Missing(Complaint),
    /// A login failed.
    Refused(ServerError),
}

/// Finds the way. No request is sent.
///
/// # Errors
/// When a flag, a variable or a file is missing or unsound; the reason has been shown.
pub(super) async fn way(
    args: &ServerArgs,
    writing: bool,
    known: &Redactor,
) -> Result<Way, Failure> {
    let (base, identity, authorities) = if let Some(state) = &args.sandbox {
        let (base, credentials) = embedded::open(state, writing).await?;
        (base, Ok(Identity::Token(credentials)), None)
    } else {
        let base = identity::server(args).map_err(complain)?;
        let authorities = identity::authorities(args).map_err(complain)?;
        (base, identity::identity(args), authorities)
    };
    Ok(Way {
        has_authorities: authorities.is_some(),
        transport: transport(args, &base, authorities)?,
        base,
        known: known::from_environment().and(known),
        sandbox: args.sandbox.as_ref().map(|it| it.display().to_string()),
        identity,
        retries: Retries {
            times: args.retries,
            // Runs that fail together do not come again together.
            seed: OsRng.try_next_u64().unwrap_or_default(),
        },
    })
}

impl Way {
    /// The account there, logged in if that is by password, until the command ends.
    pub(super) async fn enter(&self) -> Result<Reader, NoEntry> {
        match &self.identity {
            Ok(Identity::Token(credentials)) => self.reader(credentials),
            Ok(Identity::Password(login)) => {
                let transport = self.transport.clone();
                let token = Reader::log_in(
                    self.base.clone(),
                    login,
                    transport,
                    self.retries,
                    &self.known,
                )
                .await;
                let reader = self.reader(&token.map_err(NoEntry::Refused)?)?;
                LOGGED_IN.with(|logged_in| logged_in.replace(Some(reader.clone())));
                Ok(reader)
            }
            Err(complaint) => Err(NoEntry::Missing(complaint.clone())),
        }
    }

    fn reader(&self, credentials: &Credentials) -> Result<Reader, NoEntry> {
        let (base, transport) = (self.base.clone(), self.transport.clone());
        Reader::with(base, credentials, transport, self.retries, &self.known).map_err(|error| {
            let how = "check RCSYNC_USER_ID and RCSYNC_AUTH_TOKEN, or the file of the token";
            NoEntry::Missing((error.to_string(), how.to_owned()))
        })
    }

    /// Nobody there, for what needs no login.
    pub(super) fn nobody(&self) -> Reader {
        Reader::nobody(
            self.base.clone(),
            self.transport.clone(),
            self.retries,
            &self.known,
        )
    }

    /// Whether the account is known by a password.
    pub(super) fn logs_in(&self) -> bool {
        matches!(self.identity, Ok(Identity::Password(_)))
    }

    /// The server's address, or where the embedded sandbox keeps its state.
    pub(super) fn shown(&self) -> String {
        self.sandbox
            .clone()
            .unwrap_or_else(|| self.base.to_string())
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
        Failure::shown(Exit::Server, &message, None)
    })?;
    Ok(Arc::new(transport))
}

fn complain((message, hint): Complaint) -> Failure {
    Failure::shown(Exit::Invalid, &message, Some(&hint))
}

/// Shows why the server did not answer as it should, and says how the run ends.
pub(super) fn failed(error: &ServerError) -> Failure {
    Failure::shown(error.exit(), &error.to_string(), error.hint().as_deref())
}

/// Which server is named, whatever else is missing: its address, or where the embedded sandbox keeps its state.
pub(super) fn address(args: &ServerArgs) -> Option<String> {
    if let Some(state) = &args.sandbox {
        return Some(state.display().to_string());
    }
    let url = identity::address(args)?;
    Some(BaseUrl::parse(&url).ok()?.to_string())
}
