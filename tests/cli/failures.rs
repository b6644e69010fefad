//! What goes wrong between rcsync and a server, each with its exit code, and nothing lost or doubled.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Run, Sandbox, manifest, rcsync};

#[test]
fn an_invalid_manifest_sends_no_request() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", "integrations:\n  - type: webhook-incomming\n");
    for command in ["plan", "apply"] {
        let run = sandbox.run(&[command, &path]).exits(3);
        assert!(
            run.err.contains("did you mean `webhook-incoming`?"),
            "{}",
            run.err
        );
        assert_eq!(run.out, "");
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn an_undefined_secret_is_refused_before_any_request() {
    let sandbox = Sandbox::inventive();
    let run = sandbox
        .run(&["plan", "examples/integrations.yaml"])
        .exits(3);
    assert!(
        run.err.contains("examples/integrations.yaml:43:12"),
        "{}",
        run.err
    );
    assert!(run.err.contains("RCSYNC_SECRET_guggy_token"), "{}", run.err);
    assert!(sandbox.requests().is_empty());
}

/// As a pipeline passes the secrets that it keeps from a pull request of a fork.
#[test]
fn a_secret_that_is_empty_is_told_as_such() {
    let sandbox = Sandbox::inventive();
    let mut command = sandbox.rcsync(&["plan", "examples/integrations.yaml"]);
    command.env("RCSYNC_SECRET_guggy_token", "");
    let run = Run::of(&mut command).exits(3);
    assert!(
        run.err
            .contains("`${secret.guggy_token}` is set, and its value is empty")
            && run.err.contains("a pull request from a fork"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("fewer than"), "{}", run.err);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn wrong_credentials_are_told_apart_from_drift() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(1));
    let mut command = sandbox.rcsync_as(
        "uAdmin0000000001",
        "wrong",
        &["plan", &path, "--detailed-exitcode"],
    );
    let run = Run::of(&mut command).exits(7);
    assert!(
        run.err.contains("does not accept the user id and token"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("wrong"), "{}", run.err);
}

#[test]
fn an_account_without_permission_is_told_which_it_needs() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(1));
    let mut command = sandbox.rcsync_as("uPln00000000010", "tok-paul-bbbb", &["plan", &path]);
    let run = Run::of(&mut command).exits(7);
    assert!(
        run.err.contains("manage-incoming-integrations"),
        "{}",
        run.err
    );
}

#[test]
fn an_unreachable_server_is_named() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let mut command = sandbox.rcsync(&["plan", &path]);
    // Nothing listens on port 1.
    let run = Run::of(command.env("RCSYNC_URL", "http://127.0.0.1:1")).exits(7);
    assert!(
        run.err.contains("the server cannot be reached"),
        "{}",
        run.err
    );
}

#[test]
fn what_is_no_rocket_chat_is_told_as_what_it_is() {
    for (effect, words) in [
        (json!({ "kind": "page" }), "this is not a Rocket.Chat API"),
        (json!({ "kind": "bad-gateway" }), "502"),
        (
            json!({ "kind": "redirect", "location": "https://chat.example.org/team/api/info" }),
            "use `https://chat.example.org/team` as its URL",
        ),
    ] {
        let sandbox = Sandbox::inventive();
        let path = sandbox.file("a.yaml", &manifest(1));
        sandbox.fault(&json!({ "path": "info", "effect": effect, "times": 20 }));
        let run = sandbox.run(&["plan", &path]).exits(7);
        assert!(run.err.contains(words), "{}", run.err);
        assert_eq!(run.out, "");
    }
}

#[test]
fn a_create_without_an_answer_is_found_and_not_sent_again() {
    for effect in [
        json!({ "kind": "drop", "applied": true }),
        json!({ "kind": "answer", "status": 502, "applied": true }),
    ] {
        let sandbox = Sandbox::inventive();
        let path = sandbox.file("a.yaml", &manifest(2));
        sandbox.fault(&json!({ "path": "integrations.create", "effect": effect }));
        let run = sandbox.run(&["apply", "--yes", &path]).exits(0);
        assert!(
            run.out.contains("Applied: 1 created, 1 adopted."),
            "{}",
            run.out
        );
        assert_eq!((sandbox.creates(), sandbox.records().len()), (2, 2));
    }
}

#[test]
fn a_create_that_was_lost_is_unknown_and_not_sent_again() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    sandbox.fault(
        &json!({ "path": "integrations.create", "effect": { "kind": "drop", "applied": false } }),
    );
    let run = sandbox
        .run(&["apply", "--yes", &path, "--timeout", "2"])
        .exits(6);
    assert!(run.out.contains("unknown"), "{}", run.out);
    assert_eq!(sandbox.creates(), 1);
    // The next run makes it.
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert_eq!(sandbox.records().len(), 1);
}

#[test]
fn a_record_lost_between_pages_is_no_reason_to_create_it_again() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(120));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let creates = sandbox.creates();
    sandbox.fault(&json!({ "path": "integrations.list", "effect": { "kind": "total", "total": 123 }, "times": 50 }));
    let run = sandbox.run(&["apply", "--yes", &path]).exits(1);
    assert!(
        run.err.contains("the list changed while it was read"),
        "{}",
        run.err
    );
    assert_eq!(sandbox.creates(), creates);
}

#[test]
fn a_signal_stops_what_is_not_begun_and_reports_the_rest() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(40));
    let slow = json!({ "kind": "delay", "millis": 300 });
    sandbox.fault(&json!({ "path": "integrations.create", "effect": slow, "times": 40 }));
    let mut command = sandbox.rcsync(&["apply", "--yes", &path, "--concurrency", "2"]);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while sandbox.creates() < 2 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "no create was sent"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let terminated = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(terminated.success());
    let run = Run::from(child.wait_with_output().unwrap()).exits(143);
    assert!(
        run.out.contains("Applied in part:") && run.out.contains("not begun"),
        "{}",
        run.out
    );
    let created = run
        .out
        .lines()
        .filter(|line| line.starts_with("+ created"))
        .count();
    assert_eq!(
        created,
        sandbox.records().len(),
        "what was in flight is finished and reported"
    );
}

#[test]
fn missing_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = crate::support::write(folder.path(), "a.yaml", &manifest(1));
    let run = Run::of(&mut rcsync(&["plan", &path])).exits(3);
    assert!(
        run.err.contains("set RCSYNC_URL or give `--url`"),
        "{}",
        run.err
    );
    let run = Run::of(rcsync(&["plan", &path]).env("RCSYNC_URL", "http://127.0.0.1:1")).exits(3);
    assert!(run.err.contains("RCSYNC_USER_ID"), "{}", run.err);
}
