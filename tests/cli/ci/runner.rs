//! What the templates run on: a repository, a checkout, and other programs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{Run, Sandbox};

/// Plays `docker`: the image holds rcsync.
const DOCKER: &str = r#"#!/bin/sh -eu
case "$1" in
  create) [ "$2" = image@sha256:1 ] && echo container ;;
  cp) [ "$2" = container:/usr/local/bin/rcsync ] && cp "$RCSYNC_BINARY" "$3" ;;
esac
"#;

/// Plays `gh`: keeps what it was asked for, and answers from the store, filters too.
const GH: &str = r#"#!/bin/sh -eu
[ "$GH_TOKEN" = github-token ]
echo "$*" >> "$STORE/gh.log"
runs() {
  while [ $# -gt 0 ]; do
    case "$1 $2" in
      "--raw-field branch="*) branch=${2#*=} ;;
      "--raw-field event="*) event=${2#*=} ;;
      "--raw-field status="*) status=${2#*=} ;;
      "--jq "*) filter=$2 ;;
      *) exit 1 ;;
    esac
    shift 2
  done
  jq --arg branch "$branch" --arg event "$event" --arg status "$status" \
    '{workflow_runs: map(select(.head_branch == $branch and .event == $event and .conclusion == $status))}' \
    "$STORE/runs.json" | jq --raw-output "$filter"
}
case "$*" in
  "api --method GET repos/acme/chat/actions/workflows/snapshot.yml/runs "*) shift 4; runs "$@" ;;
  "run download 42 --name rcsync-state --dir "*) cp -R "$STORE/rcsync-state/." "$7" ;;
  "run download "*) echo "not the snapshot's run: $3"; exit 1 ;;
  "api --paginate repos/acme/chat/issues/7/comments --jq "*) cat "$STORE/comment" ;;
  "api --silent repos/acme/chat/issues/7/comments --field body=@$RUNNER_TEMP/plan.md") echo 99 > "$STORE/comment" ;;
  "api --silent --method PATCH repos/acme/chat/issues/comments/99 --field body=@$RUNNER_TEMP/plan.md") ;;
  *) exit 1 ;;
esac
"#;

/// Plays `curl`: GitLab with its packages and notes. What is uploaded is from a pipeline of the default branch.
const CURL: &str = r#"#!/bin/sh -eu
echo "$*" >> "$STORE/curl.log"
packages=https://gitlab.example.org/api/v4/projects/3/packages
notes=https://gitlab.example.org/api/v4/projects/3/merge_requests/7/notes
upload() {
  cp state.json "$STORE/"
  version=${1#*/rcsync-state/}
  sum=$(sha256sum < state.json | cut -d ' ' -f 1)
  echo '[{"id": 8, "name": "rcsync-state", "version": "'"${version%/*}"'", "pipeline": {"ref": "main"}}]' > "$STORE/packages.json"
  echo '[{"id": 9, "file_name": "state.json", "file_sha256": "'"$sum"'", "pipelines": [{"ref": "main"}]}]' > "$STORE/files.json"
}
case "$*" in
  *"JOB-TOKEN: job-token --upload-file state.json $packages/generic/rcsync-state/"20*.*.*/state.json) upload "$*" ;;
  *"JOB-TOKEN: job-token --output "*" $packages?package_type=generic&package_name=rcsync-state&"*) cp "$STORE/packages.json" "$8" ;;
  *"JOB-TOKEN: job-token --output "*" $packages/8/package_files?"*) cp "$STORE/files.json" "$8" ;;
  *"JOB-TOKEN: job-token --output "*" $packages/generic/rcsync-state/20"*.*.*/state.json) cp "$STORE/state.json" "$8" ;;
  *"PRIVATE-TOKEN: note-token $notes?per_page=100") cat "$STORE/notes.json" ;;
  *"PRIVATE-TOKEN: note-token --request POST --output /dev/null --data-urlencode body@plan.md $notes") ;;
  *"PRIVATE-TOKEN: note-token --request PUT --output /dev/null --data-urlencode body@plan.md $notes/5") ;;
  *) exit 1 ;;
esac
"#;

/// The run of the snapshot's workflow that has it.
const RUNS: &str = r#"[
  {"id": 42, "event": "schedule", "head_branch": "main", "conclusion": "success", "head_repository": {"full_name": "acme/chat"}}
]"#;

/// A server, a repository, and a place for what jobs keep.
pub(super) struct Runner {
    pub(super) sandbox: Sandbox,
    root: TempDir,
}

/// A checkout of the repository, with the environment of a job.
pub(super) struct Checkout {
    pub(super) folder: PathBuf,
    pub(super) env: BTreeMap<String, String>,
}

impl Runner {
    pub(super) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let runner = Self {
            sandbox: Sandbox::inventive(),
            root,
        };
        for (name, text) in [("docker", DOCKER), ("gh", GH), ("curl", CURL)] {
            let path = runner.path(&format!("bin/{name}"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::create_dir(runner.path("store")).unwrap();
        fs::write(runner.path("store/comment"), "").unwrap();
        for (name, text) in [("notes", "[]"), ("packages", "[]"), ("runs", RUNS)] {
            fs::write(runner.path(&format!("store/{name}.json")), text).unwrap();
        }
        manifests(&runner.path("origin/chat"));
        runner.git(&["init", "--quiet", "--initial-branch=main"]);
        runner.commit();
        runner
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(super) fn stored(&self, name: &str) -> String {
        fs::read_to_string(self.path("store").join(name)).unwrap_or_default()
    }

    /// Runs git in the repository.
    pub(super) fn git(&self, args: &[&str]) -> String {
        git(&self.path("origin"), args)
    }

    pub(super) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "a change"]);
    }

    /// A branch that gives the first entry another alias, merged into the main branch as for a pull request, and checked out.
    pub(super) fn pull_request(&self, alias: &str) {
        self.git(&["checkout", "--quiet", "-B", "change", "main"]);
        let path = self.path("origin/chat/quickstart.yaml");
        let text = fs::read_to_string(&path).unwrap();
        let (before, after) = text.split_once("    alias: ").unwrap();
        let (_, after) = after.split_once('\n').unwrap();
        fs::write(&path, format!("{before}    alias: {alias}\n{after}")).unwrap();
        self.commit();
        self.git(&["checkout", "--quiet", "-B", "merge", "main"]);
        self.git(&["merge", "--quiet", "--no-ff", "--no-edit", "change"]);
    }

    /// Adds files to what `pull_request` made.
    pub(super) fn bring(&self, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = self.path("origin").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        self.commit();
    }

    /// Merges what `pull_request` made.
    pub(super) fn merge(&self) {
        self.git(&["checkout", "--quiet", "main"]);
        self.git(&["merge", "--quiet", "--ff-only", "merge"]);
    }

    /// A fresh checkout of what is checked out in the repository, of so many commits; all for none.
    pub(super) fn checkout(&self, depth: Option<&str>) -> Checkout {
        let folder = self.path("work");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        let origin = format!("file://{}", self.path("origin").display());
        let mut args = vec!["clone", "--quiet"];
        let depth = depth.map(|depth| format!("--depth={depth}"));
        args.extend(depth.as_deref());
        let into = folder.display().to_string();
        args.extend([origin.as_str(), &into]);
        git(self.root.path(), &args);
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        let env = [
            ("PATH", path),
            ("STORE", self.path("store").display().to_string()),
            ("RCSYNC_BINARY", env!("CARGO_BIN_EXE_rcsync").to_owned()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
            ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ];
        let env = env
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        Checkout {
            folder,
            env: env.collect(),
        }
    }

    /// Somebody edits the first entry's record by hand.
    pub(super) fn edit(&self, alias: &str) {
        let records = self.sandbox.records();
        let grafana = records.iter().find(|record| record["name"] == "Grafana");
        self.sandbox.act(&serde_json::json!({
            "action": "change-integration", "id": grafana.unwrap()["_id"], "set": { "alias": alias }
        }));
    }

    /// The alias that the first entry's record has.
    pub(super) fn alias(&self) -> String {
        let records = self.sandbox.records();
        let grafana = records.iter().find(|record| record["name"] == "Grafana");
        grafana.unwrap()["alias"].as_str().unwrap().to_owned()
    }
}

impl Checkout {
    /// Runs lines of a shell.
    pub(super) fn shell(&self, lines: &str, more: &BTreeMap<String, String>) -> Run {
        let mut command = Command::new("bash");
        command
            .args(["-e", "-o", "pipefail", "-c", lines])
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.env)
            .envs(more)
            .stdin(Stdio::null());
        Run::of(&mut command)
    }
}

/// The quickstart's manifest and its script.
pub(super) fn manifests(folder: &Path) {
    fs::create_dir_all(folder.join("scripts")).unwrap();
    for name in ["quickstart.yaml", "scripts/grafana.js"] {
        fs::copy(format!("examples/{name}"), folder.join(name)).unwrap();
    }
}

fn git(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=Dana", "-c", "user.email=dana@example.org"])
        .args(["-c", "commit.gpgsign=false"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .stdin(Stdio::null());
    Run::of(&mut command).exits(0).out.trim().to_owned()
}
