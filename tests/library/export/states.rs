//! What a server may have: every field, event and shape of value that a record can hold, and texts that are hard
//! to write down. All of it can be an entry.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use rcsync::integration::EVENTS;

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
pub(super) const SCRIPTS: &[&str] = &[
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
            let compiled = skip.is_some().then(|| json!("compiled"));
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
                ("scriptCompiled", compiled),
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
pub(super) fn state() -> impl Strategy<Value = Vec<Json>> {
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
