use super::*;
use crate::problem::Texts;

fn loaded(text: &str) -> (Texts, Result<Vec<Node>, Vec<Problem>>) {
    let mut texts = Texts::default();
    let source = texts.add("a.yaml", text);
    let result = load(source, text);
    (texts, result)
}

fn json(text: &str) -> serde_json::Value {
    let (texts, result) = loaded(text);
    let documents = result.unwrap_or_else(|problems| panic!("{}", described(&texts, &problems)));
    let mut documents: Vec<_> = documents.iter().map(Node::to_json).collect();
    if documents.len() == 1 {
        documents.remove(0)
    } else {
        documents.into()
    }
}

/// One finding a line: place, code, the bytes, message, help, fix, other places.
fn described(texts: &Texts, problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| {
        let start = texts.start(problem.place.as_ref().unwrap());
        let range = problem.place.as_ref().unwrap().bytes.start as usize
            ..problem.place.as_ref().unwrap().bytes.end as usize;
        let mut line = format!(
            "{}:{} {} {:?}: {}",
            start.line,
            start.column,
            problem.code.0,
            &texts.get(problem.place.as_ref().unwrap().source).text[range],
            problem.message
        );
        if let Some(fix) = &problem.fix {
            line = line + " => " + &fix.text;
        }
        for (place, words) in &problem.also {
            let start = texts.start(place);
            line = format!("{line} ({words}: {}:{})", start.line, start.column);
        }
        line + "\n"
    });
    lines.collect()
}

fn problems(text: &str) -> String {
    let (texts, result) = loaded(text);
    described(&texts, &result.expect_err("no problem was found"))
}

/// Every node with its bytes.
fn places(text: &str) -> Vec<String> {
    fn walk(node: &Node, path: &str, text: &str, lines: &mut Vec<String>) {
        let range = node.at.bytes.start as usize..node.at.bytes.end as usize;
        let comment = node.comment().map_or(String::new(), |comment| {
            let range = comment.at.bytes.start as usize..comment.at.bytes.end as usize;
            assert_eq!(text[range], comment.text);
            format!(" {:?}", comment.text)
        });
        lines.push(format!(
            "{path} {}: {:?}{comment}",
            range.start,
            &text[range.clone()]
        ));
        match &node.content {
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{path}/{index}"), text, lines);
                }
            }
            Content::Map(members) => {
                for member in members {
                    walk(
                        &member.value,
                        &format!("{path}/{}", member.key),
                        text,
                        lines,
                    );
                }
            }
            _ => {}
        }
    }
    let (texts, result) = loaded(text);
    let documents = result.unwrap_or_else(|problems| panic!("{}", described(&texts, &problems)));
    let mut lines = Vec::new();
    for document in &documents {
        walk(document, "", text, &mut lines);
    }
    lines
}

#[test]
fn every_node_has_its_bytes() {
    let texts = [
        "a: 1\nb:\n  - x\n  - y\n\nc: |\n  text\n  more\n\nd: &x {q: 1}\ne: *x\nf:\n  k: 2\n\n# end\n",
        "a:\n- -5\n- 6\nb:\n-\n- # c\n- - x\n  - y\n",
        "channel: #general\nb: # c\n\"z\" :\nq: &n\n",
        "\u{feff}a: b\r\nc: |\r\n  x\r\n  y\r\nd: >\r\n\r\n  x\r\ne: |\r\nf: |",
    ];
    let shown = texts.map(|text| places(text).join("\n") + "\n");
    insta::assert_snapshot!(shown.join("\n"), @r##"
     0: "a: 1\nb:\n  - x\n  - y\n\nc: |\n  text\n  more\n\nd: &x {q: 1}\ne: *x\nf:\n  k: 2"
    /a 3: "1"
    /b 10: "- x\n  - y"
    /b/0 12: "x"
    /b/1 18: "y"
    /c 28: "text\n  more"
    /d 47: "{q: 1}"
    /d/q 51: "1"
    /e 47: "{q: 1}"
    /e/q 51: "1"
    /f 65: "k: 2"
    /f/k 68: "2"

     0: "a:\n- -5\n- 6\nb:\n-\n- # c\n- - x\n  - y"
    /a 3: "- -5\n- 6"
    /a/0 5: "-5"
    /a/1 10: "6"
    /b 15: "-\n- # c\n- - x\n  - y"
    /b/0 16: ""
    /b/1 18: "" "# c"
    /b/2 25: "- x\n  - y"
    /b/2/0 27: "x"
    /b/2/1 33: "y"

     0: "channel: #general\nb: # c\n\"z\" :\nq: &n"
    /channel 8: "" "#general"
    /b 20: "" "# c"
    /z 30: ""
    /q 36: ""

     3: "a: b\r\nc: |\r\n  x\r\n  y\r\nd: >\r\n\r\n  x\r\ne: |\r\nf: |"
    /a 6: "b"
    /c 17: "x\r\n  y"
    /d 31: "\r\n  x"
    /e 41: "|"
    /f 47: "|"
    "##);
}

const MISTAKES: &[&str] = &[
    "a: @user # x\nb: `x\nc:\n  - %x\n  - [@a, b]\n",
    "a: @user\n---\nb: @x\n---\nc: d: e\n",
    "channel: @user: x\n",
    "emoji: :ghost:\n",
    "name: foo: bar # c\n",
    "a: 1\n  b: 2\n",
    "a: \"b\" : c\n",
    "key: - a\n",
    "key:value\nb: 1\n",
    "a:\n\t- x\n",
    "a: b\n\tc: d\n",
    "a: |\n\tx\n",
    "a: \"x\nb: 1\nc: 2\n",
    "x: [a, 'b\nc: d\n",
    "a: 'it's'\n",
    "a: \"C:\\path\"\n",
    "q: \"abc",
    "urls: [${var.x}, a]\nm: {a: https://${var.x}/y}\n",
    "urls: [a, b\nc: d\n",
    "a: [1}\n",
    "a: ]\n",
    "a: [1\n",
    "a:\n  b: 1\n c: 2\n",
    "a: 1\n- b\n",
    "- a\nb: c\n",
    "a: b\n c\nd\n",
    "  a: 1\n b: 2\n",
    "w: !guggy now # c\nv: [!a, !b]\ntoken: !abc\nx: !!int y\ny: !!map\n",
    "a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}\n",
    "? [a]\n: b\n{{ x }}: c\n: z\n",
    "a: *nope\nb: &b [*b]\n",
    "a: \0\u{7}b\n",
    "a: \"\\0\"\n",
    "<<: 1\n",
    "a: > b\n",
    "a: b\n\u{feff}c: d",
    "a: , b\n",
    "token: @abc\n",
];

#[test]
fn mistakes_are_found_where_they_are() {
    let shown: Vec<_> = MISTAKES
        .iter()
        .map(|text| format!("{text:?}\n{}", problems(text)))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
    "a: @user # x\nb: `x\nc:\n  - %x\n  - [@a, b]\n"
    1:4 yaml-syntax "@user": an unquoted value cannot begin with `@` => "@user"
    2:4 yaml-syntax "`x": an unquoted value cannot begin with a back-tick => "`x"
    4:5 yaml-syntax "%x": an unquoted value cannot begin with `%` => "%x"
    5:6 yaml-syntax "@a": an unquoted value cannot begin with `@` => "@a"

    "a: @user\n---\nb: @x\n---\nc: d: e\n"
    1:4 yaml-syntax "@user": an unquoted value cannot begin with `@` => "@user"
    3:4 yaml-syntax "@x": an unquoted value cannot begin with `@` => "@x"
    5:4 yaml-syntax "d: e": an unquoted value cannot hold `: ` or end in `:` => "d: e"

    "channel: @user: x\n"
    1:10 yaml-syntax "@user: x": an unquoted value cannot begin with `@` => "@user: x"

    "emoji: :ghost:\n"
    1:8 yaml-syntax ":ghost:": an unquoted value cannot hold `: ` or end in `:` => ":ghost:"

    "name: foo: bar # c\n"
    1:7 yaml-syntax "foo: bar": an unquoted value cannot hold `: ` or end in `:` => "foo: bar"

    "a: 1\n  b: 2\n"
    2:3 yaml-syntax "b:": a key cannot stand here: the line above has its value already

    "a: \"b\" : c\n"
    1:8 yaml-syntax ":": a second `:` cannot follow on this line

    "key: - a\n"
    1:6 yaml-syntax "- a": a list cannot begin on its key's line

    "key:value\nb: 1\n"
    2:1 yaml-syntax "b:": a key cannot stand here: the line above has its value already

    "a:\n\t- x\n"
    2:1 yaml-syntax "\t": a tab in the indentation

    "a: b\n\tc: d\n"
    2:1 yaml-syntax "\t": a tab in the indentation

    "a: |\n\tx\n"
    2:1 yaml-syntax "\t": a tab in the indentation

    "a: \"x\nb: 1\nc: 2\n"
    1:4 yaml-syntax "\"x": this quote is not closed

    "x: [a, 'b\nc: d\n"
    1:8 yaml-syntax "'b": this quote is not closed

    "a: 'it's'\n"
    1:8 yaml-syntax "s'": nothing may follow the closing quote

    "a: \"C:\\path\"\n"
    1:7 yaml-syntax "\\p": inside "…" a `\` begins an escape, and there is none of this name

    "q: \"abc"
    1:4 yaml-syntax "\"abc": this quote is not closed

    "urls: [${var.x}, a]\nm: {a: https://${var.x}/y}\n"
    1:8 yaml-syntax "${var.x}": `${…}` must be quoted inside `[…]` and `{…}` => "${var.x}"
    2:8 yaml-syntax "https://${var.x}/y": `${…}` must be quoted inside `[…]` and `{…}` => "https://${var.x}/y"

    "urls: [a, b\nc: d\n"
    2:2 yaml-syntax ":": a key is not allowed here, inside brackets (opened here: 1:7)

    "a: [1}\n"
    1:4 yaml-syntax "[": this `[` is closed by `}`

    "a: ]\n"
    1:4 yaml-syntax "]": this bracket closes nothing

    "a: [1\n"
    1:4 yaml-syntax "[": this `[` is not closed

    "a:\n  b: 1\n c: 2\n"
    3:2 yaml-syntax "c: 2": a key was expected here

    "a: 1\n- b\n"
    2:1 yaml-syntax "- b": a key was expected here

    "- a\nb: c\n"
    2:1 yaml-syntax "b: c": a list item was expected here

    "a: b\n c\nd\n"
    3:1 yaml-syntax "d": this line has no `:` that would make it a key

    "  a: 1\n b: 2\n"
    2:2 yaml-syntax "b: 2": a key was expected here

    "w: !guggy now # c\nv: [!a, !b]\ntoken: !abc\nx: !!int y\ny: !!map\n"
    1:4 yaml-tag "!guggy now": an unquoted `!` starts a tag, which has no use here => "!guggy now"
    2:5 yaml-tag "!a": an unquoted `!` starts a tag, which has no use here => "!a"
    2:9 yaml-tag "!b": an unquoted `!` starts a tag, which has no use here => "!b"
    3:8 yaml-tag "!abc": an unquoted `!` starts a tag, which has no use here
    4:4 yaml-tag "!!int": this tag does not fit its value
    5:4 yaml-tag "!!map": this tag does not fit its value

    "a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}\n"
    3:1 yaml-duplicate-key "a": `a` is written twice in one mapping (first time: 1:1)
    4:11 yaml-duplicate-key "x": `x` is written twice in one mapping (first time: 4:5)

    "? [a]\n: b\n{{ x }}: c\n: z\n"
    1:3 yaml-key "[a]": a key must be a string
    3:1 yaml-key "{{ x }}": a key must be a string
    3:2 yaml-key "{ x }": a key must be a string
    4:1 yaml-key "": the key before `:` is missing

    "a: *nope\nb: &b [*b]\n"
    1:4 yaml-alias "*nope": an unquoted `*` repeats an anchor, and no anchor has that name above
    2:8 yaml-alias "*b": this alias stands inside what it repeats

    "a: \0\u{7}b\n"
    1:4 yaml-control-character "\0": the control character U+0000 is not allowed in YAML
    1:5 yaml-control-character "\u{7}": the control character U+0007 is not allowed in YAML

    "a: \"\\0\"\n"
    1:4 yaml-control-character "\"\\0\"": a string cannot hold NUL

    "<<: 1\n"
    1:5 yaml-merge "1": `<<` merges mappings alone (merged here: 1:1)

    "a: > b\n"
    1:4 yaml-syntax "> b": nothing may follow `|` or `>` on its line

    "a: b\n\u{feff}c: d"
    2:1 yaml-syntax "\u{feff}c: d": a BOM must not appear inside a document

    "a: , b\n"
    1:4 yaml-syntax ", b": an unquoted value cannot begin with `,` => ", b"

    "token: @abc\n"
    1:8 yaml-syntax "@abc": an unquoted value cannot begin with `@`
    "##);
}

#[test]
fn merges_let_what_is_written_win() {
    assert_eq!(
        json(
            "x: &a {p: 1, q: 1}\ny: &b {q: 2, r: 2}\nz:\n  <<: [*a, *b]\n  p: 0\nw: {\"<<\": 1}\n"
        ),
        serde_json::json!({
            "x": {"p": 1, "q": 1},
            "y": {"q": 2, "r": 2},
            "z": {"p": 0, "q": 1, "r": 2},
            "w": {"<<": 1},
        })
    );
    // What was merged stands where it was written.
    let text = "x: &a {p: 1}\nz:\n  <<: *a\n";
    assert!(places(text).contains(&"/z/p 10: \"1\"".to_owned()));
}

#[test]
fn documents_and_scalars() {
    assert_eq!(json(""), serde_json::json!([]));
    assert_eq!(json("# only\n"), serde_json::json!([]));
    assert_eq!(json("--- a\n---\n...\n"), serde_json::json!(["a", null]));
    assert_eq!(
        json("a: yes\nb: \"1\"\nc: '~'\nd: !!str 1\ne: ! 1\nf: !!float 1\n1: .inf\ng: |\n  1\n"),
        serde_json::json!({
            "a": "yes", "b": "1", "c": "~", "d": "1", "e": "1", "f": 1.0, "1": 0.5, "g": "1\n",
        })
    );
    assert_eq!(
        json("\u{feff}a: \"x\r\n\r\n  y\"\r\nb: |\r\n  x\r\n  y\r\n"),
        serde_json::json!({"a": "x\ny", "b": "x\ny\n"})
    );
}

#[test]
fn pointers_lead_to_nodes() {
    let (_, result) = loaded("a:\n  - b: {c: 1}\n");
    let documents = result.unwrap();
    let found = documents[0].at_pointer(["a", "0", "b", "c"]).unwrap();
    assert!(matches!(found.content, Content::Int(1)));
    assert!(documents[0].at_pointer(["a", "1"]).is_none());
    assert!(documents[0].at_pointer(["a", "b"]).is_none());
    assert!(documents[0].get("b").is_none());
}

/// The codes of what is found, each once.
fn codes(text: &str) -> Vec<&'static str> {
    let mut codes: Vec<_> = loaded(text)
        .1
        .err()
        .unwrap_or_default()
        .iter()
        .map(|problem| problem.code.0)
        .collect();
    codes.dedup();
    codes
}

/// What a template makes of each number, in one text.
fn repeated(numbers: std::ops::Range<usize>, template: impl Fn(usize) -> String) -> String {
    numbers.map(template).collect::<Vec<_>>().concat()
}

#[test]
fn depth_is_bounded() {
    for deep in [
        "- ".repeat(100_000),
        "[".repeat(100_000),
        "[".repeat(1 << 20),
        "{a: ".repeat(100_000),
        "? ".repeat(100_000),
        format!("{}{}{}", "- ".repeat(40), "[".repeat(40), "]".repeat(40)),
    ] {
        assert_eq!(codes(&deep), ["yaml-depth"], "{deep:.20}");
    }
    // Aliases nest too.
    let nested = repeated(1..100, |level| format!("- &a{level} [*a{}]\n", level - 1));
    assert_eq!(codes(&format!("- &a0 [x]\n{nested}")), ["yaml-depth"]);
}

#[test]
fn aliases_are_bounded() {
    let laughs = repeated(1..20, |level| {
        format!(
            "l{level}: &l{level} [{}]\n",
            format!("*l{},", level - 1).repeat(10)
        )
    });
    assert_eq!(
        codes(&format!("l0: &l0 lol\n{laughs}")),
        ["yaml-alias-budget"]
    );
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(100_000),
        "*a,".repeat(100_000)
    );
    assert_eq!(codes(&long), ["yaml-alias-budget"]);
    let merges = repeated(1..40, |level| {
        format!("m{level}: &m{level} {{<<: [*m{0}, *m{0}]}}\n", level - 1)
    });
    assert_eq!(
        codes(&format!("m0: &m0 {{a: 1}}\n{merges}")),
        Vec::<&str>::new()
    );
}

#[test]
fn size_is_bounded() {
    let list = |items: usize| format!("a: [{}]\n", "1,".repeat(items));
    let map = |keys: usize| repeated(0..keys, |key| format!("k{key}: 1\n"));
    for (within, beyond) in [
        (list(MAX_ITEMS), list(MAX_ITEMS + 1)),
        (map(MAX_ITEMS), map(MAX_ITEMS + 1)),
        ("---\n".repeat(MAX_VALUES), "---\n".repeat(MAX_VALUES + 1)),
    ] {
        assert_eq!(codes(&within), Vec::<&str>::new(), "{within:.20}");
        // It is told at once: what follows is not read.
        let more = format!("{beyond}---\nb: @x\n");
        assert_eq!(codes(&more), ["yaml-too-large"], "{beyond:.20}");
    }
    // What aliases repeat counts.
    let lists = repeated(0..3, |_| format!(" - {}", &list(MAX_ITEMS)[3..]));
    let alias = format!("x: &x {}y:\n{lists}z: [*x, *x]\n", &list(MAX_ITEMS)[3..]);
    assert_eq!(codes(&alias), ["yaml-too-large"]);
}

#[test]
fn a_thousand_problems_are_enough() {
    let tags = format!("[{}]", "!a b,".repeat(2_000));
    let problems = loaded(&tags).1.unwrap_err();
    assert_eq!(problems.len(), MAX_FINDINGS);
    let last = problems.last().unwrap();
    assert_eq!(last.code.0, "yaml-too-many-problems");
    assert_eq!(last.message, "this file has 1000 problems or more");
}

#[test]
fn large_manifests_load() {
    let entry = "  - type: webhook-incoming\n    name: N{}\n    script: |\n";
    let lines = "      const x = { a: 1, b: [2, 3] }; // a line of a script\n".repeat(12);
    let mut text = "integrations:\n".to_owned();
    for index in 0..10_000 {
        text.push_str(&entry.replace("{}", &index.to_string()));
        text.push_str(&lines);
    }
    let (_, result) = loaded(&text);
    let documents = result.unwrap();
    assert!(
        documents[0]
            .at_pointer(["integrations", "9999", "script"])
            .is_some()
    );
    // As many keys in one mapping, and as many mistakes.
    let keys = repeated(0..50_000, |index| format!("k{index}: 1\n"));
    assert!(loaded(&keys).1.is_ok());
    assert_eq!(
        loaded(&"k: 1\n".repeat(50_000)).1.unwrap_err().len(),
        MAX_FINDINGS
    );
    assert!(!loaded(&"k: @x\n".repeat(5_000)).1.unwrap_err().is_empty());
    assert!(
        !loaded(&"k: @x\n---\n".repeat(5_000))
            .1
            .unwrap_err()
            .is_empty()
    );
}

const MANIFEST: &str = "\
# yaml-language-server: $schema=x
settings: {server: https://chat.example.org, scope: {names: [\"pay-*\", 'G *']}}
x-base: &base
  username: rocket.cat
  channel: \"#ops, @b\"
integrations:
- <<: *base
  type: webhook-incoming
  name: Grafana alerts
  script: |
    class Script {
      run() { return `${x}`; }
    }

  emoji: ':chart:'
- type: webhook-outgoing
  urls: [\"http://a/b\"]
  triggerWords: # none
  token: ${secret.guggy_token}
---
{a: [1, {b: c}], ? d : >-
  e}
";

/// Whether all places lie in the text, on characters, and mappings have different keys.
fn check(text: &str) {
    fn within(node: &Node, text: &str) {
        let place = |place: &Place| {
            let range = place.bytes.start as usize..place.bytes.end as usize;
            assert!(text.get(range).is_some(), "{:?}", place.bytes);
        };
        place(&node.at);
        if let Some(comment) = node.comment() {
            place(&comment.at);
        }
        match &node.content {
            Content::List(items) => items.iter().for_each(|item| within(item, text)),
            Content::Map(members) => {
                for (index, member) in members.iter().enumerate() {
                    place(&member.key_at);
                    within(&member.value, text);
                    assert!(members[..index].iter().all(|other| other.key != member.key));
                }
            }
            _ => {}
        }
    }
    let (_, result) = loaded(text);
    match result {
        Ok(documents) => documents.iter().for_each(|document| within(document, text)),
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                let places = std::iter::once(problem.place.as_ref().unwrap())
                    .chain(problem.also.iter().map(|(place, _)| place));
                for place in places {
                    let range = place.bytes.start as usize..place.bytes.end as usize;
                    assert!(text.get(range).is_some(), "{problem:?}");
                }
                assert!(!problem.message.contains('\n'));
            }
        }
    }
    let source = Texts::default().add("a.yaml", text);
    for place in masks::secret_looking(source, text) {
        assert!(
            text.get(place.bytes.start as usize..place.bytes.end as usize)
                .is_some()
        );
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_yaml_like_text_is_read_or_refused(
        text in "([\\[\\]{}:,?&*!|>'\"%@`#$~<=.\\\\ \t\r\n\u{feff}\u{85}é0a-]|- |: |\n  |\n- |---\n|\\.\\.\\.\n|<<: |\\*a|&a |!!str )*"
    ) {
        check(&text);
    }

    #[test]
    fn mutated_manifests_are_read_or_refused(
        cuts in proptest::collection::vec((0..700_usize, 0..20_usize, "[\\[\\]{}:,?&*!|>'\"%@`#$ \t\r\n\u{0}é-]{0,3}"), 1..4)
    ) {
        let mut text = MANIFEST.to_owned();
        for (at, length, with) in cuts {
            let start = text.floor_char_boundary(at.min(text.len()));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end.max(start), &with);
        }
        check(&text);
    }
}
