//! Which repository a path is in, and which commit a base is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{copy, program, repository, shell};
use crate::drift::{commit, git, hooks, put};
use crate::support::{Run, Sandbox};

/// A repository that has another one as its submodule `sub`.
fn with_submodule(outer: &Path, other: &Path) {
    fs::create_dir(outer).unwrap();
    git(outer, &["init", "--quiet"]);
    let add = "-c protocol.file.allow=always submodule --quiet add";
    let other = other.to_str().unwrap();
    let args: Vec<_> = add.split(' ').chain([other, "sub"]).collect();
    git(outer, &args);
}

#[test]
fn what_git_makes_is_a_repository() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path();
    let main = folder.join("main");
    repository(&main);
    let path = |name: &str| folder.join(name).display().to_string();
    // Linked working folders, one of them of a bare repository.
    git(
        &main,
        &[
            "worktree",
            "add",
            "--quiet",
            &path("linked"),
            "-b",
            "linked",
        ],
    );
    git(
        folder,
        &["clone", "--quiet", "--bare", &path("main"), &path("bare")],
    );
    let bare = folder.join("bare");
    git(
        &bare,
        &[
            "worktree",
            "add",
            "--quiet",
            &path("of-bare"),
            "-b",
            "of-bare",
        ],
    );
    // A submodule, in a repository of its own.
    with_submodule(&folder.join("outer"), &main);
    // A `.git` that is elsewhere: named in a file, or linked to.
    git(
        folder,
        &[
            "clone",
            "--quiet",
            "--separate-git-dir",
            &path("apart.git"),
            &path("main"),
            &path("apart"),
        ],
    );
    copy(&main, &folder.join("by-link"));
    fs::rename(folder.join("by-link/.git"), folder.join("by-link.git")).unwrap();
    symlink(folder.join("by-link.git"), folder.join("by-link/.git")).unwrap();
    symlink(folder.join("main"), folder.join("link-to-main")).unwrap();
    // A name with a line break and a colon in it, which separates folders elsewhere.
    copy(&main, &folder.join("a:b\nc "));
    let places = [
        "main",
        "linked",
        "of-bare",
        "outer/sub",
        "apart",
        "by-link",
        "link-to-main",
        "a:b\nc ",
    ];
    for place in places {
        let at = folder.join(place);
        let expected = format!("base HEAD ({})", &shell(&at, "git rev-parse HEAD")[..10]);
        for (at, path) in [
            (at.clone(), "chat"),
            (at.join("chat"), "a.yaml"),
            (at.join("chat"), "."),
        ] {
            let run = Run::of(
                sandbox
                    .rcsync(&["plan", path, "--base", "HEAD"])
                    .current_dir(&at),
            )
            .exits(0);
            assert!(
                run.out.contains(&expected),
                "{place}: {}{}",
                run.out,
                run.err
            );
        }
        let run = sandbox
            .run(&["plan", at.join("chat").to_str().unwrap(), "--base", "HEAD"])
            .exits(0);
        assert!(
            run.out.contains(&expected),
            "{place}: {}{}",
            run.out,
            run.err
        );
    }
}

/// A hook's environment speaks of the repository and its index.
#[test]
fn a_hook_may_plan_with_a_base() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path();
    let main = folder.join("main");
    repository(&main);
    let outer = folder.join("outer");
    with_submodule(&outer, &main);
    let binary = env!("CARGO_BIN_EXE_rcsync");
    for (place, hooks) in [
        ("main", "main/.git/hooks"),
        ("outer/sub", "outer/.git/modules/sub/hooks"),
    ] {
        let out = folder.join("out").display().to_string();
        let text = format!(
            "#!/bin/sh\n[ -n \"$GIT_INDEX_FILE\" ] && exec '{binary}' plan chat --base HEAD >'{out}' 2>&1\n"
        );
        program(&folder.join(hooks).join("pre-commit"), &text);
        let mut commit = Command::new("git");
        commit
            .args(["commit", "--quiet", "--allow-empty", "-m", "x"])
            .current_dir(folder.join(place));
        commit.env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["AUTHOR", "COMMITTER"] {
            commit.env(format!("GIT_{who}_NAME"), "Dana");
            commit.env(format!("GIT_{who}_EMAIL"), "dana@example.org");
        }
        let credentials = [
            ("URL", &sandbox.url),
            ("USER_ID", &sandbox.user_id),
            ("AUTH_TOKEN", &sandbox.token),
        ];
        for (name, value) in credentials {
            commit.env(format!("RCSYNC_{name}"), value);
        }
        let head = shell(&folder.join(place), "git rev-parse HEAD");
        let ended = commit.stdin(Stdio::null()).status().unwrap();
        let said = fs::read_to_string(&out).unwrap();
        assert!(
            ended.success() && said.contains(&format!("base HEAD ({})", &head[..10])),
            "{said}"
        );
    }
}

/// What is called `.git`.
#[derive(Debug)]
enum Made {
    Folder,
    File(&'static str),
    Link(&'static str),
}

#[test]
fn what_is_not_a_repository_leads_to_none_further_up() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path().join("work");
    repository(&folder);
    let chat = folder.join("chat");
    let other = folder.join("look-alike");
    copy(&folder.join(".git/."), &other);
    git(&other, &["config", "core.worktree", "../.."]);
    let dot_git = chat.join(".git");
    let none = "not a git repository";
    let rows = [
        (Made::Folder, none),
        (Made::File(""), "invalid gitfile format"),
        (Made::File("hello\n"), "invalid gitfile format"),
        (Made::File("gitdir: nowhere\n"), none),
        (Made::File("gitdir: .git\n"), none),
        (Made::File("gitdir: ../look-alike\n"), "belongs to `"),
        (Made::Link("nowhere"), none),
        (Made::Link(".git"), none),
    ];
    for (made, words) in rows {
        match made {
            Made::Folder => fs::create_dir(&dot_git).unwrap(),
            Made::File(text) => fs::write(&dot_git, text).unwrap(),
            Made::Link(to) => symlink(to, &dot_git).unwrap(),
        }
        for (at, path) in [(&folder, "chat"), (&folder, "chat/a.yaml"), (&chat, ".")] {
            let mut command = sandbox.rcsync(&["plan", path, "--base", "HEAD"]);
            let run = Run::of(command.current_dir(at)).exits(3);
            let all = run.err.contains("no git repository is around") && run.err.contains(words);
            assert!(all, "{made:?}: {}", run.err);
        }
        let _ = fs::remove_file(&dot_git);
        let _ = fs::remove_dir(&dot_git);
    }
    let args = ["plan", "chat", "--base", "HEAD"];
    Run::of(sandbox.rcsync(&args).current_dir(&folder)).exits(0);
}

#[test]
fn a_base_is_of_one_repository_and_is_what_its_commit_says() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path();
    repository(folder);
    let run = |args: &[&str]| Run::of(sandbox.rcsync(args).current_dir(folder));
    // Another repository inside.
    let inner = folder.join("inner");
    repository(&inner);
    put(&inner, "chat/a.yaml", &hooks(&[("B", "")]));
    commit(&inner);
    for paths in [["chat", "inner/chat"], ["inner/chat", "chat"]] {
        let refused = run(&["plan", paths[0], paths[1], "--base", "HEAD"]).exits(3);
        let words = format!("error: `{}` is not in the repository `", paths[1]);
        assert!(refused.err.starts_with(&words), "{}", refused.err);
    }
    // Something else instead of an object.
    run(&["apply", "chat", "--yes"]).exits(0);
    put(folder, "chat/a.yaml", &hooks(&[("A", "    alias: new\n")]));
    let replace = "git replace $(git rev-parse HEAD:chat/a.yaml) $(git hash-object -w chat/a.yaml)";
    shell(folder, replace);
    let shown = shell(folder, "git cat-file -p HEAD:chat/a.yaml");
    assert!(shown.contains("alias: new"), "{shown}");
    let planned = run(&["plan", "chat", "--base", "HEAD"]).exits(0);
    assert!(
        planned.out.contains("1 from this change, 0 already"),
        "{}",
        planned.out
    );
    // A folder with the name of a commit that is not there, which would be compared with itself.
    put(
        folder,
        "origin/main/chat/a.yaml",
        &hooks(&[("A", "    alias: new\n")]),
    );
    let refused = run(&["plan", "chat", "--base", "origin/main"]).exits(3);
    assert!(
        refused
            .err
            .starts_with("error: git knows no commit `origin/main`\nhelp: for the folder"),
        "{}",
        refused.err
    );
    run(&["plan", "chat", "--base", "./origin/main"]).exits(0);
}

#[test]
fn an_apply_does_without_a_base_that_git_does_not_know() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path();
    repository(folder);
    let run = |args: &[&str]| Run::of(sandbox.rcsync(args).current_dir(folder));
    let zeros = "0".repeat(40);
    for base in [
        &zeros,
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "nope",
        "HEAD~9",
        "-x",
    ] {
        let base = format!("--base={base}");
        run(&["plan", "chat", &base]).exits(3);
        for more in [&["--dry-run"][..], &[]] {
            let args = [&["apply", "chat", "--yes", &base], more].concat();
            let run = run(&args).exits(0);
            assert!(
                run.err.starts_with("warning: git knows no commit `"),
                "{}",
                run.err
            );
            assert!(
                run.err
                    .contains("cannot be told from drift\nhelp: fetch it"),
                "{}",
                run.err
            );
            assert!(
                !run.out.contains("drifting") && !run.out.contains("ot in this change"),
                "{}",
                run.out
            );
        }
    }
    assert_eq!(sandbox.records().len(), 1);
    // What else is wrong with a base is an error.
    for base in ["", "./nowhere"] {
        run(&["apply", "chat", "--yes", &format!("--base={base}")]).exits(3);
    }
    fs::remove_dir_all(folder.join(".git")).unwrap();
    run(&["apply", "chat", "--yes", "--base", &zeros]).exits(3);
}
