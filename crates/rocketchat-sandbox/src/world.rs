//! What the server knows: users, permissions, rooms, subscriptions, settings, integrations, history.
//!
//! Owns the state and the only way to change it: a [`Write`].
//! Looks nothing up linearly that a request needs once. Decides nothing: that is `rules`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::write::{Record, Room, Subscription, User, Write, text};

/// How many entries of the history are kept, of all integrations.
const MOST_HISTORY: usize = 10_000;

/// The state of one server.
#[derive(Debug, Default)]
pub(crate) struct World {
    users: BTreeMap<String, User>,
    usernames: BTreeMap<String, String>,
    tokens: BTreeSet<(String, String)>,
    rooms: BTreeMap<String, Room>,
    room_names: BTreeMap<String, String>,
    subscriptions: BTreeSet<Subscription>,
    permissions: BTreeMap<String, BTreeSet<String>>,
    settings: BTreeMap<String, Value>,
    /// Integrations by the order of their insertion.
    records: BTreeMap<u64, Record>,
    places: BTreeMap<String, u64>,
    inserted: u64,
    filled: bool,
    history: Vec<Record>,
}

impl FromIterator<Write> for World {
    fn from_iter<I: IntoIterator<Item = Write>>(writes: I) -> Self {
        let mut world = Self::default();
        writes.into_iter().for_each(|write| world.apply(write));
        world
    }
}

impl World {
    /// Changes the state.
    pub(crate) fn apply(&mut self, write: Write) {
        match write {
            Write::User(user) => self.put_user(user),
            Write::UserGone(id) => self.drop_user(&id),
            Write::Room(room) => self.put_room(room),
            Write::RoomGone(id) => self.drop_room(&id),
            Write::Subscription(subscription) => drop(self.subscriptions.insert(subscription)),
            Write::Permission(name, roles) => drop(self.permissions.insert(name, roles)),
            Write::Setting(name, value) => drop(self.settings.insert(name, value)),
            Write::Token(user, token) => drop(self.tokens.insert((user, token))),
            Write::TokenGone(user, token) => drop(self.tokens.remove(&(user, token))),
            Write::Record(record) => self.put_record(record),
            Write::RecordGone(id) => {
                if let Some(place) = self.places.remove(&id) {
                    self.records.remove(&place);
                }
            }
            Write::History(entry) => self.put_history(entry),
            Write::Filled => self.filled = true,
            Write::HistoryGone(id) => self.history.retain(|entry| history_of(entry) != Some(&id)),
        }
    }

    /// The writes that lead from nothing to this state, in an order that keeps every list's order.
    pub(crate) fn writes(&self) -> impl Iterator<Item = Write> {
        let settings = self.settings.clone().into_iter();
        let permissions = self.permissions.clone().into_iter();
        let tokens = self.tokens.iter().cloned();
        settings
            .map(|(name, value)| Write::Setting(name, value))
            .chain(permissions.map(|(name, roles)| Write::Permission(name, roles)))
            .chain(self.users.values().cloned().map(Write::User))
            .chain(tokens.map(|(user, token)| Write::Token(user, token)))
            .chain(self.rooms.values().cloned().map(Write::Room))
            .chain(self.subscriptions.iter().cloned().map(Write::Subscription))
            // Before what was made in it: no end that is lost makes it look as if it had never been whole.
            .chain(self.filled.then_some(Write::Filled))
            .chain(self.records.values().cloned().map(Write::Record))
            .chain(self.history.iter().cloned().map(Write::History))
    }

    /// A user appears, or takes other properties.
    fn put_user(&mut self, mut user: User) {
        if let Some(old) = self.users.get(&user.id) {
            self.usernames.remove(&old.username);
        }
        // Kept among the tokens alone, so that a logout takes it away for good.
        if let Some(token) = user.token.take() {
            self.tokens.insert((user.id.clone(), token));
        }
        self.usernames
            .insert(user.username.clone(), user.id.clone());
        self.users.insert(user.id.clone(), user);
    }

    /// A user goes, and all that hangs on it.
    fn drop_user(&mut self, id: &str) {
        if let Some(user) = self.users.remove(id) {
            self.usernames.remove(&user.username);
        }
        self.tokens.retain(|(holder, _)| holder != id);
        self.subscriptions
            .retain(|subscription| subscription.uid != id);
    }

    /// A room appears, or takes another name.
    fn put_room(&mut self, room: Room) {
        if let Some(old) = self.rooms.get(&room.id).and_then(|old| old.name.as_ref()) {
            self.room_names.remove(old);
        }
        if let Some(name) = &room.name {
            self.room_names.insert(name.clone(), room.id.clone());
        }
        self.rooms.insert(room.id.clone(), room);
    }

    /// A room goes, and all that hangs on it.
    fn drop_room(&mut self, id: &str) {
        if let Some(name) = self.rooms.remove(id).and_then(|room| room.name) {
            self.room_names.remove(&name);
        }
        self.subscriptions
            .retain(|subscription| subscription.rid != id);
    }

    /// An integration appears at the end, or changes where it is.
    fn put_record(&mut self, record: Record) {
        let id = text(&record, "_id").unwrap_or_default().to_owned();
        let place = *self.places.entry(id).or_insert_with(|| {
            self.inserted += 1;
            self.inserted
        });
        self.records.insert(place, record);
    }

    /// An entry of the history appears, or goes on. The oldest are forgotten.
    fn put_history(&mut self, entry: Record) {
        let id = text(&entry, "_id");
        let mut newest = self.history.iter_mut().rev();
        match newest.find(|known| id.is_some() && text(known, "_id") == id) {
            Some(known) => *known = entry,
            None => self.history.push(entry),
        }
        if self.history.len() > MOST_HISTORY {
            self.history.drain(..MOST_HISTORY / 2);
        }
    }

    /// Whether it has all that it begins with. If not, it was given up while it was being made. Something was made in
    /// it only afterwards.
    pub(crate) fn is_filled(&self) -> bool {
        self.filled || !self.records.is_empty() || !self.history.is_empty()
    }

    /// The user with this `_id`.
    pub(crate) fn user(&self, id: &str) -> Option<&User> {
        self.users.get(id)
    }

    /// The user with exactly this username.
    pub(crate) fn user_named(&self, username: &str) -> Option<&User> {
        self.users.get(self.usernames.get(username)?)
    }

    /// Every user, by `_id`.
    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The room with this `_id` or this slug (docs/server.md#existence).
    pub(crate) fn room(&self, key: &str) -> Option<&Room> {
        self.rooms
            .get(key)
            .or_else(|| self.rooms.get(self.room_names.get(key)?))
    }

    /// Every room, by `_id`.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    /// Whether the user is in the room.
    pub(crate) fn is_subscribed(&self, rid: &str, uid: &str) -> bool {
        self.subscription(rid, uid).is_some()
    }

    /// How the user is in the room.
    pub(crate) fn subscription(&self, rid: &str, uid: &str) -> Option<&Subscription> {
        let least = Subscription::new(rid, uid);
        let found = self.subscriptions.range(least..).next()?;
        (found.rid == rid && found.uid == uid).then_some(found)
    }

    /// Whether this user holds this token.
    pub(crate) fn holds_token(&self, user: &str, token: &str) -> bool {
        self.tokens.contains(&(user.to_owned(), token.to_owned()))
    }

    /// Any token of this user.
    pub(crate) fn token_of(&self, user: &str) -> Option<&str> {
        let from = (user.to_owned(), String::new());
        let (holder, token) = self.tokens.range(from..).next()?;
        (holder == user).then_some(token)
    }

    /// The holder of a token.
    pub(crate) fn token_holder(&self, token: &str) -> Option<&str> {
        let found = self.tokens.iter().find(|(_, held)| held == token)?;
        Some(&found.0)
    }

    /// Whether one of the user's roles holds the permission.
    pub(crate) fn may(&self, user: &User, permission: &str) -> bool {
        let roles = self.permissions.get(permission);
        roles.is_some_and(|roles| user.roles.iter().any(|role| roles.contains(role)))
    }

    /// Every permission with the roles that hold it.
    pub(crate) fn permissions(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.permissions
    }

    /// A numeric setting.
    pub(crate) fn number(&self, name: &str, otherwise: u64) -> u64 {
        let value = self.settings.get(name);
        value.and_then(Value::as_u64).unwrap_or(otherwise)
    }

    /// A switch among the settings.
    pub(crate) fn flag(&self, name: &str, otherwise: bool) -> bool {
        let value = self.settings.get(name);
        value.and_then(Value::as_bool).unwrap_or(otherwise)
    }

    /// A setting of text.
    pub(crate) fn word(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    /// The integration with this `_id`.
    pub(crate) fn record(&self, id: &str) -> Option<&Record> {
        self.records.get(self.places.get(id)?)
    }

    /// Every integration in the order of insertion.
    pub(crate) fn records(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// Every integration by `_id`.
    pub(crate) fn records_by_id(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.places
            .values()
            .filter_map(|place| self.records.get(place))
    }

    /// The history of an integration, oldest first.
    pub(crate) fn history(&self, id: &str) -> impl Iterator<Item = &Record> {
        self.history
            .iter()
            .filter(move |entry| history_of(entry) == Some(id))
    }
}

/// The `_id` of the integration that a history entry is about.
fn history_of(entry: &Record) -> Option<&str> {
    entry.get("integration")?.get("_id")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(id: &str, name: &str) -> Write {
        let value = json!({"_id": id, "name": name});
        Write::Record(value.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn a_replaced_record_keeps_its_place() {
        let writes = [record("b", "one"), record("a", "two"), record("b", "three")];
        let world: World = writes.into_iter().collect();
        let names: Vec<_> = world
            .records()
            .filter_map(|record| text(record, "name"))
            .collect();
        assert_eq!(names, ["three", "two"]);
        let by_id: Vec<_> = world
            .records_by_id()
            .filter_map(|record| text(record, "name"))
            .collect();
        assert_eq!(by_id, ["two", "three"]);
    }

    #[test]
    fn the_writes_of_a_world_lead_to_it_again() {
        let user = User {
            id: "u".into(),
            username: "ann".into(),
            name: None,
            kind: None,
            roles: vec!["admin".into()],
            active: true,
            password: None,
            token: None,
        };
        let writes = [
            Write::User(user),
            Write::Token("u".into(), "t".into()),
            Write::Permission("p".into(), BTreeSet::from(["admin".to_owned()])),
            record("b", "one"),
            record("a", "two"),
        ];
        let world: World = writes.into_iter().collect();
        let again: World = world.writes().collect();
        assert_eq!(format!("{again:?}"), format!("{world:?}"));
        assert_eq!(world.writes().count(), 5);
        assert!(
            again.may(again.user_named("ann").expect("a user"), "p") && again.holds_token("u", "t")
        );
    }
}
