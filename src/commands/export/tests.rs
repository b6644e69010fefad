//! What is exported is read back, by the stages that read manifests, as what the server has.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value as Json, json};
use tempfile::TempDir;

use super::*;
use crate::commands::load::Loaded;
use crate::integration::EVENTS;
use crate::plan::Plan;
use crate::scenarios;

/// Texts that YAML, our own references or an editor may take for something else.
const ODD: &[&str] = &[
    "yes",
    "No",
    "null",
    "~",
    "1",
    "007",
    "0x1f",
    "1_000",
    "1e3",
    "2024-01-01",
    "12:30",
    " lead",
    "trail ",
    "a: b",
    "a #b",
    "#",
    "'q'",
    "\"q\"",
    "it's \"so\"",
    "${x}",
    "${secret.a}",
    "$${var.y}",
    "$",
    "$$${${",
    "a\nb",
    "end\n",
    "\n\n",
    "tab\there",
    "\t",
    "\u{7}",
    "\u{1b}[31m",
    "\u{2028}",
    "\u{feff}x",
    "\u{85}",
    "\u{202e}x",
    "\u{fffe}",
    "- x",
    "!t",
    "*a",
    "&a",
    "%d",
    "@u",
    "`x",
    "日本 🚀",
    "<<",
    "=",
    "[a]",
    "{a}",
    "---",
    "...",
    "?",
    ":",
    "a:",
    "\r\n x",
    "",
    "a very long text that goes on and on, well over the width at which a writer would like to fold it into two lines",
];

/// Scripts in the shapes that people, editors and forms leave behind.
const SCRIPTS: &[&str] = &[
    "",
    "  ",
    "\n",
    "return 1",
    "class Script {\n  run() {}\n}\n",
    "class Script {}",
    "a\n\n\n",
    "\n\na",
    "  a\nb",
    "\ta\n\tb\n",
    "\n\ta",
    "a  \nb\t\n",
    "a\n   \n",
    "a\r\nb\r\n",
    "a\r\r\nb",
    "a\rb",
    "\u{feff}a\nb",
    "// ${x}\n$${y}\n",
    "# no comment\n--- \n...\n",
    "x\u{2028}y\nz",
    "\u{85}",
    "日本\n🚀",
    "'\"\\\n",
    "\u{7}\n",
    " \n\n a",
    "- a\n- b\n",
];

fn text() -> impl Strategy<Value = String> {
    let any = any::<String>().prop_map(|text| text.replace('\0', "0"));
    prop_oneof![
        "[a-zA-Z0-9]{1,12}( [a-z]{1,8})?",
        prop::sample::select(ODD).prop_map(str::to_owned),
        any
    ]
}

fn script() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec("[ \t]{0,3}[a-z(){};#:'\"$-]{0,12}[ \t]{0,2}", 0..6);
    let ends = prop::sample::select(&["\n", "\r\n"][..]);
    let built = (lines, ends, any::<bool>())
        .prop_map(|(lines, end, last)| lines.join(end) + if last { end } else { "" });
    prop_oneof![
        prop::sample::select(SCRIPTS).prop_map(str::to_owned),
        built,
        text()
    ]
}

/// A part of a channel as the server stores it.
fn place() -> impl Strategy<Value = String> {
    ("[#@]", text()).prop_map(|(sign, name)| {
        let name = name.replace(',', ".");
        let name = name.trim();
        if name.is_empty() {
            "#general".to_owned()
        } else {
            sign + name
        }
    })
}

fn url() -> impl Strategy<Value = String> {
    let path = text().prop_map(|text| text.replace('?', "-"));
    prop_oneof![
        path.prop_map(|path| format!("https://hooks.example.org/{path}")),
        text().prop_map(|key| format!("https://hooks.example.org/in?key={key}")),
        "[a-z]{1,5}:[a-z]{1,5}".prop_map(|user| format!("https://{user}@hooks.example.org/")),
        Just("localhost:3000/in".to_owned()),
        Just(" https://hooks.example.org/in ".to_owned()),
    ]
}

/// Absent, null, or a value.
fn perhaps<S: Strategy>(value: S) -> impl Strategy<Value = Option<Json>>
where
    S::Value: Into<Json>,
{
    prop_oneof![
        Just(None),
        Just(Some(Json::Null)),
        value.prop_map(|value| Some(value.into()))
    ]
}

fn flag() -> impl Strategy<Value = Option<Json>> {
    perhaps(any::<bool>())
}

fn list<S: Strategy<Value = String>>(item: S, least: usize) -> impl Strategy<Value = Json> {
    prop::collection::vec(item, least..5).prop_map(|items| json!(items))
}

type Members = Vec<(&'static str, Option<Json>)>;

/// What both kinds have.
fn common() -> impl Strategy<Value = Members> {
    let engine = prop_oneof![Just("isolated-vm"), Just("vm2"), Just("")];
    let username = text().prop_map(|name| match name.trim().trim_start_matches('@').trim() {
        "" => "rocket.cat".to_owned(),
        name => name.to_owned(),
    });
    let shown = (
        text(),
        flag(),
        username,
        perhaps(text()),
        perhaps(url()),
        perhaps(text()),
    );
    (shown, perhaps(script()), flag(), perhaps(engine), flag()).prop_map(
        |(shown, script, on, engine, skip)| {
            let (name, enabled, username, alias, avatar, emoji) = shown;
            vec![
                ("name", Some(json!(name))),
                ("enabled", enabled),
                ("username", Some(json!(username))),
                ("alias", alias),
                ("avatar", avatar),
                ("emoji", emoji),
                ("script", script),
                ("scriptEnabled", on),
                ("scriptEngine", engine),
                ("skipTranspile", skip),
                ("userId", Some(json!("u1"))),
                ("left behind", Some(json!({"by": ["an old", 1.5, null]}))),
            ]
        },
    )
}

fn incoming() -> impl Strategy<Value = Members> {
    (common(), list(place(), 1), flag()).prop_map(|(mut members, channel, overrides)| {
        members.push(("type", Some(json!("webhook-incoming"))));
        members.push(("channel", Some(channel)));
        members.push(("overrideDestinationChannelEnabled", overrides));
        members.push(("token", Some(json!("canary-in"))));
        members
    })
}

fn outgoing() -> impl Strategy<Value = Members> {
    let event = prop::sample::select(EVENTS).prop_map(|event| event.name);
    let scope = Just("all_direct_messages".to_owned());
    let channel = prop_oneof![list(prop_oneof![place(), scope], 0), Just(json!("#a, @b,")),];
    let words = list(
        text().prop_map(|word| {
            if word.trim().is_empty() {
                "!x".to_owned()
            } else {
                word
            }
        }),
        0,
    );
    let delay = prop::sample::select(
        &[
            "powers-of-ten",
            "Powers-Of-Two",
            "increments-of-two",
            "often",
            "",
        ][..],
    );
    let flags = (flag(), flag(), flag(), flag());
    let places = (
        channel,
        list(url(), 1),
        perhaps(words),
        place(),
        any::<bool>(),
    );
    (
        common(),
        event,
        places,
        flags,
        perhaps(-1_i64..9),
        perhaps(delay),
    )
        .prop_map(
            |(mut members, event, (channel, urls, words, room, token), flags, count, delay)| {
                members.push(("type", Some(json!("webhook-outgoing"))));
                members.push(("event", Some(json!(event))));
                members.push(("channel", Some(channel)));
                members.push(("urls", Some(urls)));
                members.push(("triggerWords", words));
                members.push((
                    "targetRoom",
                    (event == "userCreated" || flags.0.is_some()).then_some(json!(room)),
                ));
                members.push(("triggerWordAnywhere", flags.0));
                members.push(("runOnEdits", flags.1));
                members.push(("impersonateUser", flags.2));
                members.push(("retryFailedCalls", flags.3));
                members.push(("retryCount", count));
                members.push(("retryDelay", delay));
                members.push(("token", token.then_some(json!("canary-out"))));
                members
            },
        )
}

/// A server's records. No two have the same type and name.
fn state() -> impl Strategy<Value = Vec<Json>> {
    let version =
        prop::sample::select(&["5.4.0", "6.3.1", "6.13.0", "7.5.0", "8.4.2", "8.8.1"][..]);
    let records = prop::collection::vec(prop_oneof![incoming(), outgoing()], 0..9);
    (version, records).prop_map(|(version, records)| {
        let mut seen = BTreeSet::new();
        let mut listed = vec![json!(version)];
        for (index, members) in records.into_iter().enumerate() {
            let members = members
                .into_iter()
                .filter_map(|(key, value)| Some((key.to_owned(), value?)));
            let mut record: Map<String, Json> = members.collect();
            record.insert("_id".to_owned(), json!(format!("{index:024x}")));
            if seen.insert((record["type"].to_string(), record["name"].to_string())) {
                listed.push(Json::Object(record));
            }
        }
        listed
    })
}

/// The first item is the version.
fn observed(state: &[Json]) -> ObservedState {
    scenarios::observed(&json!({"version": state[0], "integrations": state[1..]}))
}

fn asked(scripts: bool) -> Asked {
    Asked {
        date: "2026-11-22".to_owned(),
        scripts: scripts.then(|| "scripts/".to_owned()),
    }
}

/// An export on the disk, read back.
struct Back {
    export: Export,
    loaded: Loaded,
    plan: Plan,
    folder: TempDir,
}

fn there_and_back(observed: &ObservedState, scripts: bool) -> Back {
    let folder = TempDir::new().unwrap();
    let export = check::sound(observed, &asked(scripts)).unwrap();
    let places = Places {
        manifest: Some(folder.path().join("integrations.yaml")),
        scripts: asked(scripts).scripts,
        secrets: Some(folder.path().join("secret-values")),
    };
    files::write(&destined(&export, &places), false).unwrap();
    let secrets = places.secrets.filter(|_| export.secrets.is_some());
    let loaded = scenarios::loaded(&folder.path().join("integrations.yaml"), secrets.as_deref());
    let plan = Plan::between(&loaded.desired, observed);
    Back {
        export,
        loaded,
        plan,
        folder,
    }
}

/// Another reader of YAML reads the same.
fn other_reader_agrees(text: &str) {
    let ours = crate::yaml::load(crate::diagnostic::Texts::default().add("m", text), text).unwrap();
    let theirs: serde_yaml::Value =
        serde_yaml::from_str(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(
        ours[0].to_json(),
        serde_json::to_value(theirs).unwrap(),
        "{text}"
    );
}

#[test]
fn a_plan_after_an_export_is_empty() {
    let reached = RefCell::new(BTreeMap::<String, usize>::new());
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::with_cases(200)
    });
    let result = runner.run(&state(), |state| {
        let observed = observed(&state);
        for scripts in [false, true] {
            let back = there_and_back(&observed, scripts);
            let manifest = &back.export.manifest;
            prop_assert!(back.plan.is_empty(), "{:#?}\n{manifest}", back.plan.changes);
            prop_assert_eq!(
                back.export.entries.len(),
                observed.records.len(),
                "{}",
                manifest
            );
            prop_assert_eq!(back.loaded.desired.entries.len(), observed.records.len());
            prop_assert!(!manifest.contains("canary"), "{manifest}");
            other_reader_agrees(manifest);
            let mut reached = reached.borrow_mut();
            *reached.entry("script file".to_owned()).or_default() += back.export.scripts.len();
            *reached.entry("secret".to_owned()).or_default() += back.export.secret_names.len();
            for (entry, record) in back.loaded.desired.entries.iter().zip(&state[1..]) {
                for name in &entry.written {
                    *reached.entry((*name).to_owned()).or_default() += 1;
                }
                if let Some(event) = record["event"].as_str() {
                    *reached.entry(event.to_owned()).or_default() += 1;
                }
            }
        }
        Ok(())
    });
    result.unwrap();
    let reached = reached.into_inner();
    let rows = crate::integration::Kind::ALL
        .iter()
        .flat_map(|kind| kind.fields());
    let rows = rows.map(|row| row.name).filter(|name| *name != "token");
    for what in rows
        .chain(EVENTS.iter().map(|event| event.name))
        .chain(["secret", "script file"])
    {
        assert!(
            reached.get(what).is_some_and(|times| *times >= 10),
            "{what}: {reached:#?}"
        );
    }
}

fn one(members: Json) -> ObservedState {
    let mut record = json!({"_id": "a1", "type": "webhook-incoming", "name": "In", "enabled": true,
        "username": "rocket.cat", "channel": ["#ops"], "scriptEnabled": false});
    if let (Json::Object(record), Json::Object(members)) = (&mut record, members) {
        record.extend(members);
    }
    observed(&[json!("8.8.1"), record])
}

#[test]
fn what_cannot_be_an_entry_is_a_comment_with_the_reason() {
    for (wrong, why) in [
        (
            json!({"channel": ["ops"]}),
            "starts with neither `#` nor `@`",
        ),
        (json!({"channel": []}), "`channel` is empty"),
        (json!({"username": "@bob"}), "no user is named"),
        (json!({"username": null}), "`username`"),
        (json!({"alias": "a\0b"}), "NUL"),
        (json!({"enabled": "yes"}), "`enabled` is not true or false"),
        (
            json!({"type": "webhook-outgoing", "event": "messageEdited", "urls": ["http://x"]}),
            "`event`",
        ),
        (
            json!({"type": "webhook-outgoing", "event": "userCreated", "urls": ["http://x"]}),
            "targetRoom",
        ),
        (
            json!({"type": "webhook-outgoing", "event": "sendMessage", "urls": []}),
            "urls",
        ),
        (
            json!({"type": "webhook-outgoing", "event": "sendMessage", "urls": ["http://x"], "triggerWords": [" "]}),
            "blank",
        ),
    ] {
        let back = there_and_back(&one(wrong.clone()), true);
        assert!(back.export.entries.is_empty(), "{}", back.export.manifest);
        let manifest = &back.export.manifest;
        let reason = manifest
            .lines()
            .find(|line| line.contains("# Not exported: "));
        assert!(
            reason.is_some_and(|reason| reason.contains(why)),
            "{wrong}: {manifest}"
        );
        assert!(
            back.export.notes[0].contains(why),
            "{wrong}: {:?}",
            back.export.notes
        );
        assert!(back.loaded.desired.entries.is_empty() && back.plan.is_empty());
    }
}

#[test]
fn one_bad_record_does_not_take_the_others_with_it() {
    let good = json!({"_id": "b", "type": "webhook-incoming", "name": "Good", "username": "u", "channel": ["#a"]});
    let bad = json!({"_id": "a", "type": "webhook-incoming", "name": "Bad", "username": null, "channel": ["#a"]});
    let back = there_and_back(&observed(&[json!("8.8.1"), bad, good]), false);
    assert_eq!(back.loaded.desired.entries[0].key.name, "Good");
    assert!(back.plan.is_empty());
}

#[test]
fn a_value_that_may_be_left_out_is_left_out_where_it_would_be_refused() {
    let out = json!({"type": "webhook-outgoing", "event": "sendMessage", "urls": ["http://x"],
        "retryFailedCalls": true, "retryCount": 0, "retryDelay": " "});
    let back = there_and_back(&one(out), false);
    assert!(back.plan.is_empty() && back.export.entries.len() == 1);
    let manifest = back.export.manifest;
    assert!(
        manifest.contains("# `retryCount` is left out: "),
        "{manifest}"
    );
    assert!(
        manifest.contains("# `retryDelay` is left out: "),
        "{manifest}"
    );
    assert!(!manifest.contains("retryCount:"), "{manifest}");
}

#[test]
fn several_of_one_name_are_pinned_by_id() {
    let twin = |id: &str| json!({"_id": id, "type": "webhook-incoming", "name": "Twin", "username": "u", "channel": ["#a"]});
    let state = [
        json!("8.8.1"),
        twin("b2"),
        twin("123456789012345678901234"),
        twin("1e5"),
    ];
    let back = there_and_back(&observed(&state), true);
    let pins: BTreeSet<_> =
        serde_yaml::from_str::<Json>(&back.export.manifest).unwrap()["integrations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["id"].as_str().unwrap().to_owned())
            .collect();
    assert_eq!(pins.len(), 3);
    assert_eq!(back.loaded.desired.entries.len(), 3);
}

#[test]
fn secrets_are_in_their_file_alone() {
    let state = one(
        json!({"type": "webhook-outgoing", "event": "sendMessage", "token": "canary-token",
        "name": "3CX Über hook", "avatar": "https://x.example/a.png?canary",
        "urls": ["https://x.example/plain", "https://u:canary@x.example/", "https://x.example/?k=canary"]}),
    );
    let back = there_and_back(&state, false);
    assert!(back.plan.is_empty());
    assert!(!back.export.manifest.contains("canary"));
    assert!(!format!("{:?}{:?}", back.export.notes, back.export.secret_names).contains("canary"));
    let secrets = std::fs::read_to_string(back.folder.path().join("secret-values")).unwrap();
    assert!(!secrets.contains("canary-token"));
    insta::assert_snapshot!(secrets, @r##"
    # Secrets of the integrations of https://chat.example.org, for `--secret-file`. Keep it out of git.
    _3cx_ber_hook_urls: "https://u:canary@x.example/"
    _3cx_ber_hook_urls_2: "https://x.example/?k=canary"
    _3cx_ber_hook_avatar: "https://x.example/a.png?canary"
    "##);
}

#[test]
fn nothing_on_the_server_is_an_empty_list() {
    let back = there_and_back(&observed(&[json!("8.8.1")]), true);
    assert!(back.export.manifest.ends_with("\nintegrations: []\n"));
    assert!(back.plan.is_empty() && back.export.secrets.is_none());
}

#[test]
fn an_export_reads_like_a_manifest() {
    let state: Json = serde_json::from_str(include_str!("tests/listing.json")).unwrap();
    let mut observed = scenarios::observed(&state);
    observed.strangers = 1;
    let export = check::sound(&observed, &asked(false)).unwrap();
    insta::assert_snapshot!(export.manifest, @r##"
    # Exported from https://chat.example.org (Rocket.Chat 8.8.1)
    # as deploy on 2026-11-22: 4 of the 6 integrations that this account sees.
    #
    # Left out: what has its documented default, and the tokens of outgoing webhooks: one that is not
    # written is not compared, and a webhook that is made anew gets a new one.
    # For completion in an editor: `rcsync schema > rcsync.schema.json`, and as the first line here
    # `# yaml-language-server: $schema=rcsync.schema.json`.

    integrations:
      # 6650aa01f2c3d4e5f6a7b8c9, made by deploy on 2026-05-02
      # its script has CRLF line ends on the server: they compare equal to LF
      - type: webhook-incoming
        name: Grafana alerts
        username: rocket.cat
        channel: ["#ops", "@dana"]
        alias: Grafana
        emoji: ":chart_with_upwards_trend:"
        script: |-
          class Script {
            process_incoming_request({ request }) {
              return { content: { text: `${request.content.title}` } };
            }
          }
        overrideDestinationChannelEnabled: true

      # 6650aa03f2c3d4e5f6a7b8c9, made by deploy on 2026-05-02
      # one of several of this type and name: pinned by its id
      - type: webhook-incoming
        id: 6650aa03f2c3d4e5f6a7b8c9
        name: "yes"
        username: rocket.cat
        channel: "#ops"

      # 6650aa04f2c3d4e5f6a7b8c9, made by deploy on 2026-05-03
      # one of several of this type and name: pinned by its id
      - type: webhook-incoming
        id: 6650aa04f2c3d4e5f6a7b8c9
        name: "yes"
        username: rocket.cat
        channel: "#dev"

      # 6650aa02f2c3d4e5f6a7b8c9, made by dana on 2026-05-02, changed on 2026-06-07
      # the server has no compiled script: SyntaxError: Unexpected token (2:28)
      - type: webhook-outgoing
        name: Guggy
        enabled: false
        event: sendMessage
        username: rocket.cat
        channel: "#general"
        urls: [http://text2gif.guggy.com/guggify, "${secret.guggy_urls}"]
        triggerWords: ["!guggy", "100%: $${price}"]
        runOnEdits: true
        script: |
          class Script {
          	prepare_outgoing_request( {
        retryFailedCalls: true
        retryCount: 6
        retryDelay: powers-of-ten

      # oldRecord17charsX, made by nobody known
      # Not exported: no user is named ` rocket.cat`
      # - type: webhook-outgoing
      #   name: Very old
      #   event: sendMessage
      #   username: " rocket.cat"
      #   channel: "#general"
      #   urls: [http://x.example/hook]
    "##);
    let files = check::sound(&observed, &asked(true)).unwrap();
    let paths: Vec<_> = files
        .scripts
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["scripts/grafana-alerts.js", "scripts/guggy.js"]);
    let named = files.manifest.lines().map(str::trim);
    let named: Vec<_> = named.filter(|line| line.contains("file:")).collect();
    insta::assert_snapshot!(named.join("\n"), @r##"
    script: {file: scripts/grafana-alerts.js}
    script: {file: scripts/guggy.js}
    "##);
    assert_eq!(export.notes, files.notes);
    insta::assert_snapshot!(export.notes.join("\n"), @r##"
    webhook-outgoing `Very old` (oldRecord17charsX) is only a comment: no user is named ` rocket.cat`
    1 record of a kind that rcsync does not know is not exported
    "##);
}

#[test]
fn entries_are_matched_with_records() {
    let record = |id: &str, by: &str, at: &str| {
        json!({"_id": id, "type": "webhook-incoming", "name": "In",
        "_createdBy": {"username": by}, "_createdAt": at, "_updatedAt": "2026-05-03T08:00:00.000Z"})
    };
    let state = [
        json!("8.8.1"),
        record("2e5", "de\u{1b}ploy", "2026-05-02T08:00:00.000Z"),
        record("a1", "ann", "2026-05-01T08:00:00.000Z"),
    ];
    let shown = |name: &str| {
        let key = crate::integration::Key {
            kind: crate::integration::Kind::Incoming,
            name: name.to_owned(),
        };
        let matches = export::matches(&key, &observed(&state)).unwrap();
        export::matches_text("m.yaml:3:5", &key, &matches)
    };
    insta::assert_snapshot!(shown("In") + &shown("Other"), @r##"
    m.yaml:3:5 webhook-incoming `In`: several records, choose one
        id: a1  # made by ann on 2026-05-01, changed on 2026-05-03
        id: "2e5"  # made by de\u{1b}ploy on 2026-05-02, changed on 2026-05-03
    m.yaml:3:5 webhook-incoming `Other`: no record
    "##);
}

#[test]
fn the_manifest_is_found_where_it_was_meant() {
    let folder = TempDir::new().unwrap();
    let at = |path: &str| folder.path().join(path);
    std::fs::create_dir(at("there.yaml")).unwrap();
    let places = |out: &str, scripts: Option<&str>, secrets: Option<&str>| {
        let args = ExportArgs {
            server: ServerArgs {
                url: None,
                user_id: None,
                auth_token_file: None,
                sandbox: None,
                timeout: 1,
            },
            out: Some(Path::new(&format!("{}/{out}", folder.path().display())).to_owned()),
            scripts: scripts.map(at),
            secrets_file: secrets.map(at),
            force: false,
            matching: Vec::new(),
        };
        Places::of(&args)
    };
    let manifest = |out: &str| places(out, None, None).unwrap().manifest.unwrap();
    assert_eq!(manifest("a.yaml"), at("a.yaml"));
    assert_eq!(manifest("a.yml"), at("a.yml"));
    for out in ["dir", "dir.d", "there.yaml", "new.yaml/"] {
        assert_eq!(manifest(out), at(out).join("integrations.yaml"), "{out}");
    }
    let scripts =
        |out, scripts| places(out, Some(scripts), None).map(|places| places.scripts.unwrap());
    assert_eq!(scripts("dir/", "dir/s/t").as_deref(), Ok("s/t/"));
    assert_eq!(scripts("a.yaml", ".").as_deref(), Ok(""));
    for outside in ["elsewhere", "dir/../elsewhere", "dir/../../x"] {
        assert!(scripts("dir/", outside).is_err(), "{outside}");
    }
    std::os::unix::fs::symlink("/tmp", at("link")).unwrap();
    assert!(
        scripts("a.yaml", "link/s")
            .unwrap_err()
            .0
            .contains("is not below")
    );
    assert!(places("dir/", None, Some("dir/secrets.yaml")).is_err());
    assert!(places("a.yaml", None, Some("a.yaml")).is_err());
    assert!(places("dir/", None, Some("secrets.yaml")).is_ok());
}
