//! From the flags and the environment to a reader of the server, or of a sandbox inside this process.

mod embedded;
mod identity;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use rand::rngs::OsRng;

use super::failure::Failure;
use super::terminal;
use crate::cli::ServerArgs;
use crate::exit::Exit;
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
pub(super) async fn open(args: &ServerArgs, writing: bool) -> Result<Session, Failure> {
    let retries = Retries {
        times: args.retries,
        // Runs that fail together do not come again together.
        seed: OsRng.try_next_u64().unwrap_or_default(),
    };
    if let Some(state) = &args.sandbox {
        let (base, credentials) = embedded::open(state, writing).await?;
        let transport = transport(args, &base, None)?;
        return Ok(Session {
            reader: reader(base, &credentials, transport, retries)?,
            sandbox: Some(state.display().to_string()),
        });
    }
    let base = identity::server(args).map_err(complain)?;
    let identity = identity::identity(args).map_err(complain)?;
    let authorities = identity::authorities(args).map_err(complain)?;
    let transport = transport(args, &base, authorities)?;
    let reader = match identity {
        Identity::Token(credentials) => reader(base, &credentials, transport, retries)?,
        Identity::Password(login) => {
            let token = Reader::log_in(base.clone(), &login, transport.clone(), retries).await;
            let token = token.map_err(|error| failed(&error))?;
            let reader = reader(base, &token, transport, retries)?;
            LOGGED_IN.with(|logged_in| logged_in.replace(Some(reader.clone())));
            reader
        }
    };
    Ok(Session {
        reader,
        sandbox: None,
    })
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

fn reader(
    base: BaseUrl,
    credentials: &Credentials,
    transport: Arc<HttpTransport>,
    retries: Retries,
) -> Result<Reader, Failure> {
    Reader::with(base, credentials, transport, retries)
        .map_err(|error| Failure::shown(Exit::Invalid, &error.to_string(), None))
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
