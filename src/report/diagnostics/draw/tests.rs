use super::super::json::Problems;
use super::super::{json, summary};
use super::*;
use crate::problem::{Code, SourceId};

fn all(found: &[Problem]) -> Findings {
    found.iter().cloned().collect()
}

const TEXT: &str = "\u{feff}integrations:
  - type: webhook-incoming
    name: Grafana alerts
    scriptEnable: true
    channel: #ops
    name: Grafana
    token: abc123
";

fn place(source: SourceId, text: &str, what: &str) -> Place {
    let start = text.rfind(what).unwrap();
    let short = |at: usize| u32::try_from(at).unwrap();
    Place {
        source,
        bytes: short(start)..short(start + what.len()),
    }
}

/// One finding of each look, and what is masked.
fn sample() -> (Texts, Vec<Problem>, Place) {
    let mut texts = Texts::default();
    let a = texts.add("chat/alerts.yaml", TEXT);
    let long = format!(
        "x: [{}@bad, {}]\ny: 1\n",
        "\"aaaa\", ".repeat(12_000),
        "b, ".repeat(1000)
    );
    let b = texts.add("chat/\u{1b}[31mlong.yaml", long.as_str());
    let none = texts.add("nope.yaml", "");
    let at = |what| place(a, TEXT, what);
    let found = vec![
        Problem::error(
            Code("unknown-field"),
            at("scriptEnable"),
            "`scriptEnable` is not a field of a webhook-incoming",
        )
        .help("did you mean `scriptEnabled`?")
        .fix("scriptEnabled"),
        Problem::error(
            Code("yaml-comment"),
            at("#ops"),
            "`channel` is empty: `#` after a space starts a comment",
        )
        .expected("read as a comment")
        .help("quote it: `channel: \"#ops\"`"),
        Problem::error(
            Code("yaml-duplicate-key"),
            Place {
                bytes: at("name: Grafana\n").bytes.start..at("name: Grafana\n").bytes.start + 4,
                source: a,
            },
            "`name` is written twice in one mapping",
        )
        .expected("second time")
        .also(at("name: Grafana alerts"), "first time"),
        Problem::warning(
            Code("token"),
            at("abc123"),
            "bad token\u{1b}[31m\u{202e}\nx",
        )
        .help("do \u{1b}[1mit")
        .fix("abc"),
        Problem::error(
            Code("list"),
            Place {
                bytes: at("- type").bytes.start..u32::try_from(TEXT.len()).unwrap() - 1,
                source: a,
            },
            "an entry",
        )
        .also(place(b, &long, "y: 1"), "and there"),
        Problem::error(Code("long"), place(b, &long, "@bad"), "in a long line")
            .help("quote it")
            .fix("\"@bad\""),
        Problem::error(Code("long"), place(b, &long, "@bad"), "in a long line")
            .help("quote it")
            .fix("\"@bad\""),
        Problem::error(
            Code("source-missing"),
            Place {
                source: none,
                bytes: 0..0,
            },
            "no such file or folder",
        ),
    ];
    let masked = at("abc123");
    (texts, found, masked)
}

#[test]
fn findings_are_drawn_in_order() {
    let (texts, found, masked) = sample();
    let drawn = text(&all(&found), &texts, &[masked], false);
    insta::assert_snapshot!(format!("{drawn}{}", summary(&all(&found), 5, false).unwrap()), @r##"
    error[list]: an entry
     --> chat/alerts.yaml:2:3
      |
    2 |   - type: webhook-incoming
      |   ^^^^^^^^^^^^^^^^^^^^^^^^
      |
     ::: chat/␛[31mlong.yaml:2:1
      |
    2 | y: 1
      | ---- and there

    error[unknown-field]: `scriptEnable` is not a field of a webhook-incoming
     --> chat/alerts.yaml:4:5
      |
    4 |     scriptEnable: true
      |     ^^^^^^^^^^^^
      |
    help: did you mean `scriptEnabled`?
      |
    4 |     scriptEnabled: true
      |                 +

    error[yaml-comment]: `channel` is empty: `#` after a space starts a comment
     --> chat/alerts.yaml:5:14
      |
    5 |     channel: #ops
      |              ^^^^ read as a comment
      |
    help: quote it: `channel: "#ops"`

    error[yaml-duplicate-key]: `name` is written twice in one mapping
     --> chat/alerts.yaml:6:5
      |
    3 |     name: Grafana alerts
      |     -------------------- first time
    ...
    6 |     name: Grafana
      |     ^^^^ second time

    warning[token]: bad token␛[31m� x
     --> chat/alerts.yaml:7:12
      |
    7 |     token: ******
      |            ^^^^^^
      |
    help: do ␛[1mit

    error[long]: in a long line
     --> chat/␛[31mlong.yaml:1:96005
      |
    1 | ... "aaaa", "aaaa", "aaaa", "aaaa", @bad, b, b, b, b, b, b, b, b, b, b, b...
      |                                     ^^^^
      |
    help: quote it

    error[source-missing]: no such file or folder
    --> nope.yaml

    error: 6 problems and 1 warning in 3 of 5 files
    "##);
    assert!(text(&all(&found), &texts, &[], true).contains("\u{1b}["));
}

#[test]
fn findings_are_data() {
    let (texts, found, _) = sample();
    insta::assert_json_snapshot!(json(&all(&found[2..3]), &texts), @r##"
    {
      "formatVersion": 1,
      "problems": [
        {
          "code": "yaml-duplicate-key",
          "severity": "error",
          "message": "`name` is written twice in one mapping",
          "expected": "second time",
          "file": "chat/alerts.yaml",
          "line": 6,
          "column": 5,
          "endLine": 6,
          "endColumn": 9,
          "also": [
            {
              "file": "chat/alerts.yaml",
              "line": 3,
              "column": 5,
              "message": "first time"
            }
          ]
        }
      ]
    }
    "##);
}

#[test]
fn many_findings_are_capped() {
    let mut texts = Texts::default();
    let source = texts.add("a.yaml", "x\n".repeat(300));
    let finding = |index: u32| {
        let place = Place {
            source,
            bytes: index * 2..index * 2 + 1,
        };
        if index < 150 {
            Problem::warning(Code("w"), place, "slip")
        } else {
            Problem::error(Code("e"), place, "wrong")
        }
    };
    let found: Vec<_> = (0..210).map(finding).collect();
    let drawn = text(&all(&found), &texts, &[], false);
    assert_eq!(drawn.matches("error[e]").count(), 60);
    assert_eq!(drawn.matches("warning[w]").count(), 40);
    assert!(drawn.ends_with("\n\n… and 110 more\n\n"));
    let closing = summary(&all(&found), 1, false).unwrap();
    assert_eq!(closing, "error: 60 problems and 150 warnings in 1 file");
    assert_eq!(
        summary(&all(&found[..1]), 3, false).unwrap(),
        "warning: 1 problem in 1 of 3 files"
    );
    assert_eq!(summary(&all(&[]), 3, true), None);
}

#[test]
fn nothing_masked_is_drawn() {
    let mut texts = Texts::default();
    let written = "token: |\n  sécret\n  more\nname: x\n";
    let source = texts.add("a.yaml", written);
    let mask = Place {
        source,
        bytes: 11..26,
    };
    let finding = Problem::error(
        Code("e"),
        Place {
            source,
            bytes: 0..5,
        },
        "wrong",
    )
    .also(
        Place {
            source,
            bytes: 27..31,
        },
        "here",
    );
    let whole = Problem::error(Code("e"), mask.clone(), "wrong")
        .help("quote it")
        .fix("sécret");
    let drawn = text(&all(&[finding, whole]), &texts, &[mask], false);
    assert!(
        !drawn.contains("cret") && !drawn.contains("more"),
        "{drawn}"
    );
    let huge = texts.add("b.yaml", "x".repeat(3 << 20));
    let finding = Problem::error(
        Code("e"),
        Place {
            source: huge,
            bytes: 9..3 << 20,
        },
        "wrong",
    );
    assert!(text(&all(&[finding]), &texts, &[], false).contains("b.yaml:1:10"));
}

#[test]
fn lines_that_end_in_crlf_are_drawn_without_their_ends() {
    let mut texts = Texts::default();
    let text_of = "integrations:\r\n  - name: a\r\n    name: b\r\n";
    let source = texts.add("a.yaml", text_of);
    let finding = Problem::error(Code("e"), place(source, text_of, "b"), "wrong")
        .fix("c")
        .help("fix it")
        .also(place(source, text_of, "a\r"), "first");
    let drawn = text(&all(&[finding]), &texts, &[], false);
    assert!(!drawn.contains(['\r', '␍']), "{drawn}");
    for line in [
        "2 |   - name: a\n",
        "3 |     name: b\n",
        "3 +     name: c\n",
    ] {
        assert!(drawn.contains(line), "{drawn}");
    }
}

#[test]
fn hints_are_wrapped_and_what_they_quote_is_not() {
    let words = "write it so, ".repeat(5);
    let quoted = "`channel: all_public_channels`";
    let help = format!("{words}{quoted} or so, {words}and `{}`", "x".repeat(90));
    let lines = wrapped("", &help, 0, WIDTH - 6);
    assert_eq!(lines.replace('\n', " "), help);
    assert!(lines.contains(&format!("\n{quoted} or so")), "{lines}");
    let long = lines.lines().filter(|line| line.chars().count() > 74);
    assert_eq!(long.count(), 1, "{lines}");
}

#[test]
fn the_format_has_a_schema() {
    let schema = schemars::schema_for!(Problems);
    assert!(schema.pointer("/properties/formatVersion").is_some());
}

proptest::proptest! {
    #[test]
    fn any_places_in_any_text_are_drawn(
        written in "([a-z é\u{feff}\t\u{1b}\u{202e}]|\r?\n|日){0,60}",
        places in proptest::collection::vec((0..140_u32, 0..140_u32), 1..6),
        fix in proptest::option::of("([a-z ]|\n){0,9}")
    ) {
        let mut texts = Texts::default();
        let source = texts.add("a.yaml", written);
        let mut places: Vec<_> = places.into_iter().map(|(start, length)| Place { source, bytes: start..start + length }).collect();
        let mask = places.clone();
        let mut found = Problem::error(Code("e"), places.remove(0), "wrong").help("fix it");
        if let Some(fix) = fix {
            found = found.suggest(fix, true);
        }
        for place in places {
            found = found.also(place, "here");
        }
        for mask in [&mask[..], &mask[1..], &[]] {
            let drawn = text(&all(std::slice::from_ref(&found)), &texts, mask, false);
            let unclean = drawn.contains(['\u{1b}', '\u{202e}', '\r']);
            proptest::prop_assert!(!unclean, "{drawn:?}");
        }
    }
}
