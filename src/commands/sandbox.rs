//! `rcsync sandbox`: serve the sandbox over HTTP until it is stopped.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::interrupt::Signals;
use super::{runtime, terminal};
use crate::cli::SandboxArgs;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::sandbox::{self, Config, Sandbox, Store};

/// Serves until SIGINT or SIGTERM.
pub(super) fn run(args: SandboxArgs) -> Exit {
    runtime(open_and_serve(args))
}

/// Opens the state and the port, says how to use them, and serves.
async fn open_and_serve(args: SandboxArgs) -> Exit {
    let listen = args.listen;
    let with_fixture = args.fixture.is_some();
    if let Some(state) = &args.state
        && let Err(error) = sandbox::compact(state)
    {
        return failed(&error, Exit::Invalid);
    }
    let sandbox = match Sandbox::open(&config(args), Clock::system()) {
        Ok(sandbox) => sandbox,
        Err(error) => return failed(&error, Exit::Invalid),
    };
    let bound = TcpListener::bind(listen)
        .await
        .and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (address, listener) = match bound {
        Ok(bound) => bound,
        Err(error) => {
            return failed(
                &format!("cannot listen on {listen}: {error}"),
                Exit::Invalid,
            );
        }
    };
    if !address.ip().is_loopback() {
        terminal::note(&format!(
            "warning: {address} can be reached from other machines, and the sandbox guards nothing\n"
        ));
    }
    // Who has read where it listens may stop it.
    let mut signals = Signals::listen();
    // Nobody could stop what nobody knows of.
    if !terminal::out(&greeting(&sandbox, address, with_fixture)) {
        return Exit::Done;
    }
    let stopped = async {
        signals.next().await;
    };
    sandbox::serve(sandbox, listener, stopped).await;
    Exit::Done
}

/// The flags in the sandbox's words.
fn config(args: SandboxArgs) -> Config {
    Config {
        version: args.server_version,
        quirks: args.quirk,
        invent: args.invent,
        seed: args.seed,
        rate: args.rate_limit,
        instances: args.instances,
        create_gap: args.create_gap,
        control: args.control,
        fixture: args.fixture,
        store: args.state.map_or(Store::Memory, Store::File),
    }
}

/// Where the sandbox is and who may use it, as lines for a shell; in one piece, for whoever waits for it.
fn greeting(sandbox: &Arc<Sandbox>, address: SocketAddr, with_fixture: bool) -> String {
    let mut lines = vec![
        "# A sandbox: it imitates Rocket.Chat's integration endpoints. Stop it with Ctrl-C."
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

/// Says why it cannot go on.
fn failed(why: &impl ToString, exit: Exit) -> Exit {
    terminal::error(&why.to_string(), None);
    exit
}
