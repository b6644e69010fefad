//! Which program git is, and with which environment it runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Canary, program, repository};
use crate::drift::put;
use crate::support::{Run, Sandbox};

/// A program `git` that is another one.
fn impostor(canary: &Canary, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::copy(canary.path("program"), folder.join("git")).unwrap();
}

/// Where the real one is, and what else `PATH` holds.
fn path_of_git() -> String {
    let path = std::env::var("PATH").unwrap();
    assert!(path.starts_with('/'), "{path}");
    path
}

#[test]
fn git_is_looked_for_where_no_change_can_bring_it() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path();
    repository(&folder.join("checkout"));
    let work = fs::canonicalize(folder.join("checkout")).unwrap();
    let canary = Canary::new();
    for place in ["", "bin", "chat"] {
        impostor(&canary, &work.join(place));
    }
    symlink(work.join("bin"), folder.join("link")).unwrap();
    fs::create_dir(folder.join("linked")).unwrap();
    symlink(work.join("bin/git"), folder.join("linked/git")).unwrap();
    fs::create_dir_all(folder.join("none/git")).unwrap();
    fs::create_dir(folder.join("text")).unwrap();
    fs::write(folder.join("text/git"), "no program").unwrap();
    let (work_text, folder_text) = (work.display(), folder.display());
    let places = [
        String::new(),
        ".".to_owned(),
        "./".to_owned(),
        "bin".to_owned(),
        "../checkout/bin".to_owned(),
        work_text.to_string(),
        format!("{work_text}/bin"),
        format!("{work_text}/chat/../bin"),
        format!("{folder_text}/link"),
        format!("{folder_text}/linked"),
        format!("{folder_text}/none"),
        format!("{folder_text}/text"),
        "/nowhere".to_owned(),
    ];
    let run = |path: &str| {
        let mut command = sandbox.rcsync(&["plan", "chat", "--base", "HEAD"]);
        Run::of(command.current_dir(&work).env("PATH", path))
    };
    for place in places {
        run(&format!("{place}:{}", path_of_git())).exits(0);
        let alone = run(&place).exits(3);
        assert!(
            alone.err.contains("there is no program `git`"),
            "{}",
            alone.err
        );
        assert!(!canary.has_fired(), "{place}");
    }
    // Anywhere else, what stands first is run.
    impostor(&canary, &folder.join("tools"));
    run(&format!("{folder_text}/tools:{}", path_of_git()));
    assert!(canary.has_fired());
}

/// Git in a folder of its own; it takes every repository for somebody else's, and keeps what it is given.
fn watched(folder: &Path) -> String {
    let log = folder.join("log").display().to_string();
    let text = format!(
        "#!/bin/sh\n{{ /usr/bin/env; echo \"ARGS $*\"; }} >> {log}\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 \
         PATH='{}' exec git \"$@\"\n",
        path_of_git()
    );
    program(&folder.join("tools/git"), &text);
    folder.join("tools").display().to_string()
}

#[test]
fn git_gets_its_own_configuration_and_nothing_else_of_the_environment() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox.folder.path();
    repository(&folder.join("checkout"));
    let work = fs::canonicalize(folder.join("checkout")).unwrap();
    let tools = watched(folder);
    let trusting = "[safe]\ndirectory = *\n";
    for place in ["home/.gitconfig", "xdg/git/config", "global"] {
        put(folder, place, trusting);
        put(&work, place, trusting);
    }
    let outside = |name: &str| folder.join(name).display().to_string();
    let inside = |name: &str| work.join(name).display().to_string();
    let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    let one = |name: &str, value: String| pairs(&[(name, &value)]);
    let counted = [
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
    ];
    let rows = [
        // The user's own.
        (one("HOME", outside("home")), true),
        (one("XDG_CONFIG_HOME", outside("xdg")), true),
        (one("GIT_CONFIG_GLOBAL", outside("global")), true),
        (one("GIT_CONFIG_SYSTEM", outside("global")), true),
        (pairs(&counted), true),
        // None, or what the repository holds.
        (pairs(&[]), false),
        (one("HOME", inside("home")), false),
        (one("HOME", "home".to_owned()), false),
        (one("HOME", ".".to_owned()), false),
        (one("XDG_CONFIG_HOME", inside("xdg")), false),
        (one("XDG_CONFIG_HOME", "xdg".to_owned()), false),
        (one("GIT_CONFIG_GLOBAL", inside("global")), false),
        (one("GIT_CONFIG_GLOBAL", "global".to_owned()), false),
        (one("GIT_CONFIG_SYSTEM", inside("global")), false),
    ];
    for (variables, is_trusted) in rows {
        let mut command = sandbox.rcsync(&["plan", "chat", "--base", "HEAD"]);
        command.current_dir(&work);
        for name in ["HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL"] {
            command.env_remove(name);
        }
        command
            .env("PATH", &tools)
            .env("RCSYNC_SECRET_canary", "canary")
            .env("GIT_DIR", "canary")
            .env("GIT_OBJECT_DIRECTORY", "canary")
            .env("SSH_ASKPASS", "canary")
            .envs(variables.clone());
        let run = Run::of(&mut command).exits(if is_trusted { 0 } else { 3 });
        assert_eq!(
            run.err.contains("dubious ownership"),
            !is_trusted,
            "{variables:?}: {}",
            run.err
        );
        assert_eq!(
            run.err.contains("git config --global --add safe.directory"),
            !is_trusted
        );
    }
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert!(!log.contains("canary"), "{log}");
    for line in log.lines().filter(|line| !line.starts_with("ARGS ")) {
        let name = line.split('=').next().unwrap();
        let expected = [
            "PATH",
            "HOME",
            "XDG_CONFIG_HOME",
            "LC_ALL",
            "PWD",
            "OLDPWD",
            "_",
            "SHLVL",
        ];
        assert!(
            expected.contains(&name) || name.starts_with("GIT_"),
            "{line}"
        );
    }
    for line in log.lines().filter(|line| line.starts_with("ARGS ")) {
        let start = format!(
            "ARGS --no-pager -C {} -c safe.bareRepository=explicit ",
            work.display()
        );
        assert!(line.starts_with(&start), "{line}");
    }
}
