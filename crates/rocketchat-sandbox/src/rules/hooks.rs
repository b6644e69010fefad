//! The receiving end of incoming webhooks: `/hooks/{id}/{token}` (docs/server.md#webhook-url).
//!
//! In two halves: who is let in with what, and what is posted. The script runs between them, while others are answered.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value as Json, json};
use webhook_script::delivery::{self, Integration, Post};
use webhook_script::runtime::{End, Kind as IntegrationKind, Method as ScriptMethod, Outcome};
use webhook_script::value::Value as Script;
use webhook_script::{Mode, Sandbox, ServerProfile as ScriptProfile};

use super::super::parse;
use super::super::profile::Quirk;
use super::super::reply::{Refusal, Request, json_response};
use super::super::runner::Job;
use super::super::write::{Record, User, text};
use super::posting::Posting;
use super::{Call, incoming, plain};

/// The webhook of a path: id and token, or id, user and token.
pub(in super::super) fn addressed(call: &Call<'_>, path: &str) -> Result<Record, Refusal> {
    let parts: Vec<_> = path.split('/').collect();
    let (id, token) = match parts.as_slice() {
        [id, token] | [id, _, token] => (*id, *token),
        _ => return Err(Refusal::UnknownPath),
    };
    let token = url::form_urlencoded::parse(token.replace('+', "%2B").as_bytes())
        .next()
        .map(|(key, _)| key.into_owned());
    let known = |record: &&Record| {
        text(record, "type") == Some("webhook-incoming")
            && text(record, "token") == token.as_deref()
    };
    call.state
        .world
        .record(id)
        .filter(known)
        .cloned()
        .ok_or_else(|| {
            if call.profile.has(Quirk::HookErrorPage) {
                return Refusal::Text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
            }
            let body =
                json!({ "success": false, "error": "Invalid integration id or token provided." });
            Refusal::Other(StatusCode::NOT_FOUND, body)
        })
}

/// A delivery that was let in.
pub(in super::super) struct Delivery {
    record: Record,
    /// What the script is called with, and what is posted where there is none.
    input: Script,
    /// The call of the script, if one runs.
    pub(in super::super) job: Option<Job>,
    /// Whether nothing is posted: there is nothing in it, and no script.
    pub(in super::super) is_empty: bool,
    bytes: usize,
}

/// Lets a delivery in: who posts must be there and may post, and the webhook must be on.
pub(in super::super) fn begin(
    call: &Call<'_>,
    record: Record,
    request: &Request,
) -> Result<Delivery, Refusal> {
    let poster = text(&record, "userId").and_then(|id| call.state.world.user(id));
    let Some(poster) = poster.cloned() else {
        return Err(Refusal::LoggedOut);
    };
    if record.get("enabled") != Some(&Json::Bool(true)) {
        return Err(disabled(call));
    }
    refuse_impostor(call, &record)?;
    let content = content(call, request)?;
    let input = input(&poster, request, &content);
    let is_on = record.get("scriptEnabled") == Some(&Json::Bool(true));
    let is_empty = matches!(&content, Json::Object(fields) if fields.is_empty()) && !is_on;
    let runs = is_on && request.http.method() == Method::POST;
    let job = || {
        let (kind, method) = (
            IntegrationKind::Incoming,
            ScriptMethod::ProcessIncomingRequest,
        );
        job(call, &record, kind, method, input.clone())
    };
    let job = runs.then(job).flatten();
    Ok(Delivery {
        record,
        input,
        job,
        is_empty,
        bytes: request.http.body().len(),
    })
}

/// The call of the compiled script, if there is one.
pub(in super::super) fn job(
    call: &Call<'_>,
    record: &Record,
    kind: IntegrationKind,
    method: ScriptMethod,
    input: Script,
) -> Option<Job> {
    if record.get("scriptEnabled") != Some(&Json::Bool(true)) {
        return None;
    }
    let compiled = text(record, "scriptCompiled")?;
    let source = text(record, "script")?;
    let vm2 = !call.profile.has(Quirk::KnowsScriptEngine)
        || call.profile.has(Quirk::AbsentEngineIsVm2)
            && text(record, "scriptEngine") == Some("vm2");
    // What was compiled stays as it is until the next save, whatever the server would compile now.
    let is_raw = compiled == source;
    Some(Job {
        id: text(record, "_id")?.to_owned(),
        saved: text(record, "_updatedAt").unwrap_or_default().to_owned(),
        source: source.to_owned(),
        kind,
        profile: ScriptProfile {
            sandbox: if vm2 {
                Sandbox::Vm2
            } else {
                Sandbox::IsolatedVm
            },
            mode: if is_raw { Mode::Raw } else { Mode::Transpiled },
        },
        method,
        input,
        now: i64::try_from(call.now.0).unwrap_or(i64::MAX),
    })
}

/// The content of a body, by its type.
fn content(call: &Call<'_>, request: &Request) -> Result<Json, Refusal> {
    let (headers, bytes) = (request.http.headers(), request.http.body());
    if request.http.method() != Method::POST {
        return Ok(json!({}));
    }
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.map(str::trim).filter(|kind| !kind.is_empty());
    let kind = match kind {
        None if !call.profile.has(Quirk::UntypedIsText) => "application/json",
        kind => kind.unwrap_or_default(),
    };
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    let is_json = kind.contains("application/json");
    let text = serde_json::from_slice::<String>(bytes).ok();
    if let Some(text) = text.filter(|_| is_json) {
        return Ok(spread(&text));
    }
    if is_json || is_form {
        let Json::Object(body) = parse::body_of_kind(kind, bytes) else {
            return Ok(json!({}));
        };
        return unwrapped(is_form, body).map(Json::Object);
    }
    if kind.starts_with("multipart/form-data") {
        return Ok(json!({}));
    }
    Ok(spread(&String::from_utf8_lossy(bytes)))
}

/// A text as an object: each character under its number.
fn spread(text: &str) -> Json {
    let units = text.encode_utf16().enumerate();
    let units = units.map(|(at, unit)| (at.to_string(), String::from_utf16_lossy(&[unit]).into()));
    Json::Object(units.take(MOST_SPREAD).collect())
}

/// How many characters of a text are spread.
const MOST_SPREAD: usize = 100_000;

/// The JSON of a form whose only field is `payload`; any other body as it is.
fn unwrapped(is_form: bool, body: Map<String, Json>) -> Result<Map<String, Json>, Refusal> {
    match text(&body, "payload").filter(|_| is_form && body.len() == 1) {
        None => Ok(body),
        Some(payload) => match serde_json::from_str(payload) {
            Ok(Json::Object(payload)) => Ok(payload),
            Ok(_) => Err(plain(
                "Integration payload must be a JSON object, not an array or primitive",
            )),
            Err(_) => Ok(body),
        },
    }
}

/// What a script is called with.
fn input(poster: &User, request: &Request, content: &Json) -> Script {
    let uri = request.http.uri();
    let search = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let pathname = uri.path().to_owned();
    let whole = format!("http://localhost{pathname}{search}");
    let parts: Vec<_> = pathname.trim_start_matches("/hooks/").split('/').collect();
    let token = parts.last().copied().unwrap_or_default();
    let mut params = Map::new();
    params.insert("integrationId".to_owned(), parts.first().copied().into());
    if let [_, user, _] = parts.as_slice() {
        params.insert("userId".to_owned(), (*user).into());
    }
    params.insert("token".to_owned(), token.into());
    let headers = request.http.headers().iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), Json::String(value))
    });
    let mut headers: Map<String, Json> = headers.collect();
    headers.insert("x-auth-token".to_owned(), token.into());
    let request = json!({"request": {
        "url": {
            "query": parse::nested(uri.query().unwrap_or_default()),
            "hash": "", "search": search, "pathname": pathname, "path": whole,
        },
        "url_raw": whole,
        "url_params": params,
        "content": content,
        "content_raw": String::from_utf8_lossy(request.http.body()),
        "headers": headers,
        "body": content,
        "user": {
            "_id": poster.id,
            "name": poster.name.as_deref().unwrap_or_default(),
            "username": poster.username,
        },
    }});
    Script::from_plain_json(&request)
}

/// Posts what a delivery comes to, and answers it.
pub(in super::super) fn finish(
    call: &mut Call<'_>,
    delivery: &Delivery,
    outcome: &Outcome,
) -> (Response<Bytes>, Vec<Post>) {
    let record = &delivery.record;
    let of = |key| text(record, key).unwrap_or_default().to_owned();
    let free = record.get("overrideDestinationChannelEnabled") == Some(&Json::Bool(true));
    let integration = Integration {
        id: of("_id"),
        user_id: of("userId"),
        channels: incoming::parts(record),
        alias: of("alias"),
        avatar: of("avatar"),
        emoji: of("emoji"),
        may_override_channel: free || !call.profile.has(Quirk::KnowsOverride),
    };
    let mut posting = Posting { call };
    let delivered = delivery::incoming(outcome, &delivery.input, &integration, &mut posting);
    let answer = delivered.answer.unwrap_or_else(|| without_answer(outcome));
    let body = delivery
        .input
        .get("request")
        .and_then(|it| it.get("content"));
    let told = json!({
        "integration": integration.id,
        "at": call.now.1,
        "body": body.and_then(Script::to_plain_json),
        "status": answer.status,
        "logged": delivered.logged,
    });
    call.state.deliveries.push(told, delivery.bytes);
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (json_response(status, &answer.body), delivered.posts)
}

/// What is said instead of an answer that the server would not give, or that nobody can tell.
fn without_answer(outcome: &Outcome) -> delivery::Answer {
    let (status, error) = match &outcome.end {
        End::Hangs => (
            504,
            "the script did not return within 1 s; the server has no time limit here: it would stand still".to_owned(),
        ),
        End::NeverSettles => (
            504,
            "the script waits for something that never happens: the server would not answer".to_owned(),
        ),
        End::Unknown(why) => (501, format!("what a server would do cannot be told offline: {why}")),
        _ => (500, "Internal Server Error".to_owned()),
    };
    let body = json!({"success": false, "error": error});
    delivery::Answer { status, body }
}

/// What a webhook that is switched off answers.
fn disabled(call: &Call<'_>) -> Refusal {
    const TEXT: &str = "Service Unavailable";
    if call.profile.has(Quirk::BareHookText) {
        return Refusal::Text(StatusCode::SERVICE_UNAVAILABLE, TEXT);
    }
    Refusal::Other(
        StatusCode::SERVICE_UNAVAILABLE,
        json!({ "success": false, "error": TEXT }),
    )
}

/// From 8.6 on the posting user must hold `message-impersonate` at delivery too (docs/server.md#posting-user).
fn refuse_impostor(call: &Call<'_>, record: &Record) -> Result<(), Refusal> {
    let world = &call.state.world;
    let poster = text(record, "userId").and_then(|id| world.user(id));
    let lacks = poster.is_some_and(|user| !world.may(user, "message-impersonate"));
    if lacks && call.profile.has(Quirk::DemandsImpersonate) {
        return Err(plain("error-user-lacks-message-impersonate-permission"));
    }
    Ok(())
}
