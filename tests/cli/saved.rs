//! `rcsync plan --out plan.json` and `rcsync apply --plan plan.json`.

use std::fs;
use std::process::Command;

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest, rcsync};

const CANARY: &str = "canary-7f3a";

/// An update, a create, a delete and an entry that is as written, with secrets that compare equal and different.
const MANIFEST: &str = "integrations:
  - type: webhook-incoming
    name: Update me
    username: rocket.cat
    channel: \"#general\"
    alias: new
    ignore: [emoji]
  - type: webhook-incoming
    name: Create me
    username: rocket.cat
    channel: \"#general\"
  - type: webhook-incoming
    name: Delete me
    username: rocket.cat
    channel: \"#general\"
    state: absent
  - type: webhook-outgoing
    name: As written
    event: sendMessage
    username: rocket.cat
    channel: \"#general\"
    urls: [\"https://h.example/${secret.path}\"]
    token: ${secret.token}
  - type: webhook-outgoing
    name: Another secret
    event: sendMessage
    username: rocket.cat
    channel: \"#general\"
    urls: [\"https://h.example/other\"]
    token: ${secret.token}
";

struct World {
    sandbox: Sandbox,
    manifest: String,
    plan: String,
}

impl World {
    /// A sandbox, and a plan of what [`MANIFEST`] asks of it.
    fn new() -> Self {
        let sandbox = Sandbox::strict();
        for name in ["Update me", "Delete me", "Stranger"] {
            sandbox.store(&incoming(name));
        }
        let outgoing = |name: &str, token: &str, path: &str| {
            sandbox.store(
                &json!({"type": "webhook-outgoing", "name": name, "event": "sendMessage",
                "enabled": true, "username": "rocket.cat", "channel": "#general", "token": token,
                "scriptEnabled": false, "urls": [format!("https://h.example/{path}")]}),
            );
        };
        outgoing("As written", CANARY, CANARY);
        outgoing("Another secret", "stored-token", "other");
        let manifest = sandbox.file("a.yaml", MANIFEST);
        let plan = sandbox.file("plan.json", "");
        let world = Self {
            sandbox,
            manifest,
            plan,
        };
        let run = world
            .run(&["plan", &world.manifest, "--out", &world.plan])
            .exits(0);
        assert!(
            run.out.contains(
                "Plan: 1 to create, 2 to update, 0 to disable, 1 to delete; 1 unchanged."
            ),
            "{}",
            run.out
        );
        world
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut with_secrets(self.sandbox.rcsync(args)))
    }

    fn apply(&self) -> Run {
        self.run(&["apply", "--plan", &self.plan])
    }

    fn id(&self, name: &str) -> String {
        let records = self.sandbox.records();
        let mut records = records.iter().filter(|record| record["name"] == name);
        records.next().unwrap()["_id"].as_str().unwrap().to_owned()
    }

    fn change(&self, name: &str, set: &Json) {
        let id = self.id(name);
        self.sandbox
            .act(&json!({ "action": "change-integration", "id": id, "set": set }));
    }

    fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(&self.manifest).unwrap();
        assert!(text.contains(from), "{from}");
        fs::write(&self.manifest, text.replacen(from, to, 1)).unwrap();
    }

    fn saved(&self) -> Json {
        serde_json::from_str(&fs::read_to_string(&self.plan).unwrap()).unwrap()
    }

    fn save(&self, plan: &Json) {
        fs::write(&self.plan, plan.to_string()).unwrap();
    }

    /// Asserts that a run is refused as stale for a reason, and has written nothing.
    #[track_caller]
    fn is_stale(&self, run: impl FnOnce() -> Run, why: &str) {
        let before = self.sandbox.records();
        let requests = self.sandbox.requests().len();
        let run = run().exits(5);
        assert!(run.err.contains("plan.json is stale: "), "{}", run.err);
        assert!(run.err.contains(why), "{why}\n{}", run.err);
        assert!(run.err.contains("help: nothing was written"), "{}", run.err);
        assert_eq!(run.out, "");
        let requests = &self.sandbox.requests()[requests..];
        assert!(
            requests.iter().all(|request| request.starts_with("GET ")),
            "{requests:#?}"
        );
        assert_eq!(self.sandbox.records(), before);
        assert!(!run.err.contains(CANARY), "{}", run.err);
    }
}

fn with_secrets(mut command: Command) -> Command {
    command
        .env("RCSYNC_SECRET_path", CANARY)
        .env("RCSYNC_SECRET_token", CANARY)
        .env("RCSYNC_SECRET_token2", CANARY);
    command
}

fn incoming(name: &str) -> Json {
    json!({"type": "webhook-incoming", "name": name, "enabled": true, "username": "rocket.cat",
        "channel": "#general", "alias": "old", "scriptEnabled": false})
}

#[test]
fn a_saved_plan_is_applied_and_is_stale_afterwards() {
    let world = World::new();
    let run = world.apply().exits(0);
    assert!(
        run.out
            .contains("Applied: 1 created, 2 updated, 1 deleted."),
        "{}",
        run.out
    );
    world.is_stale(
        || world.apply(),
        "is no longer planned: nothing is left to do, as if this plan had been applied already",
    );
    // A plan that has nothing to do can be applied as often as one likes.
    world
        .run(&["plan", &world.manifest, "--out", &world.plan])
        .exits(0);
    world.apply().exits(0);
    world.apply().exits(0);
}

/// What the plan is not about may change: records of unknown kinds, what nobody compares, where an entry stands.
#[test]
fn a_saved_plan_holds_while_what_it_does_not_name_changes() {
    let world = World::new();
    world.change("Stranger", &json!({ "alias": "other", "enabled": false }));
    world.sandbox.store(&incoming("Another stranger"));
    world.edit("integrations:\n", "# A comment.\nintegrations:\n");
    let run = world
        .run(&["apply", &world.manifest, "--plan", &world.plan])
        .exits(0);
    assert!(
        run.out.contains("1 created, 2 updated, 1 deleted."),
        "{}",
        run.out
    );
}

#[test]
fn a_live_edit_of_a_planned_record_is_found() {
    let world = World::new();
    world.change("Update me", &json!({ "enabled": false }));
    world.is_stale(
        || world.apply(),
        "the webhook-incoming `Update me` (record ",
    );
    world.is_stale(|| world.apply(), "was changed on the server: `enabled`");

    // Also of a field that the entry leaves to others, and by which the plan stays the same.
    let world = World::new();
    world.change("Update me", &json!({ "emoji": ":x:" }));
    world.is_stale(|| world.apply(), "was changed on the server: `emoji`");

    let world = World::new();
    world.change("Delete me", &json!({ "alias": "still in use" }));
    world.is_stale(|| world.apply(), "was changed on the server: `alias`");

    // Not even the server's own clock may have moved.
    let world = World::new();
    world.change(
        "Update me",
        &json!({ "_updatedAt": "2030-01-01T00:00:00.000Z" }),
    );
    world.is_stale(|| world.apply(), "was saved on the server since");
}

#[test]
fn a_live_delete_or_a_live_change_of_what_was_as_written_is_found() {
    let world = World::new();
    let id = world.id("Update me");
    let remove = json!({ "type": "webhook-incoming", "integrationId": id });
    world.sandbox.post("integrations.remove", &remove);
    world.is_stale(
        || world.apply(),
        "the webhook-incoming `Update me`: an update was planned, and now a create",
    );

    let world = World::new();
    let id = world.id("Delete me");
    let remove = json!({ "type": "webhook-incoming", "integrationId": id });
    world.sandbox.post("integrations.remove", &remove);
    world.is_stale(
        || world.apply(),
        "a delete of the webhook-incoming `Delete me` is no longer planned",
    );

    let world = World::new();
    world.change("As written", &json!({ "alias": "changed" }));
    world.is_stale(
        || world.apply(),
        "an update of the webhook-outgoing `As written` is planned now, and was not (`alias`)",
    );
}

#[test]
fn a_new_namesake_is_found() {
    let world = World::new();
    let id = world.sandbox.store(&incoming("Create me"));
    world.is_stale(
        || world.apply(),
        &format!(
            "the webhook-incoming `Create me`: a create was planned, and now an update of record {id}"
        ),
    );

    let world = World::new();
    world.sandbox.store(&incoming("Update me"));
    world.is_stale(|| world.apply(), "the webhook-incoming `Update me`");
}

#[test]
fn a_changed_manifest_is_found() {
    for (from, to, why) in [
        (
            "alias: new",
            "alias: newer",
            "the webhook-incoming `Update me` was changed in the manifests",
        ),
        (
            "Create me",
            "Create it",
            "the webhook-incoming `Create it` is new in the manifests",
        ),
        (
            "ignore: [emoji]",
            "ignore: [avatar]",
            "`Update me` was changed",
        ),
        (
            "state: absent",
            "state: released",
            "`Delete me` was changed",
        ),
        // What a secret is called is a part of the manifest, whatever it is worth.
        (
            "${secret.token}",
            "${secret.token2}",
            "the webhook-outgoing `As written` was changed",
        ),
        (
            "h.example/${secret.path}",
            "h.example/${secret.token}",
            "`As written` was changed",
        ),
    ] {
        let world = World::new();
        world.edit(from, to);
        world.is_stale(|| world.apply(), why);
    }
    let world = World::new();
    let text = fs::read_to_string(&world.manifest).unwrap();
    let cut = text.find("  - type: webhook-outgoing").unwrap();
    fs::write(&world.manifest, &text[..cut]).unwrap();
    world.is_stale(|| world.apply(), "is no longer in the manifests");
}

#[test]
fn a_secret_that_compares_in_another_way_is_found() {
    // It matched the server.
    let world = World::new();
    let run = || {
        Run::of(
            with_secrets(world.sandbox.rcsync(&["apply", "--plan", &world.plan]))
                .env("RCSYNC_SECRET_path", "other"),
        )
    };
    world.is_stale(
        run,
        "an update of the webhook-outgoing `As written` is planned now, and was not (`urls`)",
    );
    world.change("As written", &json!({ "token": "changed" }));
    world.is_stale(
        || world.apply(),
        "the webhook-outgoing `As written` is planned now, and was not (`token`)",
    );

    // It was another: now the change would be less than what was reviewed.
    let world = World::new();
    world.change("Another secret", &json!({ "token": CANARY }));
    world.is_stale(
        || world.apply(),
        "an update of the webhook-outgoing `Another secret` is no longer planned",
    );
    let world = World::new();
    world.change("Another secret", &json!({ "token": CANARY, "alias": "x" }));
    world.is_stale(|| world.apply(), "`alias`");
}

/// An update is planned anyway: only how its secret compares has changed.
#[test]
fn a_secret_of_a_record_that_changes_anyway_is_found_too() {
    let world = World::new();
    world.edit(
        "token: ${secret.token}\n  - ",
        "token: ${secret.token}\n    alias: new\n  - ",
    );
    world
        .run(&["plan", &world.manifest, "--out", &world.plan])
        .exits(0);
    // Another one in the pipeline …
    let run = || {
        let mut command = with_secrets(world.sandbox.rcsync(&["apply", "--plan", &world.plan]));
        Run::of(command.env("RCSYNC_SECRET_token", "other"))
    };
    world.is_stale(
        run,
        "has a `token` that matched the server's, and differs from it now",
    );
    // … or on the server.
    world.change("As written", &json!({ "token": "changed" }));
    world.is_stale(
        || world.apply(),
        "the webhook-outgoing `As written` (record ",
    );
    world.is_stale(
        || world.apply(),
        "has a `token` that matched the server's, and differs from it now",
    );
}

#[test]
fn another_server_account_or_version_is_found() {
    let world = World::new();
    let other = World::new();
    let run = || other.run(&["apply", "--plan", &world.plan]);
    other.is_stale(
        run,
        &format!(
            "it was made for {}, and this is {}",
            world.sandbox.url, other.sandbox.url
        ),
    );

    let mut plan = world.saved();
    plan["server"]["account"] = json!("bob");
    world.save(&plan);
    world.is_stale(
        || world.apply(),
        "it was made as bob, and this is alice.admin",
    );

    let world = World::new();
    let mut plan = world.saved();
    plan["server"]["version"] = json!("7.4.0");
    world.save(&plan);
    world.is_stale(
        || world.apply(),
        "the server was Rocket.Chat 7.4.0, and is 9.1 now",
    );
}

#[test]
fn a_file_of_another_version_is_stale_and_nobody_is_asked() {
    let world = World::new();
    let mut plan = world.saved();
    plan["formatVersion"] = json!(1);
    world.save(&plan);
    world.is_stale(
        || world.apply(),
        "it has format version 1, and this rcsync reads 3",
    );
    let requests = world.sandbox.requests().len();
    world.apply().exits(5);
    assert_eq!(world.sandbox.requests().len(), requests);
}

/// Whatever the file says, only what the fresh plan says is done.
#[test]
fn an_edited_file_makes_nothing_happen() {
    let edits: [fn(&mut Json); 8] = [
        // Another record, another action, another value, one change less, one more.
        |plan| plan["changes"][0]["id"] = json!("000000000000000000000000"),
        |plan| plan["changes"][0]["action"] = json!("update"),
        |plan| plan["changes"][1]["fields"][0]["change"] = json!({ "set": "generated" }),
        |plan| drop(plan["changes"].as_array_mut().unwrap().remove(0)),
        |plan| {
            let more = plan["changes"][0].clone();
            plan["changes"].as_array_mut().unwrap().push(more);
        },
        // What it was made for.
        |plan| drop(plan.as_object_mut().unwrap().remove("server")),
        |plan| plan["binding"]["entries"] = json!([]),
        |plan| plan["binding"]["records"] = json!({}),
    ];
    for edit in edits {
        let world = World::new();
        let mut plan = world.saved();
        edit(&mut plan);
        world.save(&plan);
        world.is_stale(|| world.apply(), "");
    }
}

#[test]
fn what_is_no_plan_of_the_server_cannot_be_applied() {
    let world = World::new();
    let refused = |why: &str| {
        let requests = world.sandbox.requests().len();
        let run = world.apply().exits(3);
        assert!(
            run.err.contains(why) && run.err.contains("nothing was written"),
            "{}",
            run.err
        );
        assert_eq!(world.sandbox.requests().len(), requests);
    };
    let state = world.sandbox.file("state.json", "");
    world
        .run(&["snapshot", &world.manifest, "--out", &state])
        .exits(0);
    world
        .run(&[
            "plan",
            &world.manifest,
            "--state",
            &state,
            "--out",
            &world.plan,
        ])
        .exits(0);
    refused("plan.json cannot be applied: it was made from a snapshot");
    world
        .run(&[
            "plan",
            &world.manifest,
            "--server-version",
            "8.6",
            "--out",
            &world.plan,
        ])
        .exits(0);
    refused("cannot be applied: it does not say what it was made for");
    Run::of(
        &mut world
            .sandbox
            .rcsync(&["plan", &world.manifest, "--out", &world.plan]),
    )
    .exits(3);
    refused("cannot be applied: it has no plan, because the run failed");
    for text in ["", "{}", "[]", "{\"formatVersion\": 3}", "null"] {
        fs::write(&world.plan, text).unwrap();
        refused("plan.json is not a saved plan");
    }
    let run = Run::of(&mut rcsync(&["apply"])).exits(3);
    assert!(run.err.contains("<PATH>"), "{}", run.err);
}

#[test]
fn no_secret_is_in_a_saved_plan() {
    let world = World::new();
    let text = fs::read_to_string(&world.plan).unwrap();
    assert!(
        !text.contains(CANARY) && !text.contains("stored-token"),
        "{text}"
    );
    for record in world.sandbox.records() {
        let token = record["token"].as_str().unwrap();
        assert!(!text.contains(token), "{text}");
    }
    let schema = Run::of(&mut rcsync(&["schema", "plan"])).exits(0).out;
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    assert!(validator.is_valid(&world.saved()), "{text}");
}

/// The embedded sandbox is another process each time, and the same server.
#[test]
fn a_saved_plan_of_the_sandbox_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let path = crate::support::write(folder.path(), "a.yaml", &manifest(2));
    let plan = folder.path().join("plan.json").display().to_string();
    let sandbox = format!("--sandbox={}", folder.path().join("s.jsonl").display());
    Run::of(&mut rcsync(&["apply", &path, &sandbox])).exits(0);
    fs::write(&path, manifest(3)).unwrap();
    Run::of(&mut rcsync(&["plan", &path, &sandbox, "--out", &plan])).exits(0);
    let run = Run::of(&mut rcsync(&["apply", "--plan", &plan, &sandbox])).exits(0);
    assert!(run.out.contains("Applied: 1 created."), "{}", run.out);
    let run = Run::of(&mut rcsync(&["apply", "--plan", &plan, &sandbox])).exits(5);
    assert!(
        run.err.contains("as if this plan had been applied already"),
        "{}",
        run.err
    );
}
