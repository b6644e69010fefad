//! rcsync keeps the webhook integrations of a Rocket.Chat server as code.

mod cli;
mod clock;
mod commands;
mod desired;
mod diagnostic;
mod exit;
mod integration;
mod manifest;
mod observed;
mod plan;
mod report;
mod sandbox;
mod schema;
mod secret;
mod server;
mod source;
mod variables;
mod yaml;

use std::process::ExitCode;

/// Runs the command line of this process and says how it ended.
pub fn run() -> ExitCode {
    commands::run().into()
}
