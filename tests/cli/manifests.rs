//! The corpus of manifests: what `rcsync validate` says about each of many small mistakes, and that it takes
//! every form that is right.
//!
//! `manifests/invalid/` holds one mistake per file (or folder), named after the code of its finding; a `.txt`
//! beside it holds the whole standard error. `INSTA_UPDATE=always cargo test` rewrites those texts. The
//! weight and the place of each finding stand here in [`INVALID`] and are rewritten by nobody: accepting a text
//! cannot move a caret unseen. `manifests/valid/` holds manifests that are taken as they are.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value as Json;

use super::support::accepts;

/// A manifest that breaks one rule.
struct Invalid {
    /// Its name, which starts with the code of its finding.
    name: &'static str,
    /// `error`, `warning` or `note`.
    severity: &'static str,
    /// The line and the column of the finding.
    at: (u64, u64),
    /// The rest of the command line.
    args: &'static [&'static str],
}

const fn error(name: &'static str, line: u64, column: u64) -> Invalid {
    Invalid {
        name,
        severity: "error",
        at: (line, column),
        args: &[],
    }
}

const fn warning(name: &'static str, line: u64, column: u64) -> Invalid {
    Invalid {
        severity: "warning",
        ..error(name, line, column)
    }
}

const fn note(name: &'static str, line: u64, column: u64) -> Invalid {
    Invalid {
        severity: "note",
        ..error(name, line, column)
    }
}

impl Invalid {
    const fn with(self, args: &'static [&'static str]) -> Self {
        Self { args, ..self }
    }

    /// The code that its name starts with.
    fn code(&self) -> &'static str {
        self.name
            .split_once("--")
            .map_or(self.name, |(code, _)| code)
    }

    /// Its path from `tests/manifests`: a file or, for what needs several, a folder.
    fn path(&self) -> String {
        let folder = format!("invalid/{}", self.name);
        if home().join(&folder).is_dir() {
            folder
        } else {
            format!("{folder}.yaml")
        }
    }
}

#[rustfmt::skip]
const INVALID: &[Invalid] = &[
    warning("all-public-channels", 6, 14),
    warning("all-public-channels--comma", 6, 14),
    warning("all-public-channels--text", 6, 14),
    error("blank-channel", 6, 14),
    error("blank-channel--item", 6, 14),
    warning("blank-name", 3, 11),
    error("blank-retry-delay", 9, 17),
    error("blank-target-room", 7, 17),
    error("blank-token", 8, 12),
    error("blank-trigger-word", 8, 30),
    error("blank-trigger-word--comma", 8, 26),
    error("blank-url", 7, 40),
    error("blank-username", 4, 15),
    error("channel-prefix", 5, 14),
    error("channel-prefix--address", 5, 14),
    error("channel-prefix--bare", 5, 14),
    error("channel-prefix--full-width", 5, 15),
    error("channel-prefix--nobody", 5, 23),
    error("channel-prefix--outgoing", 6, 27),
    error("channel-prefix--part", 5, 27),
    error("channel-prefix--scope", 6, 14),
    error("channel-prefix--variable", 5, 14).with(&["--var", "room=ops"]),
    warning("channel-separator", 5, 14),
    warning("channel-separator--outgoing", 6, 23),
    warning("channel-separator--text", 5, 14),
    error("comma-in-channel", 5, 15),
    error("comma-in-channel--at-end", 5, 23),
    error("comma-in-channel--mixed", 5, 15),
    error("duplicate-entry", 13, 11),
    error("duplicate-entry--alias", 4, 11),
    error("duplicate-entry--files", 9, 11),
    error("duplicate-entry--one-pinned", 7, 11),
    error("duplicate-id", 11, 9),
    warning("emoji-form", 6, 12),
    error("empty", 6, 11),
    error("empty--id", 6, 9),
    error("empty--integrations", 1, 14),
    error("empty--item", 7, 8),
    error("empty--script-file", 6, 21),
    error("empty--settings", 1, 10),
    error("empty--tilde", 6, 12),
    error("empty--type", 2, 10),
    error("empty--url", 7, 40),
    error("empty--urls", 7, 11),
    error("empty-channel-part", 5, 19),
    error("empty-channel-part--first", 5, 15),
    error("empty-channel-part--item", 5, 23),
    warning("empty-channel-part--outgoing", 6, 23),
    warning("empty-file", 1, 1),
    warning("empty-file--comments", 1, 1),
    warning("empty-script", 6, 21),
    warning("literal-secret", 8, 12),
    warning("literal-secret--key", 9, 9),
    warning("literal-secret--password", 8, 9),
    warning("literal-secret--replace", 9, 18),
    error("malformed-reference", 6, 12),
    error("malformed-reference--env", 6, 12),
    error("malformed-reference--escaped", 6, 23),
    error("malformed-reference--name", 6, 12),
    error("malformed-reference--open", 6, 13),
    error("missing-field--channel", 2, 5),
    error("missing-field--event", 2, 5),
    error("missing-field--event-channel", 4, 12),
    error("missing-field--name", 2, 5),
    error("missing-field--script-file", 6, 15),
    error("missing-field--target-room", 4, 12),
    error("missing-field--type", 2, 5),
    error("missing-field--urls", 2, 5),
    error("missing-field--username", 2, 5),
    error("no-channel", 5, 14),
    error("no-channel--list", 5, 14),
    warning("no-script", 6, 20),
    error("no-url", 7, 11),
    error("not-a-boolean--number", 6, 14),
    error("not-a-boolean--part", 6, 14),
    error("not-a-boolean--quoted", 6, 14),
    error("not-a-boolean--secret", 6, 14),
    error("not-a-boolean--variable", 6, 14).with(&["--var", "on=maybe"]),
    error("not-a-boolean--word", 6, 14),
    error("not-a-boolean--yes", 6, 14),
    error("not-a-number--fraction", 9, 17),
    error("not-a-number--huge", 9, 17),
    error("not-a-number--quoted", 1, 25),
    error("not-a-number--variable", 9, 17).with(&["--var", "count=many"]),
    error("not-a-number--word", 9, 17),
    error("not-an-address", 1, 21),
    error("replace-unused", 6, 44),
    error("replace-unused--empty", 6, 44),
    error("retry-count", 9, 17),
    error("retry-count--negative", 9, 17),
    error("retry-count--variable", 9, 17).with(&["--var", "count=0"]),
    error("retry-delay-case", 9, 17),
    error("scope-case", 6, 14),
    error("scope-on-incoming", 5, 14),
    error("scope-on-incoming--part", 5, 21),
    error("script-class", 7, 13),
    error("script-class--case", 7, 13),
    error("script-class--remark-in-fold", 7, 7),
    error("script-constructor", 8, 9),
    warning("script-engine-gone", 11, 19),
    error("script-file--absolute", 6, 21),
    error("script-file--blank", 6, 21),
    error("script-file--encoding", 6, 21),
    error("script-file--folder", 6, 21),
    error("script-file--missing", 6, 21),
    error("script-file--outside", 6, 21).with(&["--root", "invalid/script-file--outside/manifests"]),
    warning("script-global", 9, 18),
    error("script-markup", 7, 7),
    error("script-markup--html", 7, 7),
    error("script-method", 7, 13),
    error("script-method--misspelt", 8, 9),
    error("script-method--shared", 1, 7),
    warning("script-not-enabled", 6, 20),
    error("script-path", 6, 13),
    error("script-path--absolute", 6, 13),
    error("script-path--address", 6, 13),
    error("script-path--folder", 6, 13),
    error("script-path--no-ending", 6, 13),
    warning("script-reference", 9, 42),
    warning("script-strict", 9, 9),
    warning("script-strict--this", 9, 36),
    error("script-syntax", 8, 46),
    error("script-syntax--anchor", 3, 31),
    error("script-syntax--blank-first-line", 10, 35),
    error("script-syntax--closing-comment", 6, 13),
    error("script-syntax--const-in-class", 8, 15),
    error("script-syntax--flow", 1, 98),
    error("script-syntax--folded", 7, 7),
    error("script-syntax--function-in-class", 8, 18),
    error("script-syntax--hidden", 7, 21),
    error("script-syntax--plain", 6, 54),
    error("script-syntax--python", 7, 11),
    error("script-syntax--quoted", 6, 13),
    error("script-syntax--remark-in-fold", 7, 7),
    error("script-syntax--module", 7, 20).with(&["--server-version", "8.8"]),
    error("script-syntax--twice", 16, 8),
    error("script-syntax--typescript", 8, 45),
    error("script-template", 6, 13),
    error("script-template--lookup", 6, 13),
    error("script-throws", 8, 19),
    error("script-throws--own-fetch", 7, 13),
    warning("script-unchecked", 7, 7),
    warning("script-unknown-name", 9, 37),
    warning("script-unknown-name--fetch-in-vm2", 9, 29).with(&["--server-version", "5.4"]),
    warning("script-unknown-name--s-called", 9, 37),
    warning("script-unknown-name--s-member", 9, 37),
    warning("script-word-module", 7, 16).with(&["--server-version", "8.1"]),
    error("second-settings", 1, 1),
    error("second-settings--documents", 3, 1),
    error("secret-not-allowed", 6, 12),
    error("secret-not-allowed--channel", 5, 25),
    error("source-empty", 1, 1),
    error("source-encoding", 3, 13),
    error("source-encoding--binary", 1, 1),
    error("source-encoding--utf-16", 1, 1),
    error("source-missing", 1, 1),
    error("source-unreadable", 1, 1),
    error("too-small", 1, 25),
    error("too-much", 5, 7),
    error("undefined-variable", 5, 16),
    error("undefined-variable--case", 5, 16).with(&["--var", "room=ops"]),
    error("undefined-variable--near", 5, 16).with(&["--var", "room=ops"]),
    error("undefined-variable--settings", 2, 21),
    warning("unexpanded-variable", 3, 11),
    warning("unexpanded-variable--braces", 5, 14),
    warning("unexpanded-variable--percent", 7, 12),
    error("unknown-field", 6, 5),
    error("unknown-field--case", 6, 5),
    error("unknown-field--crlf", 6, 5),
    error("unknown-field--far", 6, 5),
    error("unknown-field--incoming-token", 6, 5),
    error("unknown-field--message-api", 6, 5),
    error("unknown-field--needed", 3, 5),
    error("unknown-field--other-kind", 6, 5),
    error("unknown-field--quoted", 2, 85),
    error("unknown-field--record-id", 6, 5),
    error("unknown-field--record-stamp", 6, 5),
    error("unknown-field--record-user", 6, 5),
    error("unknown-field--scope", 1, 22),
    error("unknown-field--script", 6, 33),
    error("unknown-field--script-file", 6, 5),
    error("unknown-field--script-path", 6, 15),
    error("unknown-field--settings", 1, 13),
    error("unknown-field--snake", 6, 5),
    error("unknown-field--target-url", 8, 5),
    error("unknown-field--text-as-key", 7, 7),
    error("unknown-field--top", 1, 1),
    error("unknown-field--top-entry", 1, 1),
    error("unknown-field--top-other", 1, 1),
    warning("unknown-retry-delay", 9, 17),
    warning("unknown-script-engine", 7, 19),
    error("unknown-value--event", 4, 12),
    error("unknown-value--event-far", 4, 12),
    error("unknown-value--event-reference", 4, 12),
    error("unknown-value--ignore", 6, 14),
    error("unknown-value--ignore-other-kind", 6, 14),
    error("unknown-value--prune", 1, 20),
    error("unknown-value--prune-flag", 1, 20),
    error("unknown-value--state", 6, 12),
    error("unknown-value--type", 2, 11),
    error("unknown-value--type-reference", 2, 11),
    error("unknown-value--type-short", 2, 11),
    warning("unused-channel", 6, 14),
    note("unused-ignore", 8, 21),
    warning("unused-retries", 8, 17),
    warning("unused-trigger-words", 8, 19),
    warning("url-form", 7, 12),
    warning("url-form--malformed", 7, 12),
    error("username-form", 4, 15),
    error("username-form--blanks", 4, 15),
    error("wrong-type--commas-for-list", 7, 11),
    error("wrong-type--flag-for-text", 6, 12),
    error("wrong-type--integration", 2, 5),
    error("wrong-type--integrations", 2, 3),
    error("wrong-type--list-for-text", 4, 15),
    error("wrong-type--manifest-list", 1, 1),
    error("wrong-type--manifest-text", 1, 1),
    error("wrong-type--number-for-text", 3, 11),
    error("wrong-type--number-in-list", 5, 23),
    error("wrong-type--replace", 6, 42),
    error("wrong-type--script", 6, 13),
    error("wrong-type--script-list", 6, 13),
    error("wrong-type--secret", 8, 12),
    error("wrong-type--settings", 1, 11),
    error("wrong-type--text-for-list", 7, 11),
    error("yaml-alias", 8, 20),
    error("yaml-alias--inside-itself", 2, 10),
    error("yaml-alias--undefined", 4, 15),
    error("yaml-alias-budget", 6, 10),
    error("yaml-comment", 5, 14),
    error("yaml-comment--item", 6, 9),
    error("yaml-comment--prose", 6, 12),
    error("yaml-comment--secret", 8, 12),
    error("yaml-control-character", 3, 18),
    error("yaml-control-character--escape", 3, 12),
    error("yaml-control-character--written", 3, 11),
    error("yaml-depth", 1, 73),
    error("yaml-duplicate-key", 8, 5),
    error("yaml-duplicate-key--merge", 7, 5),
    error("yaml-duplicate-key--top", 6, 1),
    error("yaml-key", 3, 5),
    error("yaml-key--alias", 7, 5),
    error("yaml-key--missing", 3, 5),
    error("yaml-map", 10, 9),
    error("yaml-map--colon-inside", 9, 9),
    error("yaml-merge", 1, 13),
    error("yaml-syntax--after-quote", 6, 22),
    error("yaml-syntax--at", 5, 14),
    error("yaml-syntax--at-in-list", 5, 23),
    error("yaml-syntax--backtick", 6, 12),
    error("yaml-syntax--block-header", 6, 13),
    error("yaml-syntax--brace-for-bracket", 5, 14),
    error("yaml-syntax--bracket", 5, 14),
    error("yaml-syntax--colon", 6, 12),
    error("yaml-syntax--colon-at-end", 6, 12),
    error("yaml-syntax--deeper", 4, 7),
    error("yaml-syntax--emoji", 6, 12),
    error("yaml-syntax--escape", 6, 15),
    error("yaml-syntax--hash-in-list", 5, 15),
    error("yaml-syntax--hash-in-quoted-list", 5, 23),
    error("yaml-syntax--indentation", 4, 4),
    error("yaml-syntax--item-on-key-line", 5, 14),
    error("yaml-syntax--no-colon", 3, 5),
    error("yaml-syntax--percent", 6, 12),
    error("yaml-syntax--quote", 6, 12),
    error("yaml-syntax--reference-in-braces", 2, 37),
    error("yaml-syntax--reference-in-brackets", 7, 12),
    error("yaml-syntax--secret", 8, 12),
    error("yaml-syntax--tab", 3, 1),
    error("yaml-tag", 8, 20),
    error("yaml-tag--env", 8, 12),
    error("yaml-tag--include", 6, 13),
    error("yaml-tag--item", 9, 9),
    error("yaml-tag--unfitting", 6, 14),
];

/// The cases that are about what is not there.
const ABSENT: &[&str] = &["source-missing"];

/// The codes that no manifest brings about alone: of a plan against a server, of rules that today's schema does not
/// use, and of a flaw of rcsync itself. What is too much for a manifest is too much for a file here: `tests/cli/bounds.rs`
/// makes it.
const WITHOUT_A_CASE: &[&str] = &[
    // Of what the manifests are compared with: `tests/cli/drift.rs`.
    "base",
    "schema",
    // Of a write on 9.0: `tests/cli/scripts.rs`.
    "strict-switch",
    "undefined-secret",
    "unreadable",
    // Of files and flags of values: `tests/cli/usage.rs`.
    "values",
    "wrong-form",
    "yaml-too-large",
    "yaml-too-many-problems",
];

/// What stands for a secret in some of them, and may be shown nowhere.
const SECRET: &str = "hunter2";

/// A manifest that is taken: its name, how many integrations it holds, the codes of the warnings it nevertheless
/// gets, the rest of the command line.
struct Valid(
    &'static str,
    usize,
    &'static [&'static str],
    &'static [&'static str],
);

#[rustfmt::skip]
const VALID: &[Valid] = &[
    Valid("anchors", 3, &[], &[]),
    Valid("byte-order-mark", 2, &[], &[]),
    Valid("comments", 1, &[], &[]),
    Valid("crlf", 2, &[], &[]),
    Valid("documentation", 2, &[], &[]),
    Valid("documents", 2, &[], &[]),
    Valid("escaped", 2, &[], &[]),
    Valid("every-event", 7, &[], &[]),
    Valid("flow", 2, &[], &[]),
    Valid("incoming-every-field", 1, &[], &[]),
    Valid("json", 2, &[], &[]),
    Valid("least", 2, &[], &[]),
    Valid("lists-and-texts", 7, &[], &[]),
    Valid("no-newline-at-end", 2, &[], &[]),
    Valid("nothing", 0, &[], &[]),
    Valid("numbers", 3, &[], &[]),
    Valid("outgoing-every-field", 2, &["script-not-enabled", "script-engine-gone"], &[]),
    Valid("scripts-of-8-8", 3, &[], &["--server-version", "8.8"]),
    Valid("scripts-of-9-0", 4, &[], &[]),
    Valid("scripts-that-9-0-breaks", 1, &["script-strict"], &["--server-version", "8.8", "--strict"]),
    Valid("own-keys", 4, &[], &[]),
    Valid("pruning", 0, &[], &[]),
    Valid("same-name", 2, &[], &[]),
    Valid("script-above", 1, &[], &["--root", "."]),
    Valid("schema-key", 1, &[], &[]),
    Valid("scripts", 5, &["script-not-enabled"], &[]),
    Valid("settings", 0, &[], &[]),
    Valid("texts", 3, &[], &[]),
    Valid("variables", 2, &[], &["--var-file", "vars.yaml", "--var", "stage=prod", "--secret-file", "secrets.yaml"]),
];

fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests")
}

/// Runs `rcsync validate` in `tests/manifests`, so that paths are shown relative to it.
fn validate(args: &[&str], input: &[u8]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rcsync"));
    command.arg("validate").args(args).current_dir(home());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RCSYNC_") {
            command.env_remove(name);
        }
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A finding as it is shown.
struct Heading<'t> {
    severity: &'t str,
    code: &'t str,
    /// Line and column; those of a finding about a file as a whole are 1 and 1.
    at: (u64, u64),
    /// Whether it comes with help, or with words beside its caret.
    helps: bool,
}

/// The findings of a text: `error[code]: …`, the place below, the line with its caret, the help.
fn headings(told: &str) -> Vec<Heading<'_>> {
    let findings = told.split("\n\n").filter_map(|finding| {
        let (heading, rest) = finding.split_once("]: ")?;
        let (severity, code) = heading.split_once('[')?;
        let place = rest.lines().nth(1)?.split_once("--> ")?.1;
        let mut numbers = place.rsplit(':').map_while(|part| part.parse().ok());
        let column = numbers.next().unwrap_or(1);
        let line = numbers.next().unwrap_or(1);
        let beside = |line: &str| line.rsplit_once("^ ").is_some();
        Some(Heading {
            severity,
            code,
            at: (line, column),
            helps: rest.contains("\nhelp: ") || rest.lines().any(beside),
        })
    });
    findings.collect()
}

/// What is wrong with how one mistake is reported.
fn check(case: &Invalid) -> Result<(), String> {
    let path = case.path();
    let args: Vec<_> = std::iter::once(path.as_str())
        .chain(case.args.iter().copied())
        .collect();
    let told = validate(&args, b"");
    let refused = case.severity == "error";
    let expected = if refused { Some(3) } else { Some(0) };
    if told.status.code() != expected {
        return Err(format!("exit code {:?}", told.status.code()));
    }
    if !refused {
        let strict = validate(&[&args[..], &["--strict"]].concat(), b"");
        let expected = if case.severity == "note" { 0 } else { 3 };
        if strict.status.code() != Some(expected) {
            return Err(format!("exit code {:?} when strict", strict.status.code()));
        }
    }

    let told = text(&told.stderr);
    if told.contains(SECRET) {
        return Err("a secret is shown".to_owned());
    }
    let findings = headings(&told);
    let mine: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code == case.code())
        .collect();
    let [finding] = mine.as_slice() else {
        return Err(format!("{} findings with the code:\n{told}", mine.len()));
    };
    // What does nothing yet is said too, and is not a mistake.
    if findings.len() > 1 {
        return Err(format!("findings of other codes:\n{told}"));
    }
    if (finding.severity, finding.at) != (case.severity, case.at) {
        let (line, column) = finding.at;
        return Err(format!("{} at {line}:{column}", finding.severity));
    }
    if !finding.helps {
        return Err(format!("no help, and not what was expected:\n{told}"));
    }

    let expected = home().join(format!("invalid/{}.txt", case.name));
    if accepts() {
        fs::write(&expected, &told).unwrap();
    }
    let expected = fs::read_to_string(&expected).unwrap_or_default();
    if told == expected {
        Ok(())
    } else {
        Err(format!("told:\n{told}\nexpected:\n{expected}"))
    }
}

/// The findings as JSON follow the schema that is committed, and are those that are told as text.
#[test]
fn findings_as_json_follow_their_schema() {
    let paths: Vec<_> = INVALID.iter().map(Invalid::path).collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let output = validate(&[&paths[..], &["--format", "json"]].concat(), b"");
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(text(&output.stderr), "");
    assert!(!text(&output.stdout).contains(SECRET));
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/diagnostics.schema.json");
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let broken: Vec<_> = schema
        .iter_errors(&report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(broken.is_empty(), "{broken:#?}");

    let told: BTreeSet<_> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            let number = |key: &str| found[key].as_u64().unwrap();
            let text = |key: &str| found[key].as_str().unwrap();
            (
                text("code"),
                text("file"),
                text("severity"),
                number("line"),
                number("column"),
            )
        })
        .collect();
    for (case, path) in INVALID
        .iter()
        .zip(paths)
        .filter(|(case, _)| case.args.is_empty())
    {
        let found = told.iter().any(|(code, file, severity, line, column)| {
            file.starts_with(path)
                && (*code, *severity, (*line, *column)) == (case.code(), case.severity, case.at)
        });
        assert!(found, "{}", case.name);
    }
}

/// Runs every case, on as many threads as the machine has.
fn all<T: Sync>(cases: &[T], check: impl Fn(&T) -> Option<String> + Sync) -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let check = &check;
    std::thread::scope(|scope| {
        let workers: Vec<_> = cases
            .chunks(cases.len().div_ceil(threads).max(1))
            .map(|chunk| scope.spawn(move || chunk.iter().filter_map(check).collect::<Vec<_>>()))
            .collect();
        let found = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap());
        found.collect::<Vec<_>>().join("\n\n")
    })
}

#[test]
fn every_mistake_is_told_well_and_at_its_place() {
    let wrong = all(INVALID, |case| {
        check(case).err().map(|why| format!("{}: {why}", case.name))
    });
    assert!(
        wrong.is_empty(),
        "{wrong}\nTo accept the texts: INSTA_UPDATE=always cargo test"
    );
}

/// The names in a folder of `tests/manifests`, without what they end in.
fn names(folder: &str, ends: &[&str]) -> BTreeSet<String> {
    let entries = fs::read_dir(home().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| {
            let end = ends.iter().find(|end| name.ends_with(**end))?;
            Some(name[..name.len() - end.len()].to_owned())
        })
        .collect()
}

#[test]
fn every_manifest_of_the_corpus_is_run_and_no_text_is_left_over() {
    let tabled: BTreeSet<_> = INVALID.iter().map(|case| case.name.to_owned()).collect();
    assert_eq!(
        tabled.len(),
        INVALID.len(),
        "a case stands twice in the table"
    );
    // While texts are being accepted, not all of them need be there yet.
    if !accepts() {
        let texts = names("invalid", &[".txt"]);
        assert_eq!(texts, tabled, "the texts, and the cases of the table");
    }
    let mut manifests = names("invalid", &[".yaml"]);
    let entries = fs::read_dir(home().join("invalid")).unwrap();
    manifests.extend(
        entries
            .map(Result::unwrap)
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap()),
    );
    manifests.extend(ABSENT.iter().map(|name| (*name).to_owned()));
    assert_eq!(
        manifests, tabled,
        "the manifests, and the cases of the table"
    );
    assert!(tabled.len() >= 60);

    let valid: BTreeSet<_> = VALID.iter().map(|case| case.0.to_owned()).collect();
    assert_eq!(names("valid", &[".yaml"]), valid);
    assert!(valid.len() >= 20);
}

/// Every code that the sources name, so that none is without a case.
#[test]
fn every_code_has_a_case() {
    let mut codes = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // These report on servers, records, files and flags; their codes are none of a manifest's.
                if !["apply", "bin", "plan", "server", "urls"]
                    .iter()
                    .any(|name| path.ends_with(name))
                {
                    folders.push(path);
                }
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let source = source.split("#[cfg(test)]").next().unwrap();
            if path.ends_with("tests.rs") {
                continue;
            }
            // Without white space, however the lines are broken.
            let source: String = source.split_whitespace().collect();
            for start in [
                "Code(\"",
                "code:\"",
                "say(\"",
                ".error(\"",
                "warning(used,\"",
            ] {
                for (at, _) in source.match_indices(start) {
                    let code = source[at + start.len()..].split('"').next().unwrap();
                    if code
                        .chars()
                        .all(|char| char.is_ascii_lowercase() || char == '-')
                    {
                        codes.insert(code.to_owned());
                    }
                }
            }
        }
    }
    let cased: BTreeSet<_> = INVALID.iter().map(|case| case.code().to_owned()).collect();
    let without: Vec<_> = codes.difference(&cased).map(String::as_str).collect();
    assert_eq!(without, WITHOUT_A_CASE);
    let unknown: Vec<_> = cased.difference(&codes).collect();
    assert!(unknown.is_empty(), "no source names {unknown:?}");
}

/// What is wrong with how a manifest is taken.
fn check_valid(Valid(name, integrations, warnings, args): &Valid) -> Result<(), String> {
    let path = format!("valid/{name}.yaml");
    let args = [&[path.as_str()], *args].concat();
    let taken = validate(&args, b"");
    let plural = if *integrations == 1 { "" } else { "s" };
    let expected = format!("valid: 1 file, {integrations} integration{plural}\n");
    let errors = text(&taken.stderr);
    if taken.status.code() != Some(0) || text(&taken.stdout) != expected {
        return Err(format!(
            "{:?}\n{}{errors}",
            taken.status.code(),
            text(&taken.stdout)
        ));
    }
    if errors.is_empty() != warnings.is_empty() {
        return Err(errors);
    }
    let codes: Vec<_> = headings(&errors).iter().map(|found| found.code).collect();
    if codes != *warnings {
        return Err(format!("{codes:?}"));
    }
    Ok(())
}

#[test]
fn every_form_that_is_right_is_taken() {
    let wrong = all(VALID, |case| {
        check_valid(case)
            .err()
            .map(|why| format!("{}: {why}", case.0))
    });
    assert!(wrong.is_empty(), "{wrong}");
}

/// What the valid manifests write: the keys of each kind, and the values of `event`.
fn written() -> (
    BTreeMap<String, BTreeSet<String>>,
    BTreeSet<String>,
    BTreeSet<String>,
) {
    let (mut fields, mut events, mut settings) =
        <(BTreeMap<_, BTreeSet<_>>, BTreeSet<_>, BTreeSet<_>)>::default();
    let keys = |map: &serde_yaml::Mapping, into: &mut BTreeSet<String>| {
        into.extend(map.keys().filter_map(|key| key.as_str().map(str::to_owned)));
    };
    // The other reader does not take JSON's escapes of what is beyond 16 bits.
    for Valid(name, ..) in VALID.iter().filter(|case| case.0 != "json") {
        let text = fs::read_to_string(home().join(format!("valid/{name}.yaml"))).unwrap();
        for document in serde_yaml::Deserializer::from_str(&text) {
            let document =
                <serde_yaml::Value as serde::Deserialize>::deserialize(document).unwrap();
            if let Some(map) = document
                .get("settings")
                .and_then(|value| value.as_mapping())
            {
                keys(map, &mut settings);
            }
            let entries = document
                .get("integrations")
                .and_then(|value| value.as_sequence());
            for entry in entries.into_iter().flatten() {
                let kind = entry["type"].as_str().unwrap().to_owned();
                keys(entry.as_mapping().unwrap(), fields.entry(kind).or_default());
                events.extend(
                    entry
                        .get("event")
                        .and_then(|event| event.as_str())
                        .map(str::to_owned),
                );
            }
        }
    }
    for keys in fields.values_mut() {
        keys.remove("<<");
    }
    (fields, events, settings)
}

/// The schema that is committed.
fn schema() -> Json {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/manifest.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The schemas of both kinds, by the name of the kind.
fn kinds(schema: &Json) -> BTreeMap<String, Json> {
    let branches = schema["properties"]["integrations"]["items"]["allOf"]
        .as_array()
        .unwrap();
    let kind = |branch: &Json| {
        branch["if"]["properties"]["type"]["const"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    branches
        .iter()
        .map(|branch| (kind(branch), branch["then"].clone()))
        .collect()
}

#[test]
fn the_valid_manifests_use_every_key_and_every_event() {
    let schema = schema();
    let (fields, events, settings) = written();
    let keys = |schema: &Json| -> BTreeSet<_> {
        schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    for (kind, branch) in kinds(&schema) {
        assert_eq!(fields[&kind], keys(&branch), "{kind}");
        if let Some(all) = branch["properties"]["event"]["enum"].as_array() {
            let all: BTreeSet<_> = all
                .iter()
                .map(|event| event.as_str().unwrap().to_owned())
                .collect();
            assert_eq!(events, all);
            assert_eq!(all.len(), 7);
        }
    }
    assert_eq!(settings, keys(&schema["properties"]["settings"]));
}

/// What an editor shows: every key of a schema, however deep.
fn undescribed(path: &str, schema: &Json, found: &mut Vec<String>) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}/{key}");
        let discriminator = property.get("const").is_some();
        let described = property["description"]
            .as_str()
            .is_some_and(|text| text.len() > 10);
        let typed = property.get("type").is_some();
        // A mapping has its examples in its keys.
        let shown = ["examples", "properties"]
            .iter()
            .any(|keyword| property.get(keyword).is_some());
        if !(discriminator || described && typed && shown || path == "/integrations" && described) {
            found.push(path.clone());
        }
        undescribed(&path, property, found);
    }
}

#[test]
fn every_key_of_the_schema_is_explained() {
    let schema = schema();
    let mut found = Vec::new();
    undescribed("", &schema, &mut found);
    for (kind, branch) in kinds(&schema) {
        undescribed(&kind, &branch, &mut found);
    }
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn examples_and_defaults_follow_their_own_schema() {
    for (kind, branch) in kinds(&schema()) {
        for (key, property) in branch["properties"].as_object().unwrap() {
            let validator = jsonschema::validator_for(property).unwrap();
            let examples = property["examples"].as_array().into_iter().flatten();
            for value in examples.chain(property.get("default")) {
                assert!(validator.is_valid(value), "{kind}/{key}: {value}");
            }
        }
    }
}

#[test]
fn a_manifest_is_read_from_standard_input() {
    let manifest = fs::read(home().join("valid/least.yaml")).unwrap();
    let taken = validate(&["-"], &manifest);
    assert_eq!(text(&taken.stdout), "valid: 1 file, 2 integrations\n");
    assert_eq!(text(&taken.stderr), "");

    let refused = validate(
        &["-"],
        b"integrations:\n  - type: webhook-incoming\n    nam: x\n",
    );
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        text(&refused.stderr).contains("--> <stdin>:3:5\n"),
        "{}",
        text(&refused.stderr)
    );

    // Its scripts are looked for in the working directory.
    let manifest = b"integrations: [{ type: webhook-incoming, name: a, username: b, channel: '#c', script: { file: shared.js } }]";
    assert_eq!(validate(&["-"], manifest).status.code(), Some(0));
}

#[test]
fn a_folder_is_read_as_a_whole() {
    let taken = validate(&["folder"], b"");
    assert_eq!(text(&taken.stderr), "");
    assert_eq!(text(&taken.stdout), "valid: 3 files, 3 integrations\n");
    // A file that is named twice is read once.
    let taken = validate(
        &["folder", "folder/a.yaml", "./folder/../folder/deep/c.yml"],
        b"",
    );
    assert_eq!(text(&taken.stdout), "valid: 3 files, 3 integrations\n");
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let told = validate(
        &[
            "invalid/unknown-field.yaml",
            "invalid/nope.yaml",
            "invalid/yaml-syntax--at.yaml",
            "invalid/channel-prefix.yaml",
        ],
        b"",
    );
    assert_eq!(told.status.code(), Some(3));
    let told = text(&told.stderr);
    for code in [
        "unknown-field",
        "source-missing",
        "yaml-syntax",
        "channel-prefix",
    ] {
        assert!(told.contains(&format!("error[{code}]")), "{told}");
    }
    // All of them have the same name, too.
    assert_eq!(told.matches("error[duplicate-entry]").count(), 2, "{told}");
    assert!(
        told.ends_with("\nerror: 6 problems in 4 of 4 files\n"),
        "{told}"
    );
}

/// What `validate` says of a text: code, line and column of each finding.
fn findings(manifest: &str) -> Vec<(String, u64, u64)> {
    let output = validate(&["-", "--format", "json"], manifest.as_bytes());
    let report: Json = serde_json::from_slice(&output.stdout).unwrap();
    let told = report["problems"].as_array().unwrap().iter();
    let number = |found: &Json, key: &str| found[key].as_u64().unwrap();
    told.map(|found| {
        let code = found["code"].as_str().unwrap().to_owned();
        (code, number(found, "line"), number(found, "column"))
    })
    .collect()
}

/// What YAML hides, what breaks the schema and what breaks a rule, in one entry and in several: none hides another.
#[test]
fn no_mistake_hides_another() {
    let manifest = r##"
integrations:
  - type: webhook-incoming
    name: A
    username: rocket.cat
    channel: #general
    enabled: yes
    emoji: :ghost:
    scriptEnable: true
    scriptEngine: v8
  - type: webhook-outgoing
    name: B
    event: sendMessage
    username: "@rocket.cat"
    channel: "#general,"
    urls: ["example.org"]
    triggerWords: [!guggy]
    retryFailedCalls: true
    retryCount: 0
    alias: a
    alias: b
  - type: webhook-incoming
    name: A
    channel: [all_public_channels, "${var.nowhere}"]
    script: { file: nowhere.js }
  - type: webhook-incoming
    name: C
    username: rocket.cat
    channel: "#ops"
    script: "class {"
    state: gone
settings: { prune: maybe }
---
integrations: [{ type: webhook-outgoing, name: D }]
---
integrations: [ "open
"##;
    let expected = [
        ("yaml-comment", 6, 14),
        ("not-a-boolean", 7, 14),
        ("yaml-syntax", 8, 12),
        ("unknown-field", 9, 5),
        ("unknown-script-engine", 10, 19),
        ("username-form", 14, 15),
        ("empty-channel-part", 15, 23),
        ("url-form", 16, 12),
        ("yaml-tag", 17, 20),
        ("retry-count", 19, 17),
        ("yaml-duplicate-key", 21, 5),
        ("missing-field", 22, 5),
        ("duplicate-entry", 23, 11),
        ("scope-on-incoming", 24, 15),
        ("undefined-variable", 24, 37),
        ("script-file", 25, 21),
        ("script-syntax", 30, 13),
        ("unknown-value", 31, 12),
        ("unknown-value", 32, 20),
        ("missing-field", 34, 18),
        ("missing-field", 34, 18),
        ("missing-field", 34, 18),
        ("yaml-syntax", 36, 17),
    ];
    let expected = expected.map(|(code, line, column)| (code.to_owned(), line, column));
    assert_eq!(findings(manifest), expected);
}

/// Of a mistake that was told, nothing is told that only follows from it.
#[test]
fn what_follows_from_a_mistake_is_not_told() {
    let rest = "\n    name: A\n    username: rocket.cat\n    channel: '#ops'\n";
    for (mistake, code) in [
        ("type: @dana", "yaml-syntax"),
        ("type: !webhook-incoming", "yaml-tag"),
        ("type: *nowhere", "yaml-alias"),
        ("<<: *nowhere", "yaml-alias"),
        ("<<: 5", "yaml-merge"),
        ("[type]: webhook-incoming", "yaml-key"),
    ] {
        let manifest = format!("integrations:\n  - {mistake}{rest}");
        assert_eq!(codes(&manifest), [code], "{mistake}");
    }

    let whole = "integrations:\n  - type: webhook-outgoing\n    name: A\n    username: rocket.cat\n    \
                 event: sendMessage\n    channel: '#ops'\n    urls: [https://example.org/hook]\n";
    for (sound, broken, code) in [
        ("name: A", "name: @a", "yaml-syntax"),
        ("name: A", "name: !a", "yaml-tag"),
        ("event: sendMessage", "event: `sendMessage`", "yaml-syntax"),
        ("event: sendMessage", "event: !sendMessage", "yaml-tag"),
        ("username: rocket.cat", "username: *nobody", "yaml-alias"),
        ("channel: '#ops'", "channel: @dana", "yaml-syntax"),
        (
            "channel: '#ops'",
            "channel: ['#ops', ${var.room}]",
            "yaml-syntax",
        ),
        ("channel: '#ops'", "channel: [!ops]", "yaml-tag"),
        ("channel: '#ops'", "channel: !ops [a]", "yaml-tag"),
        (
            "urls: [https://example.org/hook]",
            "urls: [%a]",
            "yaml-syntax",
        ),
        (
            "urls: [https://example.org/hook]",
            "enabled: !!bool maybe",
            "yaml-tag",
        ),
        (
            "urls: [https://example.org/hook]",
            "script: @x",
            "yaml-syntax",
        ),
    ] {
        assert!(whole.contains(sound));
        let mut manifest = whole.replace(sound, broken);
        if !manifest.contains("urls") {
            manifest.push_str("    urls: [https://example.org/hook]\n");
        }
        assert_eq!(codes(&manifest), [code], "{broken}");
    }

    // Nor that another entry has the same name, where it is unclear which record each is for.
    let twice = "integrations:\n  - { type: webhook-incoming, id: a, name: A, username: b, channel: '#c' }\n  \
                 - { type: webhook-incoming, id: 5, name: A, username: b, channel: '#c' }\n";
    assert_eq!(codes(twice), ["wrong-type"]);
}

/// Where more is wrong than is collected, it is not clear what follows from what.
#[test]
fn notes_are_notices_to_github() {
    let file = "valid/scripts-that-9-0-breaks.yaml";
    let run = validate(
        &["--format", "github", "--server-version", "8.8", file],
        b"",
    );
    let told = text(&run.stdout);
    assert!(told.starts_with("::notice file="), "{told}");
    let newest = validate(&["--format", "github", file], b"");
    let told = text(&newest.stdout);
    assert!(told.starts_with("::warning file="), "{told}");
}

#[test]
fn of_a_thousand_mistakes_nothing_more_is_told() {
    let entry = "  - { type: webhook-incoming, name: a, username: !a '', channel: '#c', foo: 1 }\n";
    let manifest = format!("integrations:\n{}", entry.repeat(1200));
    let codes = codes(&manifest);
    assert_eq!(codes.len(), 100);
    assert!(codes.iter().all(|code| code == "yaml-tag"));
    let output = validate(&["-"], manifest.as_bytes());
    let closing = "error: 1000 problems in 1 file\n";
    assert!(text(&output.stderr).ends_with(closing));
}

fn codes(manifest: &str) -> Vec<String> {
    findings(manifest)
        .into_iter()
        .map(|found| found.0)
        .collect()
}
