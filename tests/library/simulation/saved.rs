//! A saved plan holds while nothing changes that it is about, and is stale as soon as something does.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rocketchat_sandbox::Action;
use serde_json::json;

use super::Client;
use super::laws::{Case, cases, honest, paused, pinned, rng};
use super::state::report;
use super::world::World;
use crate::support::desired;
use rcsync::desired::{DesiredState, State};
use rcsync::plan::{Annotations, Binding, Plan, Preflight};
use rcsync::report::{self, PlanReport};

/// A server and what is asked of it.
struct Asked {
    world: World,
    client: Client,
    manifest: DesiredState,
}

impl Asked {
    async fn of(case: &Case) -> Self {
        let world = World::with(case.version, &case.lies, &case.records).await;
        let manifest = desired(&pinned(&case.entries, &world.records()));
        let client = Client::over(world.line());
        Self {
            world,
            client,
            manifest,
        }
    }

    /// What `rcsync plan --out plan.json` writes, and the records that it is about.
    async fn plan(&self) -> (PlanReport, Binding) {
        let preflight = Preflight::Auto;
        let (observed, plan) = self.client.plan(&self.manifest, preflight).await;
        let binding = Binding::of(&plan, &self.manifest, &observed, preflight);
        let annotations = Annotations {
            binding: Some(binding.clone()),
            ..Annotations::default()
        };
        (report(&plan, &annotations), binding)
    }

    fn edit(&self, id: &str) {
        let set = json!({ "username": "somebody.else" });
        let set = set.as_object().unwrap().clone();
        let id = id.to_owned();
        assert!(
            self.world
                .sandbox
                .act(Action::ChangeIntegration { id, set })
        );
    }

    /// The ids of the records that no entry has anything to do with.
    async fn unmanaged(&self) -> Vec<String> {
        let (observed, _) = self.client.plan(&self.manifest, Preflight::Auto).await;
        let mut manifest = self.manifest.clone();
        // One that leaves its record alone names it too.
        for entry in &mut manifest.entries {
            entry.state = State::Present;
        }
        let named = Plan::named(&manifest, &observed);
        let ids = observed.records.iter().map(|record| &record.id);
        let strange = ids.filter(|id| !named.contains_key(id));
        strange.map(|id| id.raw().to_owned()).collect()
    }
}

/// How often each thing was met.
type Seen = BTreeMap<&'static str, usize>;

async fn holds(case: &Case, seen: &mut Seen) -> Result<(), String> {
    let asked = Asked::of(case).await;
    let (saved, binding) = asked.plan().await;
    // Through a file, as it would be.
    let saved = PlanReport::read(&report::json(&saved)).map_err(|error| error.to_string())?;
    let fresh = asked.plan().await.0;
    if let Some(why) = saved.staleness(&fresh) {
        return Err(format!("nothing changed, and {why}"));
    }
    for id in asked.unmanaged().await {
        asked.edit(&id);
        *seen.entry("stranger").or_default() += 1;
    }
    let fresh = asked.plan().await.0;
    if let Some(why) = saved.staleness(&fresh) {
        return Err(format!("only unmanaged records changed, and {why}"));
    }
    for (id, _) in binding.records {
        *seen.entry("record").or_default() += 1;
        let asked = Asked::of(case).await;
        asked.edit(&id);
        let fresh = asked.plan().await.0;
        if saved.staleness(&fresh).is_none() {
            return Err(format!("{id} was edited, and that made no difference"));
        }
    }
    Ok(())
}

#[test]
fn a_saved_plan_holds_until_something_changes_that_it_is_about() {
    let mut seen = Seen::new();
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    for _ in 0..cases(80) {
        let case = honest().new_tree(&mut runner).unwrap().current();
        let held = paused(holds(&case, &mut seen));
        if let Err(why) = held {
            panic!("{why}\nof {case:#?}");
        }
    }
    for what in ["stranger", "record"] {
        assert!(seen.get(what) >= Some(&10), "{what}: {seen:?}");
    }
}
