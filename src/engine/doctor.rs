//! What is in the way of a first plan.

use super::{Event, Events};
use crate::client::{Auth, Endpoint, NoSession, Session};
use crate::doctor::{By, Check, ConnectionConfig, Facts, checks};
use crate::problem::Problem;
use crate::server::{Checkup, Reader};

/// Asks the server, and this account what it may do, and says of each thing how it is. Without credentials, asks what needs
/// none. A login is ended.
pub async fn doctor(
    endpoint: &Endpoint,
    auth: Result<&Auth, Problem>,
    connection: ConnectionConfig,
    events: &dyn Events,
) -> Vec<Check> {
    let (identity, checkup) = match auth {
        Ok(auth) => asked(endpoint, auth, events).await,
        Err(missing) => (Err(missing), alone(endpoint).await),
    };
    checks(&Facts {
        connection,
        identity,
        checkup,
    })
}

async fn asked(
    endpoint: &Endpoint,
    auth: &Auth,
    events: &dyn Events,
) -> (Result<By, Problem>, Checkup) {
    let by = match auth {
        Auth::Token(_) => By::Token,
        Auth::Password(_) => By::Password,
    };
    match Session::open(endpoint, auth).await {
        Ok(session) => {
            let checkup = Reader::of(&session).checkup(true).await;
            if let Err(error) = session.close().await {
                events.event(&Event::StillLoggedIn(&error));
            }
            (Ok(by), checkup)
        }
        Err(NoSession::Unusable(error)) => (Err(error.into()), alone(endpoint).await),
        Err(NoSession::Refused(error)) => {
            let mut checkup = alone(endpoint).await;
            checkup.account = Some(Err(error));
            (Ok(by), checkup)
        }
    }
}

/// What is answered without credentials.
async fn alone(endpoint: &Endpoint) -> Checkup {
    Reader::from(endpoint.anonymous()).checkup(false).await
}
