//! The flags of `rcsync snapshot`.

use std::path::PathBuf;

use clap::Args;

use super::{ManifestArgs, ServerArgs};

/// Shown below the flags.
pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync snapshot chat/ --out state.json     with credentials, on a schedule or after each apply
  rcsync plan chat/ --state state.json       without, in pull requests

A snapshot holds the fields of integrations that are in the manifests, but no tokens, and URLs only
where the manifests have the same. Of other integrations it holds id, type, name and creator.";

/// The flags of `rcsync snapshot`
#[derive(Args, Debug)]
pub(crate) struct SnapshotArgs {
    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    /// Write the snapshot to FILE [default: standard output]
    ///
    /// An existing file is replaced.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) server: ServerArgs,
}
