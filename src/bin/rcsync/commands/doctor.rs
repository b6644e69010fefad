//! `rcsync doctor`: what stands between a user and a first plan.

use std::env;

use super::failure::Failure;
use super::runtime;
use super::session::{self, NoEntry, Way};
use crate::cli::{DoctorArgs, PlainFormat};
use crate::exit::Exit;
use crate::terminal;
use rcsync::doctor::{self, By, Facts};
use rcsync::report::DoctorReport;
use rcsync::server::Reader;
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
    let way = session::way(&args.server, false, &Redactor::default()).await?;
    let checks = doctor::checks(&facts(&way).await);
    let blocked = doctor::is_blocked(&checks);
    let report = DoctorReport::new(&way.shown(), checks);
    match args.format {
        PlainFormat::Text => terminal::out(&report.text()),
        PlainFormat::Json => terminal::json(&report),
    };
    Ok(if blocked { Exit::Server } else { Exit::Done })
}

async fn facts(way: &Way) -> Facts {
    let by = if way.logs_in() {
        By::Password
    } else {
        By::Token
    };
    let anonymous = Reader::from(way.endpoint.anonymous());
    let (identity, checkup) = match way.open().await {
        Ok(session) => {
            let checkup = Reader::of(&session).checkup(true).await;
            session::close(session).await;
            (Ok(by), checkup)
        }
        Err(NoEntry::Missing(problem)) => (Err(problem), anonymous.checkup(false).await),
        Err(NoEntry::Refused(error)) => {
            let mut checkup = anonymous.checkup(false).await;
            checkup.account = Some(Err(error));
            (Ok(by), checkup)
        }
    };
    let base = &way.endpoint.base;
    Facts {
        way: doctor::Way {
            encrypted: base.is_encrypted(),
            local: base.is_local(),
            authorities: way.has_authorities,
            proxies: proxies(base.is_encrypted()),
        },
        identity,
        checkup,
    }
}

/// The variables that are set. Their values may hold passwords.
fn proxies(encrypted: bool) -> Vec<String> {
    let scheme = if encrypted { "https" } else { "http" };
    let names = PROXIES.iter().filter(|(of, _)| *of == scheme);
    let names = names.flat_map(|(_, names)| names);
    let set = names.filter(|name| env::var_os(name).is_some_and(|value| !value.is_empty()));
    set.map(ToString::to_string).collect()
}
