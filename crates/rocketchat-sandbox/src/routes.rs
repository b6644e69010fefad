//! The table of endpoints: paths, methods, route permissions, schemas, handlers.
//!
//! In which order a request is held against its row is in `admission`; what the endpoint then does is in `rules`.

use http::Method;

use super::era::{Era, Quirk};
use super::reply::{Refusal, Request};
use super::rules::{self, Call, Outcome};
use super::schema::{self, Schema};

/// One endpoint.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// The whole path; the limiter counts by it.
    pub(super) path: &'static str,
    /// Whether one must be logged in.
    pub(super) login: bool,
    /// Any one of these permissions lets in; none needed when empty.
    pub(super) gate: &'static [&'static str],
    /// What it takes, in the eras that check it.
    pub(super) schema: Option<&'static Schema>,
    /// How it is run.
    pub(super) run: Run,
}

/// How an endpoint runs.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// At once.
    At(fn(&mut Call<'_>) -> Outcome),
    /// In two halves with time between them.
    Create,
}

/// The route permission of listing and removing (reference 3.1).
const ANY: &[&str] = &[
    "manage-outgoing-integrations",
    "manage-own-outgoing-integrations",
    "manage-incoming-integrations",
    "manage-own-incoming-integrations",
];
/// The route permission of the history.
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

/// Every endpoint below `/api`.
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
        route("GET", "/api/v1/integrations.get", rules::get::get),
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
    open(route("POST", "/api/v1/login", rules::account::login)),
    route("POST", "/api/v1/logout", rules::account::logout),
    route("GET", "/api/v1/me", rules::account::me),
    route(
        "GET",
        "/api/v1/permissions.listAll",
        rules::directory::permissions,
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
    open(route("GET", "/api/info", rules::account::info)),
];

/// The endpoint of a request. The newer router takes HEAD for a GET whose body is not sent, which `http` sees to.
pub(super) fn find(era: &Era, request: &Request) -> Result<&'static Route, Refusal> {
    let path = request.http.uri().path();
    let here: Vec<_> = ROUTES.iter().filter(|route| route.path == path).collect();
    let method = match request.http.method() {
        &Method::HEAD if !era.has(Quirk::OldRouter) => &Method::GET,
        method => method,
    };
    let found = here.iter().find(|route| method == route.method);
    match (found, here.first()) {
        (Some(route), _) => Ok(route),
        (None, Some(other)) => Err(Refusal::WrongMethod(other.method)),
        (None, None) => Err(Refusal::UnknownPath),
    }
}
