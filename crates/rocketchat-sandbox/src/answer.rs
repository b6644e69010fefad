//! Answers one request as the server does: finds the endpoint, lets the request in, runs it, and takes the
//! time that the server takes.

use std::time::Duration;

use bytes::Bytes;
use http::header::DATE;
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};
use webhook_script::runtime::End;

use super::Sandbox;
use super::admission::{admit, build_call, limit};
use super::compiler::{self, Checked};
use super::faults::Page;
use super::limiter::Verdict;
use super::parse;
use super::profile::Quirk;
use super::reply::{Refusal, Request, json_response};
use super::routes::{self, Run};
use super::rules::{Call, create, hooks, scripts};
use super::runner;

/// What a fault changes about the way a request is answered.
#[derive(Clone, Copy, Default)]
pub(super) struct AnswerOptions {
    pub(super) page: Page,
    /// How long the effect waits.
    pub(super) hold: Duration,
    /// How many milliseconds the clock is ahead that stamps a create.
    pub(super) skew: i64,
}

/// Answers one request as the server does, its deliberate delays included.
pub(super) async fn answer(
    sandbox: &Sandbox,
    request: &Request,
    options: AnswerOptions,
) -> Response<Bytes> {
    let path = request.http.uri().path();
    if path == "/health" {
        return Refusal::Text(StatusCode::OK, "ok").response(&sandbox.profile);
    }
    let mut verdict = None;
    let outcome = match path.strip_prefix("/hooks/") {
        Some(hook) => deliver(sandbox, request, hook, &mut verdict).await,
        None => run(sandbox, request, options, &mut verdict).await,
    };
    let mut response = outcome.unwrap_or_else(|refusal| refusal.response(&sandbox.profile));
    if let Some(verdict) = verdict {
        verdict.write(&mut response);
    }
    // As the server's platform does for every answer; resets of the limiter are in the same time.
    if let Ok(date) = HeaderValue::from_str(&sandbox.clock.http_date()) {
        response.headers_mut().insert(DATE, date);
    }
    let refused = matches!(
        response.status(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    );
    if refused && sandbox.profile.has(Quirk::DelaysRefusals) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    response
}

/// Finds the endpoint, admits the request and runs it.
async fn run(
    sandbox: &Sandbox,
    request: &Request,
    options: AnswerOptions,
    verdict: &mut Option<Verdict>,
) -> Result<Response<Bytes>, Refusal> {
    let route = routes::find(&sandbox.profile, request)?;
    if let Run::At(_) = route.run {
        pause(options.hold).await;
    }
    let checked = check_script(sandbox, request).await;
    let clock = sandbox.clock.ahead_by(options.skew);
    let draft = {
        let mut state = sandbox.lock();
        let mut call = admit(sandbox, &mut state, route, request, verdict)?;
        call.page = options.page;
        match route.run {
            Run::At(handler) => {
                call.checked = checked;
                return handler(&mut call).map(|body| success(&call, body));
            }
            Run::Create => {
                call.now = (clock.millis(), clock.iso());
                create::begin(&mut call)?
            }
        }
    };
    // Between the stamp and the insert: a run that ends here leaves nothing behind.
    pause(sandbox.create_gap + options.hold).await;
    let mut state = sandbox.lock();
    let mut call = build_call(sandbox, &mut state, request);
    call.checked = checked;
    call.now = (clock.millis(), clock.iso());
    create::finish(&mut call, draft).map(|body| success(&call, body))
}

/// Checks the script of a request ahead, before the state is locked, if that may take long. Who is not logged in keeps
/// no engine busy.
async fn check_script(sandbox: &Sandbox, request: &Request) -> Option<Checked> {
    let bytes = request.http.body();
    if !compiler::may_take_long(bytes.len()) {
        return None;
    }
    build_call(sandbox, &mut sandbox.lock(), request).caller?;
    let Value::Object(body) = parse::body(request.http.headers(), bytes) else {
        return None;
    };
    let program = scripts::program(&sandbox.profile, &body)
        .filter(|program| compiler::may_take_long(program.len()))
        .filter(|_| body.get("scriptEnabled") != Some(&Value::Bool(false)))?
        .into_owned();
    Some(compiler::check(program).await)
}

/// Waits; not at all for no time, since the runtime's timer would round that up to a millisecond.
async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// 200 with the body, and `success` where the version says it.
fn success(call: &Call<'_>, mut body: Value) -> Response<Bytes> {
    if call.says_success {
        body["success"] = true.into();
    }
    json_response(StatusCode::OK, &body)
}

/// A delivery to a webhook needs no login, and no permission lifts its limit.
async fn deliver(
    sandbox: &Sandbox,
    request: &Request,
    hook: &str,
    verdict: &mut Option<Verdict>,
) -> Result<Response<Bytes>, Refusal> {
    let method = request.http.method();
    if method != Method::POST && method != Method::GET {
        return Err(Refusal::UnknownPath);
    }
    let mut delivery = {
        let mut state = sandbox.lock();
        let mut call = build_call(sandbox, &mut state, request);
        let record = hooks::addressed(&call, hook)?;
        limit(sandbox, &mut call, request, verdict)?;
        hooks::begin(&call, record, request)?
    };
    if delivery.is_empty {
        return Ok(json_response(StatusCode::OK, &json!({ "success": true })));
    }
    let outcome = match delivery.job.take() {
        Some(job) => sandbox.runner.run(job).await,
        None => runner::ended(End::NoScript),
    };
    let (response, posts) = {
        let mut state = sandbox.lock();
        let mut call = build_call(sandbox, &mut state, request);
        hooks::finish(&mut call, &delivery, &outcome)
    };
    sandbox.post(posts, 0);
    Ok(response)
}
