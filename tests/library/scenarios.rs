//! The scenario folders in `tests/scenarios/`: a manifest, what the server has, and the plan as text, as Markdown and
//! as JSON.
//!
//! A folder may also have `base.yaml` (what the manifest was before) and `secrets.yaml`.
//!
//! `INSTA_UPDATE=always cargo test` writes what the plans are now; read the difference before you commit it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rcsync::desired::DesiredState;
use rcsync::engine::{self, Before, PlanOptions, Recorded, Source};
use rcsync::observed::{Answers, ObservedState, Questions, ServerFacts, Snapshot};
use rcsync::plan::Plan;
use rcsync::report::{self, Context, PlanReport, RenderOptions};
use rocketchat_client::redactor::Redactor;
use rocketchat_client::{BoxFuture, ServerError};
use serde_json::{Value as Json, json};

use crate::support::{loaded, observed};

const FILES: [&str; 5] = [
    "manifest.yaml",
    "observed.json",
    "plan.txt",
    "plan.md",
    "plan.json",
];

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut folders: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    folders
}

/// A server of which everything that a scenario says was looked up before.
struct Stage(ObservedState);

impl Source for Stage {
    fn observe(&self) -> BoxFuture<'_, Result<ObservedState, ServerError>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn answer<'a>(
        &'a self,
        _: &'a ServerFacts,
        _: &'a Questions,
    ) -> BoxFuture<'a, Result<Answers, ServerError>> {
        Box::pin(async { Ok(Answers::default()) })
    }
}

/// A snapshot that was taken with this manifest.
async fn snapshot(manifest: &Path, observed: &ObservedState) -> Recorded {
    let before = loaded(manifest, None).desired;
    let taken_at = "2026-11-22T02:00:12.345Z".to_owned();
    let stage = Stage(observed.clone());
    let snapshot = engine::snapshot(&stage, &before, None, taken_at, &())
        .await
        .unwrap();
    let text = serde_json::to_string(&snapshot).unwrap();
    let snapshot = Snapshot::parse(&text).unwrap();
    Recorded::new(snapshot, &Redactor::default()).unwrap()
}

/// The report of the plan, with paths as short as they are in the folder.
fn report(folder: &Path) -> PlanReport {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(planned(folder))
}

async fn planned(folder: &Path) -> PlanReport {
    let secrets = folder.join("secrets.yaml");
    let loaded = loaded(
        &folder.join("manifest.yaml"),
        secrets.exists().then_some(secrets.as_path()),
    );
    let listing = fs::read_to_string(folder.join("observed.json")).unwrap();
    let observed = observed(&serde_json::from_str(&listing).unwrap());
    let before = folder.join("snapshot.yaml");
    let source: Box<dyn Source> = if before.exists() {
        Box::new(snapshot(&before, &observed).await)
    } else {
        Box::new(Stage(observed))
    };
    let base = folder.join("base.yaml");
    let has_base = base.exists();
    let options = PlanOptions {
        before: if has_base {
            let base = crate::support::loaded(&base, None).desired;
            Before::Base("main (1a2b3c4d5e)".to_owned(), Box::new(base))
        } else {
            Before::Unknown
        },
        ..PlanOptions::default()
    };
    let planned = engine::plan(source.as_ref(), &loaded.desired, &options, &()).await;
    let planned = planned.unwrap();
    let report = PlanReport::new(
        &planned.plan,
        &planned.annotations,
        &Context {
            texts: &loaded.sources.texts,
            paths: &["manifest.yaml".to_owned()],
            files: 1,
            integrations: loaded.integrations(),
            base: options.before.name(),
            sandbox: None,
        },
    );
    let whole = format!("{}/", folder.display());
    PlanReport::read(&report::json(&report).replace(&whole, "")).unwrap()
}

#[test]
fn scenarios_plan_as_expected() {
    let accept = std::env::var_os("INSTA_UPDATE").is_some_and(|it| it == "always");
    let mut wrong = Vec::new();
    for folder in folders() {
        let report = report(&folder);
        let look = RenderOptions::default();
        for (name, now) in [
            ("plan.txt", report::plan_text(&report, &look)),
            ("plan.md", report::plan_markdown(&report, &look)),
            ("plan.json", report::json(&report)),
        ] {
            let path = folder.join(name);
            if accept {
                fs::write(&path, &now).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if expected != now {
                let diff = similar::TextDiff::from_lines(&expected, &now);
                wrong.push(format!(
                    "{}\n{}",
                    path.display(),
                    diff.unified_diff().context_radius(3)
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nINSTA_UPDATE=always cargo test takes them",
        wrong.join("\n")
    );
}

#[test]
fn a_scenario_has_its_files_and_no_others() {
    for folder in folders() {
        let names: BTreeSet<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| {
                let optional = ["secrets.yaml", "snapshot.yaml", "base.yaml"];
                !optional.contains(&name.as_str())
                    && Path::new(name).extension() != Some("js".as_ref())
            })
            .collect();
        let expected: BTreeSet<_> = FILES.iter().map(ToString::to_string).collect();
        assert_eq!(names, expected, "{}", folder.display());
    }
}

#[test]
fn the_order_of_entries_and_records_makes_no_difference() {
    for folder in folders() {
        let secrets = folder.join("secrets.yaml");
        let mut loaded = loaded(
            &folder.join("manifest.yaml"),
            secrets.exists().then_some(secrets.as_path()),
        );
        let listing: Json =
            serde_json::from_str(&fs::read_to_string(folder.join("observed.json")).unwrap())
                .unwrap();
        let mut observed = observed(&listing);
        let plan = format!("{:#?}", Plan::between(&loaded.desired, &observed));
        loaded.desired.entries.reverse();
        observed.records.reverse();
        assert_eq!(
            plan,
            format!("{:#?}", Plan::between(&loaded.desired, &observed)),
            "{}",
            folder.display()
        );
    }
}

#[test]
fn a_saved_plan_follows_the_schema_and_is_read_again_as_it_was() {
    let schema = rcsync::schema::of_written::<PlanReport>();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for folder in folders() {
        let saved = fs::read_to_string(folder.join("plan.json")).unwrap();
        let json: Json = serde_json::from_str(&saved).unwrap();
        if let Err(error) = validator.validate(&json) {
            panic!("{}: {error} at {}", folder.display(), error.instance_path());
        }
        let read = PlanReport::read(&saved).unwrap();
        assert_eq!(read, report(&folder), "{}", folder.display());
        assert_eq!(report::json(&read), saved, "{}", folder.display());
    }
}

#[test]
fn no_secret_of_a_scenario_is_in_its_reports() {
    for folder in folders() {
        let whole = serde_json::to_string(&report(&folder)).unwrap();
        assert!(!whole.contains("canary"), "{}", folder.display());
    }
}

#[test]
fn an_empty_manifest_plans_nothing() {
    let plan = Plan::between(
        &DesiredState::default(),
        &observed(&json!({ "integrations": [] })),
    );
    assert!(plan.is_empty());
}
