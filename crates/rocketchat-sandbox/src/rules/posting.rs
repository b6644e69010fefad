//! Where the messages of webhooks may go: rooms are found, joined or made, and may still refuse a message.

use webhook_script::delivery::{Room, Server, User};

use super::super::write::{Room as Stored, Subscription, User as Account, Write};
use super::Call;

/// The server, while messages are posted.
pub(in super::super) struct Posting<'c, 's> {
    pub(in super::super) call: &'c mut Call<'s>,
}

const NOT_ALLOWED: &str = "error-not-allowed";

impl Server for Posting<'_, '_> {
    fn room(&mut self, channel: &str, poster: &str) -> Result<Room, String> {
        let poster = self.call.state.world.user(poster).cloned();
        let poster = poster.ok_or(NOT_ALLOWED)?;
        let room = match channel.split_at_checked(1) {
            Some(("#", name)) => self.named(name),
            Some(("@", name)) => {
                let user = self.account(name, true);
                match user {
                    Some(user) => Some(self.direct(&poster, &user)?),
                    None => self.named(name).filter(|room| room.kind == "d"),
                }
            }
            _ => match self.named(channel) {
                Some(room) => Some(room),
                None => match self.account(channel, false) {
                    Some(user) => Some(self.direct(&poster, &user)?),
                    None => None,
                },
            },
        };
        let room = room.ok_or("invalid-channel")?;
        self.enter(&room, &poster)?;
        Ok(Room {
            shown: room.shown().to_owned(),
            id: room.id,
        })
    }

    fn user(&self, id: &str) -> Option<User> {
        let world = &self.call.state.world;
        world.user(id).map(|user| User {
            id: user.id.clone(),
            username: user.username.clone(),
            may_impersonate: world.may(user, "message-impersonate"),
        })
    }

    fn longest_message(&self) -> usize {
        let longest = self.call.state.world.number("Message_MaxAllowedSize", 5000);
        usize::try_from(longest).unwrap_or(usize::MAX)
    }

    fn admits(&self, room: &Room, author: &User, text: &str) -> Result<(), String> {
        let world = &self.call.state.world;
        let (Some(room), Some(user)) = (world.room(&room.id), world.user(&author.id)) else {
            return Err(NOT_ALLOWED.to_owned());
        };
        let known = |names: &[String]| names.contains(&user.username);
        if room.archived {
            return Err("room_is_archived".to_owned());
        }
        let subscription = world.subscription(&room.id, &user.id);
        if subscription.is_some_and(|it| it.blocked || it.blocker) {
            return Err("room_is_blocked".to_owned());
        }
        if room.ro && !world.may(user, "post-readonly") && !known(&room.unmuted) {
            return Err("You can't send messages because the room is readonly.".to_owned());
        }
        if known(&room.muted) {
            return Err("You_have_been_muted".to_owned());
        }
        let mentions = |word: &str| {
            text.split(|c: char| !(c.is_alphanumeric() || "@_.-".contains(c)))
                .any(|one| one.trim_end_matches('.') == word)
        };
        for (word, permission) in [("@all", "mention-all"), ("@here", "mention-here")] {
            if mentions(word) && !world.may(user, permission) {
                return Err("error-action-not-allowed".to_owned());
            }
        }
        Ok(())
    }
}

impl Posting<'_, '_> {
    fn named(&mut self, name: &str) -> Option<Stored> {
        let known = self.call.state.world.room(name).cloned();
        if known.is_some() || self.call.state.world.user(name).is_some() {
            return known;
        }
        let made_up = self.call.made_up_room(name)?;
        self.call.write(Write::Room(made_up.clone())).ok()?;
        Some(made_up)
    }

    fn account(&mut self, name: &str, by_username: bool) -> Option<Account> {
        let world = &self.call.state.world;
        let by_id = world.user(name);
        let found = by_id.or_else(|| world.user_named(name).filter(|_| by_username));
        let found = found.cloned();
        match found {
            None if by_username => self.call.user_named(name).ok().flatten(),
            found => found,
        }
    }

    /// The room of direct messages between two, which is made where there is none.
    fn direct(&mut self, poster: &Account, other: &Account) -> Result<Stored, String> {
        let mut ids = [poster.id.as_str(), other.id.as_str()];
        ids.sort_unstable();
        // With oneself it is a room of one.
        let id = if poster.id == other.id {
            poster.id.repeat(2)
        } else {
            ids.concat()
        };
        let world = &self.call.state.world;
        if let Some(room) = world.room(&id) {
            return Ok(room.clone());
        }
        if !world.may(poster, "create-d") {
            return Err(NOT_ALLOWED.to_owned());
        }
        let room = Stored {
            name: None,
            kind: "d".to_owned(),
            uids: ids.map(str::to_owned).to_vec(),
            usernames: vec![poster.username.clone(), other.username.clone()],
            ..Stored::public(id.clone(), "")
        };
        let joined = ids.map(|uid| Write::Subscription(Subscription::new(id.clone(), uid)));
        let writes = [Write::Room(room.clone())].into_iter().chain(joined);
        for write in writes {
            self.call
                .write(write)
                .map_err(|_| "internal error".to_owned())?;
        }
        Ok(room)
    }

    /// Lets the poster into a room, if the poster may go there.
    fn enter(&mut self, room: &Stored, poster: &Account) -> Result<(), String> {
        let world = &self.call.state.world;
        if world.is_subscribed(&room.id, &poster.id) {
            return Ok(());
        }
        let is_open = room.kind == "c"
            && world.may(poster, "view-c-room")
            && (room.team_kind.as_deref() != Some("private")
                || room.team_members.contains(&poster.id));
        if !is_open {
            return Err(NOT_ALLOWED.to_owned());
        }
        // Nobody joins what is archived: the message is refused for that.
        if room.archived {
            return Ok(());
        }
        if room.join_code && !world.may(poster, "join-without-join-code") {
            return Err("error-code-required".to_owned());
        }
        let joined = Write::Subscription(Subscription::new(room.id.clone(), poster.id.clone()));
        self.call
            .write(joined)
            .map_err(|_| "internal error".to_owned())
    }
}
