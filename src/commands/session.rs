//! From the flags and the environment to a reader of the server, or of a sandbox inside this process.

use std::env;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rand::TryRngCore;
use rand::rngs::OsRng;
use tokio::net::TcpListener;

use super::failure::Failure;
use crate::cli::ServerArgs;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::sandbox::{self, Config, Sandbox, Store};
use crate::secret::Secret;
use crate::server::{BaseUrl, Credentials, HttpTransport, Reader, Retries, ServerError, Timeouts};

/// The folder that the state of the embedded sandbox is in, unless another is named.
const OWN_FOLDER: &str = ".rcsync";

/// A server to talk to.
pub(super) struct Session {
    /// The way to ask it.
    pub(super) reader: Reader,
    /// For the embedded sandbox, where its state is.
    pub(super) sandbox: Option<String>,
}

/// Opens it. No request is sent yet.
///
/// # Errors
/// When a flag, a variable or a file is missing or unsound; the reason has been shown.
pub(super) async fn open(args: &ServerArgs, writing: bool) -> Result<Session, Failure> {
    let (base, credentials, sandbox) = if let Some(state) = &args.sandbox {
        embedded(state, writing).await?
    } else {
        let (base, credentials) = named(args)
            .map_err(|(message, hint)| Failure::shown(Exit::Invalid, &message, Some(&hint)))?;
        (base, credentials, None)
    };
    let timeouts = Timeouts {
        connect: Duration::from_secs(args.connect_timeout.into()),
        read: Duration::from_secs(args.read_timeout.into()),
        total: Duration::from_secs(args.timeout.into()),
    };
    let transport = HttpTransport::new(timeouts).map_err(|error| {
        let message = format!("no connection can be made: {error}");
        Failure::shown(Exit::Server, &message, None)
    })?;
    let retries = Retries {
        times: args.retries,
        // Runs that fail together do not come again together.
        seed: OsRng.try_next_u64().unwrap_or_default(),
    };
    let reader = Reader::with(base, &credentials, Arc::new(transport), retries)
        .map_err(|error| Failure::shown(Exit::Invalid, &error.to_string(), None))?;
    Ok(Session { reader, sandbox })
}

/// The server that flags and environment name, or what is wrong and what to do about it.
fn named(args: &ServerArgs) -> Result<(BaseUrl, Credentials), (String, String)> {
    let from_env = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let missing = |what: &str, how: &str| (format!("no {what} is given"), how.to_owned());

    let url = args
        .url
        .clone()
        .or_else(|| from_env("RCSYNC_URL"))
        .ok_or_else(|| {
            missing(
                "server",
                "set RCSYNC_URL or give `--url`; `--sandbox` needs no server",
            )
        })?;
    let base = BaseUrl::parse(&url).map_err(|error| {
        (
            error.to_string(),
            "give it as `https://chat.example.org`".to_owned(),
        )
    })?;
    let user_id = args
        .user_id
        .clone()
        .or_else(|| from_env("RCSYNC_USER_ID"))
        .ok_or_else(|| missing("user id", "set RCSYNC_USER_ID or give `--user-id`"))?;
    let file = args
        .auth_token_file
        .clone()
        .or_else(|| from_env("RCSYNC_AUTH_TOKEN_FILE").map(PathBuf::from));
    let token = match file {
        Some(path) => read_token(&path)?,
        None => from_env("RCSYNC_AUTH_TOKEN").ok_or_else(|| {
            missing(
                "token",
                "set RCSYNC_AUTH_TOKEN, or give `--auth-token-file`",
            )
        })?,
    };
    Ok((
        base,
        Credentials {
            user_id,
            token: Secret::new(token.trim()),
        },
    ))
}

fn read_token(path: &Path) -> Result<String, (String, String)> {
    fs::read_to_string(path).map_err(|error| {
        let message = format!("the token file {} cannot be read: {error}", path.display());
        (message, "it holds the token and nothing else".to_owned())
    })
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
    let url = args.url.clone().or_else(|| env::var("RCSYNC_URL").ok())?;
    Some(BaseUrl::parse(&url).ok()?.to_string())
}

/// A sandbox on a free port of this machine, and an administrator of it. It runs on this runtime, until the end.
async fn embedded(
    state: &Path,
    writing: bool,
) -> Result<(BaseUrl, Credentials, Option<String>), Failure> {
    let config = Config {
        invent: true,
        store: store(state, writing)?,
        ..Config::default()
    };
    let sandbox = Sandbox::open(&config, Clock::system()).map_err(|error| unusable(&error))?;
    let (user_id, token) = sandbox
        .admin()
        .ok_or_else(|| unusable(&"it has no administrator"))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let listener = listener.map_err(|error| unusable(&error))?;
    let address = listener.local_addr().map_err(|error| unusable(&error))?;
    tokio::spawn(sandbox::serve(sandbox, listener, std::future::pending()));
    let base = BaseUrl::parse(&format!("http://{address}")).map_err(|error| unusable(&error))?;
    let credentials = Credentials {
        user_id,
        token: Secret::new(token),
    };
    Ok((base, credentials, Some(state.display().to_string())))
}

/// Where the sandbox keeps its state. A plan writes nothing, so it neither makes the file nor tidies it.
fn store(state: &Path, writing: bool) -> Result<Store, Failure> {
    if !writing {
        return Ok(Store::ReadOnly(state.to_owned()));
    }
    if let Some(folder) = state.parent() {
        make_folder(folder).map_err(|error| unusable(&format!("{}: {error}", folder.display())))?;
    }
    sandbox::compact(state).map_err(|error| unusable(&error))?;
    Ok(Store::File(state.to_owned()))
}

/// Makes the folder of the state. A hidden one of our own is hidden from git, too: the state holds tokens.
fn make_folder(folder: &Path) -> io::Result<()> {
    let made = !folder.exists();
    fs::create_dir_all(folder)?;
    if made && folder.file_name().is_some_and(|name| name == OWN_FOLDER) {
        fs::write(folder.join(".gitignore"), "*\n")?;
    }
    Ok(())
}

/// Shows why the sandbox cannot be used.
fn unusable(why: &dyn std::fmt::Display) -> Failure {
    let message = format!("the sandbox cannot be used: {why}");
    Failure::shown(Exit::Invalid, &message, None)
}
