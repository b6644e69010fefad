//! `rcsync init`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync init                                chat/integrations.yaml, and the schema beside it
  rcsync init hooks --ci github              hooks/…, and workflows in .github/workflows/
  rcsync plan chat --sandbox                 what they would do, without a server

Nothing that exists is touched: if one of the files is there already, none is written.";

/// The flags of `rcsync init`
#[derive(Args, Debug)]
pub(crate) struct InitArgs {
    /// The folder of the manifests
    #[arg(value_name = "DIR", default_value = "chat")]
    pub(crate) folder: PathBuf,

    /// Write a pipeline too: plan pull requests, apply on the merge, tell about drift every night
    #[arg(long, value_name = "WHERE", value_enum)]
    pub(crate) ci: Option<Ci>,
}

/// Whose pipeline
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ci {
    /// Workflows in .github/workflows
    Github,
    /// A .gitlab-ci.yml
    Gitlab,
}
