//! `rcsync snapshot` and `rcsync plan --state`.

use std::fs;

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest, rcsync};

const CANARY: &str = "canary-7f3a";

const ENTRY: &str = "integrations:
  - type: webhook-outgoing
    name: Guggy
    event: sendMessage
    username: rocket.cat
    channel: \"#general\"
    urls: [\"https://known.example/hook\", \"https://h.example/${secret.path}\"]
    token: ${secret.token}
    alias: Guggy
";

/// The plan from a snapshot, by nobody in particular: no server, no credentials, no secrets.
fn plan(path: &str, state: &str, flags: &[&str]) -> Run {
    Run::of(rcsync(&["plan", path, "--state", state]).args(flags))
}

/// A sandbox that holds what [`ENTRY`] asks for, and a snapshot of it.
fn guggy() -> (Sandbox, String, String) {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", ENTRY);
    let secrets = |command: &mut std::process::Command| {
        command
            .env("RCSYNC_SECRET_path", CANARY)
            .env("RCSYNC_SECRET_token", CANARY);
        Run::of(command)
    };
    secrets(&mut sandbox.rcsync(&["apply", "--yes", &path])).exits(0);
    let state = sandbox.file("state.json", "");
    let flags = ["snapshot", path.as_str(), "--out", state.as_str()];
    secrets(&mut sandbox.rcsync(&flags)).exits(0);
    (sandbox, path, state)
}

#[test]
fn a_plan_from_a_snapshot_needs_nothing_but_the_file() {
    let (sandbox, path, state) = guggy();
    let before = sandbox.requests().len();
    let run = plan(&path, &state, &["--detailed-exitcode"]).exits(0);
    let heading = format!(
        "rcsync plan · {} · Rocket.Chat 9.1 · as alice.admin · from snapshot of 20",
        sandbox.url
    );
    assert!(run.out.starts_with(&heading), "{}", run.out);
    assert!(
        run.out.lines().next().unwrap().ends_with(" UTC"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("No changes. The integration matches the manifests.\n"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("Not compared, because the snapshot does not hold it: 2 fields.")
            && run.out.contains("outgoing  Guggy: urls, token"),
        "{}",
        run.out
    );
    assert_eq!(run.err, "");
    assert_eq!(sandbox.requests().len(), before);
}

#[test]
fn a_change_of_the_manifest_is_planned_from_the_snapshot() {
    let (_sandbox, path, state) = guggy();
    let changed = fs::read_to_string(&path).unwrap();
    fs::write(&path, changed.replace("alias: Guggy", "alias: Gif")).unwrap();
    let run = plan(&path, &state, &["--detailed-exitcode"]).exits(2);
    assert!(run.out.contains("alias  Guggy → Gif\n"), "{}", run.out);
    assert!(run.out.contains("1 to update"), "{}", run.out);
}

/// The usual plan of a pull request: from a snapshot, against what was there before.
#[test]
fn this_change_is_told_from_drift_in_a_plan_from_a_snapshot() {
    let (sandbox, path, state) = guggy();
    let id = sandbox.records()[0]["_id"].clone();
    sandbox.act(&json!({ "action": "change-integration", "id": id, "set": { "emoji": ":x:" } }));
    sandbox.run(&["snapshot", &path, "--out", &state]).exits(0);
    let base = sandbox.folder.path().join("base");
    fs::create_dir(&base).unwrap();
    fs::copy(&path, base.join("a.yaml")).unwrap();
    let changed = fs::read_to_string(&path).unwrap();
    fs::write(&path, changed.replace("alias: Guggy", "alias: Gif")).unwrap();
    let mut command = rcsync(&["plan", "a.yaml", "--state", &state, "--base", "base"]);
    let run = Run::of(
        command
            .args(["--format", "json"])
            .current_dir(sandbox.folder.path()),
    );
    let report: Json = serde_json::from_str(&run.exits(0).out).unwrap();
    let fields = report["changes"][0]["fields"].as_array().unwrap();
    let causes: Vec<_> = fields
        .iter()
        .map(|field| {
            (
                field["name"].as_str().unwrap(),
                field["cause"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(causes, [("alias", "thisChange"), ("emoji", "drift")]);
}

#[test]
fn a_snapshot_asks_and_writes_nothing_on_the_server() {
    let (sandbox, path, _) = guggy();
    let before = sandbox.requests().len();
    let run = sandbox.run(&["snapshot", &path]).exits(0);
    let snapshot: Json = serde_json::from_str(&run.out).unwrap();
    assert_eq!(snapshot["users"]["rocket.cat"]["user"]["id"], "rocket.cat");
    let after = sandbox.requests();
    assert!(
        after[before..]
            .iter()
            .all(|request| request.starts_with("GET ")),
        "{after:#?}"
    );
    // The schema says what it is.
    let schema = Run::of(&mut rcsync(&["schema", "snapshot"])).exits(0).out;
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    assert!(validator.is_valid(&snapshot), "{}", run.out);
}

#[test]
fn no_secret_is_in_a_snapshot_or_in_what_comes_of_it() {
    let sandbox = Sandbox::strict();
    let outgoing = |name: &str, token: &str| {
        json!({"type": "webhook-outgoing", "name": name, "event": "sendMessage", "enabled": true,
            "username": "rocket.cat", "channel": "#general", "token": token, "scriptEnabled": true,
            "urls": [format!("https://{CANARY}:{CANARY}@h.example/{CANARY}?k={CANARY}")],
            "avatar": format!("https://h.example/{CANARY}.png"),
            "script": format!("class Script {{ prepare_outgoing_request() {{ return '{CANARY}'; }} }}")})
    };
    sandbox.store(&outgoing("Guggy", CANARY));
    sandbox.store(&outgoing("Stranger", CANARY));
    let incoming = json!({"type": "webhook-incoming", "name": "Stranger", "enabled": true,
        "username": "rocket.cat", "channel": "#general", "scriptEnabled": false, "alias": CANARY});
    sandbox.store(&incoming);
    let urls: Vec<_> = sandbox.records();
    let urls = urls.iter().filter_map(|record| record["token"].as_str());
    let path = sandbox.file("a.yaml", ENTRY);
    let state = sandbox.file("state.json", "");
    let flags = ["snapshot", path.as_str(), "--out", state.as_str()];
    let run = Run::of(
        sandbox
            .rcsync(&flags)
            .env("RCSYNC_SECRET_path", CANARY)
            .env("RCSYNC_SECRET_token", "other"),
    )
    .exits(0);
    let snapshot = fs::read_to_string(&state).unwrap();
    let shown = plan(&path, &state, &["-vv"]).exits(0);
    for text in [&snapshot, &run.out, &run.err, &shown.out, &shown.err] {
        assert!(!text.contains(CANARY), "{text}");
    }
    // An incoming webhook's URL is made of its token.
    for token in urls {
        assert!(!snapshot.contains(token), "{snapshot}");
    }
    let snapshot: Json = serde_json::from_str(&snapshot).unwrap();
    let records = snapshot["records"].as_array().unwrap().iter();
    for record in records.filter(|record| record["name"] == "Stranger") {
        let keys: Vec<_> = record.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["id", "type", "name", "creator", "on"]);
    }
}

#[test]
fn what_only_this_change_adopts_is_not_compared_and_whom_it_names_not_checked() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let first = sandbox.file("first.yaml", &manifest(1));
    let state = sandbox.file("state.json", "");
    sandbox.run(&["snapshot", &first, "--out", &state]).exits(0);
    let more = manifest(3).replace(
        "Hook 2\n    username: rocket.cat",
        "Hook 2\n    username: dave",
    );
    fs::write(&path, more).unwrap();
    let run = plan(&path, &state, &[]).exits(0);
    assert!(
        run.out
            .contains("1 to create, 0 to update, 0 to disable, 0 to delete; 1 unchanged."),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("snapshot does not hold it: 1 integration.\n"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("incoming  Hook 1: all fields: it was not in the manifests then"),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("Not checked: the user `dave` (not in the snapshot).\n"),
        "{}",
        run.out
    );
    // Who is not asked for needs no answer.
    let run = plan(&path, &state, &["--preflight=off"]).exits(0);
    assert!(!run.out.contains("Not checked"), "{}", run.out);
}

#[test]
fn what_is_looked_up_for_a_snapshot_counts_in_its_plans() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(1).replace("rocket.cat", "nobody.here"));
    let run = sandbox.run(&["snapshot", &path]).exits(0);
    let state = sandbox.file("state.json", &run.out);
    let run = plan(&path, &state, &["--detailed-exitcode"]).exits(2);
    assert!(run.out.contains("posting-user-missing"), "{}", run.out);
}

#[test]
fn a_snapshot_excludes_the_flags_of_a_server() {
    for flags in [
        ["--url", "http://127.0.0.1:9"],
        ["--user-id", "u"],
        ["--auth-token-file", "t"],
        ["--sandbox=s.jsonl", "-v"],
    ] {
        let run = plan("examples/quickstart.yaml", "state.json", &flags).exits(3);
        assert!(run.err.contains("--state"), "{}", run.err);
    }
}

#[test]
fn what_is_no_snapshot_is_invalid_input() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let absent = sandbox.folder.path().join("absent.json");
    let refused = |state: &str| plan(&path, state, &[]).exits(3).err;
    assert!(refused(absent.to_str().unwrap()).contains("rcsync snapshot"));
    for text in [
        "",
        "{}",
        "[]",
        "{\"formatVersion\": 1, \"canary\": 1}",
        "{\"formatVersion\": 2}",
    ] {
        let err = refused(&sandbox.file("state.json", text));
        assert!(
            err.contains("state.json cannot be used") && !err.contains("canary"),
            "{err}"
        );
    }
    assert!(refused(&sandbox.file("state.json", &"[".repeat(100_000))).contains("cannot be used"));
}

#[test]
fn a_failed_snapshot_leaves_the_old_one() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let state = sandbox.file("state.json", "old");
    sandbox.fault(
        &json!({ "path": "integrations.list", "effect": { "kind": "bad-gateway" }, "times": 9 }),
    );
    sandbox.run(&["snapshot", &path, "--out", &state]).exits(7);
    assert_eq!(fs::read_to_string(&state).unwrap(), "old");
}

/// A pipeline finds its comment again by the server, also when the run fails.
#[test]
fn a_failing_plan_from_a_snapshot_is_about_the_same_server() {
    let (sandbox, path, state) = guggy();
    let marker = |run: &Run| run.out.lines().next().unwrap().to_owned();
    let sound = plan(&path, &state, &["--format", "markdown"]).exits(0);
    assert!(
        sound.out.contains("not compared: 2 fields") && sound.out.contains("from snapshot of 20"),
        "{}",
        sound.out
    );
    fs::write(&path, "integrations: [{ type: webhook-incoming }]").unwrap();
    let broken = plan(&path, &state, &["--format", "markdown"]).exits(3);
    assert_eq!(marker(&broken), marker(&sound));
    assert!(broken.out.contains("exit code 3"), "{}", broken.out);
    assert!(marker(&sound).contains(sandbox.url.trim_start_matches("http://")));
}
