//! The table of endpoints: paths, methods, route permissions, schemas, handlers.
//!
//! In which order a request is held against its row is in `admission`; what the endpoint then does is in `rules`.

use http::Method;

use super::profile::{Quirk, ServerProfile};
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
    /// Whom it lets in.
    pub(super) access: Access,
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

/// Whom an endpoint lets in.
#[derive(Clone, Copy)]
pub(super) enum Access {
    Anyone,
    /// Who is logged in, and holds any one of these permissions; none is needed when there are none.
    Account(&'static [&'static str]),
}

/// Who is logged in.
const ACCOUNT: Access = Access::Account(&[]);
/// The route permission of listing and removing (docs/server.md#endpoints).
const ANY: Access = Access::Account(&[
    "manage-outgoing-integrations",
    "manage-own-outgoing-integrations",
    "manage-incoming-integrations",
    "manage-own-incoming-integrations",
]);
/// The route permission of the history.
const ANY_OUTGOING: Access = Access::Account(&[
    "manage-outgoing-integrations",
    "manage-own-outgoing-integrations",
]);

/// A row.
const fn route(
    method: &'static str,
    path: &'static str,
    access: Access,
    schema: Option<&'static Schema>,
    run: Run,
) -> Route {
    Route {
        method,
        path,
        access,
        schema,
        run,
    }
}

/// Every endpoint below `/api`.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    route("POST", "v1/integrations.create", ACCOUNT, Some(&schema::CREATE), Run::Create),
    route("GET", "v1/integrations.list", ANY, Some(&schema::LIST), Run::At(list::list)),
    route("GET", "v1/integrations.get", ACCOUNT, Some(&schema::GET), Run::At(get::get)),
    route("PUT", "v1/integrations.update", ACCOUNT, Some(&schema::UPDATE), Run::At(update::update)),
    route("POST", "v1/integrations.remove", ANY, Some(&schema::REMOVE), Run::At(remove::remove)),
    route("GET", "v1/integrations.history", ANY_OUTGOING, Some(&schema::HISTORY), Run::At(history::history)),
    route("POST", "v1/integrations.clearHistory", ACCOUNT, Some(&schema::CLEAR_HISTORY), Run::At(history::clear)),
    route("POST", "v1/login", Access::Anyone, None, Run::At(account::login)),
    route("POST", "v1/logout", ACCOUNT, None, Run::At(account::logout)),
    route("GET", "v1/logout", ACCOUNT, None, Run::At(account::logout)),
    route("GET", "v1/me", ACCOUNT, None, Run::At(account::me)),
    route("GET", "v1/permissions.listAll", ACCOUNT, None, Run::At(directory::permissions)),
    route("GET", "v1/users.info", ACCOUNT, None, Run::At(directory::users_info)),
    route("GET", "v1/rooms.info", ACCOUNT, None, Run::At(directory::rooms_info)),
    route("GET", "v1/rooms.get", ACCOUNT, None, Run::At(directory::rooms_get)),
    route("GET", "v1/rooms.isMember", ACCOUNT, None, Run::At(directory::is_member)),
    route("GET", "v1/rooms.adminRooms", ACCOUNT, None, Run::At(directory::admin_rooms)),
    route("GET", "v1/subscriptions.get", ACCOUNT, None, Run::At(directory::subscriptions_get)),
    route("GET", "v1/channels.list", ACCOUNT, None, Run::At(directory::channels_list)),
    route("GET", "info", Access::Anyone, None, Run::At(account::info)),
];

/// The endpoint of a request. The newer router takes HEAD for a GET whose body is not sent, which `http` sees to.
pub(super) fn find(profile: &ServerProfile, request: &Request) -> Result<&'static Route, Refusal> {
    let path = request.http.uri().path().strip_prefix("/api/");
    let here: Vec<_> = ROUTES
        .iter()
        .filter(|route| Some(route.path) == path)
        .collect();
    let method = match request.http.method() {
        &Method::HEAD if !profile.has(Quirk::OldRouter) => &Method::GET,
        method => method,
    };
    let found = here.iter().find(|route| method == route.method);
    match (found, here.first()) {
        (Some(route), _) => Ok(route),
        (None, Some(other)) => Err(Refusal::WrongMethod(other.method)),
        (None, None) => Err(Refusal::UnknownPath),
    }
}
