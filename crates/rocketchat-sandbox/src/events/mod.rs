//! What happens on the server, and the outgoing webhooks that it calls.
//!
//! An event finds the integrations that wait for it; each of their URLs is called in a run of its own (`run`). Nothing keeps a
//! webhook from answering itself, as on the server; here a chain ends after [`LONGEST_CHAIN`] steps.

mod answered;
mod http;
mod payload;
mod run;
mod say;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use webhook_script::delivery::Post;

use super::Sandbox;
use super::write::{Record, Room, User, text};
use run::{Escaped, Run, Trigger};

/// How many messages may follow from one another.
const LONGEST_CHAIN: u32 = 10;

/// How many events may be under way that follow from messages of webhooks: several that answer each other would be without end.
const MOST_FOLLOWING: usize = 64;

/// The events that outgoing webhooks wait for (docs/server.md#outgoing-events).
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum EventName {
    /// A message is sent.
    SendMessage,
    /// A file is uploaded.
    FileUploaded,
    /// A room is archived.
    RoomArchived,
    /// A room is created.
    RoomCreated,
    /// A user joins a room.
    RoomJoined,
    /// A user leaves a room.
    RoomLeft,
    /// A user is created.
    UserCreated,
}

impl EventName {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SendMessage,
        Self::FileUploaded,
        Self::RoomArchived,
        Self::RoomCreated,
        Self::RoomJoined,
        Self::RoomLeft,
        Self::UserCreated,
    ];

    /// As the server writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendMessage => "sendMessage",
            Self::FileUploaded => "fileUploaded",
            Self::RoomArchived => "roomArchived",
            Self::RoomCreated => "roomCreated",
            Self::RoomJoined => "roomJoined",
            Self::RoomLeft => "roomLeft",
            Self::UserCreated => "userCreated",
        }
    }

    /// Whether it carries a message.
    pub(super) const fn has_message(self) -> bool {
        matches!(self, Self::SendMessage | Self::FileUploaded)
    }

    /// Whether it happens in a room that integrations watch.
    pub(super) const fn is_in_room(self) -> bool {
        self.has_message() || matches!(self, Self::RoomJoined | Self::RoomLeft)
    }
}

/// Something that happens, as the control endpoint takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What happens.
    pub event: EventName,
    /// The room that it is about: its name or id.
    #[serde(default)]
    pub room: Option<String>,
    /// The username of whom it is about.
    #[serde(default)]
    pub user: Option<String>,
    /// The text of the message.
    #[serde(default)]
    pub text: String,
    /// The alias of the message.
    #[serde(default)]
    pub alias: Option<String>,
    /// Whether a webhook sent the message.
    #[serde(default)]
    pub bot: bool,
    /// Whether the message was edited.
    #[serde(default)]
    pub edited: bool,
    /// The thread of the message.
    #[serde(default)]
    pub tmid: Option<String>,
}

/// An event with what it is about.
pub(super) struct Happened {
    event: Event,
    room: Option<Room>,
    user: Option<User>,
    message_id: String,
    at: String,
    /// How many messages it follows from.
    chain: u32,
}

impl Sandbox {
    /// Lets something happen. Ends when the calls that follow are answered and what they answered is done, but for what is
    /// tried again; false when it names something that is not there.
    pub async fn happen(&self, event: Event) -> bool {
        let Some(me) = self.me.upgrade() else {
            return false;
        };
        let happened = {
            let mut state = self.lock();
            let room = event
                .room
                .as_deref()
                .map(|room| state.world.room(room).cloned());
            let user = event.user.as_deref();
            let user = user.map(|user| state.world.user_named(user).cloned());
            if matches!(room, Some(None)) || matches!(user, Some(None)) {
                return false;
            }
            Happened {
                event,
                room: room.flatten(),
                user: user.flatten(),
                message_id: state.ids.clear(17),
                at: self.clock.iso(),
                chain: 0,
            }
        };
        fire(me, happened).await;
        true
    }

    /// A message of a webhook was posted, which is an event too.
    fn posted(self: Arc<Self>, post: &Post, chain: u32) {
        let follows = self.following.fetch_add(1, Relaxed);
        if chain >= LONGEST_CHAIN || follows >= MOST_FOLLOWING {
            self.following.fetch_sub(1, Relaxed);
            tracing::warn!("webhooks answer each other: the chain ends here");
            return;
        }
        let happened = {
            let mut state = self.lock();
            let field = |key: &str| {
                post.fields
                    .get(key)
                    .and_then(Json::as_str)
                    .map(str::to_owned)
            };
            Happened {
                event: Event {
                    event: EventName::SendMessage,
                    room: None,
                    user: None,
                    text: field("text").unwrap_or_default(),
                    alias: field("alias").filter(|alias| !alias.is_empty()),
                    bot: true,
                    edited: false,
                    tmid: field("tmid"),
                },
                room: state.world.room(&post.room_id).cloned(),
                user: state.world.user_named(&post.username).cloned(),
                message_id: state.ids.clear(17),
                at: self.clock.iso(),
                chain,
            }
        };
        drop(tokio::spawn(async move {
            fire(Arc::clone(&self), happened).await;
            self.following.fetch_sub(1, Relaxed);
        }));
    }

    /// Keeps messages that webhooks posted, and lets follow what follows from them.
    pub(super) fn post(&self, posts: Vec<Post>, chain: u32) {
        for post in posts {
            let size = post
                .fields
                .values()
                .map(|value| value.to_string().len())
                .sum();
            self.lock().messages.push(post.clone(), size);
            if let Some(me) = self.me.upgrade() {
                me.posted(&post, chain + 1);
            }
        }
    }
}

/// Calls what waits for an event. The first error that a script does not keep to itself ends it for the others too.
fn fire(sandbox: Arc<Sandbox>, happened: Happened) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        let happened = Arc::new(happened);
        let waiting = {
            let state = sandbox.lock();
            let waiting = state
                .world
                .records()
                .filter(|record| waits(record, &happened));
            waiting.cloned().collect::<Vec<_>>()
        };
        let mut running = tokio::task::JoinSet::new();
        for record in waiting {
            let urls = record.get("urls").and_then(Json::as_array).cloned();
            for url in urls.unwrap_or_default() {
                let Some(url) = url.as_str() else { continue };
                let Some(word) = trigger_word(&record, &happened.event) else {
                    continue;
                };
                let trigger = Trigger {
                    sandbox: Arc::clone(&sandbox),
                    happened: Arc::clone(&happened),
                    record: record.clone(),
                    url: url.to_owned(),
                    word,
                    tries: 0,
                };
                match Run::new(trigger).prepare().await {
                    Ok(Some(prepared)) => drop(running.spawn(prepared.call())),
                    Ok(None) => {}
                    Err(Escaped) => {
                        running.join_all().await;
                        return;
                    }
                }
            }
        }
        running.join_all().await;
    })
}

/// Whether an integration waits for an event.
fn waits(record: &Record, happened: &Happened) -> bool {
    let event = &happened.event;
    let on = text(record, "type") == Some("webhook-outgoing")
        && record.get("enabled") == Some(&Json::Bool(true))
        && text(record, "event") == Some(event.event.as_str());
    let edits = !event.edited || record.get("runOnEdits") == Some(&Json::Bool(true));
    on && edits && (!event.event.is_in_room() || is_watched(record, happened))
}

/// Whether an integration looks at the room.
fn is_watched(record: &Record, happened: &Happened) -> bool {
    let Some(room) = &happened.room else {
        return false;
    };
    let listed = record.get("channel").and_then(Json::as_array);
    let listed: Vec<_> = listed
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    let has = |channel: &str| listed.contains(&channel);
    let named = |sign: &str, name: &str| has(&format!("{sign}{name}"));
    match room.kind.as_str() {
        "d" => {
            let (id, name) = match &happened.user {
                Some(user) => (user.id.as_str(), user.username.as_str()),
                None => ("", ""),
            };
            let other = room.id.replacen(id, "", 1);
            let others = room.usernames.iter().find(|other| *other != name);
            has("all_direct_messages")
                || named("@", &other)
                || others.is_some_and(|other| named("@", other))
        }
        kind => {
            let all = if kind == "c" {
                "all_public_channels"
            } else {
                "all_private_groups"
            };
            let none = listed.is_empty() && kind == "c";
            none || has(all) || named("#", &room.id) || named("#", room.shown())
        }
    }
}

/// The trigger word of a message: none where there need be none; nothing where one is missing.
#[expect(clippy::option_option, reason = "no word is needed, or none fits")]
fn trigger_word(record: &Record, event: &Event) -> Option<Option<String>> {
    let words = record.get("triggerWords").and_then(Json::as_array);
    let words: Vec<_> = words
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    if event.event != EventName::SendMessage || words.is_empty() {
        return Some(None);
    }
    let anywhere = record.get("triggerWordAnywhere") == Some(&Json::Bool(true));
    let fits = |word: &&&str| {
        if anywhere {
            event.text.contains(**word)
        } else {
            event.text.starts_with(**word)
        }
    };
    let found = words.iter().find(fits)?;
    Some(Some((*found).to_owned()))
}
