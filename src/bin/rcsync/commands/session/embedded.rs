//! A sandbox inside this process, instead of a server.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use rocketchat_sandbox::{self as sandbox, Config, Holder, Store};
use tokio::net::TcpListener;

use crate::commands::failure::Failure;
use crate::commands::sandbox::open_state;
use crate::exit::Exit;
use rcsync::regular;
use rocketchat_client::secret::Secret;
use rocketchat_client::{BaseUrl, Credentials};

/// The folder that the state of the embedded sandbox is in, unless another is named.
const OWN_FOLDER: &str = ".rcsync";

/// A sandbox on a free port of this machine, and an administrator of it. It runs on this runtime, until the end.
pub(super) async fn open(state: &Path, writing: bool) -> Result<(BaseUrl, Credentials), Failure> {
    let config = Config {
        invent: true,
        store: store(state, writing)?,
        holder: Holder::this("rcsync apply", None),
        ..Config::default()
    };
    let opened = open_state(&config).await;
    let sandbox = opened.map_err(|error| {
        let message = format!("the sandbox cannot be used: {error}");
        Failure::new(Exit::Invalid, &message, error.help())
    })?;
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
    Ok((base, credentials))
}

/// Where the sandbox keeps its state. A plan writes nothing, so it neither makes the file nor tidies it.
fn store(state: &Path, writing: bool) -> Result<Store, Failure> {
    let said = |error| unusable(&format!("{}: {error}", state.display()));
    let state = regular::locate(state).map_err(said)?.path;
    if !writing {
        return Ok(Store::ReadOnly(state));
    }
    if let Some(folder) = state.parent() {
        make_folder(folder).map_err(|error| unusable(&format!("{}: {error}", folder.display())))?;
    }
    Ok(Store::File(state))
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

/// Why the sandbox cannot be used.
fn unusable(why: &dyn std::fmt::Display) -> Failure {
    let message = format!("the sandbox cannot be used: {why}");
    Failure::new(Exit::Invalid, &message, None)
}
