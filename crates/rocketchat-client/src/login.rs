//! Logging in by user and password, and out again (docs/server.md#login).

use http::{Method, StatusCode};
use serde_json::{Map, Value as Json};

use super::Body;
use super::client::{Call, Client};
use super::credentials::{Credentials, Login};
use super::error::ServerError;
use super::gate::Gate;
use super::resend::Resend;
use crate::redactor::Redactor;
use crate::secret::Secret;

/// Where one logs in.
pub(super) const LOGIN: &str = "api/v1/login";

/// Where one logs out.
const LOGOUT: &str = "api/v1/logout";

/// A token in exchange for a password. Not sent twice: each token made stays valid until it is logged out.
pub(super) async fn log_in(client: &Client, login: &Login) -> Result<Credentials, ServerError> {
    let body = login.body();
    let call = Call::writing(Method::POST, LOGIN, &body);
    let sent = client
        .send(&call, Resend::NonIdempotent, &Gate::default(), None)
        .await;
    let mut answer = sent.result?;
    let mut data = match answer.remove("data") {
        Some(Json::Object(data)) => data,
        _ => Map::new(),
    };
    let mut text = |key: &str| match data.remove(key) {
        Some(Json::String(text)) => Ok(text),
        _ => Err(ServerError::Undecodable(format!(
            "`data.{key}` is not a string"
        ))),
    };
    Ok(Credentials {
        user_id: text("userId")?,
        token: Secret::new(text("authToken")?),
    })
}

/// Ends the login that the client's token came from.
pub(super) async fn log_out(client: &Client) -> Result<(), ServerError> {
    let body = Body::new(Map::new(), []);
    let call = Call::writing(Method::POST, LOGOUT, &body);
    match client.call(&call).await {
        // From 7.4 on the answer is empty.
        Err(ServerError::NotRocketChat { status, line })
            if status.is_success() && line.is_empty() =>
        {
            Ok(())
        }
        result => result.map(drop),
    }
}

/// Whether a code says that a second factor is missing, or wrong.
pub(super) fn wants_second_factor(code: &str) -> bool {
    matches!(code, "totp-required" | "totp-invalid" | "totp-max-attempts")
}

/// That a second factor is wanted, which a token may be asked for too unless it was made without (docs/server.md#second-factor).
pub(super) fn second_factor(object: &Map<String, Json>, redactor: &Redactor) -> ServerError {
    let method = || {
        let method = object.get("details")?.get("method")?.as_str()?;
        Some(redactor.quote(method))
    };
    ServerError::SecondFactor { method: method() }
}

/// Which refusal of a login an answer is: a code, which is the number 403 for a wrong password.
pub(super) fn refusal(
    object: &Map<String, Json>,
    words: String,
    redactor: &Redactor,
) -> ServerError {
    let code = object.get("error").and_then(Json::as_str);
    match code {
        Some(code) if wants_second_factor(code) => second_factor(object, redactor),
        Some(code) if code.starts_with("error-login-blocked") => ServerError::Rejected {
            status: StatusCode::UNAUTHORIZED,
            code: Some(redactor.quote(code)),
            words,
        },
        _ => ServerError::WrongPassword,
    }
}
