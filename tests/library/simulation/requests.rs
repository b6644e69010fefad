//! How many requests a plan costs, for every kind of account, and how often one waits for another.

use std::sync::Arc;
use std::time::Duration;

use rocketchat_client::{BoxFuture, Request, Response, SendError, Transport};
use rocketchat_sandbox::Action;
use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::laws::paused;
use super::watched::Watched;
use super::world::{Seeded, World};
use super::{ANN, Account, Client, LIM, OWN};
use crate::support::desired_under;
use rcsync::integration::Kind;
use rcsync::plan::{Plan, Preflight};

fn entry(n: usize) -> Json {
    json!({"type": "webhook-incoming", "name": format!("Hook {n}"), "username": "rocket.cat",
        "channel": "#general"})
}

fn record(n: usize, (id, username, _): Account) -> Seeded {
    let stored = json!({"name": format!("Hook {n}"), "userId": "rocket.cat",
        "_createdBy": {"_id": id, "username": username}});
    (Kind::Incoming, stored.as_object().unwrap().clone())
}

/// The plan of an account for its own records, and the endpoints it asked.
fn plan(
    account: Account,
    records: usize,
    at_once: bool,
    settings: Option<&Json>,
) -> (Plan, Vec<String>) {
    let seeded: Vec<_> = (0..records).map(|n| record(n, account)).collect();
    let entries: Vec<_> = (0..records).map(entry).collect();
    paused(async {
        let world = World::with("8.8", &[], &seeded).await;
        for name in ["API_Allow_Infinite_Count", "API_Enable_Rate_Limiter"] {
            let value = json!(name != "API_Allow_Infinite_Count" || at_once);
            let name = name.to_owned();
            assert!(world.sandbox.act(Action::ChangeSetting { name, value }));
        }
        let watched = Arc::new(Watched::over(world.line()));
        let client = Client::of(account, watched.clone());
        let desired = desired_under(settings, &entries);
        let (_, plan) = client.plan(&desired, Preflight::Auto).await;
        let sent = watched.sent().into_iter().map(|sent| sent.what);
        (plan, sent.collect())
    })
}

#[test]
fn a_plan_with_nothing_to_do_costs_few_requests() {
    let pruning = json!({"prune": "disable", "scope": {"names": ["Hook *"]}});
    for account in [ANN, LIM, OWN] {
        for (records, at_once) in [
            (0, true),
            (3, true),
            (100, true),
            (101, true),
            (250, true),
            (100, false),
            (101, false),
            (250, false),
        ] {
            for settings in [None, Some(&pruning)] {
                let (plan, sent) = plan(account, records, at_once, settings);
                let told = format!("{account:?}, {records} records, {at_once}: {sent:#?}");
                assert!(plan.is_empty() && plan.refusals.is_empty(), "{told}");
                assert_eq!(plan.unchanged, records, "{told}");
                let listings = sent.iter().filter(|it| *it == "GET integrations.list");
                // Without leave to ask for all, 50 come first, and pages of 100 then, each with a record of the one before.
                let most = match records {
                    _ if at_once => 1,
                    0..=50 => 1,
                    _ => 1 + (records - 50).div_ceil(99),
                };
                assert!(listings.clone().count() <= most, "{told}");
                // Only what depends on the view asks for permissions.
                let mut fixed = vec!["GET info", "GET me"];
                fixed.extend(settings.map(|_| "GET permissions.listAll"));
                let mut others: Vec<_> = sent.iter().map(String::as_str).collect();
                others.retain(|it| *it != "GET integrations.list");
                assert_eq!(others, fixed, "{told}");
            }
        }
    }
}

/// One answer serves every question about permissions.
#[test]
fn permissions_are_asked_for_once() {
    let (plan, sent) = paused(async {
        let world = World::with("8.8", &[], &[]).await;
        let watched = Arc::new(Watched::over(world.line()));
        let client = Client::of(OWN, watched.clone());
        let (_, plan) = client
            .plan(&desired_under(None, &[entry(0)]), Preflight::Auto)
            .await;
        (plan, watched.sent())
    });
    let asked = sent
        .iter()
        .filter(|it| it.what == "GET permissions.listAll");
    assert_eq!(asked.count(), 1, "{sent:#?}");
    assert_eq!(plan.refusals[0].problem.code.0, "partial-view");
}

/// A wire on which every answer takes so long.
struct Far(Arc<dyn Transport>);

const ROUND_TRIP: Duration = Duration::from_millis(100);

impl Transport for Far {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async move {
            tokio::time::sleep(ROUND_TRIP).await;
            self.0.send(request).await
        })
    }
}

/// How many round trips a plan of these entries takes, and what is asked meanwhile.
fn waves(account: Account, records: usize, entries: &[Json], at_once: bool) -> (u32, Vec<String>) {
    let seeded: Vec<_> = (0..records).map(|n| record(n, account)).collect();
    paused(async {
        let world = World::with("8.8", &[], &seeded).await;
        let (name, value) = ("API_Allow_Infinite_Count".to_owned(), json!(at_once));
        assert!(world.sandbox.act(Action::ChangeSetting { name, value }));
        let watched = Arc::new(Watched::over(world.line()));
        let client = Client::of(account, Arc::new(Far(watched.clone())));
        let begun = Instant::now();
        let desired = desired_under(None, entries);
        client.plan(&desired, Preflight::Auto).await;
        let sent = watched.sent().into_iter().map(|sent| sent.what);
        let round_trips = begun.elapsed().as_millis() / ROUND_TRIP.as_millis();
        (u32::try_from(round_trips).unwrap(), sent.collect())
    })
}

#[test]
fn nothing_to_do_takes_one_wave_and_creates_another() {
    let entries = |range: std::ops::Range<usize>| range.map(entry).collect::<Vec<_>>();
    let outgoing = json!({"type": "webhook-outgoing", "name": "Out", "username": "rocket.cat",
        "event": "sendMessage", "channel": "#general", "triggerWords": ["x"], "urls": ["http://x"]});
    for (account, records, wanted, at_once, expected) in [
        (ANN, 0, entries(0..0), true, 1),
        (ANN, 250, entries(0..250), true, 1),
        // The first answer tells how many there are, and the rest is asked for at once.
        (ANN, 600, entries(0..600), false, 2),
        (ANN, 3, entries(0..40), true, 2),
        (ANN, 3, [entries(0..40), vec![outgoing]].concat(), true, 2),
        // What it may do is known only then: whether it is in the room is a question of its own.
        (OWN, 3, entries(0..40), true, 3),
    ] {
        let (waves, sent) = waves(account, records, &wanted, at_once);
        assert_eq!(waves, expected, "{account:?}, {records} records: {sent:#?}");
    }
}
