//! The flags of `rcsync snapshot`.

use std::path::PathBuf;

use clap::Args;

use super::{ManifestArgs, ServerArgs};

/// Shown below the flags.
pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync snapshot chat/ --out state.json     with credentials, on a schedule or after each apply
  rcsync plan chat/ --state state.json       without, in pull requests

It holds the fields of records that an entry names, but no tokens, and URLs only where the
manifests write the same; of other records only id, type, name and creator.";

/// The flags of `rcsync snapshot`
#[derive(Args, Debug)]
pub(crate) struct SnapshotArgs {
    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    /// Where it goes, in the place of an older one. Without it, standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}
