//! The users that were looked up: what is known of whom integrations post as.

use std::collections::{BTreeMap, BTreeSet};

use super::ServerFacts;
use crate::redactor::ServerText;

/// What the look-ups told. A user that nobody asked for is not in it.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// By username.
    pub found: BTreeMap<String, Found>,
    /// The roles that may impersonate, where that was asked and told.
    pub impersonators: Option<BTreeSet<ServerText>>,
}

/// What a look-up told.
#[derive(Clone, Debug)]
pub enum Found {
    /// There is such a user.
    User(User),
    /// There is none of exactly this name.
    Nobody,
    /// It could not be told, for this reason.
    Unknown(String),
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    /// The id.
    pub id: ServerText,
    /// The roles, where this account may see them (docs/server.md#looking-up-users-and-rooms).
    pub roles: Option<BTreeSet<ServerText>>,
    /// Whether the user is active, where the server says so.
    pub active: Option<bool>,
}

impl Users {
    /// What they tell of these users, and of the impersonators if that is asked.
    #[must_use]
    pub fn only(mut self, names: &BTreeSet<String>, impersonators: bool) -> Self {
        self.found.retain(|name, _| names.contains(name));
        self.impersonators = self.impersonators.filter(|_| impersonators);
        self
    }

    /// The user of that name, if one was found.
    pub fn user(&self, name: &str) -> Option<&User> {
        match self.found.get(name)? {
            Found::User(user) => Some(user),
            Found::Nobody | Found::Unknown(_) => None,
        }
    }

    /// The id of the user of that name. The account's own needs no look-up.
    pub fn id_of<'a>(&'a self, name: &str, server: &'a ServerFacts) -> Option<&'a ServerText> {
        match self.user(name) {
            Some(user) => Some(&user.id),
            None => (name == server.username.raw()).then_some(&server.user_id),
        }
    }

    /// Whether there is certainly no user of that name.
    pub fn is_nobody(&self, name: &str) -> bool {
        matches!(self.found.get(name), Some(Found::Nobody))
    }

    /// Whether the user may impersonate; `None` where roles or permissions are not known.
    pub fn may_impersonate(&self, name: &str) -> Option<bool> {
        let roles = self.user(name)?.roles.as_ref()?;
        Some(!roles.is_disjoint(self.impersonators.as_ref()?))
    }
}
