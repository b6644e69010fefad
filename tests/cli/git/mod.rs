//! `--base` and the program git: which repository is read, and that nothing which a change brings is run for it.

mod configured;
mod program;
mod repository;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::drift::{commit, git, hooks, put};

/// Where programs leave a trace when they are run.
pub(super) struct Canary {
    folder: TempDir,
}

impl Canary {
    pub(super) fn new() -> Self {
        let canary = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let text = format!("#!/bin/sh\n: > {}\n", canary.path("fired").display());
        program(&canary.path("program"), &text);
        fs::create_dir(canary.path("hooks")).unwrap();
        for hook in [
            "post-checkout",
            "post-index-change",
            "reference-transaction",
        ] {
            symlink(canary.path("program"), canary.path("hooks").join(hook)).unwrap();
        }
        let more = format!("[core]\nfsmonitor = {}\n", canary.path("program").display());
        fs::write(canary.path("more"), more).unwrap();
        canary
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Whether it was run since this was asked last.
    pub(super) fn has_fired(&self) -> bool {
        fs::remove_file(self.path("fired")).is_ok()
    }
}

pub(super) fn program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A shell, with git as anybody has it.
pub(super) fn shell(folder: &Path, lines: &str) -> String {
    let run = Command::new("sh")
        .args(["-c", lines])
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Dana")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "dana@example.org")))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (run.stdout.as_slice(), run.stderr.as_slice());
    String::from_utf8_lossy(&[out, err].concat())
        .trim()
        .to_owned()
}

/// A repository with two commits of a manifest, a branch `side` that conflicts, and a submodule's place.
pub(super) fn repository(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    git(folder, &["init", "--quiet", "--template="]);
    put(folder, "chat/a.yaml", &hooks(&[("A", "")]));
    put(
        folder,
        ".gitmodules",
        "[submodule \"chat/sub\"]\npath = chat/sub\nurl = .\n",
    );
    commit(folder);
    let submodule = format!("160000,{},chat/sub", shell(folder, "git rev-parse HEAD"));
    fs::create_dir(folder.join("chat/sub")).unwrap();
    git(
        folder,
        &["update-index", "--add", "--cacheinfo", &submodule],
    );
    commit(folder);
    let change = |alias: &str| {
        let alias = format!("    alias: {alias}\n");
        put(folder, "chat/a.yaml", &hooks(&[("A", &alias)]));
        commit(folder);
    };
    git(folder, &["checkout", "--quiet", "-b", "side"]);
    change("side");
    git(folder, &["checkout", "--quiet", "main"]);
    change("main");
}

pub(super) fn copy(from: &Path, to: &Path) {
    let run = Command::new("cp").arg("-R").args([from, to]).status();
    assert!(run.unwrap().success());
}
