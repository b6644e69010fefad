//! What a terminal would obey never reaches it: from the server, a manifest, a file's name, an argument or a variable.

use std::fs;
use std::process::Command;

use serde_json::json;

use super::peer::Peer;
use super::support::{Run, Sandbox, rcsync, write};

/// Sets a title, turns text red, turns its direction, rings, goes back in the line; as a C1 control, too.
const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[31m\u{202e}evil\u{8}\u{7f}\r\u{9b}1m\u{2066}\u{feff}";

/// As a text of YAML, in which the C1 control cannot stand as it is.
fn quoted(text: &str) -> String {
    serde_json::to_string(text)
        .unwrap()
        .replace('\u{9b}', "\\u009b")
        .replace('\u{7f}', "\\u007f")
}

/// Runs it; nothing that a terminal obeys is in either stream.
fn harmless(command: &mut Command) -> Run {
    let run = Run::of(command);
    for (stream, text) in [("stdout", &run.out), ("stderr", &run.err)] {
        let obeyed =
            |c: &char| (c.is_control() && *c != '\n') || EVIL.contains(*c) && !c.is_ascii();
        let found: Vec<_> = text.chars().filter(obeyed).collect();
        assert!(
            found.is_empty(),
            "{command:?}: {stream} has {found:?}\n{text:?}"
        );
    }
    run
}

#[test]
fn names_and_values_of_manifest_and_server_are_written_out() {
    let sandbox = Sandbox::inventive();
    for enabled in [true, false] {
        sandbox.store(&json!({"type": "webhook-incoming", "name": format!("{EVIL}{enabled}"), "enabled": enabled,
            "username": "rocket.cat", "channel": "#general", "alias": EVIL, "scriptEnabled": false,
            "script": format!("// {EVIL}")}));
    }
    let name = quoted(&format!("{EVIL}true"));
    let new = quoted(&format!("{EVIL}new"));
    let alias = quoted(&format!("{EVIL}changed"));
    let script = quoted(&format!("// {}changed\n", EVIL.replace('\r', "")));
    let entry = |name: &str| {
        format!(
            "  - type: webhook-incoming\n    name: {name}\n    username: rocket.cat\n    channel: \"#general\"\n    \
             alias: {alias}\n    scriptEnabled: false\n    script: {script}\n"
        )
    };
    let text = format!("integrations:\n{}{}", entry(&name), entry(&new));
    let file = sandbox.file("chat.yaml", &text);
    for args in [
        &["validate", file.as_str()][..],
        &["plan", &file, "--verbose"],
        &["plan", &file, "--script-diff", "full"],
        &["plan", &file, "--format", "github"],
        &["plan", &file, "--format", "markdown"],
        &["urls"],
        &["urls", &file],
        &["plan", &file, "--format", "json"],
        &["urls", "--format", "json"],
        &["urls", "--format", "env"],
        &["snapshot", &file],
        &["export"],
        &["apply", "--yes", &file, "-vv"],
        &["urls", &file],
    ] {
        let run = harmless(&mut sandbox.rcsync(args));
        let partly = args[0] == "urls" && run.code == 4;
        assert!(run.code == 0 || partly, "{args:?}: {}", run.err);
    }
    assert_eq!(sandbox.records().len(), 3);
}

#[test]
fn problems_and_names_of_files_are_written_out() {
    let sandbox = Sandbox::inventive();
    let folder = sandbox
        .folder
        .path()
        .join(format!("chat{}", EVIL.replace(['\u{feff}'], "")));
    fs::create_dir(&folder).unwrap();
    let bad = format!(
        "integrations:\n  - type: {0}\n    {0}: 1\n    name: \"${{var.x}}\"\n",
        quoted(EVIL)
    );
    let file = write(&folder, "bad.yaml", &bad);
    let good = write(&folder, "good.yaml", &super::support::manifest(1));
    let report = folder.join("report.json").display().to_string();
    let out = folder.join("plan.md").display().to_string();
    let state = format!("--sandbox={}", folder.join("state.jsonl").display());
    harmless(&mut sandbox.rcsync(&["validate", &file])).exits(3);
    harmless(&mut sandbox.rcsync(&["validate", &file, "--format", "github"])).exits(3);
    harmless(&mut sandbox.rcsync(&["plan", &file])).exits(3);
    harmless(&mut sandbox.rcsync(&["plan", &good, "--out", &out])).exits(0);
    harmless(&mut sandbox.rcsync(&["validate", &good])).exits(0);
    harmless(&mut sandbox.rcsync(&["apply", "--yes", &good, "--report", &report])).exits(0);
    harmless(&mut sandbox.rcsync(&["urls", &good, "--out", &out])).exits(0);
    harmless(&mut sandbox.rcsync(&["snapshot", &good, "--out", &report])).exits(0);
    harmless(&mut sandbox.rcsync(&["show", &out])).exits(3);
    harmless(&mut sandbox.rcsync(&["plan", &good, "--state", &report])).exits(0);
    harmless(&mut sandbox.rcsync(&["plan", &good, "--state", &out])).exits(3);
    harmless(&mut sandbox.rcsync(&["plan", &good, "--secret-file", &out])).exits(3);
    harmless(&mut sandbox.rcsync(&["plan", &good, "--base", &report])).exits(3);
    harmless(&mut rcsync(&["apply", &good, &state])).exits(0);
    harmless(&mut rcsync(&["urls", &good, &state])).exits(0);
    let _ = harmless(&mut rcsync(&["init", folder.to_str().unwrap()]));
}

#[test]
fn arguments_and_variables_are_written_out() {
    let sandbox = Sandbox::inventive();
    let file = sandbox.file("chat.yaml", &super::support::manifest(1));
    harmless(&mut rcsync(&[EVIL])).exits(3);
    harmless(&mut rcsync(&["plan", &file, EVIL])).exits(3);
    harmless(&mut rcsync(&["plan", &format!("--{EVIL}")])).exits(3);
    harmless(&mut rcsync(&["plan", &file, "--retries", EVIL])).exits(3);
    harmless(&mut rcsync(&["plan", &file, "--var", EVIL])).exits(3);
    harmless(&mut rcsync(&[
        "plan",
        &file,
        "--only",
        EVIL,
        "--sandbox=x.jsonl",
    ]))
    .exits(3);
    harmless(&mut rcsync(&["plan", &file, "--url", EVIL])).exits(3);
    harmless(&mut rcsync(&[
        "plan",
        &file,
        "--url",
        "https://h",
        "--auth-token-file",
        EVIL,
        "--user-id",
        "u",
    ]))
    .exits(3);
    harmless(&mut rcsync(&[
        "plan",
        &file,
        "--base",
        EVIL,
        "--sandbox=x.jsonl",
    ]))
    .exits(3);
}

#[test]
fn words_of_a_server_are_written_out() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "chat.yaml", &super::support::manifest(1));
    let said =
        json!({"success": false, "error": EVIL, "errorType": EVIL, "message": EVIL}).to_string();
    for status in ["400 Bad", "401 No", "403 No", "404 No", "500 No", "502 No"] {
        for body in [said.clone(), format!("<html>{EVIL}"), format!("{{{EVIL}")] {
            let peer = Peer::answering(move |_| (status, "X-Said: \u{9b}1m\r\n", body.clone()));
            for level in ["-q", "-v", "-vv"] {
                let run = harmless(&mut peer.rcsync(&[
                    "plan",
                    &file,
                    "--retries",
                    "0",
                    "--timeout",
                    "1",
                    level,
                ]));
                assert!([1, 7].contains(&run.code), "{status}: {}", run.err);
            }
        }
    }
}
