//! Pruning: what becomes of records that no entry names.

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest};

fn record(name: &str) -> Json {
    json!({
        "type": "webhook-incoming", "name": name, "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": true, "script": "class Script {}\n", "alias": "Al"
    })
}

fn named<'a>(records: &'a [Json], name: &str) -> Option<&'a Json> {
    records.iter().find(|record| record["name"] == name)
}

fn prune(policy: &str, entries: &str) -> String {
    format!(
        "settings: {{ prune: {policy}, scope: {{ names: [\"Hook *\", \"Old *\"] }} }}\n{entries}"
    )
}

#[test]
fn a_webhook_that_is_put_back_is_switched_on_again_with_the_same_url() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let before = sandbox.records();

    sandbox.file("a.yaml", &prune("disable", &manifest(1)));
    let run = sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert!(run.out.contains("1 to disable"), "{}", run.out);
    assert!(run.out.contains("Applied: 1 disabled."), "{}", run.out);
    assert_eq!(
        named(&sandbox.records(), "Hook 1").unwrap()["enabled"],
        false
    );
    // That is all: the next plan is empty.
    sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(0);

    sandbox.file("a.yaml", &prune("disable", &manifest(2)));
    let run = sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert!(run.out.contains("false → true"), "{}", run.out);
    let after = sandbox.records();
    let (before, after) = (
        named(&before, "Hook 1").unwrap(),
        named(&after, "Hook 1").unwrap(),
    );
    for key in ["_id", "token", "enabled", "channel"] {
        assert_eq!(before[key], after[key], "{key}");
    }
}

#[test]
fn an_incoming_webhook_is_deleted_by_the_second_run() {
    let sandbox = Sandbox::inventive();
    let id = sandbox.store(&record("Old one"));
    let path = sandbox.file("a.yaml", &prune("delete", &manifest(1)));
    let first = sandbox.run(&["apply", "--yes", &path]).exits(0);
    let flat = first.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains("announced second step"), "{}", first.out);
    assert!(first.out.contains("1 created, 1 disabled"), "{}", first.out);
    let records = sandbox.records();
    let now = named(&records, "Old one").unwrap();
    // Switched off, and nothing else.
    assert_eq!((&now["_id"], &now["enabled"]), (&json!(id), &json!(false)));
    assert_eq!(
        (&now["alias"], &now["script"], &now["scriptEnabled"]),
        (&json!("Al"), &json!("class Script {}\n"), &json!(true))
    );
    assert!(now["scriptCompiled"].is_string(), "{now}");

    let second = sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert!(
        second
            .out
            .contains("second step, it was found switched off"),
        "{}",
        second.out
    );
    assert!(second.out.contains("URL dies"), "{}", second.out);
    assert!(named(&sandbox.records(), "Old one").is_none());
    sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(0);
}

#[test]
fn a_flag_by_name_deletes_it_at_once() {
    let sandbox = Sandbox::inventive();
    sandbox.store(&record("Old one"));
    let path = sandbox.file("a.yaml", &prune("delete", &manifest(1)));
    let run = sandbox
        .run(&["apply", "--yes", &path, "--allow-url-loss"])
        .exits(0);
    assert!(
        run.out.contains("deleted at once") && run.out.contains("URL dies"),
        "{}",
        run.out
    );
    assert_eq!(sandbox.records().len(), 1);
}

#[test]
fn updates_and_creates_come_first_then_disables_then_deletes() {
    let sandbox = Sandbox::inventive();
    sandbox.store(&record("Old one"));
    let mut gone = record("Old two");
    gone["enabled"] = json!(false);
    sandbox.store(&gone);
    let mut old = record("Hook 0");
    old["alias"] = json!("Else");
    sandbox.store(&old);
    let path = sandbox.file("a.yaml", &prune("delete", &manifest(2)));
    let before = sandbox.requests().len();
    sandbox
        .run(&["apply", "--yes", &path, "--concurrency", "1"])
        .exits(0);
    let mut writes: Vec<_> = sandbox.requests()[before..]
        .iter()
        .filter_map(|line| {
            let (verb, rest) = line.split_once(" /api/v1/integrations.")?;
            (verb != "GET").then(|| rest.split_once(' ').unwrap().0.to_owned())
        })
        .collect();
    // Updates and creates do not wait for each other.
    writes[..2].sort();
    assert_eq!(writes, ["create", "update", "update", "remove"]);
}

#[test]
fn unmanaged_records_are_listed_when_asked_for() {
    let sandbox = Sandbox::inventive();
    let ids = [
        sandbox.store(&record("Old one")),
        sandbox.store(&record("Else")),
    ];
    let path = sandbox.file("a.yaml", &prune("\"off\"", &manifest(1)));
    let plan = |flags: &[&str]| {
        sandbox
            .run(&[&["plan", &path][..], flags].concat())
            .exits(0)
    };
    let short = plan(&[]).out;
    assert!(
        short.contains("Unmanaged: 2 records in no entry"),
        "{short}"
    );
    assert!(!short.contains(&ids[1]), "{short}");
    let long = plan(&["-v"]).out;
    assert!(ids.iter().all(|id| long.contains(id.as_str())), "{long}");
    assert!(long.contains("made by admin"), "{long}");
    sandbox.file("a.yaml", &prune("disable", &manifest(1)));
    let long = plan(&["--verbose"]).out;
    assert!(long.contains("made by admin, out of scope"), "{long}");
}

#[test]
fn a_sandbox_in_the_process_is_nobodys_server() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "settings: {{ server: \"https://chat.example.org\" }}\n{}",
        manifest(1)
    );
    let path = crate::support::write(folder.path(), "a.yaml", &text);
    let flag = format!("--sandbox={}", folder.path().join("s.jsonl").display());
    Run::of(&mut crate::support::rcsync(&["apply", &path, &flag])).exits(0);
}

/// Whoever plans without the server sees what would be pruned, whether an entry named it then or none did.
#[test]
fn a_snapshot_tells_what_would_be_pruned() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    sandbox.store(&record("Old one"));
    let mut off = record("Old two");
    off["enabled"] = json!(false);
    sandbox.store(&off);
    let state = sandbox.folder.path().join("state.json");
    let state = state.to_str().unwrap();
    sandbox.run(&["snapshot", &path, "--out", state]).exits(0);
    sandbox.file("a.yaml", &prune("delete", &manifest(1)));
    let plan = Run::of(&mut crate::support::rcsync(&[
        "plan", &path, "--state", state,
    ]))
    .exits(0);
    let online = sandbox.run(&["plan", &path]).exits(0);
    let summary = "2 to disable, 1 to delete; 1 unchanged.";
    assert!(plan.out.contains(summary), "{}", plan.out);
    assert!(online.out.contains(summary), "{}", online.out);
}
