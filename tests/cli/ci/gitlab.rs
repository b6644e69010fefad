//! The pipeline for GitLab.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;

use super::runner::Runner;
use super::template;
use crate::support::Run;

type Env = BTreeMap<String, String>;

/// As much of a job as the template uses: another key does not parse.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    stage: String,
    rules: Vec<Rule>,
    #[serde(default)]
    variables: Env,
    resource_group: Option<String>,
    interruptible: Option<bool>,
    script: Vec<String>,
    #[serde(default)]
    after_script: Vec<String>,
    artifacts: Option<Artifacts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    #[serde(rename = "if")]
    condition: String,
    #[serde(rename = "changes")]
    _changes: Option<Vec<String>>,
    #[serde(rename = "when")]
    _when: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Artifacts {
    #[serde(rename = "when")]
    _when: String,
    #[serde(rename = "expose_as")]
    _expose_as: Option<String>,
    paths: Vec<String>,
}

struct GitLab {
    runner: Runner,
    pipeline: serde_yaml::Mapping,
    before: String,
    ran: BTreeSet<String>,
}

impl GitLab {
    fn new() -> Self {
        let runner = Runner::new();
        let pipeline = serde_yaml::from_str(&template("gitlab-ci.yml")).unwrap();
        Self {
            before: runner.git(&["rev-parse", "HEAD"]),
            runner,
            pipeline,
            ran: BTreeSet::new(),
        }
    }

    /// The jobs by name.
    fn jobs(&self) -> BTreeMap<String, Job> {
        let words = ["stages", "default", "variables"];
        let jobs = self.pipeline.iter().filter_map(|(name, job)| {
            let name = name.as_str().filter(|name| !words.contains(name))?;
            let job = serde_yaml::from_value(job.clone());
            Some((
                name.to_owned(),
                job.unwrap_or_else(|error| panic!("{name}: {error}")),
            ))
        });
        jobs.collect()
    }

    /// Runs a job; what follows it is run whatever came of it.
    fn job(&mut self, name: &str, more: &[(&str, &str)]) -> (Run, Run) {
        self.ran.insert(name.to_owned());
        let job = self.jobs().remove(name).unwrap();
        let depth = job.variables.get("GIT_DEPTH").map_or("20", |depth| depth);
        let checkout = self
            .runner
            .checkout(Some(depth).filter(|depth| *depth != "0"));
        let mut env: Env = self.env(job.stage != "check" || name == "drift");
        env.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        // The image has it.
        let rcsync = self.runner.path("bin/rcsync");
        if !rcsync.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rcsync"), rcsync).unwrap();
        }
        let globals = self.pipeline["variables"].as_mapping().unwrap().iter();
        let globals = globals.map(|(name, value)| {
            format!(
                "export {}=\"{}\"\n",
                name.as_str().unwrap(),
                value.as_str().unwrap()
            )
        });
        let globals: String = globals.collect();
        let run = |lines: &[String]| checkout.shell(&(globals.clone() + &lines.join("\n")), &env);
        let runs = (run(&job.script), run(&job.after_script));
        for path in job.artifacts.iter().flat_map(|artifacts| &artifacts.paths) {
            let is_there = checkout.folder.join(path).exists();
            // Nothing is published of a job that failed before it made anything.
            assert_eq!(is_there, runs.0.code != 1, "{path}");
        }
        runs
    }

    fn env(&self, protected: bool) -> Env {
        let sandbox = &self.runner.sandbox;
        let open = [
            ("CI_API_V4_URL", "https://gitlab.example.org/api/v4"),
            ("CI_PROJECT_ID", "3"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "3"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &self.before),
            ("CI_COMMIT_BEFORE_SHA", &self.before),
            ("CI_DEFAULT_BRANCH", "main"),
            ("CI_JOB_TOKEN", "job-token"),
        ];
        let secret = [
            ("RCSYNC_URL", sandbox.url.as_str()),
            ("RCSYNC_USER_ID", &sandbox.user_id),
            ("RCSYNC_AUTH_TOKEN", &sandbox.token),
            ("RCSYNC_SECRET_tickets_token", "canary-tickets"),
        ];
        let secret = secret.into_iter().filter(|_| protected);
        let all = open.into_iter().chain(secret);
        all.map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

fn ended((run, after): (Run, Run), code: i32) -> String {
    let run = run.exits(code);
    after.exits(0);
    run.out + &run.err
}

#[test]
fn every_job_does_what_it_says() {
    let mut gitlab = GitLab::new();
    ended(gitlab.job("apply", &[]), 0);
    assert_eq!(gitlab.runner.sandbox.records().len(), 2);
    ended(gitlab.job("snapshot", &[]), 0);
    assert!(!gitlab.runner.stored("state.json").contains("canary"));

    gitlab.runner.pull_request("Grafana (new)");
    ended(gitlab.job("validate", &[]), 0);
    let out = ended(gitlab.job("plan", &[]), 0);
    assert!(
        out.contains("1 to update") && out.contains("from this change"),
        "{out}"
    );
    assert!(!gitlab.runner.stored("curl.log").contains("/notes"));

    gitlab.runner.merge();
    ended(gitlab.job("apply", &[]), 0);
    assert_eq!(gitlab.runner.alias(), "Grafana (new)");
    ended(gitlab.job("drift", &[]), 0);
    gitlab.runner.edit("by hand");
    ended(gitlab.job("drift", &[]), 2);

    gitlab.runner.pull_request("[a, list]");
    ended(gitlab.job("validate", &[]), 3);
    assert_eq!(
        gitlab.ran,
        gitlab.jobs().into_keys().collect::<BTreeSet<_>>()
    );
}

#[test]
fn one_note_is_kept() {
    let mut gitlab = GitLab::new();
    ended(gitlab.job("apply", &[]), 0);
    ended(gitlab.job("snapshot", &[]), 0);
    gitlab.runner.pull_request("Grafana (new)");
    let token = [("RCSYNC_NOTE_TOKEN", "note-token")];
    let last = |gitlab: &GitLab| {
        gitlab
            .runner
            .stored("curl.log")
            .lines()
            .last()
            .unwrap()
            .to_owned()
    };
    ended(gitlab.job("plan", &token), 0);
    assert!(
        last(&gitlab).contains("--request POST"),
        "{}",
        last(&gitlab)
    );

    let plan = fs::read_to_string(gitlab.runner.path("work/plan.md")).unwrap();
    let notes = serde_json::json!([
        { "id": 3, "system": true, "body": plan }, { "id": 4, "system": false, "body": "fine" },
        { "id": 5, "system": false, "body": plan },
    ]);
    fs::write(gitlab.runner.path("store/notes.json"), notes.to_string()).unwrap();
    ended(gitlab.job("plan", &token), 0);
    assert!(last(&gitlab).contains("--request PUT"), "{}", last(&gitlab));
}

/// Any job can upload a package, and a change can bring files of any name.
#[test]
fn a_plan_is_made_from_what_the_default_branch_uploaded() {
    let mut gitlab = GitLab::new();
    ended(gitlab.job("apply", &[]), 0);
    gitlab.runner.pull_request("Grafana (new)");
    let lie = "<!-- rcsync plan lie -->\nNo changes.\n";
    gitlab
        .runner
        .bring(&[("plan.md", lie), ("plan.json", lie), ("state.json", lie)]);
    let token = [("RCSYNC_NOTE_TOKEN", "note-token")];
    let out = ended(gitlab.job("plan", &token), 1);
    assert!(out.contains("There is no snapshot yet"), "{out}");
    ended(gitlab.job("snapshot", &[]), 0);

    let store = gitlab.runner.path("store");
    let read = |name: &str| -> Vec<serde_json::Value> {
        serde_json::from_str(&fs::read_to_string(store.join(name)).unwrap()).unwrap()
    };
    let write = |name: &str, value: &[serde_json::Value]| {
        fs::write(store.join(name), serde_json::json!(value).to_string()).unwrap();
    };
    let (packages, files) = (read("packages.json"), read("files.json"));
    // Other packages, before it in the list.
    let other = |id, name: &str, pipeline: serde_json::Value| serde_json::json!({ "id": id, "name": name, "version": "9999.1.1", "pipeline": pipeline });
    let more = [
        other(
            20,
            "rcsync-state",
            serde_json::json!({ "ref": "refs/merge-requests/7/head" }),
        ),
        other(21, "rcsync-state", serde_json::Value::Null),
        other(22, "rcsync-state-2", serde_json::json!({ "ref": "main" })),
    ];
    write("packages.json", &[&more, &packages[..]].concat());
    let out = ended(gitlab.job("plan", &[]), 0);
    assert!(out.contains("1 to update"), "{out}");
    // Another file in the same package: by a merge request, by hand.
    let state = fs::read_to_string(store.join("state.json")).unwrap();
    fs::write(store.join("state.json"), state.clone() + "\n").unwrap();
    for pipelines in [
        serde_json::json!([{ "ref": "refs/merge-requests/7/head" }]),
        serde_json::json!([]),
    ] {
        let file = serde_json::json!({
            "id": 10, "file_name": "state.json", "pipelines": pipelines,
            "file_sha256": "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b"
        });
        write("files.json", &[&files[..], &[file]].concat());
        let out = ended(gitlab.job("plan", &token), 1);
        assert!(out.contains("did NOT match"), "{out}");
    }
    assert!(!gitlab.runner.stored("curl.log").contains("/notes"));

    // On the default branch, with a server that does not answer.
    gitlab.runner.merge();
    gitlab.runner.sandbox.url = "http://127.0.0.1:9".to_owned();
    ended(gitlab.job("drift", &[]), 7);
    let plan = fs::read_to_string(gitlab.runner.path("work/plan.md")).unwrap();
    assert!(
        plan.contains("exit code 7") && !plan.contains("lie"),
        "{plan}"
    );
    ended(gitlab.job("snapshot", &[]), 7);
    assert_eq!(
        fs::read_to_string(store.join("state.json")).unwrap(),
        state + "\n"
    );
}

#[test]
fn what_was_merged_is_applied_without_a_commit_before_it() {
    let mut gitlab = GitLab::new();
    gitlab.before = "0".repeat(40);
    let out = ended(gitlab.job("apply", &[]), 0);
    assert!(out.contains("warning: git knows no commit `0000"), "{out}");
    assert_eq!(gitlab.runner.sandbox.records().len(), 2);
}

#[test]
fn only_the_default_branch_writes_and_one_run_at_a_time() {
    let gitlab = GitLab::new();
    for (name, job) in gitlab.jobs() {
        let stages = gitlab.pipeline["stages"].as_sequence().unwrap();
        assert!(
            stages
                .iter()
                .any(|stage| stage.as_str() == Some(&job.stage)),
            "{name}"
        );
        let default = |rule: &Rule| {
            rule.condition
                .contains("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH")
        };
        let asks = ["apply", "snapshot", "drift"].contains(&name.as_str());
        assert_eq!(asks, job.rules.iter().all(default), "{name}");
        if name == "apply" {
            assert!(job.resource_group.is_some() && job.interruptible == Some(false));
        }
    }
}
