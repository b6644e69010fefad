//! `rcsync sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

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
}
