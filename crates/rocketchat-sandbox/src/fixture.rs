//! Where a world begins: a fixture file, or the built-in world of a fresh server.
//!
//! The format is that of `tests/conformance/fixture.json`.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::ids::Ids;
use super::write::{Room, Subscription, User, Write};

/// Users, rooms, roles and settings that a world begins with.
#[derive(Clone, Debug, Deserialize)]
pub struct Fixture {
    #[serde(default)]
    settings: BTreeMap<String, Value>,
    #[serde(default)]
    users: Vec<User>,
    /// Each role with its permissions.
    #[serde(default)]
    roles: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    rooms: Vec<Room>,
    #[serde(default)]
    subscriptions: Vec<Subscription>,
}

/// The roles that hold a permission on a fresh server (docs/server.md#permissions).
const DEFAULT_ROLES: &[(&str, &[&str])] = &[
    ("access-permissions", &["admin"]),
    ("create-d", &["admin", "user", "bot", "app"]),
    ("join-without-join-code", &["admin", "bot", "app"]),
    ("mention-all", &["admin", "user"]),
    ("mention-here", &["admin", "user"]),
    ("post-readonly", &["admin"]),
    ("api-bypass-rate-limit", &["admin", "bot", "app"]),
    ("create-personal-access-tokens", &["admin", "user"]),
    ("manage-incoming-integrations", &["admin"]),
    ("manage-outgoing-integrations", &["admin"]),
    ("manage-own-incoming-integrations", &["admin"]),
    ("manage-own-outgoing-integrations", &["admin"]),
    ("message-impersonate", &["bot", "app"]),
    ("view-c-room", &["admin", "user", "bot", "app"]),
    ("view-full-other-user-info", &["admin"]),
    ("view-room-administration", &["admin"]),
    ("view-statistics", &["admin"]),
];

impl Fixture {
    /// Reads the bytes of a fixture; or says where they are unsound.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes)
            .map_err(|error| format!("line {} column {}", error.line(), error.column()))
    }

    /// A fresh server: an administrator, the cat, one public room.
    pub(crate) fn built_in(ids: &mut Ids) -> Self {
        let user = |id: &str, username: &str, roles: &[&str], token: Option<String>| User {
            id: id.to_owned(),
            username: username.to_owned(),
            name: None,
            kind: None,
            roles: roles.iter().map(ToString::to_string).collect(),
            active: true,
            password: None,
            token,
        };
        let admin = ids.clear(17);
        let users = vec![
            user(&admin, "admin", &["admin", "user"], Some(ids.clear(43))),
            user("rocket.cat", "rocket.cat", &["bot"], None),
        ];
        let room = Room::public("GENERAL".to_owned(), "general");
        let subscription = Subscription::new(room.id.clone(), admin);
        let mut roles = BTreeMap::<_, Vec<_>>::new();
        for (permission, holders) in DEFAULT_ROLES {
            for role in *holders {
                let held = roles.entry((*role).to_owned()).or_default();
                held.push((*permission).to_owned());
            }
        }
        Self {
            settings: BTreeMap::new(),
            users,
            roles,
            rooms: vec![room],
            subscriptions: vec![subscription],
        }
    }

    /// The writes that make this world. A permission that no role has is held by nobody.
    pub(crate) fn writes(self) -> impl Iterator<Item = Write> {
        let known = DEFAULT_ROLES
            .iter()
            .map(|(name, _)| ((*name).to_owned(), BTreeSet::new()));
        let mut permissions: BTreeMap<String, BTreeSet<String>> = known.collect();
        for (role, held) in self.roles {
            for permission in held {
                let holders = permissions.entry(permission).or_default();
                holders.insert(role.clone());
            }
        }
        let settings = self.settings.into_iter();
        settings
            .map(|(name, value)| Write::Setting(name, value))
            .chain(
                permissions
                    .into_iter()
                    .map(|(name, roles)| Write::Permission(name, roles)),
            )
            .chain(self.users.into_iter().map(Write::User))
            .chain(self.rooms.into_iter().map(Write::Room))
            .chain(self.subscriptions.into_iter().map(Write::Subscription))
            .chain([Write::Filled])
    }
}

#[cfg(test)]
mod tests {
    use super::super::world::World;
    use super::*;

    fn world(fixture: Fixture) -> World {
        fixture.writes().collect()
    }

    #[test]
    fn a_left_out_active_is_true_and_an_unheld_permission_is_held_by_nobody() {
        let text = r#"{"users": [{"_id": "u", "username": "ann", "roles": ["admin"]}],
            "roles": {"admin": ["manage-incoming-integrations"]}}"#;
        let world = world(serde_json::from_str(text).expect("a fixture"));
        let ann = world.user_named("ann").expect("ann");
        assert!(ann.active && world.may(ann, "manage-incoming-integrations"));
        assert!(!world.may(ann, "manage-outgoing-integrations") && world.token_of("u").is_none());
    }

    #[test]
    fn the_built_in_administrator_may_not_impersonate() {
        let world = world(Fixture::built_in(&mut Ids::new(Some(1))));
        let admin = world.user_named("admin").expect("the administrator");
        let cat = world.user_named("rocket.cat").expect("the cat");
        assert!(!world.may(admin, "message-impersonate") && world.may(cat, "message-impersonate"));
        assert!(
            world.may(admin, "manage-own-outgoing-integrations")
                && world.token_of(&admin.id).is_some()
        );
        assert_eq!(world.room("general"), world.room("GENERAL"));
    }
}
