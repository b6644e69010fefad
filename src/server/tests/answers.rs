use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::client::{BoxFuture, Request, SendError, ServerError, Transport};
use crate::server::Reader;
use crate::server::fake::{Script, Step, TOKEN, answer, anybody, page};

#[tokio::test(start_paused = true)]
async fn facts_with_the_version_where_old_servers_say_it() {
    let info = json!({"info": {"version": "0.60.0"}, "success": true});
    let me = json!({"_id": "u1", "username": "deploy", "success": true});
    let script = Script::new([answer(200, info.to_string()), answer(200, me.to_string())]);
    let facts = script.reader().facts().await.unwrap();
    assert_eq!(
        facts.version.map(|version| version.to_string()).as_deref(),
        Some("0.60")
    );
    assert_eq!(facts.url, "https://chat.example.org/chat");
    assert_eq!(
        script.lines(),
        ["GET /chat/api/info", "GET /chat/api/v1/me"]
    );
    let request = &script.requests()[0];
    assert_eq!(request.headers()["x-auth-token"], TOKEN);
    assert_eq!(request.headers()["x-user-id"], "u1");
}

#[tokio::test]
async fn a_server_that_speaks_json_and_is_no_rocket_chat_is_told_so() {
    for (status, body) in [
        (200, r#"{"hello":"world"}"#),
        (200, r#"["hello"]"#),
        (404, r#"{"message":"Not Found"}"#),
        (404, r#"{"success":false,"error":"Not Found"}"#),
    ] {
        let script = Script::new([answer(status, body.to_owned())]);
        let error = script.reader().facts().await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("this is not a Rocket.Chat API: status "),
            "{body}: {error}"
        );
        assert!(error.is_no_access());
    }
    // What Rocket.Chat itself may answer keeps its meaning.
    let script = Script::new([answer(401, r#"{"status":"error"}"#.to_owned())]);
    let error = script.reader().facts().await.unwrap_err();
    assert!(matches!(error, ServerError::Unauthorised), "{error}");
}

async fn error_of(step: Step) -> ServerError {
    let script = Script::new([step]);
    script.reader().listing().await.unwrap_err()
}

/// Status, body, what is said of it, and whether it means that there is no access (docs/server.md#errors, #answers-that-are-not-json).
const REFUSALS: [(u16, &str, &str, bool); 18] = [
    (
        401,
        r#"{"status":"error","message":"You must be logged in to do this."}"#,
        "the server does not accept the user id and token",
        true,
    ),
    (
        403,
        r#"{"success":false,"error":"unauthorized"}"#,
        "this account is not allowed to do that: unauthorized",
        true,
    ),
    (
        403,
        r#"{"success":false,"error":"User does not have the permissions required for this action [error-unauthorized]"}"#,
        "this account is not allowed to do that: User does not have the permissions required for this action",
        true,
    ),
    (
        400,
        r#"{"success":false,"error":"Invalid room [error-invalid-room]","errorType":"error-invalid-room"}"#,
        "error-invalid-room: Invalid room",
        false,
    ),
    (
        400,
        r#"{"success":false,"error":"[not_authorized]","errorType":"not_authorized"}"#,
        "not_authorized",
        false,
    ),
    (
        400,
        r#"{"success":false,"errorType":"invalid-params","error":"must be string\nmust be object"}"#,
        "invalid-params: must be string; must be object",
        false,
    ),
    (
        400,
        r#"{"success":false,"errorType":"error-invalid-params","error":"must be string [invalid-params]"}"#,
        "error-invalid-params: must be string",
        false,
    ),
    (
        400,
        r#"{"success":false,"error":"Match error: Missing key 'x'"}"#,
        "Match error: Missing key 'x'",
        false,
    ),
    (
        404,
        r#"{"status":"error","message":"API endpoint does not exist"}"#,
        "API endpoint does not exist",
        false,
    ),
    (
        400,
        r#"{"success":false}"#,
        "refused without a reason (status 400 Bad Request)",
        false,
    ),
    (
        500,
        r#"{"success":false,"error":"Internal server error"}"#,
        "Internal server error",
        false,
    ),
    (
        404,
        "Unknown path",
        "this is not a Rocket.Chat API: status 404 Not Found, beginning with `Unknown path`",
        true,
    ),
    (
        200,
        "<!DOCTYPE html>\n<html>",
        "this is not a Rocket.Chat API: status 200 OK, beginning with `<!DOCTYPE html>`",
        true,
    ),
    (
        403,
        "<html>log in</html>",
        "something in front of the server refuses the request: status 403 Forbidden, beginning with `<html>log in</html>`",
        true,
    ),
    (
        413,
        "<html>",
        "the request is too large for the server or a proxy in front of it (status 413)",
        false,
    ),
    (502, "", "unexpected status 502 Bad Gateway", true),
    (
        200,
        r#"{"integrations":[{"token":"hunter2"#,
        "the server's answer cannot be read: the JSON ends early, is malformed or is nested too deeply",
        false,
    ),
    (
        200,
        r#"{"integrations":[]}"#,
        "the server's answer cannot be read: it does not say `success`",
        false,
    ),
];

#[tokio::test(start_paused = true)]
async fn every_refusal_is_told_apart() {
    for (status, body, words, exit) in REFUSALS {
        let error = error_of(answer(status, body)).await;
        assert_eq!(
            (error.to_string().as_str(), error.is_no_access()),
            (words, exit),
            "{body}"
        );
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_keeps_its_two_kinds() {
    let not_sent = error_of(Err(SendError::NotSent("refused".to_owned()))).await;
    assert!(matches!(not_sent, ServerError::NotSent(_)) && !not_sent.leaves_open());
    let unknown = error_of(Err(SendError::Unknown("reset".to_owned()))).await;
    assert!(matches!(unknown, ServerError::Unknown(_)) && unknown.leaves_open());
}

#[tokio::test(start_paused = true)]
async fn a_redirect_names_the_base_url_to_use() {
    let redirect = |to: &str| {
        let mut step = answer(302, "").unwrap();
        step.headers_mut().insert("location", to.parse().unwrap());
        Ok(step)
    };
    let error = error_of(redirect(
        "https://me:pw@new.example.org/rc/api/v1/integrations.list?x=hunter2",
    ))
    .await;
    let help = error.help().unwrap_or_default();
    assert_eq!(
        error.to_string(),
        "the server redirects to https://new.example.org/rc/api/v1/integrations.list"
    );
    assert!(
        !format!("{error:?} {help}").contains("hunter2"),
        "{error:?} {help}"
    );
    let error = error_of(redirect(
        "https://new.example.org/rc/api/v1/integrations.list",
    ))
    .await;
    let help = error.help().unwrap_or_default();
    assert_eq!(
        help,
        "if that is your server, use `https://new.example.org/rc` as its URL"
    );
    let error = error_of(redirect("/login")).await;
    assert_eq!(
        error.to_string(),
        "the server redirects to https://chat.example.org/login"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_limiter_is_waited_out() {
    let words = "Error, too many requests. Please slow down. You must wait 42 seconds before trying this \
                 endpoint again. [error-too-many-requests]";
    let refusal = || answer(429, json!({"success": false, "error": words}).to_string());
    let start = Instant::now();
    let script = Script::new([refusal(), answer(429, "<html>"), page(&[], 0)]);
    assert!(script.reader().listing().await.unwrap().is_empty());
    // Each with the margin of a quarter of a second.
    assert_eq!(start.elapsed(), Duration::from_millis(42_250 + 60_250));

    let script = Script::new((0..20).map(|_| refusal()));
    let error = script.reader().listing().await.unwrap_err();
    assert_eq!((script.lines().len(), error.is_no_access()), (10, true));
}

/// Answers what is written for an endpoint, and keeps silent for ever about all others.
struct Partly(&'static str, fn() -> Step);

impl Transport for Partly {
    fn send(&self, request: Request) -> BoxFuture<'_, Step> {
        let known = request.uri().path().ends_with(self.0);
        Box::pin(async move {
            if !known {
                std::future::pending::<()>().await;
            }
            self.1()
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_answer_that_is_none_waits_for_no_other() {
    let reader = Reader::of(&anybody(Arc::new(Partly("info", || answer(404, "<html>")))));
    let error = reader.observe().await.unwrap_err();
    assert!(
        matches!(error, ServerError::NotRocketChat { .. }),
        "{error}"
    );
    // Who is asked is told before what it says of the account and the records.
    let refused = || {
        answer(
            401,
            r#"{"status":"error","message":"You must be logged in to do this."}"#,
        )
    };
    let script = Script::new([answer(404, "<html>"), refused(), refused()]);
    let error = script.reader().observe().await.unwrap_err();
    assert!(
        matches!(error, ServerError::NotRocketChat { .. }),
        "{error}"
    );
}
