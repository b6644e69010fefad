//! What a manifest would change on a server, asked from a program: `cargo run --example embed --no-default-features`.
//! The server is a sandbox in this process; any other is reached by its address and the credentials of an account.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

use std::error::Error;
use std::sync::Arc;

use rcsync::client::secret::Secret;
use rcsync::client::{Auth, BaseUrl, Connection, Credentials, Endpoint, HttpTransport, Session};
use rcsync::engine::{PlanOptions, check, plan};
use rcsync::plan::Change;
use rcsync::server::Reader;
use rcsync::variables::Undefined;
use rocketchat_sandbox::{Clock, Config, Sandbox, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    for change in changes().await? {
        println!("{change}");
    }
    Ok(())
}

/// What would be done to which integration, a line each.
pub(crate) async fn changes() -> Result<Vec<String>, Box<dyn Error>> {
    let inputs = check::Inputs {
        paths: vec!["examples/integrations.yaml".into()],
        undefined: Undefined::MadeUp,
        ..check::Inputs::default()
    };
    let checked = check::check(&inputs, &mut std::io::empty())?;
    if checked.is_refused(false) {
        return Err(format!("{:#?}", checked.findings).into());
    }

    // It makes up the rooms and users that the manifest names.
    let config = Config {
        invent: true,
        ..Config::default()
    };
    let sandbox = Sandbox::open(&config, Clock::system())?;
    let (user_id, token) = sandbox.admin().ok_or("the sandbox has no administrator")?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let base = BaseUrl::parse(&format!("http://{}", listener.local_addr()?))?;
    tokio::spawn(serve(sandbox, listener, std::future::pending()));

    let transport = Arc::new(HttpTransport::new(&Connection::default())?);
    let endpoint = Endpoint::new(base, transport).masking(&checked.redactor);
    let auth = Auth::Token(Credentials {
        user_id,
        token: Secret::new(token),
    });
    let session = Session::open(&endpoint, &auth).await?;
    let planned = plan(
        &Reader::of(&session),
        &checked.desired,
        &PlanOptions::default(),
        &(),
    )
    .await;
    session.close().await?;
    let changes = planned?.plan.changes.into_iter();
    let line = |it: Change| {
        format!(
            "{} {} {}",
            it.action.kind().word(),
            it.key.kind.word(),
            it.key.name
        )
    };
    Ok(changes.map(line).collect())
}
