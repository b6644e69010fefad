//! An apply changes no server unasked.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value as Json;

use super::support::{Run, Sandbox, manifest, rcsync, write};

const UNASKED: &str = "there is no terminal to ask on; nothing was sent";

/// Runs it with a standard input.
pub(crate) fn fed(command: &mut Command, input: &str) -> Run {
    let streams = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = streams.stdin(Stdio::piped()).spawn().unwrap();
    // Whoever is refused does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Run::from(child.wait_with_output().unwrap())
}

/// Runs a line of a shell on a terminal on which somebody types; what is typed, and both streams, are in `out`.
fn on_a_terminal(sandbox: &Sandbox, line: &str, typed: &str) -> Run {
    typing(sandbox.program("timeout"), line, typed)
}

/// The same where no server is needed.
pub(crate) fn typed_at(line: &str, typed: &str) -> Run {
    typing(Command::new("timeout"), line, typed)
}

fn typing(mut command: Command, line: &str, typed: &str) -> Run {
    command.args(["60", "script", "-qec", line, "/dev/null"]);
    command.env("SHELL", "/bin/bash");
    let run = fed(&mut command, typed);
    let out = run.out.replace("\r\n", "\n");
    Run { out, ..run }
}

fn is_only_read(sandbox: &Sandbox) {
    let requests = sandbox.requests();
    assert!(!requests.is_empty());
    assert!(
        requests.iter().all(|line| line.starts_with("GET ")),
        "{requests:#?}"
    );
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_sent() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("my hooks.yaml", &manifest(2));
    let nothing = sandbox.file("nothing.yaml", "integrations: []\n");
    let password = sandbox.file("password", "secret-word\n");
    let out = sandbox.folder.path().join("plan.json");
    let report = sandbox.folder.path().join("report.json");
    for args in [
        &["apply", path.as_str()][..],
        &["-q", "apply", &nothing],
        &["apply", "-"],
        &["apply", &path, "--only", "Hook *", "--no-delete"],
        &["apply", &path, "--out", out.to_str().unwrap()],
        &["apply", &path, "--report", report.to_str().unwrap()],
        &[
            "apply",
            &path,
            "--user",
            "admin",
            "--password-file",
            &password,
        ],
        &["apply", "--preflight=off", "--", &path],
    ] {
        let run = fed(&mut sandbox.rcsync(args), &manifest(1)).exits(4);
        assert!(run.err.contains(UNASKED), "{args:?}: {}", run.err);
        assert_eq!(run.out, "", "{args:?}");
        assert!(!run.err.contains("secret-word"), "{}", run.err);
    }
    // Not even a login.
    assert!(sandbox.requests().is_empty());
    for file in [out, report] {
        let told: Json = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(told["failure"]["exitCode"], 4);
    }
    assert!(sandbox.records().is_empty());
}

#[test]
fn the_command_line_that_is_told_works() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("it's a $HOME.yaml", &manifest(2));
    for args in [
        &["apply", path.as_str(), "--only", "* 0"][..],
        &["apply", "--exclude=* 0", "--", &path],
    ] {
        let run = sandbox.run(args).exits(4);
        let (_, line) = run.err.split_once(", run: ").unwrap();
        let mut shell = sandbox.program("bash");
        Run::of(shell.args(["-c", line])).exits(0);
    }
    assert_eq!(sandbox.records().len(), 2);
}

#[test]
fn what_is_invalid_or_missing_is_told_before_it() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let invalid = sandbox.file("invalid.yaml", "integrations:\n  - type: x\n");
    let secret = manifest(1) + "    avatar: ${secret.nowhere}\n";
    let secret = sandbox.file("secret.yaml", &secret);
    for file in [&invalid, &secret] {
        let run = sandbox.run(&["apply", file]).exits(3);
        assert!(!run.err.contains(UNASKED), "{}", run.err);
    }
    for (name, told) in [
        ("RCSYNC_URL", "no server is given"),
        ("RCSYNC_USER_ID", "no user id is given"),
        ("RCSYNC_AUTH_TOKEN", "no token is given"),
    ] {
        let mut command = sandbox.rcsync(&["apply", &path]);
        let run = Run::of(command.env_remove(name)).exits(3);
        assert!(run.err.contains(told), "{}", run.err);
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn what_approves_an_apply() {
    for flag in ["--yes", "-y", "--auto-approve"] {
        let sandbox = Sandbox::inventive();
        let path = sandbox.file("a.yaml", &manifest(1));
        sandbox.run(&["apply", &path, flag]).exits(0);
        assert_eq!(sandbox.records().len(), 1);
    }
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let plan = sandbox.folder.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    sandbox
        .run(&["apply", &path, "--dry-run", "--out", plan])
        .exits(0);
    assert!(sandbox.records().is_empty());
    sandbox.run(&["apply", "--plan", plan]).exits(0);
    assert_eq!(sandbox.records().len(), 1);
    // It is approved as it is.
    sandbox.run(&["apply", "--plan", plan, &path]).exits(5);
}

/// The one in the process needs no approval; one that is reached by its address is a server.
#[test]
fn a_sandbox_in_the_process_needs_no_approval() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.yaml", &manifest(1));
    for flag in ["--sandbox", "--sandbox=state.jsonl"] {
        let mut command = rcsync(&["apply", &path, flag]);
        let run = Run::of(command.current_dir(folder.path())).exits(0);
        assert!(run.out.contains("Applied: 1 created."), "{}", run.out);
    }
}

#[test]
fn on_a_terminal_only_a_yes_is_a_yes() {
    for (typed, yes) in [
        ("y\n", true),
        ("YES\n", true),
        ("n\n", false),
        ("\n", false),
        ("yes please\n", false),
        ("true\n", false),
        // The end of the input: Ctrl-D.
        ("", false),
        ("\u{4}", false),
    ] {
        let sandbox = Sandbox::inventive();
        let path = sandbox.file("a.yaml", &manifest(1));
        let line = format!("\"$RCSYNC\" apply {path}");
        let run = on_a_terminal(&sandbox, &line, typed).exits(if yes { 0 } else { 4 });
        let (before, after) = run.out.split_once("? [y/N] ").unwrap();
        assert_eq!(before.matches("Plan: 1 to create").count(), 1, "{before}");
        if yes {
            assert!(after.contains("Applied: 1 created."), "{after}");
        } else {
            assert!(after.contains("Nothing was changed."), "{after}");
            is_only_read(&sandbox);
        }
        assert_eq!(sandbox.records().len(), usize::from(yes), "{typed:?}");
    }
}

#[test]
fn a_question_needs_a_terminal_on_both_sides() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let told = sandbox.folder.path().join("told").display().to_string();
    for streams in [
        "< /dev/null".to_owned(),
        format!("2> {told}"),
        format!("< /dev/null 2> {told}"),
    ] {
        let line = format!("\"$RCSYNC\" apply {path} {streams}");
        on_a_terminal(&sandbox, &line, "y\n").exits(4);
    }
    assert!(fs::read_to_string(&told).unwrap().contains(UNASKED));
    assert!(sandbox.requests().is_empty());
}

/// Standard output may be elsewhere: nobody agrees to what was not shown.
#[test]
fn a_plan_is_shown_where_the_question_is() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let line = format!("\"$RCSYNC\" apply {path} > {path}.out");
    let run = on_a_terminal(&sandbox, &line, "n\n").exits(4);
    let (before, _) = run.out.split_once("? [y/N] ").unwrap();
    assert!(before.contains("Plan: 1 to create"), "{before}");
    let out = fs::read_to_string(format!("{path}.out")).unwrap();
    assert!(out.contains("Plan: 1 to create"), "{out}");
    is_only_read(&sandbox);
}

#[test]
fn what_is_approved_or_empty_is_not_asked() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let plan = format!("{path}.json");
    sandbox.run(&["plan", &path, "--out", &plan]).exits(0);
    for args in [
        format!("--plan {plan}"),
        path.clone(),
        format!("--yes {path}"),
        format!("--sandbox={path}.jsonl {path}"),
    ] {
        let line = format!("\"$RCSYNC\" apply {args}");
        let run = on_a_terminal(&sandbox, &line, "n\n").exits(0);
        assert!(!run.out.contains("[y/N]"), "{args}: {}", run.out);
    }
    assert_eq!(sandbox.records().len(), 1);
}
