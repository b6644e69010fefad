//! What this account sees of what the server has (docs/server.md#list). A record that it does not see is to it as one that is
//! not there.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::integration::{ByKind, Kind};
use crate::redactor::ServerText;

/// What this account sees of the integrations of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Sight {
    /// Nobody asked, because nothing depended on it.
    #[default]
    NotAsked,
    /// All of them.
    All,
    /// Those alone that it made itself.
    Own,
    /// None.
    Nothing,
    /// It could not be told.
    Unknown,
}

impl Sight {
    /// Whether there may be some that it does not see.
    pub fn is_partial(self) -> bool {
        matches!(self, Self::Own | Self::Nothing | Self::Unknown)
    }
}

/// What this account sees, kind by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct View(ByKind<Sight>);

impl View {
    /// It could not be told.
    pub fn unknown() -> Self {
        Self(ByKind::new(|_| Sight::Unknown))
    }

    /// What an account with these roles sees.
    pub fn of(roles: &BTreeSet<ServerText>, permissions: &Permissions) -> Self {
        let may = |permission: &str| permissions.hold(roles, permission);
        let all = |kind: Kind| may(&format!("manage-{}-integrations", kind.word()));
        let own = |kind: Kind| may(&format!("manage-own-{}-integrations", kind.word()));
        let sight = |kind| {
            // Who may manage all of one kind and their own of both sees only their own of both.
            let of_both = |may: &dyn Fn(Kind) -> bool| Kind::ALL.into_iter().all(may);
            if of_both(&all) {
                Sight::All
            } else if of_both(&own) {
                Sight::Own
            } else if all(kind) {
                Sight::All
            } else if own(kind) {
                Sight::Own
            } else {
                Sight::Nothing
            }
        };
        Self(ByKind::new(sight))
    }

    /// What it sees of a kind.
    pub fn sight(&self, kind: Kind) -> Sight {
        self.0.get(kind)
    }

    /// Whether there may be records that it does not see.
    pub fn is_partial(&self) -> bool {
        self.0.iter().any(|(_, sight)| sight.is_partial())
    }
}

/// Which roles hold which permission.
#[derive(Clone, Debug, Default)]
pub struct Permissions(pub BTreeMap<String, BTreeSet<ServerText>>);

impl Permissions {
    /// The permission to post under another name (docs/server.md#posting-user).
    const IMPERSONATE: &'static str = "message-impersonate";

    /// The roles that hold a permission, if the server knows it.
    fn holders(&self, permission: &str) -> Option<&BTreeSet<ServerText>> {
        self.0.get(permission)
    }

    /// Whether one of these roles holds a permission.
    pub fn hold(&self, roles: &BTreeSet<ServerText>, permission: &str) -> bool {
        let holders = self.holders(permission);
        holders.is_some_and(|holders| !holders.is_disjoint(roles))
    }

    /// The roles that may impersonate, if the server knows the permission.
    pub fn impersonators(&self) -> Option<&BTreeSet<ServerText>> {
        self.holders(Self::IMPERSONATE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Sight::{All, Nothing, Own};

    fn view(held: &[&str]) -> (Sight, Sight) {
        let names = ["incoming", "outgoing", "own-incoming", "own-outgoing"];
        let permissions = names.map(|name| {
            let roles = held.contains(&name).then(|| "mine".into());
            let roles = roles.into_iter().chain(["theirs".into()]).collect();
            (format!("manage-{name}-integrations"), roles)
        });
        let roles = BTreeSet::from(["user".into(), "mine".into()]);
        let view = View::of(&roles, &Permissions(permissions.into()));
        (view.sight(Kind::Incoming), view.sight(Kind::Outgoing))
    }

    #[test]
    fn what_is_seen_follows_the_permissions() {
        let table: [(&[&str], _); 12] = [
            (&["incoming", "outgoing"], (All, All)),
            (
                &["incoming", "outgoing", "own-incoming", "own-outgoing"],
                (All, All),
            ),
            (&["own-incoming", "own-outgoing"], (Own, Own)),
            // Even if all of one kind may be managed.
            (&["incoming", "own-incoming", "own-outgoing"], (Own, Own)),
            (&["outgoing", "own-incoming", "own-outgoing"], (Own, Own)),
            (&["incoming"], (All, Nothing)),
            (&["outgoing"], (Nothing, All)),
            (&["own-incoming"], (Own, Nothing)),
            (&["own-outgoing"], (Nothing, Own)),
            (&["incoming", "own-outgoing"], (All, Own)),
            (&["incoming", "own-incoming"], (All, Nothing)),
            (&[], (Nothing, Nothing)),
        ];
        for (held, seen) in table {
            assert_eq!(view(held), seen, "{held:?}");
        }
    }

    #[test]
    fn a_permission_that_the_server_does_not_know_is_held_by_nobody() {
        let roles = BTreeSet::from(["admin".into()]);
        let view = View::of(&roles, &Permissions::default());
        assert_eq!(view.sight(Kind::Incoming), Nothing);
        assert!(view.is_partial() && View::unknown().is_partial());
        assert!(!View::default().is_partial());
    }
}
