//! Accounts that do not see all there is.

use serde_json::json;

use crate::support::{Run, Sandbox, manifest};

/// Sees only what it made itself.
const OTTO: (&str, &str) = ("uOwn00000000005", "tok-otto-6666");
/// Sees all incoming webhooks, and no outgoing ones.
const INES: (&str, &str) = ("uInc00000000006", "tok-ines-7777");

fn run(sandbox: &Sandbox, (id, token): (&str, &str), args: &[&str]) -> Run {
    Run::of(&mut sandbox.rcsync_as(id, token, args))
}

/// Requests that write.
fn writes(sandbox: &Sandbox) -> usize {
    let requests = sandbox.requests();
    requests.iter().filter(|it| !it.starts_with("GET ")).count()
}

#[test]
fn a_first_run_that_would_double_everything_is_refused() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(2));
    // Somebody else has made both.
    sandbox.run(&["apply", &path]).exits(0);
    let before = writes(&sandbox);
    for command in ["plan", "apply"] {
        let run = run(&sandbox, OTTO, &[command, &path]).exits(4);
        let flat = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "2 webhooks would be created, and no entry's record was found",
            "otto.owner does not see what other accounts made",
            "incoming: its own alone; outgoing: its own alone",
            "--allow-partial-view",
            "Partial view: what other accounts made is not in this plan",
        ] {
            assert!(flat.contains(part), "{part}\n{}", run.out);
        }
    }
    assert_eq!(writes(&sandbox), before);
    assert_eq!(sandbox.records().len(), 2);
}

#[test]
fn once_something_matches_the_rest_may_be_created() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(1));
    run(&sandbox, OTTO, &["apply", &path, "--allow-partial-view"]).exits(0);
    sandbox.file("a.yaml", &manifest(2));
    let second = run(&sandbox, OTTO, &["apply", &path]).exits(0);
    assert!(second.out.contains("Partial view"), "{}", second.out);
    // With nothing to do nothing depends on it, and nobody asks.
    let before = sandbox.requests().len();
    let plan = run(&sandbox, OTTO, &["plan", &path, "--detailed-exitcode"]).exits(0);
    assert!(!plan.out.contains("Partial view"), "{}", plan.out);
    assert_eq!(
        sandbox.requests()[before..],
        [
            "GET /api/info 200",
            "GET /api/v1/me 200",
            "GET /api/v1/integrations.list 200"
        ]
    );
}

#[test]
fn a_scope_that_is_seen_in_part_is_not_pruned() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(2));
    run(&sandbox, OTTO, &["apply", &path, "--allow-partial-view"]).exits(0);
    let scope = |creators: &str| {
        format!(
            "settings: {{ prune: disable, scope: {{ names: [\"*\"]{creators} }} }}\n{}",
            manifest(1)
        )
    };
    sandbox.file("a.yaml", &scope(", creators: [otto.owner, alice.admin]"));
    let before = writes(&sandbox);
    let refused = run(&sandbox, OTTO, &["apply", &path]).exits(4);
    assert!(
        refused.out.contains("names records of alice.admin"),
        "{}",
        refused.out
    );
    assert_eq!(writes(&sandbox), before);
    // Its own it sees whole.
    sandbox.file("a.yaml", &scope(""));
    let plan = run(&sandbox, OTTO, &["plan", &path]).exits(0);
    assert!(plan.out.contains("1 to disable"), "{}", plan.out);
    sandbox.file("a.yaml", &scope(", creators: [otto.owner, alice.admin]"));
    run(&sandbox, OTTO, &["apply", &path, "--allow-partial-view"]).exits(0);
    assert_eq!(writes(&sandbox), before + 1);
}

#[test]
fn a_kind_that_is_not_seen_is_told() {
    let sandbox = Sandbox::strict();
    sandbox.store(&json!({
        "type": "webhook-outgoing", "name": "Theirs", "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": false, "event": "sendMessage", "urls": ["http://example.org"]
    }));
    let path = sandbox.file("a.yaml", &manifest(1));
    let plan = run(&sandbox, INES, &["plan", &path]).exits(0);
    // All incoming ones are seen: a new one is no twin.
    assert!(plan.out.contains("1 to create"), "{}", plan.out);
    assert!(
        plan.out.contains("incoming: all, outgoing: none"),
        "{}",
        plan.out
    );
}
