//! Runs that begin together, and runs that are killed, as processes: each integration is there once in the end, and
//! every URL that one of them told of is alive.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::{Run, Sandbox, manifest};

/// How long something may take that happens at once.
const SOON: Duration = Duration::from_mins(1);

/// A server of several processes, whose creates take their time, each another.
fn slow_to_create() -> Sandbox {
    let sandbox = Sandbox::with(&["--invent", "--instances", "3"]);
    sandbox.gaps((0..32_u64).map(|n| n * 7919 % 900));
    sandbox
}

/// Begins an apply that writes its report there.
fn apply(sandbox: &Sandbox, path: &str, report: &str) -> Child {
    let mut command = sandbox.rcsync(&["apply", "--yes", path, "--report", report]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// The ids of the new webhooks that a report tells of.
fn told(report: &str) -> Vec<String> {
    let report: Json = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    let outcomes = report["outcomes"].as_array().unwrap().iter();
    let new = outcomes.filter(|it| it["outcome"] == "created" || it["outcome"] == "adopted");
    new.map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Asserts that each of so many integrations is there once, and every id that was told of.
#[track_caller]
fn is_there_once(sandbox: &Sandbox, count: usize, told: &[String]) {
    let records = sandbox.records();
    let text = |record: &Json, key: &str| record[key].as_str().unwrap().to_owned();
    let names: BTreeSet<_> = records.iter().map(|it| text(it, "name")).collect();
    assert_eq!((names.len(), records.len()), (count, count), "{records:#?}");
    let ids: BTreeSet<_> = records.iter().map(|it| text(it, "_id")).collect();
    let dead: Vec<_> = told.iter().filter(|id| !ids.contains(*id)).collect();
    assert!(dead.is_empty(), "told of, and dead: {dead:?}");
}

#[test]
fn eight_processes_at_once_make_each_integration_once() {
    let sandbox = slow_to_create();
    let path = sandbox.file("a.yaml", &manifest(3));
    let reports: Vec<_> = (0..8)
        .map(|n| sandbox.file(&format!("report-{n}.json"), ""))
        .collect();
    let runs: Vec<_> = reports
        .iter()
        .map(|report| apply(&sandbox, &path, report))
        .collect();
    let codes: Vec<_> = runs
        .into_iter()
        .map(|mut run| run.wait().unwrap().code())
        .collect();
    // Whoever comes upon duplicates that are not resolved yet is refused.
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 4))),
        "{codes:?}"
    );
    assert!(codes.contains(&Some(0)), "{codes:?}");
    let told: Vec<_> = reports.iter().flat_map(|report| told(report)).collect();
    assert!(told.len() >= 3, "{told:?}");
    is_there_once(&sandbox, 3, &told);
    assert!(sandbox.creates() > 3, "they did not begin together");
    let last = sandbox.run(&["plan", &path, "--detailed-exitcode"]);
    last.exits(0);
}

/// Kills a run with SIGKILL as soon as the server has received so many requests, and says whether it was still there.
fn kill_at(sandbox: &Sandbox, path: &str, requests: usize) -> bool {
    let before = sandbox.received();
    let report = sandbox.file("killed.json", "");
    let mut run = apply(sandbox, path, &report);
    let start = Instant::now();
    while sandbox.received() < before + requests {
        if run.try_wait().unwrap().is_some() {
            return false;
        }
        assert!(start.elapsed() < SOON, "it sends nothing more");
        sleep(Duration::from_millis(2));
    }
    run.kill().unwrap();
    let status = run.wait().unwrap();
    status.code().is_none()
}

/// Kills a run after so many requests, lets another run, and says whether the first was still there to be killed.
fn run_after_a_kill(requests: usize) -> bool {
    let sandbox = slow_to_create();
    let path = sandbox.file("a.yaml", &manifest(3));
    let killed = kill_at(&sandbox, &path, requests);
    let report = sandbox.file("report.json", "");
    let code = apply(&sandbox, &path, &report).wait().unwrap().code();
    assert_eq!(code, Some(0), "after a kill at request {requests}");
    is_there_once(&sandbox, 3, &told(&report));
    let last = sandbox.run(&["plan", &path, "--detailed-exitcode"]);
    last.exits(0);
    killed
}

#[test]
fn a_run_after_a_killed_one_makes_each_integration_once() {
    // From the first question to the look back. They mostly wait: for what the killed one made to have been there for
    // a while.
    let killed = std::thread::scope(|scope| {
        let runs: Vec<_> = (1..12)
            .map(|requests| scope.spawn(move || run_after_a_kill(requests)))
            .collect();
        let killed = runs
            .into_iter()
            .filter_map(|run| run.join().unwrap().then_some(()));
        killed.count()
    });
    assert!(killed >= 6, "{killed} of 11 were killed before they ended");
}

/// A webhook as `manifest` writes it.
fn duplicate(alias: &str) -> Json {
    serde_json::json!({
        "type": "webhook-incoming", "name": "Hook 0", "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": false, "alias": alias
    })
}

#[test]
fn duplicates_of_an_earlier_run_are_settled_when_told_to() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let mut ids: Vec<_> = (0..3).map(|_| sandbox.store(&duplicate(""))).collect();
    ids.sort();
    let run = sandbox.run(&["apply", "--yes", &path]).exits(4);
    assert!(run.out.contains("--remove-duplicates"), "{}", run.out);
    assert_eq!(sandbox.records().len(), 3);

    // Nothing is deleted where deletes are held back, or the name is kept.
    let run = sandbox.run(&[
        "apply",
        "--yes",
        &path,
        "--remove-duplicates",
        "--no-delete",
    ]);
    run.exits(0);
    let kept = format!("settings: {{ keep: [\"Hook 0\"] }}\n{}", manifest(1));
    let kept = sandbox.file("kept.yaml", &kept);
    sandbox
        .run(&["apply", "--yes", &kept, "--remove-duplicates"])
        .exits(4);
    assert_eq!(sandbox.records().len(), 3);

    let run = sandbox
        .run(&["apply", "--yes", &path, "--remove-duplicates"])
        .exits(0);
    assert!(
        run.out.contains("2 to delete (2 URLs die)") || run.out.contains("its URL stops working")
    );
    is_there_once(&sandbox, 1, &ids[..1]);
    let run = sandbox.run(&["plan", &path, "--detailed-exitcode"]);
    run.exits(0);
}

#[test]
fn namesakes_that_are_no_duplicates_are_nobodys_to_settle() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let first = sandbox.store(&duplicate(""));
    let second = sandbox.store(&duplicate("Other"));
    let run = sandbox
        .run(&["apply", "--yes", &path, "--remove-duplicates"])
        .exits(4);
    assert!(
        run.out.contains(&first) && run.out.contains(&second),
        "{}",
        run.out
    );
    assert!(!run.out.contains("--remove-duplicates"), "{}", run.out);

    // Equal by now, but somebody has touched one of them: who posts to which is not known.
    let update = serde_json::json!({
        "type": "webhook-incoming", "integrationId": second, "name": "Hook 0", "enabled": true,
        "username": "rocket.cat", "channel": "#general", "scriptEnabled": false, "alias": ""
    });
    sandbox.http("PUT", "/api/v1/integrations.update", &update.to_string());
    sandbox
        .run(&["apply", "--yes", &path, "--remove-duplicates"])
        .exits(4);
    assert_eq!(sandbox.records().len(), 2);
}

/// Another run has made the same, and is about to take it back.
#[test]
fn duplicates_that_are_seconds_old_are_waited_for() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let first = sandbox.store(&duplicate(""));
    let second = sandbox.store(&duplicate(""));
    let mut command = sandbox.rcsync(&["apply", "--yes", &path]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let start = Instant::now();
    while sandbox
        .requests()
        .iter()
        .filter(|it| it.contains("integrations.list"))
        .count()
        < 3
    {
        assert!(start.elapsed() < SOON);
        sleep(Duration::from_millis(20));
    }
    let of = serde_json::json!({"type": "webhook-incoming", "integrationId": second});
    sandbox.post("integrations.remove", &of);
    let run = Run::from(child.wait_with_output().unwrap()).exits(0);
    assert!(
        run.err.contains("another run has just created the same"),
        "{}",
        run.err
    );
    assert!(run.out.contains("No changes"), "{}", run.out);
    assert_eq!(sandbox.records()[0]["_id"], first.as_str());
}
