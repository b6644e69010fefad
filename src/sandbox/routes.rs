//! From a request to its handler: the table of endpoints, and admission in the era's order (reference 2.2).
//!
//! Owns paths, methods, route permissions and who is limited. What an endpoint then does is in `rules`.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value};

use super::Sandbox;
use super::era::{Era, Quirk};
use super::faults::Page;
use super::limiter::{self, Rate, Verdict};
use super::parse;
use super::reply::{Refusal, Request, json_response};
use super::rules::{self, Call, Outcome, create};
use super::schema::{self, Part, Schema};
use super::state::State;
use super::validate;
use super::world::User;

/// One endpoint.
#[derive(Clone, Copy)]
struct Route {
    method: &'static str,
    /// The whole path; the limiter counts by it.
    path: &'static str,
    /// Whether one must be logged in.
    login: bool,
    /// Any one of these permissions lets in; none needed when empty.
    gate: &'static [&'static str],
    schema: Option<&'static Schema>,
    run: Run,
}

/// How an endpoint runs.
#[derive(Clone, Copy)]
enum Run {
    At(fn(&mut Call<'_>) -> Outcome),
    /// In two halves with time between them.
    Create,
}

const ANY: &[&str] = &[
    "manage-outgoing-integrations",
    "manage-own-outgoing-integrations",
    "manage-incoming-integrations",
    "manage-own-incoming-integrations",
];
const ANY_OUTGOING: &[&str] = &[
    "manage-outgoing-integrations",
    "manage-own-outgoing-integrations",
];

/// A row: an endpoint for which one must be logged in.
const fn route(
    method: &'static str,
    path: &'static str,
    run: fn(&mut Call<'_>) -> Outcome,
) -> Route {
    Route {
        method,
        path,
        login: true,
        gate: &[],
        schema: None,
        run: Run::At(run),
    }
}

/// The same row with a schema.
const fn checked(schema: &'static Schema, row: Route) -> Route {
    Route {
        schema: Some(schema),
        ..row
    }
}

/// The same row with a route permission.
const fn gated(gate: &'static [&'static str], row: Route) -> Route {
    Route { gate, ..row }
}

/// The same row, open to everyone.
const fn open(row: Route) -> Route {
    Route {
        login: false,
        ..row
    }
}

const ROUTES: &[Route] = &[
    Route {
        method: "POST",
        path: "/api/v1/integrations.create",
        login: true,
        gate: &[],
        schema: Some(&schema::CREATE),
        run: Run::Create,
    },
    gated(
        ANY,
        checked(
            &schema::LIST,
            route("GET", "/api/v1/integrations.list", rules::list::list),
        ),
    ),
    checked(
        &schema::GET,
        route("GET", "/api/v1/integrations.get", rules::remove::get),
    ),
    checked(
        &schema::UPDATE,
        route("PUT", "/api/v1/integrations.update", rules::update::update),
    ),
    gated(
        ANY,
        checked(
            &schema::REMOVE,
            route("POST", "/api/v1/integrations.remove", rules::remove::remove),
        ),
    ),
    gated(
        ANY_OUTGOING,
        checked(
            &schema::HISTORY,
            route(
                "GET",
                "/api/v1/integrations.history",
                rules::history::history,
            ),
        ),
    ),
    checked(
        &schema::CLEAR_HISTORY,
        route(
            "POST",
            "/api/v1/integrations.clearHistory",
            rules::history::clear,
        ),
    ),
    open(route("POST", "/api/v1/login", rules::session::login)),
    route("POST", "/api/v1/logout", rules::session::logout),
    route("GET", "/api/v1/me", rules::session::me),
    route(
        "GET",
        "/api/v1/permissions.listAll",
        rules::list::permissions,
    ),
    route("GET", "/api/v1/users.info", rules::directory::users_info),
    route("GET", "/api/v1/rooms.info", rules::directory::rooms_info),
    route("GET", "/api/v1/rooms.get", rules::directory::rooms_get),
    route(
        "GET",
        "/api/v1/rooms.adminRooms",
        rules::directory::admin_rooms,
    ),
    route(
        "GET",
        "/api/v1/subscriptions.get",
        rules::directory::subscriptions_get,
    ),
    route(
        "GET",
        "/api/v1/channels.list",
        rules::directory::channels_list,
    ),
    open(route("GET", "/api/info", rules::session::info)),
];

/// What a fault changes about the way a request is answered.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner {
    pub(super) page: Page,
    /// How long the effect waits.
    pub(super) hold: Duration,
}

/// Answers one request as the server does, its deliberate delays included.
pub(super) async fn answer(
    sandbox: &Sandbox,
    request: &Request,
    manner: Manner,
) -> Response<Bytes> {
    let path = request.http.uri().path();
    if path == "/health" {
        return Refusal::Text(StatusCode::OK, "ok").response(&sandbox.era);
    }
    if let Some(hook) = path.strip_prefix("/hooks/") {
        return deliver(sandbox, request, hook);
    }
    let mut verdict = None;
    let outcome = run(sandbox, request, manner, &mut verdict).await;
    let mut response = outcome.unwrap_or_else(|refusal| refusal.response(&sandbox.era));
    if let Some(verdict) = verdict {
        verdict.write(&mut response);
    }
    let refused = matches!(
        response.status(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    );
    if refused && sandbox.era.has(Quirk::DelaysRefusals) {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    response
}

/// Finds the endpoint, admits the request and runs it.
async fn run(
    sandbox: &Sandbox,
    request: &Request,
    manner: Manner,
    verdict: &mut Option<Verdict>,
) -> Result<Response<Bytes>, Refusal> {
    let route = find(request)?;
    if let Run::At(_) = route.run {
        tokio::time::sleep(manner.hold).await;
    }
    let draft = {
        let mut state = sandbox.lock();
        let mut call = admit(sandbox, &mut state, route, request, verdict)?;
        call.page = manner.page;
        match route.run {
            Run::At(handler) => return handler(&mut call).map(|body| success(&call, body)),
            Run::Create => create::begin(&mut call)?,
        }
    };
    // Between the stamp and the insert: a run that ends here leaves nothing behind.
    tokio::time::sleep(sandbox.create_gap + manner.hold).await;
    let mut state = sandbox.lock();
    let mut call = visit(sandbox, &mut state, request);
    create::finish(&mut call, draft).map(|body| success(&call, body))
}

/// 200 with the body, and `success` where the era says it.
fn success(call: &Call<'_>, mut body: Map<String, Value>) -> Response<Bytes> {
    if call.says_success {
        body.insert("success".to_owned(), true.into());
    }
    json_response(StatusCode::OK, &Value::Object(body))
}

/// The endpoint of a request.
fn find(request: &Request) -> Result<&'static Route, Refusal> {
    let path = request.http.uri().path();
    let here: Vec<_> = ROUTES.iter().filter(|route| route.path == path).collect();
    let method = request.http.method();
    let found = here.iter().find(|route| method == route.method);
    match (found, here.first()) {
        (Some(route), _) => Ok(route),
        (None, Some(other)) => Err(Refusal::WrongMethod(other.method)),
        (None, None) => Err(Refusal::UnknownPath),
    }
}

/// A request that is not yet admitted, as handlers see it.
fn visit<'s>(sandbox: &'s Sandbox, state: &'s mut State, request: &Request) -> Call<'s> {
    let uri = request.http.uri();
    let caller = caller(state, request);
    Call {
        state,
        era: &sandbox.era,
        now: (sandbox.clock.millis(), sandbox.clock.iso()),
        invent: sandbox.invent,
        caller,
        query: parse::query(uri.query().unwrap_or_default()),
        body: Map::new(),
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
fn order(era: &Era) -> [Step; 3] {
    if era.has(Quirk::OldRouter) {
        [Step::Limit, Step::Schema, Step::Permission]
    } else if era.has(Quirk::TypedRoutes) {
        [Step::Permission, Step::Schema, Step::Limit]
    } else {
        [Step::Permission, Step::Limit, Step::Schema]
    }
}

/// Lets a request in, or refuses it in the era's order.
fn admit<'s>(
    sandbox: &'s Sandbox,
    state: &'s mut State,
    route: &Route,
    request: &Request,
    verdict: &mut Option<Verdict>,
) -> Result<Call<'s>, Refusal> {
    let mut call = visit(sandbox, state, request);
    if route.login && call.caller.is_none() {
        return Err(Refusal::LoggedOut);
    }
    let mut body = match *request.http.method() {
        Method::POST | Method::PUT => parse::body(request.http.headers(), request.http.body()),
        _ => Value::Object(Map::new()),
    };
    for step in order(call.era) {
        match step {
            Step::Permission
                if route.gate.is_empty() || route.gate.iter().any(|gate| call.may(gate)) => {}
            Step::Permission => return Err(Refusal::Forbidden),
            Step::Schema => check(&mut call, route, &mut body)?,
            Step::Limit => limit(sandbox, &mut call, route, request, verdict)?,
        }
    }
    if let Value::Object(body) = body {
        call.body = body;
    }
    Ok(call)
}

/// Applies the endpoint's schema, which may coerce what it lets through.
fn check(call: &mut Call<'_>, route: &Route, body: &mut Value) -> Result<(), Refusal> {
    let Some(schema) = route.schema.filter(|schema| has_schema(call.era, schema)) else {
        return Ok(());
    };
    if schema.part == Part::Body {
        return validate::validate(schema, call.era, body)
            .map_err(|errors| Refusal::Schema(Part::Body, errors));
    }
    let mut query = Value::Object(std::mem::take(&mut call.query));
    let verdict = validate::validate(schema, call.era, &mut query);
    if let Value::Object(query) = query {
        call.query = query;
    }
    verdict.map_err(|errors| Refusal::Schema(Part::Query, errors))
}

/// Whether the endpoint has its schema in this era: lists got theirs with their filters.
fn has_schema(era: &Era, schema: &Schema) -> bool {
    let list = std::ptr::eq(schema, &raw const schema::LIST);
    !era.has(Quirk::LooseChecks) && (!list || era.has(Quirk::FiltersList))
}

/// Asks the limiter, unless the caller or the server is beyond it.
fn limit(
    sandbox: &Sandbox,
    call: &mut Call<'_>,
    route: &Route,
    request: &Request,
    verdict: &mut Option<Verdict>,
) -> Result<(), Refusal> {
    let world = &call.state.world;
    let enabled = sandbox.rate.is_some() || world.flag("API_Enable_Rate_Limiter", true);
    if !route.login || !enabled || call.may("api-bypass-rate-limit") {
        return Ok(());
    }
    let rate = sandbox.rate.unwrap_or_else(|| Rate {
        calls: world.number("API_Enable_Rate_Limiter_Limit_Calls_Default", 10),
        millis: world.number("API_Enable_Rate_Limiter_Limit_Time_Default", 60_000),
    });
    let client = limiter::client(request.http.headers(), request.peer);
    let asked = call.state.limiter.ask(client, route.path, rate, call.now.0);
    *verdict = Some(asked);
    if asked.passes {
        Ok(())
    } else {
        Err(Refusal::Limited(asked.wait(call.now.0)))
    }
}

/// A delivery to a webhook needs no login.
fn deliver(sandbox: &Sandbox, request: &Request, hook: &str) -> Response<Bytes> {
    let mut state = sandbox.lock();
    let mut call = visit(sandbox, &mut state, request);
    if let Value::Object(body) = parse::body(request.http.headers(), request.http.body()) {
        call.body = body;
    }
    match rules::hooks::deliver(&mut call, hook) {
        Ok(body) => success(&call, body),
        Err(refusal) => refusal.response(&sandbox.era),
    }
}
