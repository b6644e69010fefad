//! The files that a run reads and writes: none is read without end, none is written that is no file of its own.

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
