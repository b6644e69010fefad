//! What decides whether a message gets into a room that is there. The server checks it at delivery alone, so a plan says
//! it as a note.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::super::Reader;
use super::targets::Existing;
use super::{all, told};
use crate::client::ServerError;
use crate::observed::{Posting, Rights, RoomState};
use crate::redactor::ServerText;

const MEMBER: &str = "api/v1/rooms.isMember";
const ALL_ROOMS: &str = "api/v1/rooms.adminRooms";

/// A room as it was shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// `None` of a room that this account may not enter.
    pub(super) id: Option<ServerText>,
    pub(super) state: RoomState,
}

impl Seen {
    /// A room that the account may not enter: a private one, if it may enter the public ones.
    pub(super) fn closed() -> Self {
        let private = RoomState {
            private: true,
            ..RoomState::default()
        };
        Self {
            id: None,
            state: private,
        }
    }

    /// Of a room, or of a subscription to one, with this id.
    pub(super) fn of(room: &Map<String, Json>, id: Option<ServerText>) -> Self {
        let is = |key: &str| room.get(key).and_then(Json::as_bool) == Some(true);
        let state = RoomState {
            read_only: is("ro"),
            archived: is("archived"),
            private: room.get("t").and_then(Json::as_str) == Some("p"),
            members: BTreeMap::new(),
        };
        Self { id, state }
    }
}

impl Reader {
    /// What is special about the rooms that were found, as far as this account sees it: those that it may not enter are asked
    /// for as an administrator does, and private ones for who is in them (6.7 and later).
    pub(super) async fn states(
        &self,
        postings: &BTreeSet<Posting>,
        account: &str,
        rights: Rights,
        mut existing: Existing,
    ) -> Result<BTreeMap<String, RoomState>, ServerError> {
        let rooms: BTreeSet<_> = postings.iter().map(|it| it.room.as_str()).collect();
        let closed = rooms.into_iter().filter(|room| {
            let seen = existing.seen.get(*room);
            seen.is_some_and(|seen| seen.id.is_none())
        });
        let asked = closed.take(existing.left).map(async |room| {
            let sees_all = rights.see_all_rooms() == Some(true);
            Ok((room, self.of_closed(room, rights).await?, sees_all))
        });
        for (room, state, asked) in all(asked.collect()).await? {
            existing.left -= usize::from(asked);
            match (existing.seen.get_mut(room), state) {
                (Some(seen), Some(state)) => seen.state = state,
                _ => drop(existing.seen.remove(room)),
            }
        }
        self.members(postings, account, &mut existing).await?;
        let states = existing.seen.into_iter().map(|(room, it)| (room, it.state));
        let special = states.filter(|(_, state)| *state != RoomState::default());
        Ok(special.collect())
    }

    /// What a room is that this account may not enter; `None` if that cannot be seen.
    async fn of_closed(
        &self,
        room: &str,
        rights: Rights,
    ) -> Result<Option<RoomState>, ServerError> {
        if rights.see_all_rooms() == Some(true) {
            let query = [
                ("filter", room.trim_start_matches('#')),
                ("types[]", "c"),
                ("types[]", "p"),
            ];
            let listed = self.listed(ALL_ROOMS, &query, "rooms").await?;
            let seen = listed.ok().and_then(|listed| listed.seen(room));
            if let Some(seen) = seen {
                return Ok(Some(seen.state));
            }
        }
        let private = rights.enter_public_rooms() == Some(true);
        Ok(private.then(|| Seen::closed().state))
    }

    /// Asks of private rooms whether those are in them who would post there.
    async fn members(
        &self,
        postings: &BTreeSet<Posting>,
        account: &str,
        existing: &mut Existing,
    ) -> Result<(), ServerError> {
        let private = postings.iter().filter_map(|posting| {
            let seen = existing.seen.get(&posting.room)?;
            (seen.state.private && !seen.state.archived).then_some((posting, seen.id.as_ref()))
        });
        let asked = private.take(existing.left).map(async |(posting, id)| {
            let Some(id) = id else {
                let is_account = posting.user == account;
                return Ok((posting, is_account.then_some(false)));
            };
            let query = [("roomId", id.raw()), ("username", posting.user.as_str())];
            let answer = told(self.client.get(MEMBER, &query).await)?;
            let told = answer.ok().and_then(|it| it.get("isMember")?.as_bool());
            Ok((posting, told))
        });
        for (posting, told) in all(asked.collect()).await? {
            if let (Some(seen), Some(is)) = (existing.seen.get_mut(&posting.room), told) {
                seen.state.members.insert(posting.user.clone(), is);
            }
        }
        Ok(())
    }
}
