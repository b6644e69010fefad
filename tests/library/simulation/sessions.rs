//! What a program that embeds the engine counts on: several servers in one run, and applies that it gives up.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use rcsync::apply::Stop;
use rcsync::engine::{self, ApplyOptions, PlanOptions, Planned};
use rcsync::server::{Reader, Writer};
use rocketchat_client::redactor::Redactor;
use rocketchat_client::secret::Secret;
use rocketchat_client::{
    Auth, BaseUrl, BoxFuture, Concurrency, Credentials, Endpoint, Login, Request, Response,
    Retries, SendError, ServerError, Session, Transport,
};
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::ANN;
use super::laws::paused;
use super::watched::Watched;
use super::world::World;
use crate::support::desired;

fn endpoint(transport: Arc<dyn Transport>) -> Endpoint {
    Endpoint {
        base: BaseUrl::parse("http://chat.example.org").unwrap(),
        transport,
        retries: Retries::default(),
        known: Redactor::default(),
    }
}

fn by_token() -> Auth {
    let (user_id, _, token) = ANN;
    Auth::Token(Credentials {
        user_id: user_id.to_owned(),
        token: Secret::new(token),
    })
}

fn by_password() -> Auth {
    Auth::Password(Login {
        user: "pass.word".to_owned(),
        password: Secret::new("open-sesame"),
    })
}

fn hook(name: &str) -> Json {
    json!({"type": "webhook-incoming", "name": name, "username": "rocket.cat", "channel": "#general"})
}

/// Plans in a session of its own, and closes it. Also whether the session was still good afterwards.
async fn planned(watched: Arc<Watched>, auth: Auth, names: &[&str]) -> (usize, bool) {
    let entries: Vec<_> = names.iter().map(|name| hook(name)).collect();
    let session = Session::open(&endpoint(watched), &auth).await.unwrap();
    let reader = Reader::of(&session);
    let options = PlanOptions::default();
    let planned = engine::plan(&reader, &desired(&entries), &options, &()).await;
    let changes = planned.unwrap().plan.changes.len();
    session.close().await.unwrap();
    let after = reader.facts().await;
    assert!(
        after.is_ok() || matches!(after, Err(ServerError::Unauthorised)),
        "{after:?}"
    );
    (changes, after.is_ok())
}

fn logouts(watched: &Watched) -> usize {
    let sent = watched.sent();
    sent.iter()
        .filter(|sent| sent.what == "POST logout")
        .count()
}

#[test]
fn two_servers_are_planned_at_once_and_whoever_was_logged_in_is_logged_out() {
    paused(async {
        let worlds = [
            World::with("8.8", &[], &[]).await,
            World::with("6.0", &[], &[]).await,
        ];
        let [one, other] = worlds
            .each_ref()
            .map(|world| Arc::new(Watched::over(world.line())));
        let ((changes, still_good), (others, others_still_good)) = tokio::join!(
            planned(one.clone(), by_token(), &["A"]),
            planned(other.clone(), by_password(), &["B", "C"]),
        );
        assert_eq!((changes, others), (1, 2));
        // A token that somebody made for other runs, too, is not ended by this one.
        assert!(still_good && logouts(&one) == 0);
        assert!(!others_still_good && logouts(&other) == 1);
    });
}

/// A line that takes its time with whatever writes.
struct Slow(Arc<dyn Transport>);

/// How long that is.
const TIME: Duration = Duration::from_secs(5);

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async {
            let writes = request.uri().path().ends_with(".create");
            if writes {
                sleep(TIME).await;
            }
            let answer = self.0.send(request).await;
            if writes {
                sleep(TIME).await;
            }
            answer
        })
    }
}

#[test]
fn an_apply_that_is_given_up_drops_no_write_that_was_sent_and_starts_none() {
    paused(async {
        let world = World::with("8.8", &[], &[]).await;
        let watched = Arc::new(Watched::over(world.line()));
        let slow = Arc::new(Slow(watched.clone()));
        let session = Session::open(&endpoint(slow), &by_token()).await.unwrap();
        let entries: Vec<_> = (0..20).map(|n| hook(&format!("Hook {n}"))).collect();
        let options = PlanOptions::default();
        let reader = Reader::of(&session);
        let planned: Planned = engine::plan(&reader, &desired(&entries), &options, &())
            .await
            .unwrap();
        let width = NonZeroUsize::new(3).unwrap();
        let options = ApplyOptions {
            concurrency: Concurrency::Fixed(width),
            patience: Duration::from_mins(1),
            fail_fast: false,
            seed: 1,
        };
        let (_stop, stopped) = watch::channel(Stop::GoOn);
        let begun = Instant::now();
        let apply = engine::apply(
            Writer::of(&session),
            Arc::new(planned),
            &options,
            stopped,
            &(),
        );
        // The first create goes alone, to learn the limit; the next ones have left, and not reached the server.
        let applied = timeout(TIME * 5 / 2, apply).await;
        assert!(applied.is_err() && begun.elapsed() < TIME * 3);
        assert_eq!(world.records().len(), 1);
        sleep(TIME * 20).await;
        let creates = watched.sent();
        let creates = creates
            .iter()
            .filter(|sent| sent.what == "POST integrations.create");
        let made = 1 + width.get();
        assert_eq!((world.records().len(), creates.count()), (made, made));
    });
}
