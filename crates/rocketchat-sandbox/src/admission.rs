//! Who is let in: credentials, route permission, schema and limiter, in the version's order (docs/server.md#order-of-checks).

use http::Method;
use serde_json::{Map, Value};

use super::Sandbox;
use super::faults::Page;
use super::limiter::{self, Rate, Verdict};
use super::parse;
use super::profile::{Quirk, ServerProfile};
use super::reply::{Refusal, Request};
use super::routes::{Access, Route};
use super::rules::Call;
use super::schema::{Part, Schema};
use super::state::State;
use super::validate;
use super::write::User;

/// A request that is not yet admitted, as handlers see it.
pub(super) fn build_call<'s>(
    sandbox: &'s Sandbox,
    state: &'s mut State,
    request: &Request,
) -> Call<'s> {
    let uri = request.http.uri();
    let caller = caller(state, request);
    Call {
        state,
        profile: &sandbox.profile,
        now: (sandbox.clock.millis(), sandbox.clock.iso()),
        invent: sandbox.invent,
        caller,
        query: parse::query(uri.query().unwrap_or_default()),
        body: Map::new(),
        checked: None,
        page: Page::default(),
        says_success: true,
    }
}

/// A call that the server makes of itself, for nobody.
pub(super) fn inside<'s>(sandbox: &'s Sandbox, state: &'s mut State) -> Call<'s> {
    Call {
        state,
        profile: &sandbox.profile,
        now: (sandbox.clock.millis(), sandbox.clock.iso()),
        invent: sandbox.invent,
        caller: None,
        query: Map::new(),
        body: Map::new(),
        checked: None,
        page: Page::default(),
        says_success: true,
    }
}

/// Who calls: both headers are there and belong together.
fn caller(state: &State, request: &Request) -> Option<(User, String)> {
    let header = |name| request.http.headers().get(name)?.to_str().ok();
    let (id, token) = (header("x-user-id")?, header("x-auth-token")?);
    let user = state.world.user(id).filter(|user| user.active)?;
    state
        .world
        .holds_token(id, token)
        .then(|| (user.clone(), token.to_owned()))
}

/// A step of admission.
#[derive(Clone, Copy)]
enum Step {
    Permission,
    Schema,
    Limit,
}

/// The order of admission, once one is logged in.
fn order(profile: &ServerProfile) -> [Step; 3] {
    if profile.has(Quirk::OldRouter) {
        [Step::Limit, Step::Schema, Step::Permission]
    } else if profile.has(Quirk::TypedRoutes) {
        [Step::Permission, Step::Schema, Step::Limit]
    } else {
        [Step::Permission, Step::Limit, Step::Schema]
    }
}

/// Lets a request in, or refuses it in the version's order.
pub(super) fn admit<'s>(
    sandbox: &'s Sandbox,
    state: &'s mut State,
    route: &Route,
    request: &Request,
    verdict: &mut Option<Verdict>,
) -> Result<Call<'s>, Refusal> {
    let mut call = build_call(sandbox, state, request);
    let gate = match route.access {
        Access::Account(_) if call.caller.is_none() => return Err(Refusal::LoggedOut),
        Access::Account(gate) => Some(gate),
        Access::Anyone => None,
    };
    let mut body = match *request.http.method() {
        Method::POST | Method::PUT => parse::body(request.http.headers(), request.http.body()),
        _ => Value::Object(Map::new()),
    };
    for step in order(call.profile) {
        match step {
            Step::Permission => {
                let gate = gate.unwrap_or_default();
                if !gate.is_empty() && !gate.iter().any(|held| call.may(held)) {
                    return Err(Refusal::Forbidden);
                }
            }
            Step::Schema => check(&mut call, route, request, &mut body)?,
            Step::Limit if gate.is_none() || call.may("api-bypass-rate-limit") => {}
            Step::Limit => limit(sandbox, &mut call, request, verdict)?,
        }
    }
    if let Value::Object(body) = body {
        call.body = body;
    }
    Ok(call)
}

/// Reads the query, and applies the endpoint's schema, which may coerce what it lets through.
fn check(
    call: &mut Call<'_>,
    route: &Route,
    request: &Request,
    body: &mut Value,
) -> Result<(), Refusal> {
    let query = request.http.uri().query().unwrap_or_default();
    if !call.profile.has(Quirk::OldRouter) && !parse::is_readable(query) {
        return Err(Refusal::Plain("Invalid query parameters".into()));
    }
    let known = |schema: &&Schema| schema.when.holds(call.profile);
    let early = call.profile.has(Quirk::LooseChecks);
    let Some(schema) = route.schema.filter(known).filter(|_| !early) else {
        return Ok(());
    };
    if schema.part == Part::Body {
        return validate::validate(schema, call.profile, body)
            .map_err(|errors| Refusal::Schema(Part::Body, errors));
    }
    let mut query = Value::Object(std::mem::take(&mut call.query));
    let verdict = validate::validate(schema, call.profile, &mut query);
    if let Value::Object(query) = query {
        call.query = query;
    }
    verdict.map_err(|errors| Refusal::Schema(Part::Query, errors))
}

/// Asks the limiter about a request, unless the server is beyond it.
pub(super) fn limit(
    sandbox: &Sandbox,
    call: &mut Call<'_>,
    request: &Request,
    verdict: &mut Option<Verdict>,
) -> Result<(), Refusal> {
    let world = &call.state.world;
    if sandbox.rate.is_none() && !world.flag("API_Enable_Rate_Limiter", true) {
        return Ok(());
    }
    let rate = sandbox.rate.unwrap_or_else(|| Rate {
        calls: world.number("API_Enable_Rate_Limiter_Limit_Calls_Default", 10),
        millis: world.number("API_Enable_Rate_Limiter_Limit_Time_Default", 60_000),
    });
    let client = limiter::client(request.http.headers(), request.peer);
    let route = (request.http.method(), request.http.uri().path());
    let asked = call.state.limiter.ask(client, route, rate, call.now.0);
    *verdict = Some(asked);
    if asked.passes {
        Ok(())
    } else {
        Err(Refusal::Limited(asked.wait(call.now.0)))
    }
}
