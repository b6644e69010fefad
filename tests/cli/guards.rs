//! The guards: what they refuse is refused by plan and apply alike, and nothing is written.

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest};

/// What the server has: how many records of the manifest, and how many of no entry.
struct World {
    matched: usize,
    unknown_kinds: usize,
    /// How the unmanaged records are.
    stranger: fn(&mut Json),
}

fn incoming(name: &str) -> Json {
    json!({
        "type": "webhook-incoming", "name": name, "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": false
    })
}

fn outgoing(record: &mut Json) {
    record["type"] = json!("webhook-outgoing");
    record["event"] = json!("sendMessage");
    record["urls"] = json!(["http://example.org"]);
}

fn off(record: &mut Json) {
    record["enabled"] = json!(false);
}

fn on(_: &mut Json) {}

impl World {
    fn sandbox(&self) -> Sandbox {
        let sandbox = Sandbox::inventive();
        for n in 0..self.matched {
            sandbox.store(&incoming(&format!("Hook {n}")));
        }
        for n in 0..self.unknown_kinds {
            let mut record = incoming(&format!("Old {n}"));
            (self.stranger)(&mut record);
            sandbox.store(&record);
        }
        sandbox
    }
}

/// Settings that prune what is in scope.
fn settings(prune: &str, more: &str) -> String {
    format!("settings:\n  prune: {prune}\n{more}")
}

const SCOPE: &str = "  scope: { names: [\"*\"] }\n";

/// A case: its name, the settings, how many entries, the world, the flags, and why it is refused; nothing if it is not.
struct Case(
    &'static str,
    String,
    usize,
    World,
    &'static [&'static str],
    &'static [&'static str],
);

fn world(matched: usize, unknown_kinds: usize, stranger: fn(&mut Json)) -> World {
    World {
        matched,
        unknown_kinds,
        stranger,
    }
}

#[rustfmt::skip]
fn cases() -> Vec<Case> {
    let disable = |more: &str| settings("disable", &format!("{SCOPE}{more}"));
    let delete = |more: &str| settings("delete", &format!("{SCOPE}{more}"));
    let server = |address: &str| format!("settings: {{ server: \"{address}\" }}\n");
    vec![
        // The limits: three in one run, whatever the share.
        Case("three of many", disable(""), 9, world(9, 3, on), &[], &[]),
        Case("four of many", disable(""), 20, world(20, 4, on), &[], &["4 of 24 records in scope would be disabled", "allows 3 in one run", "settings.maxDeletes: 4"]),
        Case("four of few", disable(""), 1, world(1, 4, on), &[], &["4 of 5 records in scope", "allows 3 in one run"]),
        Case("three of few", disable(""), 1, world(1, 3, on), &[], &[]),
        Case("a share of ten", disable(""), 6, world(6, 4, on), &[], &["4 of 10 records in scope", "40 %; the guard allows 30 %"]),
        Case("a share that is rounded up", disable(""), 9, world(9, 4, on), &[], &["4 of 13 records in scope", "31 %; the guard allows 30 %"]),
        Case("the rest of a scope", disable(""), 10, world(10, 5, on), &[], &["5 of 15", "34 %"]),
        Case("outgoing ones are deleted", delete(""), 9, world(9, 4, outgoing), &[], &["4 of 13 records in scope would be deleted"]),
        Case("the second step counts", delete(""), 2, world(2, 4, off), &[], &["4 of 6 records in scope would be deleted"]),
        Case("the first step counts", delete(""), 2, world(2, 4, on), &[], &["would be disabled"]),
        // A written limit takes the place of both.
        Case("a written limit", disable("  maxDeletes: 5\n"), 1, world(1, 5, on), &[], &[]),
        Case("one more than written", disable("  maxDeletes: 4\n"), 1, world(1, 5, on), &[], &["5 of 6", "`settings.maxDeletes` allows 4"]),
        Case("a limit of none", disable("  maxDeletes: 0\n"), 20, world(20, 1, on), &[], &["1 of 21", "`settings.maxDeletes` allows 0"]),
        Case("nothing to prune and a limit of none", disable("  maxDeletes: 0\n"), 1, world(1, 0, on), &[], &[]),
        Case("what is off is not disabled again", disable(""), 1, world(1, 6, off), &[], &[]),
        // Flags only narrow.
        Case("no pruning", disable(""), 1, world(1, 6, on), &["--no-prune"], &[]),
        Case("a selection within the limits", disable(""), 1, world(1, 6, on), &["--only", "Old 1"], &[]),
        Case("a selection beyond them", disable(""), 1, world(1, 6, on), &["--only", "*", "--exclude", "Old 1"], &["5 of 6", "allows 3 in one run"]),
        Case("no deletes", delete(""), 1, world(1, 6, outgoing), &["--no-delete"], &[]),
        Case("no url is spared", delete(""), 1, world(1, 6, on), &["--allow-url-loss"], &["6 of 7 records in scope would be deleted"]),
        // Nothing is desired.
        Case("an empty manifest", disable("  maxDeletes: 9\n"), 0, world(0, 1, on), &[], &["1 record in scope would be disabled", "no integration that should exist", "state: absent"]),
        Case("an empty manifest and an empty scope", disable(""), 0, world(0, 0, on), &[], &[]),
        // No scope, no pruning.
        Case("no scope", settings("disable", ""), 1, world(1, 0, on), &[], &["`settings.prune: disable` needs a `settings.scope`", "names: [\"TEAM-*\"]"]),
        Case("no scope and no pruning", settings("disable", ""), 1, world(1, 6, on), &["--no-prune"], &[]),
        Case("an empty scope", settings("disable", "  scope: { names: [] }\n"), 1, world(1, 6, on), &[], &[]),
        Case("nobody's scope", settings("disable", "  scope: { creators: [] }\n"), 1, world(1, 6, on), &[], &[]),
        // The server.
        Case("the server, with a slash", server("URL/"), 1, world(0, 0, on), &[], &[]),
    ]
}

#[test]
fn what_a_guard_refuses_is_refused_by_plan_and_apply_alike() {
    for Case(name, settings, entries, world, flags, why) in cases() {
        let sandbox = world.sandbox();
        let text = match entries {
            0 => "integrations: []\n".to_owned(),
            _ => manifest(entries),
        };
        let path = sandbox.file("a.yaml", &(settings.replace("URL", &sandbox.url) + &text));
        let before = sandbox.requests().len();
        let records = sandbox.records();
        let run = |command: &[&str]| sandbox.run(&[command, &[path.as_str()], flags].concat());
        for command in [&["plan"][..], &["apply", "--yes"]] {
            let Run { code, out, err } = run(command);
            let expected = if why.is_empty() { 0 } else { 4 };
            assert_eq!(code, expected, "{name}: {command:?}\n{out}\n{err}");
            assert_eq!(out.contains("refused:"), !why.is_empty(), "{name}:\n{out}");
            let flat = out.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in why {
                assert!(flat.contains(part), "{name}: {part}\n{out}");
            }
            // The plan is shown anyway.
            assert!(out.starts_with("rcsync plan · "), "{name}:\n{out}");
        }
        if !why.is_empty() {
            let requests = sandbox.requests().split_off(before);
            assert!(
                requests.iter().all(|line| line.starts_with("GET ")),
                "{name}: {requests:#?}"
            );
            assert_eq!(sandbox.records(), records, "{name}");
        }
    }
}

#[test]
fn the_table_has_at_least_twenty_refusals_and_their_neighbours() {
    let cases = cases();
    let refused = cases.iter().filter(|case| !case.5.is_empty()).count();
    assert!(cases.len() >= 20 && refused >= 14 && cases.len() - refused >= 8);
}

/// It is known from its address: neither a token nor a password goes there.
#[test]
fn a_server_that_the_files_are_not_for_is_asked_nothing() {
    for (meant, why) in [
        ("https://chat.example.org", "https://chat.example.org"),
        ("http://127.0.0.1:1", "these files are for"),
        ("URL/chat", "/chat"),
    ] {
        let sandbox = Sandbox::inventive();
        let meant = meant.replace("URL", &sandbox.url);
        let text = format!("settings: {{ server: {meant:?} }}\n{}", manifest(1));
        let path = sandbox.file("a.yaml", &text);
        for command in [&["plan"][..], &["apply", "--yes"], &["snapshot"], &["urls"]] {
            let run = sandbox.run(&[command, &[path.as_str()]].concat()).exits(4);
            assert!(run.err.contains(why), "{command:?}\n{}", run.err);
            assert!(
                run.err.contains("help: point RCSYNC_URL or `--url`"),
                "{}",
                run.err
            );
            assert_eq!(run.out, "", "{command:?}");
        }
        assert_eq!(sandbox.requests(), [""; 0], "{meant}");
    }
}

/// A run about nothing is no success, unless that is asked for.
#[test]
fn a_selection_that_chooses_nothing_is_told_with_what_may_be_meant() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(2));
    for flags in [
        &["--only", "Hok 0"][..],
        &["--only", "Hook 1", "--exclude", "Hok 0"],
    ] {
        for command in [&["plan", "--detailed-exitcode"][..], &["apply", "--yes"]] {
            let run = sandbox
                .run(&[command, &[path.as_str()], flags].concat())
                .exits(3);
            for told in [
                "error: `--",
                "\"Hok 0\"` matches no integration in the manifests or on the server",
                "did you mean \"Hook 0\"?",
            ] {
                let flat = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(flat.contains(told), "{told}\n{}", run.err);
            }
            assert_eq!(run.out, "");
        }
    }
    assert_eq!(sandbox.creates(), 0);
    let allowed = ["plan", &path, "--only", "Hok 0", "--allow-empty"];
    let run = sandbox.run(&allowed).exits(0);
    assert!(run.out.contains("No changes"), "{}", run.out);
    assert_eq!(run.err, "");
    // What is there and in no manifest can be chosen, too, and any character stands for itself or for a question mark.
    sandbox
        .run(&["apply", "--yes", &path, "--only", "Hook ?"])
        .exits(0);
    assert_eq!(sandbox.records().len(), 2);
    sandbox.file("a.yaml", &manifest(1));
    sandbox.run(&["plan", &path, "--only", "Hook 1"]).exits(0);
}

#[test]
fn an_old_name_that_nothing_has_is_told_and_refused_under_strict() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let renamed = manifest(2).replace("name: Hook 1", "name: New\n    renamedFrom: Hook l");
    sandbox.file("a.yaml", &renamed);
    let run = sandbox.run(&["plan", &path]).exits(0);
    for told in [
        "warning[old-name-unknown]",
        "a.yaml:",
        "did you mean `renamedFrom: \"Hook 1\"`?",
    ] {
        assert!(run.err.contains(told), "{told}\n{}", run.err);
    }
    assert!(run.out.contains("1 to create"), "{}", run.out);
    sandbox.run(&["plan", &path, "--strict"]).exits(3);
    sandbox.run(&["apply", "--yes", &path, "--strict"]).exits(3);
    assert_eq!(sandbox.records().len(), 2);
}
