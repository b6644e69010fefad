//! What a server makes of what a script did: its answer, the messages that it posts, its history.
//!
//! The facts are those of servers 8.6 to 8.8. Rooms and users are those that a [`World`] names; joining, read-only rooms
//! and mentions of all are not looked at.

mod check;
mod message;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

pub use message::Post;

use crate::runtime::{End, Method, Outcome, ThrownValue};
use crate::value::Value;

/// The rooms and users that messages may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct World {
    /// The rooms: id and name.
    pub rooms: Vec<(String, String)>,
    /// The users.
    pub users: Vec<User>,
    /// The server's `Message_MaxAllowedSize`, in UTF-16 units.
    pub longest_message: usize,
}

/// A user of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: String,
    /// The username.
    pub username: String,
    /// Whether the user holds `message-impersonate`, as the role `bot` does.
    pub may_impersonate: bool,
}

/// A server, as far as messages meet it.
pub trait Server {
    /// The room of a channel (`#general`, `@ann`, an id) for messages of the user with that id, or why the user has none.
    ///
    /// # Errors
    /// The server's words: `invalid-channel`, `error-not-allowed`.
    fn room(&mut self, channel: &str, poster: &str) -> Result<Room, String>;

    /// The user with that id.
    fn user(&self, id: &str) -> Option<User>;

    /// `Message_MaxAllowedSize`, in UTF-16 units.
    fn longest_message(&self) -> usize;

    /// Whether the user may post this text there.
    ///
    /// # Errors
    /// The server's words: `room_is_archived`.
    fn admits(&self, _room: &Room, _author: &User, _text: &str) -> Result<(), String> {
        Ok(())
    }
}

/// A room that a message goes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Its id.
    pub id: String,
    /// Its name, or its id if it has none, as direct rooms.
    pub shown: String,
}

impl Server for World {
    fn room(&mut self, channel: &str, poster: &str) -> Result<Room, String> {
        let of_room = |name: &str| {
            let found = self
                .rooms
                .iter()
                .find(|(id, other)| id == name || other == name);
            found.map(|(id, name)| Room {
                id: id.clone(),
                shown: name.clone(),
            })
        };
        let direct = |name: &str, by_username: bool| {
            let named = |user: &&User| user.id == name || (by_username && user.username == name);
            let user = self.users.iter().find(named);
            // A direct room has no name; its id is those of its users.
            user.map(|user| {
                let mut ids = [poster, &user.id];
                ids.sort_unstable();
                let id = ids.concat();
                Room {
                    shown: id.clone(),
                    id,
                }
            })
        };
        let found = match channel.split_at_checked(1) {
            Some(("#", name)) => of_room(name),
            Some(("@", name)) => direct(name, true),
            _ => of_room(channel).or_else(|| direct(channel, false)),
        };
        found.ok_or_else(|| "invalid-channel".into())
    }

    fn user(&self, id: &str) -> Option<User> {
        self.users.iter().find(|user| user.id == id).cloned()
    }

    fn longest_message(&self) -> usize {
        self.longest_message
    }
}

/// What an integration says about its messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integration {
    /// The id.
    pub id: String,
    /// The id of the user that it posts as.
    pub user_id: String,
    /// The channels that it posts to: `#general`.
    pub channels: Vec<String>,
    /// The default alias; empty for none.
    pub alias: String,
    /// The default avatar; empty for none.
    pub avatar: String,
    /// The default emoji; empty for none.
    pub emoji: String,
    /// Whether messages may name another channel.
    pub may_override_channel: bool,
}

/// What the caller of an incoming webhook gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Json,
}

/// What came of a request to an incoming webhook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Delivered {
    /// The answer; none if the server gives none, or none can be told.
    pub answer: Option<Answer>,
    /// The messages, in order.
    pub posts: Vec<Post>,
    /// The error lines of the server's log.
    pub logged: Vec<String>,
}

impl Delivered {
    fn answered(status: u16, body: Json) -> Self {
        Self {
            answer: Some(Answer { status, body }),
            ..Self::default()
        }
    }

    fn refused(error: &Json) -> Self {
        Self::answered(400, json!({"success": false, "error": error}))
    }

    fn logging(mut self, lines: &[&str]) -> Self {
        self.logged = lines.iter().map(|line| (*line).to_owned()).collect();
        self
    }
}

/// What the server makes of a call of `process_incoming_request`. `input` is what the method was called with.
pub fn incoming(
    outcome: &Outcome,
    input: &Value,
    integration: &Integration,
    server: &mut dyn Server,
) -> Delivered {
    let running = || {
        Delivered::refused(&json!("error-running-script"))
            .logging(&["Error running Script in Trigger"])
    };
    match &outcome.end {
        End::Hangs | End::NeverSettles | End::Unknown(_) => Delivered::default(),
        _ if outcome.failed_to_load => Delivered::refused(&json!("error-evaluating-script"))
            .logging(&[
                "Error evaluating integration script",
                "Error getting Integration script",
            ]),
        End::Threw(_) | End::OutOfMemory | End::IsolateGone | End::LoadTimedOut => running(),
        End::NoMethod => Delivered::answered(200, json!({"success": true}))
            .logging(&["Script method not found in the Integration"]),
        End::NoScript => {
            let content = input.get("request").and_then(|it| it.get("content"));
            let poster = integration.user_id.as_str();
            posted(
                content.unwrap_or(&Value::Undefined),
                None,
                poster,
                integration,
                server,
            )
        }
        End::Returned(value) if !value.is_truthy() => {
            Delivered::answered(200, json!({"success": true}))
        }
        End::Returned(value) => {
            if let Some(error) = value.get("error").filter(|error| error.is_truthy()) {
                let body = error.to_plain_json().unwrap_or(Json::Null);
                return match body {
                    _ if !error.is_object() => Delivered::refused(&body),
                    Json::Object(mut body) => {
                        body.insert("success".into(), json!(false));
                        Delivered::answered(400, Json::Object(body))
                    }
                    body => Delivered::answered(400, body),
                };
            }
            let Some(content) = value.get("content").filter(|content| content.is_object()) else {
                return running();
            };
            let user = value.get("user").filter(|user| user.is_truthy());
            let poster = match user {
                Some(user) => user.get("_id").and_then(Value::as_str).unwrap_or_default(),
                None => &integration.user_id,
            };
            posted(content, value.get("response"), poster, integration, server)
        }
    }
}

fn posted(
    content: &Value,
    response: Option<&Value>,
    poster: &str,
    integration: &Integration,
    server: &mut dyn Server,
) -> Delivered {
    let named = ["channel", "roomId"].map(|key| content.get(key).is_some_and(Value::is_truthy));
    if named.contains(&true) && !integration.may_override_channel {
        return Delivered::refused(&json!(
            "overriding destination channel is disabled for this integration"
        ));
    }
    let sent = message::send(content, poster, integration, server);
    let sent = match sent {
        Ok(sent) if sent.is_empty() => return Delivered::refused(&json!("unknown-error")),
        Ok(sent) => sent,
        Err(error) => {
            return Delivered::refused(&json!(error))
                .logging(&["Error processing webhook message"]);
        }
    };
    if message::is_separate(content) {
        return separate(sent);
    }
    let posts = sent.into_iter().filter_map(|(_, post)| post.ok()).collect();
    let response = response.filter(|response| response.is_truthy());
    let body = match response.and_then(Value::to_plain_json) {
        Some(Json::Object(mut body)) => {
            body.insert("success".into(), json!(true));
            Json::Object(body)
        }
        Some(body) => body,
        None => Json::Object(Map::from_iter([("success".into(), json!(true))])),
    };
    Delivered {
        posts,
        ..Delivered::answered(200, body)
    }
}

/// Posts a message as an outgoing webhook does, each channel with what is posted there.
///
/// # Errors
/// Why nothing is posted, in the server's words.
pub fn posts(
    content: &Value,
    poster: &str,
    integration: &Integration,
    server: &mut dyn Server,
) -> Result<Vec<(Value, Post)>, String> {
    let sent = message::send(content, poster, integration, server)?;
    sent.into_iter()
        .map(|(channel, post)| Ok((channel, post?)))
        .collect()
}

/// The answer that says what came of each channel.
fn separate(sent: message::Sent) -> Delivered {
    let one = |(channel, posted): &(Value, Result<Post, String>)| {
        let channel = channel.to_plain_json().unwrap_or(Json::Null);
        match posted {
            Ok(post) => json!({"channel": channel, "message": post}),
            Err(error) => json!({"channel": channel, "error": error}),
        }
    };
    let responses: Vec<_> = sent.iter().map(one).collect();
    let posts: Vec<_> = sent.into_iter().filter_map(|(_, post)| post.ok()).collect();
    let (status, success) = if posts.is_empty() {
        (400, false)
    } else {
        (200, true)
    };
    Delivered {
        posts,
        ..Delivered::answered(status, json!({"responses": responses, "success": success}))
    }
}

/// What came of a call of one of the two methods of an outgoing webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stepped {
    /// The steps that the call writes into the history.
    pub history: Vec<String>,
    /// The error lines of the server's log.
    pub logged: Vec<String>,
    /// The server's own error that the event's other webhooks are lost with: it trips over a thrown value that has no stack.
    pub escapes: Option<String>,
}

/// What the server makes of a call of a method of an outgoing webhook, as far as the call itself goes.
pub fn outgoing(outcome: &Outcome, method: Method) -> Stepped {
    let name = method.name();
    let before = || vec![format!("execute-script-before-running-{name}")];
    let failed = || Stepped {
        history: vec![
            format!("execute-script-before-running-{name}"),
            format!("execute-script-error-running-{name}"),
        ],
        logged: vec!["Error running Script in the Integration".into()],
        escapes: None,
    };
    match &outcome.end {
        End::Unknown(_) | End::NoScript => Stepped::default(),
        // The request goes on as if there was no script.
        _ if outcome.failed_to_load => Stepped {
            logged: vec!["Error evaluating integration script".into()],
            ..Stepped::default()
        },
        End::NoMethod => Stepped {
            history: vec![format!("execute-script-no-method-{name}")],
            logged: vec!["Script method not found in the Integration".into()],
            escapes: None,
        },
        End::Threw(thrown) => match &thrown.value {
            ThrownValue::Error { .. } => failed(),
            ThrownValue::Other(value) => Stepped {
                history: before(),
                logged: Vec::new(),
                escapes: Some(match value {
                    Value::Null | Value::Undefined => format!(
                        "Cannot read properties of {} (reading 'stack')",
                        value.to_text()
                    ),
                    _ => "Cannot read properties of undefined (reading 'replace')".into(),
                }),
            },
        },
        End::OutOfMemory | End::IsolateGone | End::LoadTimedOut => failed(),
        End::Returned(_) | End::Hangs | End::NeverSettles => Stepped {
            history: before(),
            ..Stepped::default()
        },
    }
}
