use std::collections::BTreeMap;
use std::time::Duration;

use http::StatusCode;

use super::*;
use crate::client::{Rate, ServerError};
use crate::problem::Code;

/// Sound facts: a bot that may do everything.
fn sound() -> Facts {
    let all = [
        "manage-incoming-integrations",
        "manage-outgoing-integrations",
        "manage-own-incoming-integrations",
        "manage-own-outgoing-integrations",
        "view-c-room",
        "view-full-other-user-info",
    ];
    Facts {
        connection: ConnectionConfig {
            encrypted: true,
            ..ConnectionConfig::default()
        },
        identity: Ok(By::Token),
        checkup: Checkup {
            server: Ok(Some("8.5.1".into())),
            account: Some(Ok(ServerFacts {
                url: "https://chat.example.org".to_owned(),
                version: Version::parse("8.5.1"),
                version_text: Some("8.5.1".into()),
                user_id: "uDeploy".into(),
                username: "deploy".into(),
                roles: Some(["bot".into()].into()),
            })),
            permissions: Some(Ok(holding(&all))),
            integrations: Some(Ok(42)),
            limits: Limits::Unlimited,
            ahead: Some(0),
        },
    }
}

/// The role `bot` holds these.
fn holding(names: &[&str]) -> Permissions {
    let of = |name: &&str| (name.to_string(), BTreeSet::from(["bot".into()]));
    Permissions(names.iter().map(of).collect::<BTreeMap<_, _>>())
}

fn lines(facts: &Facts) -> Vec<String> {
    let line = |check: Check| match check.found {
        Ok(words) => format!("Ok {}: {words}", check.about),
        Err(problem) => {
            let help = problem.help.map(|it| format!(" → {it}"));
            let help = help.unwrap_or_default();
            let severity = problem.severity;
            format!("{severity:?} {}: {}{help}", check.about, problem.message)
        }
    };
    checks(facts).into_iter().map(line).collect()
}

/// What is said of changed facts that is not said of sound ones.
fn said(change: impl FnOnce(&mut Facts)) -> Vec<String> {
    let usual = lines(&sound());
    let mut facts = sound();
    change(&mut facts);
    let mut lines = lines(&facts);
    lines.retain(|line| !usual.contains(line));
    lines
}

#[test]
fn of_a_sound_server_all_is_well() {
    assert_eq!(
        lines(&sound()),
        [
            "Ok address: https, with the certificates of the system",
            "Ok proxy: none is set in the environment",
            "Ok server: Rocket.Chat 8.5.1",
            "Ok version: everything that rcsync does works on it",
            "Ok clock: the server's and this machine's agree",
            "Ok credentials: deploy (uDeploy), roles `bot`",
            "Ok permissions: can manage all incoming and outgoing webhooks",
            "Ok integrations: it sees 42 integrations",
            "Ok limits: this account is not rate limited",
        ]
    );
    assert!(!is_blocked(&checks(&sound())));
}

#[test]
fn the_way_is_told() {
    let config = |encrypted, local, authorities, proxies: &[&str]| ConnectionConfig {
        encrypted,
        local,
        authorities,
        proxies: proxies.iter().map(ToString::to_string).collect(),
    };
    let of = |config| said(|facts| facts.connection = config);
    assert_eq!(
        of(config(true, false, true, &["HTTPS_PROXY", "ALL_PROXY"])),
        [
            "Ok address: https, with the certificates of the system and of the given file",
            "Note proxy: named by HTTPS_PROXY, ALL_PROXY → hosts in NO_PROXY are reached directly",
        ]
    );
    assert_eq!(
        of(config(false, true, false, &["HTTP_PROXY"])),
        [
            "Ok address: plain http, which does not leave this machine",
            "Ok proxy: none: no proxy is used for this machine",
        ]
    );
    assert_eq!(
        of(config(false, false, false, &[])),
        [
            "Warning address: plain http: anyone between here and the server can read the credentials → use https"
        ]
    );
}

#[test]
fn versions_mean_something() {
    let of = |text: Option<&str>| {
        said(|facts| {
            facts.checkup.server = Ok(text.map(Into::into));
            facts.checkup.account = None;
            facts.identity = Ok(By::Token);
        })
        .split_off(1)
        .join(" | ")
    };
    assert!(
        of(Some("3.3"))
            .starts_with("Warning version: before 3.4 integrations can be created but not changed")
    );
    assert_eq!(
        of(Some("8.6.0")),
        "Note version: posting users of incoming webhooks need `message-impersonate` (role `bot`)"
    );
    assert!(of(Some("9.2")).starts_with(
        "Note version: newer than 9.1, the newest version that rcsync was tested against"
    ));
    assert!(of(None).contains("message-impersonate"));
}

#[test]
fn without_credentials_the_server_is_looked_at_alone() {
    let lines = said(|facts| {
        facts.identity =
            Err(Problem::new(Code("connection"), "no user id is given").help("set RCSYNC_USER_ID"));
        facts.checkup.account = None;
    });
    assert_eq!(
        lines.last().unwrap(),
        "Error credentials: no user id is given → set RCSYNC_USER_ID"
    );
}

#[test]
fn what_blocks_ends_the_list_with_its_remedy() {
    let mut facts = sound();
    facts.checkup.server = Err(ServerError::NotRocketChat {
        status: StatusCode::OK,
        line: "<html>".to_owned(),
    });
    let found = checks(&facts);
    assert!(
        is_blocked(&found)
            && found.len() == 3
            && found[2].found.as_ref().is_err_and(|it| it.help.is_some())
    );

    let lines = said(|facts| facts.checkup.account = Some(Err(ServerError::Unauthorised)));
    let last = lines.last().unwrap();
    assert!(
        last.starts_with("Error credentials: the server does not accept the user id and token → ")
    );
}

#[test]
fn permissions_are_told_with_what_needs_them() {
    let of = |held: &[&str]| {
        let permissions = holding(&[held, &["view-c-room", "view-full-other-user-info"]].concat());
        said(|facts| facts.checkup.permissions = Some(Ok(permissions)))
    };
    assert_eq!(
        of(&[]),
        [
            "Error permissions: can manage incoming: none, outgoing: none → give one of its roles \
          `manage-incoming-integrations` and `manage-outgoing-integrations`"
        ]
    );
    assert_eq!(
        of(&[
            "manage-own-incoming-integrations",
            "manage-own-outgoing-integrations"
        ]),
        [
            "Warning permissions: can manage incoming: its own, outgoing: its own: integrations that it does not see are treated as absent → to see all, give one of its roles `manage-incoming-integrations` and \
          `manage-outgoing-integrations`"
        ]
    );
    assert_eq!(
        of(&[
            "manage-incoming-integrations",
            "manage-outgoing-integrations"
        ]),
        [
            "Note rooms: it can only use rooms that it is a member of, and no users → for any room and user, give one of its \
          roles `manage-own-incoming-integrations` and `manage-own-outgoing-integrations`"
        ]
    );
    // To give this account the permissions to its own would take away what it sees.
    let partial = of(&["manage-incoming-integrations"]);
    assert!(
        partial.iter().all(|line| !line.contains("manage-own-")),
        "{partial:?}"
    );
    let lines = said(|facts| {
        let all = [
            "manage-incoming-integrations",
            "manage-outgoing-integrations",
            "manage-own-incoming-integrations",
            "manage-own-outgoing-integrations",
        ];
        facts.checkup.permissions = Some(Ok(holding(&all)));
    });
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("Note permissions: it lacks `view-c-room`"));
}

#[test]
fn limits_and_clocks_are_told() {
    let rate = Rate {
        calls: 10,
        window: Duration::from_mins(1),
    };
    assert_eq!(
        said(|facts| facts.checkup.limits = Limits::PerEndpoint(rate)),
        [
            "Note limits: 10 calls of each endpoint in 60 s: rcsync waits for them → `api-bypass-rate-limit` \
          (roles `admin`, `bot`, `app`) lifts it"
        ]
    );
    let clock = |ahead| said(|facts| facts.checkup.ahead = Some(ahead)).join("");
    assert_eq!(clock(5_000), "");
    assert!(
        clock(61_400).starts_with("Warning clock: the server's is 61 s ahead of this machine's")
    );
    assert!(
        clock(-90_000).starts_with("Warning clock: the server's is 90 s behind this machine's")
    );
}
