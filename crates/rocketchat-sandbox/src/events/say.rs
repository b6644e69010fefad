//! What scripts and answers of outgoing webhooks say is posted.

use serde_json::{Value as Json, json};
use webhook_script::delivery::{self, Integration, Server as _};
use webhook_script::value::Value as Script;

use super::super::admission::inside;
use super::super::rules::posting::Posting;
use super::super::write::text;
use super::run::Run;

impl Run {
    /// Posts what a script or an answer says: what was posted, or why nothing was. `author` is the user that it is posted as where
    /// the integration impersonates.
    pub(super) fn say(&self, message: &Script, author: Option<String>) -> Result<Json, String> {
        let record = &self.of.record;
        let of = |key| text(record, key).unwrap_or_default().to_owned();
        let impersonates = record.get("impersonateUser") == Some(&Json::Bool(true));
        let (told, posts) = {
            let mut state = self.of.sandbox.lock();
            let mut call = inside(&self.of.sandbox, &mut state);
            let world = &call.state.world;
            let poster = if impersonates {
                world.user_named(&author.ok_or("invalid username")?)
            } else {
                None
            };
            let poster = poster.or_else(|| world.user_named(&of("username")));
            let Some(poster) = poster.map(|user| user.id.clone()) else {
                return Ok(json!([]));
            };
            if !matches!(message, Script::Object(_)) {
                return Err("Cannot create property 'channel' on string".to_owned());
            }
            let asked = match message.get("channel").filter(|channel| channel.is_truthy()) {
                Some(Script::String(channel)) => Some(channel.clone()),
                Some(_) => return Err("nameOrId.startsWith is not a function".to_owned()),
                None => None,
            };
            let mut posting = Posting { call: &mut call };
            let named = asked.is_some() || !message.get("roomId").is_some_and(Script::is_truthy);
            let target = asked.clone().unwrap_or_else(|| of("targetRoom"));
            let room = if target.is_empty() {
                None
            } else {
                match posting.room(&target, &poster) {
                    Ok(room) => Some(room.id),
                    Err(error) if asked.is_some() => return Err(error),
                    Err(_) => None,
                }
            };
            let room = room.or_else(|| self.of.happened.room.as_ref().map(|room| room.id.clone()));
            let mut message = message.clone();
            if let (Script::Object(fields), Some(room), true) = (&mut message, room, named) {
                let kind = posting
                    .call
                    .state
                    .world
                    .room(&room)
                    .map(|room| room.kind.clone());
                let sign = if kind.as_deref() == Some("d") {
                    "@"
                } else {
                    "#"
                };
                fields.retain(|(key, _)| key != "channel");
                fields.push((
                    "channel".to_owned(),
                    Script::String(format!("{sign}{room}")),
                ));
            }
            let integration = Integration {
                id: of("_id"),
                user_id: poster.clone(),
                channels: Vec::new(),
                alias: of("alias"),
                avatar: of("avatar"),
                emoji: of("emoji"),
                may_override_channel: true,
            };
            let posts = delivery::posts(&message, &poster, &integration, &mut posting)?;
            let told: Vec<_> = posts
                .iter()
                .map(|(channel, post)| json!({"channel": channel.to_plain_json(), "message": post}))
                .collect();
            (told, posts)
        };
        let posts = posts.into_iter().map(|(_, post)| post).collect();
        self.of.sandbox.post(posts, self.of.happened.chain);
        Ok(told.into())
    }
}
