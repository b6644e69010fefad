//! The input stages as a whole, over texts in memory: nothing panics, the schema that is printed is the one that
//! checks, and the work grows with the text and not with its square.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::observed::ObservedState;
use crate::plan::Plan;
use crate::report::diagnostics;
use crate::secret::Secret;
use crate::support;

/// A checker over the manifest's schema, as it is or changed.
fn checker(change: impl FnOnce(&mut serde_json::Value)) -> Checker {
    let mut schema = manifest::schema();
    change(&mut schema);
    Checker::new(schema, "integrations").unwrap()
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
fn checked(text: &[u8], checker: &Checker) -> Checked {
    let (sources, findings) = Sources::read(&["-".into()], None, &mut &*text);
    Typed::read(sources, findings, checker).build_all(&variables())
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

/// Manifests, each with the rule of the schema that it breaks and the code of the finding.
fn broken_rules() -> Vec<(String, String, &'static str)> {
    let who = "    username: b\n";
    let room = "    channel: \"#c\"\n";
    let to = "    urls: [\"https://example.org\"]\n";
    let on = "    event: sendMessage\n";
    let entry = "/properties/integrations/items";
    let incoming_branch = format!("{entry}/allOf/0/then");
    let outgoing_branch = format!("{entry}/allOf/1/then");
    vec![
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
    ]
}

#[test]
fn validation_is_by_the_schema_that_is_printed() {
    let whole = checker(|_| {});
    for (text, pointer, code) in broken_rules() {
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

/// Two entries in which very much is wrong.
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

/// A server that has every other of so many integrations, and each in another way.
fn half_of(count: usize) -> ObservedState {
    let record = |index| {
        serde_json::json!({
            "_id": format!("{index:024}"), "type": "webhook-incoming", "name": format!("Number {index}"),
            "username": "rocket.cat", "userId": "rocket.cat", "channel": ["#elsewhere"], "enabled": true,
            "scriptEnabled": false,
        })
    };
    let records: Vec<_> = (0..count).rev().step_by(2).map(record).collect();
    support::observed(&serde_json::json!({ "version": "8.8", "integrations": records }))
}

/// How long it takes to read a manifest, tell what was found, and plan; and how many integrations were sound.
fn cost(text: &str, checker: &Checker, observed: &ObservedState) -> (Duration, usize) {
    let start = Instant::now();
    let loaded = checked(text.as_bytes(), checker);
    let told = diagnostics::json(&loaded.findings, &loaded.sources.texts);
    assert_eq!(told.problems.is_empty(), loaded.findings.is_empty());
    let plan = Plan::between(&loaded.desired, observed);
    assert!(!plan.is_empty());
    (start.elapsed(), loaded.desired.entries.len())
}

/// Ten times the text may take twenty-five times as long, at the best of four tries: more than what is linear takes
/// on a machine that is busy with other things, and much less than the hundred times of a step that is quadratic.
fn assert_linear(manifest: fn(usize) -> String, count: usize, sound: usize) {
    let checker = checker(|_| {});
    let (small, large) = (manifest(count), manifest(10 * count));
    let (few, many) = (half_of(count), half_of(10 * count));
    let ratios = (0..4).map(|_| {
        let (once, _) = cost(&small, &checker, &few);
        let (ten_times, entries) = cost(&large, &checker, &many);
        assert_eq!(entries, sound);
        ten_times.as_secs_f64() / once.as_secs_f64()
    });
    let mut tried = Vec::new();
    for ratio in ratios {
        tried.push(ratio);
        if ratio < 25.0 {
            return;
        }
    }
    panic!("{tried:?} times the work for ten times the text");
}

#[test]
fn ten_thousand_integrations_cost_ten_times_what_one_thousand_do() {
    assert_linear(many, 1000, 10_000);
}

#[test]
fn ten_times_the_mistakes_cost_ten_times_as_much() {
    assert_linear(all_wrong, 150, 1500);
    assert_linear(one_wrong, 300, 2);
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
        for found in loaded.findings.iter() {
            let length = texts.get(found.place.as_ref().unwrap().source).text.len();
            let end = usize::try_from(found.place.as_ref().unwrap().bytes.end).unwrap();
            prop_assert!(
                found.place.as_ref().unwrap().bytes.start
                    <= found.place.as_ref().unwrap().bytes.end
                    && end <= length,
                "{found:?}"
            );
            for words in [Some(&found.message), found.help.as_ref()]
                .into_iter()
                .flatten()
            {
                prop_assert!(
                    !words.is_empty() && !words.contains(['\n', '\r']),
                    "{found:?}"
                );
            }
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
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

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
    fn manifests_with_pieces_changed_are_survived(bytes in changed()) {
        survives(&bytes)?;
    }
}

/// Values that are well-formed, and right in some places.
const VALUES: &[&str] = &[
    "a",
    "\"\"",
    "\" \"",
    "ops",
    "\"#ops,\"",
    "[\"#a, #b\"]",
    "[]",
    "all_public_channels",
    "\"@dana\"",
    "${var.on}",
    "${var.nope}",
    "\"${secret.known} ${HOME}\"",
    "${secret.key}",
    "yes",
    "true",
    "0",
    "2.5",
    "{ file: nope.js }",
    "{ a: b }",
    "webhook-outgoing",
    "roomCreated",
    "[example.org, \"https://\"]",
    "\"@a\"",
];

/// Manifests that are right, with a few values and now and then a piece put instead of others.
fn changed() -> impl Strategy<Value = Vec<u8>> {
    let value = (any::<prop::sample::Index>(), prop::sample::select(VALUES));
    let piece = (
        any::<prop::sample::Index>(),
        0_usize..12,
        prop::sample::select(PIECES),
    );
    (
        1_usize..4,
        prop::collection::vec(value, 0..7),
        prop::option::weighted(0.3, piece),
    )
        .prop_map(|(count, values, piece)| {
            let text = many(count);
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            for (index, value) in values {
                let line = index.get_mut(&mut lines);
                if let Some((key, _)) = line.split_once(": ") {
                    *line = format!("{key}: {value}");
                }
            }
            let mut bytes = lines.join("\n").into_bytes();
            if let Some((index, removed, piece)) = piece {
                let at = index.index(bytes.len());
                let end = (at + removed).min(bytes.len());
                bytes.splice(at..end, piece.bytes());
            }
            bytes
        })
}

/// The changes end in every stage: some are taken, some are refused by each.
#[test]
fn changed_manifests_reach_every_stage() {
    use proptest::strategy::ValueTree;

    let checker = checker(|_| {});
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = std::collections::BTreeMap::<&str, u32>::new();
    for _ in 0..1000 {
        let bytes = changed().new_tree(&mut runner).unwrap().current();
        let loaded = checked(&bytes, &checker);
        let codes: Vec<_> = loaded.findings.iter().map(|found| found.code.0).collect();
        let any = |of: &[&str]| {
            codes
                .iter()
                .any(|code| of.iter().any(|start| code.starts_with(start)))
        };
        let stages = [
            ("taken", codes.is_empty()),
            ("yaml", any(&["yaml-"])),
            (
                "schema",
                any(&[
                    "unknown-field",
                    "missing-field",
                    "wrong-type",
                    "empty",
                    "not-a",
                ]),
            ),
            (
                "variables",
                any(&["undefined-variable", "malformed-reference"]),
            ),
            (
                "rules",
                any(&[
                    "channel-prefix",
                    "comma-in-channel",
                    "unused",
                    "url-form",
                    "blank-",
                    "username-form",
                ]),
            ),
        ];
        for (stage, reaches) in stages {
            *reached.entry(stage).or_default() += u32::from(reaches);
        }
    }
    assert!(reached.values().all(|times| *times >= 20), "{reached:?}");
}

#[test]
fn all_files_together_have_so_many_integrations() {
    let folder = tempfile::tempdir().unwrap();
    let entries = (0..40_000).map(|number| {
        format!("- {{type: webhook-incoming, name: n, state: absent, id: i{number}}}\n")
    });
    let text = format!("integrations:\n{}", entries.collect::<String>());
    for name in ["a", "b", "c", "d"] {
        std::fs::write(folder.path().join(format!("{name}.yaml")), &text).unwrap();
    }
    let paths = [folder.path().to_owned()];
    let (sources, findings) = Sources::read(&paths, None, &mut std::io::empty());
    let typed = Typed::read(sources, findings, &checker(|_| ()));
    // The last is not part of it.
    assert_eq!(typed.manifests.len(), 3);
    let [found] = &*typed.findings else {
        panic!("{:?}", typed.findings.len());
    };
    let words = "the manifests up to this one have more than 100000 integrations";
    assert_eq!(found.message, words);
    let origin = &typed
        .sources
        .texts
        .get(found.place.as_ref().unwrap().source)
        .origin;
    assert!(origin.ends_with("c.yaml"), "{origin}");
}

#[test]
fn what_is_found_in_many_files_stands_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..60 {
        // The first ones take the longest.
        let lines = "    username: b\n    channel: \"#c\"\n    colour: red\n";
        let text = incoming(lines) + &"---\n".repeat(10 * (60 - number));
        let path = folder.path().join(format!("{number:02}.yaml"));
        std::fs::write(path, text).unwrap();
    }
    let paths = [folder.path().to_owned()];
    let (sources, findings) = Sources::read(&paths, None, &mut std::io::empty());
    let files: Vec<_> = sources.manifests.iter().map(|source| source.id).collect();
    let typed = Typed::read(sources, findings, &checker(|_| ()));
    let found = typed.findings.iter().filter_map(Problem::source);
    assert!(found.eq(files.iter().copied()));
    let read = typed.manifests.iter();
    let read = read.filter_map(|manifest| manifest.entries.first());
    assert!(read.map(manifest::Entry::source).eq(files));
}
