//! Signals, the first failure, and the report of what was done.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest};

/// Begins a run and waits until the sandbox has received so many creates.
fn begun(sandbox: &Sandbox, args: &[&str], creates: usize) -> Child {
    let mut command = sandbox.rcsync(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let start = Instant::now();
    while sandbox.creates() < creates {
        assert!(
            start.elapsed() < Duration::from_mins(1),
            "no create was sent"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(sent.unwrap().success());
}

fn report(path: &str) -> Json {
    let text = |path: &str| fs::read_to_string(path).unwrap();
    let report: Json = serde_json::from_str(&text(path)).unwrap();
    let schema: Json = serde_json::from_str(&text("schema/report.schema.json")).unwrap();
    jsonschema::validate(&schema, &report).unwrap_or_else(|error| panic!("{error}: {report:#}"));
    report
}

/// How often each outcome is in a report.
fn count(report: &Json, outcome: &str) -> usize {
    let outcomes = report["outcomes"].as_array().unwrap().iter();
    outcomes.filter(|it| it["outcome"] == outcome).count()
}

fn slow(sandbox: &Sandbox, millis: u64) {
    let effect = json!({ "kind": "delay", "millis": millis });
    sandbox.fault(&json!({ "path": "integrations.create", "effect": effect, "times": 99 }));
}

#[test]
fn a_second_signal_quits_at_once_and_tells_what_is_known() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(5));
    let file = sandbox.file("report.json", "");
    slow(&sandbox, 50_000);
    let args = [
        "apply",
        "--yes",
        &path,
        "--concurrency",
        "2",
        "--report",
        &file,
    ];
    // The first of a limit that nobody knows yet goes alone.
    let child = begun(&sandbox, &args, 1);
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "TERM");
    // Named by the first.
    let run = Run::from(child.wait_with_output().unwrap()).exits(130);
    assert!(
        run.err.contains("Stopping after") && run.err.contains("Quitting: "),
        "{}",
        run.err
    );
    assert!(
        run.out.contains("Nothing applied: 1 unknown, 4 not begun."),
        "{}",
        run.out
    );
    let report = report(&file);
    assert_eq!(
        (count(&report, "unknown"), count(&report, "notAttempted")),
        (1, 4)
    );
    assert_eq!(report["exitCode"], 130);
}

#[test]
fn a_signal_ends_the_settle_time_at_once() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    slow(&sandbox, 3_000);
    let child = begun(&sandbox, &["apply", "--yes", &path], 1);
    let start = Instant::now();
    while sandbox.records().is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "TERM");
    let run = Run::from(child.wait_with_output().unwrap()).exits(143);
    // The check delay alone would be six seconds.
    assert!(
        start.elapsed() < Duration::from_secs(7),
        "{:?}",
        start.elapsed()
    );
    assert!(
        run.out.contains("Applied: 1 created.") && run.out.contains("Not verified: "),
        "{}",
        run.out
    );
}

#[test]
fn the_first_failure_ends_a_run_that_fails_fast() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(4).replacen("#general", "#pagr", 1));
    let args = [
        "apply",
        "--yes",
        &path,
        "--fail-fast",
        "--concurrency",
        "1",
        "--preflight=off",
    ];
    let run = sandbox.run(&args).exits(6);
    assert!(
        run.out.contains("Nothing applied: 1 failed, 3 not begun."),
        "{}",
        run.out
    );
    assert_eq!(sandbox.creates(), 1);
    assert!(sandbox.records().is_empty());
}

#[test]
fn a_report_lists_what_was_done_and_what_was_there_before() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(3));
    let file = sandbox.file("report.json", "an older one");
    sandbox
        .run(&["apply", "--yes", &path, "--report", &file])
        .exits(0);
    let first = report(&file);
    assert_eq!(
        (count(&first, "created"), &first["counts"]["done"]),
        (3, &json!(3))
    );
    assert_eq!(first["check"], json!({ "done": { "listings": 1 } }));

    let text = manifest(4)
        .replacen(
            "    name: Hook 0\n",
            "    name: Hook 0\n    alias: New\n",
            1,
        )
        .replacen(
            "    name: Hook 1\n",
            "    name: Hook 1\n    state: absent\n",
            1,
        )
        .replacen(
            "    name: Hook 2\n",
            "    name: Hook 2\n    emoji: \":x:\"\n",
            1,
        );
    let text = text
        .trim_end()
        .rsplit_once("#general")
        .map(|(head, _)| format!("{head}#pagr\"\n"))
        .unwrap();
    let path = sandbox.file("a.yaml", &text);
    let args = [
        "apply",
        "--yes",
        &path,
        "--report",
        &file,
        "--preflight=off",
    ];
    let run = sandbox.run(&args).exits(6);
    let second = report(&file);
    assert_eq!(second["exitCode"], 6);
    let counts = json!({"done": 3, "failed": 1, "unknown": 0, "notAttempted": 0, "blocked": 0, "conditions": 0});
    assert_eq!(second["counts"], counts);
    assert!(
        run.out
            .ends_with("Applied in part: 2 updated, 1 deleted, 1 failed.\n"),
        "{}",
        run.out
    );
    let outcomes = second["outcomes"].as_array().unwrap();
    let of = |name: &str| outcomes.iter().find(|it| it["name"] == name).unwrap();
    assert_eq!(of("Hook 3")["why"], "error-invalid-room: Invalid room");
    for name in ["Hook 0", "Hook 1"] {
        let before = of(name)["before"].as_array().unwrap();
        let channel = before.iter().find(|it| it["name"] == "channel").unwrap();
        assert_eq!(channel["value"], json!({ "list": ["#general"] }));
        assert!(before.iter().all(|it| it["name"] != "alias"), "{before:?}");
    }
    assert!(of("Hook 3").get("before").is_none());

    // Nothing to do, and nothing that could be done.
    let path = sandbox.file(
        "b.yaml",
        &manifest(1).replacen("    username", "    alias: New\n    username", 1),
    );
    sandbox
        .run(&["apply", "--yes", &path, "--report", &file])
        .exits(0);
    assert_eq!(report(&file)["outcomes"], json!([]));
    let broken = sandbox.file("c.yaml", "integrations:\n  - type: x\n");
    sandbox
        .run(&["apply", "--yes", &broken, "--report", &file])
        .exits(3);
    assert_eq!(
        (
            &report(&file)["failure"]["exitCode"],
            &report(&file)["exitCode"]
        ),
        (&json!(3), &json!(3))
    );
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_anything_is_done() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let folder = sandbox.folder.path().to_str().unwrap().to_owned();
    for place in [folder.clone(), format!("{folder}/a.yaml/report.json")] {
        let run = sandbox
            .run(&["apply", "--yes", &path, "--report", &place])
            .exits(3);
        assert!(run.err.contains("`--report` needs a file"), "{}", run.err);
    }
    assert!(sandbox.requests().is_empty());
    sandbox
        .run(&["apply", &path, "--dry-run", "--report", "x.json"])
        .exits(3);
}
