//! `rcsync sandbox`: serve the sandbox over HTTP until it is stopped.

use crate::cli::SandboxArgs;
use crate::exit::Exit;

/// Serves until SIGINT or SIGTERM.
pub(crate) fn run(_args: &SandboxArgs) -> Exit {
    Exit::Done
}
