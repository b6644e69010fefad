//! What a plan says of rooms and users before it is applied, against what the server then does.

use std::collections::BTreeMap;

use serde_json::json;

use super::laws::paused;
use super::world::World;
use super::{Account, Client};
use crate::support::desired;
use rcsync::observed::TargetStatus;
use rcsync::plan::{Action, Preflight};
use rocketchat_client::Verb;

/// What an integration may post to: rooms that are there, that this account is not in, that are not; by name and by id.
const TARGETS: [&str; 13] = [
    "#general",
    "#GENERAL",
    "#General",
    "#random",
    "#nowhere",
    "#hidden",
    "@ann.admin",
    "@uAnn",
    "@Ann.admin",
    "@nobody",
    "all_public_channels",
    "all_private_groups",
    "all_direct_messages",
];

/// Accounts that may do everything, only what is their own, and everything without what is their own.
const ACCOUNTS: [Account; 3] = [super::ANN, super::OWN, ("uMgr", "man.ager", "tok-mgr")];

/// Every target is planned for by every account, on versions from every era, with all looked up; then it is written
/// whatever the plan says.
#[test]
fn what_is_said_of_a_target_is_what_the_server_does() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for version in ["3.4", "6.3", "7.5", "8.4", "8.8"] {
        for account in ACCOUNTS {
            for name in TARGETS {
                for kind in ["webhook-incoming", "webhook-outgoing"] {
                    let is_scope = name.starts_with("all_");
                    if is_scope && kind == "webhook-incoming" {
                        continue;
                    }
                    let word = paused(one(version, account, kind, name));
                    *seen.entry(word).or_default() += 1;
                }
            }
        }
    }
    for word in ["fine", "missing", "not in", "no users", "no scope"] {
        assert!(seen.get(word) >= Some(&5), "{word}: {seen:?}");
    }
}

async fn one(version: &str, account: Account, kind: &str, name: &str) -> &'static str {
    let world = World::with(version, &[], &[]).await;
    let mut entry = json!({"type": kind, "name": "x", "username": "rocket.cat", "channel": name});
    if kind == "webhook-outgoing" {
        entry["event"] = json!("sendMessage");
        entry["urls"] = json!(["https://h.example/"]);
    }
    let desired = desired(&[entry]);
    let client = Client::of(account, world.line());
    let (observed, plan) = client.plan(&desired, Preflight::Full).await;
    let told = observed.rooms.found.values().next().cloned();
    let whole = plan.changes.first().map(|change| &change.action);
    // What the server makes of it: the request of a plan that looked nothing up.
    let (_, blind) = client.plan(&desired, Preflight::Off).await;
    let Some(Action::Create(to)) = blind.changes.first().map(|change| &change.action) else {
        panic!("{version} {account:?} {kind} {name}: {:?}", blind.changes);
    };
    let writer = client.writer();
    let turn = writer.permit(Verb::Create).await.unwrap();
    let result = writer.create(turn, to).await.result;
    let about = format!("{version} {account:?} {kind} {name}: {told:?}, {result:?}");
    let (word, taken) = match told.as_ref().unwrap_or_else(|| panic!("{about}")) {
        TargetStatus::Ok => ("fine", true),
        TargetStatus::Missing { .. } => ("missing", false),
        TargetStatus::NotIn { .. } => ("not in", false),
        TargetStatus::NoUsers => ("no users", false),
        TargetStatus::NoScope => ("no scope", false),
        TargetStatus::Unknown(_) => panic!("{about}"),
    };
    assert_eq!(result.is_ok(), taken, "{about}");
    assert_eq!(
        matches!(whole, Some(Action::Blocked { .. })),
        !taken,
        "{about}"
    );
    word
}
