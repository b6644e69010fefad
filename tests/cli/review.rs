//! The plan that is read in a pull request: formats, files, failing runs, and a saved plan shown again.

use std::fs;

use serde_json::{Value as Json, json};

use crate::support::{Run, Sandbox, manifest, rcsync, write};

/// A sandbox with one record to update and one to delete, and the manifest that also creates one.
fn changes() -> (Sandbox, String) {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let text = manifest(3)
        .replacen("channel: \"#general\"", "channel: \"#ops\"", 1)
        .replacen(
            "    name: Hook 1\n",
            "    name: Hook 1\n    state: absent\n",
            1,
        );
    let path = sandbox.file("a.yaml", &text);
    (sandbox, path)
}

fn follows_the_schema(report: &str) -> Json {
    let schema = fs::read_to_string("schema/plan.schema.json").unwrap();
    let schema: Json = serde_json::from_str(&schema).unwrap();
    let report: Json = serde_json::from_str(report).unwrap();
    jsonschema::validate(&schema, &report).unwrap_or_else(|error| panic!("{error}: {report:#}"));
    report
}

#[test]
fn a_saved_plan_is_shown_again_as_it_was_printed() {
    let (sandbox, path) = changes();
    let saved = sandbox.file("plan.json", "an older one");
    let wanted = [saved.as_str()];
    for format in ["text", "markdown", "json", "github"] {
        let mut args = vec!["plan", &path, "--format", format, "--out"];
        args.extend(wanted);
        let printed = sandbox.run(&args).exits(0).out;
        let shown = Run::of(&mut rcsync(&["show", &saved, "--format", format])).exits(0);
        assert_eq!(shown.out, printed);
        assert_eq!(shown.err, "");
        assert!(printed.contains("Hook 2"), "{printed}");
    }
    let report = follows_the_schema(&fs::read_to_string(&saved).unwrap());
    assert_eq!(report["formatVersion"], 3);
    assert_eq!(report["counts"]["delete"], 1);
    // From standard input, for people.
    let mut command = rcsync(&["show", "-", "--budget", "github"]);
    let run = Run::of(command.stdin(fs::File::open(&saved).unwrap())).exits(0);
    assert!(
        run.out.contains("Plan: 1 to create, 1 to update"),
        "{}",
        run.out
    );
}

#[test]
fn every_file_is_written_in_the_format_of_its_ending() {
    let (sandbox, path) = changes();
    let outs = ["a.txt", "a.md", "a.json"].map(|name| sandbox.folder.path().join("out").join(name));
    let mut command = sandbox.rcsync(&["apply", "--dry-run", "--color=always", &path]);
    for out in &outs {
        command.arg("--out").arg(out);
    }
    let run = Run::of(&mut command).exits(0);
    let [text, markdown, json] = outs.map(|out| fs::read_to_string(out).unwrap());
    assert!(run.out.contains('\u{1b}') && !text.contains('\u{1b}'));
    assert!(text.starts_with("rcsync plan · "), "{text}");
    let host = sandbox.url.strip_prefix("http://").unwrap();
    let head = format!(
        "<!-- rcsync plan {host} -->\n### rcsync: 1 to create, 1 to update, 1 to delete (1 URL stops working)\n"
    );
    assert!(markdown.starts_with(&head), "{markdown}");
    follows_the_schema(&json);
    assert_eq!(sandbox.records().len(), 2);
}

#[test]
fn what_the_flags_cannot_mean_is_told_before_any_request() {
    let (sandbox, path) = changes();
    let before = sandbox.requests().len();
    for (flags, words) in [
        (&["--out", "plan.yaml"][..], "`.txt`, `.md` or `.json`"),
        (&["--out", "plan"], "`.txt`, `.md` or `.json`"),
        (&["--budget", "10"], "from 2000 on"),
        (&["--format", "html"], "markdown"),
    ] {
        let mut args = vec!["plan", path.as_str()];
        args.extend(flags);
        let run = sandbox.run(&args).exits(3);
        assert!(run.err.contains(words), "{}", run.err);
    }
    let run = sandbox
        .run(&["apply", "--yes", &path, "--format", "json"])
        .exits(3);
    assert!(run.err.contains("--dry-run"), "{}", run.err);
    assert_eq!(sandbox.requests().len(), before);
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let (sandbox, path) = changes();
    let folder = sandbox.folder.path().to_str().unwrap().to_owned();
    let out = format!("{folder}/a.yaml/plan.md");
    let run = sandbox.run(&["plan", &path, "--out", &out]).exits(1);
    assert!(run.err.contains("cannot be written"), "{}", run.err);
}

#[test]
fn a_failing_run_is_told_in_every_format() {
    let sandbox = Sandbox::inventive();
    let sound = sandbox.file("a.yaml", &manifest(1));
    let unsound = sandbox.file("b.yaml", "integrations:\n  - type: webhook-incomming\n");
    let saved = sandbox.file("plan.json", "an older one");
    let comment = sandbox.file("plan.md", "an older one");
    for (path, url, code) in [
        (&sound, "http://127.0.0.1:1", 7),
        (&unsound, sandbox.url.as_str(), 3),
        (&sound, "http://user:canary@chat.example.org", 3),
        (&sound, "", 3),
    ] {
        let run = |format: &str| {
            let args = [
                "plan", path, "--format", format, "--out", &saved, "--out", &comment,
            ];
            Run::of(sandbox.rcsync(&args).env("RCSYNC_URL", url)).exits(code)
        };
        let printed = run("json").out;
        let report = follows_the_schema(&printed);
        assert_eq!(report["failure"]["exitCode"], code);
        assert_eq!(fs::read_to_string(&saved).unwrap(), printed);
        assert!(!printed.contains("canary"), "{printed}");
        let problems = report["failure"]["problems"].as_array().map_or(0, Vec::len);
        assert_eq!(problems > 0, path == &unsound, "{printed}");

        // People read standard error; what a file gets is shown again from the saved plan.
        let run_text = run("text");
        assert_eq!(run_text.out, "");
        assert!(!run_text.err.is_empty());
        for format in ["markdown", "github"] {
            let printed = run(format).out;
            let shown = Run::of(&mut rcsync(&["show", &saved, "--format", format])).exits(0);
            assert_eq!(shown.out, printed);
        }
        let comment = fs::read_to_string(&comment).unwrap();
        assert!(comment.starts_with("<!-- rcsync plan"), "{comment}");
        assert!(
            comment.contains(&format!("no plan, exit code {code}")),
            "{comment}"
        );
        let text = Run::of(&mut rcsync(&["show", &saved])).exits(0).out;
        assert!(
            text.ends_with(&format!("No plan: exit code {code}.\n")),
            "{text}"
        );
    }
}

#[test]
fn the_comment_of_a_failing_run_has_the_marker_of_the_plans_before_it() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    let marker = |run: Run| run.out.lines().next().unwrap().to_owned();
    let args = ["plan", &path, "--format", "markdown"];
    let sound = marker(sandbox.run(&args).exits(0));
    sandbox.fault(&json!({ "path": "info", "effect": { "kind": "page" }, "times": 20 }));
    assert_eq!(marker(sandbox.run(&args).exits(7)), sound);
    sandbox.file("a.yaml", "integrations: 1\n");
    assert_eq!(marker(sandbox.run(&args).exits(3)), sound);
}

#[test]
fn what_is_no_saved_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, path) = changes();
    let plan = sandbox
        .run(&["plan", &path, "--format", "json"])
        .exits(0)
        .out;
    for (text, words) in [
        (
            plan.replace("\"formatVersion\": 3", "\"formatVersion\": 4"),
            "format version 4",
        ),
        (plan[..plan.len() / 2].to_owned(), "ends early"),
        (
            plan.replace("\"changes\"", "\"changed\""),
            "something is missing",
        ),
        ("canary".to_owned(), "not JSON"),
        ("{}".to_owned(), "something is missing"),
    ] {
        let file = write(folder.path(), "plan.json", &text);
        let run = Run::of(&mut rcsync(&["show", &file])).exits(3);
        assert!(
            run.err.contains(words) && !run.err.contains("canary"),
            "{}",
            run.err
        );
        assert_eq!(run.out, "");
    }
    Run::of(&mut rcsync(&["show", "no-such.json"])).exits(3);
}

#[test]
fn annotations_stand_beside_the_entries_as_they_are_named() {
    let (sandbox, path) = changes();
    let run = sandbox.run(&["plan", &path, "--format", "github"]).exits(0);
    let lines: Vec<_> = run.out.lines().collect();
    assert!(
        lines[0].starts_with("::notice title=rcsync plan::Plan: 1 to create"),
        "{}",
        lines[0]
    );
    assert_eq!(lines.len(), 4);
    assert!(
        run.out.contains(&format!(
            "::notice file={path},line=2,col=5,title=update incoming Hook 0::channel: - #general, + #ops\n"
        )),
        "{}",
        run.out
    );

    let unsound = sandbox.file("b.yaml", "integrations:\n  - type: webhook-incomming\n");
    let run = sandbox
        .run(&["validate", &unsound, "--format", "github"])
        .exits(3);
    assert!(
        run.out
            .starts_with(&format!("::error file={unsound},line=2,col=")),
        "{}",
        run.out
    );
    assert!(run.out.contains("%0Adid you mean"), "{}", run.out);
}
