//! State over time: the journal, seeds, the gap in a create, the limiter, and drift made by the server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::journal::Journal;
use super::super::{Config, Effect, Fault, Rate, Store};
use super::{ALICE, Server, config, incoming, outgoing};

#[tokio::test(start_paused = true)]
async fn the_journal_brings_everything_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state.jsonl");
    let kept = || Config {
        store: Store::File(file.clone()),
        ..config()
    };
    let (before, list) = {
        let server = Server::open(&kept());
        let id = server.made(incoming(json!({"name": "one"}))).await;
        server.made(outgoing(json!({"name": "two"}))).await;
        server
            .update(incoming(json!({"integrationId": id, "name": "three"})))
            .await;
        server.act(json!({"action": "rename-room", "from": "general", "to": "main"}));
        assert_eq!(
            server
                .send("lena.limited", "POST", "logout", Value::Null)
                .await
                .status,
            200
        );
        (
            server.0.records(),
            server.get(ALICE, "integrations.list").await.body,
        )
    };
    // The first time it is rewritten without its past.
    for _ in 0..2 {
        // Tokens are in it: it is its owner's alone.
        let mode = fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0);
        // A fixture fills an empty state only.
        let server = Server::open(&Config {
            fixture: None,
            ..kept()
        });
        assert_eq!(server.0.records(), before);
        assert_eq!(server.get(ALICE, "integrations.list").await.body, list);
        assert!(server.0.lock().world.token_of("uLim00000000011").is_none());
        assert!(server.0.lock().world.room("main").is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_only_read_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("below/state.jsonl");
    let server = Server::open(&Config {
        store: Store::ReadOnly(file.clone()),
        ..config()
    });
    server.made(incoming(json!({}))).await;
    assert!(!file.exists() && file.parent().is_some_and(|folder| !folder.exists()));
}

#[tokio::test(start_paused = true)]
async fn a_state_torn_while_it_was_filled_is_begun_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state.jsonl");
    let kept = Config {
        store: Store::File(file.clone()),
        ..config()
    };
    drop(Server::open(&kept));
    let whole = fs::read(&file).expect("a journal");
    for cut in (1..whole.len()).step_by(97) {
        fs::write(&file, &whole[..cut]).expect("cut");
        assert_eq!(
            Server::open(&kept)
                .get(ALICE, "integrations.list")
                .await
                .status,
            200,
            "{cut}"
        );
        assert_eq!(fs::read(&file).expect("a journal"), whole, "{cut}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_seed_repeats_ids_and_tokens() {
    let made = |seed| async move {
        let server = Server::open(&Config { seed, ..config() });
        let got = server.create(incoming(json!({}))).await;
        (got.record()["_id"].clone(), got.record()["token"].clone())
    };
    assert_eq!(made(Some(4)).await, made(Some(4)).await);
    assert_ne!(made(Some(4)).await, made(Some(5)).await);
}

#[tokio::test(start_paused = true)]
async fn a_create_is_stamped_before_it_is_inserted_and_can_be_killed_between() {
    let gap = Duration::from_secs(3);
    let server = Server::open(&Config {
        create_gap: gap,
        ..config()
    });
    let body = incoming(json!({"name": "slow"}));
    let killed = tokio::time::timeout(gap / 2, server.create(body.clone())).await;
    assert!(killed.is_err() && server.0.records().is_empty());
    tokio::time::sleep(gap).await;
    assert!(server.0.records().is_empty());

    let before = server.0.clock.iso();
    let got = server.create(body).await;
    assert_eq!(got.record()["_createdAt"], before);
    assert_eq!(got.record()["_updatedAt"], server.0.clock.iso());
    let second = got.record()["_id"]
        .as_str()
        .and_then(|id| u64::from_str_radix(&id[..8], 16).ok());
    assert_eq!(second, Some(server.0.clock.millis() / 1000));
}

#[tokio::test(start_paused = true)]
async fn the_limiter_counts_by_address_and_endpoint_and_forgets() {
    let rate = Some(Rate {
        calls: 2,
        millis: 1_000,
    });
    let server = Server::open(&Config { rate, ..config() });
    let call = |path: &'static str| server.get("lena.limited", path);
    assert_eq!(
        call("integrations.list").await.headers["x-ratelimit-remaining"],
        "1"
    );
    assert_eq!(
        call("integrations.list").await.headers["x-ratelimit-remaining"],
        "0"
    );
    let refused = call("integrations.list").await;
    assert_eq!(
        (refused.status, &refused.headers["x-ratelimit-reset"]),
        (429, &"1700000001000".parse().expect("a value"))
    );
    assert!(
        refused.verdict().contains("You must wait 1 seconds"),
        "{}",
        refused.verdict()
    );
    assert_eq!(call("me").await.status, 200);
    let mut elsewhere = server.request(
        "lars.limited",
        "GET",
        "/api/v1/integrations.list",
        &Value::Null,
    );
    assert_eq!(server.0.handle(elsewhere.clone()).await.status(), Some(429));
    elsewhere.peer = [10, 0, 0, 1].into();
    assert_eq!(server.0.handle(elsewhere).await.status(), Some(200));
    assert_eq!(
        server
            .get(ALICE, "integrations.list")
            .await
            .headers
            .get("x-ratelimit-limit"),
        None
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(call("integrations.list").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_server_drifts_as_the_real_one_does() {
    let server = Server::new();
    let hook = server
        .made(incoming(
            json!({"channel": "#random,@paul.plain", "username": "hooky"}),
        ))
        .await;
    let out = server.made(outgoing(json!({"username": "hooky"}))).await;
    let record = |id: &str| {
        server
            .0
            .records()
            .into_iter()
            .find(|record| record["_id"] == id)
            .unwrap_or_default()
    };

    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(server.act(json!({"action": "rename-room", "from": "random", "to": "chance"})));
    assert_eq!(record(&hook)["channel"], json!(["#chance", "@paul.plain"]));
    assert!(
        record(&hook)["_updatedAt"] != record(&out)["_updatedAt"]
            && record(&hook).get("_updatedBy").is_none()
    );

    assert!(server.act(json!({"action": "target-gone", "id": out})));
    assert_eq!(record(&out)["enabled"], json!(false));
    assert!(record(&out).get("_updatedBy").is_none());
    // What it does for an outgoing integration alone is told by a step in the history.
    assert!(!server.act(json!({"action": "target-gone", "id": hook})));
    let history = server
        .get(ALICE, &format!("integrations.history?id={out}"))
        .await;
    let entry = &history.body["history"][0];
    assert_eq!(entry["step"], "after-process-http-status-410");
    assert_eq!(entry["url"], record(&out)["urls"][0]);
    assert_eq!(
        (
            &entry["error"],
            &entry["finished"],
            &entry["integration"]["enabled"]
        ),
        (&json!(true), &json!(false), &json!(true))
    );
    let remembered = || server.0.lock().world.history(&out).count();
    assert_eq!(remembered(), 1);
    assert!(server.act(json!({"action": "delete-integration", "id": out})));
    assert_eq!(remembered(), 0);

    assert!(server.act(json!({"action": "rename-user", "from": "hooky", "to": "hooked"})));
    assert_eq!(record(&hook)["username"], "hooky");
    let body = incoming(json!({"integrationId": hook, "username": "hooky"}));
    assert_eq!(
        server.update(body).await.verdict(),
        "error-invalid-post-as-user"
    );

    assert!(server.act(json!({"action": "delete-user", "username": "hooked"})));
    assert_eq!(
        (&record(&hook)["enabled"], &record(&hook)["username"]),
        (&json!(false), &json!("hooky"))
    );
    assert!(server.act(json!({"action": "delete-room", "room": "chance"})));
    let body = incoming(json!({"integrationId": hook, "channel": "#chance"}));
    assert_eq!(server.update(body).await.verdict(), "error-invalid-room");
    assert!(server.act(json!({"action": "delete-integration", "id": hook})));
    assert!(!server.act(json!({"action": "delete-integration", "id": hook})));
    assert!(!server.act(json!({"action": "rename-user", "from": "nobody", "to": "x"})));
}

#[tokio::test(start_paused = true)]
async fn many_records_page_in_both_orders() {
    let server = Server::new();
    for number in 0..250 {
        server
            .made(outgoing(json!({"name": number.to_string()})))
            .await;
    }
    for sort in [
        "",
        "&sort=%7B%22_id%22:1%7D",
        "&sort=%7B%22_id%22:-1%7D",
        "&sort=%7B%22channel%22:1,%22name%22:-1%7D",
    ] {
        let mut seen = std::collections::BTreeSet::new();
        let mut offset = 0;
        while seen.len() < 250 {
            let got = server
                .get(
                    ALICE,
                    &format!("integrations.list?count=1000&offset={offset}{sort}"),
                )
                .await
                .body;
            let page = got["integrations"].as_array().cloned().unwrap_or_default();
            assert!(
                !page.is_empty() && page.len() <= 100 && got["total"] == 250,
                "{sort}"
            );
            offset += page.len();
            seen.extend(page.iter().map(|record| record["_id"].to_string()));
        }
        assert_eq!(offset, 250);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_cannot_be_kept_is_refused_and_changes_nothing() {
    let server = Server::new();
    let full = fs::OpenOptions::new().append(true).open("/dev/full");
    let file = full.expect("a full disk");
    server.0.lock().journal = Journal::File {
        file,
        whole: 0,
        _lock: None,
    };
    let got = server.create(incoming(json!({}))).await;
    assert_eq!(
        (got.status, got.verdict().as_str()),
        (500, "Internal server error")
    );
    assert!(server.0.records().is_empty());
}

#[tokio::test(start_paused = true)]
async fn numbers_at_the_edge_break_nothing() {
    let server = Server::new();
    server.made(incoming(json!({}))).await;
    for query in [
        "offset=9223372036854775807",
        "offset=-9223372036854775807",
        "count=-9223372036854775807",
    ] {
        let got = server
            .get(ALICE, &format!("integrations.list?{query}"))
            .await;
        assert_eq!(
            (got.status, &got.body["total"]),
            (200, &json!(1)),
            "{query}"
        );
    }
    server
        .0
        .inject(Fault::next("integrations.list", Effect::Lost));
    let got = server
        .get(ALICE, "integrations.list?offset=9223372036854775807")
        .await;
    assert_eq!(got.status, 200);
}
