//! What a configuration or an attribute can make git run.

use std::fs;
use std::path::Path;

use super::{Canary, copy, repository, shell};
use crate::drift::{git, put};
use crate::support::{Run, Sandbox};

/// A program that git's configuration can name, and how plain git is brought to run it.
struct Row {
    /// Which part of the configuration.
    name: &'static str,
    /// Lines of the configuration file. `CANARY` is the program, `HOOKS` a folder in which every hook is it.
    config: &'static str,
    /// The attribute that all manifests have.
    attribute: &'static str,
    /// Whether a manifest's content is not there, so that git would fetch it.
    lost: bool,
    /// What a shell is reported, in the folder; empty where the comment says why not.
    live: &'static str,
}

impl Row {
    fn config(&self, canary: &Canary) -> String {
        let path = |name| canary.path(name).display().to_string();
        let config = self.config.replace("CANARY", &path("program"));
        config.replace("HOOKS", &path("hooks"))
    }
}

const ROW: Row = Row {
    name: "",
    config: "",
    attribute: "",
    lost: false,
    live: "",
};

/// Reads a manifest's content, as `--base` does.
const CONTENT: &str = "git cat-file -p HEAD:chat/a.yaml";

const ROWS: &[Row] = &[
    Row {
        name: "core.fsmonitor",
        config: "[core]\nfsmonitor = CANARY",
        live: "git status",
        ..ROW
    },
    Row {
        name: "core.hooksPath",
        config: "[core]\nhooksPath = HOOKS",
        live: "git update-ref refs/heads/new HEAD",
        ..ROW
    },
    // In both folders every hook is there.
    Row {
        name: "hooks",
        live: "git update-ref refs/heads/new HEAD",
        ..ROW
    },
    Row {
        name: "hook.NAME.command",
        config: "[hook \"x\"]\ncommand = CANARY\nevent = reference-transaction",
        // Since git 2.54.
        live: "",
        ..ROW
    },
    Row {
        name: "filter.NAME.clean",
        config: "[filter \"x\"]\nclean = CANARY",
        attribute: "filter=x",
        live: "git hash-object --path=a.yaml --stdin </dev/null",
        ..ROW
    },
    Row {
        name: "filter.NAME.smudge",
        config: "[filter \"x\"]\nsmudge = CANARY",
        attribute: "filter=x",
        live: "git cat-file --filters HEAD:chat/a.yaml",
        ..ROW
    },
    Row {
        name: "filter.NAME.process",
        config: "[filter \"x\"]\nprocess = CANARY\nrequired = true",
        attribute: "filter=x",
        live: "git cat-file --filters HEAD:chat/a.yaml",
        ..ROW
    },
    Row {
        name: "diff.NAME.textconv",
        config: "[diff \"x\"]\ntextconv = CANARY",
        attribute: "diff=x",
        live: "git cat-file --textconv HEAD:chat/a.yaml",
        ..ROW
    },
    Row {
        name: "diff.NAME.command",
        config: "[diff \"x\"]\ncommand = CANARY",
        attribute: "diff=x",
        live: "git diff HEAD~1 HEAD --",
        ..ROW
    },
    Row {
        name: "diff.external",
        config: "[diff]\nexternal = CANARY",
        live: "git diff HEAD~1 HEAD --",
        ..ROW
    },
    Row {
        name: "difftool.NAME.cmd",
        config: "[difftool \"x\"]\ncmd = CANARY",
        live: "git difftool --no-prompt --tool=x HEAD~1 HEAD --",
        ..ROW
    },
    Row {
        name: "merge.NAME.driver",
        config: "[merge \"x\"]\ndriver = CANARY",
        attribute: "merge=x",
        live: "git merge-tree --write-tree refs/heads/main refs/heads/side",
        ..ROW
    },
    Row {
        name: "remote.NAME.uploadpack",
        config: "[extensions]\npartialClone = o\n[remote \"o\"]\npromisor = true\nurl = .\nuploadpack = CANARY",
        lost: true,
        live: CONTENT,
        ..ROW
    },
    Row {
        name: "core.sshCommand",
        config: "[core]\nsshCommand = CANARY\n[extensions]\npartialClone = o\n[remote \"o\"]\npromisor = true\nurl = ssh://x.invalid/x",
        lost: true,
        live: CONTENT,
        ..ROW
    },
    Row {
        name: "core.gitProxy",
        config: "[core]\ngitProxy = CANARY\n[extensions]\npartialClone = o\n[remote \"o\"]\npromisor = true\nurl = git://x.invalid/x",
        lost: true,
        live: CONTENT,
        ..ROW
    },
    Row {
        name: "protocol.ext.allow",
        config: "[protocol \"ext\"]\nallow = always\n[extensions]\npartialClone = o\n[remote \"o\"]\npromisor = true\nurl = ext::CANARY",
        lost: true,
        live: CONTENT,
        ..ROW
    },
    Row {
        name: "url.BASE.insteadOf",
        config: "[url \"ext::CANARY \"]\ninsteadOf = x:\n[protocol \"ext\"]\nallow = always\n[extensions]\npartialClone = o\n[remote \"o\"]\npromisor = true\nurl = x:y",
        lost: true,
        live: CONTENT,
        ..ROW
    },
    Row {
        name: "credential.helper",
        config: "[credential]\nhelper = !CANARY",
        live: "printf 'protocol=https\\nhost=x.invalid\\n\\n' | git credential fill",
        ..ROW
    },
    Row {
        name: "core.askPass",
        config: "[core]\naskPass = CANARY",
        live: "printf 'protocol=https\\nhost=x.invalid\\n\\n' | git credential fill",
        ..ROW
    },
    // What `--base` uses is built in, and is above an alias.
    Row {
        name: "alias",
        config: "[alias]\nrev-parse = !CANARY\nls-tree = !CANARY\ncat-file = !CANARY\nx = !CANARY",
        live: "git x",
        ..ROW
    },
    Row {
        name: "include",
        config: "[include]\npath = HOOKS/../more",
        live: "git status",
        ..ROW
    },
    Row {
        name: "includeIf",
        config: "[includeIf \"gitdir:/**\"]\npath = HOOKS/../more",
        live: "git status",
        ..ROW
    },
    Row {
        name: "extensions.worktreeConfig",
        config: "[extensions]\nworktreeConfig = true",
        // In both folders there is such a file.
        live: "git status",
        ..ROW
    },
    Row {
        name: "submodule.NAME.update",
        config: "[submodule \"chat/sub\"]\nactive = true\nurl = .\nupdate = !CANARY",
        live: "git -c protocol.file.allow=always submodule update",
        ..ROW
    },
    // A pager starts on a terminal alone.
    Row {
        name: "core.pager",
        config: "[core]\npager = CANARY\n[pager]\nrev-parse = CANARY\nls-tree = CANARY\ncat-file = CANARY",
        live: "",
        ..ROW
    },
    Row {
        name: "core.editor",
        config: "[core]\neditor = CANARY",
        live: "git commit --allow-empty",
        ..ROW
    },
    Row {
        name: "sequence.editor",
        config: "[sequence]\neditor = CANARY",
        live: "git reset --quiet --hard && git rebase --interactive refs/heads/side",
        ..ROW
    },
    Row {
        name: "gpg.program",
        config: "[gpg]\nprogram = CANARY\n[commit]\ngpgSign = true\n[user]\nsigningKey = x\n[log]\nshowSignature = true",
        live: "git commit --quiet --allow-empty --message x",
        ..ROW
    },
    Row {
        name: "tar.NAME.command",
        config: "[tar \"x\"]\ncommand = CANARY",
        live: "git archive --format=x HEAD",
        ..ROW
    },
    Row {
        name: "trailer.NAME.command",
        config: "[trailer \"x\"]\nkey = x\ncommand = CANARY",
        live: "git interpret-trailers --trailer x:1 </dev/null",
        ..ROW
    },
];

/// Puts what a row is about into a git folder, and its attribute into the working folder.
fn arm(row: &Row, canary: &Canary, git: &Path, working: &Path) {
    let config = fs::read_to_string(git.join("config")).unwrap();
    let config = config.replace("repositoryformatversion = 0", "repositoryformatversion = 1");
    fs::write(git.join("config"), config + &row.config(canary)).unwrap();
    if row.name == "hooks" {
        let _ = fs::remove_dir_all(git.join("hooks"));
        fs::create_dir(git.join("hooks")).unwrap();
        let name = "hooks/reference-transaction";
        fs::copy(canary.path("program"), git.join(name)).unwrap();
    }
    if row.name == "extensions.worktreeConfig" {
        fs::copy(canary.path("more"), git.join("config.worktree")).unwrap();
    }
    let attribute = format!("*.yaml {}\n", row.attribute);
    put(working, ".gitattributes", &attribute);
    if row.lost {
        let object = shell(
            working,
            "git -C \"$(git rev-parse --show-toplevel)\" rev-parse HEAD:chat/a.yaml",
        );
        let (start, rest) = object.split_at(2);
        fs::remove_file(git.join("objects").join(start).join(rest)).unwrap();
    }
}

/// Plans against the last commit: the program must not be run, and then is by plain git.
fn passes_by(row: &Row, canary: &Canary, sandbox: &Sandbox, folder: &Path, working: &Path) {
    let commit = shell(folder, "git -c core.fsmonitor= rev-parse HEAD");
    canary.has_fired();
    let is_own = folder == working;
    let mut places = vec![(folder.to_owned(), "chat")];
    if !is_own {
        places.push((folder.join("chat"), "."));
    }
    for (at, path) in places {
        let args = ["plan", path, "--base", "HEAD"];
        let run = Run::of(sandbox.rcsync(&args).current_dir(at)).exits(0);
        assert!(!canary.has_fired(), "{} fires", row.name);
        let is_lost = row.lost && is_own;
        assert_eq!(
            run.err.contains("nothing is fetched"),
            is_lost,
            "{}",
            run.err
        );
        let base = format!("base HEAD ({})", &commit[..10]);
        assert!(is_lost || run.out.contains(&base), "{}", run.out);
    }
    let said = shell(working, row.live);
    let fires = canary.has_fired();
    assert_eq!(fires, !row.live.is_empty(), "{} of git: {said}", row.name);
}

#[test]
fn nothing_that_git_is_configured_to_run_is_run() {
    let sandbox = Sandbox::inventive();
    let root = tempfile::tempdir().unwrap();
    let plain = root.path().join("plain");
    repository(&plain);
    for (n, row) in ROWS.iter().enumerate() {
        let canary = Canary::new();
        let own = root.path().join(n.to_string());
        copy(&plain, &own);
        arm(row, &canary, &own.join(".git"), &own);
        passes_by(row, &canary, &sandbox, &own, &own);
    }
}

/// Git takes a folder with the right names in it for a repository; a change can bring them all.
#[test]
fn a_tracked_folder_that_looks_like_a_repository_is_not_one() {
    let sandbox = Sandbox::inventive();
    let root = tempfile::tempdir().unwrap();
    let plain = root.path().join("plain");
    repository(&plain);
    for (n, row) in ROWS.iter().enumerate() {
        let canary = Canary::new();
        let change = root.path().join(format!("change-{n}"));
        copy(&plain, &change);
        let chat = change.join("chat");
        copy(&change.join(".git/."), &chat);
        let config = "[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\n";
        fs::write(chat.join("config"), config).unwrap();
        arm(row, &canary, &chat, &chat);
        git(&change, &["add", "--all", "--force"]);
        git(&change, &["commit", "--quiet", "--message", "a change"]);
        // Nothing but what is tracked.
        let review = root.path().join(format!("review-{n}"));
        let paths = [&change, &review].map(|path| path.to_str().unwrap());
        git(root.path(), &["clone", "--quiet", paths[0], paths[1]]);
        passes_by(row, &canary, &sandbox, &review, &review.join("chat"));
    }
}
