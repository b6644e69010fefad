//! The flags of `rcsync urls`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ManifestArgs, ServerArgs};

/// Shown below the flags.
pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync urls chat/                            of the manifests' incoming webhooks
  rcsync urls                                  of all that this account has created
  rcsync urls chat/ --format env --out hooks.env && . ./hooks.env
                                               WEBHOOK_URL_GRAFANA_ALERTS='https://…'

Whoever knows the URL of a webhook can post through it. Nothing else that rcsync does shows one.";

/// The flags of `rcsync urls`
#[derive(Args, Debug)]
#[command(mut_arg("paths", |paths| paths.required(false)))]
pub(crate) struct UrlsArgs {
    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    /// How they are written
    #[arg(long, value_enum, default_value_t = UrlsFormat::Text, help_heading = "Output")]
    pub(crate) format: UrlsFormat,

    /// Write them into FILE, which nobody else can read, in place of standard output; it is replaced if it exists
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) out: Option<PathBuf>,

    /// What the URLs begin with. By default the address that the server says it has (from Rocket.Chat 8.0 on), else
    /// that of `--url`
    #[arg(long, value_name = "URL", help_heading = "Output")]
    pub(crate) public_url: Option<String>,

    /// Tell the tokens of outgoing webhooks too
    #[arg(long, help_heading = "Output")]
    pub(crate) tokens: bool,

    #[command(flatten)]
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
