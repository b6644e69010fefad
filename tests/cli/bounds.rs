//! Manifests and scripts that mean harm: what is wrong is told soon, in little memory and in few words, and nothing
//! runs on after the command.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tempfile::TempDir;

use super::hostile::{MIB, measured};
use super::support::{Run, manifest, rcsync, write};

/// As much as it takes of a unit to make so many bytes.
fn filled(head: &str, unit: &str, tail: &str) -> String {
    format!("{head}{}{tail}", unit.repeat(3_000_000 / unit.len()))
}

/// The same with numbered units.
fn numbered(head: &str, unit: impl Fn(usize) -> String, tail: &str) -> String {
    let mut text = head.to_owned();
    for number in 0.. {
        if text.len() >= 3_000_000 {
            break;
        }
        text += &unit(number);
    }
    text + tail
}

const OUTGOING: &str = "integrations:\n  - {type: webhook-outgoing, name: n, username: u, event: sendMessage, \
                        channel: \"#c\", urls: ";

/// What a released program takes by itself, as far as the bound on memory is concerned.
const PROGRAM: usize = 12 * MIB;

/// The most memory that a run over a manifest of so many bytes may take: 32 MiB and twenty times its size, and never
/// more than 400 MiB.
fn most(bytes: usize) -> usize {
    (32 * MIB + 20 * bytes).min(400 * MIB)
}

/// How much more a run over nothing takes here than a released program does: builds for tests are larger.
fn excess() -> usize {
    static EXCESS: OnceLock<usize> = OnceLock::new();
    *EXCESS.get_or_init(|| {
        let folder = TempDir::new().unwrap();
        let file = write(folder.path(), "a.yaml", "integrations: []\n");
        let (_, memory) = measured(&mut rcsync(&["validate", &file]));
        memory.saturating_sub(PROGRAM)
    })
}

/// Checks a manifest within bounds.
fn checked(text: &str, more: &[&str]) -> Run {
    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "a.yaml", text);
    let (run, memory) = measured(&mut rcsync(&[&["validate", &file], more].concat()));
    let start = &text[..text.len().min(100)];
    assert!(
        memory > MIB && memory < most(text.len()) + excess(),
        "{} MiB: {start}",
        memory / MIB
    );
    assert!(run.out.len() + run.err.len() < 100_000, "{start}");
    run
}

#[test]
fn tiny_values_without_number_are_refused_at_once() {
    for (text, code, words) in [
        (
            filled("integrations: [", "{},", "]"),
            "yaml-too-large",
            "this list has more than 100000 items",
        ),
        (
            filled("integrations:\n", "  - {}\n", ""),
            "yaml-too-large",
            "this list has more than 100000 items",
        ),
        (
            filled(&format!("{OUTGOING}["), "1,", "]}\n"),
            "yaml-too-large",
            "this list has more than 100000 items",
        ),
        (
            numbered("", |number| format!("x-{number}:\n"), ""),
            "yaml-too-large",
            "this mapping has more than 100000 items",
        ),
        (
            filled("", "---\n", ""),
            "yaml-too-large",
            "this file has more than 600000 values",
        ),
        (
            filled(
                "x-a: [",
                &format!("{}{},", "[".repeat(40), "]".repeat(40)),
                "]",
            ),
            "yaml-too-large",
            "this file has more than 600000 values",
        ),
        (
            filled(
                &numbered_keys("x-a: &a {", 1000, "}\nx-b:\n"),
                " - {<<: *a}\n",
                "",
            ),
            "yaml-alias-budget",
            "the aliases of this file repeat too much",
        ),
        (
            filled(
                "integrations:\n  - {type: webhook-incoming, name: n, username: u, channel: \"",
                "a,",
                "\"}\n",
            ),
            "too-much",
            "`channel` has more than 100000 items",
        ),
        (
            filled("x-a: [", "!a b,", "]"),
            "yaml-too-many-problems",
            "this file has 1000 problems or more",
        ),
    ] {
        let run = checked(&text, &["--format", "json"]).exits(3);
        let report: Json = serde_json::from_str(&run.out).unwrap();
        let told = report["problems"].as_array().unwrap();
        // The last of a thousand is not among those that are listed.
        let told = told.iter().find(|problem| problem["code"] == code);
        match told {
            Some(told) => assert_eq!(told["message"], words),
            None => assert_eq!(
                (code, &report["more"][0]["errors"]),
                ("yaml-too-many-problems", &900.into())
            ),
        }
    }
}

fn numbered_keys(head: &str, count: usize, tail: &str) -> String {
    let keys: Vec<_> = (0..count).map(|number| format!("k{number}: v")).collect();
    format!("{head}{}{tail}", keys.join(","))
}

#[test]
fn values_just_below_the_limits_take_little_memory() {
    let list = |unit: &str| format!("[{}]", unit.repeat(99_990));
    let several = |value: &str| {
        let entries =
            (0..3).map(|_| format!("{OUTGOING}{value}}}\n").replacen("integrations:\n", "", 1));
        format!("integrations:\n{}", entries.collect::<String>())
    };
    for (text, problems) in [
        (several(&list("1,")), 299_972),
        (
            format!("integrations:\n{}", "  - a\n".repeat(99_990)),
            99_990,
        ),
        (
            numbered_keys(
                "integrations:\n  - {type: webhook-incoming, name: n, ",
                99_990,
                "}\n",
            ),
            99_992,
        ),
    ] {
        let run = checked(&text, &[]).exits(3);
        let closing = format!("error: {problems} problems in 1 file\n");
        assert!(run.err.ends_with(&closing), "{}", run.err);
    }
}

#[test]
fn no_manifest_takes_more_memory_than_its_size_explains() {
    let entry = |number| {
        format!("  - {{type: webhook-incoming, name: h{number}, username: u, channel: \"#a\"}}\n")
    };
    let replaced = numbered_keys(
        &format!("{OUTGOING}[a], script: {{file: a.js, replace: {{"),
        50_000,
        "}}}\n",
    );
    let long = format!("{OUTGOING}[a], alias: \"{}\"}}\n", "a".repeat(30 << 20));
    let whole_list = |unit: &str| format!("{OUTGOING}[{}]}}\n", unit.repeat(99_990));
    for (text, code) in [
        (numbered("integrations:\n", entry, ""), 0),
        (
            numbered(
                "",
                |number| format!("---\nintegrations:\n{}", entry(number)),
                "",
            ),
            0,
        ),
        (
            numbered_keys("x-a: &a {", 1_000, "}\nx-b:\n") + &" - *a\n".repeat(200),
            0,
        ),
        (
            format!(
                "x-a: [{}]\n",
                format!("{}{},", "[".repeat(60), "]".repeat(60)).repeat(2_000)
            ),
            0,
        ),
        (numbered_keys("x-a: {", 99_990, "}\n"), 0),
        (whole_list("a,"), 0),
        (whole_list("\"http://a/${secret.b}\","), 0),
        (
            whole_list("a,").replace("urls: [", "urls: [a], triggerWords: ["),
            0,
        ),
        (replaced.clone(), 3),
        (replaced.replace(": v", ": 1"), 3),
        (
            format!("settings: {{keep: [{}]}}\n", "1,".repeat(99_990)),
            3,
        ),
        (long, 0),
    ] {
        checked(&text, &[]).exits(code);
    }
}

#[test]
fn a_hundred_findings_are_told_and_the_rest_is_counted_in_every_format() {
    let count = 30_000;
    let text = format!("integrations:\n{}", "  - {}\n".repeat(count));
    let run = checked(&text, &[]).exits(3);
    assert_eq!(run.err.matches("error[missing-field]").count(), 100);
    assert!(run.err.contains("… and 29900 more\n"), "{}", run.err);
    assert!(run.err.ends_with("error: 30000 problems in 1 file\n"));

    let run = checked(&text, &["--format", "json"]).exits(3);
    let report: Json = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["problems"].as_array().unwrap().len(), 100);
    let more = &report["more"][0];
    assert_eq!(
        (&more["errors"], &more["warnings"]),
        (&29_900.into(), &0.into())
    );
    assert!(more["file"].as_str().unwrap().ends_with("a.yaml"));

    let run = checked(&text, &["--format", "github"]).exits(3);
    assert_eq!(run.out.lines().count(), 101);
    let last = run.out.lines().last().unwrap();
    assert!(last.starts_with("::error file="), "{last}");
    assert!(
        last.ends_with("::and 29900 more problems in this file"),
        "{last}"
    );

    let folder = TempDir::new().unwrap();
    let file = write(folder.path(), "a.yaml", &text);
    for (format, words) in [
        ("markdown", "… and 29900 more"),
        ("text", "… and 29900 more\n"),
        ("json", "\"errors\": 29900"),
        ("github", "::and 29900 more problems in this file"),
    ] {
        let args = ["plan", &file, "--sandbox", "--format", format];
        let run = Run::of(rcsync(&args).current_dir(folder.path())).exits(3);
        let told = if format == "text" { &run.err } else { &run.out };
        assert!(told.contains(words), "{format}: {told}");
        assert!(run.out.len() < 100_000, "{format}");
    }
}

#[test]
fn an_error_behind_many_warnings_is_told_and_counts() {
    let urls = "\"no url\",".repeat(150);
    let text = format!("{OUTGOING}[{urls}]}}\n  - {{type: webhook-incoming, nam: x}}\n");
    let run = checked(&text, &["--format", "json"]).exits(3);
    let report: Json = serde_json::from_str(&run.out).unwrap();
    let problems = report["problems"].as_array().unwrap();
    let of = |severity| problems.iter().filter(move |it| it["severity"] == severity);
    assert_eq!(problems.len(), 100);
    assert!(of("error").any(|it| it["code"] == "unknown-field"));
    let more = report["more"][0]["warnings"].as_u64().unwrap();
    assert_eq!(of("warning").count() + usize::try_from(more).unwrap(), 150);
}

/// Folders that are checked with scripts in them; a process that looks at scripts has such a folder as its own.
fn with_scripts(scripts: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut text = "integrations:\n".to_owned();
    for (number, script) in scripts.iter().enumerate() {
        write(folder.path(), &format!("{number}.js"), script);
        text += &manifest(1)
            .replacen("integrations:\n", "", 1)
            .replace("Hook 0", &format!("Hook {number}"));
        writeln!(text, "    script: {{ file: {number}.js }}").unwrap();
    }
    write(folder.path(), "a.yaml", &text);
    folder
}

/// The processes that run in a folder.
fn running_in(folder: &Path) -> Vec<String> {
    let folder = folder.canonicalize().unwrap();
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let within =
        processes.filter(|it| fs::read_link(it.path().join("cwd")).is_ok_and(|cwd| cwd == folder));
    within
        .map(|it| it.file_name().to_string_lossy().into_owned())
        .collect()
}

/// How long scripts are given, on a machine that does other things.
const SLACK: Duration = Duration::from_secs(30);

fn validated(folder: &Path, more: &[&str]) -> Run {
    let start = Instant::now();
    let args = [&["validate", "a.yaml"], more].concat();
    let run = Run::of(rcsync(&args).current_dir(folder));
    assert!(start.elapsed() < SLACK, "took {:?}", start.elapsed());
    assert_eq!(running_in(folder), Vec::<String>::new());
    run
}

/// Holds a built-in function up that asks nobody whether to go on.
const ENDLESS: &str = "Array.prototype.reverse.call({ length: 2 ** 53 - 1 })";

#[test]
fn no_script_holds_a_run_up_and_none_is_passed_in_silence() {
    let lets: Vec<_> = (0..80_000)
        .map(|number| format!("let a{number};"))
        .collect();
    let one_let: Vec<_> = (0..120_000).map(|number| format!("a{number}")).collect();
    for script in [
        lets.concat(),
        format!("let {}", one_let.join(",")),
        ENDLESS.to_owned(),
        "new Set(Array.prototype.values.call({ length: 2 ** 53 - 1 }))".to_owned(),
        "'a'.repeat(5e6).indexOf('a'.repeat(2.5e6) + 'b')".to_owned(),
        "const s = 'a'.repeat(1e6); Array(1e5).fill(0).map(() => s + '').sort()".to_owned(),
    ] {
        let folder = with_scripts(&[&script]);
        let run = validated(folder.path(), &[]).exits(0);
        // The engine notices some of them itself.
        let words = [
            "warning[script-unchecked]: the script was not checked: it takes longer than 2 s",
            "warning[script-unchecked]: the script could not be checked completely: when it is loaded it runs for too long",
        ];
        assert!(words.iter().any(|it| run.err.contains(it)), "{}", run.err);
        assert!(run.err.contains("0.js"), "{}", run.err);
    }
    // What does not parse is told though its place is not looked for, unless even that takes too long.
    let folder = with_scripts(&[&format!("{}/(/;", "/a/;".repeat(200_000))]);
    let run = validated(folder.path(), &[]);
    let told = ["error[script-syntax]", "warning[script-unchecked]"];
    assert!(told.iter().any(|it| run.err.contains(it)), "{}", run.err);
}

#[test]
fn an_unchecked_script_is_refused_if_warnings_are() {
    let folder = with_scripts(&[ENDLESS]);
    let run = validated(folder.path(), &["--strict"]).exits(3);
    assert!(run.err.contains("script-unchecked"), "{}", run.err);
    assert_eq!(run.out, "");
}

#[test]
fn all_scripts_of_a_run_have_ten_seconds() {
    let endless: Vec<_> = (0..7)
        .map(|number| format!("{ENDLESS} // {number}"))
        .collect();
    let mut scripts: Vec<_> = endless.iter().map(String::as_str).collect();
    scripts.push("class Script { process_incoming_request() {} }");
    let folder = with_scripts(&scripts);
    let run = validated(folder.path(), &[]).exits(0);
    let told = "the scripts of this run take longer than 10 s together";
    // Nothing is known of the last one, which is sound.
    assert!(run.err.matches(told).count() >= 3, "{}", run.err);
    assert!(run.err.contains("7.js"), "{}", run.err);
    assert!(
        run.err.ends_with("warning: 8 problems in 8 of 8 files\n"),
        "{}",
        run.err
    );
}

fn kill(process: &str) {
    let killed = Command::new("kill").args(["-9", process]).status().unwrap();
    assert!(killed.success());
}

/// Waits until so many processes run in a folder.
fn wait_for(count: usize, folder: &Path) -> Vec<String> {
    let start = Instant::now();
    loop {
        let running = running_in(folder);
        if running.len() == count {
            return running;
        }
        assert!(start.elapsed() < SLACK, "{running:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn nothing_runs_on_when_the_command_is_killed() {
    let folder = with_scripts(&[ENDLESS]);
    let mut command = rcsync(&["validate", "a.yaml"]);
    command.current_dir(folder.path()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    wait_for(2, folder.path());
    kill(&child.id().to_string());
    child.wait().unwrap();
    wait_for(0, folder.path());
}

#[test]
fn a_failing_engine_ends_nothing_else() {
    let folder = with_scripts(&[ENDLESS, "class Script {}"]);
    let mut command = rcsync(&["validate", "a.yaml"]);
    command.current_dir(folder.path()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let own = child.id().to_string();
    let running = wait_for(2, folder.path());
    kill(running.iter().find(|it| **it != own).unwrap());
    let run = Run::from(child.wait_with_output().unwrap()).exits(3);
    let words = "the script was not checked: the script engine failed";
    assert!(run.err.contains(words), "{}", run.err);
    // The next one is looked at by a new process.
    assert!(run.err.contains("error[script-method]"), "{}", run.err);
}
