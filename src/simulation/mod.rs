//! The client over the sandbox without sockets, on one runtime with a paused clock: what holds for any desired and
//! any observed state.
//!
//! `world` sets up a server with records in it, `draw` makes up manifests and records, `laws` are what must hold of
//! them, and `mutants` are clients that break a law and have to be caught. `state` holds plans from snapshots against
//! those of the server, `saved` saved ones against fresh ones.

mod draw;
mod laws;
mod mutants;
mod saved;
mod state;
mod world;

use std::net::Ipv4Addr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::apply::{self, Applied, Options};
use crate::desired::DesiredState;
use crate::observed::ObservedState;
use crate::plan::{Extent, Plan};
use crate::sandbox::{self, Answer, Sandbox};
use crate::secret::Secret;
use crate::server::{
    BaseUrl, BoxFuture, Credentials, Reader, Request, Response, SendError, Transport, Writer,
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

/// A client with an account that may do everything.
struct Client {
    reader: Reader,
}

impl Client {
    fn over(transport: Arc<dyn Transport>) -> Self {
        let credentials = Credentials {
            user_id: "uAnn".to_owned(),
            token: Secret::new("tok-ann"),
        };
        let base = BaseUrl::parse("http://chat.example.org").unwrap();
        Self {
            reader: Reader::new(base, &credentials, transport).unwrap(),
        }
    }

    /// What `rcsync plan` would show, with the look-ups that belong to it.
    async fn plan(&self, desired: &DesiredState, extent: Extent) -> (ObservedState, Plan) {
        let mut observed = self.reader.observe().await.unwrap();
        let plan = Plan::between(desired, &observed);
        let asked = plan.questions(extent);
        observed.users = self
            .reader
            .users(&asked.users, asked.impersonators)
            .await
            .unwrap();
        let (disabled, _) = plan.histories();
        observed.histories = self.reader.histories(&disabled).await.unwrap();
        let plan = Plan::between(desired, &observed);
        (observed, plan)
    }

    /// What `rcsync apply` would do.
    async fn apply(&self, desired: &DesiredState) -> (Plan, Applied) {
        let read_at = Instant::now();
        let (observed, plan) = self.plan(desired, Extent::Writes).await;
        let options = Options {
            concurrency: NonZeroUsize::new(4).unwrap(),
            seen: observed.records.iter().map(|it| it.id.clone()).collect(),
            read_at,
            patience: Duration::from_secs(30),
        };
        let writer = Arc::new(Writer::beside(&self.reader));
        let (_stop, stopped) = watch::channel(false);
        let applied = apply::apply(&plan, writer, options, stopped, &mut |_, _| {}).await;
        (plan, applied)
    }
}
