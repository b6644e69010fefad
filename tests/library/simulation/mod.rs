//! The client over the sandbox without sockets, on one runtime with a paused clock: what holds for any desired and
//! any observed state.
//!
//! `world` sets up a server with records in it, `draw` makes up manifests and records, `laws` are what must hold of
//! them, `prune` what must hold of pruning, and `mutants` are clients that break a law and have to be caught.
//! `requests` counts what a plan asks; `state` holds plans from snapshots against those of the server, `saved` saved
//! ones against fresh ones, and `limits` is about time, and `concurrency` about how many writes at
//! once a server bears.
//!
//! `sessions` is what somebody who embeds the engine counts on: several servers in one run, and a run that is given up.
//!
//! `stale` lets somebody change records between a plan and its apply.
//!
//! `wire` is the way between a run and the server, with latency, mishaps and the end of the run; `faults` lets
//! everything go wrong at every request of a small run, and `crowd` lets runs begin together.

mod concurrency;
mod crowd;
mod draw;
mod faults;
mod laws;
mod limits;
mod mutants;
mod prune;
mod reach;
mod requests;
mod saved;
mod sessions;
mod stale;
mod state;
mod watched;
mod wire;
mod world;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rocketchat_sandbox::{self as sandbox, Answer, Sandbox};
use tokio::sync::watch;

use rcsync::apply::{Applied, Stop};
use rcsync::desired::DesiredState;
use rcsync::engine::{self, ApplyOptions, PlanOptions, Planned};
use rcsync::observed::ObservedState;
use rcsync::plan::{Asking, Plan, Preflight};
use rcsync::server::{Reader, Writer};
use rocketchat_client::redactor::Redactor;
use rocketchat_client::secret::Secret;
use rocketchat_client::{
    BaseUrl, BoxFuture, Concurrency, Credentials, Endpoint, Request, Response, Retries, SendError,
    ServerError, Session, Transport,
};

/// The wire between client and sandbox.
struct Line(Arc<Sandbox>);

impl Transport for Line {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async {
            let request = sandbox::Request {
                http: request,
                peer: Ipv4Addr::LOCALHOST.into(),
            };
            match self.0.handle(request).await {
                Answer::Response(response) => Ok(response),
                Answer::Cut(..) | Answer::Dropped => {
                    Err(SendError::Unknown("the connection broke".to_owned()))
                }
            }
        })
    }
}

/// An account: its id, its username, its token.
type Account = (&'static str, &'static str, &'static str);

/// Whoever may do everything.
const ANN: Account = ("uAnn", "ann.admin", "tok-ann");

/// Whoever may do everything but bypass the server's limit.
const LIM: Account = ("uLim", "lim.ited", "tok-lim");

/// Whoever may manage its own integrations alone.
const OWN: Account = ("uOwn", "own.only", "tok-own");

/// A client with an account.
struct Client {
    session: Session,
    reader: Reader,
    /// Whence the chance of its applies comes.
    seed: u64,
    /// How many of its writes may be in flight at once.
    concurrency: Concurrency,
}

impl Client {
    /// One that may do everything.
    fn over(transport: Arc<dyn Transport>) -> Self {
        Self::of(ANN, transport)
    }

    /// A client with an account whose calls the server limits.
    fn limited(transport: Arc<dyn Transport>) -> Self {
        Self::of(LIM, transport)
    }

    fn of((user_id, _, token): Account, transport: Arc<dyn Transport>) -> Self {
        let credentials = Credentials {
            user_id: user_id.to_owned(),
            token: Secret::new(token),
        };
        let endpoint = Endpoint {
            base: BaseUrl::parse("http://chat.example.org").unwrap(),
            transport,
            retries: Retries::default(),
            known: Redactor::default(),
        };
        let session = Session::with_token(&endpoint, &credentials).unwrap();
        Self {
            reader: Reader::of(&session),
            session,
            seed: 0,
            concurrency: Concurrency::Adaptive,
        }
    }

    fn writer(&self) -> Writer {
        Writer::of(&self.session)
    }

    /// What `rcsync plan` would show, with the look-ups that belong to it.
    async fn plan(&self, desired: &DesiredState, preflight: Preflight) -> (ObservedState, Plan) {
        let planned = self.try_plan(desired, preflight).await.unwrap();
        (planned.observed, planned.plan)
    }

    async fn try_plan(
        &self,
        desired: &DesiredState,
        preflight: Preflight,
    ) -> Result<Planned, ServerError> {
        let options = PlanOptions {
            asking: Asking {
                preflight,
                ..Asking::default()
            },
            ..PlanOptions::default()
        };
        engine::plan(&self.reader, desired, &options, &()).await
    }

    /// What `rcsync apply` would do.
    async fn apply(&self, desired: &DesiredState) -> (Plan, Applied) {
        self.try_apply(desired).await.unwrap()
    }

    async fn try_apply(&self, desired: &DesiredState) -> Result<(Plan, Applied), ServerError> {
        let planned = self.planned(desired).await?;
        Ok(self.made(planned).await)
    }

    /// The first half of it: a plan that could be made.
    async fn planned(&self, desired: &DesiredState) -> Result<Planned, ServerError> {
        self.try_plan(desired, Preflight::Auto).await
    }

    /// The second half: the plan is made.
    async fn made(&self, planned: Planned) -> (Plan, Applied) {
        let options = ApplyOptions {
            concurrency: self.concurrency,
            patience: Duration::from_mins(1),
            fail_fast: false,
            seed: self.seed,
        };
        let planned = Arc::new(planned);
        let writer = self.writer();
        let (_stop, stopped) = watch::channel(Stop::GoOn);
        let applied = engine::apply(writer, planned.clone(), &options, stopped, &()).await;
        let planned = Arc::into_inner(planned).expect("the task of the apply has ended");
        (planned.plan, applied)
    }
}

/// The seeds to play: so many, `RCSYNC_CASES` of them, or the one that `RCSYNC_SEED` names.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let given = |name| std::env::var(name).ok()?.parse().ok();
    match given("RCSYNC_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..given("RCSYNC_CASES").unwrap_or(count),
    }
}
