//! The table of endpoints: paths, methods, route permissions, schemas, handlers.
//!
//! In which order a request is held against its row is in `admission`; what the endpoint then does is in `rules`.

use http::Method;

use super::era::{Era, Quirk};
use super::reply::{Refusal, Request};
use super::rules::{Call, Outcome};
use super::rules::{account, directory, get, history, list, remove, update};
use super::schema::{self, Schema};

/// One endpoint.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// The path below `/api/`.
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

impl Route {
    /// The same row with a schema.
    const fn checked(mut self, schema: &'static Schema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// The same row with a route permission.
    const fn gated(mut self, gate: &'static [&'static str]) -> Self {
        self.gate = gate;
        self
    }

    /// The same row, open to everyone.
    const fn open(mut self) -> Self {
        self.login = false;
        self
    }
}

/// A row: an endpoint for which one must be logged in.
const fn route(method: &'static str, path: &'static str, run: Run) -> Route {
    Route {
        method,
        path,
        login: true,
        gate: &[],
        schema: None,
        run,
    }
}

/// One that reads.
const fn get(path: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Route {
    route("GET", path, Run::At(run))
}

/// One that writes.
const fn post(path: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Route {
    route("POST", path, Run::At(run))
}

/// Every endpoint below `/api`.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    route("POST", "v1/integrations.create", Run::Create).checked(&schema::CREATE),
    get("v1/integrations.list", list::list).gated(ANY).checked(&schema::LIST),
    get("v1/integrations.get", get::get).checked(&schema::GET),
    route("PUT", "v1/integrations.update", Run::At(update::update)).checked(&schema::UPDATE),
    post("v1/integrations.remove", remove::remove).gated(ANY).checked(&schema::REMOVE),
    get("v1/integrations.history", history::history).gated(ANY_OUTGOING).checked(&schema::HISTORY),
    post("v1/integrations.clearHistory", history::clear).checked(&schema::CLEAR_HISTORY),
    post("v1/login", account::login).open(),
    post("v1/logout", account::logout),
    get("v1/me", account::me),
    get("v1/permissions.listAll", directory::permissions),
    get("v1/users.info", directory::users_info),
    get("v1/rooms.info", directory::rooms_info),
    get("v1/rooms.get", directory::rooms_get),
    get("v1/rooms.adminRooms", directory::admin_rooms),
    get("v1/subscriptions.get", directory::subscriptions_get),
    get("v1/channels.list", directory::channels_list),
    get("info", account::info).open(),
];

/// The endpoint of a request. The newer router takes HEAD for a GET whose body is not sent, which `http` sees to.
pub(super) fn find(era: &Era, request: &Request) -> Result<&'static Route, Refusal> {
    let path = request.http.uri().path().strip_prefix("/api/");
    let here: Vec<_> = ROUTES
        .iter()
        .filter(|route| Some(route.path) == path)
        .collect();
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
