//! `rcsync sandbox`: serve the sandbox over HTTP until it is stopped.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rocketchat_sandbox::{
    self as sandbox, Clock, Config, Fixture, Holder, Sandbox, StateError, Store,
};
use tokio::net::TcpListener;

use super::failure::Failure;
use super::runtime;
use crate::cli::SandboxArgs;
use crate::exit::Exit;
use crate::interrupt::Signals;
use crate::terminal;
use rcsync::regular;

/// Serves until SIGINT or SIGTERM.
pub(super) fn run(args: SandboxArgs) -> Result<Exit, Failure> {
    runtime(open_and_serve(args))
}

/// How long a state that another run uses is waited for, and how often it is looked at.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

/// The most that is read of a fixture; what is larger breaks off there.
const LARGEST_FIXTURE: u64 = 64 << 20;

/// Opens a sandbox, and waits a while if its state is used by a run that ends by itself.
pub(super) async fn open_state(config: &Config) -> Result<Arc<Sandbox>, StateError> {
    let begun = Instant::now();
    let mut looks = 0;
    loop {
        let opened = Sandbox::open(config, Clock::system());
        looks += 1;
        match &opened {
            // Who has just taken the lock may not have said so yet; a second look tells.
            Err(error) if error.is_in_use() && looks == 1 => {}
            Err(error) if error.will_pass() && begun.elapsed() < PATIENCE => {
                if looks == 2 {
                    terminal::note(&format!("note: {error}; waiting for it to end\n"));
                }
            }
            Err(_) => return opened,
            Ok(sandbox) => {
                if let Some(note) = sandbox.note() {
                    terminal::note(&format!("note: {note}\n"));
                }
                return opened;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Opens the port and the state, says how to use them, and serves.
async fn open_and_serve(args: SandboxArgs) -> Result<Exit, Failure> {
    let listen = args.listen;
    let with_fixture = args.fixture.is_some();
    let bound = TcpListener::bind(listen)
        .await
        .and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = bound.map_err(|error| {
        let message = format!("cannot listen on {listen}: {error}");
        Failure::new(Exit::Invalid, &message, None)
    })?;
    let opened = match config(args, address) {
        Ok(config) => open_state(&config).await,
        Err(error) => Err(error),
    };
    let sandbox =
        opened.map_err(|error| Failure::new(Exit::Invalid, &error.to_string(), error.help()))?;
    if !address.ip().is_loopback() {
        terminal::note(&format!(
            "warning: {address} can be reached from other machines, and the sandbox has no protection\n"
        ));
    }
    // Who has read where it listens may stop it.
    let mut signals = Signals::listen();
    // Nobody could stop what nobody knows of.
    if !terminal::out(&greeting(&sandbox, address, with_fixture)) {
        return Ok(Exit::Done);
    }
    let stopped = async {
        signals.next().await;
    };
    sandbox::serve(sandbox, listener, stopped).await;
    Ok(Exit::Done)
}

/// The flags in the sandbox's words.
fn config(args: SandboxArgs, address: SocketAddr) -> Result<Config, StateError> {
    let state = args.state.as_deref().map(|file| {
        let located = regular::locate(file).map_err(StateError::unusable(file));
        located.map(|located| Store::File(located.path))
    });
    Ok(Config {
        version: args.server_version,
        quirks: args.quirk,
        invent: args.invent,
        seed: args.seed,
        rate: args.rate_limit,
        instances: args.instances,
        create_gap: args.create_gap,
        fast_retries: args.fast_retries,
        control: args.control,
        fixture: args.fixture.as_deref().map(fixture).transpose()?,
        store: state.transpose()?.unwrap_or_default(),
        holder: Holder::this("rcsync sandbox", Some(format!("http://{address}"))),
    })
}

/// Reads a fixture.
fn fixture(file: &Path) -> Result<Fixture, StateError> {
    let mut bytes = Vec::new();
    regular::locate(file)
        .and_then(|located| located.open())
        .and_then(|opened| opened.take(LARGEST_FIXTURE).read_to_end(&mut bytes))
        .map_err(StateError::unusable(file))?;
    Fixture::parse(&bytes).map_err(|reason| StateError::Fixture {
        file: file.to_owned(),
        reason,
    })
}

/// Where the sandbox is and who may use it, as lines for a shell; in one piece, for whoever waits for it.
fn greeting(sandbox: &Arc<Sandbox>, address: SocketAddr, with_fixture: bool) -> String {
    let mut lines = vec![
        "# A sandbox that behaves like Rocket.Chat's integration endpoints. Stop it with Ctrl-C."
            .to_owned(),
    ];
    if with_fixture {
        lines.push(
            "# The users and tokens are the fixture's; these are an administrator's.".to_owned(),
        );
    }
    lines.push(format!("export RCSYNC_URL=http://{address}"));
    if let Some((id, token)) = sandbox.admin() {
        lines.push(format!("export RCSYNC_USER_ID={id}"));
        lines.push(format!("export RCSYNC_AUTH_TOKEN={token}"));
    }
    lines.join("\n") + "\n"
}
