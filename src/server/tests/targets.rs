use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::client::{SendError, ServerError};
use crate::integration::Kind;
use crate::observed::{Permissions, Posting, Questions, Rights, RoomState, Target, TargetStatus};
use crate::server::fake::{Script, Step, answer};
use crate::server::lookup::Existing;

fn ok(body: &Json) -> Step {
    answer(200, body.to_string())
}

fn refused(code: &str, error: &str) -> Step {
    answer(
        400,
        json!({"success": false, "error": error, "errorType": code}).to_string(),
    )
}

fn no_room() -> Step {
    refused(
        "error-room-not-found",
        "The required param does not match any channel",
    )
}

/// An account that holds both permissions of each kind, or only those for its own.
fn rights(free: bool) -> Rights {
    let mine = BTreeSet::from(["mine".into()]);
    let mut held = vec![
        "manage-own-incoming-integrations",
        "manage-own-outgoing-integrations",
        "view-c-room",
    ];
    if free {
        held.extend([
            "manage-incoming-integrations",
            "manage-outgoing-integrations",
        ]);
    }
    let held = held.into_iter().map(|name| (name.to_owned(), mine.clone()));
    Rights::of(Some(&mine), &Permissions(held.collect()))
}

/// What is looked for of these.
fn free_to_name(asked: &BTreeSet<Target>, rights: Rights) -> BTreeSet<&Target> {
    let free = rights.are_free(Kind::Outgoing) == Some(true);
    asked.iter().filter(|_| free).collect()
}

struct Told {
    /// What was told of each target, in their order.
    statuses: Vec<Option<TargetStatus>>,
    states: BTreeMap<String, RoomState>,
    lines: Vec<String>,
}

async fn ask(names: &[&str], rights: Rights, most: usize, steps: Vec<Step>) -> Told {
    ask_of(names, &[], rights, most, steps).await
}

/// The same, of those who would post to them.
async fn ask_of(
    names: &[&str],
    postings: &[(&str, &str)],
    rights: Rights,
    most: usize,
    steps: Vec<Step>,
) -> Told {
    let script = Script::new(steps);
    let target = |name: &&str| Target {
        kind: Kind::Outgoing,
        name: (*name).to_owned(),
    };
    let posting = |(user, room): &(&str, &str)| Posting {
        user: (*user).to_owned(),
        room: (*room).to_owned(),
    };
    let asked: BTreeSet<_> = names.iter().map(target).collect();
    let reader = script.reader();
    let existing = reader.look(free_to_name(&asked, rights), most).await;
    let existing = existing.unwrap();
    let questions = Questions {
        targets: asked,
        postings: postings.iter().map(posting).collect(),
        ..Questions::default()
    };
    let rooms = reader.rooms(&questions, "deploy", rights, existing).await;
    let rooms = rooms.unwrap();
    let told = names
        .iter()
        .map(|name| rooms.found.get(&target(name)).cloned());
    Told {
        statuses: told.collect(),
        states: rooms.states,
        lines: script.lines(),
    }
}

fn missing(near: Option<&str>) -> TargetStatus {
    let near = near.map(Into::into);
    TargetStatus::Missing { near }
}

#[tokio::test(start_paused = true)]
async fn who_may_post_everywhere_asks_for_each_by_name_and_then_by_id() {
    let steps = vec![
        ok(&json!({"room": {"_id": "r1", "name": "ops"}, "success": true})),
        no_room(),
        ok(&json!({"user": {"_id": "uM", "username": "maria"}, "success": true})),
        no_room(),
    ];
    let own = json!({"update": [{"_id": "s1", "rid": "r2", "name": "pager"}], "success": true});
    let steps = [steps, vec![answer(403, "{}"), ok(&own)]].concat();
    let told = ask(&["#ops", "#pagr", "@maria"], rights(true), 8, steps).await;
    assert_eq!(
        told.statuses,
        [
            Some(TargetStatus::Ok),
            Some(missing(Some("#pager"))),
            Some(TargetStatus::Ok)
        ]
    );
    assert_eq!(
        told.lines,
        [
            "GET /chat/api/v1/rooms.info?roomName=ops",
            "GET /chat/api/v1/rooms.info?roomName=pagr",
            "GET /chat/api/v1/users.info?username=maria",
            "GET /chat/api/v1/rooms.info?roomId=pagr",
            // For a name like it, also where the public rooms are not told.
            "GET /chat/api/v1/channels.list?count=0",
            "GET /chat/api/v1/subscriptions.get",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_decides_whether_messages_get_in_is_told_along() {
    let closed = json!({"success": false, "error": "not-allowed", "errorType": "Not Allowed"});
    let steps = vec![
        answer(400, closed.to_string()),
        ok(&json!({"room": {"_id": "r1", "name": "team", "t": "p"}, "success": true})),
        ok(&json!({"isMember": true, "success": true})),
        // From a server that has no such endpoint.
        answer(404, "{}"),
    ];
    let postings = [
        ("botty", "#closed"),
        ("deploy", "#closed"),
        ("ann", "#team"),
        ("botty", "#team"),
        ("botty", "#elsewhere"),
    ];
    let told = ask_of(&["#closed", "#team"], &postings, rights(true), 8, steps).await;
    assert_eq!(
        told.lines[2..],
        [
            "GET /chat/api/v1/rooms.isMember?roomId=r1&username=ann",
            "GET /chat/api/v1/rooms.isMember?roomId=r1&username=botty",
        ]
    );
    let members = |room: &str| told.states[room].members.clone();
    assert_eq!(members("#closed"), [("deploy".to_owned(), false)].into());
    assert_eq!(members("#team"), [("ann".to_owned(), true)].into());

    let rooms = json!({"channels": [
        {"_id": "r1", "name": "a", "t": "c"},
        {"_id": "r2", "name": "b", "t": "c", "ro": true},
        {"_id": "r3", "name": "c", "t": "c", "archived": true},
    ], "success": true});
    let told = ask(&["#a", "#b", "#r3"], rights(true), 8, vec![ok(&rooms)]).await;
    let seen: Vec<_> = told.states.iter().collect();
    let [(b, read_only), (c, archived)] = seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!((b.as_str(), read_only.read_only), ("#b", true));
    assert_eq!((c.as_str(), archived.archived), ("#r3", true));
}

#[tokio::test(start_paused = true)]
async fn names_count_exactly_and_a_closed_room_is_there() {
    let steps = vec![
        // The server finds it, and takes no webhook for it.
        ok(&json!({"room": {"_id": "r1", "name": "ops"}, "success": true})),
        answer(
            400,
            json!({"success": false, "error": "not-allowed", "errorType": "Not Allowed"})
                .to_string(),
        ),
        no_room(),
    ];
    let told = ask(&["#Ops", "#secret"], rights(true), 8, steps).await;
    assert_eq!(told.statuses, [Some(missing(None)), Some(TargetStatus::Ok)]);
}

#[tokio::test(start_paused = true)]
async fn many_rooms_are_looked_for_in_one_list_first() {
    let list = ok(
        &json!({"channels": [{"_id": "r1", "name": "ops"}, {"_id": "GENERAL", "name": "general"}], "success": true}),
    );
    let steps = vec![list, no_room(), no_room()];
    let names = ["#GENERAL", "#general", "#Ops", "#ops"];
    let told = ask(&names, rights(true), 8, steps).await;
    let fine = || Some(TargetStatus::Ok);
    assert_eq!(
        told.statuses,
        [fine(), fine(), Some(missing(Some("#ops"))), fine()]
    );
    assert_eq!(told.lines[0], "GET /chat/api/v1/channels.list?count=0");
    assert_eq!(told.lines.len(), 3);

    // A name that people see leads to the one that counts, and an id is never suggested.
    let list = ok(&json!({"channels": [
        {"_id": "GENERAL", "name": "general", "t": "c"},
        {"_id": "r2", "name": "ops-team", "fname": "Ops (all)", "t": "c"}], "success": true}));
    let steps = [vec![list], (0..6).map(|_| no_room()).collect()].concat();
    let told = ask(&["#Genral", "#GENERL", "#ops (al)"], rights(true), 8, steps).await;
    let near = |name| Some(missing(Some(name)));
    assert_eq!(
        told.statuses,
        [near("#general"), near("#general"), near("#ops-team")]
    );

    // If there is no list, each is asked for by itself.
    let found = |name: &str| ok(&json!({"room": {"_id": "x", "name": name}, "success": true}));
    let steps = vec![answer(403, "{}"), found("a"), found("b"), found("c")];
    let told = ask(&["#a", "#b", "#c"], rights(true), 8, steps).await;
    assert_eq!(told.statuses, [fine(), fine(), fine()]);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_asked_one_by_one_than_allowed() {
    let steps = vec![no_room(), no_room(), no_room()];
    let told = ask(&["#a", "#b"], rights(true), 3, steps).await;
    // The second could not be told: an id may be meant.
    assert_eq!(told.statuses, [Some(missing(None)), None]);
    assert_eq!(told.lines.len(), 3);
    let told = ask(&["#a", "@b"], rights(true), 0, Vec::new()).await;
    assert_eq!((told.statuses, told.lines.len()), (vec![None, None], 0));
}

#[tokio::test(start_paused = true)]
async fn who_may_post_only_where_it_is_asks_for_its_own_rooms_once() {
    let own = json!({"update": [{"_id": "s1", "rid": "r1", "name": "ops"}, {"_id": "s2", "rid": "GENERAL", "name": "general"}],
        "remove": [], "success": true});
    let names = [
        "#GENERAL",
        "#Ops",
        "#ops",
        "#x",
        "@maria",
        "all_direct_messages",
        "all_public_channels",
    ];
    let told = ask(&names, rights(false), 0, vec![ok(&own)]).await;
    let not_in = |near: Option<&str>| {
        let near = near.map(Into::into);
        Some(TargetStatus::NotIn { near })
    };
    assert_eq!(
        told.statuses,
        [
            Some(TargetStatus::Ok),
            not_in(Some("#ops")),
            Some(TargetStatus::Ok),
            not_in(None),
            Some(TargetStatus::NoUsers),
            Some(TargetStatus::NoScope),
            Some(TargetStatus::Ok),
        ]
    );
    assert_eq!(told.lines, ["GET /chat/api/v1/subscriptions.get"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_is_unknown_and_never_missing() {
    let steps = vec![
        refused("error-x", "no"),
        answer(502, "<html>"),
        Err(SendError::Unknown("reset".to_owned())),
        ok(&json!({"user": "eve", "success": true})),
    ];
    let told = ask(&["#a", "#b", "@c", "@d"], rights(true), 8, steps).await;
    for status in told.statuses {
        assert!(
            matches!(status, Some(TargetStatus::Unknown(_))),
            "{status:?}"
        );
    }
    // Neither the list nor the rights.
    let told = ask(&["#a"], rights(false), 8, vec![answer(500, "{}")]).await;
    assert!(matches!(told.statuses[0], Some(TargetStatus::Unknown(_))));
    let told = ask(
        &["#a", "@b", "all_private_groups"],
        Rights::default(),
        8,
        Vec::new(),
    )
    .await;
    for status in told.statuses {
        assert!(
            matches!(status, Some(TargetStatus::Unknown(_))),
            "{status:?}"
        );
    }
    assert!(told.lines.is_empty());
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_end_it() {
    for free in [true, false] {
        let step = answer(
            401,
            json!({"status": "error", "message": "You must be logged in to do this."}).to_string(),
        );
        let script = Script::new([step]);
        let asked = BTreeSet::from([Target {
            kind: Kind::Incoming,
            name: "#a".to_owned(),
        }]);
        let reader = script.reader();
        let error = if free {
            reader.look(&asked, 8).await.unwrap_err()
        } else {
            let questions = Questions {
                targets: asked,
                ..Questions::default()
            };
            let rooms = reader.rooms(&questions, "", rights(false), Existing::default());
            rooms.await.unwrap_err()
        };
        assert!(matches!(error, ServerError::Unauthorised));
    }
}
