//! What is between a user and a first plan: facts about the connection to a server, the server and the account, and what each
//! of them means.

use std::collections::BTreeSet;

use crate::client::Limits;
use crate::integration::Kind;
use crate::integration::compat::{self, Version};
use crate::observed::{Permissions, ServerFacts, Sight, View};
use crate::problem::{Code, Problem, Severity};
use crate::redactor::ServerText;
use crate::server::Checkup;
use crate::words::count;

/// How far clocks may be apart without a word, in milliseconds.
const CLOSE: i64 = 5_000;

/// What is looked at.
#[derive(Debug)]
pub struct Facts {
    /// How the server is reached.
    pub connection: ConnectionConfig,
    /// As whom, or why that cannot be told.
    pub identity: Result<By, Problem>,
    /// What the server answered.
    pub checkup: Checkup,
}

/// How a server is reached.
#[derive(Clone, Debug, Default)]
pub struct ConnectionConfig {
    /// Whether the URL says `https`.
    pub encrypted: bool,
    /// Whether the server is on this machine.
    pub local: bool,
    /// Whether certificates are trusted beside those of the system.
    pub authorities: bool,
    /// The variables of the environment that name a proxy.
    pub proxies: Vec<String>,
}

/// How an account is known to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By a token.
    Token,
    /// By a password.
    Password,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is about, in a word.
    pub about: &'static str,
    /// How it is, or what is wrong. An error must be fixed before anything works, a warning will cause trouble later, and a
    /// note is good to know.
    pub found: Result<String, Problem>,
}

impl Check {
    fn ok(about: &'static str, words: impl Into<String>) -> Self {
        Self {
            about,
            found: Ok(words.into()),
        }
    }

    fn not(about: &'static str, severity: Severity, words: impl Into<String>) -> Self {
        Self::of(about, severity, Problem::new(Code(about), words))
    }

    fn of(about: &'static str, severity: Severity, problem: Problem) -> Self {
        let problem = Problem {
            severity,
            ..problem
        };
        Self {
            about,
            found: Err(problem),
        }
    }

    fn help(self, words: impl Into<String>) -> Self {
        Self {
            found: self.found.map_err(|problem| problem.help(words)),
            ..self
        }
    }
}

/// What the facts mean, in the order in which they were found.
pub fn checks(facts: &Facts) -> Vec<Check> {
    let Facts {
        connection,
        identity,
        checkup,
    } = facts;
    let mut checks = vec![address(connection), proxy(connection)];
    let version_text = match &checkup.server {
        Ok(version) => version.as_ref(),
        Err(error) => {
            checks.push(Check::of("server", Severity::Error, error.into()));
            return checks;
        }
    };
    checks.push(server(version_text));
    checks.extend(version(
        version_text.and_then(|text| Version::parse(text.raw())),
    ));
    checks.extend(checkup.ahead.map(clock));
    match (identity, &checkup.account) {
        (Err(missing), _) => {
            checks.push(Check::of("credentials", Severity::Error, missing.clone()));
        }
        (_, Some(Err(error))) => {
            checks.push(Check::of("credentials", Severity::Error, error.into()));
        }
        (Ok(by), Some(Ok(account))) => {
            checks.push(credentials(*by, account));
            checks.extend(allowed(account, checkup));
        }
        (Ok(_), None) => {}
    }
    checks
}

/// Whether something has to be fixed before anything works.
pub fn is_blocked(checks: &[Check]) -> bool {
    let problems = checks.iter().filter_map(|it| it.found.as_ref().err());
    problems
        .into_iter()
        .any(|it| it.severity == Severity::Error)
}

fn address(connection: &ConnectionConfig) -> Check {
    let besides = if connection.authorities {
        " and of the given file"
    } else {
        ""
    };
    match (connection.encrypted, connection.local) {
        (true, _) => Check::ok(
            "address",
            format!("https, with the certificates of the system{besides}"),
        ),
        (false, true) => Check::ok("address", "plain http, which does not leave this machine"),
        (false, false) => Check::not(
            "address",
            Severity::Warning,
            "plain http: anyone between here and the server can read the credentials",
        )
        .help("use https"),
    }
}

fn proxy(connection: &ConnectionConfig) -> Check {
    if connection.local {
        return Check::ok("proxy", "none: no proxy is used for this machine");
    }
    match connection.proxies.as_slice() {
        [] => Check::ok("proxy", "none is set in the environment"),
        names => Check::not(
            "proxy",
            Severity::Note,
            format!("named by {}", names.join(", ")),
        )
        .help("hosts in NO_PROXY are reached directly"),
    }
}

fn server(version: Option<&ServerText>) -> Check {
    match version {
        Some(version) => Check::ok("server", format!("Rocket.Chat {version}")),
        None => Check::not(
            "server",
            Severity::Warning,
            "Rocket.Chat of an unknown version: rcsync assumes the newest",
        ),
    }
}

/// What a version means for what rcsync can do.
fn version(version: Option<Version>) -> Vec<Check> {
    let of = |severity, words: String| Check::not("version", severity, words);
    let mut checks = Vec::new();
    if !compat::takes_updates(version) {
        let since = compat::UPDATES_SINCE;
        checks.push(
            of(
                Severity::Warning,
                format!("before {since} integrations can be created but not changed"),
            )
            .help("upgrade the server, or delete the integrations that have to change in its administration"),
        );
    }
    if version.is_some_and(|version| version > compat::NEWEST_KNOWN) {
        let newest = compat::NEWEST_KNOWN;
        checks.push(of(
            Severity::Note,
            format!("newer than {newest}, the newest version that rcsync was tested against"),
        ));
    }
    if compat::requires_impersonation(Kind::Incoming, version) {
        checks.push(of(
            Severity::Note,
            "posting users of incoming webhooks need `message-impersonate` (role `bot`)".to_owned(),
        ));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            "version",
            "everything that rcsync does works on it",
        ));
    }
    checks
}

fn clock(ahead: i64) -> Check {
    let seconds = (ahead.abs() + 500) / 1000;
    if ahead.abs() <= CLOSE {
        return Check::ok("clock", "the server's and this machine's agree");
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    Check::not(
        "clock",
        Severity::Warning,
        format!("the server's is {seconds} s {direction} this machine's"),
    )
    .help("synchronise both with NTP: certificates, second factors and dates in reports depend on them")
}

fn credentials(by: By, account: &ServerFacts) -> Check {
    let roles = account.roles.iter().flatten();
    let roles: Vec<_> = roles.map(|role| format!("`{role}`")).collect();
    let roles = if roles.is_empty() {
        "roles unknown".to_owned()
    } else {
        format!("roles {}", roles.join(", "))
    };
    let ended = match by {
        By::Token => "",
        By::Password => "; logged in with a password, and logged out at the end",
    };
    let words = format!("{} ({}), {roles}{ended}", account.username, account.user_id);
    Check::ok("credentials", words)
}

/// What the account may do, and what that means.
fn allowed(account: &ServerFacts, checkup: &Checkup) -> Vec<Check> {
    let mut checks = Vec::new();
    match (&checkup.permissions, &account.roles) {
        (Some(Ok(permissions)), Some(roles)) => checks.extend(rights(roles, permissions)),
        (Some(Err(error)), _) => {
            checks.push(Check::of("permissions", Severity::Warning, error.into()));
        }
        _ => checks.push(Check::not(
            "permissions",
            Severity::Warning,
            "the server does not show this account's roles: rcsync cannot check its permissions",
        )),
    }
    match &checkup.integrations {
        Some(Ok(number)) => {
            let words = format!("it sees {}", count(*number, "integration"));
            checks.push(Check::ok("integrations", words));
        }
        Some(Err(error)) => {
            checks.push(Check::of("integrations", Severity::Error, error.into()));
        }
        None => {}
    }
    checks.push(limits(checkup.limits));
    checks
}

/// A permission that is good to have, and what is the case without it.
const HELPFUL: [(&str, &str); 2] = [
    (
        "view-c-room",
        "without it, public rooms are looked up one by one",
    ),
    (
        "view-full-other-user-info",
        "without it, whether posting users may impersonate is not checked before an apply",
    ),
];

fn rights(roles: &BTreeSet<ServerText>, permissions: &Permissions) -> Vec<Check> {
    let view = View::of(roles, permissions);
    let missing = |scope: &str| {
        let names = Kind::ALL.map(|kind| format!("manage-{scope}{}-integrations", kind.word()));
        names
            .into_iter()
            .filter(|name| !permissions.hold(roles, name))
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
    };
    let give = |names: &[String]| format!("give one of its roles {}", names.join(" and "));
    let sights = Kind::ALL.map(|kind| (kind, view.sight(kind)));
    let words = if sights.iter().all(|(_, sight)| *sight == Sight::All) {
        let kinds = Kind::ALL.map(Kind::word);
        format!("can manage all {} webhooks", kinds.join(" and "))
    } else {
        let words = sights.map(|(kind, sight)| format!("{}: {}", kind.word(), reach(sight)));
        format!("can manage {}", words.join(", "))
    };
    let mut checks = Vec::new();
    if sights.iter().all(|(_, sight)| *sight == Sight::Nothing) {
        let check = Check::not("permissions", Severity::Error, words);
        return vec![check.help(give(&missing("")))];
    }
    checks.push(if view.is_partial() {
        Check::not(
            "permissions",
            Severity::Warning,
            format!("{words}: integrations that it does not see are treated as absent"),
        )
        .help(format!("to see all, {}", give(&missing(""))))
    } else {
        Check::ok("permissions", words)
    });
    let own = missing("own-");
    if !own.is_empty() {
        let check = Check::not(
            "rooms",
            Severity::Note,
            "it can only use rooms that it is a member of, and no users",
        );
        // With both of these and not both of the others, an account sees only what it created (docs/server.md#list).
        checks.push(if view.is_partial() {
            check
        } else {
            check.help(format!("for any room and user, {}", give(&own)))
        });
    }
    for (name, without) in HELPFUL {
        if !permissions.hold(roles, name) {
            checks.push(Check::not(
                "permissions",
                Severity::Note,
                format!("it lacks `{name}`: {without}"),
            ));
        }
    }
    checks
}

fn reach(sight: Sight) -> &'static str {
    match sight {
        Sight::All => "all",
        Sight::Own => "its own",
        Sight::Nothing => "none",
        Sight::NotAsked | Sight::Unknown => "not known",
    }
}

fn limits(limits: Limits) -> Check {
    match limits {
        Limits::Unlimited => Check::ok("limits", "this account is not rate limited"),
        Limits::Unknown => Check::ok("limits", "the server reports no limit"),
        Limits::PerEndpoint(rate) => Check::not(
            "limits",
            Severity::Note,
            format!(
                "{} calls of each endpoint in {} s: rcsync waits for them",
                rate.calls,
                rate.window.as_secs()
            ),
        )
        .help("`api-bypass-rate-limit` (roles `admin`, `bot`, `app`) lifts it"),
    }
}

#[cfg(test)]
mod tests;
