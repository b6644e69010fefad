//! The server's limit, and requests that come again, each with its exit code.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest};

/// A manager of integrations without a way past the limit.
const LIMITED: (&str, &str) = ("uLim00000000011", "tok-lena-cccc");

/// A strict sandbox with a limit.
fn limited(rate: &str) -> Sandbox {
    Sandbox::with(&[
        "--fixture",
        "tests/conformance/fixture.json",
        "--rate-limit",
        rate,
    ])
}

fn limited_run(sandbox: &Sandbox, args: &[&str]) -> Run {
    Run::of(&mut sandbox.rcsync_as(LIMITED.0, LIMITED.1, args))
}

fn sent(sandbox: &Sandbox, what: &str) -> Vec<String> {
    let requests = sandbox.requests().into_iter();
    requests.filter(|line| line.contains(what)).collect()
}

fn answer(status: u16, body: &Json) -> Json {
    json!({ "kind": "answer", "status": status, "body": body.to_string() })
}

#[test]
fn a_limit_is_forecast_and_kept_and_nothing_is_refused() {
    let sandbox = limited("10/60");
    let path = sandbox.file("a.yaml", &manifest(25));
    let plan = limited_run(&sandbox, &["plan", &path]).exits(0);
    assert!(
        plan.out.ends_with(
            "Writes: 25 requests, about 2 min; this account is limited to 10 calls of each endpoint\n  \
             in a window (assumed to be 60 s), shared with other clients behind the same address.\n"
        ),
        "{}",
        plan.out
    );

    let sandbox = limited("3/2");
    let path = sandbox.file("a.yaml", &manifest(7));
    limited_run(&sandbox, &["apply", "--yes", &path]).exits(0);
    let refused = sent(&sandbox, " 429");
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(sandbox.records().len(), 7);
}

/// A log shows why nothing happens: a line every 30 s, and nothing that only a terminal understands.
#[test]
fn a_long_wait_is_told_without_a_terminal() {
    let sandbox = limited("5/40");
    let path = sandbox.file("a.yaml", &manifest(6));
    let run = limited_run(&sandbox, &["apply", "--yes", &path]).exits(0);
    let lines: Vec<_> = run.err.lines().collect();
    let [line] = lines[..] else {
        panic!("{}", run.err);
    };
    assert!(
        line.starts_with("waiting ") && line.contains(" s for the server's limit, 5 of 6 writes"),
        "{line}"
    );
    assert!(!run.err.contains(['\r', '\x1b']), "{:?}", run.err);
    assert_eq!(sandbox.records().len(), 6);
}

fn spawned(sandbox: &Sandbox, args: &[&str]) -> Child {
    let mut command = sandbox.rcsync_as(LIMITED.0, LIMITED.1, args);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
fn a_signal_ends_a_wait_for_the_limit() {
    // A window that is not over before the test is.
    let sandbox = limited("5/3600");
    let path = sandbox.file("a.yaml", &manifest(9));
    let child = spawned(&sandbox, &["apply", "--yes", &path, "--wait", "2h"]);
    let start = Instant::now();
    while sandbox.creates() < 5 {
        assert!(start.elapsed() < Duration::from_mins(1), "too few creates");
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let run = Run::from(child.wait_with_output().unwrap()).exits(130);
    assert!(
        run.out.contains("Applied in part: 5 created, 4 not begun."),
        "{}",
        run.out
    );
    assert_eq!((sandbox.creates(), sandbox.records().len()), (5, 5));
}

#[test]
fn a_plan_reads_the_same_whatever_is_left_of_the_window() {
    let sandbox = limited("10/7");
    let path = sandbox.file("a.yaml", &manifest(25));
    let plan = || limited_run(&sandbox, &["plan", &path]).exits(0).out;
    let first = plan();
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(1300));
        assert_eq!(plan(), first);
    }
}

#[test]
fn a_wait_of_an_hour_ends_the_run_unless_it_is_allowed() {
    let sandbox = limited("5/3600");
    let path = sandbox.file("a.yaml", &manifest(9));
    let run = limited_run(&sandbox, &["apply", "--yes", &path]).exits(6);
    assert!(
        run.out.contains("5 created, 1 failed, 3 not begun")
            && run
                .out
                .contains("too many requests: the server accepts the next one in 60 min")
            && run.out.contains("`--wait 1h`"),
        "{}",
        run.out
    );
    assert_eq!((sandbox.creates(), sandbox.records().len()), (5, 5));
    let run = limited_run(&sandbox, &["apply", "--yes", &path, "--wait", "soon"]).exits(3);
    assert!(run.err.contains("`90s`, `10m`, `2h`"), "{}", run.err);
    assert!(sent(&sandbox, " 429").is_empty());
}

#[test]
fn creates_that_fail_in_the_same_way_three_times_are_given_up() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(20));
    let fault = json!({"success": false, "error": "Cannot read properties of undefined"});
    sandbox
        .fault(&json!({"path": "integrations.create", "times": 99, "effect": answer(500, &fault)}));
    let args = [
        "apply",
        "--yes",
        &path,
        "--concurrency",
        "2",
        "--timeout",
        "1",
    ];
    let run = sandbox.run(&args).exits(6);
    assert!(
        run.out
            .contains("others of its type failed, each time with: Cannot read properties"),
        "{}",
        run.out
    );
    // Two are on their way at once, and count as one.
    assert!(
        (3..=6).contains(&sandbox.creates()),
        "{}",
        sandbox.creates()
    );
    assert!(
        run.out
            .contains(&format!("{} not begun", 20 - sandbox.creates())),
        "{}",
        run.out
    );
}

#[test]
fn a_refusal_without_headers_is_waited_out() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let effect = json!({ "kind": "answer", "status": 429, "body": "slow down", "headers": { "retry-after": "1" } });
    sandbox.fault(&json!({ "path": "integrations.create", "effect": effect }));
    let run = sandbox.run(&["apply", "--yes", &path, "-v"]).exits(0);
    assert!(
        run.err.contains("waiting 2 s for the server's limit"),
        "{}",
        run.err
    );
    assert_eq!((sandbox.creates(), sandbox.records().len()), (2, 1));
}

#[test]
fn reads_updates_and_removals_come_again() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let changed = manifest(1)
        + "    alias: New\n"
        + "  - type: webhook-incoming\n    name: Hook 1\n    \
         username: rocket.cat\n    channel: \"#general\"\n    state: absent\n";
    sandbox.file("a.yaml", &changed);
    let dropped = json!({ "kind": "drop", "applied": true });
    for (path, effect) in [
        ("integrations.list", json!({ "kind": "bad-gateway" })),
        ("integrations.update", dropped.clone()),
        ("integrations.remove", dropped),
    ] {
        sandbox.fault(&json!({ "path": path, "effect": effect }));
    }
    let run = sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert!(
        run.out.ends_with("Applied: 1 updated, 1 deleted.\n"),
        "{}",
        run.out
    );
    assert_eq!(sent(&sandbox, "integrations.update").len(), 2);
    assert_eq!(sent(&sandbox, "integrations.remove").len(), 2);
    let records = sandbox.records();
    assert_eq!((records.len(), &records[0]["alias"]), (1, &json!("New")));
}

#[test]
fn no_retries_are_none() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    sandbox.fault(&json!({ "path": "info", "effect": { "kind": "bad-gateway" } }));
    sandbox.run(&["plan", &path, "--retries", "0"]).exits(7);
    assert_eq!(sent(&sandbox, "/api/info").len(), 1);
}

#[test]
fn a_server_that_is_silent_is_given_up() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    for flag in ["--read-timeout", "--timeout"] {
        let silent = json!({ "kind": "delay", "millis": 20_000 });
        sandbox.fault(&json!({ "path": "info", "effect": silent }));
        let run = sandbox
            .run(&["plan", &path, "--retries", "0", flag, "1"])
            .exits(7);
        assert!(run.err.contains("timed out"), "{}", run.err);
    }
}

#[test]
fn a_listing_that_shifts_is_read_again_and_then_an_error() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(120));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    // Else there is one page.
    sandbox.act(
        &json!({ "action": "change-setting", "name": "API_Allow_Infinite_Count", "value": false }),
    );
    let (creates, listings) = (sandbox.creates(), sent(&sandbox, "integrations.list").len());
    for (kind, times, code) in [("lost", 1, 0), ("repeated", 1, 0), ("lost", 2, 1)] {
        // The second page of each reading.
        for round in 0..times {
            sandbox.fault(&json!({ "path": "integrations.list", "after": 1 + 2 * round, "effect": { "kind": kind } }));
        }
        let run = sandbox
            .run(&["plan", &path, "--detailed-exitcode"])
            .exits(code);
        assert_eq!(run.out.contains("No changes"), code == 0, "{}", run.out);
    }
    assert_eq!(sandbox.creates(), creates);
    assert_eq!(sent(&sandbox, "integrations.list").len(), listings + 3 * 4);
}

/// Three questions go out at once. Whichever of them is answered by somebody else, or refused, that is all that is reported.
#[test]
fn one_answer_that_is_none_ends_the_run_with_one_message() {
    let logged_out = json!({ "status": "error", "message": "You must be logged in to do this." });
    let page = json!({ "kind": "answer", "status": 200, "body": "<html>Sign in</html>" });
    for (path, effect, told) in [
        ("info", page.clone(), "this is not a Rocket.Chat API"),
        ("me", page.clone(), "this is not a Rocket.Chat API"),
        (
            "integrations.list",
            page.clone(),
            "this is not a Rocket.Chat API",
        ),
        (
            "me",
            answer(401, &logged_out),
            "does not accept the user id and token",
        ),
        (
            "integrations.list",
            answer(401, &logged_out),
            "does not accept the user id and token",
        ),
    ] {
        let sandbox = Sandbox::inventive();
        let file = sandbox.file("a.yaml", &manifest(3));
        sandbox.fault(&json!({ "path": path, "effect": effect, "times": 99 }));
        for command in [&["plan"][..], &["apply", "--yes"]] {
            let run = sandbox.run(&[command, &[file.as_str()]].concat()).exits(7);
            assert!(run.err.contains(told), "{path}: {}", run.err);
            assert_eq!(run.err.matches("error: ").count(), 1, "{path}: {}", run.err);
            assert_eq!(run.out, "", "{path}");
        }
        let asked = sandbox.requests();
        assert!(asked.iter().all(|it| it.starts_with("GET ")), "{asked:#?}");
        assert!(asked.len() <= 2 * 3, "{asked:#?}");
    }
}

#[test]
fn refused_credentials_end_the_run_at_once() {
    let logged_out = json!({ "status": "error", "message": "You must be logged in to do this." });
    let forbidden = json!({ "success": false, "error": "unauthorized" });
    for (status, body) in [(401, logged_out), (403, forbidden)] {
        for (spared, code, told) in [
            (2, 6, "Applied in part: 2 created, 1 failed, 3 not begun."),
            (0, 7, "Nothing applied: 1 failed, 5 not begun."),
        ] {
            let sandbox = Sandbox::inventive();
            let path = sandbox.file("a.yaml", &manifest(6));
            let effect = answer(status, &body);
            sandbox.fault(
                &json!({ "path": "integrations.create", "after": spared, "times": 99, "effect": effect }),
            );
            let run = sandbox
                .run(&["apply", "--yes", &path, "--concurrency", "1"])
                .exits(code);
            assert!(run.out.contains(told), "{}", run.out);
            assert_eq!(sandbox.creates(), spared + 1);
        }
    }
}

#[test]
fn a_refusal_of_one_record_fails_that_record_alone() {
    let coded =
        |code: &str| json!({ "success": false, "error": format!("[{code}]"), "errorType": code });
    for (status, body, told) in [
        (
            400,
            coded("not_authorized").to_string(),
            "lacks the permission",
        ),
        (
            400,
            coded("error-invalid-integration").to_string(),
            "another account created the record",
        ),
        (413, "<html>".to_owned(), "`client_max_body_size`"),
        (302, String::new(), "the server redirects to"),
    ] {
        let sandbox = Sandbox::inventive();
        let path = sandbox.file("a.yaml", &manifest(3));
        let effect = json!({ "kind": "answer", "status": status, "body": body });
        sandbox.fault(&json!({ "path": "integrations.create", "effect": effect }));
        let run = sandbox.run(&["apply", "--yes", &path]).exits(6);
        assert!(run.out.contains("2 created, 1 failed."), "{}", run.out);
        let words = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(told), "{}", run.out);
        assert_eq!(sandbox.creates(), 3);
    }
}

/// The levels that a log tells.
fn levels(log: &str) -> Vec<usize> {
    let changes = log
        .lines()
        .filter_map(|line| line.split_once("concurrency "));
    let to = changes.filter_map(|(_, change)| change.split_once(" -> ")?.1.split(':').next());
    to.map(|level| level.parse().unwrap()).collect()
}

#[test]
fn a_server_that_bears_it_gets_more_than_eight_writes_at_once_unless_their_number_is_given() {
    let apply = |args: &[&str]| {
        let sandbox = Sandbox::inventive();
        let path = sandbox.file("a.yaml", &manifest(100));
        // Noise is little beside this.
        let delay = json!({ "kind": "delay", "millis": 300 });
        let effect = json!({ "path": "integrations.create", "times": 100, "effect": delay });
        sandbox.fault(&effect);
        let args = [&["apply", "--yes", &path, "-v"], args].concat();
        let run = sandbox.run(&args).exits(0);
        assert_eq!(sandbox.records().len(), 100);
        levels(&run.err)
    };
    let found = apply(&[]);
    assert_eq!(found.first(), Some(&16), "{found:?}");
    assert!(apply(&["--concurrency", "3"]).is_empty());
}
