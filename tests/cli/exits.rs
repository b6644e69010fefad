//! Every exit code on every command that can have it, and which one wins where several hold.

use std::process::{Command, Stdio};

use serde_json::json;

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
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::strict();
        let file = |name: &str, text: &str| sandbox.file(name, text);
        let done = file("done.yaml", &manifest(1).replace("Hook", "Done"));
        let twin = json!({"type": "webhook-incoming", "name": "Twin 0", "enabled": true, "scriptEnabled": false,
            "username": "rocket.cat", "channel": "#general"});
        for _ in 0..2 {
            sandbox.store(&twin);
        }
        let twins = manifest(1).replace("Hook", "Twin");
        let new = manifest(2);
        let mixed = format!("{twins}{}", new.strip_prefix("integrations:\n").unwrap());
        let stage = Self {
            new: file("new.yaml", &new),
            invalid: file("invalid.yaml", "integrations:\n  - type: x\n"),
            blocked: file("blocked.yaml", &twins),
            mixed: file("mixed.yaml", &mixed),
            folder: sandbox.folder.path().to_str().unwrap().to_owned(),
            done,
            sandbox,
        };
        stage.sandbox.run(&["apply", &stage.done]).exits(0);
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

/// A command line with paths of the stage in it.
macro_rules! line {
    ($stage:ident: $($arg:expr),+) => {
        |$stage: &Stage| $stage.sandbox.rcsync(&[$($arg),+])
    };
}

fn nowhere(mut command: Command) -> Command {
    command.env("RCSYNC_URL", "http://127.0.0.1:1");
    command
}

#[test]
fn every_command_has_the_exit_codes_that_it_can_have() {
    let cases: &[(&str, i32, fn(&Stage), Line)] = &[
        ("validate", 0, |_| {}, line!(s: "validate", &s.new)),
        (
            "validate: a manifest",
            3,
            |_| {},
            line!(s: "validate", &s.invalid),
        ),
        ("validate: usage", 3, |_| {}, line!(_s: "validate")),
        ("plan", 0, |_| {}, line!(s: "plan", &s.new)),
        (
            "plan: in sync",
            0,
            |_| {},
            line!(s: "plan", &s.done, "--detailed-exitcode"),
        ),
        (
            "plan: changes",
            2,
            |_| {},
            line!(s: "plan", &s.new, "--detailed-exitcode"),
        ),
        (
            "plan: blocked",
            2,
            |_| {},
            line!(s: "plan", &s.blocked, "--detailed-exitcode"),
        ),
        ("plan: a manifest", 3, |_| {}, line!(s: "plan", &s.invalid)),
        (
            "plan: nobody there",
            7,
            |_| {},
            |s| nowhere(s.sandbox.rcsync(&["plan", &s.new, "--retries", "0"])),
        ),
        (
            "plan: no login",
            7,
            |s| s.answers("me", 401, "You must be logged in to do this."),
            line!(s: "plan", &s.new),
        ),
        (
            "plan: no permission",
            7,
            |s| s.answers("integrations.list", 403, "unauthorized"),
            line!(s: "plan", &s.new),
        ),
        (
            "plan: a listing that is not whole",
            1,
            Stage::does_not_add_up,
            line!(s: "plan", &s.new),
        ),
        (
            "plan: a file",
            1,
            |_| {},
            line!(s: "plan", &s.new, "--out", "/proc/none/plan.md"),
        ),
        ("apply", 0, |_| {}, line!(s: "apply", &s.new)),
        ("apply: in sync", 0, |_| {}, line!(s: "apply", &s.done)),
        (
            "apply: a listing that is not whole",
            1,
            Stage::does_not_add_up,
            line!(s: "apply", &s.new),
        ),
        (
            "apply: a manifest",
            3,
            |_| {},
            line!(s: "apply", &s.invalid),
        ),
        (
            "apply: all is blocked",
            4,
            |_| {},
            line!(s: "apply", &s.blocked),
        ),
        (
            "apply: a write",
            6,
            |s| {
                s.answers(
                    "integrations.create",
                    400,
                    "Invalid room [error-invalid-room]",
                )
            },
            line!(s: "apply", &s.new),
        ),
        (
            "apply: nobody there",
            7,
            |_| {},
            |s| nowhere(s.sandbox.rcsync(&["apply", &s.new, "--retries", "0"])),
        ),
        (
            "apply: no login for writes",
            7,
            |s| {
                s.answers(
                    "integrations.create",
                    401,
                    "You must be logged in to do this.",
                )
            },
            line!(s: "apply", &s.new, "--concurrency", "1"),
        ),
        ("export", 0, |_| {}, line!(_s: "export")),
        (
            "export: a file",
            3,
            |_| {},
            line!(s: "export", "--out", &s.new),
        ),
        (
            "export: nobody there",
            7,
            |_| {},
            |s| nowhere(s.sandbox.rcsync(&["export", "--retries", "0"])),
        ),
        (
            "export: a listing that is not whole",
            1,
            Stage::does_not_add_up,
            line!(_s: "export"),
        ),
        ("show: no file", 3, |_| {}, line!(_s: "show", "none.json")),
        ("schema", 0, |_| {}, line!(_s: "schema", "report")),
        ("schema: usage", 3, |_| {}, line!(_s: "schema", "nothing")),
        (
            "sandbox: a fixture",
            3,
            |_| {},
            line!(_s: "sandbox", "--fixture", "none.json"),
        ),
    ];
    for (name, code, prepare, line) in cases {
        let stage = Stage::new();
        prepare(&stage);
        let run = Run::of(&mut line(&stage));
        assert_eq!(run.code, *code, "{name}\n{}\n{}", run.out, run.err);
    }
}

#[test]
fn where_several_hold_the_first_of_the_list_wins() {
    let refuse = |s: &Stage| {
        s.answers(
            "integrations.create",
            400,
            "Invalid room [error-invalid-room]",
        )
    };
    let cases: &[(&str, i32, fn(&Stage), Line)] = &[
        (
            "6 before 4: something failed, the rest is blocked",
            6,
            refuse,
            line!(s: "apply", &s.mixed),
        ),
        (
            "6 before 4: all else is done, and one is blocked",
            6,
            |_| {},
            line!(s: "apply", &s.mixed),
        ),
        (
            "6 before 7: the login ended after the first write",
            6,
            |s| {
                let body =
                    json!({"status": "error", "message": "You must be logged in to do this."})
                        .to_string();
                let effect = json!({"kind": "answer", "status": 401, "body": body});
                s.sandbox.fault(&json!({"path": "integrations.create", "after": 1, "times": 99, "effect": effect}));
            },
            line!(s: "apply", &s.new, "--concurrency", "1"),
        ),
        (
            "7 before 4: no write was tried, and one is blocked",
            7,
            |s| {
                s.answers(
                    "integrations.create",
                    401,
                    "You must be logged in to do this.",
                )
            },
            line!(s: "apply", &s.mixed, "--concurrency", "1"),
        ),
        // An invalid manifest sends no request.
        (
            "3 before it could be 7",
            3,
            |_| {},
            |s| nowhere(s.sandbox.rcsync(&["plan", &s.invalid])),
        ),
        (
            "7 before 1",
            7,
            |s| s.answers("me", 401, "You must be logged in to do this."),
            line!(s: "plan", &s.new, "--out", "/proc/none/plan.md"),
        ),
        (
            "3 before 1",
            3,
            |_| {},
            line!(s: "plan", &s.invalid, "--out", "/proc/none/plan.md"),
        ),
        (
            "1 before 2",
            1,
            |_| {},
            line!(s: "plan", &s.new, "--detailed-exitcode", "--out", "/proc/none/plan.md"),
        ),
        (
            "3 before anything is asked: a report that is a folder",
            3,
            |_| {},
            line!(s: "apply", &s.blocked, "--report", &s.folder),
        ),
    ];
    for (name, code, prepare, line) in cases {
        let stage = Stage::new();
        prepare(&stage);
        let run = Run::of(&mut line(&stage));
        assert_eq!(run.code, *code, "{name}\n{}\n{}", run.out, run.err);
    }
}

#[test]
fn an_interruption_wins_over_everything() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        // One write fails, one entry is blocked, and one write is on its way.
        let stage = Stage::new();
        let text = manifest(3).replacen("#general", "#pagr", 1);
        let twins = manifest(1).replace("Hook", "Twin");
        let text = format!("{twins}{}", text.strip_prefix("integrations:\n").unwrap());
        let path = stage.sandbox.file("all.yaml", &text);
        let effect = json!({"kind": "delay", "millis": 1_500});
        stage.sandbox.fault(
            &json!({"path": "integrations.create", "after": 1, "times": 99, "effect": effect}),
        );
        let before = stage.sandbox.creates();
        let mut command = stage
            .sandbox
            .rcsync(&["apply", &path, "--concurrency", "1"]);
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
    let mut command = rcsync(&["sandbox", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let out = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut out = out;
    std::io::BufRead::read_line(&mut out, &mut line).unwrap();
    let pid = child.id().to_string();
    assert!(Command::new("kill").arg(&pid).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
