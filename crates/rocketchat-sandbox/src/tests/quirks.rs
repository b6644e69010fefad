//! Every quirk shows: at both of its boundaries, and when it is inverted alone.

use std::future::Future;
use std::pin::Pin;

use serde_json::{Value, json};

use super::super::profile::ServerProfile;
use super::super::{Config, Quirk, Version};
use super::{ALICE, Server, config, incoming, outgoing, timed};

type Shown<'a> = Pin<Box<dyn Future<Output = String> + 'a>>;

/// What a quirk looks like from outside.
struct Probe {
    quirk: Quirk,
    /// A version that has it.
    version: Version,
    look: fn(&Server) -> Shown<'_>,
    /// What is seen with the quirk.
    on: &'static str,
    /// What is seen when it is inverted alone.
    off: &'static str,
}

/// A row of the table.
macro_rules! probe {
    ($quirk:ident at $version:literal, $on:expr, $off:expr, |$server:ident| $look:expr) => {
        Probe {
            quirk: Quirk::$quirk,
            version: $version.parse().expect("a version"),
            look: |$server| Box::pin(async move { $look }),
            on: $on,
            off: $off,
        }
    };
}

/// The value of a key as text.
fn at(value: &Value, key: &str) -> String {
    value
        .get(key)
        .map_or_else(|| "absent".to_owned(), ToString::to_string)
}

/// Who an integration posts as after an update that asks for another user.
async fn posts_as(server: &Server) -> String {
    let id = server.made(incoming(json!({}))).await;
    let body = incoming(json!({"integrationId": id, "username": "hooky"}));
    let got = server.update(body).await;
    format!(
        "{} {}",
        at(got.record(), "username"),
        at(got.record(), "userId")
    )
}

/// Whether a posting user without the role `bot` has it after a create.
async fn roles_after_create(server: &Server) -> String {
    server.permit("message-impersonate", "user");
    server
        .made(incoming(json!({"username": "paul.plain"})))
        .await;
    let roles = server
        .0
        .lock()
        .world
        .user_named("paul.plain")
        .map(|user| user.roles.clone());
    roles.unwrap_or_default().join(" ")
}

/// The text of what a webhook takes from a body without a content type.
async fn untyped_text(server: &Server) -> String {
    server.permit("view-c-room", "bot");
    let got = server.create(incoming(json!({}))).await;
    let of = |key: &str| got.record()[key].as_str().unwrap_or_default();
    let path = format!("/hooks/{}/{}", of("_id"), of("token"));
    let mut request = server.request("", "POST", &path, &json!({"text": "hi"}));
    request.http.headers_mut().remove("content-type");
    server.0.handle(request).await;
    at(&server.0.deliveries()[0]["body"], "text")
}

#[expect(clippy::too_many_lines, reason = "it is one table")]
fn probes() -> Vec<Probe> {
    vec![
        probe!(LooseChecks at "4.7", "\"x\"", "absent", |server| {
            at(server.create(outgoing(json!({"foo": "x"}))).await.record(), "foo")
        }),
        probe!(KeepsEmptyChannels at "4.7", "error-invalid-channel-start-with-chars", "200", |server| {
            server.create(outgoing(json!({"channel": "#general,"}))).await.verdict()
        }),
        probe!(CountsPage at "4.8", "0", "absent", |server| {
            at(&server.get(ALICE, "integrations.list").await.body, "count")
        }),
        probe!(KnowsOverride at "6.4", "true", "absent", |server| {
            let body = incoming(json!({"overrideDestinationChannelEnabled": true}));
            at(server.create(body).await.record(), "overrideDestinationChannelEnabled")
        }),
        probe!(RequiresOverride at "6.3", "400", "200", |server| {
            server.create(incoming(json!({}))).await.status.to_string()
        }),
        probe!(FreezesScripts at "6.4", "integration-scripts-disabled", "200", |server| {
            server.act(json!({"action": "change-setting", "name": "FREEZE_INTEGRATION_SCRIPTS", "value": "yes"}));
            server.create(outgoing(json!({"script": "1"}))).await.verdict()
        }),
        probe!(KnowsScriptEngine at "6.5", "\"isolated-vm\"", "absent", |server| {
            at(server.create(outgoing(json!({}))).await.record(), "scriptEngine")
        }),
        probe!(AbsentEngineIsVm2 at "6.5", "\"vm2\"", "\"isolated-vm\"", |server| {
            let body = incoming(json!({"overrideDestinationChannelEnabled": true}));
            let id = server.made(body).await;
            server.act(json!({"action": "change-integration", "id": id, "set": {"scriptEngine": null}}));
            at(server.update(incoming(json!({"integrationId": id}))).await.record(), "scriptEngine")
        }),
        probe!(AnswersInserted at "6.13", "absent", "present", |server| {
            let got = server.create(outgoing(json!({}))).await;
            let stamp = at(got.record(), "_updatedAt");
            if stamp == "absent" { stamp } else { "present".to_owned() }
        }),
        probe!(ForbidsInOldWords at "6.13", "unauthorized",
            "User does not have the permissions required for this action [error-unauthorized]", |server| {
            server.get("paul.plain", "integrations.list").await.verdict()
        }),
        probe!(FiltersList at "7.0", "0", "1", |server| {
            server.made(outgoing(json!({}))).await;
            at(&server.get(ALICE, "integrations.list?name=nothing").await.body, "total")
        }),
        probe!(BareHookText at "6.13", "\"Service Unavailable\"",
            "{\"success\":false,\"error\":\"Service Unavailable\"}", |server| {
            let got = server.create(incoming(json!({"enabled": false}))).await;
            let token = got.record()["token"].as_str().unwrap_or_default();
            let id = got.record()["_id"].as_str().unwrap_or_default();
            server.send("", "POST", &format!("/hooks/{id}/{token}"), json!({})).await.body.to_string()
        }),
        probe!(UsernameIgnored at "7.1", "\"rocket.cat\" \"rocket.cat\"", "\"hooky\" \"uHooky0000000002\"", |server| {
            posts_as(server).await
        }),
        probe!(UserIdLeft at "7.2", "\"hooky\" \"rocket.cat\"", "\"hooky\" \"uHooky0000000002\"", |server| {
            posts_as(server).await
        }),
        probe!(LeftOutBecomesNull at "7.4", "null", "\"Al\"", |server| {
            let id = server.made(outgoing(json!({"alias": "Al"}))).await;
            at(server.update(outgoing(json!({"integrationId": id}))).await.record(), "alias")
        }),
        probe!(OldRouter at "7.3", "\"API endpoint does not exist\"", "absent", |server| {
            at(&server.get(ALICE, "nope").await.body, "message")
        }),
        probe!(DelaysRefusals at "7.3", "500ms", "0ns", |server| {
            let (got, took) = timed(server.get("", "me")).await;
            assert_eq!(got.status, 401);
            format!("{took:?}")
        }),
        probe!(HookErrorPage at "7.7", "500", "404", |server| {
            let id = server.made(incoming(json!({}))).await;
            server.send("", "POST", &format!("/hooks/{id}/wrong"), json!({})).await.status.to_string()
        }),
        probe!(UntypedIsText at "7.6", "absent", "\"hi\"", |server| {
            untyped_text(server).await
        }),
        probe!(EmptyLogout at "7.4", "null", "\"success\"", |server| {
            at(&server.send("lena.limited", "POST", "logout", Value::Null).await.body, "status").replace("absent", "null")
        }),
        probe!(LoginSaysSuccess at "8.0", "false", "absent", |server| {
            at(&server.send("", "POST", "login", json!({"user": "nobody", "password": "p"})).await.body, "success")
        }),
        probe!(TellsWorkspaceUrl at "8.0", "\"https://chat.example.org\"", "absent", |server| {
            server.act(json!({"action": "change-setting", "name": "Site_Url", "value": "https://chat.example.org"}));
            at(&server.get("", "/api/info").await.body, "workspaceUrl")
        }),
        probe!(SchemaCodeSuffixed at "8.1", "true", "false", |server| {
            let got = server.create(json!({})).await;
            got.body["error"].as_str().is_some_and(|error| error.ends_with(" [invalid-params]")).to_string()
        }),
        probe!(KnowsSkipTranspile at "8.4", "false", "absent", |server| {
            at(server.create(outgoing(json!({}))).await.record(), "skipTranspile")
        }),
        probe!(GrantsBot at "8.5", "user bot", "user", |server| roles_after_create(server).await),
        probe!(DemandsImpersonate at "8.6", "error-user-lacks-message-impersonate-permission", "200", |server| {
            server.create(incoming(json!({"username": "paul.plain"}))).await.verdict()
        }),
        probe!(Coercion at "8.6", "200", "invalid-params", |server| {
            server.create(outgoing(json!({"enabled": "true"}))).await.verdict()
        }),
        probe!(TypedRoutes at "8.6", "invalid-params unlimited", "error-invalid-params limited", |server| {
            let got = server.send("lena.limited", "POST", "integrations.create", json!({})).await;
            let limited = got.headers.contains_key("x-ratelimit-limit");
            format!("{} {}", got.verdict(), if limited { "limited" } else { "unlimited" })
        }),
        probe!(ClearsHistory at "8.7", "200", "404", |server| {
            let id = server.made(outgoing(json!({}))).await;
            let body = json!({"integrationId": id});
            server.send(ALICE, "POST", "integrations.clearHistory", body).await.status.to_string()
        }),
        probe!(RawScripts at "9.0", "\"let a = 1;\"", "\"\\\"use strict\\\";let a = 1;\"", |server| {
            let body = outgoing(json!({"script": "let a = 1;", "scriptEnabled": true}));
            at(server.create(body).await.record(), "scriptCompiled")
        }),
        probe!(ForbidsAlike at "9.0", "error-forbidden", "not_authorized", |server| {
            server.send("paul.plain", "POST", "integrations.create", incoming(json!({}))).await.verdict()
        }),
        probe!(RefusesQuery at "9.0", "error-invalid-params", "200", |server| {
            server.get(ALICE, "integrations.list?query=%7B%7D").await.verdict()
        }),
        probe!(GateTellsType at "9.0", "\"error-forbidden\"", "absent", |server| {
            at(&server.get("paul.plain", "integrations.list").await.body, "errorType")
        }),
        probe!(ShortUnauthorised at "9.0", "absent", "\"error\"", |server| {
            at(&server.get("", "me").await.body, "status")
        }),
        probe!(BareLoginRefusal at "9.0", "absent", "\"Unauthorized\"", |server| {
            at(&server.send("", "POST", "login", json!({"user": "nobody", "password": "p"})).await.body, "message")
        }),
    ]
}

async fn look(probe: &Probe, version: Version, quirks: Vec<(Quirk, bool)>) -> String {
    let server = Server::open(&Config {
        version,
        quirks,
        ..config()
    });
    (probe.look)(&server).await
}

#[test]
fn every_quirk_has_a_probe() {
    let probed: Vec<_> = probes().iter().map(|probe| probe.quirk).collect();
    assert_eq!(probed, Quirk::all().collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_quirk_inverted_alone_shows() {
    for probe in probes() {
        let name = probe.quirk.name();
        // What no known version does is off unless it is switched on.
        let natural = !probe.quirk.boundaries().is_empty();
        assert_eq!(
            ServerProfile::new(probe.version, &[]).has(probe.quirk),
            natural,
            "{name}"
        );
        let (seen, other) = if natural {
            (probe.on, probe.off)
        } else {
            (probe.off, probe.on)
        };
        assert_eq!(look(&probe, probe.version, vec![]).await, seen, "{name}");
        let inverted = vec![(probe.quirk, !natural)];
        assert_eq!(
            look(&probe, probe.version, inverted).await,
            other,
            "{name} inverted"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_quirk_shows_on_one_side_of_each_boundary_only() {
    for probe in probes() {
        for (inside, outside) in probe.quirk.boundaries() {
            let name = probe.quirk.name();
            assert_eq!(
                look(&probe, inside, vec![]).await,
                probe.on,
                "{name} at {inside}"
            );
            assert_ne!(
                look(&probe, outside, vec![]).await,
                probe.on,
                "{name} at {outside}"
            );
        }
    }
}
