//! Manifests and records made up at random. Names, users and rooms are few, so that they meet.

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value as Json, json};

use super::world::{Seeded, Stored};
use rcsync::integration::{EVENTS, Event, Kind};

const NAMES: [&str; 4] = ["A", "B", " odd: ñ ", "D"];
/// Mostly the one that every server has.
const USERS: [&str; 12] = [
    "rocket.cat",
    "rocket.cat",
    "rocket.cat",
    "rocket.cat",
    "rocket.cat",
    "rocket.cat",
    "rocket.cat",
    "rocket.cat",
    "bo.bot",
    "bo.bot",
    "pat.plain",
    "gone.user",
];
const ROOMS: [&str; 4] = ["#general", "#random", "@bo.bot", "#GENERAL"];
const SCRIPTS: [&str; 6] = [
    "",
    "class Script {}\n",
    "class Script {}",
    "class Script {}\r\n\r\n",
    "class Script { a() {} }\n",
    "class {",
];

/// Some entries, no two of the same kind and name. `pin` stands for the id of the record with that index.
fn entries() -> impl Strategy<Value = Vec<Json>> {
    let key = (kind(), select(NAMES.to_vec()));
    btree_map(key, own_keys(), 0..7).prop_flat_map(|map| {
        let entries: Vec<_> = map
            .into_iter()
            .map(|((kind, name), own)| {
                fields(kind).prop_map(move |fields| entry(kind, name, fields, &own))
            })
            .collect();
        entries
    })
}

fn entry(kind: Kind, name: &str, fields: Stored, own: &Stored) -> Json {
    let mut entry = fields;
    entry.insert("type".to_owned(), json!(kind.wire()));
    entry.insert("name".to_owned(), json!(name));
    entry.extend(own.clone());
    if let Some(Json::Array(ignored)) = entry.get_mut("ignore") {
        ignored.retain(|name| kind.field(name.as_str().unwrap_or_default()).is_some());
    }
    Json::Object(entry)
}

/// The keys that are never sent.
fn own_keys() -> impl Strategy<Value = Stored> {
    let rows: Vec<_> = Kind::ALL.iter().flat_map(|kind| kind.fields()).collect();
    let rows: std::collections::BTreeSet<_> = rows.iter().map(|field| field.name).collect();
    let rows: Vec<_> = rows.into_iter().filter(|name| *name != "name").collect();
    let state = prop_oneof![8 => Just("present"), 1 => Just("absent"), 1 => Just("released")];
    let old = option::weighted(0.1, select(NAMES.to_vec()));
    let ignored = prop_oneof![3 => Just(Vec::new()), 1 => subsequence(rows, 0..4)];
    let pin = option::weighted(0.15, 0..6_usize);
    (state, old, ignored, pin).prop_map(|(state, old, ignored, pin)| {
        let own = json!({"state": state, "renamedFrom": old, "ignore": ignored, "pin": pin});
        present(own)
    })
}

/// A record in the making: what a manifest would say of it, and what came upon it since.
type Drawn = (Kind, &'static str, Stored, Stored);

/// What a server has, and a manifest for it. Many entries say of a record what it is already, but for a field or two:
/// what an update must not touch shows best there.
pub(super) fn server_and_manifest() -> impl Strategy<Value = (Vec<Seeded>, Vec<Json>)> {
    (records(), entries(), any::<[u32; 8]>()).prop_map(|(records, mut entries, bits)| {
        for (entry, bits) in entries.iter_mut().zip(bits) {
            let of =
                |(kind, name, ..): &&Drawn| entry["type"] == kind.wire() && entry["name"] == *name;
            let Some((_, _, fields, _)) = records.iter().find(of).filter(|_| bits % 4 != 0) else {
                continue;
            };
            *entry = nearly(fields, entry, bits / 4);
        }
        (records.into_iter().map(seeded).collect(), entries)
    })
}

/// An entry that says what these fields say, but for some that `bits` leave to it.
fn nearly(fields: &Stored, entry: &Json, bits: u32) -> Json {
    const BOUND: [&str; 4] = ["event", "channel", "targetRoom", "triggerWords"];
    let mut near = fields.clone();
    let empty = Stored::new();
    for (index, (name, value)) in entry.as_object().unwrap_or(&empty).iter().enumerate() {
        let own =
            ["type", "name", "state", "renamedFrom", "ignore", "pin"].contains(&name.as_str());
        let chosen = bits >> (index % 29) & 7 == 7;
        // The event decides about these: they go together.
        if own || chosen && !BOUND.contains(&name.as_str()) {
            near.insert(name.clone(), value.clone());
        }
    }
    Json::Object(near)
}

/// Some records, namesakes among them.
fn records() -> impl Strategy<Value = Vec<Drawn>> {
    let record = (kind(), select(NAMES.to_vec())).prop_flat_map(|(kind, name)| {
        (fields(kind), odd(kind)).prop_map(move |(fields, odd)| (kind, name, fields, odd))
    });
    proptest::collection::vec(record, 0..7)
}

fn seeded((kind, name, fields, odd): Drawn) -> Seeded {
    let mut stored = as_stored(kind, fields);
    stored.insert("name".to_owned(), json!(name));
    stored.extend(odd);
    (kind, stored)
}

/// The fields of a manifest in the form in which a server stores them.
fn as_stored(kind: Kind, mut fields: Stored) -> Stored {
    let on = |fields: &Stored, name: &str| fields.get(name) == Some(&json!(true));
    if on(&fields, "retryFailedCalls") {
        for (name, default) in [
            ("retryCount", json!(4)),
            ("retryDelay", json!("powers-of-ten")),
        ] {
            fields.entry(name).or_insert(default);
        }
    }
    let runs = on(&fields, "scriptEnabled") && fields.get("script").is_some_and(|it| *it != "");
    if runs && fields["script"] != "class {" {
        fields.insert("scriptCompiled".to_owned(), json!("compiled"));
    }
    fields.entry("scriptEnabled").or_insert(json!(false));
    fields.entry("enabled").or_insert(json!(true));
    if kind == Kind::Outgoing {
        fields.entry("channel").or_insert(json!([]));
    }
    let user = match fields["username"].as_str() {
        Some("bo.bot") => "uBo",
        Some("pat.plain") => "uPat",
        Some("gone.user") => "uGone",
        _ => "rocket.cat",
    };
    fields.insert("userId".to_owned(), json!(user));
    fields
}

/// What years of use, other clients and older versions leave behind.
fn odd(kind: Kind) -> impl Strategy<Value = Stored> {
    let mut odds = vec![
        ("alias", json!(null)),
        ("emoji", json!("")),
        ("avatar", json!(null)),
        ("userId", json!("uPat")),
        ("scriptCompiled", json!(null)),
        ("channel", json!(["#random", "#general", "#random"])),
        ("script", json!("class Script {}\r\n")),
        ("scriptEngine", json!(null)),
        ("skipTranspile", json!(null)),
        ("unknown", json!({"left": "behind"})),
    ];
    if kind == Kind::Outgoing {
        odds.extend([
            ("token", json!(" ")),
            ("token", json!("t1")),
            ("runOnEdits", json!(null)),
            ("triggerWords", json!(["!b", "!a"])),
            ("retryDelay", json!("Powers-Of-Ten")),
        ]);
    } else {
        odds.push(("overrideDestinationChannelEnabled", json!(null)));
    }
    let count = odds.len();
    subsequence(odds, 0..count.min(5)).prop_map(|odds| {
        let odds = odds.into_iter();
        odds.map(|(name, value)| (name.to_owned(), value)).collect()
    })
}

fn kind() -> impl Strategy<Value = Kind> {
    select(Kind::ALL.to_vec())
}

/// The fields of an entry that a server could hold.
fn fields(kind: Kind) -> BoxedStrategy<Stored> {
    match kind {
        Kind::Incoming => (common(), rarely(any::<bool>()))
            .prop_map(|(mut fields, overrides)| {
                let more = json!({"overrideDestinationChannelEnabled": overrides});
                fields.extend(present(more));
                fields
            })
            .boxed(),
        Kind::Outgoing => (common(), event(), words(), options())
            .prop_map(|(mut fields, event, words, options)| {
                let target = event.needs_target_room.then_some("#general");
                let mut more =
                    json!({"event": event.name, "targetRoom": target, "triggerWords": words});
                if !event.uses_trigger_words {
                    more["triggerWords"] = json!(null);
                }
                if !event.uses_channel {
                    fields.remove("channel");
                }
                fields.extend(present(more));
                fields.extend(options);
                fields
            })
            .boxed(),
    }
}

fn common() -> impl Strategy<Value = Stored> {
    let text = |texts: [&'static str; 3]| option::of(select(texts.to_vec()));
    let flag = || option::of(any::<bool>());
    let rooms = subsequence(ROOMS.to_vec(), 1..3).prop_shuffle();
    let script = (
        option::of(select(SCRIPTS.to_vec())),
        flag(),
        rarely(select(vec!["isolated-vm", "vm2"])),
        rarely(any::<bool>()),
    );
    let looks = (
        text(["", "Al", "Bo"]),
        text(["", "http://a/x.png", "http://b"]),
        text(["", ":x:", ":y:"]),
    );
    (flag(), select(USERS.to_vec()), rooms, looks, script).prop_map(
        |(enabled, username, rooms, (alias, avatar, emoji), (script, on, engine, skip))| {
            present(json!({
                "enabled": enabled, "username": username, "channel": rooms, "alias": alias,
                "avatar": avatar, "emoji": emoji, "script": script, "scriptEnabled": on,
                "scriptEngine": engine, "skipTranspile": skip,
            }))
        },
    )
}

/// Mostly the one that uses everything.
fn event() -> impl Strategy<Value = Event> {
    let mut events = EVENTS.to_vec();
    events.extend(
        EVENTS
            .iter()
            .filter(|event| event.uses_trigger_words)
            .cycle()
            .take(6),
    );
    select(events)
}

/// A value that old servers do not take.
fn rarely<T: std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    option::weighted(0.4, value)
}

fn words() -> impl Strategy<Value = Option<Vec<&'static str>>> {
    option::of(subsequence(vec!["!a", "!b", "c d"], 0..3).prop_shuffle())
}

fn options() -> impl Strategy<Value = Stored> {
    let flag = || option::of(any::<bool>());
    let delay = option::of(select(vec!["powers-of-ten", "powers-of-two"]));
    let urls = subsequence(vec!["http://x/1", "http://y", "http://z?k=v"], 1..3).prop_shuffle();
    let token = option::of(select(vec!["t1", "t2"]));
    (urls, token, flag(), flag(), flag(), flag(), option::of(1..4), delay).prop_map(
        |(urls, token, anywhere, edits, impersonate, retry, count, delay)| {
            present(json!({
                "urls": urls, "token": token, "triggerWordAnywhere": anywhere, "runOnEdits": edits,
                "impersonateUser": impersonate, "retryFailedCalls": retry, "retryCount": count,
                "retryDelay": delay,
            }))
        },
    )
}

/// The keys that are not null.
fn present(json: Json) -> Stored {
    let Json::Object(map) = json else {
        return Map::new();
    };
    map.into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect()
}
