use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::client::{SendError, ServerError};
use crate::observed::{Gone, History, ServerId};
use crate::server::fake::{Script, Step, answer};

fn entry(url: &str, step: &str, at: &str) -> Json {
    json!({"_id": at, "url": url, "step": step, "_updatedAt": at, "integration": {"_id": "a"}})
}

fn told(entries: &[Json]) -> Step {
    answer(
        200,
        json!({"history": entries, "total": entries.len(), "success": true}).to_string(),
    )
}

const GONE: &str = "after-process-http-status-410";
const SENT: &str = "after-process-send-message";

/// What is told of one record after another, and what was asked.
async fn ask(steps: Vec<Step>) -> (Vec<History>, Vec<String>) {
    let ids: BTreeSet<_> = (0..steps.len())
        .map(|n| ServerId::from(format!("r{n}")))
        .collect();
    let script = Script::new(steps);
    let histories = script.reader().histories(&ids).await.unwrap();
    (histories.found.into_values().collect(), script.lines())
}

#[tokio::test(start_paused = true)]
async fn the_last_call_of_each_url_counts() {
    let gone = |at: &str| {
        History::Gone(Gone {
            at: Some(at.into()),
        })
    };
    let (told, lines) = ask(vec![
        told(&[]),
        told(&[entry("u", GONE, "t2"), entry("u", SENT, "t1")]),
        // Enabled again, and called since.
        told(&[entry("u", SENT, "t2"), entry("u", GONE, "t1")]),
        // The other URL was called a moment later.
        told(&[
            entry("v", SENT, "t3"),
            entry("u", GONE, "t2"),
            entry("v", SENT, "t1"),
        ]),
        told(&[json!({"step": GONE, "_updatedAt": 7})]),
        told(&[entry("u", "after-process-http-status-500", "t1")]),
    ])
    .await;
    assert_eq!(
        told,
        [
            History::Other,
            gone("t2"),
            History::Other,
            gone("t2"),
            History::Gone(Gone { at: None }),
            History::Other
        ]
    );
    assert_eq!(lines.len(), 6);
    assert_eq!(
        lines[0],
        "GET /chat/api/v1/integrations.history?id=r0&count=50&sort=%7B%22_updatedAt%22%3A-1%7D"
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_is_unknown() {
    let refused = json!({"success": false, "error": "unauthorized"}).to_string();
    let (told, _) = ask(vec![
        answer(403, refused),
        answer(502, "<html>"),
        Err(SendError::Unknown("reset".to_owned())),
        answer(200, json!({"history": {}, "success": true}).to_string()),
    ])
    .await;
    assert!(
        told.iter().all(|it| matches!(it, History::Unknown(_))),
        "{told:?}"
    );
    let logged_out = json!({"status": "error", "message": "You must be logged in to do this."});
    let script = Script::new([answer(401, logged_out.to_string())]);
    let ids = BTreeSet::from([
        ServerId::from("a".to_owned()),
        ServerId::from("b".to_owned()),
    ]);
    let error = script.reader().histories(&ids).await.unwrap_err();
    assert!(matches!(error, ServerError::Unauthorised));
}
