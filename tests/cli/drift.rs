//! `--base` and `--fail-on`: this change of the manifests, or drift?

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Run, Sandbox, manifest, rcsync};

/// A repository in a sandbox's folder, with no one's configuration but its own.
pub(crate) fn git(folder: &Path, args: &[&str]) {
    let run = Command::new("git")
        .args(["-c", "user.name=Dana", "-c", "user.email=dana@example.org"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "git {args:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
}

pub(crate) fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--allow-empty", "-m", "a"]);
}

fn repository(sandbox: &Sandbox) -> &Path {
    let folder = sandbox.folder.path();
    git(folder, &["init", "--quiet"]);
    folder
}

pub(crate) fn put(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Runs in a folder.
fn run_in(sandbox: &Sandbox, folder: &Path, args: &[&str]) -> Run {
    Run::of(sandbox.rcsync(args).current_dir(folder))
}

fn hook(name: &str, more: &str) -> String {
    format!(
        "  - type: webhook-incoming\n    name: {name}\n    username: rocket.cat\n    channel: \"#general\"\n{more}"
    )
}

pub(crate) fn hooks(entries: &[(&str, &str)]) -> String {
    let entries: String = entries
        .iter()
        .map(|(name, more)| hook(name, more))
        .collect();
    format!("integrations:\n{entries}")
}

/// The change of that name: its heading and what is below it.
fn block<'a>(out: &'a str, name: &str) -> &'a str {
    let blocks = out.split("\n\n");
    let mut named =
        blocks.filter(|block| block.lines().next().is_some_and(|head| head.contains(name)));
    named
        .next()
        .unwrap_or_else(|| panic!("no {name} in\n{out}"))
}

const SCRIPT: &str = "class Script {\n  process_incoming_request({ request }) {\n    return { content: { text: 'TEXT' } };\n  }\n}\n";

/// Applies manifests at the revision `before`; then somebody edits two records and deletes a third, and a commit edits
/// two entries and a script and adds an entry.
fn drifted(sandbox: &Sandbox) -> &Path {
    let folder = repository(sandbox);
    let scripted = "    script: { file: scripts/s.js }\n";
    put(
        folder,
        "chat/a.yaml",
        &hooks(&[
            ("Kept", ""),
            ("Edited", ""),
            ("Scripted", scripted),
            ("Gone", ""),
        ]),
    );
    put(folder, "chat/scripts/s.js", SCRIPT);
    commit(folder);
    git(folder, &["branch", "before"]);
    run_in(sandbox, folder, &["apply", "--yes", "chat"]).exits(0);

    let id = |name: &str| {
        let records = sandbox.records();
        let record = records
            .iter()
            .find(|record| record["name"] == name)
            .unwrap();
        record["_id"].as_str().unwrap().to_owned()
    };
    for name in ["Kept", "Edited"] {
        sandbox.act(
            &json!({"action": "change-integration", "id": id(name), "set": {
            "alias": "by hand", "_updatedBy": {"_id": "u", "username": "dana"}}}),
        );
    }
    sandbox.act(&json!({"action": "delete-integration", "id": id("Gone")}));
    put(
        folder,
        "chat/a.yaml",
        &hooks(&[
            ("Kept", ""),
            ("Edited", "    emoji: \":x:\"\n"),
            ("Scripted", scripted),
            ("Gone", ""),
            ("New", ""),
        ]),
    );
    put(
        folder,
        "chat/scripts/s.js",
        &SCRIPT.replace("TEXT", "other"),
    );
    commit(folder);

    folder
}

#[test]
fn changes_are_told_from_drift_against_a_revision() {
    let sandbox = Sandbox::inventive();
    let folder = drifted(&sandbox);
    let args = ["plan", "chat", "--base", "before", "--fail-on", "drift"];
    let run = run_in(&sandbox, folder, &args).exits(2);
    assert_eq!(run.err, "");
    let kept = block(&run.out, "Kept");
    assert!(
        kept.contains("\n    already drifting: last change 20"),
        "{kept}"
    );
    assert!(kept.contains("last edited by dana"), "{kept}");
    let edited = block(&run.out, "Edited");
    assert!(
        edited.contains("from this change and already drifting: last change"),
        "{edited}"
    );
    assert!(edited.contains(":x:  (from this change)"), "{edited}");
    assert!(
        edited.contains("by hand → (empty)  (already drifting)"),
        "{edited}"
    );
    assert!(
        block(&run.out, "Scripted").contains("\n    from this change\n"),
        "{}",
        run.out
    );
    assert!(
        block(&run.out, "Gone").contains("\n    already drifting\n"),
        "{}",
        run.out
    );
    assert!(
        block(&run.out, "New").contains("\n    from this change\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("1 file, 5 integrations; base before ("),
        "{}",
        run.out
    );
    assert!(
        run.out
            .contains("\nOf these: 2 from this change, 2 already drifting, 1 both.\n"),
        "{}",
        run.out
    );

    // The same from a folder of the repository, by a path that leads out of it, in a hook's environment.
    let mut inside = sandbox.rcsync(&["plan", "../chat/a.yaml", "--base", "HEAD~1"]);
    inside
        .current_dir(folder.join("chat"))
        .env("GIT_DIR", "nowhere")
        .env("GIT_INDEX_FILE", "nothing");
    let inside = Run::of(&mut inside).exits(0);
    assert!(
        inside
            .out
            .contains("\nOf these: 2 from this change, 2 already drifting, 1 both.\n"),
        "{}",
        inside.out
    );
    // The checkout was left alone.
    let status = Command::new("git")
        .args(["status", "--porcelain"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(status.stdout).unwrap(), "");
}

#[test]
fn a_change_without_drift_does_not_fail_on_drift() {
    let sandbox = Sandbox::inventive();
    let folder = repository(&sandbox);
    put(folder, "a.yaml", &manifest(1));
    commit(folder);
    run_in(&sandbox, folder, &["apply", "--yes", "a.yaml"]).exits(0);
    put(folder, "a.yaml", &manifest(2));
    let plan = |more: &[&str]| run_in(&sandbox, folder, &[&["plan", "a.yaml"], more].concat());
    plan(&["--fail-on", "drift", "--base", "HEAD"]).exits(0);
    plan(&["--fail-on", "any", "--base", "HEAD"]).exits(2);
    plan(&[
        "--fail-on",
        "drift",
        "--base",
        "HEAD",
        "--detailed-exitcode",
    ])
    .exits(2);
    // Without a base nothing is known to come from this change.
    let run = plan(&["--fail-on", "drift"]).exits(2);
    assert!(run.out.contains("\n    already drifting\n"), "{}", run.out);
    plan(&["--fail-on", "any"]).exits(2);
    put(folder, "a.yaml", &manifest(1));
    plan(&["--fail-on", "any"]).exits(0);
    plan(&["--fail-on", "drift"]).exits(0);
}

#[test]
fn what_is_blocked_fails_if_this_change_brought_it() {
    let sandbox = Sandbox::strict();
    let folder = repository(&sandbox);
    let lost = |name: &str| {
        manifest(1)
            .replace("Hook 0", name)
            .replace("#general", "#nowhere")
    };
    put(folder, "a.yaml", &manifest(1));
    commit(folder);
    run_in(&sandbox, folder, &["apply", "--yes", "a.yaml"]).exits(0);
    let plan = |more: &[&str]| run_in(&sandbox, folder, &[&["plan", "."], more].concat());
    // Nothing to do, and then something that can be done.
    for (entries, any) in [(1, 0), (2, 2)] {
        put(folder, "a.yaml", &manifest(entries));
        plan(&["--fail-on", "blocked"]).exits(0);
        plan(&["--fail-on", "blocked,any"]).exits(any);
        plan(&["--fail-on", "blocked", "--fail-on", "any"]).exits(any);
    }
    put(folder, "a.yaml", &manifest(1));
    put(folder, "b.yaml", &lost("B"));
    plan(&["--fail-on", "blocked"]).exits(2);
    plan(&["--fail-on", "blocked", "--base", "HEAD"]).exits(2);
    plan(&["--fail-on", "drift", "--base", "HEAD"]).exits(0);
    // It was there before: this change did not bring it.
    commit(folder);
    put(
        folder,
        "a.yaml",
        &manifest(1).replace("#general", "#random"),
    );
    plan(&["--fail-on", "blocked", "--base", "HEAD"]).exits(0);
    plan(&["--fail-on", "blocked,drift", "--base", "HEAD"]).exits(2);
    plan(&["--fail-on", "any", "--base", "HEAD"]).exits(2);
    put(folder, "a.yaml", &manifest(1));
    plan(&["--fail-on", "any", "--base", "HEAD"]).exits(0);
    plan(&["--detailed-exitcode", "--base", "HEAD"]).exits(2);
    plan(&["--fail-on", "blocked"]).exits(2);
}

#[test]
fn another_folder_is_a_base_too() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path();
    put(folder, "old/chat/a.yaml", &hooks(&[("A", "")]));
    put(folder, "chat/a.yaml", &hooks(&[("A", "    alias: x\n")]));
    run_in(&sandbox, folder, &["apply", "--yes", "old/chat"]).exits(0);
    for base in ["old", "./old", "old/", folder.join("old").to_str().unwrap()] {
        let run = run_in(&sandbox, folder, &["plan", "chat", "--base", base]).exits(0);
        assert!(
            run.out.contains("Of these: 1 from this change, 0 already"),
            "{}",
            run.out
        );
        assert!(run.out.contains(&format!("; base {base}\n")), "{}", run.out);
    }
    // Somewhere else the same path means nothing.
    let path = folder.join("chat");
    let run = Run::of(&mut sandbox.rcsync(&["plan", path.to_str().unwrap(), "--base", "tests/"]))
        .exits(3);
    assert!(
        run.err.contains("is not below the folder you are in"),
        "{}",
        run.err
    );
}

#[test]
fn what_the_base_does_not_have_is_from_this_change() {
    let sandbox = Sandbox::inventive();
    let folder = repository(&sandbox);
    put(folder, "README", "x");
    put(folder, "chat/notes.txt", "no manifest yet");
    commit(folder);
    put(folder, "chat/a.yaml", &manifest(1));
    put(folder, "more/b.yaml", &hooks(&[("B", "")]));
    let run = run_in(
        &sandbox,
        folder,
        &["plan", "chat", "more", "--base", "HEAD", "--root", "."],
    )
    .exits(0);
    assert!(
        run.out
            .contains("Of these: 2 from this change, 0 already drifting, 0 both."),
        "{}",
        run.out
    );
    assert!(
        run.err
            .starts_with("note: there are no manifests in HEAD ("),
        "{}",
        run.err
    );
    // A file that took the place of a folder, and one of two paths that is new.
    commit(folder);
    put(folder, "c/d.yaml", &hooks(&[("C", "")]));
    let run = run_in(&sandbox, folder, &["plan", "chat", "c", "--base", "HEAD"]).exits(0);
    assert!(
        run.out
            .contains("Of these: 1 from this change, 1 already drifting, 0 both."),
        "{}",
        run.out
    );
    assert_eq!(run.err, "");
}

#[test]
fn links_and_values_are_those_of_then() {
    let sandbox = Sandbox::inventive();
    let folder = repository(&sandbox);
    put(
        folder,
        "chat/a.yaml",
        &hooks(&[("A", "    alias: ${var.alias}\n    script: { file: s.js }\n")]),
    );
    put(folder, "vars.yaml", "alias: old\n");
    put(folder, "shared/s.js", SCRIPT);
    std::os::unix::fs::symlink("../shared/s.js", folder.join("chat/s.js")).unwrap();
    std::os::unix::fs::symlink("chat", folder.join("link")).unwrap();
    commit(folder);
    let args = ["link/a.yaml", "--root", ".", "--var-file", "vars.yaml"];
    run_in(&sandbox, folder, &[&["apply", "--yes"], &args[..]].concat()).exits(0);
    put(folder, "vars.yaml", "alias: new\n");
    put(folder, "shared/s.js", &SCRIPT.replace("TEXT", "other"));
    let run = run_in(
        &sandbox,
        folder,
        &[&["plan", "--base", "HEAD"], &args[..]].concat(),
    )
    .exits(0);
    assert_eq!(run.err, "");
    assert!(run.out.contains("alias   old → new\n"), "{}", run.out);
    assert!(
        run.out
            .contains("Of these: 1 from this change, 0 already drifting, 0 both."),
        "{}",
        run.out
    );
}

#[test]
fn a_base_that_is_not_valid_labels_nothing() {
    let sandbox = Sandbox::inventive();
    let folder = repository(&sandbox);
    put(
        folder,
        "a.yaml",
        "integrations:\n  - type: webhook-incoming\n    nam: x\n",
    );
    commit(folder);
    put(folder, "a.yaml", &manifest(1));
    let run = run_in(&sandbox, folder, &["plan", "a.yaml", "--base", "HEAD"]).exits(0);
    assert!(
        run.err.contains(
            "are not valid, so this change cannot be told from drift\n      a.yaml:3:5: "
        ),
        "{}",
        run.err
    );
    assert!(
        !run.out.contains("from this change") && !run.out.contains("already drifting"),
        "{}",
        run.out
    );
    // What may be drift fails.
    run_in(
        &sandbox,
        folder,
        &["plan", "a.yaml", "--base", "HEAD", "--fail-on", "drift"],
    )
    .exits(2);
    // A secret of then may be forgotten.
    let with = |url: &str| {
        format!(
            "integrations:\n  - type: webhook-outgoing\n    name: O\n    username: rocket.cat\n    event: roomCreated\n    urls: [\"http://x/{url}\"]\n"
        )
    };
    put(folder, "a.yaml", &with("${secret.old}"));
    commit(folder);
    put(folder, "a.yaml", &with("new"));
    let run = run_in(&sandbox, folder, &["plan", "a.yaml", "--base", "HEAD"]).exits(0);
    assert_eq!(run.err, "");
}

#[test]
fn a_base_that_is_none_is_an_error_and_sends_no_request() {
    let sandbox = Sandbox::inventive();
    let folder = repository(&sandbox);
    put(folder, "a.yaml", &manifest(1));
    put(folder, "main/a.yaml", &manifest(1));
    commit(folder);
    let refused = |base: &str, words: &str| {
        let run = run_in(
            &sandbox,
            folder,
            &["plan", "a.yaml", &format!("--base={base}")],
        )
        .exits(3);
        assert!(run.err.contains(words), "{base}: {}", run.err);
        assert!(run.err.contains("\nhelp: "), "{base}: {}", run.err);
    };
    refused("nope", "git knows no commit `nope`");
    refused("", "the base has no name");
    refused("--help", "git knows no commit `--help`");
    refused("--output=x", "git knows no commit `--output=x`");
    refused("HEAD:a.yaml", "git knows no commit");
    refused(
        "0000000000000000000000000000000000000000",
        "git knows no commit",
    );
    refused("main", "`main` is both a revision and a folder");
    refused("./nope", "there is no folder `./nope`");
    assert!(!folder.join("x").exists());

    let elsewhere = tempfile::tempdir().unwrap();
    put(elsewhere.path(), "b.yaml", &hooks(&[("B", "")]));
    let other = elsewhere.path().join("b.yaml");
    let other = other.to_str().unwrap();
    let run = run_in(
        &sandbox,
        folder,
        &["plan", "a.yaml", other, "--base", "HEAD"],
    )
    .exits(3);
    assert!(run.err.contains("is not in the repository"), "{}", run.err);
    let run = run_in(&sandbox, folder, &["plan", other, "--base", "HEAD"]).exits(3);
    assert!(
        run.err.contains("no git repository is around"),
        "{}",
        run.err
    );
    let run = run_in(&sandbox, folder, &["plan", "-", "--base", "HEAD"]).exits(3);
    assert!(run.err.contains("standard input"), "{}", run.err);
    let run = Run::of(
        sandbox
            .rcsync(&["plan", "a.yaml", "--base", "HEAD"])
            .current_dir(folder)
            .env("PATH", ""),
    )
    .exits(3);
    assert!(run.err.contains("there is no program `git`"), "{}", run.err);
    assert!(sandbox.requests().is_empty());
}

#[test]
fn apply_says_first_what_is_not_in_the_change() {
    let sandbox = Sandbox::inventive();
    let folder = repository(&sandbox);
    put(folder, "a.yaml", &hooks(&[("A", ""), ("B", "")]));
    commit(folder);
    run_in(&sandbox, folder, &["apply", "--yes", "a.yaml"]).exits(0);
    // Both were on their way at once: either may be the first.
    let records = sandbox.records();
    let id = records.iter().find(|it| it["name"] == "A").unwrap()["_id"].clone();
    sandbox.act(&json!({"action": "change-integration", "id": id, "set": {"alias": "y"}}));
    put(
        folder,
        "a.yaml",
        &hooks(&[("A", ""), ("B", "    alias: x\n")]),
    );
    let run = run_in(
        &sandbox,
        folder,
        &["apply", "--yes", "a.yaml", "--base", "HEAD"],
    )
    .exits(0);
    let said = run
        .out
        .find("\nNot from this change, but applied with it: 1 change.\n")
        .unwrap();
    let (_, rest) = run.out.split_at(said);
    assert!(
        rest.contains("\n  ~ update    incoming  A: alias\n") && !rest.contains("incoming  B:"),
        "{rest}"
    );
    assert!(rest.contains("Applied: 2 updated."), "{rest}");
    // Nothing of the kind: nothing is said.
    put(folder, "a.yaml", &hooks(&[("A", ""), ("B", "")]));
    let run = run_in(
        &sandbox,
        folder,
        &["apply", "--yes", "a.yaml", "--base", "HEAD"],
    )
    .exits(0);
    assert!(
        run.out.contains("already drifting") && run.out.contains("Not from this change"),
        "{}",
        run.out
    );
    put(
        folder,
        "a.yaml",
        &hooks(&[("A", ""), ("B", "    alias: z\n")]),
    );
    let run = run_in(
        &sandbox,
        folder,
        &["apply", "--yes", "a.yaml", "--base", "HEAD"],
    )
    .exits(0);
    assert!(!run.out.contains("Not from this change"), "{}", run.out);
}

#[test]
fn a_sandbox_inside_the_process_takes_a_base() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "old/a.yaml", &manifest(1));
    put(folder.path(), "a.yaml", &manifest(2));
    let run = Run::of(
        rcsync(&["plan", "a.yaml", "--sandbox=s.jsonl", "--base", "./old"])
            .current_dir(folder.path()),
    )
    .exits(0);
    assert!(
        run.out
            .contains("Of these: 1 from this change, 1 already drifting, 0 both."),
        "{}",
        run.out
    );
}

fn outgoing(count: usize, more: &str) -> String {
    let one = |n: usize| {
        format!(
            "  - type: webhook-outgoing\n    name: Out {n}\n    username: rocket.cat\n    event: roomCreated\n    \
             urls: [\"http://127.0.0.1:9/{n}\"]\n{more}"
        )
    };
    format!("integrations:\n{}", (0..count).map(one).collect::<String>())
}

/// Lets a URL of every record answer 410.
fn gone(sandbox: &Sandbox) {
    for record in sandbox.records() {
        sandbox.act(&json!({"action": "target-gone", "id": record["_id"]}));
    }
}

fn histories(sandbox: &Sandbox) -> usize {
    let asks = |request: &&String| request.contains("integrations.history");
    sandbox.requests().iter().filter(asks).count()
}

#[test]
fn what_a_target_disabled_stays_so_until_somebody_says_otherwise() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &outgoing(1, ""));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert_eq!(histories(&sandbox), 0);
    gone(&sandbox);
    let run = sandbox.run(&["plan", &path, "--fail-on", "drift"]).exits(2);
    let words = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("target-gone: a URL answered 410 (gone) at 20"),
        "{}",
        run.out
    );
    assert!(
        words.contains("write `enabled: true` into the entry"),
        "{}",
        run.out
    );
    assert_eq!(histories(&sandbox), 1);
    sandbox.run(&["apply", "--yes", &path]).exits(4);
    assert_eq!(sandbox.records()[0]["enabled"], false);

    // A plan from a snapshot knows it too, and says what it does not know.
    let state = sandbox.file("state.json", "");
    let taken = |path: &str| {
        let run = sandbox.run(&["snapshot", path, "--out", &state]);
        run.exits(0);
    };
    let planned = || {
        Run::of(&mut rcsync(&["plan", &path, "--state", &state]))
            .exits(0)
            .out
    };
    taken(&path);
    assert!(planned().contains("target-gone: "), "{}", planned());
    let off = sandbox.file("off.yaml", &outgoing(1, "    enabled: false\n"));
    taken(&off);
    let open = "\nNot checked: why 1 webhook is disabled (not in the snapshot).\n";
    assert!(planned().contains(open), "{}", planned());
    assert!(planned().contains("1 to update"), "{}", planned());

    sandbox.file("a.yaml", &outgoing(1, "    enabled: true\n"));
    let run = sandbox.run(&["apply", "--yes", &path]).exits(0);
    assert!(run.out.contains("target-gone: "), "{}", run.out);
    assert_eq!(sandbox.records()[0]["enabled"], true);
    // Enabled again, it is nobody's concern: no history is asked for.
    let before = histories(&sandbox);
    sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(0);
    assert_eq!(histories(&sandbox), before);
}

#[test]
fn no_more_than_twenty_histories_are_asked_for() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &outgoing(23, ""));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    gone(&sandbox);
    let run = sandbox.run(&["plan", &path]).exits(0);
    assert_eq!(histories(&sandbox), 20);
    assert!(run.out.contains("20 blocked"), "{}", run.out);
    assert_eq!(
        run.err,
        "note: 3 more webhooks are disabled, and their histories were not read: plan fewer at once\n"
    );
    // A history that cannot be read is not evidence, and is reported.
    sandbox.file("a.yaml", &outgoing(1, ""));
    sandbox.fault(&json!({"path": "integrations.history", "effect": {"kind": "bad-gateway"}}));
    let run = sandbox.run(&["plan", &path, "--retries", "0"]).exits(0);
    assert!(run.out.contains("1 to update"), "{}", run.out);
    assert!(run.err.starts_with("note: why the webhook "), "{}", run.err);
    // Whoever wants no look-ups gets none.
    let before = histories(&sandbox);
    sandbox.run(&["plan", &path, "--preflight=off"]).exits(0);
    assert_eq!(histories(&sandbox), before);
}

#[test]
fn what_the_history_holds_is_in_no_log() {
    let sandbox = Sandbox::inventive();
    let with_key = outgoing(1, "    token: ${secret.key}\n").replace("/0", "/canary-in-a-url");
    let path = sandbox.file("a.yaml", &with_key);
    let run = |args: &[&str]| {
        Run::of(
            sandbox
                .rcsync(args)
                .env("RCSYNC_SECRET_key", "canary-in-a-token"),
        )
    };
    run(&["apply", "--yes", &path]).exits(0);
    gone(&sandbox);
    let run = run(&["plan", &path, "-vv"]).exits(0);
    assert!(run.err.contains("(1 entries)"), "{}", run.err);
    assert!(!run.err.contains("canary-in"), "{}", run.err);
}
