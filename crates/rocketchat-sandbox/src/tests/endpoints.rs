//! What the recorded vectors do not reach: accounts, look-ups, webhooks, history, frozen scripts, old checks.

use serde_json::{Value, json};

use super::super::{Config, Rate, Version};
use super::{ALICE, Server, config, incoming, outgoing};

/// A server with a user who can log in.
fn with_password() -> Server {
    let server = Server::new();
    let mut user = server
        .0
        .lock()
        .world
        .user_named("paul.plain")
        .cloned()
        .expect("paul");
    user.password = Some("pass".to_owned());
    assert!(
        server
            .0
            .lock()
            .write(vec![super::Write::User(user)])
            .is_ok()
    );
    server
}

#[tokio::test(start_paused = true)]
async fn logging_in_gives_a_token_and_logging_out_takes_it() {
    let server = with_password();
    let login = |body: Value| server.send("", "POST", "login", body);
    let unknown = login(json!({"user": "nobody", "password": "pass"})).await;
    assert_eq!(
        (unknown.status, &unknown.body["error"]),
        (401, &json!("Unauthorized"))
    );
    let wrong = login(json!({"user": "paul.plain", "password": "no"})).await;
    assert_eq!((wrong.status, wrong.body), (unknown.status, unknown.body));
    let nested = login(json!({"user": {"username": "paul.plain"}, "password": "pass"})).await;
    assert_eq!(nested.status, 200);

    let got = login(json!({"username": "paul.plain", "password": "pass"})).await;
    assert_eq!(got.status, 200);
    let (id, token) = (&got.body["data"]["userId"], &got.body["data"]["authToken"]);
    let resumed = login(json!({"resume": token})).await;
    assert_eq!(&resumed.body["data"]["userId"], id);

    let me = |method: &str, path: &str| {
        let mut request = server.request("", method, path, &Value::Null);
        for (name, value) in [("x-user-id", id), ("x-auth-token", token)] {
            let value = value
                .as_str()
                .unwrap_or_default()
                .parse()
                .expect("a header");
            request.http.headers_mut().insert(name, value);
        }
        server.0.handle(request)
    };
    assert_eq!(me("GET", "/api/v1/me").await.status(), Some(200));
    assert_eq!(me("GET", "/api/v1/logout").await.status(), Some(200));
    assert_eq!(me("GET", "/api/v1/me").await.status(), Some(401));
    assert_eq!(me("POST", "/api/v1/logout").await.status(), Some(401));
}

#[tokio::test(start_paused = true)]
async fn the_version_is_cut_for_those_who_may_not_see_statistics() {
    let server = Server::new();
    assert_eq!(server.get("", "/api/info").await.body["version"], "8.8");
    assert_eq!(server.get(ALICE, "/api/info").await.body["version"], "8.8");
    server.permit("view-statistics", "admin");
    let got = server.get(ALICE, "/api/info").await;
    assert_eq!(
        (&got.body["version"], &got.body["info"]["version"]),
        (&json!("8.8.0"), &json!("8.8.0"))
    );
}

#[tokio::test(start_paused = true)]
async fn the_caller_and_the_permissions_can_be_read() {
    let server = Server::new();
    let me = server.get("olga.owner", "me").await.body;
    assert_eq!(
        (&me["_id"], &me["roles"]),
        (&json!("uOwn00000000004"), &json!(["user", "int-owner"]))
    );
    let all = server.get("paul.plain", "permissions.listAll").await.body;
    let of = |name: &str| {
        let mut found = all["update"].as_array().into_iter().flatten();
        found
            .find(|permission| permission["_id"] == name)
            .map(|permission| permission["roles"].clone())
    };
    assert_eq!(of("message-impersonate"), Some(json!(["bot"])));
    assert_eq!(of("view-statistics"), Some(json!([])));
    let bad = server
        .get(ALICE, "permissions.listAll?updatedSince=yesterday")
        .await;
    assert_eq!(bad.verdict(), "error-roomId-param-invalid");
}

#[tokio::test(start_paused = true)]
async fn users_show_their_roles_to_few() {
    let server = Server::new();
    let got = server.get("paul.plain", "users.info?username=hooky").await;
    assert_eq!(
        (&got.body["user"]["_id"], got.body["user"].get("roles")),
        (&json!("uHooky0000000002"), None)
    );
    server.permit("view-full-other-user-info", "admin");
    let got = server
        .get(ALICE, "users.info?userId=uHooky0000000002")
        .await;
    assert_eq!(got.body["user"]["roles"], json!(["bot", "user"]));
    assert_eq!(
        server
            .get(ALICE, "users.info?username=nobody")
            .await
            .verdict(),
        "User not found."
    );
    assert_eq!(
        server.get(ALICE, "users.info").await.verdict(),
        "Invalid search query."
    );
}

#[tokio::test(start_paused = true)]
async fn rooms_are_found_by_those_who_may_enter() {
    let server = Server::new();
    server.permit("view-c-room", "admin");
    let got = server.get(ALICE, "rooms.info?roomName=random").await;
    assert_eq!(got.body["room"]["_id"], "rRandom000000001");
    assert_eq!(
        server.get(ALICE, "rooms.info?roomId=nope").await.verdict(),
        "error-room-not-found"
    );
    assert_eq!(
        server.get(ALICE, "rooms.info").await.verdict(),
        "error-roomid-param-not-provided"
    );
    let hidden = server.get(ALICE, "rooms.info?roomName=secret").await;
    assert_eq!(
        (hidden.status, hidden.verdict().as_str()),
        (400, "Not Allowed")
    );

    let is_member = async |username: &str, room: &str| {
        let query = format!("rooms.isMember?roomId={room}&username={username}");
        server.get("mia.manager", &query).await
    };
    let general = "GENERAL";
    assert_eq!(
        is_member("mia.manager", general).await.body["isMember"],
        true
    );
    assert_eq!(
        is_member("rocket.cat", general).await.body["isMember"],
        false
    );
    assert_eq!(
        is_member("no.one", general).await.verdict(),
        "error-user-not-found"
    );
    assert_eq!(
        is_member("mia.manager", "nope").await.verdict(),
        "error-room-not-found"
    );

    let own = server.get("mia.manager", "rooms.get").await.body;
    assert_eq!(own["update"].as_array().map(Vec::len), Some(2));
    let subscribed = server.get("mia.manager", "subscriptions.get").await.body;
    assert_eq!(subscribed["update"][0]["rid"], "GENERAL");
    assert_eq!(server.get(ALICE, "channels.list").await.body["total"], 4);
    assert_eq!(
        server.get(ALICE, "rooms.adminRooms").await.verdict(),
        "error-not-authorized"
    );
    server.permit("view-room-administration", "admin");
    let found = server
        .get(ALICE, "rooms.adminRooms?filter=SEC&types[]=p&types[]=c")
        .await
        .body;
    assert_eq!(
        (&found["total"], &found["rooms"][0]["name"]),
        (&json!(1), &json!("secret"))
    );
}

#[tokio::test(start_paused = true)]
async fn history_is_told_to_those_it_belongs_to_and_cleared() {
    let server = Server::new();
    let got = server
        .send(
            "olga.owner",
            "POST",
            "integrations.create",
            outgoing(json!({})),
        )
        .await;
    let id = got.record()["_id"].as_str().unwrap_or_default().to_owned();
    assert!(server.act(json!({"action": "target-gone", "id": id})));
    let path = format!("integrations.history?id={id}");
    for (who, total) in [(ALICE, 1), ("olga.owner", 1), ("otto.owner", 0)] {
        assert_eq!(server.get(who, &path).await.body["total"], total, "{who}");
    }
    let clear = |who: &'static str| {
        server.send(
            who,
            "POST",
            "integrations.clearHistory",
            json!({"integrationId": id}),
        )
    };
    assert_eq!(
        clear("otto.owner").await.verdict(),
        "error-invalid-integration"
    );
    assert_eq!(clear("paul.plain").await.verdict(), "not_authorized");
    assert_eq!(clear("olga.owner").await.status, 200);
    assert_eq!(server.get(ALICE, &path).await.body["total"], 0);
}

#[tokio::test(start_paused = true)]
async fn frozen_scripts_are_silently_kept_unless_they_change() {
    let server = Server::new();
    let script = json!({"script": "let a;", "scriptEnabled": true});
    let made = [
        server.made(incoming(script.clone())).await,
        server.made(outgoing(script)).await,
    ];
    server.act(
        json!({"action": "change-setting", "name": "FREEZE_INTEGRATION_SCRIPTS", "value": "ivm"}),
    );
    for (id, body) in made.iter().zip([incoming, outgoing]) {
        let changed = server
            .update(body(json!({"integrationId": id, "script": "let b;"})))
            .await;
        assert_eq!(
            changed.verdict(),
            "integration-scripts-isolated-vm-disabled"
        );
        let same =
            json!({"integrationId": id, "script": "let a;", "scriptEnabled": false, "name": "New"});
        let got = server.update(body(same)).await;
        assert_eq!(
            (&got.record()["name"], &got.record()["scriptEnabled"]),
            (&json!("New"), &json!(true))
        );
    }
    let other = outgoing(json!({"script": "let a;", "scriptEngine": "other"}));
    assert_eq!(server.create(other).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn early_versions_check_loosely_and_in_other_words() {
    let server = Server::open(&Config {
        version: Version::new(4, 7),
        ..config()
    });
    let missing = server.create(json!({"type": "webhook-incoming"})).await;
    assert_eq!(missing.verdict(), "Match error: Missing key 'name'");
    let wrong = server
        .create(outgoing(json!({"triggerWords": "a,b"})))
        .await;
    assert_eq!(
        wrong.verdict(),
        "Match error: Expected array, got \"a,b\" in field triggerWords"
    );
    let get = server.get(ALICE, "integrations.get").await;
    assert_eq!(
        get.verdict(),
        "The query parameter \"integrationId\" is required."
    );
    assert_eq!(
        server
            .get(ALICE, "integrations.history?id=%20")
            .await
            .verdict(),
        "Invalid integration id."
    );
    let bare = server.get("", "me").await.body;
    assert_eq!(
        bare,
        json!({"status": "error", "message": "You must be logged in to do this."})
    );
    let method = server
        .send(ALICE, "DELETE", "integrations.remove", Value::Null)
        .await;
    assert_eq!(
        (method.status, &method.headers["allow"]),
        (405, &http::HeaderValue::from_static("POST"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_invented_stays_and_follows_from_its_name() {
    let body = || incoming(json!({"username": "deploy", "channel": "#ops,@ann"}));
    let strict = Server::new();
    assert_eq!(strict.create(body()).await.verdict(), "error-invalid-user");
    let mut ids = Vec::new();
    for seed in [1, 2] {
        let server = Server::open(&Config {
            invent: true,
            seed: Some(seed),
            ..Config::default()
        });
        let (id, token) = server.0.admin().expect("the administrator");
        let mut request = server.request("", "POST", "/api/v1/integrations.create", &body());
        for (name, value) in [("x-user-id", id), ("x-auth-token", token)] {
            request
                .http
                .headers_mut()
                .insert(name, value.parse().expect("a header"));
        }
        assert_eq!(server.0.handle(request).await.status(), Some(200));
        let record = server.0.records().remove(0);
        ids.push(record["userId"].clone());
        let state = server.0.lock();
        let deploy = state.world.user_named("deploy").expect("invented");
        assert_eq!(
            (deploy.roles.as_slice(), json!(deploy.id)),
            (["bot".to_owned()].as_slice(), record["userId"].clone())
        );
        assert!(state.world.room("ops").is_some() && state.world.user_named("ann").is_some());
    }
    assert_eq!(ids[0], ids[1]);
}

#[tokio::test(start_paused = true)]
async fn admission_goes_in_the_order_of_the_era() {
    // A body that no schema takes, of a caller who lacks the route permission, on a spent budget.
    for (version, verdicts) in [
        (
            Version::new(7, 3),
            ["invalid-params", "invalid-params", "429"],
        ),
        (Version::new(8, 1), ["403", "invalid-params", "429"]),
        (
            Version::new(8, 8),
            ["403", "invalid-params", "invalid-params"],
        ),
    ] {
        let rate = Some(Rate {
            calls: 1,
            millis: 60_000,
        });
        let server = Server::open(&Config {
            version,
            rate,
            ..config()
        });
        let remove = |who: &'static str| server.send(who, "POST", "integrations.remove", json!({}));
        let mut seen = Vec::new();
        for who in ["paul.plain", "lena.limited", "lena.limited"] {
            let got = remove(who).await;
            let code = got.body["errorType"].as_str().map(ToOwned::to_owned);
            seen.push(code.unwrap_or_else(|| got.status.to_string()));
        }
        assert_eq!(seen, verdicts, "{version}");
    }
}
