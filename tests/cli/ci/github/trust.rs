//! What a pull request cannot get at or bring about, and which programs the workflows use.

use std::collections::BTreeMap;
use std::fs;

use super::{GitHub, all};
use crate::ci::{FOLDER, template};

/// What a pull request brings under the names that a job publishes, before the job fails.
#[test]
fn nothing_is_published_that_the_job_did_not_make() {
    let mut github = GitHub::new();
    github.job("apply", "apply").ends(&[]);
    github.job("snapshot", "snapshot").ends(&[]);
    github.runner.pull_request("Grafana (new)");
    let lie = "<!-- rcsync plan lie -->\nNo changes.\n";
    let names = ["plan.md", "plan.json", "state.json"];
    github.runner.bring(&names.map(|name| (name, lie)));
    // There is no snapshot, or something else that no plan can be made from.
    let store = |name: &str| github.runner.path("store").join(name);
    let (runs, more) = (store("runs.json"), store("rcsync-state/more"));
    let text = fs::read_to_string(&runs).unwrap();
    for (runs_text, more_text) in [("[]", None), (&text, Some("x"))] {
        fs::write(&runs, runs_text).unwrap();
        more_text.inspect(|text| fs::write(&more, text).unwrap());
        let done = github.job("plan", "plan");
        done.ends(&[1]);
        assert!(done.out.contains("::error::Th"), "{}", done.out);
        assert_eq!(done.summary, "");
        assert!(!github.runner.stored("gh.log").contains("comments"));
    }
    fs::remove_file(&more).unwrap();
    let done = github.job("plan", "plan");
    done.ends(&[]);
    assert!(done.summary.contains("1 to update"), "{}", done.summary);
    // On the default branch, with a server that does not answer.
    github.runner.merge();
    github.runner.sandbox.url = "http://127.0.0.1:9".to_owned();
    for (name, job) in [
        ("drift", "drift"),
        ("plan-online", "plan"),
        ("snapshot", "snapshot"),
        ("apply-approved", "plan"),
    ] {
        let done = github.job(name, job);
        done.ends(&[7]);
        assert!(!done.summary.contains("lie"), "{}", done.summary);
    }
    let state = github.runner.stored("rcsync-state/state.json");
    assert!(!state.contains("lie") && github.runner.stored("rcsync-plan/plan.json").is_empty());
}

/// Runs of the same name whose artifact is not the snapshot's; the newest come last.
#[test]
fn a_snapshot_is_from_the_default_branch_of_this_repository() {
    let mut github = GitHub::new();
    github.job("apply", "apply").ends(&[]);
    github.job("snapshot", "snapshot").ends(&[]);
    github.runner.pull_request("Grafana (new)");
    let rows = [
        (50, "pull_request", "main", "success", "stranger/chat"),
        (51, "pull_request_target", "main", "success", "acme/chat"),
        (52, "push", "main", "success", "acme/chat"),
        (53, "schedule", "main", "success", "stranger/chat"),
        (54, "workflow_dispatch", "change", "success", "acme/chat"),
        (55, "workflow_run", "change", "success", "acme/chat"),
        (56, "workflow_dispatch", "main", "failure", "acme/chat"),
        (9, "workflow_run", "main", "success", "acme/chat"),
        (42, "workflow_dispatch", "main", "success", "acme/chat"),
        (8, "schedule", "main", "success", "acme/chat"),
    ];
    let runs = rows.map(|(id, event, branch, conclusion, repository)| {
        serde_json::json!({
            "id": id, "event": event, "head_branch": branch, "conclusion": conclusion,
            "head_repository": {"full_name": repository}
        })
    });
    let path = github.runner.path("store/runs.json");
    fs::write(path, serde_json::json!(runs).to_string()).unwrap();
    github.job("plan", "plan").ends(&[]);
    assert!(
        github
            .runner
            .stored("gh.log")
            .contains("\nrun download 42 ")
    );
}

/// A branch that is new, or that was replaced, has no commit before it that git knows.
#[test]
fn what_was_merged_is_applied_without_a_commit_before_it() {
    let mut github = GitHub::new();
    for before in [
        "0".repeat(40),
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904".to_owned(),
    ] {
        github.before = before;
        let done = github.job("apply", "apply");
        done.ends(&[]);
        assert!(
            done.out.contains("warning: git knows no commit `"),
            "{}",
            done.out
        );
    }
    assert_eq!(github.runner.sandbox.records().len(), 2);
}

/// An action is a commit, with its version, and the same one everywhere; no checkout keeps its credentials.
#[test]
fn actions_are_commits() {
    let mut known = BTreeMap::new();
    let folders = [format!("{FOLDER}/github"), ".github/workflows".to_owned()];
    let files = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap());
    for file in files {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some((_, action)) = line.split_once("uses: ") else {
                continue;
            };
            let (name, commit) = action.split_once('@').unwrap();
            let (commit, version) = commit.split_once(" # v").unwrap();
            assert!(
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{line}"
            );
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{line}");
            assert_eq!(
                *known.entry(name.to_owned()).or_insert(commit.to_owned()),
                commit,
                "{name}"
            );
            let with = [lines.next(), lines.next()].map(Option::unwrap_or_default);
            if name == "actions/checkout" {
                assert_eq!(with.map(str::trim), ["with:", "persist-credentials: false"]);
            }
        }
    }
    assert!(known.len() >= 3, "{known:?}");
}

#[test]
fn credentials_are_where_the_default_branch_is_alone() {
    for (name, workflow) in all() {
        assert!(workflow.permissions.is_empty(), "{name}");
        assert!(!workflow.on.contains_key("pull_request_target"), "{name}");
        let text = template(&format!("github/{name}.yml"));
        let reviewed = !workflow.on.contains_key("pull_request");
        for job in workflow.jobs.values() {
            let secret = job.env.values().any(|value| value.contains("secrets."));
            // The secrets of an environment reach no job outside of it.
            assert_eq!(secret, job.environment.is_some(), "{name}");
            assert!(
                !secret || reviewed || text.contains("# WARNING: "),
                "{name}"
            );
            let only = if reviewed {
                "github.ref == 'refs/heads/main'"
            } else {
                "github.event.pull_request.head.repo.full_name == github.repository"
            };
            assert!(!secret || job.condition.as_deref() == Some(only), "{name}");
            assert!(
                !secret
                    || job
                        .permissions
                        .get("contents")
                        .is_some_and(|it| it == "read"),
                "{name}"
            );
        }
        if name == "plan" {
            assert!(!text.contains("secrets.") && !text.contains("RCSYNC_URL"));
        }
        if name.starts_with("apply") {
            let concurrency = workflow.concurrency.unwrap();
            assert!(concurrency.group.contains("vars.RCSYNC_URL") && !concurrency.cancel);
        }
    }
}
