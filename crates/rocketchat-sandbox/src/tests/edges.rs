//! Beside the recorded vectors: the order of refusals, values of unexpected kinds, the edges of queries.

use serde_json::{Value, json};

use super::super::{Answer, Config, Version};
use super::{ALICE, Server, config, incoming, outgoing};

#[tokio::test(start_paused = true)]
async fn a_blank_channel_is_absent_and_matters_only_where_one_is_used() {
    let server = Server::new();
    for (event, verdict) in [
        ("sendMessage", "error-invalid-channel"),
        ("roomCreated", "200"),
        ("nonsense", "error-invalid-event-type"),
        ("userCreated", "error-invalid-targetRoom"),
    ] {
        let body = outgoing(json!({"channel": " ", "event": event}));
        assert_eq!(server.create(body).await.verdict(), verdict, "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_incoming_update_may_have_written_how_it_compiles() {
    let server = Server::new();
    let script = json!({"script": "let a;", "scriptEnabled": true, "skipTranspile": true});
    let id = server.made(incoming(script)).await;
    let body =
        json!({"integrationId": id, "script": "let b;", "scriptEnabled": true, "channel": "#nope"});
    let refused = server.update(incoming(body)).await;
    assert_eq!(refused.verdict(), "error-invalid-room");
    let record = &server.0.records()[0];
    assert_eq!(
        (&record["script"], &record["skipTranspile"]),
        (&json!("let a;"), &json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn a_script_that_is_not_transpiled_is_parsed_inside_a_function() {
    let server = Server::new();
    for (script, skip, fine) in [
        ("return;", true, true),
        ("return;", false, false),
        ("let a; // end", true, false),
        ("let a; // end\n", true, true),
        ("let a; // end", false, true),
    ] {
        let body = json!({"script": script, "scriptEnabled": true, "skipTranspile": skip});
        let got = server.create(incoming(body)).await;
        let compiled = got.record().get("scriptCompiled");
        assert_eq!(compiled.is_some(), fine, "{script:?} {skip}");
        assert_eq!(
            got.record().get("scriptError").is_none(),
            fine,
            "{script:?} {skip}"
        );
        assert_eq!(
            compiled == Some(&json!(script)),
            fine && skip,
            "{script:?} {skip}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_url_of_any_kind_is_looked_for_before_the_id() {
    let server = Server::new();
    let remove = |id: String, url: Value| {
        let body = json!({"type": "webhook-outgoing", "integrationId": id, "target_url": url});
        server.send(ALICE, "POST", "integrations.remove", body)
    };
    for (url, verdict) in [
        (json!([5]), "No integration found."),
        (json!({"a": 1}), "No integration found."),
        (json!(["http://a"]), "200"),
    ] {
        let id = server.made(outgoing(json!({}))).await;
        assert_eq!(remove(id, url.clone()).await.verdict(), verdict, "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn queries_are_read_to_their_edges() {
    let server = Server::new();
    let id = server.made(outgoing(json!({}))).await;
    for n in 0..60 {
        server.made(outgoing(json!({"name": n.to_string()}))).await;
    }
    for (query, items) in [
        ("", 50),
        ("count=", 61),
        ("count=0", 61),
        ("count=0x2", 2),
        ("count=2x", 2),
        ("count=-3", 3),
        ("count=99999999999999999999", 61),
        ("offset=60", 1),
        ("offset=", 50),
        ("offset=99999999999999999999", 0),
    ] {
        let got = server
            .get(ALICE, &format!("integrations.list?{query}"))
            .await;
        assert_eq!(
            (&got.body["items"], &got.body["total"]),
            (&json!(items), &json!(61)),
            "{query}"
        );
    }
    let many = "a[]=1&".repeat(501);
    for (path, verdict) in [
        ("integrations.list?sort=".to_owned(), "error-invalid-sort"),
        (
            "integrations.list?sort=null".to_owned(),
            "error-invalid-sort",
        ),
        ("integrations.list?sort=%7B%7D".to_owned(), "200"),
        (format!("integrations.get?integrationId[0]={id}"), "200"),
        (
            format!("integrations.list?{many}"),
            "Invalid query parameters",
        ),
        (format!("me?{many}"), "Invalid query parameters"),
    ] {
        assert_eq!(server.get(ALICE, &path).await.verdict(), verdict, "{path}");
    }
    let before = Server::open(&Config {
        version: Version::new(8, 5),
        ..config()
    });
    assert_eq!(
        before.get(ALICE, "integrations.list?sort=").await.verdict(),
        "200"
    );
}

#[tokio::test(start_paused = true)]
async fn the_newer_router_answers_the_head_of_what_can_be_got() {
    for (version, status) in [(Version::new(7, 3), 405), (Version::new(8, 8), 200)] {
        let server = Server::open(&Config {
            version,
            ..config()
        });
        let answer: Answer = server
            .answer(ALICE, "HEAD", "integrations.list", &Value::Null)
            .await;
        assert_eq!(answer.status(), Some(status), "{version}");
    }
    let server = Server::new();
    let answer = server
        .answer(ALICE, "HEAD", "integrations.create", &Value::Null)
        .await;
    assert_eq!(answer.status(), Some(404));
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_are_stored_with_their_nulls_before_4_8() {
    let server = Server::open(&Config {
        version: Version::new(4, 7),
        ..config()
    });
    let id = server
        .made(incoming(json!({"foo": null, "bar": 1.0})))
        .await;
    let got = server
        .get(ALICE, &format!("integrations.get?integrationId={id}"))
        .await;
    assert_eq!(
        (got.record().get("foo"), got.record().get("bar")),
        (Some(&Value::Null), Some(&json!(1)))
    );
    let null = server.create(incoming(json!({"alias": null}))).await;
    assert_eq!(
        null.verdict(),
        "Match error: Expected string, got null in field alias"
    );
}
