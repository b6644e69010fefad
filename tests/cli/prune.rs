//! Pruning: what becomes of records that no entry names.

use std::fmt::Write as _;

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
    assert!(flat.contains("a later apply deletes it"), "{}", first.out);
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
        second.out.contains("second step, it is already disabled"),
        "{}",
        second.out
    );
    assert!(
        second.out.contains("its URL stops working"),
        "{}",
        second.out
    );
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
        run.out.contains("deleted at once") && run.out.contains("its URL stops working"),
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
        short.contains("Unmanaged: 2 integrations on the server are not in these manifests"),
        "{short}"
    );
    assert!(!short.contains(&ids[1]), "{short}");
    let long = plan(&["-v"]).out;
    assert!(ids.iter().all(|id| long.contains(id.as_str())), "{long}");
    // The list follows its heading.
    let heading = long
        .find("Unmanaged: 2 integrations on the server are not in these manifests:\n  incoming ");
    assert!(
        heading.is_some() && long.contains("created by admin"),
        "{long}"
    );
    sandbox.file("a.yaml", &prune("disable", &manifest(1)));
    let long = plan(&["--verbose"]).out;
    assert!(long.contains("created by admin, out of scope"), "{long}");
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

/// Somebody changes records while the run is at its creates, which come before deletes.
#[test]
fn what_changes_between_plan_and_delete_is_not_deleted() {
    let sandbox = Sandbox::inventive();
    let store = |name: &str, enabled: bool| {
        let mut body = record(name);
        body["enabled"] = json!(enabled);
        sandbox.store(&body)
    };
    let (edited, removed) = (store("Gone 1", true), store("Gone 2", true));
    store("Gone 3", true);
    // Switched off by an earlier run, and deleted by this one if it is still so.
    let (again, still) = (store("Old 1", false), store("Old 2", false));
    let mut entries = manifest(1);
    for n in 1..4 {
        let _ = writeln!(
            entries,
            "  - type: webhook-incoming\n    name: Gone {n}\n    state: absent"
        );
        entries.push_str("    username: rocket.cat\n    channel: \"#general\"\n");
    }
    let path = sandbox.file("a.yaml", &prune("delete", &entries));
    // The listing of the plan counts for five seconds.
    sandbox.fault(
        &json!({"path": "integrations.create", "effect": {"kind": "delay", "millis": 5500}}),
    );
    let run = std::thread::scope(|scope| {
        let run = scope.spawn(|| sandbox.run(&["apply", "--yes", &path]));
        while sandbox.creates() == 5 {
            assert!(!run.is_finished(), "it creates nothing");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let change = |id: &str, set: Json| {
            sandbox.act(&json!({"action": "change-integration", "id": id, "set": set}));
        };
        change(&edited, json!({"alias": "Needed"}));
        change(&again, json!({"enabled": true}));
        sandbox.act(&json!({"action": "delete-integration", "id": removed}));
        run.join().unwrap()
    });
    let run = run.exits(6);
    assert!(
        run.out
            .contains("1 created, 2 deleted, 1 already gone, 2 stale"),
        "{}",
        run.out
    );
    let records = sandbox.records();
    let left: Vec<_> = records.iter().map(|it| &it["_id"]).collect();
    assert!(left.contains(&&json!(edited)) && left.contains(&&json!(again)));
    assert!(
        !left.contains(&&json!(still)) && left.len() == 3,
        "{records:#?}"
    );
}
