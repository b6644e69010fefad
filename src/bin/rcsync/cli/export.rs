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

Fields with their documented default are left out, and so are the tokens of outgoing webhooks: a
token that is not in the manifest is not compared. A URL with a user, a password or a query is
written as ${secret.NAME}; --secrets-file keeps its value, for `--secret-file` of plan.";

/// The flags of `rcsync export`
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// Write the manifest to a file, or to DIR/integrations.yaml [default: standard output]
    ///
    /// It is a folder if it exists as one, ends in `/`, or does not end in `.yaml` or `.yml`.
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Write scripts to files in this folder instead of into the manifest
    ///
    /// The folder must be the manifest's or below it.
    #[arg(long, value_name = "DIR", requires = "out")]
    pub(crate) scripts: Option<PathBuf>,

    /// Write the values of the manifest's secrets to this file
    ///
    /// Only you can read the file.
    #[arg(long, value_name = "FILE")]
    pub(crate) secrets_file: Option<PathBuf>,

    /// Replace existing files
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the `id:` lines for the entries of these manifests
    ///
    /// Files or folders. Nothing is written.
    #[arg(
        long = "match",
        value_name = "FILE",
        num_args = 1..,
        conflicts_with_all = ["out", "scripts", "secrets_file", "force"]
    )]
    pub(crate) matching: Vec<String>,

    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) server: ServerArgs,
}
