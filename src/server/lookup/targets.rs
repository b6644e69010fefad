//! Whether rooms and users are there, and this account may let integrations post to them: with as few requests as can
//! be. What a record names proves nothing: a room that is deleted leaves its name in it (docs/server.md#silent-changes).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::super::Reader;
use super::delivery::Seen;
use super::{USER, all, told};
use crate::client::ServerError;
use crate::integration::Kind;
use crate::observed::{Questions, Rights, Rooms, Target, TargetStatus};
use crate::redactor::ServerText;
use crate::words::nearest;

const OWN_ROOMS: &str = "api/v1/subscriptions.get";
const PUBLIC_ROOMS: &str = "api/v1/channels.list";
const ROOM: &str = "api/v1/rooms.info";

/// How a user is asked for, and a room: first by name, then by id. Endpoint, query and the key in the answer.
const BY_USER: [(&str, &str, &str); 2] = [(USER, "username", "user"), (USER, "userId", "user")];
const BY_ROOM: [(&str, &str, &str); 2] = [(ROOM, "roomName", "room"), (ROOM, "roomId", "room")];

/// How something is looked for.
#[derive(Clone, Copy)]
enum LookUpBy {
    Name,
    Id,
}

/// From so many rooms on the list of all public ones is asked for first: one request instead of several.
const MANY: usize = 3;

/// The scope that everybody may name (docs/server.md#rights-to-a-channel).
const PUBLIC_SCOPE: &str = "all_public_channels";

/// What was found of rooms and users, whatever this account may do about them.
#[derive(Debug, Default)]
pub(in crate::server) struct Existing {
    /// By how they are written.
    found: BTreeMap<String, TargetStatus>,
    /// Those that are known by no name: an id may be meant.
    nameless: BTreeSet<String>,
    /// What was shown of rooms that are there, by how they are written.
    pub(super) seen: BTreeMap<String, Seen>,
    /// Rooms whose names are known, if they were asked for.
    listed: Option<Listed>,
    /// How many more requests for single ones may be made.
    pub(super) left: usize,
}

/// Rooms that were listed.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// What was shown of them, by id and by name.
    seen: BTreeMap<ServerText, Seen>,
    /// Their names, by what they are called and by what is shown of them.
    called: BTreeMap<ServerText, ServerText>,
}

impl Listed {
    /// What was shown of a room, by how it is written.
    pub(super) fn seen(&self, room: &str) -> Option<Seen> {
        self.seen.get(room.strip_prefix('#')?).cloned()
    }

    /// A room of nearly this name: case counts to the server, and not to people. For a user, a room of just this name.
    fn near(&self, target: &str) -> Option<ServerText> {
        let name = match target.split_at_checked(1)? {
            ("#", name) => nearest(name, &self.called, |(it, _)| it.raw())?.1,
            (_, name) => self.called.iter().find(|(it, _)| it.raw() == name)?.1,
        };
        Some(name.clone().map(|name| format!("#{name}")))
    }
}

impl Reader {
    /// Looks for rooms and users while it is not known yet whether that counts: with few requests.
    ///
    /// # Errors
    /// Only where every other request will be refused too.
    pub(in crate::server) async fn look(
        &self,
        asked: impl IntoIterator<Item = &Target>,
        left: usize,
    ) -> Result<Existing, ServerError> {
        let names = asked.into_iter().map(|target| target.name.as_str());
        let names: BTreeSet<_> = names.filter(|it| it.starts_with(['#', '@'])).collect();
        let mut existing = Existing {
            left,
            ..Existing::default()
        };
        let (rooms, users): (Vec<_>, Vec<_>) = names.iter().partition(|it| it.starts_with('#'));
        let mut single = names;
        if rooms.len() >= MANY {
            // What it does not name may be private, or on another page: it is asked for by itself, if it counts.
            existing.listed = self.public_rooms().await?.ok();
            for (name, seen) in rooms.into_iter().filter_map(|name| {
                let seen = existing.listed.as_ref()?.seen(name)?;
                Some((name.to_owned(), seen))
            }) {
                existing.found.insert(name.clone(), TargetStatus::Ok);
                existing.seen.insert(name, seen);
            }
            single = users.into_iter().collect();
        }
        if single.len() < MANY {
            self.look_for(&mut existing, single, LookUpBy::Name).await?;
        }
        Ok(existing)
    }

    /// Says of these targets whether this account may let integrations post to them. `existing` is what is known to be there:
    /// the others are asked for by name, and by id if they have none, as long as requests are left. Those that are not told of
    /// were not asked for.
    ///
    /// # Errors
    /// Only where every other request will be refused too.
    pub(in crate::server) async fn rooms(
        &self,
        questions: &Questions,
        account: &str,
        rights: Rights,
        mut existing: Existing,
    ) -> Result<Rooms, ServerError> {
        let mut rooms = Rooms::default();
        let (mut members, mut free) = (Vec::new(), Vec::new());
        for target in &questions.targets {
            match by_rights(target, rights) {
                DecidedBy::Rights(status) => drop(rooms.found.insert(target.clone(), status)),
                DecidedBy::Membership => members.push(target),
                DecidedBy::Existence => free.push(target),
            }
        }
        if !members.is_empty() {
            let own = self.listed(OWN_ROOMS, &[], "update").await?;
            for target in members {
                rooms.found.insert(target.clone(), of_member(target, &own));
                let seen = own.as_ref().ok().and_then(|own| own.seen(&target.name));
                existing
                    .seen
                    .extend(seen.map(|it| (target.name.clone(), it)));
            }
        }
        for by in [LookUpBy::Name, LookUpBy::Id] {
            let names = free.iter().map(|target| target.name.as_str());
            let open = names.filter(|it| !existing.found.contains_key(*it));
            let open =
                open.filter(|it| existing.nameless.contains(*it) == matches!(by, LookUpBy::Id));
            let open = open.collect();
            self.look_for(&mut existing, open, by).await?;
        }
        for target in free {
            let mut status = existing.found.get(&target.name).cloned();
            if let Some(TargetStatus::Missing { near }) = &mut status {
                // The name may be misspelt: the names that there are tell.
                if existing.listed.is_none() && existing.left > 0 {
                    existing.listed = Some(self.listed_rooms().await?);
                }
                let listed = existing.listed.as_ref();
                *near = listed.and_then(|it| it.near(&target.name));
            }
            rooms.found.extend(status.map(|it| (target.clone(), it)));
        }
        rooms.states = self
            .states(&questions.postings, account, rights, existing)
            .await?;
        Ok(rooms)
    }

    /// Asks for these side by side, as long as requests are left.
    async fn look_for(
        &self,
        existing: &mut Existing,
        names: BTreeSet<&str>,
        by: LookUpBy,
    ) -> Result<(), ServerError> {
        let asked = names.iter().take(existing.left);
        let asked = asked.map(|name| self.status(name, by)).collect();
        let told = all(asked).await?;
        existing.left -= told.len();
        for (name, (status, seen)) in names.into_iter().zip(told) {
            existing.seen.extend(seen.map(|it| (name.to_owned(), it)));
            match (status, by) {
                (None, LookUpBy::Name) => drop(existing.nameless.insert(name.to_owned())),
                (status, _) => {
                    let status = status.unwrap_or(TargetStatus::Missing { near: None });
                    existing.found.insert(name.to_owned(), status);
                }
            }
        }
        Ok(())
    }

    /// The public rooms, or why they are not known.
    async fn public_rooms(&self) -> Result<Result<Listed, String>, ServerError> {
        self.listed(PUBLIC_ROOMS, &[("count", "0")], "channels")
            .await
    }

    /// The public rooms, or, for an account that may not list them, those it is in; none, where the server does not tell.
    async fn listed_rooms(&self) -> Result<Listed, ServerError> {
        if let Ok(public) = self.public_rooms().await? {
            return Ok(public);
        }
        let own = self.listed(OWN_ROOMS, &[], "update");
        Ok(own.await?.unwrap_or_default())
    }

    /// The rooms in a list; why they are not known, if they are not.
    pub(super) async fn listed(
        &self,
        endpoint: &str,
        query: &[(&str, &str)],
        key: &str,
    ) -> Result<Result<Listed, String>, ServerError> {
        let object = match told(self.client.get(endpoint, query).await)? {
            Ok(object) => object,
            Err(why) => return Ok(Err(why)),
        };
        let Some(Json::Array(list)) = object.get(key) else {
            return Ok(Err(format!("`{key}` is not a list")));
        };
        let mut listed = Listed::default();
        for room in list.iter().filter_map(Json::as_object) {
            let text = |key| Some(self.client.text(room.get(key)?.as_str()?));
            let id = text("rid").or_else(|| text("_id"));
            let shown = Seen::of(room, id.clone());
            listed.seen.extend(id.map(|id| (id, shown.clone())));
            let Some(name) = text("name") else {
                continue;
            };
            listed.seen.insert(name.clone(), shown);
            // A direct message has no room name.
            if room.get("t").and_then(Json::as_str) != Some("d") {
                let shown = text("fname").into_iter();
                let called = shown.chain([name.clone()]);
                listed.called.extend(called.map(|it| (it, name.clone())));
            }
        }
        Ok(Ok(listed))
    }

    /// Whether a room or user is there, exactly (docs/server.md#existence); `None` if it is not to be found in this way.
    async fn status(
        &self,
        target: &str,
        by: LookUpBy,
    ) -> Result<(Option<TargetStatus>, Option<Seen>), ServerError> {
        let Some((prefix, name)) = target.split_at_checked(1) else {
            return Ok((Some(TargetStatus::Ok), None));
        };
        let mut seen = None;
        let ways = if prefix == "@" { BY_USER } else { BY_ROOM };
        let (endpoint, query, key) = ways[by as usize];
        let answer = self.client.get(endpoint, &[(query, name)]).await;
        let status = match answer {
            Ok(object) => match object.get(key) {
                Some(Json::Object(found)) if is_named(found, name) => {
                    let id = found.get("_id").and_then(Json::as_str);
                    let id = id.map(|id| self.client.text(id));
                    seen = (prefix == "#").then(|| Seen::of(found, id));
                    Some(TargetStatus::Ok)
                }
                Some(Json::Object(_)) => None,
                _ => Some(TargetStatus::Unknown(format!("`{key}` is not an object"))),
            },
            Err(error) if error.is_nobody() || error.is_no_room() => None,
            // A room that may not be entered is there.
            Err(error) if error.is_closed_room() => {
                seen = Some(Seen::closed());
                Some(TargetStatus::Ok)
            }
            answer => told(answer)?.err().map(TargetStatus::Unknown),
        };
        Ok((status, seen))
    }
}

fn is_named(found: &Map<String, Json>, name: &str) -> bool {
    ["_id", "username", "name"]
        .iter()
        .any(|key| found.get(*key).and_then(Json::as_str) == Some(name))
}

/// What decides about a target.
enum DecidedBy {
    /// By what the account may.
    Rights(TargetStatus),
    /// By whether the account is in the room.
    Membership,
    /// By whether it is there.
    Existence,
}

fn by_rights(target: &Target, rights: Rights) -> DecidedBy {
    let not_known = || {
        let why = "what this account may do is not known";
        DecidedBy::Rights(TargetStatus::Unknown(why.to_owned()))
    };
    let is_room = target.name.starts_with('#');
    if !is_room && !target.name.starts_with('@') {
        return match rights.hold_scopes() {
            _ if target.name == PUBLIC_SCOPE || target.kind == Kind::Incoming => {
                DecidedBy::Rights(TargetStatus::Ok)
            }
            Some(true) => DecidedBy::Rights(TargetStatus::Ok),
            Some(false) => DecidedBy::Rights(TargetStatus::NoScope),
            None => not_known(),
        };
    }
    match rights.are_free(target.kind) {
        Some(true) => DecidedBy::Existence,
        Some(false) if is_room => DecidedBy::Membership,
        // The server looks for a room with the id of the user, which is not a room's (docs/server.md#rights-to-a-channel).
        Some(false) => DecidedBy::Rights(TargetStatus::NoUsers),
        None => not_known(),
    }
}

fn of_member(target: &Target, own: &Result<Listed, String>) -> TargetStatus {
    match own {
        Ok(own) if own.seen(&target.name).is_some() => TargetStatus::Ok,
        Ok(own) => TargetStatus::NotIn {
            near: own.near(&target.name),
        },
        Err(why) => TargetStatus::Unknown(why.clone()),
    }
}
