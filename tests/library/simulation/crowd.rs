//! Runs that begin together, over one server of several processes whose clocks are up to an hour apart, with latency
//! and creates that take their time. Some of the crowds have runs that are killed or suspended, or hear nothing of
//! their creates.
//!
//! Every URL that a run told of is alive in the end. Each integration is there once, unless a run was killed or has
//! said that it did not come to an end; the next plan has nothing to do, or says what there is.

mod paths;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rocketchat_sandbox::{Effect, Fault};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::faults::reported;
use super::laws::paused;
use super::wire::{self, Ended, Kill, Mishap, Schedule, Wrap};
use super::world::{Stored, World};
use crate::support::desired;
use paths::Path;
use rcsync::apply::DuplicateCheck;
use rcsync::desired::DesiredState;
use rcsync::plan::Action;

/// How many crowds are drawn: `RCSYNC_CASES` says otherwise.
const CROWDS: u64 = 1_000;

/// How many runs there are in one at most.
const RUNS: u64 = 8;

/// Long enough for the server to finish whatever it was given.
const LATER: Duration = Duration::from_mins(1);

static ENTRIES: LazyLock<Vec<Json>> = LazyLock::new(|| {
    vec![
        json!({"type": "webhook-incoming", "name": "A", "username": "rocket.cat", "channel": "#general"}),
        json!({"type": "webhook-outgoing", "name": "B", "username": "rocket.cat", "channel": "#general",
            "event": "sendMessage", "urls": ["http://x"]}),
    ]
});

/// What goes wrong for the runs of a crowd, in addition to slow creates and wrong clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    None,
    Killed,
    Suspended,
    Silence,
    All,
}

/// A crowd.
struct Crowd {
    trouble: Trouble,
    faults: Vec<Fault>,
    runs: Vec<(Duration, Schedule)>,
}

impl Crowd {
    fn draw(seed: u64) -> Self {
        let mut chance = StdRng::seed_from_u64(seed);
        let trouble = [
            Trouble::None,
            Trouble::Killed,
            Trouble::None,
            Trouble::Suspended,
            Trouble::None,
            Trouble::Silence,
            Trouble::None,
            Trouble::All,
        ];
        let trouble = trouble[usize::try_from(seed % 8).unwrap()];
        let has = |it| trouble == it || trouble == Trouble::All;
        let count = [RUNS, RUNS, 2, 3, 5][usize::try_from(seed / 8 % 5).unwrap()];
        let widest = [0, 50, 500, 3_000, 6_000][chance.random_range(0..5)];
        // Of each process of the server.
        let far = [0, 2_000, 3_600_000][chance.random_range(0..3)];
        let clocks: [i64; 3] = std::array::from_fn(|_| chance.random_range(-far..=far));
        let faults = (0..64).flat_map(|after| {
            let at = |effect| Fault {
                after,
                ..Fault::next("integrations.create", effect)
            };
            let gap = Effect::Gap {
                millis: chance.random_range(0..=widest),
            };
            let skew = Effect::Skew {
                millis: clocks[chance.random_range(0..3)],
            };
            [at(gap), at(skew)]
        });
        let faults = faults.collect();
        let apart = [0, 200, 1_500, 10_000][chance.random_range(0..4)];
        let slow = [5, 100, 800][chance.random_range(0..3)];
        let runs = (0..count).map(|number| {
            let start = Duration::from_millis(chance.random_range(0..=apart));
            let how = [Kill::Unsent, Kill::Underway, Kill::Done][chance.random_range(0..3)];
            let kill = (chance.random_range(0..20), how);
            let kill = (has(Trouble::Killed) && chance.random_bool(0.4)).then_some(kill);
            let most = if has(Trouble::Suspended) { 3 } else { 0 };
            let pauses = (0..chance.random_range(0..=most)).map(|_| {
                let longest = [1_500, 5_000, 20_000, 90_000][chance.random_range(0..4)];
                let pause = chance.random_range(0..longest);
                (chance.random_range(0..14), pause)
            });
            let pauses = pauses.collect();
            let most = if has(Trouble::Silence) { 2 } else { 0 };
            let silences = (0..chance.random_range(0..=most)).map(|_| {
                let effect = match chance.random_range(0..4) {
                    0 => Effect::Drop { applied: true },
                    1 => Effect::Drop { applied: false },
                    2 => Effect::BadGateway,
                    _ => Effect::Late {
                        millis: chance.random_range(0..9_000),
                    },
                };
                (chance.random_range(4..12), Mishap::Effect(effect))
            });
            let schedule = Schedule {
                seed: seed * RUNS + number,
                slow,
                mishaps: silences.collect(),
                kill,
                pauses,
            };
            (start, schedule)
        });
        Self {
            trouble,
            faults,
            runs: runs.collect(),
        }
    }
}

/// Whether a run has not said that it came to an end with this integration.
fn is_open(ended: &Ended, name: &Json) -> bool {
    let Ended::Told(plan, applied) = ended else {
        return true;
    };
    let mut outcomes = applied.outcomes.iter();
    matches!(applied.duplicate_check, DuplicateCheck::Skipped { .. })
        || outcomes.any(|(index, it)| plan.changes[*index].key.name.raw() == *name && !it.is_done())
}

/// Whether the records of an entry are what a plan says of them.
fn is_told(ended: &Ended, name: &Json, count: usize) -> bool {
    let Ended::Told(plan, _) = ended else {
        return false;
    };
    let mut changes = plan.changes.iter().filter(|it| it.key.name.raw() == *name);
    match (changes.next().map(|it| &it.action), count) {
        (Some(Action::Create(_)), 0) | (None, 1) => true,
        (Some(Action::Blocked { reasons, .. }), several) => {
            several > 1 && reasons.len() == 1 && reasons[0].choices.len() == several
        }
        _ => false,
    }
}

/// Lets a crowd run, and holds what it did against the laws.
async fn gather(
    seed: u64,
    crowd: &Crowd,
    wanted: &DesiredState,
    wrap: Wrap,
) -> Result<Vec<Path>, String> {
    let world = World::busy(seed, 3, &[]).await;
    for fault in &crowd.faults {
        world.sandbox.inject(fault.clone());
    }
    let begin = async |number: usize| {
        let (start, schedule) = crowd.runs.get(number)?;
        sleep(*start).await;
        Some(wire::watched(&world.sandbox, wanted, schedule, wrap).await)
    };
    let (one, two, three, four, five, six, seven, eight) = tokio::join!(
        begin(0),
        begin(1),
        begin(2),
        begin(3),
        begin(4),
        begin(5),
        begin(6),
        begin(7),
    );
    let runs = [one, two, three, four, five, six, seven, eight];
    let (ended, requests): (Vec<_>, Vec<_>) = runs.into_iter().flatten().unzip();
    sleep(LATER).await;
    world.sandbox.clear_faults();
    let records = world.records();
    let told = || format!("{ended:#?}\n{records:#?}");
    for id in ended.iter().flat_map(reported) {
        if records.iter().all(|it| it["_id"] != id) {
            return Err(format!("{id} was told of, and is dead: {}", told()));
        }
    }
    let count = |entry: &Json| {
        let named = |it: &&Stored| it["name"] == entry["name"];
        records.iter().filter(named).count()
    };
    for entry in &*ENTRIES {
        let count = count(entry);
        if count != 1 && !ended.iter().any(|it| is_open(it, &entry["name"])) {
            return Err(format!("{count} records of {}: {}", entry["name"], told()));
        }
    }
    let (last, _) = wire::run(&world.sandbox, wanted, &Schedule::default(), wrap).await;
    for entry in &*ENTRIES {
        if !is_told(&last, &entry["name"], count(entry)) {
            return Err(format!("a last run says otherwise: {last:?} of {}", told()));
        }
    }
    let mut paths = Vec::new();
    for entry in &*ENTRIES {
        let name = entry["name"].as_str().unwrap();
        let runs = ended.iter().zip(&requests);
        paths.extend(runs.flat_map(|(ended, requests)| paths::of(name, ended, &requests.seen)));
        if crowd.trouble == Trouble::None {
            let once = count(entry) == 1;
            paths.push(if once { Path::Once } else { Path::NotOnce });
        }
    }
    Ok(paths)
}

fn play(seed: u64, wanted: &DesiredState, wrap: Wrap) -> Result<Vec<Path>, String> {
    let crowd = Crowd::draw(seed);
    paused(gather(seed, &crowd, wanted, wrap))
}

/// The first law that clients behind this wire break.
pub(super) fn broken_by(wrap: Wrap) -> Option<String> {
    let wanted = desired(&ENTRIES);
    (0..CROWDS).find_map(|seed| play(seed, &wanted, wrap).err())
}

/// The first time that clients behind this wire break the law with these words.
pub(super) fn broken_so(wrap: Wrap, law: &str) -> Option<String> {
    let wanted = desired(&ENTRIES);
    let mut broken = (0..CROWDS).filter_map(|seed| play(seed, &wanted, wrap).err());
    broken.find(|it| it.contains(law))
}

#[test]
fn eight_runs_at_once_make_each_integration_once() {
    let wanted = desired(&ENTRIES);
    let mut seen = BTreeMap::<Path, usize>::new();
    for seed in super::seeds(CROWDS) {
        match play(seed, &wanted, |wire| wire) {
            Ok(paths) => paths
                .into_iter()
                .for_each(|path| *seen.entry(path).or_default() += 1),
            Err(law) => panic!(
                "{law}\nto play it again: RCSYNC_SEED={seed} cargo test --test library simulation::crowd"
            ),
        }
    }
    if super::seeds(CROWDS) == (0..CROWDS) {
        paths::are_reached(&seen);
    }
}

/// The second create hangs for a while in a server process whose clock is late: its record has the lower id, and
/// comes after the first was reported.
#[test]
fn a_record_that_comes_late_with_a_lower_id_removes_nothing_that_was_reported() {
    let wanted = desired(&ENTRIES[..1]);
    for (millis, skew) in [(2_300, -3_000), (2_300, -3_600_000), (3_000, -9_000)] {
        let at = |effect| Fault::next("integrations.create", effect);
        let crowd = |wrap: Wrap| {
            let wanted = &wanted;
            paused(async move {
                let world = World::busy(1, 1, &[]).await;
                world.sandbox.inject(at(Effect::Gap { millis }));
                world.sandbox.inject(at(Effect::Skew { millis: skew }));
                let late = Schedule {
                    seed: 1,
                    slow: 10,
                    ..Schedule::default()
                };
                let first = async {
                    sleep(Duration::from_millis(300)).await;
                    wire::run(&world.sandbox, wanted, &late, wrap).await.0
                };
                let (late, first) =
                    tokio::join!(wire::run(&world.sandbox, wanted, &late, wrap), first);
                let told = [late.0, first].map(|it| reported(&it).join(" "));
                let records = world.records();
                let there: Vec<_> = records.iter().map(|it| it["_id"].as_str()).collect();
                (
                    told,
                    there
                        .into_iter()
                        .flatten()
                        .map(str::to_owned)
                        .collect::<Vec<_>>(),
                )
            })
        };
        let (told, there) = crowd(|wire| wire);
        assert_eq!(there.len(), 1);
        assert_eq!(told, [there[0].clone(), there[0].clone()]);
        let (told, there) = crowd(super::mutants::removes_though_late);
        assert_ne!(told[1], there.join(" "), "the rule of before");
    }
}
