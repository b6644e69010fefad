use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::client::{SendError, ServerError};
use crate::observed::{Found, Users};
use crate::server::fake::{Script, Step, answer};

fn found(user: &Json) -> Step {
    answer(200, json!({"user": user, "success": true}).to_string())
}

fn refused(status: u16, error: &str) -> Step {
    answer(
        status,
        json!({"success": false, "error": error}).to_string(),
    )
}

async fn ask(names: &[&str], impersonators: bool, steps: Vec<Step>) -> (Users, Vec<String>) {
    let script = Script::new(steps);
    let names = names.iter().map(ToString::to_string).collect();
    let mut users = script.reader().users(&names, 8).await.unwrap();
    if impersonators {
        let permissions = script.reader().permissions().await;
        users.impersonators = permissions.ok().and_then(|it| it.impersonators().cloned());
    }
    (users, script.lines())
}

#[tokio::test(start_paused = true)]
async fn a_user_is_known_by_exactly_the_name() {
    let steps = vec![
        found(&json!({"_id": "uA", "username": "ann b", "roles": ["bot"]})),
        found(&json!({"_id": "carl", "username": "Carl"})),
        refused(400, "User not found."),
        found(&json!({"_id": "uE", "username": "eve"})),
    ];
    let (users, lines) = ask(&["ann b", "carl", "dora", "eve"], false, steps).await;
    assert_eq!(users.user("ann b").unwrap().id, "uA");
    assert!(users.is_nobody("carl") && users.is_nobody("dora"));
    assert_eq!(users.user("eve").unwrap().roles, None);
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0], "GET /chat/api/v1/users.info?username=ann+b");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_is_not_nobody() {
    let steps = vec![
        refused(403, "unauthorized"),
        answer(502, "<html>"),
        Err(SendError::Unknown("reset".to_owned())),
        found(&json!("eve")),
    ];
    let (users, _) = ask(&["a", "b", "c", "d"], false, steps).await;
    for name in ["a", "b", "c", "d"] {
        assert!(matches!(users.found[name], Found::Unknown(_)) && !users.is_nobody(name));
    }
    assert!(!users.is_nobody("not asked for"));
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_end_the_look_up() {
    let script = Script::new([refused(401, "You must be logged in to do this.")]);
    let names = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
    let error = script.reader().users(&names, 8).await.unwrap_err();
    assert!(matches!(error, ServerError::Unauthorised));
}

#[tokio::test(start_paused = true)]
async fn who_may_impersonate_is_told_by_roles() {
    let user =
        |name: &str, roles: Json| found(&json!({"_id": name, "username": name, "roles": roles}));
    let permissions = json!({"update": [{"_id": "view-c-room", "roles": ["user"]},
        {"_id": "message-impersonate", "roles": ["bot", "app"]}], "remove": [], "success": true});
    let users = || {
        vec![
            user("a", json!(["user", "bot"])),
            user("b", json!(["user"])),
            user("c", json!(null)),
        ]
    };
    let mut steps = users();
    steps.push(answer(200, permissions.to_string()));
    let (told, lines) = ask(&["a", "b", "c"], true, steps).await;
    let may: Vec<_> = ["a", "b", "c", "d"]
        .map(|name| told.may_impersonate(name))
        .into();
    assert_eq!(may, [Some(true), Some(false), None, None]);
    assert_eq!(lines[3], "GET /chat/api/v1/permissions.listAll");

    let mut steps = users();
    steps.push(refused(403, "unauthorized"));
    let (told, _) = ask(&["a", "b", "c"], true, steps).await;
    assert_eq!(told.may_impersonate("b"), None);
    let (_, lines) = ask(&[], false, Vec::new()).await;
    assert!(lines.is_empty());
}
