//! Every exit code on every command that can have it, and which one wins where several hold.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest, rcsync};

/// What a case begins with.
struct Stage {
    sandbox: Sandbox,
    /// A manifest of two webhooks that are not there.
    new: String,
    /// One whose webhook is as written.
    done: String,
    /// One that is invalid.
    invalid: String,
    /// One whose entry is blocked: two records have its name.
    blocked: String,
    /// The same, and one that is not there.
    mixed: String,
    /// A folder, where a file is needed.
    folder: String,
    /// Where a plan is saved.
    saved: String,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::strict();
        let file = |name: &str, text: &str| sandbox.file(name, text);
        let done = file("done.yaml", &manifest(1).replace("Hook", "Done"));
        for _ in 0..2 {
            sandbox.store(&webhook("Duplicate 0"));
        }
        let duplicates = manifest(1).replace("Hook", "Duplicate");
        let new = manifest(2);
        let mixed = format!(
            "{duplicates}{}",
            new.strip_prefix("integrations:\n").unwrap()
        );
        let stage = Self {
            new: file("new.yaml", &new),
            invalid: file("invalid.yaml", "integrations:\n  - type: x\n"),
            blocked: file("blocked.yaml", &duplicates),
            mixed: file("mixed.yaml", &mixed),
            saved: sandbox
                .folder
                .path()
                .join("plan.json")
                .to_str()
                .unwrap()
                .to_owned(),
            folder: sandbox.folder.path().to_str().unwrap().to_owned(),
            done,
            sandbox,
        };
        stage.sandbox.run(&["apply", "--yes", &stage.done]).exits(0);
        stage
    }

    /// Lets the next requests of this path be answered so.
    fn answers(&self, path: &str, status: u16, error: &str) {
        let body = json!({"success": false, "error": error}).to_string();
        let effect = json!({"kind": "answer", "status": status, "body": body});
        self.sandbox
            .fault(&json!({"path": path, "times": 99, "effect": effect}));
    }

    /// Lets listings not add up.
    fn does_not_add_up(&self) {
        let effect = json!({"kind": "total", "total": 99});
        self.sandbox
            .fault(&json!({"path": "integrations.list", "times": 99, "effect": effect}));
    }
}

/// What somebody runs.
type Line = fn(&Stage) -> Command;

/// A name, the exit code, what happens before, and what is run.
type Case = (&'static str, i32, fn(&Stage), Line);

/// A command line with paths of the stage in it.
macro_rules! line {
    ($stage:ident: $($arg:expr),+) => {
        |$stage| $stage.sandbox.rcsync(&[$($arg),+])
    };
}

/// The same for a server that is not there.
macro_rules! nowhere {
    ($stage:ident: $($arg:expr),+) => {
        |$stage| {
            let mut command = $stage.sandbox.rcsync(&[$($arg),+]);
            command.env("RCSYNC_URL", "http://127.0.0.1:1");
            command
        }
    };
}

/// Where no file can be.
const NOWHERE: &str = "/proc/none/plan.md";

fn nothing(_: &Stage) {}

fn refuses_the_login(stage: &Stage) {
    stage.answers("me", 401, "You must be logged in to do this.");
}

fn refuses_the_login_of_creates(stage: &Stage) {
    stage.answers(
        "integrations.create",
        401,
        "You must be logged in to do this.",
    );
}

fn refuses_lists(stage: &Stage) {
    stage.answers("integrations.list", 403, "unauthorized");
}

fn refuses_creates(stage: &Stage) {
    stage.answers(
        "integrations.create",
        400,
        "Invalid room [error-invalid-room]",
    );
}

/// The login ends after the first create.
fn refuses_the_second_create(stage: &Stage) {
    let body = json!({"status": "error", "message": "You must be logged in to do this."});
    let effect = json!({"kind": "answer", "status": 401, "body": body.to_string()});
    let fault = json!({"path": "integrations.create", "after": 1, "times": 99, "effect": effect});
    stage.sandbox.fault(&fault);
}

/// A plan is saved, and then somebody else makes one of its webhooks.
fn plans_and_changes(stage: &Stage) {
    stage
        .sandbox
        .run(&["plan", &stage.mixed, "--out", &stage.saved])
        .exits(0);
    stage.sandbox.store(&webhook("Hook 0"));
}

fn webhook(name: &str) -> Json {
    json!({"type": "webhook-incoming", "name": name, "enabled": true, "scriptEnabled": false,
        "username": "rocket.cat", "channel": "#general"})
}

const VALIDATE: &[Case] = &[
    ("validate", 0, nothing, line!(s: "validate", &s.new)),
    (
        "validate: a manifest",
        3,
        nothing,
        line!(s: "validate", &s.invalid),
    ),
    ("validate: usage", 3, nothing, line!(s: "validate")),
];

const PLAN: &[Case] = &[
    ("plan", 0, nothing, line!(s: "plan", &s.new)),
    (
        "plan: in sync",
        0,
        nothing,
        line!(s: "plan", &s.done, "--detailed-exitcode"),
    ),
    (
        "plan: a file",
        1,
        nothing,
        line!(s: "plan", &s.new, "--out", NOWHERE),
    ),
    (
        "plan: a listing that is not whole",
        1,
        Stage::does_not_add_up,
        line!(s: "plan", &s.new),
    ),
    (
        "plan: changes",
        2,
        nothing,
        line!(s: "plan", &s.new, "--detailed-exitcode"),
    ),
    (
        "plan: blocked",
        2,
        nothing,
        line!(s: "plan", &s.blocked, "--detailed-exitcode"),
    ),
    ("plan: a manifest", 3, nothing, line!(s: "plan", &s.invalid)),
    (
        "plan: nobody there",
        7,
        nothing,
        nowhere!(s: "plan", &s.new, "--retries", "0"),
    ),
    (
        "plan: no login",
        7,
        refuses_the_login,
        line!(s: "plan", &s.new),
    ),
    (
        "plan: no permission",
        7,
        refuses_lists,
        line!(s: "plan", &s.new),
    ),
];

const APPLY: &[Case] = &[
    ("apply", 0, nothing, line!(s: "apply", "--yes", &s.new)),
    (
        "apply: in sync",
        0,
        nothing,
        line!(s: "apply", "--yes", &s.done),
    ),
    (
        "apply: a listing that is not whole",
        1,
        Stage::does_not_add_up,
        line!(s: "apply", "--yes", &s.new),
    ),
    (
        "apply: a manifest",
        3,
        nothing,
        line!(s: "apply", "--yes", &s.invalid),
    ),
    (
        "apply: all is blocked",
        4,
        nothing,
        line!(s: "apply", "--yes", &s.blocked),
    ),
    (
        "apply: another plan",
        5,
        plans_and_changes,
        line!(s: "apply", "--plan", &s.saved),
    ),
    (
        "apply: a write",
        6,
        refuses_creates,
        line!(s: "apply", "--yes", &s.new),
    ),
    (
        "apply: nobody there",
        7,
        nothing,
        nowhere!(s: "apply", "--yes", &s.new, "--retries", "0"),
    ),
    (
        "apply: no login",
        7,
        refuses_the_login_of_creates,
        line!(s: "apply", "--yes", &s.new, "--concurrency", "1"),
    ),
];

const OTHERS: &[Case] = &[
    ("export", 0, nothing, line!(s: "export")),
    (
        "export: a listing that is not whole",
        1,
        Stage::does_not_add_up,
        line!(s: "export"),
    ),
    (
        "export: a file",
        3,
        nothing,
        line!(s: "export", "--out", &s.new),
    ),
    (
        "export: nobody there",
        7,
        nothing,
        nowhere!(s: "export", "--retries", "0"),
    ),
    (
        "snapshot: a listing that is not whole",
        1,
        Stage::does_not_add_up,
        line!(s: "snapshot", &s.new),
    ),
    (
        "snapshot: a manifest",
        3,
        nothing,
        line!(s: "snapshot", &s.invalid),
    ),
    (
        "snapshot: nobody there",
        7,
        nothing,
        nowhere!(s: "snapshot", &s.new, "--retries", "0"),
    ),
    ("urls", 0, nothing, line!(s: "urls", &s.done)),
    ("urls: a manifest", 3, nothing, line!(s: "urls", &s.invalid)),
    ("urls: no record", 4, nothing, line!(s: "urls", &s.new)),
    (
        "urls: nobody there",
        7,
        nothing,
        nowhere!(s: "urls", &s.new, "--retries", "0"),
    ),
    ("show: no file", 3, nothing, line!(s: "show", "none.json")),
    ("schema", 0, nothing, line!(s: "schema", "report")),
    ("schema: usage", 3, nothing, line!(s: "schema", "nothing")),
    (
        "sandbox: a fixture",
        3,
        nothing,
        line!(s: "sandbox", "--fixture", "none.json"),
    ),
];

/// 130/143 before all of these is for a test of its own.
const PRECEDENCE: &[Case] = &[
    (
        "6 before 7: a write was tried",
        6,
        refuses_the_second_create,
        line!(s: "apply", "--yes", &s.new, "--concurrency", "1"),
    ),
    (
        "6 before 4: the rest is blocked",
        6,
        refuses_creates,
        line!(s: "apply", "--yes", &s.mixed),
    ),
    (
        "6 before 4: the rest is done",
        6,
        nothing,
        line!(s: "apply", "--yes", &s.mixed),
    ),
    (
        "7 before 5",
        7,
        |s| {
            plans_and_changes(s);
            refuses_the_login(s);
        },
        line!(s: "apply", "--plan", &s.saved),
    ),
    (
        "7 before 4",
        7,
        refuses_the_login_of_creates,
        line!(s: "apply", "--yes", &s.mixed, "--concurrency", "1"),
    ),
    (
        "7 before 1",
        7,
        refuses_the_login,
        line!(s: "plan", &s.new, "--out", NOWHERE),
    ),
    // An invalid manifest sends no request.
    (
        "3 before it could be 7",
        3,
        nothing,
        nowhere!(s: "plan", &s.invalid),
    ),
    (
        "3 before 5",
        3,
        plans_and_changes,
        line!(s: "apply", "--plan", &s.saved, &s.invalid),
    ),
    (
        "3 before 4: a report that is a folder",
        3,
        nothing,
        line!(s: "apply", "--yes", &s.blocked, "--report", &s.folder),
    ),
    (
        "3 before 1",
        3,
        nothing,
        line!(s: "plan", &s.invalid, "--out", NOWHERE),
    ),
    (
        "5 before 4: one is blocked",
        5,
        plans_and_changes,
        line!(s: "apply", "--plan", &s.saved, &s.mixed),
    ),
    (
        "1 before 2",
        1,
        nothing,
        line!(s: "plan", &s.new, "--detailed-exitcode", "--out", NOWHERE),
    ),
];

/// Plays each case in a world of its own.
fn hold(cases: &[Case]) {
    for (name, code, prepare, line) in cases {
        let stage = Stage::new();
        prepare(&stage);
        let run = Run::of(&mut line(&stage));
        assert_eq!(run.code, *code, "{name}\n{}\n{}", run.out, run.err);
    }
}

#[test]
fn the_exit_codes_of_validate_and_plan() {
    hold(VALIDATE);
    hold(PLAN);
}

#[test]
fn the_exit_codes_of_apply() {
    hold(APPLY);
}

#[test]
fn the_exit_codes_of_the_other_commands() {
    hold(OTHERS);
}

#[test]
fn where_several_hold_the_first_of_the_list_wins() {
    hold(PRECEDENCE);
}

#[test]
fn an_interruption_wins_over_everything() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        // One write fails, one entry is blocked, and one write is on its way.
        let stage = Stage::new();
        let text = manifest(3).replacen("#general", "#pagr", 1);
        let duplicates = manifest(1).replace("Hook", "Duplicate");
        let text = format!(
            "{duplicates}{}",
            text.strip_prefix("integrations:\n").unwrap()
        );
        let path = stage.sandbox.file("all.yaml", &text);
        let effect = json!({"kind": "delay", "millis": 1_500});
        stage.sandbox.fault(
            &json!({"path": "integrations.create", "after": 1, "times": 99, "effect": effect}),
        );
        let before = stage.sandbox.creates();
        let mut command = stage.sandbox.rcsync(&[
            "apply",
            "--yes",
            &path,
            "--concurrency",
            "1",
            "--preflight=off",
        ]);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while stage.sandbox.creates() < before + 2 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let pid = child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &pid])
                .status()
                .unwrap()
                .success()
        );
        let run = Run::from(child.wait_with_output().unwrap()).exits(code);
        assert!(
            run.out
                .contains("Applied in part: 1 created, 1 failed, 1 blocked, 1 not begun."),
            "{}",
            run.out
        );
    }
}

#[test]
fn a_sandbox_that_is_stopped_has_done_what_it_should() {
    for signal in ["TERM", "INT"].repeat(5) {
        let mut command = rcsync(&["sandbox", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        // It waits for the word, so that the signal comes as soon as the sandbox has said anything.
        let kill = format!("read word && kill -s {signal} {}", child.id());
        let mut shell = Command::new("sh");
        let mut killer = shell
            .args(["-c", &kill])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut [0]).unwrap();
        killer.stdin.take().unwrap().write_all(b"now\n").unwrap();
        assert!(killer.wait().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
    }
}
