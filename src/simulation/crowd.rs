//! Runs that begin together, over one server of several processes, with latency and gaps between stamp and insert by
//! chance: each integration is there once in the end, and every URL that one of them told of is alive.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::faults::reported;
use super::laws::paused;
use super::wire::{self, Ended, Schedule, Wrap};
use super::world::World;
use crate::desired::DesiredState;
use crate::sandbox::{Effect, Fault};
use crate::scenarios::desired;

/// How many crowds are drawn: `RCSYNC_CASES` says otherwise.
const CROWDS: u64 = 500;

/// How many runs there are in one.
const RUNS: u64 = 8;

fn entries() -> Vec<Json> {
    vec![
        json!({"type": "webhook-incoming", "name": "A", "username": "rocket.cat", "channel": "#general"}),
        json!({"type": "webhook-outgoing", "name": "B", "username": "rocket.cat", "channel": "#general",
            "event": "sendMessage", "urls": ["http://x"]}),
    ]
}

/// Lets a crowd run, and holds what it did against the laws.
async fn gather(seed: u64, wanted: &DesiredState, wrap: Wrap) -> Result<(), String> {
    let mut chance = StdRng::seed_from_u64(seed);
    let world = World::busy(seed, 3, &[]).await;
    let widest = [0, 50, 500, 3_000][chance.random_range(0..4)];
    for after in 0..64 {
        let millis = chance.random_range(0..=widest);
        let gap = Fault {
            after,
            ..Fault::next("integrations.create", Effect::Gap { millis })
        };
        world.sandbox.inject(gap);
    }
    let apart = [0, 200, 1_500][chance.random_range(0..3)];
    let slow = [5, 100, 800][chance.random_range(0..3)];
    let runs: Vec<_> = (0..RUNS)
        .map(|number| {
            let start = Duration::from_millis(chance.random_range(0..=apart));
            let schedule = Schedule {
                seed: seed * RUNS + number,
                slow,
                ..Schedule::default()
            };
            (start, schedule)
        })
        .collect();
    let begin = async |(start, schedule): &(Duration, Schedule)| {
        sleep(*start).await;
        wire::run(&world.sandbox, wanted, schedule, wrap).await.0
    };
    let (one, two, three, four, five, six, seven, eight) = tokio::join!(
        begin(&runs[0]),
        begin(&runs[1]),
        begin(&runs[2]),
        begin(&runs[3]),
        begin(&runs[4]),
        begin(&runs[5]),
        begin(&runs[6]),
        begin(&runs[7]),
    );
    let ended = [one, two, three, four, five, six, seven, eight];
    let records = world.records();
    let told = || format!("{ended:#?}\n{records:#?}");
    for entry in entries() {
        let named = records.iter().filter(|it| it["name"] == entry["name"]);
        let count = named.count();
        if count != 1 {
            return Err(format!("{count} records of {}: {}", entry["name"], told()));
        }
    }
    for id in ended.iter().flat_map(reported) {
        if records.iter().all(|it| it["_id"] != id) {
            return Err(format!("{id} was told of, and is dead: {}", told()));
        }
    }
    if !ended.iter().any(|it| matches!(it, Ended::Told(_, applied) if crate::apply::exit_of(applied) == crate::exit::Exit::Done)) {
        return Err(format!("nobody has done it: {}", told()));
    }
    let (last, _) = wire::run(&world.sandbox, wanted, &Schedule::default(), wrap).await;
    match last {
        Ended::Told(plan, _) if plan.is_empty() => Ok(()),
        last => Err(format!("a last run has something to do: {last:?}")),
    }
}

/// The first law that clients behind this wire break.
pub(super) fn broken_by(wrap: Wrap) -> Option<String> {
    let wanted = desired(&entries());
    (0..CROWDS).find_map(|seed| paused(gather(seed, &wanted, wrap)).err())
}

#[test]
fn eight_runs_at_once_make_each_integration_once() {
    let wanted = desired(&entries());
    for seed in super::seeds(CROWDS) {
        if let Err(law) = paused(gather(seed, &wanted, |wire| wire)) {
            panic!(
                "{law}\nto play it again: RCSYNC_SEED={seed} cargo test --lib simulation::crowd"
            );
        }
    }
}
