//! The scenario folders in `tests/scenarios/`: a manifest, what the server has, and the plan as text, as Markdown and
//! as JSON.
//!
//! A folder may also have `base.yaml` (what the manifest was before) and `secrets.yaml`.
//!
//! `RCSYNC_ACCEPT=1 cargo test scenarios` writes what the plans are now; read the difference before you commit it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use crate::client::Limits;
use crate::client::{BoxFuture, ServerError};
use crate::desired::DesiredState;
use crate::engine::check::{self, Checked, Inputs};
use crate::engine::{self, Before, PlanOptions, Recorded, Source};
use crate::integration::{Kind, Version};
use crate::observed::{
    Answers, Found, Gone, Histories, History, ObservedState, Questions, Record, Rooms, ServerFacts,
    ServerId, Snapshot, Target, User, Users, View,
};
use crate::plan::Plan;
use crate::redactor::{Redactor, ServerText};
use crate::report::{self, Context, Look, PlanReport};
use crate::variables::Undefined;

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

/// The manifest of a folder, which has to be sound.
pub(crate) fn loaded(manifest: &Path, secrets: Option<&Path>) -> Checked {
    loaded_with(manifest, secrets, Undefined::Refused)
}

/// The same, with a choice of what an undefined secret is.
pub(crate) fn loaded_with(
    manifest: &Path,
    secrets: Option<&Path>,
    undefined: Undefined,
) -> Checked {
    let inputs = Inputs {
        paths: vec![manifest.to_owned()],
        secret_files: secrets.into_iter().map(Path::to_owned).collect(),
        undefined,
        ..Inputs::default()
    };
    let loaded = check::check(&inputs, &mut std::io::empty()).unwrap();
    assert!(
        !loaded.is_refused(false),
        "{}: {:#?}",
        manifest.display(),
        loaded.findings
    );
    loaded
}

/// What a manifest with these entries asks for.
pub(crate) fn desired(entries: &[Json]) -> DesiredState {
    desired_under(None, entries)
}

/// What a manifest with these settings and entries asks for.
pub(crate) fn desired_under(settings: Option<&Json>, entries: &[Json]) -> DesiredState {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("manifest.yaml");
    let mut manifest = json!({ "integrations": entries });
    if let Some(settings) = settings {
        manifest["settings"] = settings.clone();
    }
    fs::write(&path, manifest.to_string()).unwrap();
    loaded(&path, None).desired
}

/// What a server has: `{"version": "8.8.1", "integrations": [...]}`, as its listing would give it.
pub(crate) fn observed(listing: &Json) -> ObservedState {
    let version = listing["version"].as_str().map(str::to_owned);
    let record = |json: &Json| {
        Record::decode(
            json.as_object().cloned().unwrap_or_else(Map::new),
            &Redactor::default(),
        )
        .unwrap()
    };
    ObservedState {
        redactor: Redactor::default(),
        server: ServerFacts {
            url: "https://chat.example.org".to_owned(),
            version: version.as_deref().and_then(Version::parse),
            version_text: version.map(Into::into),
            user_id: "uDeploy".into(),
            username: "deploy".into(),
            roles: None,
        },
        records: listing["integrations"]
            .as_array()
            .unwrap()
            .iter()
            .map(record)
            .collect(),
        strangers: 0,
        users: users(listing),
        limits: Limits::default(),
        view: View::default(),
        histories: histories(listing),
        rooms: rooms(listing),
        taken_at: None,
    }
}

/// What the histories told: `"gone": {id: time}`.
fn histories(listing: &Json) -> Histories {
    let gone = listing["gone"].as_object().into_iter().flatten();
    let found = gone.map(|(id, at)| {
        let at = at.as_str().map(Into::into);
        (ServerId::from(id.clone()), History::Gone(Gone { at }))
    });
    Histories {
        found: found.collect(),
    }
}

/// Whom the look-ups found: `"users": [{"username", "_id", "roles"}]`, whom they did not: `"nobody": [name]`, and
/// `"impersonators": [role]`.
fn users(listing: &Json) -> Users {
    let texts = |json: &Json| -> Option<BTreeSet<ServerText>> {
        let items = json.as_array()?.iter();
        Some(items.map(|item| item.as_str().unwrap().into()).collect())
    };
    let mut users = Users {
        found: BTreeMap::new(),
        impersonators: texts(&listing["impersonators"]),
    };
    for user in listing["users"].as_array().into_iter().flatten() {
        let found = Found::User(User {
            id: user["_id"].as_str().unwrap().into(),
            roles: texts(&user["roles"]),
            active: user["active"].as_bool(),
        });
        let name = user["username"].as_str().unwrap().to_owned();
        users.found.insert(name, found);
    }
    for name in texts(&listing["nobody"]).into_iter().flatten() {
        users.found.insert(name.raw().to_owned(), Found::Nobody);
    }
    users
}

/// What the look-ups told of targets: `"targets": [{"type", "name", "is"}]`, as a snapshot writes it.
fn rooms(listing: &Json) -> Rooms {
    let targets = listing["targets"].as_array().into_iter().flatten();
    let found = targets.map(|it| {
        let target = Target {
            kind: Kind::from_wire(it["type"].as_str().unwrap()).unwrap(),
            name: it["name"].as_str().unwrap().to_owned(),
        };
        (target, serde_json::from_value(it["is"].clone()).unwrap())
    });
    Rooms {
        found: found.collect(),
    }
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
            let base = self::loaded(&base, None).desired;
            Before::Base("main (1a2b3c4d5e)".to_owned(), Box::new(base))
        } else {
            Before::Unknown
        },
        ..PlanOptions::default()
    };
    let planned = engine::plan(source.as_ref(), &loaded.desired, &options, &()).await;
    let plan = planned.unwrap().plan;
    let report = PlanReport::new(
        &plan,
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
    let accept = std::env::var_os("RCSYNC_ACCEPT").is_some();
    let mut wrong = Vec::new();
    for folder in folders() {
        let report = report(&folder);
        let look = Look::default();
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
        "{}\nRCSYNC_ACCEPT=1 cargo test scenarios takes them",
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
    let schema = crate::schema::of_written::<PlanReport>();
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
        &crate::desired::DesiredState::default(),
        &observed(&json!({ "integrations": [] })),
    );
    assert!(plan.is_empty());
}
