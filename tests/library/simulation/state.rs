//! A plan from a snapshot is the plan of the server, but for what the snapshot hides; and it says which.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

use super::Client;
use super::laws::{Case, cases, honest, paused, pinned, rng};
use super::world::World;
use crate::support::desired;
use rcsync::desired::DesiredState;
use rcsync::engine::{self, PlanOptions, Recorded};
use rcsync::integration::{Field, Shape, Value};
use rcsync::observed::{ObservedState, Snapshot, TargetStatus};
use rcsync::plan::{Annotations, Asking, NotChecked, Open, Plan, Preflight};
use rcsync::problem::{Place, Texts};
use rcsync::report::{Context, PlanReport};
use rocketchat_client::Limits;
use rocketchat_client::redactor::Redactor;
use rocketchat_client::secret::Secret;

/// A server, a manifest, how many of its entries were there when the snapshot was taken, and for which of them
/// something is looked up.
#[derive(Clone, Debug)]
struct Drawn {
    case: Case,
    known: usize,
    preflight: Preflight,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let known = select(vec![0, 2, 7, 7]);
    let preflight = select(vec![Preflight::Auto, Preflight::Full]);
    (honest(), known, preflight).prop_map(|(case, known, preflight)| Drawn {
        known: known.min(case.entries.len()),
        case,
        preflight,
    })
}

/// Both plans of one manifest.
struct Both {
    manifest: DesiredState,
    known: usize,
    observed: ObservedState,
    state: Plan,
    not_checked: NotChecked,
}

async fn both(drawn: &Drawn) -> Both {
    let case = &drawn.case;
    let world = World::with(case.version, &case.lies, &case.records).await;
    let manifest = desired(&pinned(&case.entries, &world.records()));
    let client = Client::over(world.line());
    let mut before = manifest.clone();
    before.entries.truncate(drawn.known);
    let snapshot = taken(&client, &before).await;
    // Who plans from it may not know the secrets.
    let mut poor = manifest.clone();
    make_unknown(&mut poor, |_, field| field.shape == Shape::Secret);
    let (observed, _) = client.plan(&manifest, drawn.preflight).await;
    let (state, not_checked) = planned(&poor, &snapshot, drawn.preflight).await;
    Both {
        state,
        not_checked,
        known: drawn.known,
        manifest,
        observed,
    }
}

/// What `rcsync snapshot` writes.
async fn taken(client: &Client, manifest: &DesiredState) -> String {
    let taken_at = "2026-11-22T02:00:00.000Z".to_owned();
    let snapshot = engine::snapshot(&client.reader, manifest, None, taken_at, &());
    serde_json::to_string(&snapshot.await.unwrap()).unwrap()
}

/// What `rcsync plan --state` makes of it.
async fn planned(
    manifest: &DesiredState,
    snapshot: &str,
    preflight: Preflight,
) -> (Plan, NotChecked) {
    let snapshot = Snapshot::parse(snapshot).unwrap();
    let source = Recorded::new(snapshot, &Redactor::default()).unwrap();
    let options = PlanOptions {
        asking: Asking {
            preflight,
            ..Asking::default()
        },
        ..PlanOptions::default()
    };
    let planned = engine::plan(&source, manifest, &options, &()).await;
    let planned = planned.unwrap();
    // What the look-ups tell beside is held by tests of its own.
    (planned.plan, planned.annotations.not_checked)
}

/// Replaces the values of these rows of these entries by unknown ones, which compare with nothing that is there.
fn make_unknown(manifest: &mut DesiredState, which: impl Fn(&Place, &Field) -> bool) {
    for entry in &mut manifest.entries {
        for field in entry.key.kind.fields() {
            if entry.fields.get(field).is_some() && which(&entry.place, field) {
                let unknown = match field.shape {
                    Shape::Joined | Shape::Set => Value::List(vec![Secret::Unknown.into()]),
                    Shape::Secret | Shape::Script => Value::Secret(Secret::Unknown),
                    _ => Value::Text(Secret::Unknown.into()),
                };
                entry.fields.set(field.name, Some(unknown));
            }
        }
    }
}

impl Both {
    fn open(&self) -> BTreeMap<u32, &Open> {
        let open = self.state.not_compared.iter();
        open.map(|it| (it.place.bytes.start, &it.what)).collect()
    }

    /// The plan of the server, as it is without what the other says that it leaves open.
    fn expected(&self) -> Plan {
        let open = self.open();
        let mut manifest = self.manifest.clone();
        make_unknown(&mut manifest, |place, field| {
            matches!(open.get(&place.bytes.start), Some(Open::Fields(rows)) if
                rows.iter().any(|row| row.name == field.name))
        });
        let not = &self.not_checked;
        let mut users = self.observed.users.clone();
        users.found.retain(|name, _| !not.users.contains(name));
        users.impersonators = users.impersonators.filter(|_| !not.impersonators);
        let mut rooms = self.observed.rooms.clone();
        rooms
            .found
            .retain(|target, _| !not.targets.contains(target));
        for status in rooms.found.values_mut() {
            forget_near(status);
        }
        let mut histories = self.observed.histories.clone();
        histories.found.retain(|id, _| !not.histories.contains(id));
        let server = ObservedState {
            redactor: Redactor::default(),
            server: self.observed.server.clone(),
            records: self.observed.records.clone(),
            unknown_kinds: self.observed.unknown_kinds,
            users,
            rooms,
            view: self.state.view.clone(),
            histories,
            // A snapshot has none, and no forecast rests on it.
            limits: Limits::Unknown,
            taken_at: None,
        };
        let mut plan = Plan::between(&manifest, &server);
        let is_open = |place: &Place| matches!(open.get(&place.bytes.start), Some(Open::Record));
        let before = plan.changes.len();
        plan.changes
            .retain(|change| !is_open(change.place.as_ref().unwrap()));
        let changed = before - plan.changes.len();
        let whole = manifest.entries.iter();
        let whole = whole.filter(|entry| is_open(&entry.place)).count();
        plan.unchanged -= whole - changed;
        plan
    }

    fn holds(&self) -> Result<(), String> {
        let (expected, found) = (shown(&self.expected()), shown(&self.state));
        if expected != found {
            return Err(format!("expected {expected:#}\nfound {found:#}"));
        }
        for (at, what) in self.open() {
            let mut entries = self.manifest.entries.iter();
            let index = entries.position(|entry| entry.place.bytes.start == at);
            let fine = match what {
                Open::Record => index >= Some(self.known),
                Open::Fields(rows) => {
                    let mut rows = rows.iter();
                    !rows.any(|row| !row.sensitive && row.shape != Shape::Secret)
                }
            };
            if !fine {
                return Err(format!("{what:?} need not be open"));
            }
        }
        let not = &self.not_checked;
        if self.known == self.manifest.entries.len() && *not != NotChecked::default() {
            return Err(format!("{not:?}, though the snapshot asked"));
        }
        Ok(())
    }
}

/// What a room is nearly named is in no snapshot.
fn forget_near(status: &mut TargetStatus) {
    if let TargetStatus::Missing { near } | TargetStatus::NotIn { near } = status {
        *near = None;
    }
}

/// The report of a plan.
pub(super) fn report(plan: &Plan, annotations: &Annotations) -> PlanReport {
    let mut texts = Texts::default();
    texts.add("manifest.yaml", " ".repeat(100_000));
    let context = Context {
        texts: &texts,
        paths: &[],
        files: 1,
        integrations: 0,
        base: None,
        sandbox: None,
    };
    PlanReport::new(plan, annotations, &context)
}

/// A plan as it is shown. The date of a record that no entry named is not kept.
fn shown(plan: &Plan) -> Json {
    let mut report = json!(report(plan, &Annotations::default()));
    report.as_object_mut().unwrap().remove("snapshot");
    for change in report["changes"].as_array_mut().unwrap() {
        if let Some(Json::Array(lines)) = change.pointer_mut("/blocked/0/choices") {
            for line in lines {
                *line = json!(line.as_str().unwrap().split(" on ").next());
            }
        }
    }
    report
}

#[test]
fn a_plan_from_a_snapshot_is_the_plan_of_the_server_but_for_what_it_names() {
    let config = Config {
        cases: cases(200),
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new_with_rng(config, rng()).run(&drawn(), |drawn| {
        paused(both(&drawn)).holds().map_err(TestCaseError::fail)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// The law is about something: each exception is met, and so is each change beside them.
#[test]
fn the_cases_reach_every_exception() {
    let mut seen = BTreeMap::new();
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    for _ in 0..150 {
        let drawn = drawn().new_tree(&mut runner).unwrap().current();
        let both = paused(both(&drawn));
        let mut saw = |what: &str| *seen.entry(what.to_owned()).or_insert(0) += 1;
        for what in both.open().values() {
            match what {
                Open::Record => saw("record"),
                Open::Fields(rows) => rows.iter().for_each(|row| saw(row.name)),
            }
        }
        if !both.not_checked.users.is_empty() {
            saw("user");
        }
        let report = shown(&both.state);
        for change in report["changes"].as_array().unwrap() {
            saw(change["action"].as_str().unwrap());
        }
    }
    for what in [
        "record", "token", "urls", "avatar", "user", "create", "update", "delete", "blocked",
    ] {
        assert!(seen.get(what) >= Some(&2), "{what}: {seen:#?}");
    }
}
