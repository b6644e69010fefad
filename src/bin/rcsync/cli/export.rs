//! The flags of `rcsync export`.

use std::path::PathBuf;

use clap::Args;

use super::ServerArgs;

/// Shown below the flags.
pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync export                                to standard output
  rcsync export --out integrations.yaml        into one file, scripts inside it
  rcsync export --out chat/ --scripts chat/scripts --secrets-file ../chat-secrets.yaml
                                               into chat/integrations.yaml, chat/scripts/*.js
  rcsync export --match integrations.yaml      the `id:` lines for entries you have already

What has its documented default is left out, and so are the tokens of outgoing webhooks: a
token that is not written is not compared. A URL with a user, a password or a query is written
as ${secret.NAME}; with --secrets-file its value is kept there, for `--secret-file` of plan.";

/// The flags of `rcsync export`
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Where the manifest goes: a file, or a folder that gets `integrations.yaml` (it exists as one, ends in
    /// `/`, or has no `.yaml` or `.yml` ending). Without it, standard output
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Write scripts as files into this folder, at or below the manifest's; without it they stand in the manifest
    #[arg(long, value_name = "DIR", requires = "out")]
    pub(crate) scripts: Option<PathBuf>,

    /// Write the values of the secrets that the manifest refers to into this file, which nobody else can read
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets_file: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long)]
    pub(crate) force: bool,

    /// Write nothing, but print the `id:` of the record behind each entry of these manifests (files or folders)
    #[arg(
        long = "match",
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = ["out", "scripts", "secrets_file", "force"]
    )]
    pub(crate) matching: Vec<String>,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}
