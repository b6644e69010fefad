//! The flags of `rcsync urls`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ManifestArgs, ServerArgs};

/// Shown below the flags.
pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync urls chat/                            incoming webhooks of the manifests
  rcsync urls                                  all webhooks that this account has created
  rcsync urls chat/ --format env --out hooks.env && . ./hooks.env
                                               WEBHOOK_URL_GRAFANA_ALERTS='https://…'

Anyone who knows the URL of a webhook can post through it. No other command of rcsync prints one.";

/// The flags of `rcsync urls`
#[derive(Args, Debug)]
#[command(mut_arg("paths", |paths| paths.required(false)))]
pub(crate) struct UrlsArgs {
    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    /// Format of the URLs
    #[arg(long, value_enum, default_value_t = UrlsFormat::Text, help_heading = "Output")]
    pub(crate) format: UrlsFormat,

    /// Write the URLs to FILE instead of standard output
    ///
    /// Only you can read the file. An existing file is replaced.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,

    /// Base of the printed URLs
    ///
    /// By default the address that the server reports (from Rocket.Chat 8.0 on), or else `--url`.
    #[arg(long, value_name = "URL", help_heading = "Output")]
    pub(crate) public_url: Option<String>,

    /// Also print the tokens of outgoing webhooks
    #[arg(long, help_heading = "Output")]
    pub(crate) tokens: bool,

    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) server: ServerArgs,
}

/// How URLs are written
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum UrlsFormat {
    /// For people
    Text,
    /// For programs
    Json,
    /// `NAME='value'`, to be read by a shell
    Env,
}
