//! The input stages as a whole, over texts in memory: nothing panics, the schema that is printed is the one that
//! checks, and the work grows with the text and not with its square.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::secret::Secret;

/// A checker over the manifest's schema, as it is or changed.
fn checker(change: impl FnOnce(&mut serde_json::Value)) -> Checker {
    let mut schema = manifest::schema();
    change(&mut schema);
    Checker::new(schema).unwrap()
}

fn variables() -> Variables {
    let mut variables = Variables {
        undefined_secrets: Undefined::Unknown,
        ..Variables::default()
    };
    for (name, value) in [("on", "true"), ("room", "#ops"), ("count", "3")] {
        variables.plain.insert(name.to_owned(), value.to_owned());
    }
    let known = Secret::new("hunter2");
    variables.secrets.insert("known".to_owned(), known);
    variables
}

/// Everything that `validate` does with a manifest from standard input.
fn checked(text: &[u8], checker: &Checker) -> Loaded {
    let (sources, findings) = Sources::read(&["-".into()], None, &mut &*text);
    check(sources, findings, checker, &variables())
}

fn codes(text: &str, checker: &Checker) -> Vec<&'static str> {
    let loaded = checked(text.as_bytes(), checker);
    loaded.findings.iter().map(|found| found.code.0).collect()
}

/// An incoming and an outgoing webhook with the lines given.
fn incoming(lines: &str) -> String {
    format!("integrations:\n  - type: webhook-incoming\n    name: a\n{lines}")
}

fn outgoing(lines: &str) -> String {
    format!("integrations:\n  - type: webhook-outgoing\n    name: a\n{lines}")
}

#[test]
fn validation_is_by_the_schema_that_is_printed() {
    let who = "    username: b\n";
    let room = "    channel: \"#c\"\n";
    let to = "    urls: [\"https://example.org\"]\n";
    let on = "    event: sendMessage\n";
    let entry = "/properties/integrations/items";
    let incoming_branch = format!("{entry}/allOf/0/then");
    let outgoing_branch = format!("{entry}/allOf/1/then");
    // The manifest, the rule of the schema that it breaks, the code of the finding.
    let cases = [
        (
            "version: 1\n".to_owned(),
            "/additionalProperties".to_owned(),
            "unknown-field",
        ),
        (
            "integrations: none\n".to_owned(),
            "/properties/integrations/type".to_owned(),
            "wrong-type",
        ),
        (
            "integrations: [a]\n".to_owned(),
            format!("{entry}/type"),
            "wrong-type",
        ),
        (
            "integrations: [{ name: a }]\n".to_owned(),
            format!("{entry}/required"),
            "missing-field",
        ),
        (
            incoming(&format!("{who}{room}    colour: red\n")),
            format!("{incoming_branch}/additionalProperties"),
            "unknown-field",
        ),
        (
            incoming(room),
            format!("{incoming_branch}/allOf/0/else/required"),
            "missing-field",
        ),
        (
            "settings: { maxDeletes: \"3\" }\n".to_owned(),
            "/properties/settings/properties/maxDeletes/type".to_owned(),
            "not-a-number",
        ),
        (
            incoming(&format!("{who}{room}    id: \"\"\n")),
            format!("{incoming_branch}/properties/id/minLength"),
            "empty",
        ),
        (
            incoming(&format!("{who}{room}    state: gone\n")),
            format!("{incoming_branch}/properties/state/enum"),
            "unknown-value",
        ),
        (
            incoming(&format!("{who}{room}    ignore: [urls]\n")),
            format!("{incoming_branch}/properties/ignore/items/enum"),
            "unknown-value",
        ),
        (
            incoming(&format!(
                "{who}{room}    script: {{ replace: {{ a: b }} }}\n"
            )),
            format!("{incoming_branch}/properties/script/required"),
            "missing-field",
        ),
        (
            outgoing(&format!("{who}{room}{to}    event: sent\n")),
            format!("{outgoing_branch}/properties/event/enum"),
            "unknown-value",
        ),
        (
            outgoing(&format!("{who}{to}{on}")),
            format!("{outgoing_branch}/allOf/0/else/allOf/0/then/required"),
            "missing-field",
        ),
        (
            outgoing(&format!("{who}{to}    event: userCreated\n")),
            format!("{outgoing_branch}/allOf/0/else/allOf/1/then/required"),
            "missing-field",
        ),
        (
            outgoing(&format!("{who}{room}{on}    urls: []\n")),
            format!("{outgoing_branch}/properties/urls/minItems"),
            "empty",
        ),
        (
            "settings: { maxDeletes: -1 }\n".to_owned(),
            "/properties/settings/properties/maxDeletes/minimum".to_owned(),
            "too-small",
        ),
    ];
    let whole = checker(|_| {});
    for (text, pointer, code) in cases {
        assert_eq!(codes(&text, &whole), [code], "{text}");
        let without = checker(|schema| {
            let (parent, rule) = pointer.rsplit_once('/').unwrap();
            let parent = schema.pointer_mut(parent).unwrap().as_object_mut();
            parent.unwrap().remove(rule).expect(&pointer);
        });
        let left = codes(&text, &without);
        assert!(!left.contains(&code), "{pointer}: {left:?}\n{text}");
    }
}

/// A manifest of so many integrations, with what there can be in it.
fn many(count: usize) -> String {
    let mut text = "integrations:\n".to_owned();
    for index in 0..count {
        let kind = if index % 2 == 0 {
            format!(
                "webhook-incoming\n    channel: [\"#ops-{index}\", \"@dana\"]\n    enabled: ${{var.on}}"
            )
        } else {
            format!(
                "webhook-outgoing\n    event: sendMessage\n    channel: \"#general, #c{index}\"\n    urls: [\"https://example.org/${{secret.k{index}}}\"]"
            )
        };
        let _ = write!(
            text,
            "  - name: Number {index}\n    username: rocket.cat\n    script: |\n      class Script {{\n      }}\n    type: {kind}\n"
        );
    }
    text
}

/// The same with mistakes: each entry has an unknown key and the first one's name.
fn all_wrong(count: usize) -> String {
    let mut text = "integrations: [".to_owned();
    for index in 0..count {
        let _ = write!(
            text,
            "{{ type: webhook-incoming, name: a, username: \" b\", channel: \"c{index}, \", id: b{} }}, ",
            index / 2
        );
    }
    text.push(']');
    text
}

/// One entry in which very much is wrong.
fn one_wrong(count: usize) -> String {
    let mut text = "integrations:\n  - { type: webhook-incoming, name: a".to_owned();
    for index in 0..count {
        let _ = write!(text, ", k{index}: ");
    }
    text.push_str(" }\n---\nintegrations:\n  - type: webhook-incoming\n    name: a\n    username: b\n    channel: \"");
    for index in 0..count {
        let _ = write!(text, "c{index},");
    }
    text.push_str("\"\n    alias: \"");
    text.extend(std::iter::repeat_n("${var.x} ", count));
    text.push_str("\"\n");
    text
}

#[test]
fn ten_thousand_integrations_are_read() {
    let loaded = checked(many(10_000).as_bytes(), &checker(|_| {}));
    assert!(loaded.findings.is_empty(), "{:?}", loaded.findings.first());
    assert_eq!(loaded.desired.entries.len(), 10_000);
}

/// The least of three measurements: what disturbs a machine only ever adds.
fn cost(text: &str, checker: &Checker) -> Duration {
    let once = || {
        let start = Instant::now();
        let loaded = checked(text.as_bytes(), checker);
        let told = diagnostics::json(&loaded.findings, &loaded.sources.texts);
        assert_eq!(told.problems.is_empty(), loaded.findings.is_empty());
        start.elapsed()
    };
    once().min(once()).min(once())
}

/// Ten times the text may take forty times as long: twice what is linear costs even on a machine that is busy with
/// other things, and much less than the hundred times of a step that is quadratic.
#[test]
fn the_work_grows_with_the_text() {
    let checker = checker(|_| {});
    for manifest in [many, all_wrong, one_wrong] {
        let (small, large) = (manifest(300), manifest(3000));
        let (once, ten_times) = (cost(&small, &checker), cost(&large, &checker));
        assert!(
            ten_times < once * 40,
            "{once:?} and {ten_times:?} for ten times of\n{}",
            &small[..200]
        );
    }
}

/// Pieces that manifests are made of, and that break them.
const PIECES: &[&str] = &[
    "integrations:\n",
    "  - ",
    "- ",
    "    ",
    "type: ",
    "webhook-incoming\n",
    "webhook-outgoing\n",
    "name: ",
    "a\n",
    "username: ",
    "channel: ",
    "\"#ops\"\n",
    "#ops\n",
    "event: sendMessage\n",
    "urls: [",
    "https://x",
    "]",
    "{",
    "}",
    ", ",
    "script: { file: nope.js }\n",
    "script: |\n",
    "${var.on}",
    "${secret.known}",
    "${",
    "$${",
    "settings:\n",
    "prune: ",
    "off\n",
    "x-a: &a ",
    "*a",
    "<<: *a\n",
    "\n",
    "---\n",
    "...\n",
    "\"",
    "'",
    ": ",
    ":",
    "#",
    "\t",
    "!",
    "@",
    "|",
    ">",
    "~",
    "true\n",
    "yes\n",
    "1e400\n",
    "-1\n",
    "\u{feff}",
    "é",
    "\r\n",
    "\u{85}",
    "\0",
    "enabled: ",
    "retryCount: ",
    "triggerWords: ",
    "state: absent\n",
    "id: ",
    "ignore: ",
    "%",
    "? ",
    "\\",
    "\\u12",
];

fn survives(text: &[u8]) -> Result<(), TestCaseError> {
    thread_local! {
        static CHECKER: Checker = checker(|_| {});
    }
    CHECKER.with(|checker| {
        let loaded = checked(text, checker);
        let texts = &loaded.sources.texts;
        let refused = loaded.is_refused(false);
        for found in loaded.findings.iter().chain(&loaded.not_yet) {
            let length = texts.get(found.at.source).text.len();
            let end = usize::try_from(found.at.bytes.end).unwrap();
            prop_assert!(
                found.at.bytes.start <= found.at.bytes.end && end <= length,
                "{found:?}"
            );
            prop_assert!(
                !found.message.is_empty() && !found.message.contains('\n'),
                "{found:?}"
            );
            prop_assert!(
                found.code.0 != "unreadable" && found.code.0 != "schema",
                "{found:?}"
            );
        }
        let told = diagnostics::text(&loaded.findings, texts, &[], false);
        prop_assert_eq!(told.is_empty(), loaded.findings.is_empty());
        let data = serde_json::to_value(diagnostics::json(&loaded.findings, texts)).unwrap();
        prop_assert_eq!(
            data["problems"]
                .as_array()
                .unwrap()
                .iter()
                .any(|found| found["severity"] == "error"),
            refused
        );
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        survives(&bytes)?;
    }

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        survives(text.as_bytes())?;
    }

    #[test]
    fn pieces_of_manifests_are_survived(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        survives(pieces.concat().as_bytes())?;
    }

    #[test]
    fn manifests_with_a_piece_changed_are_survived(
        count in 1_usize..4,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..12, proptest::sample::select(PIECES)), 1..5)
    ) {
        let mut bytes = many(count).into_bytes();
        for (index, removed, piece) in changes {
            let at = index.index(bytes.len());
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, piece.bytes());
        }
        survives(&bytes)?;
    }
}
