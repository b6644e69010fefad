//! `rcsync sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rocketchat_sandbox::{Quirk, Rate, Version};

pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync sandbox --invent                    missing rooms and users are created on demand
  rcsync sandbox --fixture world.json        only the users, rooms and permissions of the fixture
  rcsync sandbox --server-version 7.4 --seed 7 --rate-limit 10/60";

/// The flags of `rcsync sandbox`
#[derive(Args, Debug)]
pub(crate) struct SandboxArgs {
    /// Address to listen on (port 0: any free port)
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,

    /// Keep the state in this file
    ///
    /// It is a journal. Without it, the state is lost when the sandbox stops.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Start with the users, rooms and permissions of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) fixture: Option<PathBuf>,

    /// Seed for ids and tokens
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Version of the server to behave as, 3.4 to 9.1
    #[arg(long, value_name = "VERSION", default_value_t)]
    pub(crate) server_version: Version,

    /// Turn one quirk of the version on or off (repeatable)
    #[arg(long, value_name = "NAME=on|off", value_parser = quirk)]
    pub(crate) quirk: Vec<(Quirk, bool)>,

    /// Rate limit of each caller per endpoint
    #[arg(long, value_name = "CALLS/SECONDS", value_parser = rate)]
    pub(crate) rate_limit: Option<Rate>,

    /// Create missing rooms and users on demand (users as bots)
    #[arg(long)]
    pub(crate) invent: bool,

    /// Enable the control endpoints below /sandbox/
    ///
    /// They inject faults and drift, fire events, and list requests and messages.
    #[arg(long)]
    pub(crate) control: bool,

    /// Retry outgoing webhooks without the server's pauses
    #[arg(long)]
    pub(crate) fast_retries: bool,

    /// Number of server processes to imitate behind one address
    ///
    /// Ids then do not follow each other within a second.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) instances: u8,

    /// Milliseconds until a new integration appears in lists
    #[arg(long, value_name = "MILLISECONDS", default_value = "0", value_parser = millis)]
    pub(crate) create_gap: Duration,
}

/// `NAME=on` or `NAME=off`.
fn quirk(text: &str) -> Result<(Quirk, bool), String> {
    match text.split_once('=') {
        Some((name, "on")) => Ok((name.parse()?, true)),
        Some((name, "off")) => Ok((name.parse()?, false)),
        _ => Err("expected NAME=on or NAME=off".to_owned()),
    }
}

/// `CALLS/SECONDS`, both above zero.
fn rate(text: &str) -> Result<Rate, String> {
    let parsed = text.split_once('/').and_then(|(calls, seconds)| {
        let (calls, seconds): (u64, u64) = (calls.parse().ok()?, seconds.parse().ok()?);
        let millis = seconds.checked_mul(1000)?;
        (calls > 0 && seconds > 0).then_some(Rate { calls, millis })
    });
    parsed.ok_or_else(|| "expected CALLS/SECONDS, such as 10/60".to_owned())
}

/// A number of milliseconds.
fn millis(text: &str) -> Result<Duration, String> {
    text.parse()
        .map(Duration::from_millis)
        .map_err(|_| "expected a number of milliseconds".to_owned())
}
