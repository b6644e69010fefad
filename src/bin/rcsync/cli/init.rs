//! `rcsync init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync init                                chat/integrations.yaml, and the schema next to it
  rcsync init hooks --ci github              hooks/…, and workflows in .github/workflows/
  rcsync plan chat --sandbox                 what they would do, without a server

No existing file is changed: if one of the files exists, none is written.";

/// The flags of `rcsync init`
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// Folder of the manifests
    #[arg(value_name = "DIR", default_value = "chat")]
    pub(crate) folder: PathBuf,

    /// Also write a CI pipeline
    ///
    /// It plans pull requests, applies merges, and reports drift every night.
    #[arg(long, value_name = "WHERE", value_enum)]
    pub(crate) ci: Option<Ci>,
}

/// CI system
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ci {
    /// Workflows in .github/workflows
    Github,
    /// A .gitlab-ci.yml
    Gitlab,
}
