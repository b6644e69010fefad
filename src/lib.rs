//! rcsync keeps the webhook integrations of a Rocket.Chat server as code.

mod apply;
mod cli;
mod clock;
mod commands;
mod desired;
mod diagnostic;
mod exit;
mod integration;
mod observed;
mod plan;
mod sandbox;
mod secret;
mod server;
mod yaml;

use std::process::ExitCode;

/// Runs the command line of this process and says how it ended.
pub fn run() -> ExitCode {
    commands::run().into()
}
