//! Whether rooms and users are there, and this account may let integrations post to them: with as few requests as can
//! be. What a record names proves nothing: a room that is deleted leaves its name in it (reference 5.4).

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::super::Reader;
use super::USER;
use crate::client::ServerError;
use crate::integration::Kind;
use crate::observed::{Rights, Rooms, Sighting, Target};
use crate::redactor::ServerText;

const OWN_ROOMS: &str = "api/v1/subscriptions.get";
const PUBLIC_ROOMS: &str = "api/v1/channels.list";
const ROOM: &str = "api/v1/rooms.info";

/// How a user is asked for, and a room: first by name, then by id. Endpoint, query and the key in the answer.
const BY_USER: [(&str, &str, &str); 2] = [(USER, "username", "user"), (USER, "userId", "user")];
const BY_ROOM: [(&str, &str, &str); 2] = [(ROOM, "roomName", "room"), (ROOM, "roomId", "room")];

/// From so many rooms on the list of all public ones is asked for first: one request in the place of several.
const MANY: usize = 3;

/// The scope that everybody may name (reference 5.3).
const PUBLIC_SCOPE: &str = "all_public_channels";

impl Reader {
    /// Looks targets up, with at most `left` requests for single ones. Those that are not told of were not asked for.
    ///
    /// # Errors
    /// Only where every other request will be refused too.
    pub async fn rooms(
        &self,
        asked: &BTreeSet<Target>,
        rights: Rights,
        mut left: usize,
    ) -> Result<Rooms, ServerError> {
        let mut rooms = Rooms::default();
        let mut members = Vec::new();
        let mut singly = Vec::new();
        for target in asked {
            match by_rights(target, rights) {
                Settled::Now(sighting) => drop(rooms.found.insert(target.clone(), sighting)),
                Settled::ByMembership => members.push(target),
                Settled::ByExistence => singly.push(target),
            }
        }
        if !members.is_empty() {
            let own = self.names(OWN_ROOMS, &[], "update").await?;
            let told = members
                .into_iter()
                .map(|target| (target.clone(), of_member(target, &own)));
            rooms.found.extend(told);
        }
        let mut public = None;
        if singly.iter().filter(|it| it.name.starts_with('#')).count() >= MANY {
            // What it does not name may be private, or on another page: it is asked for by itself.
            public = self
                .names(PUBLIC_ROOMS, &[("count", "0")], "channels")
                .await?
                .ok();
        }
        let is_public = |target: &Target| {
            let name = target.name.strip_prefix('#');
            name.is_some_and(|name| {
                public
                    .as_ref()
                    .is_some_and(|all: &BTreeSet<_>| all.contains(name))
            })
        };
        for target in singly {
            let sighting = if is_public(target) {
                Some(Sighting::Fine)
            } else {
                self.sighting(target, public.as_ref(), &mut left).await?
            };
            rooms.found.extend(sighting.map(|it| (target.clone(), it)));
        }
        Ok(rooms)
    }

    /// The ids and names of rooms in a list; why they are not known, if they are not.
    async fn names(
        &self,
        endpoint: &str,
        query: &[(&str, &str)],
        key: &str,
    ) -> Result<Result<BTreeSet<ServerText>, String>, ServerError> {
        let object = match self.client.get(endpoint, query).await {
            Ok(object) => object,
            Err(ServerError::Unauthorised) => return Err(ServerError::Unauthorised),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let Some(Json::Array(list)) = object.get(key) else {
            return Ok(Err(format!("`{key}` is no list")));
        };
        let names = list.iter().filter_map(Json::as_object).flat_map(|room| {
            // A subscription has an id of its own beside the room's.
            let id = room.get("rid").or_else(|| room.get("_id"));
            [id, room.get("name")].into_iter().flatten()
        });
        Ok(Ok(names
            .filter_map(Json::as_str)
            .map(|name| self.client.text(name))
            .collect()))
    }

    /// Whether one target is there, by name or id, exactly (reference 5.2); `None` if too few requests are left to tell.
    async fn sighting(
        &self,
        target: &Target,
        public: Option<&BTreeSet<ServerText>>,
        left: &mut usize,
    ) -> Result<Option<Sighting>, ServerError> {
        let Some((prefix, name)) = target.name.split_at_checked(1) else {
            return Ok(Some(Sighting::Fine));
        };
        let by = if prefix == "@" { BY_USER } else { BY_ROOM };
        for (endpoint, query, key) in by {
            let Some(rest) = left.checked_sub(1) else {
                return Ok(None);
            };
            *left = rest;
            match self.client.get(endpoint, &[(query, name)]).await {
                Ok(object) => {
                    let Some(Json::Object(found)) = object.get(key) else {
                        return Ok(Some(Sighting::Unknown(format!("`{key}` is no object"))));
                    };
                    if is_named(found, name) {
                        return Ok(Some(Sighting::Fine));
                    }
                }
                Err(ServerError::Unauthorised) => return Err(ServerError::Unauthorised),
                Err(error) if error.is_nobody() || error.is_no_room() => {}
                // A room that may not be entered is there.
                Err(error) if error.is_closed_room() => return Ok(Some(Sighting::Fine)),
                Err(error) => return Ok(Some(Sighting::Unknown(error.to_string()))),
            }
        }
        Ok(Some(Sighting::Missing {
            near: public.and_then(|names| near(&target.name, names)),
        }))
    }
}

fn is_named(found: &Map<String, Json>, name: &str) -> bool {
    ["_id", "username", "name"]
        .iter()
        .any(|key| found.get(*key).and_then(Json::as_str) == Some(name))
}

/// How a target is settled.
enum Settled {
    /// By what the account may.
    Now(Sighting),
    /// By whether the account is in the room.
    ByMembership,
    /// By whether it is there.
    ByExistence,
}

fn by_rights(target: &Target, rights: Rights) -> Settled {
    let not_known = || {
        let why = "what this account may do is not known";
        Settled::Now(Sighting::Unknown(why.to_owned()))
    };
    let is_room = target.name.starts_with('#');
    if !is_room && !target.name.starts_with('@') {
        return match rights.hold_scopes() {
            _ if target.name == PUBLIC_SCOPE || target.kind == Kind::Incoming => {
                Settled::Now(Sighting::Fine)
            }
            Some(true) => Settled::Now(Sighting::Fine),
            Some(false) => Settled::Now(Sighting::NoScope),
            None => not_known(),
        };
    }
    match rights.are_free(target.kind) {
        Some(true) => Settled::ByExistence,
        Some(false) if is_room => Settled::ByMembership,
        // The server looks for a room with the id of the user, which is no room's (reference 5.3).
        Some(false) => Settled::Now(Sighting::NoUsers),
        None => not_known(),
    }
}

fn of_member(target: &Target, own: &Result<BTreeSet<ServerText>, String>) -> Sighting {
    let name = target.name.trim_start_matches('#');
    match own {
        Ok(own) if own.contains(name) => Sighting::Fine,
        Ok(own) => Sighting::NotIn {
            near: near(&target.name, own),
        },
        Err(why) => Sighting::Unknown(why.clone()),
    }
}

/// A room of nearly this name: case counts to the server, and not to people.
fn near(target: &str, names: &BTreeSet<ServerText>) -> Option<ServerText> {
    let wanted = target.strip_prefix('#')?;
    let folded = wanted.to_lowercase();
    let distance =
        |name: &ServerText| strsim::damerau_levenshtein(&name.raw().to_lowercase(), &folded);
    let close = names.iter().map(|name| (distance(name), name));
    let close =
        close.filter(|(distance, _)| *distance <= 2 && *distance < folded.chars().count() / 2 + 1);
    close
        .min()
        .map(|(_, name)| name.map(|name| format!("#{name}")))
}
