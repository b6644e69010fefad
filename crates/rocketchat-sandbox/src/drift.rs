//! What happens on a server without its integration endpoints being asked (docs/server.md#silent-changes).
//!
//! Each action is done as the server would do it, with all that follows for the integrations.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::state::State;
use super::write::{Record, Room, Write, text};

/// Something that happens on the server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// A room takes another name: integrations follow.
    RenameRoom {
        /// Its name or id.
        from: String,
        /// Its new name.
        to: String,
    },
    /// A room is deleted: integrations keep the dead channel.
    DeleteRoom {
        /// Its name or id.
        room: String,
    },
    /// A user takes another username: integrations keep the stale one.
    RenameUser {
        /// The old username.
        from: String,
        /// The new one.
        to: String,
    },
    /// A user is deleted: integrations that post as it are disabled.
    DeleteUser {
        /// Its username.
        username: String,
    },
    /// The target of an outgoing integration answers 410: it is disabled.
    TargetGone {
        /// The integration.
        id: String,
    },
    /// Someone changes fields of an integration in the web form.
    ChangeIntegration {
        /// The integration.
        id: String,
        /// The fields and their new values.
        set: Map<String, Value>,
    },
    /// Someone deletes an integration in the web form.
    DeleteIntegration {
        /// The integration.
        id: String,
    },
    /// An administrator changes a setting.
    ChangeSetting {
        /// Its name.
        name: String,
        /// Its new value.
        value: Value,
    },
    /// An administrator gives a user other roles.
    ChangeRoles {
        /// The username.
        username: String,
        /// All its roles from now on.
        roles: Vec<String>,
    },
}

/// What an action comes to; nothing when it names something that is not there.
pub(super) fn act(state: &mut State, action: Action, now: &str) -> bool {
    writes(state, action, now).is_some_and(|writes| state.write(writes).is_ok())
}

/// The writes of an action.
fn writes(state: &State, action: Action, now: &str) -> Option<Vec<Write>> {
    let world = &state.world;
    match action {
        Action::RenameRoom { from, to } => {
            let room = world.room(&from)?.clone();
            let old = room.name.as_ref().map(|name| format!("#{name}"));
            let new = format!("#{to}");
            let renamed = world
                .records()
                .filter_map(|record| renamed(record, old.as_deref()?, &new));
            let mut writes: Vec<_> = renamed
                .map(|record| Write::Record(moved(record, now)))
                .collect();
            let name = Some(to);
            writes.push(Write::Room(Room { name, ..room }));
            Some(writes)
        }
        Action::DeleteRoom { room } => Some(vec![Write::RoomGone(world.room(&room)?.id.clone())]),
        Action::RenameUser { from, to } => {
            let mut user = world.user_named(&from)?.clone();
            user.username = to;
            Some(vec![Write::User(user)])
        }
        Action::DeleteUser { username } => {
            let id = world.user_named(&username)?.id.clone();
            let posting = world
                .records()
                .filter(|record| text(record, "userId") == Some(&id));
            let disabled = posting.map(|record| Write::Record(moved(disabled(record), now)));
            Some(disabled.chain([Write::UserGone(id.clone())]).collect())
        }
        Action::TargetGone { id } => {
            // The server calls nothing for the others.
            let record = world.record(&id).filter(|it| it.contains_key("urls"))?;
            let first = record.get("urls").and_then(Value::as_array);
            // The entry is made before the call and holds the integration as it was then; a call that comes to an
            // error is never called finished.
            let entry = json!({
                "_id": format!("{id}-{now}"),
                "type": "outgoing-webhook",
                "step": "after-process-http-status-410",
                "integration": record,
                "event": record.get("event"),
                "url": first.and_then(|urls| urls.first()),
                "httpResult": "Gone",
                "error": true,
                "finished": false,
                "_createdAt": now,
                "_updatedAt": now,
            });
            let record = moved(disabled(record), now);
            let entry = entry.as_object().cloned().unwrap_or_default();
            Some(vec![Write::Record(record), Write::History(entry)])
        }
        Action::ChangeIntegration { id, set } => {
            let mut record = world.record(&id)?.clone();
            record.extend(set);
            Some(vec![Write::Record(moved(record, now))])
        }
        Action::DeleteIntegration { id } => {
            world.record(&id)?;
            Some(vec![Write::RecordGone(id.clone()), Write::HistoryGone(id)])
        }
        Action::ChangeSetting { name, value } => Some(vec![Write::Setting(name, value)]),
        Action::ChangeRoles { username, roles } => {
            let mut user = world.user_named(&username)?.clone();
            user.roles = roles;
            Some(vec![Write::User(user)])
        }
    }
}

/// A record with `_updatedAt` moved; `_updatedBy` stays, since nobody updated it.
fn moved(mut record: Record, now: &str) -> Record {
    record.insert("_updatedAt".to_owned(), now.into());
    record
}

/// A record that is switched off.
fn disabled(record: &Record) -> Record {
    let mut record = record.clone();
    record.insert("enabled".to_owned(), false.into());
    record
}

/// A record that lists the old channel, with the new one in its place.
fn renamed(record: &Record, old: &str, new: &str) -> Option<Record> {
    let mut record = record.clone();
    let channels = record.get_mut("channel")?.as_array_mut()?;
    let channel = channels
        .iter_mut()
        .find(|channel| channel.as_str() == Some(old))?;
    *channel = new.into();
    Some(record)
}
