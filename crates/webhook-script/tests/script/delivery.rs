//! What the server makes of what a script returned.

use serde_json::{Value as Json, json};
use webhook_script::delivery::{self, Delivered, Integration, User, World};
use webhook_script::runtime::{Engine, Kind, Method, Mode};

use crate::support::{input, method, profile, run};

fn delivered(body: &str, may_override_channel: bool) -> Delivered {
    let user = |id: &str, may_impersonate| User {
        id: id.into(),
        username: id.to_lowercase(),
        may_impersonate,
    };
    let mut world = World {
        rooms: vec![
            ("G".into(), "general".into()),
            ("R".into(), "random".into()),
        ],
        users: vec![user("Bot", true), user("Amy", false)],
        longest_message: 10,
    };
    let integration = Integration {
        id: "i".into(),
        user_id: "Bot".into(),
        channels: vec!["#general".into()],
        may_override_channel,
        ..Integration::default()
    };
    delivery::incoming(&run(&method(body)), &input(), &integration, &mut world)
}

fn answer(body: &str, may_override_channel: bool) -> (u16, Json) {
    let answer = delivered(body, may_override_channel).answer.unwrap();
    (answer.status, answer.body)
}

#[test]
fn each_channel_can_be_tried_on_its_own() {
    let body = |channels: &str| {
        format!(
            "return {{ content: {{ text: 'a', separateResponse: true, channel: {channels} }} }}"
        )
    };
    let (status, told) = answer(&body("['#general', '#none', 'R']"), true);
    assert_eq!((status, &told["success"]), (200, &json!(true)));
    assert_eq!(
        told["responses"][1],
        json!({"channel": "#none", "error": "invalid-channel"})
    );
    assert_eq!(told["responses"][2]["message"]["room"], json!("random"));
    let (status, told) = answer(&body("['#none']"), true);
    assert_eq!((status, &told["success"]), (400, &json!(false)));
    assert_eq!(
        delivered(&body("['#none', '#random']"), true).posts.len(),
        1
    );
}

#[test]
fn what_is_wrong_with_a_message_is_told() {
    let twice = "Match error: Match error: ";
    for (content, error) in [
        (
            "text: 'x', channel: '#random'",
            "overriding destination channel is disabled for this integration",
        ),
        ("text: 'x'.repeat(11)", "error-message-size-exceeded"),
        (
            "text: 'x', avatar: 'ftp://a.example'",
            "Invalid href value provided",
        ),
        (
            "emoji: ['a']",
            &format!("{twice}Expected string, got object in field emoji"),
        ),
        (
            "attachments: [null]",
            "Cannot read properties of null (reading 'msg')",
        ),
        (
            "attachments: [{ fields: { a: 1 } }]",
            &format!("{twice}Expected array, got {{\"a\":1}} in field fields"),
        ),
        (
            "attachments: [{ fields: [{ title: 'T', value: 0 }] }]",
            "Invalid attachment field, title and value is required",
        ),
        ("customFields: { a: 1 }", "Custom fields not enabled"),
    ] {
        let body = format!("return {{ content: {{ {content} }} }}");
        assert_eq!(
            answer(&body, false),
            (400, json!({"success": false, "error": error}))
        );
    }
}

#[test]
fn a_direct_room_has_the_ids_of_its_users() {
    for channel in ["@amy", "@Amy", "Amy"] {
        let body = format!("return {{ content: {{ text: 'a', channel: '{channel}' }} }}");
        assert_eq!(delivered(&body, true).posts[0].room, "AmyBot", "{channel}");
    }
}

#[test]
fn an_outgoing_script_that_cannot_be_loaded_is_passed_over() {
    let mut engine = Engine::load("throw 1;", Kind::Outgoing, profile(Mode::Raw));
    let method = Method::PrepareOutgoingRequest;
    let stepped = delivery::outgoing(&engine.call(method, &input()), method);
    assert!(stepped.history.is_empty() && stepped.escapes.is_none());
    assert_eq!(stepped.logged, ["Error evaluating integration script"]);
}
