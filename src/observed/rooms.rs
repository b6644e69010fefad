//! The rooms and users that integrations post to, as far as they were looked up, and what this account may do about
//! them (docs/server.md#channel-strings to 5.3).

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Permissions;
use crate::integration::Kind;
use crate::redactor::ServerText;

/// What an integration of a kind posts to, as it is written: `#ops`, `@maria`, `all_public_channels`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// The kind: the permissions of one say nothing of the other.
    pub kind: Kind,
    /// The target.
    pub name: String,
}

/// What the look-ups told. A target that nobody asked for is not in it.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    /// By target.
    pub found: BTreeMap<Target, TargetStatus>,
    /// What is special about rooms that are there, by how they are written.
    pub states: BTreeMap<String, RoomState>,
}

/// What decides whether a message gets into a room that is there. The server checks it at delivery, not when an integration is
/// saved (docs/server.md#silent-changes).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RoomState {
    /// Whether only some of its members may post.
    #[serde(skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// Whether nothing is posted any more.
    #[serde(skip_serializing_if = "is_false")]
    pub archived: bool,
    /// Whether only its members may post.
    #[serde(skip_serializing_if = "is_false")]
    pub private: bool,
    /// Whether these users are in it, as far as that was asked and told.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(it: &bool) -> bool {
    !it
}

/// That a user posts to a room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posting {
    /// The username.
    pub user: String,
    /// The room, as it is written.
    pub room: String,
}

/// What a look-up told of a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TargetStatus {
    /// It is there, and this account may post to it.
    Ok,
    /// There is no such room or user.
    Missing {
        /// One of nearly this name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        near: Option<ServerText>,
    },
    /// This account is not in the room, and may post to no other; or there is no such room.
    NotIn {
        /// One of nearly this name, in which it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        near: Option<ServerText>,
    },
    /// This account may let no integration post to users.
    NoUsers,
    /// This account may not use this scope.
    NoScope,
    /// It could not be told, for this reason.
    Unknown(String),
}

impl Rooms {
    /// What they tell of these targets.
    #[must_use]
    pub fn only(mut self, asked: &BTreeSet<Target>) -> Self {
        self.found.retain(|target, _| asked.contains(target));
        let names: BTreeSet<_> = asked.iter().map(|target| &target.name).collect();
        self.states.retain(|name, _| names.contains(name));
        self
    }
}

/// What this account may let integrations post to. `None` where its roles or the permissions are not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rights {
    incoming: Option<bool>,
    outgoing: Option<bool>,
    scopes: Option<bool>,
    public_rooms: Option<bool>,
    all_rooms: Option<bool>,
}

impl Rights {
    /// Of an account with these roles.
    pub fn of(roles: Option<&BTreeSet<ServerText>>, permissions: &Permissions) -> Self {
        let may = |permission: &str| Some(permissions.hold(roles?, permission));
        let all = |kind: Kind| may(&format!("manage-{}-integrations", kind.word()));
        let own = |kind: Kind| may(&format!("manage-own-{}-integrations", kind.word()));
        let both = |kind| Some(all(kind)? && own(kind)?);
        Self {
            incoming: both(Kind::Incoming),
            outgoing: both(Kind::Outgoing),
            scopes: all(Kind::Outgoing),
            public_rooms: may("view-c-room"),
            all_rooms: may("view-room-administration"),
        }
    }

    /// Whether it need not be in a room that integrations of this kind post to.
    pub fn are_free(self, kind: Kind) -> Option<bool> {
        match kind {
            Kind::Incoming => self.incoming,
            Kind::Outgoing => self.outgoing,
        }
    }

    /// Whether it may enter every public room.
    pub fn enter_public_rooms(self) -> Option<bool> {
        self.public_rooms
    }

    /// Whether it sees every room, also those that it may not enter.
    pub fn see_all_rooms(self) -> Option<bool> {
        self.all_rooms
    }

    /// Whether it may name all private groups, and all direct messages.
    pub fn hold_scopes(self) -> Option<bool> {
        self.scopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_both_permissions_of_a_kind_to_need_no_membership() {
        let held = |names: &[&str]| {
            let permissions =
                ["incoming", "own-incoming", "outgoing", "own-outgoing"].map(|name| {
                    let roles = names.contains(&name).then(|| "mine".into());
                    (
                        format!("manage-{name}-integrations"),
                        roles.into_iter().collect(),
                    )
                });
            let mine = BTreeSet::from(["mine".into()]);
            Rights::of(Some(&mine), &Permissions(permissions.into()))
        };
        let rights = held(&["incoming", "own-incoming", "outgoing"]);
        assert_eq!(rights.are_free(Kind::Incoming), Some(true));
        assert_eq!(rights.are_free(Kind::Outgoing), Some(false));
        assert_eq!(rights.hold_scopes(), Some(true));
        assert_eq!(held(&["own-outgoing"]).hold_scopes(), Some(false));
        let unknown = Rights::of(None, &Permissions::default());
        assert_eq!(
            (unknown.are_free(Kind::Incoming), unknown.hold_scopes()),
            (None, None)
        );
    }
}
