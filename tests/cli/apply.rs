//! `rcsync apply`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::support::{Run, Sandbox, manifest, rcsync, write};

const EXAMPLE: &str = "examples/integrations.yaml";

#[test]
fn the_first_run_creates_everything_and_the_second_nothing() {
    let sandbox = Sandbox::inventive();
    let apply = || {
        Run::of(
            sandbox
                .rcsync(&["apply", "--yes", EXAMPLE])
                .env("RCSYNC_SECRET_guggy_token", "hunter2-s3cret"),
        )
    };

    let first = apply().exits(0);
    assert!(
        first
            .out
            .ends_with("Applied: 7 created. Verified by one listing.\nURLs of new webhooks: rcsync urls examples/integrations.yaml\n"),
        "{}",
        first.out
    );
    let records = sandbox.records();
    assert_eq!(records.len(), 7);
    let guggy = records
        .iter()
        .find(|record| record["name"] == "Guggy")
        .unwrap();
    assert_eq!(guggy["token"], "hunter2-s3cret");
    assert_eq!(guggy["channel"], json!(["#general"]));
    assert_eq!(guggy["triggerWords"], json!(["!guggy"]));
    assert!(guggy["scriptCompiled"].is_string());
    let archive = records
        .iter()
        .find(|record| record["name"] == "Link archive")
        .unwrap();
    assert_eq!(
        archive["token"].as_str().unwrap().len(),
        48,
        "a generated token"
    );
    let cat = records
        .iter()
        .find(|record| record["name"] == "The Channel Cat")
        .unwrap();
    assert_eq!(
        (&cat["enabled"], &cat["scriptEnabled"]),
        (&json!(false), &json!(false))
    );

    let second = apply().exits(0);
    assert!(
        second
            .out
            .ends_with("No changes. All 7 integrations match the manifests.\n"),
        "{}",
        second.out
    );
    assert_eq!(sandbox.creates(), 7);
}

#[test]
fn the_built_in_sandbox_keeps_its_state_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("deep/sandbox.jsonl");
    let flag = format!("--sandbox={}", state.display());

    let plan = Run::of(&mut rcsync(&["plan", EXAMPLE, &flag])).exits(0);
    assert!(
        plan.err
            .contains("not a server: rooms and users are not checked"),
        "{}",
        plan.err
    );
    assert!(
        plan.err
            .contains("a value was made up for the secret `guggy_token`"),
        "{}",
        plan.err
    );
    assert!(!state.parent().unwrap().exists(), "a plan writes no file");

    Run::of(&mut rcsync(&["apply", EXAMPLE, &flag])).exits(0);
    let journal = std::fs::read_to_string(&state).unwrap();
    let second = Run::of(&mut rcsync(&["apply", EXAMPLE, &flag])).exits(0);
    assert!(
        second.out.contains("No changes. All 7 integrations"),
        "{}",
        second.out
    );

    // A write that was cut off is dropped, and with it one record.
    std::fs::write(&state, &journal[..journal.trim_end().len() - 10]).unwrap();
    let plan = Run::of(&mut rcsync(&[
        "plan",
        EXAMPLE,
        &flag,
        "--detailed-exitcode",
    ]))
    .exits(2);
    assert!(plan.out.contains("Plan: 1 to create"), "{}", plan.out);
}

#[test]
fn a_dry_run_is_a_plan() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(2));
    let dry = sandbox.run(&["apply", "--dry-run", &path]).exits(0);
    let plan = sandbox.run(&["plan", &path]).exits(0);
    assert_eq!(dry.out, plan.out);
    assert_eq!(sandbox.creates(), 0);
}

#[test]
fn one_failure_does_not_stop_the_rest() {
    let sandbox = Sandbox::strict();
    let text = manifest(3).replacen("#general", "#pagr", 1);
    let path = sandbox.file("a.yaml", &text);
    let run = sandbox
        .run(&["apply", "--yes", &path, "--preflight=off"])
        .exits(6);
    assert!(
        run.out.contains("error-invalid-room: Invalid room"),
        "{}",
        run.out
    );
    assert!(run.out.contains("a.yaml:2"), "{}", run.out);
    assert!(
        run.out.contains(
            "Applied in part: 2 created, 1 failed. Verified by one listing.\nURLs of new webhooks: "
        ),
        "{}",
        run.out
    );
    assert_eq!(sandbox.records().len(), 2);
}

#[test]
fn what_the_server_accepts_and_does_not_do_is_not_applied() {
    let sandbox = Sandbox::with(&["--invent", "--quirk", "username-ignored=on"]);
    let path = sandbox.file("a.yaml", &manifest(1));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    sandbox.file("a.yaml", &manifest(1).replace("rocket.cat", "deploy.bot"));
    let run = sandbox.run(&["apply", "--yes", &path]).exits(6);
    assert!(
        run.out.contains("1 accepted but not applied"),
        "{}",
        run.out
    );
    assert!(run.out.contains("rocket.cat → deploy.bot"), "{}", run.out);
    sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(2);
}

#[test]
fn a_broken_script_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::inventive();
    let text =
        manifest(1) + "    script: \"class Script { process_incoming_request( { return }\"\n";
    let path = sandbox.file("a.yaml", &text);
    let run = sandbox.run(&["apply", "--yes", &path]).exits(3);
    assert!(run.err.contains("a.yaml:6:13"), "{}", run.err);
    assert_eq!(sandbox.creates(), 0);
}

#[test]
fn no_output_shows_a_secret() {
    let sandbox = Sandbox::inventive();
    let secrets = sandbox.file("secrets.yaml", "guggy_token: canary-in-a-file\n");
    let run = sandbox
        .run(&["apply", "--yes", EXAMPLE, "-vv", "--secret-file", &secrets])
        .exits(0);
    let generated: Vec<_> = sandbox
        .records()
        .iter()
        .map(|r| r["token"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(generated.len(), 7);
    for output in [&run.out, &run.err] {
        assert!(!output.contains("canary"), "{output}");
        assert!(
            generated.iter().all(|token| !output.contains(token)),
            "{output}"
        );
    }
    assert!(run.err.contains("integrations.create"), "{}", run.err);
}

#[test]
fn a_token_comes_from_a_file_too() {
    let sandbox = Sandbox::strict();
    let token = sandbox.file("token", "tok-admin-1111\n");
    let path = sandbox.file("a.yaml", &manifest(1));
    let mut command = rcsync(&["plan", &path, "--url", &sandbox.url]);
    command.args(["--user-id", "uAdmin0000000001", "--auth-token-file", &token]);
    Run::of(&mut command).exits(0);
}

#[test]
fn a_manifest_comes_from_standard_input_too() {
    use std::io::Write;
    use std::process::Stdio;
    let sandbox = Sandbox::inventive();
    let mut command = sandbox.rcsync(&["apply", "--yes", "-"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(manifest(1).as_bytes())
        .unwrap();
    let run = Run::from(child.wait_with_output().unwrap()).exits(0);
    assert!(run.out.contains("<stdin>:2"), "{}", run.out);
    assert_eq!(sandbox.records().len(), 1);
}

#[test]
fn several_files_are_one_desired_state() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.yaml", &manifest(1));
    write(
        folder.path(),
        "b.yml",
        &manifest(2).replace("Hook", "Pager"),
    );
    write(folder.path(), "c.test.yaml", "no manifest");
    let sandbox = Sandbox::inventive();
    let run = sandbox
        .run(&["apply", "--yes", folder.path().to_str().unwrap()])
        .exits(0);
    assert!(run.out.contains("2 files, 3 integrations"), "{}", run.out);
    assert_eq!(sandbox.records().len(), 3);
}

#[test]
fn who_it_posts_as_after_all_is_in_every_later_plan() {
    let sandbox = Sandbox::with(&["--invent", "--quirk", "user-id-left=on"]);
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    sandbox.file(
        "a.yaml",
        &manifest(2).replacen("rocket.cat", "deploy.bot", 1),
    );
    let run = sandbox.run(&["apply", "--yes", &path]).exits(6);
    assert!(
        run.out.contains("1 accepted but not applied"),
        "{}",
        run.out
    );
    for _ in 0..2 {
        // No field differs, and nobody asked for more than the usual look-ups.
        let run = sandbox
            .run(&["plan", &path, "--detailed-exitcode"])
            .exits(2);
        assert!(run.out.contains("posts-as-someone-else"), "{}", run.out);
    }
    sandbox.run(&["apply", "--yes", &path]).exits(6);
}

/// Tokens end up in the state: a repository must not take it in.
#[test]
fn the_folder_of_the_default_state_is_ignored_by_git() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    std::fs::write(&path, manifest(1)).unwrap();
    let run = |command| {
        let mut command = rcsync(&[command, path.to_str().unwrap(), "--sandbox"]);
        command.current_dir(folder.path());
        Run::of(&mut command).exits(0);
    };
    run("plan");
    let state = folder.path().join(".rcsync");
    assert!(!state.exists());
    run("apply");
    let ignored = std::fs::read_to_string(state.join(".gitignore"));
    assert_eq!(ignored.unwrap(), "*\n");
    assert!(state.join("sandbox.jsonl").exists());
    // Whoever takes it away wants it so.
    std::fs::remove_file(state.join(".gitignore")).unwrap();
    run("apply");
    assert!(!state.join(".gitignore").exists());
}

/// The outcome of each write is printed when it is known, and once.
#[test]
fn outcomes_are_printed_as_they_happen() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(3));
    let slow = json!({"path": "integrations.create", "after": 1, "effect": {"kind": "delay", "millis": 3_000}});
    sandbox.fault(&slow);
    let mut command = sandbox.rcsync(&["apply", "--yes", "--concurrency", "1", &path]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.find(|line| line.as_ref().unwrap().starts_with("+ created "));
    assert!(first.unwrap().unwrap().contains("Hook 0"));
    // The second is still waited for.
    assert_eq!(sandbox.records().len(), 1);
    let rest: Vec<_> = lines.map(Result::unwrap).collect();
    let (created, closing) = rest.split_at(2);
    assert!(
        created[0].contains("Hook 1") && created[1].contains("Hook 2"),
        "{rest:?}"
    );
    assert_eq!(closing[0], "");
    assert!(closing[1].starts_with("Applied: 3 created."), "{rest:?}");
    assert!(child.wait().unwrap().success());
}
