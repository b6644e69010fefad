//! The receiving end of incoming webhooks: what is answered to whom, and what is kept.

use serde_json::{Value, json};

use super::super::runner::MOST_LOADED;
use super::super::{Answer, Config, EventName, Version};
use super::{Got, Server, config, incoming, outgoing};

/// The address of a webhook, with its own token or another.
fn address(got: &Got, token: Option<&str>) -> String {
    let of = |key: &str| got.record()[key].as_str().unwrap_or_default();
    format!("/hooks/{}/{}", of("_id"), token.unwrap_or(of("token")))
}

/// What a delivery comes to.
async fn verdict(server: &Server, path: &str, body: Value) -> String {
    server.send("", "POST", path, body).await.verdict()
}

/// Sends a form, and tells what a delivery of it comes to.
async fn form(server: &Server, path: &str, text: &str) -> u16 {
    let mut request = server.request("", "POST", path, &Value::Null);
    let kind = "application/x-www-form-urlencoded".parse();
    request
        .http
        .headers_mut()
        .insert("content-type", kind.expect("a header"));
    *request.http.body_mut() = text.to_owned().into();
    let answer: Answer = server.0.handle(request).await;
    answer.status().unwrap_or_default()
}

/// A server whose bots may go into public rooms.
fn open_rooms(config: &Config) -> Server {
    let server = Server::open(config);
    server.permit("view-c-room", "bot");
    server
}

#[tokio::test(start_paused = true)]
async fn deliveries_are_taken_for_the_token_and_kept() {
    let server = open_rooms(&config());
    let got = server.create(incoming(json!({}))).await;
    let path = address(&got, None);
    let wrong = address(&got, Some("wrong"));
    assert_eq!(server.send("", "POST", &wrong, json!({})).await.status, 500);
    assert_eq!(server.send("", "PUT", &path, json!({})).await.status, 404);
    assert_eq!(
        server.send("", "POST", "/hooks/x", json!({})).await.status,
        404
    );

    // Without a body and a script there is nothing to post.
    for method in ["GET", "POST"] {
        assert_eq!(server.send("", method, &path, json!({})).await.status, 200);
    }
    assert_eq!(server.0.deliveries().len(), 0);
    assert_eq!(verdict(&server, &path, json!({"text": "hi"})).await, "200");
    assert_eq!(server.0.deliveries()[0]["body"]["text"], "hi");
    let message = &server.0.messages()[0];
    assert_eq!(
        (&message["room"], &message["text"]),
        (&json!("general"), &json!("hi"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_form_may_hold_the_payload() {
    let server = open_rooms(&config());
    let path = address(&server.create(incoming(json!({}))).await, None);
    assert_eq!(
        form(&server, &path, "payload=%7B%22text%22:%22hi%22%7D").await,
        200
    );
    assert_eq!(form(&server, &path, "payload=%5B1%5D").await, 400);
    assert_eq!(form(&server, &path, "payload=text").await, 200);
    let bodies: Vec<_> = server
        .0
        .deliveries()
        .into_iter()
        .map(|delivery| delivery["body"].clone())
        .collect();
    assert_eq!(bodies, [json!({"text": "hi"}), json!({"payload": "text"})]);
}

#[tokio::test(start_paused = true)]
async fn another_destination_is_taken_only_where_it_may_be() {
    const REFUSED: &str = "overriding destination channel is disabled for this integration";
    let server = open_rooms(&config());
    let path = address(&server.create(incoming(json!({}))).await, None);
    for (body, told) in [
        (json!({"text": "hi", "channel": "#random"}), REFUSED),
        (json!({"text": "hi", "roomId": "GENERAL"}), REFUSED),
        (json!({"text": "hi", "channel": ""}), "200"),
    ] {
        assert_eq!(verdict(&server, &path, body).await, told);
    }
    let body = json!({"overrideDestinationChannelEnabled": true});
    let path = address(&server.create(incoming(body)).await, None);
    let elsewhere = json!({"text": "hi", "channel": "#random"});
    assert_eq!(verdict(&server, &path, elsewhere.clone()).await, "200");

    let old = open_rooms(&Config {
        version: Version::new(6, 2),
        ..config()
    });
    let path = address(&old.create(incoming(json!({}))).await, None);
    assert_eq!(verdict(&old, &path, elsewhere).await, "200");
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_permission_posts_no_more() {
    let server = Server::new();
    let got = server.create(incoming(json!({}))).await;
    let path = address(&got, None);
    server.act(json!({"action": "change-roles", "username": "rocket.cat", "roles": []}));
    let refused = server
        .send("", "POST", &path, json!({"channel": "#x"}))
        .await;
    let told =
        json!({"success": false, "error": "error-user-lacks-message-impersonate-permission"});
    assert_eq!((refused.status, refused.body), (400, told));
}

#[tokio::test(start_paused = true)]
async fn every_webhook_has_a_limit_that_no_permission_lifts() {
    let server = open_rooms(&config());
    let [one, other] = [
        address(&server.create(incoming(json!({}))).await, None),
        address(&server.create(incoming(json!({}))).await, None),
    ];
    for remaining in (0..10).rev() {
        let got = server.send("", "POST", &one, json!({"text": "hi"})).await;
        assert_eq!(got.headers["x-ratelimit-remaining"], remaining.to_string());
    }
    let refused = server.send("", "POST", &one, json!({"text": "hi"})).await;
    assert_eq!(refused.status, 429);
    assert_eq!(server.send("", "POST", &other, json!({})).await.status, 200);
    assert_eq!(server.0.deliveries().len(), 10);
}

/// The clock is not stopped: the script runs on a thread of its own.
#[tokio::test]
async fn a_script_that_hangs_is_told_and_others_are_answered() {
    let server = open_rooms(&config());
    let hook = |script: &str| {
        let script =
            format!("class Script {{ process_incoming_request({{ request }}) {{ {script} }} }}");
        incoming(json!({"script": script, "scriptEnabled": true}))
    };
    let endless = address(&server.create(hook("for (;;) {}")).await, None);
    let fine = address(
        &server
            .create(hook("return { content: { text: request.content.a } };"))
            .await,
        None,
    );
    let (hung, posted) = tokio::join!(
        server.send("", "POST", &endless, json!({})),
        server.send("", "POST", &fine, json!({"a": "here"})),
    );
    assert_eq!(hung.status, 504);
    let told = hung.body["error"].as_str().unwrap_or_default();
    assert!(told.contains("it would stand still"), "{told}");
    assert_eq!(
        (posted.status, &server.0.messages()[0]["text"]),
        (200, &json!("here"))
    );
}

/// Answers every call with a message, and counts them.
async fn upstream() -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::Ordering;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let calls = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
    let counted = std::sync::Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut read = [0; 4096];
                let _ = stream.read(&mut read).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 16\r\nconnection: close\r\n\r\n{\"text\":\"again\"}";
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (format!("http://{address}/"), calls)
}

#[tokio::test]
async fn webhooks_that_answer_each_other_come_to_an_end() {
    use std::sync::atomic::Ordering;
    let server = open_rooms(&config());
    let (url, calls) = upstream().await;
    for _ in 0..8 {
        let body = json!({"event": "sendMessage", "channel": "#general", "urls": [url], "triggerWords": []});
        server.made(outgoing(body)).await;
    }
    let event =
        json!({"event": "sendMessage", "room": "general", "user": "paul.plain", "text": "go"});
    let event = serde_json::from_value(event).expect("an event");
    assert!(server.0.happen(event).await);
    let mut before = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let now = calls.load(Ordering::Relaxed);
        assert!(now < 20_000, "{now} calls");
        if now == before {
            break;
        }
        before = now;
    }
    assert!(before >= 8 * 8, "{before}");
    assert!(server.0.messages().iter().all(|it| it["text"] == "again"));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_there_is_not_is_refused_with_those_there_are() {
    let server = open_rooms(&Config {
        control: true,
        ..config()
    });
    for (event, told) in [
        ("sendMesage", "sendMessage, fileUploaded, roomArchived"),
        ("", "userCreated"),
    ] {
        let body = json!({"event": event, "room": "general", "user": "paul.plain"});
        let got = server.send("", "POST", "/sandbox/events", body).await;
        assert_eq!(got.status, 400);
        assert!(got.verdict().contains(told), "{}", got.verdict());
    }
    for event in EventName::ALL {
        let body = json!({"event": event.as_str(), "room": "general", "user": "paul.plain"});
        let got = server.send("", "POST", "/sandbox/events", body).await;
        assert_eq!(got.status, 200, "{event:?}");
    }
}

/// Each script counts its calls, in globals that live until the integration is saved again.
#[tokio::test]
async fn scripts_keep_their_state_between_calls_until_too_many_are_in_use() {
    let server = open_rooms(&config());
    let script = "let calls = 0; class Script { process_incoming_request() { calls += 1; return {content: {text: `${calls}`}}; } }";
    let mut paths = Vec::new();
    for _ in 0..=MOST_LOADED {
        let body = json!({"script": script, "scriptEnabled": true});
        paths.push(address(&server.create(incoming(body)).await, None));
    }
    let (last, kept) = paths.split_last().expect("there are some");
    let count = async |path: &str| {
        assert_eq!(verdict(&server, path, json!({})).await, "200");
        let messages = server.0.messages();
        messages.last().map(|it| it["text"].clone())
    };
    for calls in ["1", "2"] {
        for path in kept {
            assert_eq!(count(path).await, Some(json!(calls)));
        }
    }
    assert_eq!(count(last).await, Some(json!("1")));
    // The one that was called longest ago made way.
    assert_eq!(count(&kept[1]).await, Some(json!("3")));
    assert_eq!(count(&kept[0]).await, Some(json!("1")));
}
