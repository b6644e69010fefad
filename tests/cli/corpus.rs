//! The corpus of scripts: that `rcsync validate` takes every style that people write, and what it says about
//! each of many broken ones.
//!
//! The first line of a script says what it is for and, in `scripts/broken/`, every finding with its place:
//! `// incoming: error script-syntax 4:10; warning script-global 7:3`. `vm2` behind the kind names the engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

struct Script {
    path: PathBuf,
    kind: String,
    engine: Option<String>,
    /// `error script-syntax 4:10`, in order.
    expected: Vec<String>,
}

/// The scripts of a folder, by name.
fn scripts(folder: &str) -> Vec<Script> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = fs::read_dir(home.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths.into_iter().map(script).collect()
}

fn script(path: PathBuf) -> Script {
    let text = fs::read_to_string(&path).unwrap();
    let first = text.trim_start_matches('\u{feff}').lines().next().unwrap();
    let head = first.strip_prefix("// ").unwrap();
    let (used, expected) = head.split_once(": ").unwrap_or((head, ""));
    let mut used = used.split(' ').map(str::to_owned);
    let mut expected: Vec<_> = expected
        .split("; ")
        .filter(|finding| !finding.is_empty())
        .map(str::to_owned)
        .collect();
    expected.sort();
    Script {
        path,
        kind: used.next().unwrap(),
        engine: used.next(),
        expected,
    }
}

/// An entry that uses a script.
fn entry(kind: &str, name: &str, rest: &str) -> String {
    let mut entry = format!(
        "  - type: webhook-{kind}\n    name: {name}\n    username: rocket.cat\n    channel: '#ops'\n"
    );
    if kind == "outgoing" {
        entry += "    event: sendMessage\n    urls: [https://example.org]\n";
    }
    entry + rest
}

/// What `validate` finds in a manifest: file, line and column, severity and code.
fn findings(manifest: &Path, engine: Option<&str>) -> Vec<(String, String)> {
    let root = manifest.parent().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rcsync"))
        .args(["validate", "--format", "json"])
        // The last that has another engine; where none is named, the newest.
        .args(
            engine
                .map(|_| ["--server-version", "6.13"])
                .into_iter()
                .flatten(),
        )
        .arg(manifest)
        .current_dir(root)
        .output()
        .unwrap();
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{:?}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    let problems = report["problems"].as_array().unwrap();
    problems
        .iter()
        .map(|problem| {
            let text = |key: &str| problem[key].as_str().unwrap().to_owned();
            let number = |key: &str| problem[key].as_u64().unwrap();
            let (severity, code) = (text("severity"), text("code"));
            let (line, column) = (number("line"), number("column"));
            (text("file"), format!("{severity} {code} {line}:{column}"))
        })
        .collect()
}

/// Checks the scripts of a folder as files, those of an engine with one manifest; what is not as expected.
fn wrong(folder: &str) -> String {
    let (named, newest): (Vec<_>, Vec<_>) = scripts(folder)
        .into_iter()
        .partition(|it| it.engine.is_some());
    [newest, named]
        .iter()
        .map(|scripts| wrong_of(scripts))
        .collect()
}

fn wrong_of(scripts: &[Script]) -> String {
    let work = tempfile::tempdir().unwrap();
    let mut text = "integrations:\n".to_owned();
    for (number, script) in scripts.iter().enumerate() {
        let name = script.path.file_name().unwrap().to_str().unwrap();
        fs::copy(&script.path, work.path().join(name)).unwrap();
        let engine = script.engine.as_ref();
        let engine = engine.map_or_else(String::new, |it| format!("    scriptEngine: {it}\n"));
        let rest = format!("    script: {{ file: {name} }}\n{engine}");
        text += &entry(&script.kind, &format!("n{number}"), &rest);
    }
    let manifest = work.path().join("a.yaml");
    fs::write(&manifest, text).unwrap();
    let engine = scripts.first().and_then(|script| script.engine.as_deref());
    let found = findings(&manifest, engine);
    let mut wrong = String::new();
    for script in scripts {
        let name = script.path.file_name().unwrap().to_str().unwrap();
        let mut mine: Vec<_> = found
            .iter()
            .filter(|(file, _)| Path::new(file).file_name().unwrap() == name)
            .map(|(_, finding)| finding.clone())
            .collect();
        mine.sort();
        if mine != script.expected {
            writeln!(wrong, "{name}: {}", mine.join("; ")).unwrap();
        }
    }
    wrong
}

#[test]
fn no_style_of_script_is_a_false_alarm() {
    assert!(scripts("valid").len() >= 30);
    let wrong = wrong("valid");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_broken_script_is_missed() {
    let broken = scripts("broken");
    assert!(broken.len() >= 30);
    assert!(broken.iter().all(|script| !script.expected.is_empty()));
    let wrong = wrong("broken");
    assert!(wrong.is_empty(), "{wrong}");
}

/// As a block every finding is in the manifest, moved by the block's lines and its indentation.
#[test]
fn a_script_in_a_block_has_the_same_findings_in_the_manifest() {
    let work = tempfile::tempdir().unwrap();
    let manifest = work.path().join("a.yaml");
    let mut wrong = String::new();
    let mut tried = 0;
    for script in scripts("broken").iter().chain(&scripts("valid")) {
        let text = fs::read_to_string(&script.path).unwrap();
        if text.contains(['\r', '\u{feff}']) || text.contains("endless") {
            continue;
        }
        tried += 1;
        let mut rest = "    script: |\n".to_owned();
        for line in text.lines() {
            let indentation = if line.is_empty() { "" } else { "      " };
            writeln!(rest, "{indentation}{line}").unwrap();
        }
        if let Some(engine) = &script.engine {
            writeln!(rest, "    scriptEngine: {engine}").unwrap();
        }
        let whole = format!("integrations:\n{}", entry(&script.kind, "n", &rest));
        let before = whole.find("script: |\n").unwrap();
        let before = whole[..before].matches('\n').count() + 1;
        fs::write(&manifest, &whole).unwrap();
        let mut found: Vec<_> = findings(&manifest, script.engine.as_deref())
            .into_iter()
            .map(|(_, finding)| finding)
            .collect();
        found.sort();
        // What is behind the end of the script has no line of the manifest.
        let lines = text.lines().count();
        let mut expected: Vec<_> = script
            .expected
            .iter()
            .map(|finding| {
                let (words, place) = finding.rsplit_once(' ').unwrap();
                let (line, column) = place.split_once(':').unwrap();
                let line: usize = line.parse().unwrap();
                let column: usize = column.parse().unwrap();
                if line <= lines {
                    format!("{words} {}:{}", line + before, column + 6)
                } else {
                    let last = text.lines().last().unwrap().chars().count();
                    format!("{words} {}:{}", lines + before, last + 7)
                }
            })
            .collect();
        expected.sort();
        if found != expected {
            writeln!(
                wrong,
                "{}: {found:?}\n  {expected:?}",
                script.path.display()
            )
            .unwrap();
        }
    }
    assert!(tried > 90);
    assert!(wrong.is_empty(), "{wrong}");
}
