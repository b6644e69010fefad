//! `rcsync doctor`: what stands between a user and a first plan.

use std::env;

use super::failure::Failure;
use super::runtime;
use super::session;
use crate::cli::{DoctorArgs, PlainFormat};
use crate::exit::Exit;
use crate::progress::Notes;
use crate::terminal;
use rcsync::report::DoctorReport;
use rcsync::{doctor, engine};
use rocketchat_client::redactor::Redactor;

/// The variables that name a proxy for a scheme.
const PROXIES: [(&str, [&str; 4]); 2] = [
    (
        "https",
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
    ),
    (
        "http",
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    ),
];

/// Looks, and tells.
pub(super) fn run(args: &DoctorArgs) -> Result<Exit, Failure> {
    runtime(told(args))
}

async fn told(args: &DoctorArgs) -> Result<Exit, Failure> {
    let config = session::connection_config(&args.server, false, &Redactor::default()).await?;
    let encrypted = config.endpoint.base.is_encrypted();
    let to = doctor::ConnectionConfig {
        encrypted,
        local: config.endpoint.base.is_local(),
        authorities: config.has_authorities,
        proxies: proxies(encrypted),
    };
    let auth = config.auth.as_ref().map_err(Clone::clone);
    let checks = engine::doctor(&config.endpoint, auth, to, &Notes).await;
    let blocked = doctor::is_blocked(&checks);
    let report = DoctorReport::new(&config.shown(), checks);
    match args.format {
        PlainFormat::Text => terminal::out(&report.text(terminal::out_width())),
        PlainFormat::Json => terminal::json(&report),
    };
    Ok(if blocked { Exit::Server } else { Exit::Done })
}

/// The variables that are set. Their values may hold passwords.
fn proxies(encrypted: bool) -> Vec<String> {
    let scheme = if encrypted { "https" } else { "http" };
    let names = PROXIES.iter().filter(|(of, _)| *of == scheme);
    let names = names.flat_map(|(_, names)| names);
    let set = names.filter(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    set.map(ToString::to_string).collect()
}
