use serde_json::{Value as Json, json};

use super::*;
use crate::client::Limits;
use crate::integration::{Kind, Value};
use crate::observed::{DecodeError, Detail, RoomState, Target, User};
use crate::redactor::Redactor;
use crate::secret::{Piece, Secret, Text};

/// Tokens, URLs and scripts as they may be, with `canary` in each.
fn stored(canary: &str) -> Json {
    json!({"_id": "o1", "type": "webhook-outgoing", "name": "Out", "event": "sendMessage",
        "username": "rocket.cat", "userId": "rocket.cat", "channel": ["#ops"], "enabled": true, "token": canary,
        "urls": [format!("https://h.example/{canary}?k={canary}"), "https://known.example/path"],
        "avatar": format!("https://{canary}:{canary}@h.example/a.png"),
        "script": format!("const key = '{canary}';"), "scriptEnabled": true,
        "scriptCompiled": format!("const key = '{canary}'"),
        "scriptError": {"name": "SyntaxError", "message": format!("Unexpected {canary}")},
        "_createdBy": {"_id": "u1", "username": "deploy"}, "_updatedBy": {"username": "dana"}, "_updatedAt": "2026-05-03T08:00:00.000Z"})
}

fn observed(records: &[Json]) -> ObservedState {
    let decoded = |json: &Json| {
        Record::decode(json.as_object().unwrap().clone(), &Redactor::default()).unwrap()
    };
    ObservedState {
        redactor: Redactor::default(),
        server: ServerFacts {
            url: "https://chat.example.org".to_owned(),
            version: None,
            version_text: Some("8.8.0".into()),
            user_id: "u1".into(),
            username: "deploy".into(),
            roles: None,
        },
        records: records.iter().map(decoded).collect(),
        unknown_kinds: 2,
        users: Users::default(),
        rooms: Rooms::default(),
        view: View::default(),
        histories: Histories::default(),
        limits: Limits::default(),
        taken_at: None,
    }
}

/// The values of an entry that refers to a secret in its token, and writes one of the URLs out.
fn entry(secret: Secret) -> Fields {
    let mut fields = Fields::new(Kind::Outgoing);
    fields.set("token", Some(Value::Secret(secret)));
    let urls = vec![Text::from("https://known.example/path")];
    fields.set("urls", Some(Value::List(urls)));
    fields
}

fn taken(records: &[Json], entry: &Fields, named: &[&str]) -> String {
    let named = named.iter();
    let named = named.map(|id| (ServerId::from((*id).to_owned()), vec![entry]));
    let held = Held::new(named.collect(), [entry], &Redactor::default());
    let taken_at = "2026-11-22T02:00:00.000Z".to_owned();
    let snapshot = Snapshot::of(&observed(records), &held, None, taken_at);
    serde_json::to_string_pretty(&snapshot).unwrap()
}

/// What a secret is makes no difference to a snapshot: then it cannot be in it, however short it is.
#[test]
fn a_snapshot_does_not_depend_on_secrets() {
    let of = |secret: &str| taken(&[stored(secret)], &entry(Secret::new(secret)), &["o1"]);
    let first = of("canary-hunter2");
    assert!(!first.contains("canary"), "{first}");
    for other in [
        "a",
        "7",
        "true",
        "const",
        "two\nlines",
        "\"quoted\"",
        "ñ",
        "https",
    ] {
        assert_eq!(of(other), first, "{other:?}");
    }
}

/// What histories told is kept of records that an entry names; what they did not tell is asked for again.
#[test]
fn histories_are_kept() {
    let entry = entry(Secret::Unknown);
    let id = |id: &str| ServerId::from(id.to_owned());
    let of = |record: &str| {
        let mut record_of = stored("x");
        record_of["_id"] = json!(record);
        record_of
    };
    let mut before = observed(&["a", "b", "c", "d"].map(of));
    let at = Some("2026-05-03T09:00:00.000Z".into());
    let told = [
        (id("a"), History::Gone(Gone { at })),
        (id("b"), History::Other),
        (id("c"), History::Unknown("it did not say".to_owned())),
        (id("d"), History::Gone(Gone { at: None })),
    ];
    before.histories.found.extend(told.clone());
    let named = ["a", "b", "c"].map(|it| (id(it), vec![&entry]));
    let held = Held::new(named.into(), [&entry], &Redactor::default());
    let snapshot = Snapshot::of(&before, &held, None, "2026-11-22T02:00:00Z".to_owned());
    let text = serde_json::to_string(&snapshot).unwrap();
    let after = Snapshot::parse(&text)
        .unwrap()
        .observed(&Redactor::default())
        .unwrap();
    assert_eq!(after.histories.found, told.into_iter().take(2).collect());
}

/// A record that no entry names is what identifies it, and nothing else.
#[test]
fn a_record_without_an_entry_keeps_five_things() {
    let text = taken(&[stored("canary")], &entry(Secret::Unknown), &[]);
    let json: Json = serde_json::from_str(&text).unwrap();
    assert_eq!(
        json["records"],
        json!([{"id": "o1", "type": "webhook-outgoing", "name": "Out", "creator": "deploy", "on": true}])
    );
    let back = Snapshot::parse(&text)
        .unwrap()
        .observed(&Redactor::default())
        .unwrap();
    assert_eq!(back.records[0].detail(), Detail::Identity);
    // What this account has made is still told from what others have.
    assert_eq!(back.records[0].created_by_id(), Some("u1".into()));
    assert!(matches!(
        back.records[0].fields(),
        Err(DecodeError::Withheld { .. })
    ));
}

#[test]
fn what_is_kept_comes_back_and_what_is_hidden_is_unknown() {
    let text = taken(&[stored("canary")], &entry(Secret::new("canary")), &["o1"]);
    let back = Snapshot::parse(&text)
        .unwrap()
        .observed(&Redactor::default())
        .unwrap();
    assert_eq!(back.unknown_kinds, 2);
    assert_eq!(back.taken_at.as_deref(), Some("2026-11-22T02:00:00Z"));
    let (before, now) = (observed(&[stored("canary")]), &back.records[0]);
    let before = &before.records[0];
    assert_eq!(now.detail(), Detail::Redacted);
    assert_eq!(
        (now.user_id(), now.updated_at()),
        (before.user_id(), before.updated_at())
    );
    assert_eq!(now.updated_by(), Some("dana".into()));
    assert_eq!(now.created_by_id(), before.created_by_id());
    assert_eq!(now.script_compiled(), before.script_compiled());
    // The server's words about a hidden script could quote it.
    assert_eq!(now.script_error(), None);
    let (was, is) = (before.fields().unwrap(), now.fields().unwrap());
    for (field, value) in was.iter() {
        let hidden = ["token", "urls", "avatar", "script"].contains(&field.name);
        let expected = (!hidden).then_some(true);
        assert_eq!(value.same(is.get(field)), expected, "{}", field.name);
    }
    let urls = is.get(Kind::Outgoing.field("urls").unwrap());
    assert!(matches!(urls, Some(Value::List(urls)) if urls[1].as_plain().is_some()));
}

#[test]
fn a_url_that_the_manifest_keeps_secret_is_not_even_outlined() {
    let mut entry = entry(Secret::Unknown);
    let kept = |entry: &Fields| taken(&[stored("x")], entry, &["o1"]);
    assert!(kept(&entry).contains("https://h.example/…"));
    let mut url = Text::from("https://");
    url.push(Piece::Secret(Secret::Unknown));
    entry.set("urls", Some(Value::List(vec![url.clone()])));
    entry.set("avatar", Some(Value::Text(url)));
    assert!(!kept(&entry).contains("h.example"));
}

#[test]
fn a_script_is_kept_unless_a_secret_of_the_manifest_stands_in_it() {
    let kept = |entry: &Fields| taken(&[stored("canary")], entry, &["o1"]).contains("const key");
    assert!(kept(&entry(Secret::Unknown)));
    assert!(!kept(&entry(Secret::new("canary"))));
    // What the manifest writes out is not a secret.
    let mut same = entry(Secret::new("canary"));
    same.set("script", Some(Value::script("const key = 'canary';\n")));
    assert!(kept(&same));
}

#[test]
fn values_of_the_wrong_type_are_as_unreadable_as_they_were() {
    for (name, wrong) in [
        ("alias", json!({"canary": 1})),
        ("alias", json!(["canary"])),
        ("urls", json!("canary")),
        ("urls", json!(["canary", 7])),
        ("token", json!(["canary"])),
        ("token", json!(1_234_567)),
        ("enabled", json!("canary")),
        ("retryCount", json!(3.5)),
        ("script", json!(1_234_567)),
    ] {
        let mut record = stored("canary");
        record[name] = wrong;
        let text = taken(&[record.clone()], &entry(Secret::new("canary")), &["o1"]);
        assert!(
            !text.contains("canary") && !text.contains("1234567"),
            "{text}"
        );
        let before = observed(&[record]).records[0].fields().unwrap_err();
        let back = Snapshot::parse(&text)
            .unwrap()
            .observed(&Redactor::default())
            .unwrap();
        assert_eq!(back.records[0].fields().unwrap_err(), before, "{name}");
    }
}

#[test]
fn a_blank_token_is_none_and_a_blank_url_hides_nothing() {
    let mut record = stored("x");
    record["token"] = json!(" ");
    record["avatar"] = json!("");
    let text = taken(&[record], &entry(Secret::Unknown), &["o1"]);
    let json: Json = serde_json::from_str(&text).unwrap();
    let fields = &json["records"][0]["managed"]["fields"];
    assert_eq!(
        (&fields["token"], &fields["avatar"]),
        (&json!(""), &json!(""))
    );
}

#[test]
fn a_server_cannot_pass_a_value_off_as_hidden() {
    let mut record = stored("x");
    record["token"] = json!({"hidden": "(secret)"});
    let error = observed(&[record]).records[0].fields().unwrap_err();
    assert!(matches!(error, DecodeError::Field { field: "token", .. }));
}

#[test]
fn look_ups_come_back() {
    let mut state = observed(&[]);
    let roles = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    let user = User {
        id: "u7".into(),
        roles: Some(roles(&["bot"])),
        active: Some(true),
    };
    state.users.impersonators = Some(roles(&["bot", "app"]));
    state.users.found.extend([
        ("a".to_owned(), Found::User(user)),
        ("b".to_owned(), Found::Nobody),
        ("c".to_owned(), Found::Unknown("canary".to_owned())),
    ]);
    let target = |name: &str| Target {
        kind: Kind::Incoming,
        name: name.to_owned(),
    };
    // A room that this one is nearly named as may be private.
    let near = Some("#canary".into());
    state.rooms.found.extend([
        (target("#a"), TargetStatus::Ok),
        (target("#b"), TargetStatus::Missing { near: near.clone() }),
        (target("#c"), TargetStatus::NotIn { near }),
        (target("@d"), TargetStatus::NoUsers),
        (target("#e"), TargetStatus::Unknown("canary".to_owned())),
    ]);
    let archived = RoomState {
        archived: true,
        members: [("a".to_owned(), false)].into(),
        ..RoomState::default()
    };
    state.rooms.states = [("#a".to_owned(), archived.clone())].into();
    let snapshot = Snapshot::of(
        &state,
        &Held::default(),
        None,
        "2026-11-22T02:00:00Z".to_owned(),
    );
    let text = serde_json::to_string(&snapshot).unwrap();
    assert!(!text.contains("canary"));
    let back = Snapshot::parse(&text)
        .unwrap()
        .observed(&Redactor::default())
        .unwrap();
    let found = |name: &str| back.rooms.found.get(&target(name)).cloned();
    assert_eq!(found("#a"), Some(TargetStatus::Ok));
    assert_eq!(back.rooms.states, [("#a".to_owned(), archived)].into());
    assert_eq!(found("#b"), Some(TargetStatus::Missing { near: None }));
    assert_eq!(found("#c"), Some(TargetStatus::NotIn { near: None }));
    assert_eq!(found("@d"), Some(TargetStatus::NoUsers));
    assert_eq!(found("#e"), None);
    let users = back.users;
    assert_eq!(users.user("a").and_then(|user| user.active), Some(true));
    assert_eq!(users.user("a").map(|user| user.id.raw()), Some("u7"));
    assert_eq!(users.may_impersonate("a"), Some(true));
    assert!(users.is_nobody("b") && !users.is_nobody("c"));
    assert!(matches!(users.found["c"], Found::Unknown(_)));
}

#[test]
fn what_is_no_snapshot_is_refused_without_quoting_it() {
    let whole = taken(&[stored("x")], &entry(Secret::Unknown), &["o1"]);
    let refused = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from}");
        let read = Snapshot::parse(&whole.replacen(from, to, 1))
            .and_then(|it| it.observed(&Redactor::default()));
        read.unwrap_err().to_string()
    };
    let form = "it is not what `rcsync snapshot` writes";
    assert!(refused("{", "canary {").starts_with(form));
    assert!(refused("\"unknownKinds\": 2", "\"unknownKinds\": \"canary\"").contains("(line "));
    assert!(refused("\"formatVersion\": 2", "\"formatVersion\": 1").contains("version 1"));
    assert_eq!(
        refused("2026-11-22T02:00", "canary"),
        "`takenAt` is not a date"
    );
    assert!(refused("webhook-outgoing", "canary").starts_with("record 1 has a type"));
    let twice = taken(&[stored("x"), stored("x")], &entry(Secret::Unknown), &[]);
    assert!(
        Snapshot::parse(&twice)
            .unwrap()
            .observed(&Redactor::default())
            .is_err()
    );
}
