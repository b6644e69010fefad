//! `rcsync sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rocketchat_sandbox::{Quirk, Rate, Version};

pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync sandbox --invent                    rooms and users are made up when they are asked for
  rcsync sandbox --fixture world.json        only the users, rooms and permissions of the fixture
  rcsync sandbox --server-version 7.4 --seed 7 --rate-limit 10/60";

/// The flags of `rcsync sandbox`
#[derive(Args, Debug)]
pub(crate) struct SandboxArgs {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub(crate) listen: SocketAddr,

    /// Keep the state in this file (a journal); without it the state is gone when the sandbox stops
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Fill an empty state with the users, rooms and permissions of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) fixture: Option<PathBuf>,

    /// Make ids and tokens from this number, the same in every run
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,

    /// Behave as this version of the server, 3.4 to 9.1
    #[arg(long, value_name = "VERSION", default_value_t)]
    pub(crate) server_version: Version,

    /// Switch one quirk of the version on or off (repeatable)
    #[arg(long, value_name = "NAME=on|off", value_parser = quirk)]
    pub(crate) quirk: Vec<(Quirk, bool)>,

    /// Limit each caller to so many calls in so many seconds, per endpoint
    #[arg(long, value_name = "CALLS/SECONDS", value_parser = rate)]
    pub(crate) rate_limit: Option<Rate>,

    /// Make up rooms and users that are not there (users as bots)
    #[arg(long)]
    pub(crate) invent: bool,

    /// Answer below /sandbox/: faults, drift, and the requests received
    #[arg(long)]
    pub(crate) control: bool,

    /// Call outgoing webhooks again at once when a call failed, without the server's pauses
    #[arg(long)]
    pub(crate) fast_retries: bool,

    /// Imitate so many server processes behind one address: ids do not follow each other within a second
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub(crate) instances: u8,

    /// Milliseconds between the time stamp of a new integration and its appearance
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
