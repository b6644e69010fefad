//! How long a run takes under a limit of ten calls a minute, and how it behaves beside others.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::Client;
use super::laws::paused;
use super::world::World;
use crate::support::desired;
use rcsync::apply::Outcome;
use rcsync::plan::Forecast;
use rocketchat_client::{BoxFuture, Request, Response, SendError, Transport};
use rocketchat_client::{Limits, Rate};

/// How long a request takes, and its answer.
const WAY: Duration = Duration::from_millis(125);

const WINDOW: Duration = Duration::from_mins(1);

/// A wire that takes time, and counts what was refused: by endpoint and the end of the window.
struct Slow {
    line: Arc<dyn Transport>,
    refused: Mutex<BTreeMap<(String, String), usize>>,
}

impl Slow {
    fn to(world: &World) -> Arc<Self> {
        Arc::new(Self {
            line: world.line(),
            refused: Mutex::default(),
        })
    }

    /// The most requests that were refused in one window of one endpoint.
    fn most_refused(&self) -> usize {
        let refused = self.refused.lock().unwrap();
        refused.values().copied().max().unwrap_or(0)
    }
}

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async {
            let endpoint = format!("{} {}", request.method(), request.uri().path());
            sleep(WAY).await;
            let answer = self.line.send(request).await?;
            sleep(WAY).await;
            if answer.status() == 429 {
                let reset = answer.headers()["x-ratelimit-reset"].to_str().unwrap();
                let key = (endpoint, reset.to_owned());
                *self.refused.lock().unwrap().entry(key).or_default() += 1;
            }
            Ok(answer)
        })
    }
}

fn entries(name: &str, count: usize) -> Vec<Json> {
    let entry = |n| {
        json!({"type": "webhook-incoming", "name": format!("{name} {n}"), "username": "rocket.cat",
            "channel": "#general"})
    };
    (0..count).map(entry).collect()
}

/// Creates so many, and says how long that took.
async fn create(wire: &Arc<Slow>, name: &str, count: usize) -> Duration {
    run(Client::limited(wire.clone()), name, count).await.0
}

/// The same by a client, with what was forecast.
async fn run(client: Client, name: &str, count: usize) -> (Duration, Forecast) {
    let start = Instant::now();
    let desired = desired(&entries(name, count));
    let (plan, applied) = client.apply(&desired).await;
    let created = |outcome: &Outcome| matches!(outcome, Outcome::Created(_));
    let created = applied.outcomes.iter().filter(|(_, it)| created(it));
    assert_eq!(created.count(), count, "{:?}", applied.outcomes);
    (start.elapsed(), plan.forecast().unwrap())
}

/// Holds a time against the least that the limit allows: so many windows, and 10 % more.
#[track_caller]
fn is_about(time: Duration, windows: u32) {
    let least = WINDOW * (windows - 1);
    assert!(
        least <= time && time <= least.mul_f64(1.1),
        "{time:?}, and {least:?} is the least"
    );
}

#[test]
fn a_hundred_creates_use_every_window_up_and_none_is_refused() {
    paused(async {
        let world = World::with("8.8", &[], &[]).await;
        let wire = Slow::to(&world);
        is_about(create(&wire, "A", 100).await, 10);
        assert_eq!((wire.most_refused(), world.records().len()), (0, 100));
    });
}

#[test]
fn two_runs_behind_one_address_share_the_windows() {
    paused(async {
        let world = World::with("8.8", &[], &[]).await;
        let (one, two) = (Slow::to(&world), Slow::to(&world));
        let times = tokio::join!(create(&one, "A", 100), create(&two, "B", 100));
        is_about(times.0.max(times.1), 20);
        assert!(one.most_refused() <= 1 && two.most_refused() <= 1);
        assert_eq!(world.records().len(), 200);
    });
}

/// Somebody who does not care: takes four calls at once, so long after each window began, and each time `more`.
async fn stranger(world: &World, start: Instant, after: Duration, more: Duration) {
    let wire = Slow::to(world);
    for round in 0_u32.. {
        let call = |n| {
            let body = json!({"type": "webhook-incoming", "name": format!("stranger {round} {n}"),
                "enabled": true, "username": "rocket.cat", "channel": "#general", "scriptEnabled": false});
            let request: Request = http::Request::builder()
                .method("POST")
                .uri("http://chat.example.org/api/v1/integrations.create")
                .header("x-user-id", "uLim")
                .header("x-auth-token", "tok-lim")
                .header("content-type", "application/json")
                .body(body.to_string().into())
                .unwrap();
            wire.send(request)
        };
        let (answer, ..) = tokio::join!(call(0), call(1), call(2), call(3));
        let reset = answer.unwrap().headers()["x-ratelimit-reset"].clone();
        let reset: u64 = reset.to_str().unwrap().parse().unwrap();
        let reset = start + Duration::from_millis(reset - 1_700_000_000_000);
        sleep_until(reset + after + more * round).await;
    }
}

#[test]
fn a_stranger_behind_the_same_address_costs_one_refusal_a_window_at_the_most() {
    // Before our first call of a window, and at ever other moments among them.
    let refused = [(50, 0), (1000, 130)].map(|(after, more)| {
        let (after, more) = (Duration::from_millis(after), Duration::from_millis(more));
        paused(async {
            let world = World::with("8.8", &[], &[]).await;
            let start = Instant::now();
            let ours = Slow::to(&world);
            let time = tokio::select! {
                time = create(&ours, "A", 100) => time,
                () = stranger(&world, start, after, more) => unreachable!(),
            };
            let theirs = u32::try_from(world.records().len()).unwrap() - 100;
            let windows = (100 + theirs).div_ceil(10);
            assert!(theirs >= windows, "{theirs} in {windows} windows");
            is_about(time, windows);
            ours.most_refused()
        })
    });
    assert_eq!(refused, [0, 1]);
}

#[test]
fn a_forecast_is_right_under_its_assumptions() {
    paused(async {
        // With answers that take a quarter of a second, and nobody else.
        for count in [1, 10, 11, 35, 100] {
            let world = World::with("8.8", &[], &[]).await;
            let wire = Slow::to(&world);
            let (time, forecast) = run(Client::limited(wire.clone()), "A", count).await;
            let ten = Rate {
                calls: 10,
                window: WINDOW,
            };
            assert_eq!(forecast.limits, Limits::PerEndpoint(ten));
            is_forecast(time, forecast);
        }
        for count in [1, 8, 100] {
            let world = World::with("8.8", &[], &[]).await;
            let (time, forecast) = run(Client::over(Slow::to(&world)), "A", count).await;
            assert_eq!(forecast.limits, Limits::Unlimited);
            is_forecast(time, forecast);
        }
    });
}

/// Holds a run, of which the plan took a second, against what was forecast: 5 % and two seconds, because a window is
/// begun anew a little late.
#[track_caller]
fn is_forecast(time: Duration, forecast: Forecast) {
    let writes = time.saturating_sub(4 * 2 * WAY);
    let off = writes.abs_diff(forecast.time);
    let allowed = forecast.time.mul_f64(0.05) + Duration::from_secs(2);
    assert!(off <= allowed, "{writes:?}, forecast {:?}", forecast.time);
}
