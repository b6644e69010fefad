//! The reader and the published schema take the same.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use super::*;
use crate::integration::{Field, LeftOut, Shape};
use crate::problem::Texts;
use crate::yaml;

/// Scalars of every type, as YAML writes them, with what each row, setting or key might know.
const SCALARS: &[&str] = &[
    "",
    "null",
    "[]",
    "{}",
    "~",
    "true",
    "False",
    "yes",
    "0",
    "1",
    "-1",
    "3.0",
    "-0.0",
    "2.5",
    "1e300",
    "-1e300",
    "0x1f",
    "9223372036854775807",
    "9223372036854775808",
    ".inf",
    "-.inf",
    ".nan",
    "2026-01-01",
    "\"\"",
    "\" \"",
    "\"a\"",
    "\"a,b\"",
    "\"${var.x}\"",
    "\"${var.x}\\n\"",
    "\" ${var.x}\"",
    "\"a ${var.x}\"",
    "\"${var.x}${var.y}\"",
    "\"${var.1}\"",
    "\"${var.}\"",
    "\"${var.é}\"",
    "\"${secret.x}\"",
    "\"${\"",
    "\"$${var.x}\"",
    "sendMessage",
    "userCreated",
    "roomCreated",
    "roomcreated",
    "present",
    "absent",
    "released",
    "Absent",
    "off",
    "disable",
    "delete",
    "name",
    "urls",
    "webhook-incoming",
    "webhook-outgoing",
    "webhook",
    "!!str 1",
    "!!float 1",
];

/// The keys of an entry that are rcsync's own, and values that they take.
const OWN: &[(&str, &[&str])] = &[
    ("id", &["a", "\" \""]),
    ("renamedFrom", &["a", "\"\"", "\"${var.x}\""]),
    ("ignore", &["[]", "[name]", "[name, enabled, name]"]),
    ("state", &["present", "absent", "released"]),
];

/// The settings, and values that they take.
const SETTINGS: &[(&str, &[&str])] = &[
    ("server", &["a", "\"\"", "\"${var.x}\""]),
    (
        "scope",
        &[
            "{}",
            "{names: [a, \"${var.x}\"]}",
            "{creators: [], names: []}",
        ],
    ),
    ("prune", &["off", "disable", "delete"]),
    (
        "maxDeletes",
        &["0", "3", "3.0", "1e300", "9223372036854775808"],
    ),
    ("keep", &["[]", "[a, \"\"]"]),
];

/// Values that a row takes.
fn fitting(field: &Field) -> Vec<String> {
    let of = |values: &[&str]| values.iter().map(ToString::to_string).collect();
    match (field.shape, field.role) {
        (_, Role::Event) => Kind::Outgoing
            .events()
            .iter()
            .map(|event| event.name.to_owned())
            .collect(),
        (_, Role::Called) => of(&["[a]", "[\" \", \"${secret.x}\"]"]),
        (Shape::Flag, _) => of(&["true", "false", "\"${var.x}\""]),
        (Shape::Number, _) => of(&["3", "-1", "4.0", "1e300", "\"${var.x}\""]),
        (Shape::Text | Shape::Secret, _) => of(&["a", "\"\"", "\"${var.x}\"", "\"${secret.x}\""]),
        (Shape::Joined | Shape::Set, _) => of(&["a", "\"\"", "[]", "[a, \"\"]", "\"a,${var.x}\""]),
        (Shape::Script, _) => of(&[
            "a",
            "\"\"",
            "{file: a}",
            "{replace: {}, file: a}",
            "{file: a, replace: {\"\": b, c: \"${secret.x}\"}}",
        ]),
    }
}

/// Any value: of every type, and deeper ones that are nearly right.
fn anything() -> impl Strategy<Value = String> {
    let scalar = select(SCALARS).prop_map(str::to_owned);
    let key = select(&["file", "replace", "names", "creators", "a", "\"\"", "type"][..]);
    scalar.prop_recursive(3, 12, 3, move |inner| {
        let member = (key.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(|items| {
                // Between brackets there is no item of nothing.
                let items = items
                    .iter()
                    .map(|item| if item.is_empty() { "~" } else { item });
                format!("[{}]", items.collect::<Vec<_>>().join(", "))
            }),
            prop::collection::btree_map(member.0, member.1, 0..3).prop_map(|members| {
                let members = members.iter().map(|(key, value)| format!("{key}: {value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

/// What a key comes to: nothing, a value that fits, or anything.
type Draw = (u8, Index, String);

fn member(
    key: &str,
    fitting: &[String],
    left_out: u8,
    (roll, index, any): &Draw,
) -> Option<String> {
    match roll {
        _ if *roll < left_out => None,
        97.. => Some(format!("{key}: {any}")),
        _ => Some(format!("{key}: {}", index.get(fitting))),
    }
}

fn draws(count: usize) -> impl Strategy<Value = Vec<Draw>> {
    prop::collection::vec((0_u8..100, any::<Index>(), anything()), count)
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn an_entry() -> impl Strategy<Value = String> {
    (select(&Kind::ALL[..]), draws(30)).prop_map(|(kind, draws)| {
        let mut draws = draws.iter();
        let mut members = Vec::new();
        let kinds = [kind.wire().to_owned()];
        members.extend(
            draws
                .next()
                .and_then(|draw| member("type", &kinds, 2, draw)),
        );
        for (field, draw) in kind.fields().iter().zip(&mut draws) {
            let left_out = if field.left_out == LeftOut::Required {
                3
            } else {
                40
            };
            members.extend(member(field.name, &fitting(field), left_out, draw));
        }
        for ((key, values), draw) in OWN.iter().zip(&mut draws) {
            members.extend(member(key, &owned(values), 60, draw));
        }
        let strange = [
            "token: a",
            "urls: [a]",
            "Name: a",
            "\"\": a",
            "<<: {alias: a}",
        ];
        members.extend(draws.next().and_then(|(roll, index, _)| {
            let strange = *index.get(&strange[..]);
            let known = strange
                .split(':')
                .next()
                .is_some_and(|key| kind.field(key).is_some());
            (*roll < 10 && !known).then(|| strange.to_owned())
        }));
        format!("{{{}}}", members.join(", "))
    })
}

fn some_settings() -> impl Strategy<Value = String> {
    draws(6).prop_map(|draws| {
        let known = SETTINGS.iter().zip(&draws);
        let mut members: Vec<_> = known
            .filter_map(|((key, values), draw)| member(key, &owned(values), 40, draw))
            .collect();
        members.extend(member("other", &[], 97, &draws[5]));
        format!("{{{}}}", members.join(", "))
    })
}

fn tree(text: &str) -> Node {
    let source = Texts::default().add("m", "");
    let mut documents = yaml::load(source, text).unwrap_or_else(|_| panic!("no YAML: {text}"));
    documents.remove(0)
}

/// Whether both take an entry; they have to agree.
fn both_take_entry(checker: &Checker, text: &str) -> bool {
    let node = tree(text);
    let mut schema = true;
    checker.check_item(0, &node, |found| schema &= found.is_empty());
    let reader = matches!(entry(node, true), Some(Ok(_)));
    assert_eq!(reader, schema, "the reader and the schema: {text}");
    reader
}

/// The same for settings.
fn both_take_settings(checker: &Checker, text: &str) -> bool {
    let document = tree(&format!("settings: {text}"));
    let mut schema = true;
    checker.check(&document, |found| schema &= found.is_empty());
    let reader = document
        .get("settings")
        .is_some_and(|member| Settings::read(&member.value).is_some());
    assert_eq!(reader, schema, "the reader and the schema: {text}");
    reader
}

/// What is drawn is taken often enough, and refused often enough.
fn agree(strategy: impl Strategy<Value = String>, take: impl Fn(&str) -> bool) {
    let (taken, all) = (Cell::new(0), Cell::new(0));
    let config = Config {
        cases: 1_500,
        failure_persistence: None,
        ..Config::default()
    };
    let ran = TestRunner::new(config).run(&strategy, |text| {
        all.set(all.get() + 1);
        taken.set(taken.get() + u32::from(take(&text)));
        Ok(())
    });
    ran.unwrap();
    assert!(
        (all.get() / 10..all.get() * 9 / 10).contains(&taken.get()),
        "{taken:?}"
    );
}

#[test]
fn the_reader_takes_exactly_the_entries_that_the_schema_takes() {
    let checker = checker().unwrap();
    agree(an_entry(), |text| both_take_entry(&checker, text));
}

#[test]
fn the_reader_takes_exactly_the_settings_that_the_schema_takes() {
    let checker = checker().unwrap();
    agree(some_settings(), |text| both_take_settings(&checker, text));
}

#[test]
fn every_type_of_value_is_judged_alike_in_every_place() {
    let checker = checker().unwrap();
    let sound: Vec<_> = [
        ("type", "webhook-outgoing"),
        ("name", "n"),
        ("username", "u"),
    ]
    .into_iter()
    .chain([("event", "sendMessage"), ("channel", "c"), ("urls", "[a]")])
    .collect();
    for kind in Kind::ALL {
        let own = OWN.iter().map(|(key, _)| *key).chain(["type", "other"]);
        let keys = kind.fields().iter().map(|field| field.name).chain(own);
        for key in keys {
            for scalar in SCALARS {
                let mut values = vec![(*scalar).to_owned(), format!("[a, {scalar}]")];
                if kind
                    .field(key)
                    .is_some_and(|field| field.shape == Shape::Script)
                {
                    values.extend([
                        format!("{{a: {scalar}}}"),
                        format!("{{file: {scalar}}}"),
                        format!("{{file: a, replace: {scalar}}}"),
                        format!("{{file: a, replace: {{b: {scalar}}}}}"),
                        format!("{{file: a, b: {scalar}}}"),
                    ]);
                }
                for value in values {
                    let members = sound.iter().filter(|(name, _)| *name != key);
                    let members =
                        members.filter(|(name, _)| *name == "type" || kind.field(name).is_some());
                    let members = members.map(|(name, value)| match *name {
                        "type" => format!("type: {}", kind.wire()),
                        _ => format!("{name}: {value}"),
                    });
                    let members: Vec<_> = members.chain([format!("{key}: {value}")]).collect();
                    both_take_entry(&checker, &format!("{{{}}}", members.join(", ")));
                }
            }
        }
    }
    for (key, _) in SETTINGS {
        for scalar in SCALARS {
            for value in [
                (*scalar).to_owned(),
                format!("[{scalar}]"),
                format!("{{names: {scalar}}}"),
                format!("{{creators: [{scalar}]}}"),
                format!("{{other: {scalar}}}"),
            ] {
                both_take_settings(&checker, &format!("{{{key}: {value}}}"));
            }
        }
    }
    for text in SCALARS.iter().filter(|text| !text.is_empty()) {
        both_take_entry(&checker, text);
        both_take_entry(&checker, &format!("[{text}]"));
        both_take_settings(&checker, text);
    }
}

#[test]
fn what_is_wrong_far_down_a_long_list_or_mapping_is_told_at_its_place() {
    let checker = checker().unwrap();
    let mut urls = vec!["a"; 2_500];
    (urls[999], urls[1_700], urls[2_499]) = ("1", "2", "3");
    let mut texts: Vec<_> = (0..2_500).map(|number| format!("k{number}: v")).collect();
    texts[1_234] = "k1234: 4".to_owned();
    let mut strange: Vec<_> = (0..1_500).map(|number| format!("n{number}: v")).collect();
    // What the schema names is judged with the rest of the entry, wherever it is.
    strange.push(
        "type: webhook-outgoing, name: n, event: sendMessage, channel: c, enabled: 5".to_owned(),
    );
    let text = format!(
        "{{{}, urls: [{}], script: {{replace: {{{}}}, file: a}}}}",
        strange.join(", "),
        urls.join(", "),
        texts.join(", ")
    );
    let node = tree(&text);
    let (mut types, mut unknown, mut other) = (Vec::new(), 0, Vec::new());
    checker.check_item(0, &node, |found| {
        for violation in found {
            let bytes = violation.at.bytes.start as usize..violation.at.bytes.end as usize;
            match violation.rule {
                Rule::Type { .. } => types.push((text[bytes].to_owned(), violation.path.to_vec())),
                Rule::Unknown { key, .. } => {
                    assert_eq!(text[bytes], *key);
                    unknown += 1;
                }
                rule => other.push(rule),
            }
        }
    });
    types.sort_by(|(one, _), (other, _)| one.cmp(other));
    let values: Vec<_> = types.iter().map(|(value, _)| value.as_str()).collect();
    assert_eq!(values, ["1", "2", "3", "4", "5"]);
    assert_eq!(types[1].1.last(), Some(&Step::Index(1_700)));
    assert_eq!(types[3].1.last(), Some(&Step::Key("k1234".into())));
    assert_eq!(unknown, 1_500);
    // The entry lacks its user, and nothing else.
    assert!(
        matches!(&other[..], [Rule::Missing { key, .. }] if key == "username"),
        "{other:?}"
    );
}

#[test]
fn the_schema_that_checks_is_valid_and_the_one_that_is_made() {
    let committed: Json =
        serde_json::from_str(include_str!("../../schema/manifest.schema.json")).unwrap();
    assert_eq!(committed, schema());
    assert!(jsonschema::meta::is_valid(&committed));
    // It is judged by draft 7, which does not know these, or ignores what stands beside them.
    for keyword in [
        "$ref",
        "dependentRequired",
        "dependentSchemas",
        "maxContains",
        "minContains",
        "prefixItems",
        "unevaluatedItems",
        "unevaluatedProperties",
    ] {
        let named = format!("\"{keyword}\":");
        assert!(!committed.to_string().contains(&named), "{keyword}");
    }
}

#[test]
fn the_keys_of_an_entry_without_a_type_are_told_in_the_same_run() {
    let of_one_kind =
        "{name: a, urls: [], alias: b, ignore: [], renamedFrom: c, x: 1, script_enabled: true}";
    let node = tree(of_one_kind);
    let unknown = of_no_kind(3, &node);
    let keys: Vec<_> = unknown
        .iter()
        .map(|it| match &it.rule {
            Rule::Unknown { key, .. } => key.as_str(),
            _ => "",
        })
        .collect();
    assert_eq!(keys, ["x", "script_enabled"]);
    assert!(of_no_kind(0, &tree("{type: webhook-incoming, x: 1}")).is_empty());
    assert!(of_no_kind(0, &tree("[x]")).is_empty());
    // The list of our own keys is that of the schema.
    let entry = &schema()["properties"]["integrations"]["items"];
    for key in Own::KEYS {
        assert!(entry.to_string().contains(&format!("\"{key}\":")), "{key}");
    }
}
