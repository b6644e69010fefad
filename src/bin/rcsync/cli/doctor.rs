//! The flags of `rcsync doctor`.

use clap::Args;

use super::{PlainFormat, ServerArgs};

/// Shown below the flags.
pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync doctor                              is everything there for a first plan?
  rcsync doctor --url https://chat.example.org
                                             the server alone, without credentials
  rcsync doctor --format json                for a monitor

Exit codes: 0 nothing is in the way, 3 invalid, 7 something is.";

/// The flags of `rcsync doctor`
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// How standard output looks
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    pub(crate) format: PlainFormat,

    #[command(flatten)]
    pub(crate) server: ServerArgs,
}
