//! The files that a run reads and writes: none is read without end, none is written that is not a file of its own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use super::support::{Run, Sandbox, manifest, rcsync, write};

#[test]
fn files_without_end_are_not_read_to_their_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "chat.yaml", &manifest(1));
    let server = ["--url", "https://chat.invalid", "--user-id", "u"];
    let zero = "/dev/zero";
    for args in [
        &[
            "plan",
            file.as_str(),
            "--url",
            server[1],
            "--user-id",
            "u",
            "--auth-token-file",
            zero,
        ][..],
        &[
            "plan",
            &file,
            "--url",
            server[1],
            "--user",
            "u",
            "--password-file",
            zero,
        ],
        &["doctor", "--url", server[1], "--ca-file", zero],
        &["plan", &file, "--secret-file", zero, "--sandbox=none.jsonl"],
        &["plan", &file, "--var-file", zero, "--sandbox=none.jsonl"],
        &["plan", &file, "--state", zero],
        &["apply", "--plan", zero, "--sandbox=none.jsonl"],
        &["show", zero],
        &["validate", zero],
    ] {
        // With an address space of 1 GiB a reader without bounds is killed.
        let limited = "ulimit -v 1048576; exec \"$0\" \"$@\"";
        let mut command = Command::new("bash");
        command
            .args(["-c", limited, env!("CARGO_BIN_EXE_rcsync")])
            .args(args);
        let run = Run::of(command.env("NO_COLOR", "1")).exits(3);
        let told = run.err.contains("larger than") || run.err.contains("not a regular file");
        assert!(told, "{args:?}: {}", run.err);
    }
}

#[test]
fn a_token_may_come_through_a_pipe() {
    let sandbox = Sandbox::inventive();
    let file = sandbox.file("chat.yaml", &manifest(1));
    let script = format!(
        "exec \"$0\" plan '{file}' --url '{}' --user-id '{}' --auth-token-file <(echo '{}')",
        sandbox.url, sandbox.user_id, sandbox.token
    );
    let mut command = Command::new("bash");
    Run::of(command.args(["-c", &script, env!("CARGO_BIN_EXE_rcsync")])).exits(0);
}

#[test]
fn a_proposed_link_shows_nothing_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let outside = write(folder.path(), "id_rsa", "PRIVATE KEY hunter2\n");
    let chat = folder.path().join("chat");
    fs::create_dir(&chat).unwrap();
    symlink(&outside, chat.join("a.yaml")).unwrap();
    symlink(&outside, chat.join("a.js")).unwrap();
    let text = manifest(1) + "    script: { file: a.js }\n";
    write(&chat, "b.yaml", &text);
    for format in ["text", "json", "github"] {
        let args = ["validate", chat.to_str().unwrap(), "--format", format];
        let run = Run::of(&mut rcsync(&args)).exits(3);
        let shown = run.out + &run.err;
        assert!(
            shown.contains("a link to a file outside of the root folder"),
            "{shown}"
        );
        assert!(
            shown.contains("this script is outside of the root folder"),
            "{shown}"
        );
        assert!(
            !shown.contains("hunter2") && !shown.contains("PRIVATE"),
            "{shown}"
        );
    }
}

#[test]
fn what_is_no_regular_file_is_not_written_over() {
    let sandbox = Sandbox::inventive();
    let file = sandbox.file("chat.yaml", &manifest(1));
    let at = |name: &str| sandbox.folder.path().join(name).display().to_string();
    let kept = sandbox.file("kept.md", "kept");
    symlink(&kept, at("link.md")).unwrap();
    fs::create_dir(at("folder.md")).unwrap();
    let made = Command::new("mkfifo").arg(at("pipe.md")).status().unwrap();
    assert!(made.success());
    // Where the ending says no format, the plan is refused before anything else is.
    for out in [
        at("link.md"),
        at("folder.md"),
        at("pipe.md"),
        "/dev/full".to_owned(),
    ] {
        for args in [
            &["plan", file.as_str(), "--out", &out][..],
            &["urls", &file, "--out", &out],
            &["snapshot", &file, "--out", &out],
            &["apply", "--yes", &file, "--report", &out],
        ] {
            let run = sandbox.run(args);
            assert!(
                [1, 3].contains(&run.code),
                "{args:?}: {} {}",
                run.code,
                run.err
            );
        }
    }
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
    assert!(fs::symlink_metadata(at("link.md")).unwrap().is_symlink());
    // An apply whose report has no place does not begin.
    assert_eq!(sandbox.records().len(), 0);
}

#[test]
fn a_write_that_fails_leaves_what_was_there() {
    let sandbox = Sandbox::inventive();
    let file = sandbox.file("chat.yaml", &manifest(1));
    let plan = sandbox.file("plan.md", "old");
    let json = sandbox.file("plan.json", "old");
    fs::set_permissions(&plan, fs::Permissions::from_mode(0o640)).unwrap();
    let below_a_file = format!("{file}/plan.txt");
    let args = [
        "plan",
        &file,
        "--out",
        &plan,
        "--out",
        &json,
        "--out",
        &below_a_file,
    ];
    let run = sandbox.run(&args).exits(1);
    assert!(run.err.contains("chat.yaml/plan.txt"), "{}", run.err);
    assert!(
        [&plan, &json]
            .iter()
            .all(|path| fs::read_to_string(path).unwrap() == "old")
    );
    let left = fs::read_dir(sandbox.folder.path()).unwrap();
    let left: Vec<_> = left.map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");

    sandbox
        .run(&["plan", &file, "--out", &plan, "--out", &json])
        .exits(0);
    assert!(fs::read_to_string(&plan).unwrap().contains("1 to create"));
    let mode = fs::metadata(&plan).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o640);
}

/// A checkout beside the home of whoever runs rcsync, as a pull request may bring it: with links.
struct Machine {
    folder: tempfile::TempDir,
}

/// What must never be shown, and where it is: a file of secrets outside of the checkout.
const CANARY: &str = "CANARY-hunter2";

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for inner in ["home", "repo/chat", "repo/old/chat"] {
            fs::create_dir_all(folder.path().join(inner)).unwrap();
        }
        let machine = Self { folder };
        write(
            &machine.at("home"),
            "secrets.yaml",
            &format!("token: {CANARY}\n"),
        );
        let entry = "integrations:\n  - { type: webhook-incoming, name: A, username: rocket.cat, \
                     channel: \"#general\", alias: \"${var.token}\" }\n";
        write(&machine.at("repo/chat"), "a.yaml", entry);
        write(&machine.at("repo/old/chat"), "a.yaml", entry);
        machine
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn link(&self, target: &str, name: &str) {
        symlink(target, self.at(name)).unwrap();
    }

    /// A run in the checkout.
    fn run(&self, args: &[&str]) -> Run {
        Run::of(rcsync(args).current_dir(self.at("repo")))
    }

    /// What is in the home.
    fn home(&self) -> Vec<String> {
        let entries = fs::read_dir(self.at("home")).unwrap();
        let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
        names.collect()
    }
}

#[test]
fn a_proposed_link_brings_no_values() {
    let machine = Machine::new();
    machine.link("../../home/secrets.yaml", "repo/chat/file.txt");
    machine.link("../home", "repo/folder");
    machine.link("/dev/zero", "repo/zero");
    machine.link("/dev/stdin", "repo/stdin");
    // Beside it, and not tracked.
    write(
        &machine.at("repo"),
        "ignored.yaml",
        &format!("token: {CANARY}\n"),
    );
    machine.link("ignored.yaml", "repo/beside.yaml");
    let pipe = machine.at("repo/pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let whole = machine.at("repo/chat/file.txt").display().to_string();
    for flag in ["--var-file", "--secret-file"] {
        for file in [
            "chat/file.txt",
            "./chat/../chat/file.txt",
            &whole,
            "folder/secrets.yaml",
            "beside.yaml",
            "zero",
            "stdin",
            "pipe",
            "chat",
        ] {
            let run = machine
                .run(&["plan", "chat", "--sandbox", flag, file])
                .exits(3);
            let shown = run.out + &run.err;
            assert!(!shown.contains(CANARY), "{flag} {file}: {shown}");
            let told = ["is a link", "not a regular file", "this is a folder"];
            assert!(
                told.iter().any(|told| shown.contains(told)),
                "{flag} {file}: {shown}"
            );
        }
    }
}

#[test]
fn values_outside_of_the_checkout_may_be_links_and_pipes() {
    let machine = Machine::new();
    // As Kubernetes mounts a secret.
    fs::create_dir(machine.at("home/..1")).unwrap();
    write(&machine.at("home/..1"), "vars.yaml", "token: mounted\n");
    machine.link("..1", "home/..data");
    machine.link("..data/vars.yaml", "home/vars.yaml");
    let args = [
        "plan",
        "chat",
        "--sandbox",
        "--var-file",
        "../home/vars.yaml",
    ];
    let run = machine.run(&args).exits(0);
    assert!(run.out.contains("mounted"), "{}", run.out);

    let script = "exec \"$0\" plan chat --sandbox --var-file <(echo 'token: piped')";
    let mut command = Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_rcsync")]);
    let run = Run::of(command.current_dir(machine.at("repo"))).exits(0);
    assert!(run.out.contains("piped"), "{}", run.out);
}

#[test]
fn a_base_brings_no_values_through_a_link() {
    let machine = Machine::new();
    write(&machine.at("repo"), "vars.txt", "token: now\n");
    let args = [
        "plan",
        "chat",
        "--sandbox",
        "--base",
        "./old",
        "--var-file",
        "vars.txt",
    ];
    write(&machine.at("repo/old"), "vars.txt", "token: then\n");
    let run = machine.run(&args).exits(0);
    assert!(
        run.out.contains("(from this change)") || run.out.contains("(both)"),
        "{}",
        run.out
    );
    // The file of then cannot be read: what it would say does not count.
    fs::remove_file(machine.at("repo/old/vars.txt")).unwrap();
    machine.link("../../home/secrets.yaml", "repo/old/vars.txt");
    let run = machine.run(&args).exits(0);
    assert!(run.out.contains("already drifting"), "{}", run.out);
}

/// Values of a megabyte that cost more than they weigh, in a parser that knows no bounds.
#[test]
fn files_of_values_are_bounded_as_manifests_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "chat.yaml", &manifest(1));
    let whole = 1 << 20;
    let aliases = |n: u8| {
        format!("{0}: &{0} [{1}]\n", (b'a' + n) as char, {
            let last = if n == 0 {
                "x".to_owned()
            } else {
                format!("*{}", (b'a' + n - 1) as char)
            };
            vec![last; 9].join(",")
        })
    };
    for (what, text, told) in [
        (
            "lists",
            "a: ".to_owned() + &"[".repeat(whole - 3),
            "yaml-depth",
        ),
        ("mappings", "{a: ".repeat(whole / 4), "yaml-depth"),
        ("items", "- ".repeat(whole / 2), "yaml-depth"),
        ("keys", "? ".repeat(whole / 2), "yaml-depth"),
        (
            "aliases",
            (0..9).map(aliases).collect(),
            "yaml-alias-budget",
        ),
        (
            "twice",
            "a: SECRET1\na: SECRET2\n".to_owned(),
            "values:2: `a` is there twice; the first stands at line 1",
        ),
        ("tag", "a: !!binary SECRET1\n".to_owned(), "yaml-tag"),
        (
            "documents",
            "a: 1\n---\na: 2\n".to_owned(),
            "not a YAML mapping",
        ),
        (
            "nested",
            "a: {b: SECRET1}\n".to_owned(),
            "not a YAML mapping",
        ),
        (
            "large",
            "a: ".to_owned() + &"x".repeat(whole),
            "larger than 1 MiB",
        ),
    ] {
        let values = write(folder.path(), "values", &text);
        for flag in ["--var-file", "--secret-file"] {
            // A parser that recurses or copies without bounds is killed.
            let limited = "ulimit -v 786432; exec timeout 20 \"$0\" \"$@\"";
            let mut command = Command::new("bash");
            command.args(["-c", limited, env!("CARGO_BIN_EXE_rcsync")]);
            let run = Run::of(command.args(["validate", &file, flag, &values])).exits(3);
            assert!(run.err.contains(told), "{what}: {}", run.err);
            assert!(!run.err.contains("SECRET1"), "{what}: {}", run.err);
        }
    }
}

#[test]
fn nothing_is_written_through_a_proposed_link() {
    let machine = Machine::new();
    machine.link("../home", "repo/out");
    machine.link("../../home", "repo/chat/below");
    write(&machine.at("repo"), "vars.txt", "token: now\n");
    let sandbox = Sandbox::inventive();
    let before = machine.home();
    for args in [
        &[
            "plan",
            "chat",
            "--var-file",
            "vars.txt",
            "--out",
            "out/plan.md",
        ][..],
        &[
            "plan",
            "chat",
            "--var-file",
            "vars.txt",
            "--out",
            "out/new/plan.json",
        ],
        &[
            "plan",
            "chat",
            "--var-file",
            "vars.txt",
            "--out",
            "chat/../out/plan.txt",
        ],
        &[
            "apply",
            "chat",
            "--var-file",
            "vars.txt",
            "--report",
            "out/report.json",
        ],
        &[
            "urls",
            "chat",
            "--var-file",
            "vars.txt",
            "--out",
            "out/urls.env",
        ],
        &[
            "snapshot",
            "chat",
            "--var-file",
            "vars.txt",
            "--out",
            "out/state.json",
        ],
        &["export", "--out", "out/chat"],
        &[
            "export",
            "--out",
            "chat",
            "--scripts",
            "chat/below/scripts",
            "--force",
        ],
        &[
            "export",
            "--out",
            "exported",
            "--secrets-file",
            "out/secrets.yaml",
        ],
        &["init", "out/hooks"],
    ] {
        let mut command = sandbox.rcsync(args);
        let run = Run::of(command.current_dir(machine.at("repo")));
        assert!(
            [1, 3].contains(&run.code),
            "{args:?}: {} {}",
            run.code,
            run.err
        );
        assert!(run.err.contains("is a link"), "{args:?}: {}", run.err);
        assert_eq!(machine.home(), before, "{args:?}");
    }
    // An apply whose report has no place does not begin.
    assert_eq!(sandbox.records().len(), 0);
}
