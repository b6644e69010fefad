//! Every fault does what it says, and is then spent.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::{Answer, Config, Effect, Fault};
use super::{ALICE, Server, config, incoming, outgoing, timed};

const CREATE: &str = "integrations.create";

/// A server whose next create is subject to this.
fn struck(effect: Value) -> Server {
    let server = Server::new();
    server.0.inject(Fault::next(
        CREATE,
        serde_json::from_value(effect).expect("an effect"),
    ));
    server
}

fn names(server: &Server) -> Vec<String> {
    let records = server.0.records();
    records
        .iter()
        .map(|record| record["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_choice_stands_in_with_or_without_the_effect() {
    for applied in [false, true] {
        let server = struck(
            json!({"kind": "answer", "status": 429, "body": "{}", "applied": applied,
            "headers": {"content-type": "application/json", "x-ratelimit-reset": "5"}}),
        );
        let got = server.create(incoming(json!({}))).await;
        assert_eq!(
            (got.status, got.body, &got.headers["x-ratelimit-reset"]),
            (429, json!({}), &"5".parse().expect("five"))
        );
        assert_eq!(server.0.records().len(), usize::from(applied));
        assert_eq!(server.create(incoming(json!({}))).await.status, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn pages_and_redirects_have_no_effect() {
    for (effect, status) in [
        (json!({"kind": "bad-gateway"}), 502),
        (json!({"kind": "page"}), 200),
        (json!({"kind": "redirect", "location": "https://x/"}), 302),
    ] {
        let server = struck(effect);
        let got = server.create(incoming(json!({}))).await;
        assert_eq!((got.status, got.body.is_string()), (status, true));
        assert_eq!(got.headers.contains_key("location"), status == 302);
        assert!(server.0.records().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_dropped_before_or_after_the_effect() {
    for applied in [false, true] {
        let server = struck(json!({"kind": "drop", "applied": applied}));
        let answer = server
            .answer(ALICE, "POST", CREATE, &incoming(json!({})))
            .await;
        assert!(matches!(answer, Answer::Dropped));
        assert_eq!(server.0.records().len(), usize::from(applied));
        assert_eq!(server.0.requests()[0].status, None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_takes_its_time() {
    let server = struck(json!({"kind": "delay", "millis": 700}));
    let (got, took) = timed(server.create(incoming(json!({})))).await;
    assert_eq!((got.status, took), (200, Duration::from_millis(700)));
}

#[tokio::test(start_paused = true)]
async fn an_effect_comes_after_its_answer_was_given_up() {
    let server = struck(json!({"kind": "late", "millis": 5_000}));
    let answer = server
        .answer(ALICE, "POST", CREATE, &incoming(json!({})))
        .await;
    assert!(matches!(answer, Answer::Dropped));
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(server.0.records().is_empty());
    tokio::time::sleep(Duration::from_secs(2)).await;
    let record = server.0.records().remove(0);
    // Stamped when it was sent, inserted when it was done.
    assert_eq!(record["_createdAt"], "2023-11-14T22:13:20.000Z");
    assert_eq!(record["_updatedAt"], "2023-11-14T22:13:25.000Z");
}

#[tokio::test(start_paused = true)]
async fn a_body_is_cut_short() {
    let server = struck(json!({"kind": "truncate", "bytes": 10}));
    let answer = server
        .answer(ALICE, "POST", CREATE, &incoming(json!({})))
        .await;
    assert!(matches!(answer, Answer::Cut(response, 10) if response.status() == 200));
    assert_eq!(server.0.records().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn lists_lie_lose_and_repeat() {
    let server = Server::new();
    for name in ["a", "b", "c", "d"] {
        server.made(incoming(json!({"name": name}))).await;
    }
    let page = |offset: usize| {
        let path = format!("integrations.list?sort=%7B%22name%22:1%7D&count=2&offset={offset}");
        let server = &server;
        async move {
            let got = server.get(ALICE, &path).await.body;
            let records = got["integrations"].as_array().cloned().unwrap_or_default();
            let names = records.iter().filter_map(|record| record["name"].as_str());
            (
                names.collect::<String>(),
                got["total"].as_i64().unwrap_or_default(),
            )
        }
    };
    for (effect, expected) in [
        (Effect::Total { total: 9 }, ("cd", 9)),
        (Effect::Lost, ("d", 4)),
        (Effect::Repeated, ("bc", 4)),
    ] {
        let fault = Fault {
            after: 1,
            ..Fault::next("integrations.list", effect)
        };
        server.0.inject(fault);
        assert_eq!(page(0).await, ("ab".to_owned(), 4));
        assert_eq!(page(2).await, (expected.0.to_owned(), expected.1));
    }
    assert_eq!(page(2).await, ("cd".to_owned(), 4));
}

#[tokio::test(start_paused = true)]
async fn a_record_changes_or_goes_between_read_and_write() {
    for (effect, verdict) in [
        (json!({"kind": "change", "set": {"alias": "theirs"}}), "200"),
        (json!({"kind": "delete"}), "No integration found."),
    ] {
        let server = Server::new();
        let id = server.made(incoming(json!({}))).await;
        let effect = serde_json::from_value(effect).expect("an effect");
        server.0.inject(Fault::next("integrations.update", effect));
        let got = server
            .update(incoming(json!({"integrationId": id, "name": "ours"})))
            .await;
        assert_eq!(got.verdict(), verdict);
        if got.status == 200 {
            assert_eq!(
                (&got.record()["alias"], &got.record()["name"]),
                (&json!("theirs"), &json!("ours"))
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_counted_and_chance_follows_from_the_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let server = Server::new();
        let fault = Fault {
            times: 3,
            one_in: Some(2),
            ..Fault::next(CREATE, Effect::Drop { applied: false })
        };
        server.0.inject(fault);
        let mut dropped = Vec::new();
        for number in 0..20 {
            let answer = server
                .answer(ALICE, "POST", CREATE, &outgoing(json!({})))
                .await;
            if matches!(answer, Answer::Dropped) {
                dropped.push(number);
            }
        }
        assert!(dropped.len() == 3 && server.0.faults().is_empty());
        runs.push(dropped);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], [0, 1, 2]);

    let server = Server::new();
    server.0.inject(Fault {
        times: 0,
        ..Fault::next(CREATE, Effect::Drop { applied: false })
    });
    server.made(outgoing(json!({}))).await;
    assert!(server.0.faults().is_empty());
}

/// Both stamps of a record come from the clock of the process that takes the create, however long it takes.
#[tokio::test(start_paused = true)]
async fn a_process_with_a_wrong_clock_stamps_its_records_with_it() {
    let server = Server::new();
    server.made(incoming(json!({"name": "right"}))).await;
    let skew = Effect::Skew { millis: -3_600_000 };
    for effect in [skew, Effect::Gap { millis: 2_000 }] {
        server.0.inject(Fault::next(CREATE, effect));
    }
    server.made(incoming(json!({"name": "wrong"}))).await;
    let [right, wrong] = &server.0.records()[..] else {
        panic!("two records");
    };
    let second = |record: &Map<String, Value>| {
        u64::from_str_radix(&record["_id"].as_str().unwrap()[..8], 16).unwrap()
    };
    assert_eq!(second(right) - second(wrong), 3_600 - 2);
    let hour =
        |record: &Map<String, Value>| record["_createdAt"].as_str().unwrap()[..13].to_owned();
    assert_ne!(hour(right), hour(wrong));
}

#[tokio::test(start_paused = true)]
async fn the_control_endpoint_is_off_unless_asked_for() {
    let server = Server::new();
    assert_eq!(server.get("", "/sandbox/requests").await.status, 404);

    let server = Server::open(&Config {
        control: true,
        ..config()
    });
    let fault = json!({"path": CREATE, "effect": {"kind": "bad-gateway"}});
    assert_eq!(
        server.send("", "POST", "/sandbox/faults", fault).await.body["added"],
        1
    );
    assert_eq!(server.create(incoming(json!({}))).await.status, 502);
    let bad = server
        .send(
            "",
            "POST",
            "/sandbox/faults",
            json!({"effect": {"kind": "nonsense"}}),
        )
        .await;
    assert_eq!(bad.status, 400);
    let rename = json!([{"action": "rename-room", "from": "random", "to": "chance"}]);
    assert_eq!(
        server
            .send("", "POST", "/sandbox/actions", rename.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        server
            .send("", "POST", "/sandbox/actions", rename)
            .await
            .status,
        400
    );
    server.made(incoming(json!({"channel": "#chance"}))).await;
    let requests = server.get("", "/sandbox/requests").await.body;
    let statuses: Vec<_> = requests["requests"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|request| &request["status"])
        .collect();
    assert_eq!(statuses, [&json!(502), &json!(200)]);
    server.0.inject(Fault::next(CREATE, Effect::Page));
    assert_eq!(
        server
            .send("", "DELETE", "/sandbox/faults", Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(
        server.get("", "/sandbox/faults").await.body["faults"],
        json!([])
    );
    assert_eq!(names(&server), ["Inc"]);
}
