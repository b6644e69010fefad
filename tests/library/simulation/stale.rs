//! Somebody changes or deletes records between a plan and its apply: what is not any more what the plan was made for is
//! neither changed, disabled nor deleted, and the run says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rocketchat_sandbox as sandbox;
use serde_json::{Value as Json, json};

use super::Client;
use super::laws::{Case, by_id, cases, check, honest, paused, pinned, rng};
use super::world::{Stored, World};
use crate::support::desired_under;
use rcsync::apply::Outcome;
use rcsync::observed::ServerId;
use rcsync::plan::Action;
use rocketchat_client::Transport;

/// More than the listing of a plan counts.
const LATER: Duration = Duration::from_secs(6);

/// What somebody does to a record.
#[derive(Clone, Debug)]
enum Edit {
    /// Gives a field another value than it has.
    Change(Index),
    /// Deletes it.
    Delete,
}

/// Values, two of each field: one of them is another than any record has.
fn values() -> [(&'static str, [Json; 2]); 7] {
    [
        ("alias", [json!("Edited"), json!("Edited again")]),
        ("emoji", [json!(":edited:"), json!(":again:")]),
        ("enabled", [json!(true), json!(false)]),
        ("name", [json!("Edited"), json!("Edited again")]),
        ("channel", [json!(["#edited"]), json!(["#again"])]),
        (
            "script",
            [json!("class Edited {}"), json!("class Again {}")],
        ),
        ("token", [json!("edited"), json!("again")]),
    ]
}

/// A case, and what becomes of the records that its plan writes, by their order.
type Edited = (Case, Vec<Option<Edit>>);

fn edited() -> impl Strategy<Value = Edited> {
    let edit = prop_oneof![
        2 => Just(None),
        3 => any::<Index>().prop_map(|field| Some(Edit::Change(field))),
        1 => Just(Some(Edit::Delete)),
    ];
    // Some entries ask for a deletion.
    let absent = honest().prop_map(|mut case| {
        for entry in case.entries.iter_mut().step_by(4) {
            entry["state"] = json!("absent");
        }
        case
    });
    (absent, prop::collection::vec(edit, 16))
}

/// The change of a record that this edit makes; `token` is of no incoming webhook's update.
fn change(field: Index, record: &Stored) -> (String, Json) {
    let values = values();
    let incoming = record["type"] == "webhook-incoming";
    let fields = values.len() - usize::from(incoming);
    let (name, values) = &values[field.index(fields)];
    let [one, other] = values;
    let value = if record.get(*name) == Some(one) {
        other
    } else {
        one
    };
    ((*name).to_owned(), value.clone())
}

/// How often each thing was met.
type Seen = BTreeMap<String, usize>;

/// Makes a wire for the apply of the plain one.
type Wrap = fn(Arc<dyn Transport>) -> Arc<dyn Transport>;

async fn run((case, edits): &Edited, wrap: Wrap, seen: &mut Seen) -> Result<(), String> {
    let world = World::with(case.version, &[], &case.records).await;
    let entries = pinned(&case.entries, &world.records());
    let settings = json!({"prune": "delete", "scope": {}});
    let desired = desired_under(Some(&settings), &entries);
    let client = Client::over(wrap(world.line()));
    let planned = client.planned(&desired).await.unwrap();
    let before = world.records();
    let writes = planned.plan.changes.iter();
    let writes = writes.filter_map(|it| Some((it.action.rewrites()?.raw().to_owned(), &it.action)));
    let mut touched = BTreeMap::new();
    for ((id, _), edit) in writes.zip(edits) {
        let action = match edit {
            None => continue,
            Some(Edit::Delete) => sandbox::Action::DeleteIntegration { id: id.clone() },
            Some(Edit::Change(field)) => sandbox::Action::ChangeIntegration {
                id: id.clone(),
                set: [change(*field, by_id(&before)[id.as_str()])]
                    .into_iter()
                    .collect(),
            },
        };
        assert!(world.sandbox.act(action));
        touched.insert(id, matches!(edit, Some(Edit::Delete)));
    }
    tokio::time::advance(LATER).await;
    let between = world.records();
    let (plan, applied) = client.made(planned).await;
    let after = world.records();
    let (between, after) = (by_id(&between), by_id(&after));
    for (index, outcome) in &applied.outcomes {
        let action = &plan.changes[*index].action;
        let Some(id) = action.rewrites().map(ServerId::raw) else {
            continue;
        };
        let word = match action {
            Action::Delete { .. } => "delete",
            Action::Disable { .. } => "disable",
            _ => "update",
        };
        let deletes = word == "delete";
        let (what, fine) = match touched.get(id) {
            Some(true) if deletes => ("gone", matches!(outcome, Outcome::AlreadyGone(_))),
            Some(true) => ("gone", matches!(outcome, Outcome::Stale { .. })),
            Some(false) => (
                "changed",
                matches!(outcome, Outcome::Stale { .. }) && after.get(id) == between.get(id),
            ),
            None if deletes => (
                "as it was",
                matches!(outcome, Outcome::Deleted(_)) && !after.contains_key(id),
            ),
            None => ("as it was", !matches!(outcome, Outcome::Stale { .. })),
        };
        *seen.entry(format!("{word} {what}")).or_default() += 1;
        if !fine {
            return Err(format!("{word} of {id}, which is {what}: {outcome:?}"));
        }
    }
    Ok(())
}

#[test]
fn what_somebody_changed_since_the_plan_is_never_written_or_deleted() {
    check(cases(150), edited(), |case| {
        paused(run(case, |line| line, &mut Seen::new()))
    });
}

/// How a client behind this wire breaks the law with a write of this kind.
pub(super) fn broken_by(write: &str, wrap: Wrap) -> Option<String> {
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    (0..150).find_map(|_| {
        let case = edited().new_tree(&mut runner).unwrap().current();
        let broken = paused(run(&case, wrap, &mut Seen::new())).err()?;
        broken.starts_with(write).then_some(broken)
    })
}

#[test]
fn the_edits_meet_every_kind_of_write() {
    let mut seen = Seen::new();
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    for _ in 0..250 {
        let case = edited().new_tree(&mut runner).unwrap().current();
        paused(run(&case, |line| line, &mut seen)).unwrap();
    }
    for word in ["update", "disable", "delete"] {
        for what in ["gone", "changed", "as it was"] {
            let times = seen.get(&format!("{word} {what}"));
            assert!(times >= Some(&3), "{word} {what}: {seen:#?}");
        }
    }
}
