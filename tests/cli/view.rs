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
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let before = writes(&sandbox);
    for command in [&["plan"][..], &["apply", "--yes"]] {
        let run = run(&sandbox, OTTO, &[command, &[&path]].concat()).exits(4);
        let flat = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "2 webhooks would be created, and none of the manifests' integrations was found",
            "otto.owner does not see those of other accounts",
            "incoming: only its own; outgoing: only its own",
            "--allow-partial-view",
            "Partial view: this plan has no integrations of other accounts",
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
    run(
        &sandbox,
        OTTO,
        &["apply", "--yes", &path, "--allow-partial-view"],
    )
    .exits(0);
    sandbox.file("a.yaml", &manifest(2));
    let second = run(&sandbox, OTTO, &["apply", "--yes", &path]).exits(0);
    assert!(second.out.contains("Partial view"), "{}", second.out);
    // With nothing to do nothing depends on it, and nobody asks.
    let before = sandbox.requests().len();
    let plan = run(&sandbox, OTTO, &["plan", &path, "--detailed-exitcode"]).exits(0);
    assert!(!plan.out.contains("Partial view"), "{}", plan.out);
    assert_eq!(
        sandbox.wave(before),
        [
            "GET /api/info 200",
            "GET /api/v1/integrations.list 200",
            "GET /api/v1/me 200",
        ]
    );
}

#[test]
fn a_scope_that_is_seen_in_part_is_not_pruned() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(2));
    run(
        &sandbox,
        OTTO,
        &["apply", "--yes", &path, "--allow-partial-view"],
    )
    .exits(0);
    let scope = |creators: &str| {
        format!(
            "settings: {{ prune: disable, scope: {{ names: [\"*\"]{creators} }} }}\n{}",
            manifest(1)
        )
    };
    sandbox.file("a.yaml", &scope(", creators: [otto.owner, alice.admin]"));
    let before = writes(&sandbox);
    let refused = run(&sandbox, OTTO, &["apply", "--yes", &path]).exits(4);
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
    run(
        &sandbox,
        OTTO,
        &["apply", "--yes", &path, "--allow-partial-view"],
    )
    .exits(0);
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
    // All incoming ones are seen: a new one is not a duplicate.
    assert!(plan.out.contains("1 to create"), "{}", plan.out);
    assert!(
        plan.out.contains("incoming: all, outgoing: none"),
        "{}",
        plan.out
    );
}

/// What was asked beside the three requests of every plan.
fn asked(sandbox: &Sandbox, before: usize) -> Vec<String> {
    let requests = sandbox.wave(before + 3);
    let asked = requests.iter();
    asked
        .map(|line| line.trim_start_matches("GET /api/v1/").to_owned())
        .collect()
}

#[test]
fn where_webhooks_post_is_looked_up_with_few_requests_and_only_for_what_is_written() {
    let sandbox = Sandbox::strict();
    let text: String = [
        "#general",
        "#random",
        "#ops.alerts-1",
        "#secret",
        "#büro",
        "@hooky",
        "#GENERAL",
    ]
    .iter()
    .enumerate()
    .map(|(n, channel)| {
        manifest(1)
            .replace("integrations:\n", "")
            .replace("Hook 0", &format!("Hook {n}"))
            .replace("#general", channel)
    })
    .collect();
    let path = sandbox.file("a.yaml", &format!("integrations:\n{text}"));
    let before = sandbox.requests().len();
    sandbox.run(&["plan", &path]).exits(0);
    // Without the list of public rooms each is asked for by itself: one that may not be entered is there, too.
    assert_eq!(
        asked(&sandbox, before),
        [
            "channels.list 403",
            "permissions.listAll 200",
            "rooms.info 200",
            "rooms.info 200",
            "rooms.info 403",
            "rooms.info 403",
            "rooms.info 403",
            "rooms.info 403",
            "users.info 200",
            "users.info 200",
        ]
    );
    let off = sandbox.requests().len();
    sandbox.run(&["plan", &path, "--preflight=off"]).exits(0);
    assert_eq!(asked(&sandbox, off), ["permissions.listAll 200"]);

    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let before = sandbox.requests().len();
    sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(0);
    assert_eq!(asked(&sandbox, before), [""; 0]);
    // All of them, if that is asked for.
    let before = sandbox.requests().len();
    sandbox.run(&["plan", &path, "--preflight=full"]).exits(0);
    assert!(asked(&sandbox, before).len() > 8);

    // One request tells an account with fewer permissions of all its rooms.
    let before = sandbox.requests().len();
    let run = run(&sandbox, OTTO, &["plan", &path, "--allow-partial-view"]).exits(0);
    let flat = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "room-out-of-reach: this account is not in a room `#secret`, or there is none",
        "user-out-of-reach: webhooks of this account cannot post to users (`@hooky`)",
    ] {
        assert!(flat.contains(part), "{part}\n{}", run.out);
    }
    assert_eq!(
        asked(&sandbox, before),
        [
            // Whether they are there was asked before it was known that this does not count.
            "channels.list 403",
            "permissions.listAll 200",
            "subscriptions.get 200",
            "users.info 200",
            "users.info 200",
        ]
    );
}

#[test]
fn more_than_eight_are_not_looked_up_one_by_one_unless_all_are_asked_for() {
    let sandbox = Sandbox::inventive();
    let text: String = (0..12)
        .map(|n| {
            manifest(1)
                .replace("integrations:\n", "")
                .replace("Hook 0", &format!("Hook {n}"))
                .replace("#general", &format!("#room-{n}"))
        })
        .collect();
    let path = sandbox.file("a.yaml", &format!("integrations:\n{text}"));
    let before = sandbox.requests().len();
    let run = sandbox.run(&["plan", &path]).exits(0);
    let flat = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let note = "Note: 5 rooms or users not checked: at most 8 are looked up one by one; `--preflight=full` asks for all.";
    assert!(flat.contains(note), "{}", run.out);
    let single = |lines: Vec<String>| lines.iter().filter(|it| it.contains(".info")).count();
    assert_eq!(single(asked(&sandbox, before)), 8);
    let before = sandbox.requests().len();
    let run = sandbox.run(&["plan", &path, "--preflight=full"]).exits(0);
    assert!(!run.out.contains("Note:"), "{}", run.out);
    assert_eq!(single(asked(&sandbox, before)), 13);
}

#[test]
fn a_room_that_is_not_there_is_told_before_the_merge() {
    let sandbox = Sandbox::strict();
    let text = manifest(3).replacen("#general", "#General", 1);
    let path = sandbox.file("a.yaml", &text);
    let plan = sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(2);
    assert!(
        plan.out
            .contains("room-missing: there is no room `#General`"),
        "{}",
        plan.out
    );
    let run = sandbox.run(&["apply", "--yes", &path]).exits(6);
    assert!(run.out.contains("2 created, 1 blocked"), "{}", run.out);
    // A server that does not tell is not a reason to stop.
    let effect = json!({ "kind": "bad-gateway" });
    sandbox.fault(&json!({ "path": "rooms.info", "effect": effect, "times": 99 }));
    let plan = sandbox.run(&["plan", &path, "--retries=0"]).exits(0);
    assert!(
        plan.out
            .contains("Note: the room `#General` is not checked: "),
        "{}",
        plan.out
    );
    assert!(plan.out.contains("Plan: 1 to create"), "{}", plan.out);
}
