//! Look-ups of users and rooms (docs/server.md#looking-up-users-and-rooms).

use serde_json::{Value, json};

use super::super::js;
use super::super::profile::Quirk;
use super::super::reply::Refusal;
use super::super::write::Room;
use super::account::profile;
use super::paging::{Window, page};
use super::{Call, Outcome, body_of, plain};

/// One user by name, id or mail address; the name also matches an id.
pub(in super::super) fn users_info(call: &mut Call<'_>) -> Outcome {
    let world = &call.state.world;
    let by_id = || call.asked("userId").and_then(|id| world.user(id));
    let by_name = || {
        call.asked("username")
            .and_then(|name| world.user_named(name).or_else(|| world.user(name)))
    };
    if ["userId", "username", "email", "importId"]
        .iter()
        .all(|key| call.asked(key).is_none())
    {
        return Err(plain("Invalid search query."));
    }
    let known = by_id().or_else(by_name).cloned();
    let made_up = || call.made_up_user(call.asked("username")?);
    let user = known
        .or_else(made_up)
        .ok_or_else(|| plain("User not found."))?;
    let mut fields = profile(&user);
    let private = user.id != call.caller_id() && !call.may("view-full-other-user-info");
    if let Some(fields) = fields.as_object_mut().filter(|_| private) {
        fields.shift_remove("roles");
    }
    Ok(body_of("user", fields))
}

/// One room by id or name, when the caller may enter it.
pub(in super::super) fn rooms_info(call: &mut Call<'_>) -> Outcome {
    let Some(key) = call
        .asked("roomId")
        .or_else(|| call.asked("roomName"))
        .filter(|key| !key.is_empty())
    else {
        let reason = "The parameter \"roomId\" or \"roomName\" is required";
        return Err(Refusal::thrown("error-roomid-param-not-provided", reason));
    };
    let known = call.state.world.room(key).cloned();
    let Some(room) = known.or_else(|| call.made_up_room(key)) else {
        let reason =
            "The required \"roomId\" or \"roomName\" param provided does not match any channel";
        return Err(Refusal::thrown("error-room-not-found", reason));
    };
    if !enters(call, &room) {
        if call.profile.has(Quirk::ForbidsAlike) {
            return Err(plain("not-allowed"));
        }
        // The server has its two texts the wrong way round.
        let body = json!({ "success": false, "error": "not-allowed", "errorType": "Not Allowed" });
        return Err(Refusal::Other(http::StatusCode::BAD_REQUEST, body));
    }
    Ok(body_of("room", shown(call, &room)))
}

/// Whether a user is in a room that the caller may enter.
pub(in super::super) fn is_member(call: &mut Call<'_>) -> Outcome {
    let world = &call.state.world;
    let room = call.asked("roomId").and_then(|id| world.room(id));
    let Some(room) = room.filter(|room| enters(call, room)) else {
        return Err(Refusal::thrown("error-room-not-found", "Room not found"));
    };
    let user = call.asked("userId").and_then(|id| world.user(id));
    let by_name = call.asked("username");
    let user = user.or_else(|| world.user_named(by_name?));
    let Some(user) = user else {
        return Err(Refusal::thrown("error-user-not-found", "User not found"));
    };
    Ok(body_of(
        "isMember",
        world.is_subscribed(&room.id, &user.id).into(),
    ))
}

/// Whether the caller may enter: public rooms, and those the caller is in.
fn enters(call: &Call<'_>, room: &Room) -> bool {
    let open = room.kind == "c" && call.may("view-c-room");
    open || call.state.world.is_subscribed(&room.id, call.caller_id())
}

/// A room as it is shown.
fn shown(call: &Call<'_>, room: &Room) -> Value {
    let mut fields = json!({ "_id": room.id });
    if let Some(name) = &room.name {
        fields["name"] = name.clone().into();
        fields["fname"] = room.fname.as_ref().unwrap_or(name).clone().into();
    }
    fields["t"] = room.kind.clone().into();
    fields["ro"] = room.ro.into();
    if room.archived {
        fields["archived"] = true.into();
    }
    fields["_updatedAt"] = call.now.1.clone().into();
    fields
}

/// The caller's rooms.
#[allow(clippy::unnecessary_wraps, reason = "the signature of handlers")]
pub(in super::super) fn rooms_get(call: &mut Call<'_>) -> Outcome {
    let rooms: Vec<_> = own_rooms(call).map(|room| shown(call, room)).collect();
    Ok(changes(&rooms))
}

/// The caller's subscriptions.
#[allow(clippy::unnecessary_wraps, reason = "the signature of handlers")]
pub(in super::super) fn subscriptions_get(call: &mut Call<'_>) -> Outcome {
    let subscription = |room: &Room| {
        let mut fields = shown(call, room);
        fields["rid"] = room.id.clone().into();
        fields["u"] = call.caller_stamp();
        fields["_id"] = format!("{}{}", room.id, call.caller_id()).into();
        fields
    };
    let subscriptions: Vec<_> = own_rooms(call).map(subscription).collect();
    Ok(changes(&subscriptions))
}

/// The rooms that the caller is in.
fn own_rooms<'c>(call: &'c Call<'_>) -> impl Iterator<Item = &'c Room> {
    let world = &call.state.world;
    world
        .rooms()
        .filter(|room| world.is_subscribed(&room.id, call.caller_id()))
}

/// The form of answers that can tell of changes alone.
fn changes(update: &[Value]) -> Value {
    json!({ "update": update, "remove": [] })
}

/// Public rooms.
pub(in super::super) fn channels_list(call: &mut Call<'_>) -> Outcome {
    if !call.may("view-c-room") {
        return Err(Refusal::Forbidden);
    }
    let rooms = call.state.world.rooms().filter(|room| room.kind == "c");
    Ok(window(call, "channels", rooms))
}

/// Any room, by a part of its name.
pub(in super::super) fn admin_rooms(call: &mut Call<'_>) -> Outcome {
    if !call.may("view-room-administration") {
        return Err(Refusal::thrown("error-not-authorized", "Not Authorized"));
    }
    let part = js::fold(call.asked("filter").unwrap_or_default());
    let kinds: Vec<&str> = match call.query.get("types") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(kind)) => vec![kind],
        _ => Vec::new(),
    };
    let rooms = call.state.world.rooms().filter(|room| {
        let name = js::fold(room.name.as_deref().unwrap_or_default());
        name.contains(&part) && (kinds.is_empty() || kinds.contains(&room.kind.as_str()))
    });
    Ok(window(call, "rooms", rooms))
}

/// A page of look-ups.
fn window<'r>(call: &Call<'_>, key: &str, rooms: impl Iterator<Item = &'r Room>) -> Value {
    let rooms: Vec<_> = rooms.collect();
    page(key, &rooms, Window::read(call), call, |room| {
        shown(call, room)
    })
}

/// `permissions.listAll`: every permission with its roles (docs/server.md#permissions).
pub(in super::super) fn permissions(call: &mut Call<'_>) -> Outcome {
    let since = call.asked("updatedSince");
    if since.is_some_and(|since| since.parse::<jiff::Timestamp>().is_err()) {
        let reason = "The \"updatedSince\" query parameter must be a valid date.";
        return Err(Refusal::thrown("error-roomId-param-invalid", reason));
    }
    let all = call.state.world.permissions();
    let stamp = &call.now.1;
    let shown = |(name, roles)| json!({ "_id": name, "roles": roles, "_updatedAt": stamp });
    Ok(changes(&all.iter().map(shown).collect::<Vec<_>>()))
}
