//! rcsync keeps the webhook integrations of a Rocket.Chat server as code.

mod cli;
mod clock;
mod commands;
mod diagnostic;
mod exit;
mod report;
mod sandbox;
mod secret;
mod source;
mod yaml;

use std::process::ExitCode;

/// Runs the command line of this process and says how it ended.
pub fn run() -> ExitCode {
    commands::run().into()
}
