//! What is exported is read back, by the stages that read manifests, as what the server has.

mod states;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use rcsync::engine;
use rcsync::engine::check::Checked;
use rcsync::export::{self, Asked, Export};
use rcsync::integration::{EVENTS, Key, Kind, Role, Value};
use rcsync::observed::ObservedState;
use rcsync::plan::Plan;

use crate::support;
use states::{SCRIPTS, state};

/// The first item is the version.
fn observed(state: &[Json]) -> ObservedState {
    support::observed(&json!({"version": state[0], "integrations": state[1..]}))
}

fn asked(scripts: bool) -> Asked {
    Asked {
        server: "https://chat.example.org".to_owned(),
        date: "2026-11-22".to_owned(),
        scripts: scripts.then(|| "scripts/".to_owned()),
    }
}

/// An export on the disk, read back.
struct Back {
    export: Export,
    loaded: Checked,
    plan: Plan,
    folder: TempDir,
}

impl Back {
    /// Whether nothing differs. What was wrong with a record before is still wrong with it; an update that may mend
    /// it needs a token, and makes one where there is none.
    fn is_level(&self) -> bool {
        self.plan.changes.iter().all(|change| {
            let mut fields = change.fields.iter();
            let made = fields.all(|field| field.before.is_none() && field.after.is_none());
            made && !change.conditions.is_empty()
        })
    }
}

fn there_and_back(observed: &ObservedState, scripts: bool) -> Back {
    let folder = TempDir::new().unwrap();
    let export = engine::export::export(observed, &asked(scripts)).unwrap();
    let at = |name: &str| folder.path().join(name);
    let (manifest, secrets) = (at("integrations.yaml"), at("secret-values"));
    for script in &export.scripts {
        let path = at(&script.path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &script.text).unwrap();
    }
    std::fs::write(&manifest, &export.manifest).unwrap();
    std::fs::write(&secrets, &export.secrets).unwrap();
    let loaded = support::loaded(&manifest, Some(&secrets));
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
    let ours = rcsync::yaml::load(rcsync::problem::Texts::default().add("m", text), text).unwrap();
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
            prop_assert!(back.is_level(), "{:#?}\n{manifest}", back.plan.changes);
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
                for name in entry.written.names() {
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
    let rows = Kind::ALL.iter().flat_map(|kind| kind.fields());
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

/// More than a plan asks for: it does not look at the newlines at a script's end.
#[test]
fn scripts_come_back_as_they_are_but_for_crlf() {
    let mut state = vec![json!("8.8.1")];
    for (index, script) in SCRIPTS.iter().enumerate() {
        state.push(json!({"_id": format!("s{index:02}"), "type": "webhook-incoming", "name": format!("{index:02}"),
            "username": "u", "channel": ["#a"], "script": script, "enabled": true,
            "scriptEnabled": !script.trim().is_empty()}));
    }
    for scripts in [false, true] {
        let back = there_and_back(&observed(&state), scripts);
        for (entry, script) in back.loaded.desired.entries.iter().zip(SCRIPTS) {
            let Some(Value::Script(text)) = entry.fields.by_role(Role::Script) else {
                panic!("{script:?} is lost");
            };
            // A script of newlines alone is none.
            let odd = script.contains("\r\r\n") || *script == "\n";
            assert!(
                odd || text.as_plain() == Some(&*script.replace("\r\n", "\n")),
                "{script:?}: {text:?}"
            );
        }
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
        assert!(back.loaded.desired.entries.is_empty() && back.is_level());
    }
}

#[test]
fn one_bad_record_does_not_take_the_others_with_it() {
    let good = json!({"_id": "b", "type": "webhook-incoming", "name": "Good", "username": "u", "channel": ["#a"]});
    let bad = json!({"_id": "a", "type": "webhook-incoming", "name": "Bad", "username": null, "channel": ["#a"]});
    let back = there_and_back(&observed(&[json!("8.8.1"), bad, good]), false);
    assert_eq!(back.loaded.desired.entries[0].key.name, "Good");
    assert!(back.is_level());
}

#[test]
fn several_of_one_name_are_pinned_by_id() {
    let duplicate = |id: &str| json!({"_id": id, "type": "webhook-incoming", "name": "Duplicate", "username": "u", "channel": ["#a"]});
    let state = [
        json!("8.8.1"),
        duplicate("b2"),
        duplicate("123456789012345678901234"),
        duplicate("1e5"),
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
    assert!(back.is_level(), "{:#?}", back.plan.changes);
}

#[test]
fn secrets_are_in_their_file_alone() {
    let state = one(
        json!({"type": "webhook-outgoing", "event": "sendMessage", "token": "canary-token",
        "name": "3CX Über hook", "avatar": "https://x.example/a.png?canary",
        "urls": ["https://x.example/plain", "https://u:canary@x.example/", "https://x.example/?k=canary"]}),
    );
    let back = there_and_back(&state, false);
    assert!(back.is_level());
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
    assert!(back.is_level() && back.export.secret_names.is_empty());
}

#[test]
fn an_export_reads_like_a_manifest() {
    let state: Json = serde_json::from_str(include_str!("export/listing.json")).unwrap();
    let mut observed = support::observed(&state);
    observed.unknown_kinds = 1;
    let export = engine::export::export(&observed, &asked(false)).unwrap();
    insta::assert_snapshot!(export.manifest, @r##"
    # Exported from https://chat.example.org (Rocket.Chat 8.8.1)
    # as deploy on 2026-11-22: 4 of the 6 integrations that this account sees.
    #
    # Left out: what has its documented default, and the tokens of outgoing webhooks: one that is not
    # written is not compared, and a webhook that is created again gets a new one.
    # For completion in an editor: `rcsync schema > rcsync.schema.json`, and as the first line here
    # `# yaml-language-server: $schema=rcsync.schema.json`.

    integrations:
      # 6650aa01f2c3d4e5f6a7b8c9, created by deploy on 2026-05-02
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

      # 6650aa03f2c3d4e5f6a7b8c9, created by deploy on 2026-05-02
      # one of several of this type and name: pinned by its id
      - type: webhook-incoming
        id: 6650aa03f2c3d4e5f6a7b8c9
        name: "yes"
        username: rocket.cat
        channel: "#ops"

      # 6650aa04f2c3d4e5f6a7b8c9, created by deploy on 2026-05-03
      # one of several of this type and name: pinned by its id
      - type: webhook-incoming
        id: 6650aa04f2c3d4e5f6a7b8c9
        name: "yes"
        username: rocket.cat
        channel: "#dev"

      # 6650aa02f2c3d4e5f6a7b8c9, created by dana on 2026-05-02, changed on 2026-06-07
      # the server has no compiled form of its script: SyntaxError: Unexpected token (2:28)
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

      # oldRecord17charsX, created by somebody unknown
      # Not exported: no user is named ` rocket.cat`
      # - type: webhook-outgoing
      #   name: Very old
      #   event: sendMessage
      #   username: " rocket.cat"
      #   channel: "#general"
      #   urls: [http://x.example/hook]
    "##);
    let files = engine::export::export(&observed, &asked(true)).unwrap();
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

/// The records that the real server stored, as the vectors have them.
fn recorded() -> Vec<Json> {
    fn gather(value: &Json, into: &mut Vec<Json>) {
        match value {
            Json::Object(map)
                if map.contains_key("_id") && map.contains_key("urls")
                    || map.contains_key("scriptEnabled") && map.contains_key("userId") =>
            {
                into.push(value.clone());
            }
            Json::Object(map) => map.values().for_each(|value| gather(value, into)),
            Json::Array(items) => items.iter().for_each(|value| gather(value, into)),
            _ => {}
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    let mut records = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "json"))
    {
        let vectors: Json = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for case in vectors["cases"].as_array().into_iter().flatten() {
            for step in case["steps"].as_array().into_iter().flatten() {
                gather(&step["store"], &mut records);
            }
        }
    }
    records
}

#[test]
fn what_the_real_server_stored_can_be_exported() {
    let mut seen = BTreeSet::new();
    let mut state = vec![json!("8.8.1")];
    for (index, mut record) in recorded().into_iter().enumerate() {
        record["_id"] = json!(format!("{index:024x}"));
        if !seen.insert((record["type"].to_string(), record["name"].to_string())) {
            record["name"] = json!(format!(
                "{} {index}",
                record["name"].as_str().unwrap_or_default()
            ));
        }
        state.push(record);
    }
    assert!(state.len() > 200, "{}", state.len());
    let observed = observed(&state);
    for scripts in [false, true] {
        let back = there_and_back(&observed, scripts);
        assert!(back.is_level(), "{:#?}", back.plan.changes);
        assert_eq!(back.export.notes, Vec::<String>::new());
        assert_eq!(back.export.entries.len(), observed.records.len());
    }
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
    let shown = |name: &str, old: Option<&str>| {
        let key = Key {
            kind: Kind::Incoming,
            name: name.into(),
        };
        export::matches_text("m.yaml:3:5", &key, old, &observed(&state)).unwrap()
    };
    assert_eq!(shown("New", Some("In")).lines().count(), 3);
    insta::assert_snapshot!(shown("In", None) + &shown("Other", Some("Gone")), @r#"
    m.yaml:3:5 webhook-incoming `In`: several records, choose one
        id: a1  # created by ann on 2026-05-01, changed on 2026-05-03
        id: "2e5"  # created by de\u{1b}ploy on 2026-05-02, changed on 2026-05-03
    m.yaml:3:5 webhook-incoming `Other`: no record
    "#);
}
