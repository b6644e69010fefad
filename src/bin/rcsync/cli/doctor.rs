//! The flags of `rcsync doctor`.

use clap::Args;

use super::{PlainFormat, ServerArgs};

/// Shown below the flags.
pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync doctor                              is everything ready for a first plan?
  rcsync doctor --url https://chat.example.org
                                             only the server, without credentials
  rcsync doctor --format json                for a monitor

Exit codes: 0 ready to plan, 3 invalid, 7 something has to be fixed first.";

/// The flags of `rcsync doctor`
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// Format of standard output
    #[arg(long, value_enum, default_value_t = PlainFormat::Text)]
    pub(crate) format: PlainFormat,

    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) server: ServerArgs,
}
