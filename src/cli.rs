//! The command line: clap types only. What a flag does is in `commands`.

use clap::{Parser, Subcommand};

mod sandbox;

pub(crate) use sandbox::SandboxArgs;

/// Keeps a Rocket.Chat server's webhook integrations as code
#[derive(Debug, Parser)]
#[command(name = "rcsync", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve an imitation of Rocket.Chat's integration endpoints on this machine
    Sandbox(SandboxArgs),
}
