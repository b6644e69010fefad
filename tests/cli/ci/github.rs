//! The workflows of GitHub Actions.

mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde_yaml::Value;

use super::runner::{Checkout, Runner};
use super::{FOLDER, template};

type Env = BTreeMap<String, String>;

/// As much of a workflow as the templates use: another key does not parse.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workflow {
    #[serde(rename = "name")]
    _name: String,
    on: BTreeMap<String, Value>,
    permissions: Env,
    concurrency: Option<Concurrency>,
    #[serde(default)]
    env: Env,
    jobs: BTreeMap<String, Job>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Concurrency {
    group: String,
    #[serde(default, rename = "cancel-in-progress")]
    cancel: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    #[serde(rename = "if")]
    condition: Option<String>,
    #[serde(rename = "needs")]
    _needs: Option<String>,
    #[serde(rename = "runs-on")]
    _runs_on: String,
    #[serde(rename = "timeout-minutes")]
    _timeout: u32,
    environment: Option<String>,
    permissions: Env,
    #[serde(default)]
    env: Env,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "if")]
    condition: Option<String>,
    uses: Option<String>,
    #[serde(default)]
    with: BTreeMap<String, Value>,
    #[serde(default)]
    env: Env,
    run: Option<String>,
}

fn workflow(name: &str) -> Workflow {
    serde_yaml::from_str(&template(&format!("github/{name}.yml"))).unwrap()
}

/// What became of a job.
struct Done {
    /// The exit codes of the steps that failed.
    failures: Vec<i32>,
    /// What its commands printed.
    out: String,
    /// Its summary.
    summary: String,
}

impl Done {
    /// Asserts which steps failed.
    #[track_caller]
    fn ends(&self, failures: &[i32]) {
        assert_eq!(self.failures, failures, "{}", self.out);
    }
}

/// GitHub, as far as the templates need it.
struct GitHub {
    runner: Runner,
    /// What was at the head before the push.
    before: String,
    /// The jobs that were run.
    ran: BTreeSet<(String, String)>,
}

impl GitHub {
    fn new() -> Self {
        let runner = Runner::new();
        Self {
            before: runner.git(&["rev-parse", "HEAD"]),
            runner,
            ran: BTreeSet::new(),
        }
    }

    /// Runs a job of a workflow.
    fn job(&mut self, name: &str, job: &str) -> Done {
        let workflow = workflow(name);
        self.ran.insert((name.to_owned(), job.to_owned()));
        let job = &workflow.jobs[job];
        let mut checkout = None;
        let mut done = Done {
            failures: Vec::new(),
            out: String::new(),
            summary: String::new(),
        };
        for step in &job.steps {
            if let Some(action) = &step.uses {
                if done.failures.is_empty() {
                    self.action(action, step, &mut checkout);
                }
                continue;
            }
            let checkout: &mut Checkout = checkout.as_mut().unwrap();
            let runs = match step.condition.as_deref() {
                None => done.failures.is_empty(),
                Some(condition) => holds(condition),
            };
            if !runs {
                continue;
            }
            let env = [&workflow.env, &job.env, &step.env];
            let env = env.into_iter().flatten();
            let env: Env = env
                .map(|(name, value)| (name.clone(), self.expression(value)))
                .collect();
            let script = step.run.as_ref().unwrap();
            // What a pull request may choose is no part of a script.
            assert!(!script.contains("${{"), "{script}");
            let run = checkout.shell(script, &env);
            done.out += &run.out;
            done.out += &run.err;
            if run.code != 0 {
                done.failures.push(run.code);
            }
            take_paths(checkout);
        }
        let summary = checkout.unwrap().folder.join("../summary.md");
        done.summary = fs::read_to_string(summary).unwrap();
        done
    }

    fn action(&self, action: &str, step: &Step, checkout: &mut Option<Checkout>) {
        let with = |name: &str| step.with.get(name).and_then(Value::as_str);
        let kept = |name| self.runner.path("store").join(name);
        let path = || self.expression(with("path").unwrap());
        let (name, _) = action.split_once('@').unwrap();
        match name {
            "actions/checkout" => {
                let depth = step.with.get("fetch-depth").and_then(Value::as_u64);
                let depth = depth.unwrap_or(1).to_string();
                let mut fresh = self
                    .runner
                    .checkout(Some(&depth).filter(|it| *it != "0").map(String::as_str));
                let beside = |name: &str| self.runner.path(name).display().to_string();
                fs::write(beside("summary.md"), "").unwrap();
                fs::write(beside("paths"), "").unwrap();
                let env = [
                    ("GITHUB_STEP_SUMMARY", beside("summary.md")),
                    ("GITHUB_PATH", beside("paths")),
                    ("GITHUB_REPOSITORY", "acme/chat".to_owned()),
                    ("RUNNER_TEMP", beside("temp")),
                ];
                let env = env
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                fresh.env.extend(env);
                // Each job has a machine of its own.
                let _ = fs::remove_dir_all(self.runner.path("temp"));
                fs::create_dir(self.runner.path("temp")).unwrap();
                *checkout = Some(fresh);
            }
            "actions/upload-artifact" => {
                let from = PathBuf::from(path());
                assert!(
                    from.is_absolute(),
                    "{} can be in the checkout",
                    from.display()
                );
                let folder = kept(with("name").unwrap());
                fs::create_dir_all(&folder).unwrap();
                fs::copy(&from, folder.join(from.file_name().unwrap())).unwrap();
            }
            "actions/download-artifact" => {
                let to = PathBuf::from(path());
                assert!(
                    !to.exists() && to.is_absolute(),
                    "{} is not empty",
                    to.display()
                );
                fs::create_dir(&to).unwrap();
                for file in fs::read_dir(kept(with("name").unwrap())).unwrap() {
                    let file = file.unwrap();
                    fs::copy(file.path(), to.join(file.file_name())).unwrap();
                }
            }
            other => panic!("{other} is not known here"),
        }
    }

    /// A text with the values of its expressions.
    fn expression(&self, text: &str) -> String {
        if let Some(rest) = text.strip_prefix("${{ runner.temp }}") {
            return self.runner.path("temp").display().to_string() + rest;
        }
        let Some(inner) = text.strip_prefix("${{ ") else {
            return text.to_owned();
        };
        match inner.strip_suffix(" }}").unwrap() {
            "vars.RCSYNC_IMAGE" => "image@sha256:1".to_owned(),
            "vars.RCSYNC_URL" => self.runner.sandbox.url.clone(),
            "secrets.RCSYNC_USER_ID" => self.runner.sandbox.user_id.clone(),
            "secrets.RCSYNC_AUTH_TOKEN" => self.runner.sandbox.token.clone(),
            "secrets.TICKETS_TOKEN" => "canary-tickets".to_owned(),
            "github.token" => "github-token".to_owned(),
            "github.event.pull_request.number" => "7".to_owned(),
            "github.event.repository.default_branch" => "main".to_owned(),
            "github.event.before || 'HEAD'" => self.before.clone(),
            other => panic!("{other} is not known here"),
        }
    }
}

/// Whether a step is run, in a pull request from the same repository.
fn holds(condition: &str) -> bool {
    match condition {
        "${{ !cancelled() }}"
        | "${{ !cancelled() && github.event.pull_request.head.repo.full_name == github.repository }}" => {
            true
        }
        other => panic!("{other} is not known here"),
    }
}

/// What a step has added to the path of the next ones.
fn take_paths(checkout: &mut Checkout) {
    let added = fs::read_to_string(&checkout.env["GITHUB_PATH"]).unwrap();
    let path = checkout.env.get_mut("PATH").unwrap();
    for folder in added
        .lines()
        .filter(|folder| !path.contains(*folder))
        .collect::<Vec<_>>()
    {
        *path = format!("{folder}:{path}");
    }
}

fn all() -> Vec<(String, Workflow)> {
    let files = fs::read_dir(format!("{FOLDER}/github")).unwrap();
    let mut all: Vec<_> = files
        .map(|file| {
            let name = file.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".yml").unwrap().to_owned();
            let workflow = workflow(&name);
            (name, workflow)
        })
        .collect();
    all.sort_by(|(a, _), (b, _)| a.cmp(b));
    all
}

#[test]
fn every_job_does_what_it_says() {
    let mut github = GitHub::new();

    let done = github.job("apply", "apply");
    done.ends(&[]);
    assert_eq!(github.runner.sandbox.records().len(), 2);

    let done = github.job("snapshot", "snapshot");
    done.ends(&[]);
    let state = github.runner.stored("rcsync-state/state.json");
    assert!(
        state.contains("Grafana") && !state.contains("canary"),
        "{state}"
    );

    // A pull request: one comment, however often it runs.
    github.runner.pull_request("Grafana (new)");
    for method in ["issues/7/comments --field", "--method PATCH"] {
        let done = github.job("plan", "plan");
        done.ends(&[]);
        assert!(
            done.summary.starts_with("<!-- rcsync plan "),
            "{}",
            done.summary
        );
        assert!(done.summary.contains("1 to update"), "{}", done.summary);
        assert!(done.out.contains("from this change"), "{}", done.out);
        let log = github.runner.stored("gh.log");
        assert!(log.lines().last().unwrap().contains(method), "{log}");
    }
    let done = github.job("plan-online", "plan");
    done.ends(&[]);
    assert!(
        done.summary.contains("1 to update") && done.out.contains("::notice "),
        "{}",
        done.out
    );

    // The merge.
    github.runner.merge();
    let done = github.job("apply", "apply");
    done.ends(&[]);
    assert_eq!(github.runner.alias(), "Grafana (new)");
    let done = github.job("drift", "drift");
    done.ends(&[]);

    // Somebody edits the server.
    github.runner.edit("by hand");
    let done = github.job("drift", "drift");
    done.ends(&[2]);
    assert!(done.summary.contains("1 to update"), "{}", done.summary);

    // A plan that somebody approves: it is made, unless something has changed since.
    let done = github.job("apply-approved", "plan");
    done.ends(&[]);
    github.runner.edit("by another hand");
    let done = github.job("apply-approved", "apply");
    done.ends(&[5]);
    assert_eq!(github.runner.alias(), "by another hand");
    github.job("apply-approved", "plan");
    let done = github.job("apply-approved", "apply");
    done.ends(&[]);
    assert_eq!(github.runner.alias(), "Grafana (new)");

    // Nothing has been left out.
    let all = all().into_iter().flat_map(|(name, workflow)| {
        let jobs = workflow.jobs.into_keys();
        jobs.map(move |job| (name.clone(), job)).collect::<Vec<_>>()
    });
    assert_eq!(github.ran, all.collect::<BTreeSet<_>>());
}

#[test]
fn a_pull_request_that_is_not_valid_fails_beside_its_line() {
    let mut github = GitHub::new();
    github.runner.pull_request("[a, list]");
    let done = github.job("plan", "plan");
    done.ends(&[3]);
    assert!(
        done.out.contains("::error file=chat/quickstart.yaml,line="),
        "{}",
        done.out
    );
    assert_eq!(github.runner.stored("gh.log"), "");
}
