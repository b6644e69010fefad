//! The client over the sandbox without sockets, on one runtime with a paused clock: what holds for any desired and
//! any observed state.
//!
//! `world` sets up a server with records in it, `draw` makes up manifests and records, `laws` are what must hold of
//! them, `prune` what must hold of pruning, and `mutants` are clients that break a law and have to be caught.
//! `requests` counts what a plan asks; `state` holds plans from snapshots against those of the server, `saved` saved
//! ones against fresh ones, and `limits` is about time.
//!
//! `stale` lets somebody change records between a plan and its apply.
//!
//! `wire` is the way between a run and the server, with latency, mishaps and the end of the run; `faults` lets
//! everything go wrong at every request of a small run, and `crowd` lets runs begin together.

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
mod stale;
mod state;
mod watched;
mod wire;
mod world;

use std::net::Ipv4Addr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::apply::{self, Applied, Options, Stop};
use crate::desired::DesiredState;
use crate::observed::{ObservedState, Rights};
use crate::plan::{Extent, MOST_LOOK_UPS, Plan};
use crate::sandbox::{self, Answer, Sandbox};
use crate::secret::Secret;
use crate::server::{
    BaseUrl, BoxFuture, Credentials, Reader, Request, Response, SendError, ServerError, Transport,
    Writer,
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
    reader: Reader,
    /// Whence the chance of its applies comes.
    seed: u64,
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
        let base = BaseUrl::parse("http://chat.example.org").unwrap();
        Self {
            reader: Reader::new(base, &credentials, transport).unwrap(),
            seed: 0,
        }
    }

    /// What `rcsync plan` would show, with the look-ups that belong to it.
    async fn plan(&self, desired: &DesiredState, extent: Extent) -> (ObservedState, Plan) {
        self.try_plan(desired, extent).await.unwrap()
    }

    async fn try_plan(
        &self,
        desired: &DesiredState,
        extent: Extent,
    ) -> Result<(ObservedState, Plan), ServerError> {
        let mut observed = self.reader.observe().await?;
        let plan = Plan::between(desired, &observed);
        let asked = plan.questions(extent);
        let most = match extent {
            Extent::All => usize::MAX,
            Extent::Writes | Extent::Nothing => MOST_LOOK_UPS,
        };
        observed.users = self.reader.users(&asked.users, most).await?;
        if asked.permissions() {
            let permissions = self.reader.permissions().await?;
            let rights = Rights::of(observed.server.roles.as_ref(), &permissions);
            observed.learn(&permissions);
            let left = most.saturating_sub(observed.users.found.len());
            observed.rooms = self.reader.rooms(&asked.targets, rights, left).await?;
        }
        let (disabled, _) = plan.histories();
        observed.histories = self.reader.histories(&disabled).await?;
        let plan = Plan::between(desired, &observed);
        Ok((observed, plan))
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
        let read_at = Instant::now();
        let (observed, plan) = self.try_plan(desired, Extent::Writes).await?;
        Ok(Planned {
            read_at,
            observed,
            plan,
        })
    }

    /// The second half: the plan is made.
    async fn made(&self, planned: Planned) -> (Plan, Applied) {
        let Planned {
            read_at,
            observed,
            plan,
        } = planned;
        let records = observed.records.iter();
        let options = Options {
            concurrency: NonZeroUsize::new(8).unwrap(),
            seen: records.map(|it| (it.id.clone(), it.clone())).collect(),
            read_at,
            patience: Duration::from_mins(1),
            fail_fast: false,
            seed: self.seed,
        };
        let writer = Arc::new(Writer::beside(&self.reader));
        let (_stop, stopped) = watch::channel(Stop::GoOn);
        let applied = apply::apply(&plan, writer, options, stopped, &mut |_, _| {}).await;
        (plan, applied)
    }
}

/// A plan that was made, and not applied yet.
struct Planned {
    read_at: Instant,
    observed: ObservedState,
    plan: Plan,
}

/// The seeds to play: so many, `RCSYNC_CASES` of them, or the one that `RCSYNC_SEED` names.
fn seeds(count: u64) -> std::ops::Range<u64> {
    let given = |name| std::env::var(name).ok()?.parse().ok();
    match given("RCSYNC_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..given("RCSYNC_CASES").unwrap_or(count),
    }
}
