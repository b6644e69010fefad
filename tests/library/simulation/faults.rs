//! Everything goes wrong at every request of a run of six entries, one thing at a time; then several at once, by
//! seed. A second run, to which nothing happens, has to end with what the manifest says: each integration once, what
//! is nobody's business as it was, and every URL that was told of alive.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rocketchat_sandbox::{Effect, Fault};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::laws::paused;
use super::wire::{self, Ended, Kill, Schedule, Wrap, mishaps};
use super::world::{Seeded, Stored, World};
use crate::support::desired;
use rcsync::apply::{Applied, DuplicateCheck, Outcome, Verdict};
use rcsync::desired::DesiredState;
use rcsync::integration::Kind;
use rcsync::plan::Action;

/// How many schedules are drawn: `RCSYNC_CASES` says otherwise.
const SCHEDULES: u64 = 1_000;

/// Long enough for the server to finish whatever it was given.
const LATER: Duration = Duration::from_secs(200);

fn entry(kind: Kind, name: &str, more: &Json) -> Json {
    let mut entry =
        json!({"type": kind.wire(), "name": name, "username": "rocket.cat", "channel": "#general"});
    if kind == Kind::Outgoing {
        entry["event"] = json!("sendMessage");
        entry["urls"] = json!(["http://x/1"]);
    }
    entry
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    entry
}

/// Two to be made, two to be changed, one to be deleted, one as it is; of both kinds.
static ENTRIES: LazyLock<Vec<Json>> = LazyLock::new(|| {
    vec![
        entry(Kind::Incoming, "changed in", &json!({"alias": "New"})),
        entry(Kind::Outgoing, "changed out", &json!({"alias": "New"})),
        entry(Kind::Incoming, "made in", &json!({"emoji": ":x:"})),
        entry(Kind::Outgoing, "made out", &json!({"triggerWords": ["!a"]})),
        entry(Kind::Incoming, "deleted", &json!({"state": "absent"})),
        entry(
            Kind::Incoming,
            "made late",
            &json!({"channel": ["#general", "#random"]}),
        ),
    ]
});

/// What the server has before anything begins. The first one has the first id, which a listing loses first.
fn records() -> Vec<Seeded> {
    let record = |kind, name: &str, more: Json| {
        let mut fields = more.as_object().unwrap().clone();
        fields.insert("name".to_owned(), json!(name));
        (kind, fields)
    };
    vec![
        record(Kind::Incoming, "changed in", json!({"alias": "Old"})),
        record(
            Kind::Outgoing,
            "changed out",
            json!({"token": "t", "urls": ["http://x/1"]}),
        ),
        record(Kind::Incoming, "deleted", json!({})),
        record(
            Kind::Incoming,
            "a stranger",
            json!({"odd": {"left": "behind"}}),
        ),
        record(Kind::Outgoing, "another stranger", json!({"token": "u"})),
    ]
}

/// A world with these records, and what is asked of it.
struct Scene {
    world: World,
    before: Vec<Stored>,
}

impl Scene {
    async fn new() -> Self {
        let world = World::busy(1, 1, &records()).await;
        let before = world.records();
        Self { world, before }
    }

    /// Plays a schedule, and a second run after it, and holds both against the laws.
    async fn play(
        &self,
        wanted: &DesiredState,
        schedule: &Schedule,
        wrap: Wrap,
    ) -> Result<usize, String> {
        let sandbox = &self.world.sandbox;
        let (first, sent) = wire::run(sandbox, wanted, schedule, wrap).await;
        let at_once = self.world.records();
        tells_the_truth(&first, &at_once)?;
        self.unmanaged_are_as_they_were(&at_once)?;
        if let Ended::NoPlan(error) = &first
            && at_once != self.before
        {
            return Err(format!("no plan ({error}), and the records are others"));
        }
        if matches!(first, Ended::Killed) && schedule.outlives_its_run() {
            // What becomes of that otherwise is for a test of its own.
            sleep(LATER).await;
        }
        let quiet = Schedule {
            seed: schedule.seed,
            slow: schedule.slow,
            ..Schedule::default()
        };
        let (second, _) = wire::run(sandbox, wanted, &quiet, wrap).await;
        let Ended::Told(_, applied) = &second else {
            return Err(format!("the second run: {second:?}"));
        };
        if applied.verdict() != Verdict::Done {
            return Err(format!("the second run: {applied:?} after {first:?}"));
        }
        tells_the_truth(&second, &self.world.records())?;
        sleep(LATER).await;
        let after = self.world.records();
        self.unmanaged_are_as_they_were(&after)?;
        is_as_wanted(&after)?;
        for ended in [&first, &second] {
            urls_are_alive(ended, &after)?;
        }
        let (third, _) = wire::run(sandbox, wanted, &Schedule::default(), wrap).await;
        match third {
            Ended::Told(plan, _) if plan.is_empty() && self.world.records() == after => Ok(sent),
            third => Err(format!("a third run has something to do: {third:?}")),
        }
    }

    /// What no entry names is the same, bit for bit; what is changed keeps what makes its URL.
    fn unmanaged_are_as_they_were(&self, now: &[Stored]) -> Result<(), String> {
        for before in &self.before {
            let name = before["name"].as_str().unwrap();
            let same = now.iter().find(|it| it["_id"] == before["_id"]);
            let kept = |keys: &[&str]| {
                same.is_some_and(|same| keys.iter().all(|it| same.get(*it) == before.get(*it)))
            };
            let fine = match name {
                "deleted" => true,
                _ if name.ends_with("stranger") => same == Some(before),
                _ => kept(&["token", "_createdAt", "_createdBy", "type", "name"]),
            };
            if !fine {
                return Err(format!("{name}: {before:?} is {same:?}"));
            }
        }
        Ok(())
    }
}

fn named<'a>(records: &'a [Stored], kind: &str, name: &str) -> Vec<&'a Stored> {
    let records = records.iter();
    records
        .filter(|it| it["type"] == kind && it["name"] == name)
        .collect()
}

/// Each entry is there once, with its values, or not at all.
fn is_as_wanted(records: &[Stored]) -> Result<(), String> {
    for entry in &*ENTRIES {
        let (kind, name) = (
            entry["type"].as_str().unwrap(),
            entry["name"].as_str().unwrap(),
        );
        let found = named(records, kind, name);
        let wanted = usize::from(entry.get("state").is_none());
        if found.len() != wanted {
            return Err(format!("{} records are named {name:?}", found.len()));
        }
        for key in ["alias", "emoji", "triggerWords"] {
            if let (Some(value), Some(record)) = (entry.get(key), found.first())
                && record.get(key) != Some(value)
            {
                return Err(format!("{name}: {key} is not {value}"));
            }
        }
    }
    Ok(())
}

/// What a run says became of each change is so, the moment it says it.
fn tells_the_truth(ended: &Ended, records: &[Stored]) -> Result<(), String> {
    let Ended::Told(plan, applied) = ended else {
        return Ok(());
    };
    let ids: BTreeSet<_> = records.iter().filter_map(|it| it["_id"].as_str()).collect();
    for (index, outcome) in &applied.outcomes {
        let change = &plan.changes[*index];
        let there = || named(records, change.key.kind.wire(), change.key.name.raw());
        let is_new = |value: &str| {
            there()
                .iter()
                .any(|it| it.get("alias") == Some(&json!(value)))
        };
        let true_ = match (outcome, &change.action) {
            (Outcome::Created(id) | Outcome::Adopted(id), _) => ids.contains(id.raw()),
            (Outcome::Updated(id), _) => ids.contains(id.raw()) && is_new("New"),
            (Outcome::Deleted(id) | Outcome::AlreadyGone(id), _) => !ids.contains(id.raw()),
            (Outcome::Failed(_) | Outcome::NotAttempted, Action::Create(_)) => there().is_empty(),
            (Outcome::Failed(_) | Outcome::NotAttempted, Action::Delete { .. }) => {
                !there().is_empty()
            }
            (Outcome::Failed(_) | Outcome::NotAttempted, Action::Update { .. }) => !is_new("New"),
            _ => true,
        };
        if !true_ {
            return Err(format!("{outcome:?} of {:?} is not so", change.key));
        }
    }
    Ok(())
}

/// The URLs that a run told of.
pub(super) fn reported(ended: &Ended) -> Vec<&str> {
    let Ended::Told(
        _,
        Applied {
            outcomes,
            duplicate_check: DuplicateCheck::Done { .. },
            ..
        },
    ) = ended
    else {
        return Vec::new();
    };
    let new = outcomes.iter().filter_map(|(_, outcome)| match outcome {
        Outcome::Created(id) | Outcome::Adopted(id) => Some(id.raw()),
        _ => None,
    });
    new.collect()
}

fn urls_are_alive(ended: &Ended, records: &[Stored]) -> Result<(), String> {
    let dead = |id: &&str| records.iter().all(|it| it["_id"] != **id);
    match reported(ended).into_iter().find(dead) {
        Some(id) => Err(format!("{id} was told of, and is dead: {ended:?}")),
        None => Ok(()),
    }
}

/// What the server finishes after the last look of every run is doubled; it is told of, and not doubled again.
#[test]
fn what_is_finished_after_the_last_look_is_named_and_refused() {
    let wanted = desired(&ENTRIES);
    paused(async {
        let scene = Scene::new().await;
        let sandbox = &scene.world.sandbox;
        let late = Fault::next("integrations.create", Effect::Late { millis: 150_000 });
        sandbox.inject(late);
        let run = async || {
            wire::run(sandbox, &wanted, &Schedule::default(), |wire| wire)
                .await
                .0
        };
        let Ended::Told(_, first) = run().await else {
            panic!("no plan");
        };
        let unknown = first.outcomes.iter();
        let unknown = unknown.filter(|(_, it)| matches!(it, Outcome::Unknown(_)));
        assert_eq!((unknown.count(), first.verdict()), (1, Verdict::Incomplete));
        let Ended::Told(_, second) = run().await else {
            panic!("no plan");
        };
        assert_eq!(second.verdict(), Verdict::Done);
        sleep(LATER).await;
        let doubled = scene.world.records();
        for _ in 0..2 {
            let Ended::Told(plan, third) = run().await else {
                panic!("no plan");
            };
            let [change] = &plan.changes[..] else {
                panic!("{plan:?}");
            };
            let Action::Blocked { reasons, .. } = &change.action else {
                panic!("{change:?}");
            };
            let [reason] = &reasons[..] else {
                panic!("{reasons:?}");
            };
            let line = |it: &String| {
                it.starts_with("id: ") && it.contains("created by ann.admin on 2023-11-14")
            };
            assert!(
                reason.choices.len() == 2 && reason.choices.iter().all(line),
                "{reason:?}"
            );
            assert_eq!(third.verdict(), Verdict::Refused);
            assert_eq!(scene.world.records(), doubled);
        }
    });
}

/// Plays a schedule in a world of its own.
fn play(wanted: &DesiredState, schedule: &Schedule, wrap: Wrap) -> Result<usize, String> {
    paused(async { Scene::new().await.play(wanted, schedule, wrap).await })
        .map_err(|law| format!("{law}\n{schedule:?}"))
}

/// One thing at each request, and each way of ending there.
fn one_by_one(requests: usize) -> impl Iterator<Item = Schedule> {
    let quick = Schedule {
        seed: 1,
        slow: 20,
        ..Schedule::default()
    };
    (0..requests).flat_map(move |number| {
        let quick = quick.clone();
        let killed = [Kill::Unsent, Kill::Underway, Kill::Done].map(|how| Schedule {
            kill: Some((number, how)),
            ..quick.clone()
        });
        let befallen = mishaps().into_iter().map(move |mishap| Schedule {
            mishaps: [(number, mishap)].into(),
            ..quick.clone()
        });
        killed.into_iter().chain(befallen)
    })
}

/// Several things at once, and sometimes an end.
fn drawn(seed: u64, requests: usize) -> Schedule {
    let mut chance = StdRng::seed_from_u64(seed);
    let all = mishaps();
    let slow = [5, 100, 2_000][chance.random_range(0..3)];
    let count = chance.random_range(0..5);
    let mishaps: BTreeMap<_, _> = (0..count)
        .map(|_| {
            (
                chance.random_range(0..requests),
                all[chance.random_range(0..all.len())].clone(),
            )
        })
        .collect();
    let how = [Kill::Unsent, Kill::Underway, Kill::Done][chance.random_range(0..3)];
    let kill = (chance.random_range(0..requests), how);
    let kill = chance.random_bool(0.4).then_some(kill);
    Schedule {
        seed,
        slow,
        mishaps,
        kill,
        ..Schedule::default()
    }
}

/// How many requests a run sends that nothing happens to.
fn requests(wanted: &DesiredState) -> usize {
    play(
        wanted,
        &Schedule {
            seed: 1,
            slow: 20,
            ..Schedule::default()
        },
        |wire| wire,
    )
    .unwrap()
}

/// The first law that the client behind this wire breaks.
pub(super) fn broken_by(wrap: Wrap) -> Option<String> {
    let wanted = desired(&ENTRIES);
    one_by_one(requests(&wanted)).find_map(|schedule| play(&wanted, &schedule, wrap).err())
}

#[test]
fn whatever_goes_wrong_at_whichever_request_a_second_run_mends_it() {
    let wanted = desired(&ENTRIES);
    let requests = requests(&wanted);
    assert!(requests >= 10, "{requests}");
    let wrong: Vec<_> = one_by_one(requests)
        .filter_map(|schedule| play(&wanted, &schedule, |wire| wire).err())
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of them:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn whatever_goes_wrong_at_once_a_second_run_mends_it() {
    let wanted = desired(&ENTRIES);
    let requests = requests(&wanted) + 4;
    for seed in super::seeds(SCHEDULES) {
        if let Err(law) = play(&wanted, &drawn(seed, requests), |wire| wire) {
            panic!(
                "{law}\nto play it again: RCSYNC_SEED={seed} cargo test --test library simulation::faults"
            );
        }
    }
}
