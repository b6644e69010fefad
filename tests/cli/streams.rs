//! Standard output and files that cannot be written, and a reader that goes away.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::pages::names;
use super::support::{Run, Sandbox, manifest};

/// What is told where standard output cannot be written.
const TOLD: &str = "error: standard output cannot be written: ";

/// Each command in each format: its arguments, and the exit code where its output is read. `NEW`, `DONE`, `INVALID` and
/// `SAVED` are files of [`Stage`].
const PRINTING: &[(&str, i32)] = &[
    ("validate DONE", 0),
    ("validate DONE --format json", 0),
    ("validate INVALID --format json", 3),
    ("validate INVALID --format github", 3),
    ("plan NEW", 0),
    ("plan NEW --format markdown", 0),
    ("plan NEW --format json", 0),
    ("plan NEW --format github", 0),
    ("plan NEW --detailed-exitcode", 2),
    ("plan INVALID --format json", 3),
    ("diff NEW", 0),
    ("apply NEW --dry-run", 0),
    ("apply NEW --dry-run --format json", 0),
    ("apply DONE --yes", 0),
    ("show SAVED", 0),
    ("show SAVED --format markdown", 0),
    ("show SAVED --format json", 0),
    ("show SAVED --format github", 0),
    ("export", 0),
    ("export --match DONE", 0),
    ("snapshot DONE", 0),
    ("urls", 0),
    ("urls DONE --format json", 0),
    ("urls DONE --format env", 0),
    ("schema", 0),
    ("schema plan", 0),
    ("doctor", 0),
    ("doctor --format json", 0),
    ("completions bash", 0),
    ("completions zsh", 0),
    ("man", 0),
    ("man plan", 0),
    ("help", 0),
    ("help plan", 0),
    ("plan --help", 0),
    ("--help", 0),
    ("--version", 0),
];

/// The commands that print in a way of their own, or nothing; each has a test below.
const OTHERS: [&str; 2] = ["init", "sandbox"];

/// A server with one of two webhooks, and files about it.
struct Stage {
    sandbox: Sandbox,
    new: String,
}

impl Stage {
    fn new() -> Self {
        let sandbox = Sandbox::strict();
        let new = sandbox.file("new.yaml", &manifest(2));
        let done = sandbox.file("done.yaml", &manifest(1));
        sandbox.file("invalid.yaml", "integrations:\n  - type: x\n");
        sandbox.run(&["apply", &done, "--yes"]).exits(0);
        let stage = Self { sandbox, new };
        stage
            .sandbox
            .run(&["plan", &stage.new, "--out", &stage.path("saved.json")])
            .exits(0);
        stage
    }

    fn path(&self, name: &str) -> String {
        self.sandbox.folder.path().join(name).display().to_string()
    }

    /// A run with the files of this stage for their names, which ends within a minute.
    fn command(&self, line: &str) -> Command {
        self.script("exec \"$@\"", line)
    }

    /// The same as the arguments of a script of bash.
    fn script(&self, script: &str, line: &str) -> Command {
        let mut command = self.sandbox.program("timeout");
        command.args(["60", "bash", "-c", script, "bash"]);
        command.arg(env!("CARGO_BIN_EXE_rcsync"));
        command.args(line.split(' ').map(|word| match word {
            "NEW" => self.new.clone(),
            "DONE" => self.path("done.yaml"),
            "INVALID" => self.path("invalid.yaml"),
            "SAVED" => self.path("saved.json"),
            word => word.to_owned(),
        }));
        command
    }

    /// What there is on the server and in the folder.
    fn state(&self) -> (Vec<Json>, BTreeSet<(String, String)>) {
        let files = fs::read_dir(self.sandbox.folder.path()).unwrap();
        let files = files.map(|file| {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap_or_default();
            (path.display().to_string(), text)
        });
        (self.sandbox.records(), files.collect())
    }
}

/// A pipe that nobody reads.
fn closed_pipe() -> Stdio {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    let device = OpenOptions::new().write(true).open("/dev/full");
    device.unwrap().into()
}

/// The first that holds: 7, 3, 5, 4, 1, 2, 0.
fn with_an_error(code: i32) -> i32 {
    if code > 2 { code } else { 1 }
}

#[test]
fn every_command_is_in_the_table() {
    let table = PRINTING.iter().map(|(line, _)| *line);
    let table = table.chain(OTHERS).map(|line| line.split(' ').next());
    let table: BTreeSet<_> = table.flatten().map(str::to_owned).collect();
    let missing: Vec<_> = names().difference(&table).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let stage = Stage::new();
    let before = stage.state();
    for (line, code) in PRINTING {
        let run = Run::of(&mut stage.command(line)).exits(*code);
        assert!(!run.out.is_empty() && !run.err.contains(TOLD), "{line}");
        let read_only = File::open("/dev/null").unwrap().into();
        for (stdout, why) in [(full(), "No space left"), (read_only, "Bad file")] {
            let run = Run::of(stage.command(line).stdout(stdout));
            let run = run.exits(with_an_error(*code));
            assert_eq!(run.err.matches(TOLD).count(), 1, "{line}: {}", run.err);
            assert!(run.err.contains(why), "{line}: {}", run.err);
        }
    }
    assert_eq!(stage.state(), before);
}

#[test]
fn a_reader_that_goes_away_is_not_an_error() {
    let stage = Stage::new();
    for (line, code) in PRINTING {
        let run = Run::of(stage.command(line).stdout(closed_pipe())).exits(*code);
        assert!(!run.err.contains("written"), "{line}: {}", run.err);
    }
    // The run goes on: the reader of `rcsync apply … | head -1` has seen enough, and the server has not.
    let run = Run::of(stage.command("apply NEW --yes").stdout(closed_pipe())).exits(0);
    assert_eq!(run.err, "");
    assert_eq!(stage.sandbox.records().len(), 2);
}

#[test]
fn a_sandbox_that_cannot_say_where_it_is_ends() {
    let stage = Stage::new();
    let sandbox = "sandbox --listen 127.0.0.1:0";
    let run = Run::of(stage.command(sandbox).stdout(full())).exits(1);
    assert!(run.err.contains(TOLD), "{}", run.err);
    let run = Run::of(stage.command(sandbox).stdout(closed_pipe())).exits(0);
    assert_eq!(run.err, "");
}

#[test]
fn what_prints_nothing_needs_no_standard_output() {
    let stage = Stage::new();
    for line in [
        format!("init {}", stage.path("chat")),
        format!("man --out {}", stage.path("man")),
        format!("urls DONE --out {}", stage.path("urls.txt")),
    ] {
        Run::of(stage.command(&line).stdout(full())).exits(0);
    }
}

#[test]
fn an_apply_whose_plan_cannot_be_shown_does_not_begin() {
    let stage = Stage::new();
    let report = stage.path("report.json");
    for apply in ["apply NEW --yes", "apply --plan SAVED"] {
        let line = format!("{apply} --report {report}");
        let run = Run::of(stage.command(&line).stdout(full())).exits(1);
        assert!(run.err.contains("Nothing was changed."), "{}", run.err);
        let report: Json = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(
            (&report["exitCode"], &report["counts"]["done"]),
            (&json!(1), &json!(0))
        );
    }
    assert_eq!(stage.sandbox.records().len(), 1);
}

/// The plan fits into what is left of a disk, and what was done does not.
#[test]
fn what_an_apply_did_is_known_although_it_cannot_be_printed() {
    for (room, code, records, told) in [
        ("#general", 1, 2, "Applied: 2 created."),
        ("#pagr", 6, 1, "Applied in part: 1 created, 1 failed."),
    ] {
        let sandbox = Sandbox::strict();
        let new = sandbox.file("new.yaml", &manifest(2).replacen("#general", room, 1));
        let stage = Stage { sandbox, new };
        let plan = Run::of(&mut stage.command("apply NEW --preflight=off --dry-run")).exits(0);
        let (log, report) = (stage.path("log"), stage.path("report.json"));
        fs::write(&log, "x".repeat((64 << 10) - plan.out.len() - 20)).unwrap();
        let script = format!("trap '' XFSZ; ulimit -f 64; exec \"$@\" >> '{log}'");
        let line = format!("apply NEW --preflight=off --yes --report {report}");
        let run = Run::of(&mut stage.script(&script, &line)).exits(code);
        assert!(
            run.err.contains(TOLD) && run.err.contains(told),
            "{}",
            run.err
        );
        let log = fs::read_to_string(&log).unwrap();
        assert!(log.contains(&plan.out) && !log.contains(told), "{log}");
        let report: Json = serde_json::from_str(&fs::read_to_string(&report).unwrap()).unwrap();
        assert_eq!(report["exitCode"], code);
        assert_eq!(stage.sandbox.records().len(), records);
    }
}

#[test]
fn a_file_on_a_full_disk_is_an_error_and_leaves_what_was_there() {
    let stage = Stage::new();
    for name in ["out.json", "out.md", "out.txt", "out.yaml", "secrets.yaml"] {
        stage.sandbox.file(name, "old");
    }
    let (json, folder) = (stage.path("out.json"), stage.path("folder"));
    let before = stage.state();
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    for line in [
        format!("plan NEW --out {} --out {json}", stage.path("out.md")),
        format!("apply NEW --yes --out {json}"),
        format!("apply DONE --yes --report {json}"),
        format!("show SAVED --out {}", stage.path("out.txt")),
        format!("snapshot DONE --out {json}"),
        format!("urls DONE --out {}", stage.path("out.txt")),
        format!("export --force --out {}", stage.path("out.yaml")),
        format!(
            "export --force --secrets-file {}",
            stage.path("secrets.yaml")
        ),
        format!("man --out {}", stage.path(".")),
        format!("init {folder}"),
    ] {
        let run = Run::of(&mut stage.script(script, &line)).exits(1);
        assert!(
            run.err.contains("cannot be written: "),
            "{line}: {}",
            run.err
        );
        // `init` makes the folder first.
        let _ = fs::remove_dir(&folder);
        assert_eq!(stage.state(), before, "{line}");
    }
}

#[test]
fn a_standard_error_that_cannot_be_written_changes_nothing() {
    let stage = Stage::new();
    Run::of(stage.command("plan NEW -vv").stderr(full())).exits(0);
    Run::of(stage.command("plan INVALID").stderr(full())).exits(3);
    Run::of(stage.command("plann").stderr(full())).exits(3);
    let mut both = stage.command("plan NEW -vv");
    Run::of(both.stdout(full()).stderr(full())).exits(1);
}
