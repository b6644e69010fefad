//! Who is there: `login`, `logout`, `me`, and what the server says of itself (docs/server.md#authentication).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::super::profile::Quirk;
use super::super::reply::Refusal;
use super::super::write::{User, Write, text};
use super::{Call, Outcome};

/// Checks a password or a token, and hands out a token.
pub(in super::super) fn login(call: &mut Call<'_>) -> Outcome {
    let world = &call.state.world;
    // `user` may be an object of one of the other two.
    let of = |body: &Map<String, Value>, key: &str| text(body, key).map(str::to_owned);
    let nested = call.body.get("user").and_then(Value::as_object);
    let named = ["user", "username", "email"].iter().find_map(|key| {
        let nested = nested.and_then(|user| of(user, key));
        of(&call.body, key).or(nested)
    });
    let given = call.body.get("password").and_then(Value::as_str);
    let (user, known) = if let Some(token) = call.text("resume") {
        let holder = world.token_holder(token);
        (holder.and_then(|id| world.user(id)), true)
    } else {
        let user = named.as_deref().and_then(|name| world.user_named(name));
        let password = user.and_then(|user| user.password.as_deref());
        (user, given.is_some() && password == given)
    };
    let Some(user) = user.filter(|user| user.active).cloned() else {
        return Err(refusal(call, &"Unauthorized".into(), "Unauthorized"));
    };
    if !known {
        return Err(refusal(call, &"Unauthorized".into(), "Unauthorized"));
    }
    let token = match call.text("resume") {
        Some(token) => token.to_owned(),
        None => call.state.ids.clear(43),
    };
    call.write(Write::Token(user.id.clone(), token.clone()))?;
    let data = json!({ "userId": user.id, "authToken": token, "me": profile(&user) });
    Ok(told(call, &data))
}

/// A refused login: 401 with a code that may be a number.
fn refusal(call: &Call<'_>, code: &Value, message: &str) -> Refusal {
    if call.profile.has(Quirk::BareLoginRefusal) {
        let body = json!({ "success": false, "error": "unauthorized" });
        return Refusal::Other(StatusCode::UNAUTHORIZED, body);
    }
    let mut body = json!({ "status": "error", "error": code, "message": message });
    if call.profile.has(Quirk::LoginSaysSuccess) {
        body["success"] = false.into();
    }
    Refusal::Other(StatusCode::UNAUTHORIZED, body)
}

/// The form of the login answers. Early ones do not say `success`.
fn told(call: &mut Call<'_>, data: &Value) -> Value {
    call.says_success = call.profile.has(Quirk::LoginSaysSuccess);
    json!({ "status": "success", "data": data })
}

/// Takes the token away that the call was made with.
pub(in super::super) fn logout(call: &mut Call<'_>) -> Outcome {
    if let Some((user, token)) = call.caller.clone() {
        call.write(Write::TokenGone(user.id, token))?;
    }
    if call.profile.has(Quirk::EmptyLogout) {
        return Err(Refusal::Text(StatusCode::OK, ""));
    }
    let data = json!({ "message": "You've been logged out!" });
    Ok(told(call, &data))
}

/// The caller's own account.
pub(in super::super) fn me(call: &mut Call<'_>) -> Outcome {
    let caller = call.caller.as_ref().ok_or(Refusal::LoggedOut)?;
    Ok(profile(&caller.0))
}

/// What an account shows of itself.
pub(super) fn profile(user: &User) -> Value {
    json!({
        "_id": user.id,
        "username": user.username,
        "name": user.username,
        "roles": user.roles,
        "active": user.active,
    })
}

/// The version, whole for those who may see statistics, else cut to two numbers; and, if it was set, where people
/// reach the workspace.
#[allow(clippy::unnecessary_wraps, reason = "the signature of handlers")]
pub(in super::super) fn info(call: &mut Call<'_>) -> Outcome {
    let version = call.profile.version();
    let mut body = if call.may("view-statistics") {
        let full = format!("{version}.0");
        let info = json!({ "version": full, "build": {}, "commit": {} });
        json!({ "version": full, "info": info })
    } else {
        json!({ "version": version.to_string() })
    };
    let site = call.state.world.word("Site_Url");
    if let Some(site) = site.filter(|_| call.profile.has(Quirk::TellsWorkspaceUrl)) {
        body["workspaceUrl"] = site.into();
    }
    Ok(body)
}
