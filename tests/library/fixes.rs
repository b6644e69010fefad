//! What a suggestion promises: applied, it solves its problem and brings no other.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::select;
use rcsync::engine::check::{self, Checked, Inputs};
use rcsync::problem::{Findings, Problem, apply};
use rcsync::variables::Undefined;

/// What is wrong with a folder or a file, its scripts too.
fn checked(path: &Path) -> (Checked, Findings) {
    let inputs = Inputs {
        paths: vec![path.to_owned()],
        root: None,
        vars: Vec::new(),
        var_files: Vec::new(),
        secret_files: Vec::new(),
        environment: Vec::new(),
        undefined: Undefined::Unknown,
    };
    let mut checked = check::check(&inputs, &mut io::empty()).unwrap();
    let scripts = checked.scripts(None);
    checked.findings.absorb(scripts);
    let findings = std::mem::take(&mut checked.findings);
    (checked, findings)
}

/// Problems by what they say, and how many say so.
fn counted<'p>(
    problems: impl Iterator<Item = &'p Problem>,
) -> BTreeMap<(&'static str, String), usize> {
    let mut counts = BTreeMap::new();
    for problem in problems {
        *counts
            .entry((problem.code.0, problem.message.clone()))
            .or_default() += 1;
    }
    counts
}

/// What a value is told once it can be read: it was not looked at before.
const OF_VALUES: [&str; 10] = [
    "channel-prefix",
    "channel-separator",
    "emoji-form",
    "name-form",
    "not-a-boolean",
    "username-form",
    "unknown-value",
    "wrong-type",
    "yaml-comment",
    "yaml-map",
];

/// Applies each suggestion by itself, and says which does not keep the promise. Of these codes some may come to light.
fn broken(path: &Path, hidden: &[&str]) -> Vec<String> {
    let (read, problems) = checked(path);
    let mut broken = Vec::new();
    for (index, problem) in problems.iter().enumerate() {
        let (Some(fix), Some(place)) = (&problem.fix, &problem.place) else {
            continue;
        };
        let text = read.sources.texts.get(place.source);
        let fixed = apply(place.source, &text.text, [problem], |_| true);
        assert_eq!(fixed.count, 1);
        let file = PathBuf::from(&text.origin);
        fs::write(&file, &fixed.text).unwrap();
        let (_, after) = checked(path);
        fs::write(&file, &text.text).unwrap();
        // What cannot be parsed hides the rest: the parser has to come further.
        if problem.code.0 == "yaml-syntax" && !hidden.is_empty() {
            let stuck = |it: &&Problem| it.code == problem.code && it.start() == problem.start();
            broken.extend(
                after
                    .iter()
                    .find(stuck)
                    .map(|it| format!("{problem:?}: {it:?}")),
            );
            continue;
        }
        // Another entry may use the same script, and be told the same of it.
        let same = |it: &Problem| it.place == problem.place && it.fix == problem.fix;
        let rest = problems.iter().enumerate();
        let rest = rest.filter(|(at, it)| *at != index && !same(it));
        let before = counted(rest.map(|(_, it)| it));
        let brought: Vec<_> = counted(after.iter())
            .into_iter()
            .filter(|(what, count)| before.get(what).is_none_or(|it| it < count))
            .filter(|((code, _), _)| *code == problem.code.0 || !hidden.contains(code))
            .collect();
        if !brought.is_empty() {
            broken.push(format!(
                "{}: {} [{}] => {}\n  leaves {brought:?}",
                path.display(),
                problem.message,
                problem.code.0,
                fix.text
            ));
        }
    }
    broken
}

fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        fs::copy(from, to).unwrap();
    }
    // Not a link that leads nowhere.
    if !from.is_dir() {
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        copy(&entry.path(), &to.join(entry.file_name()));
    }
}

/// What these also have, hidden by the first problem: a value that is not checked before it is where it belongs.
const SEVERAL: [(&str, &str); 6] = [
    ("unknown-field.yaml", "no-script"),
    ("unknown-field--crlf.yaml", "no-script"),
    ("unknown-field--script.yaml", "script-file"),
    ("unknown-field--snake.yaml", "no-script"),
    ("yaml-comment--secret.yaml", "literal-secret"),
    (
        "yaml-syntax--reference-in-braces.yaml",
        "undefined-variable",
    ),
];

#[test]
fn the_suggestions_of_every_invalid_manifest_solve_their_problems() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    let mut seen = 0;
    for entry in fs::read_dir("tests/manifests/invalid").unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "txt") {
            continue;
        }
        let to = folder.path().join(path.file_name().unwrap());
        copy(&path, &to);
        let (_, problems) = checked(&to);
        seen += problems.iter().filter(|it| it.fix.is_some()).count();
        let name = path.file_name().unwrap().to_string_lossy();
        let known = SEVERAL.iter().find(|(file, _)| *file == name);
        let left = broken(&to, &[]);
        match known {
            Some((_, code)) => {
                let only = |it: &String| it.contains(&format!("leaves [((\"{code}\""));
                assert!(!left.is_empty() && left.iter().all(only), "{left:?}");
            }
            None => all.extend(left),
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    assert!(seen > 30, "only {seen} suggestions were seen");
}

/// How a key may be written wrong.
fn slipped(key: &'static str) -> impl Strategy<Value = String> {
    (0..6_u8, 0..key.len()).prop_map(move |(how, at)| match how {
        0 => format!("{}{}", &key[..at], &key[at + 1..]),
        1 => format!("{}{}{}", &key[..at], &key[at..=at], &key[at..]),
        2 => key.to_uppercase(),
        3 => key
            .chars()
            .flat_map(|it| {
                if it.is_uppercase() {
                    vec!['_', it.to_ascii_lowercase()]
                } else {
                    vec![it]
                }
            })
            .collect(),
        _ => key.to_owned(),
    })
}

/// How a value may be written, well or not.
fn value(values: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(values)
}

/// An entry's lines, each with a key that may be wrong.
fn members() -> impl Strategy<Value = Vec<(String, &'static str)>> {
    let member = |key: &'static str, values: &'static [&'static str]| (slipped(key), value(values));
    (
        member(
            "type",
            &[
                "webhook-incoming",
                "\"webhook-incoming\"",
                "webhook_incoming",
                "incoming",
                "webhook-incomming",
            ],
        ),
        member(
            "name",
            &["Alerts", "\"Alerts\"", "'Alerts'", "3", "@ops: b", "%x"],
        ),
        member("username", &["rocket.cat", "\"rocket.cat\"", "@rocket.cat"]),
        member(
            "channel",
            &[
                "\"#ops\"",
                "[\"#ops\"]",
                "[#ops, #dev]",
                "#ops",
                "[\"#ops\", '@dana']",
                "\"#a #b\"",
            ],
        ),
        member("enabled", &["true", "yes", "\"true\"", "off", "1"]),
        member("emoji", &["\":bell:\"", ":bell:", "bell"]),
        member("avatar", &["\"\"", "https://a.example/x.png", "''"]),
        member("alias", &["Al", "a: b", "`b`"]),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| vec![a, b, c, d, e, f, g, h])
        .prop_flat_map(|wrong| (Just(wrong), any::<bool>()))
        .prop_map(|(wrong, kind)| {
            // Which fields an entry has depends on its type: while that is wrong they are not all checked.
            let well = [
                ("type", "webhook-incoming"),
                ("name", "A"),
                ("username", "b"),
                ("channel", "'@c'"),
            ];
            let well = well.map(|(key, value)| (key.to_owned(), value));
            if kind {
                [&wrong[..1], &well[1..]].concat()
            } else {
                [&well[..1], &wrong[1..]].concat()
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_suggestions_of_drawn_manifests_solve_their_problems(
        members in members(), form in 0..3_u8, quote in select(&["", "\"", "'"][..])
    ) {
        let member = |(key, value): &(String, &str)| format!("{quote}{key}{quote}: {value}");
        let members: Vec<_> = members.iter().map(member).collect();
        let entry = match form {
            0 => format!("- {{{}}}", members.join(", ")),
            // As JSON is written.
            1 if !quote.is_empty() => format!("- {{{}}}", members.join(",").replace(": ", ":")),
            _ => format!("- {}", members.join("\n    ")),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        fs::write(&path, format!("integrations:\n  {entry}\n")).unwrap();
        let broken = broken(&path, &OF_VALUES);
        prop_assert!(broken.is_empty(), "{entry}\n{}", broken.join("\n"));
    }
}
