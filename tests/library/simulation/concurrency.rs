//! How many writes are in flight at once, over a server that gets slower with what is in flight.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Client;
use super::laws::paused;
use super::world::World;
use crate::support::desired;
use rocketchat_client::{BoxFuture, Concurrency, Request, Response, SendError, Transport};

/// How long an answer of a server takes that has nothing else to do.
const LATENCY: Duration = Duration::from_millis(100);

/// The fixed numbers of requests at once that are compared.
const WIDTHS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

/// A server that works on `capacity` requests at once, and refuses those above `most`.
struct Busy {
    line: Arc<dyn Transport>,
    capacity: usize,
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    in_flight: usize,
    widest: usize,
    refused: usize,
    /// Of each write: when it was answered, and how long that took.
    answers: Vec<(Instant, Duration)>,
}

impl Busy {
    fn over(world: &World, capacity: usize, most: usize) -> Arc<Self> {
        Arc::new(Self {
            line: world.line(),
            capacity,
            most,
            state: Mutex::default(),
        })
    }
}

impl Transport for Busy {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async {
            let start = Instant::now();
            let writes = request.method() != "GET";
            let now = {
                let mut state = self.state.lock().unwrap();
                state.in_flight += usize::from(writes);
                state.widest = state.widest.max(state.in_flight);
                state.refused += usize::from(writes && state.in_flight > self.most);
                state.in_flight
            };
            let slower = u32::try_from(now.max(self.capacity)).unwrap();
            let capacity = u32::try_from(self.capacity).unwrap();
            sleep(LATENCY * slower / capacity).await;
            let answer = if writes && now > self.most {
                let answer = http::Response::builder().status(503);
                Ok(answer.body("busy".into()).unwrap())
            } else {
                self.line.send(request).await
            };
            if writes {
                let mut state = self.state.lock().unwrap();
                state.in_flight -= 1;
                state.answers.push((Instant::now(), start.elapsed()));
            }
            answer
        })
    }
}

/// How a run went.
#[derive(Debug)]
struct Measured {
    /// Writes in a second, but for the first quarter, in which the level is found.
    rate: f64,
    /// The 95th percentile of the latency of the same writes.
    latency: Duration,
    widest: usize,
    refused: usize,
}

fn measured(busy: &Busy) -> Measured {
    let state = busy.state.lock().unwrap();
    let steady = &state.answers[state.answers.len() / 4..];
    let (first, last) = (steady[0].0, steady[steady.len() - 1].0);
    let mut latencies: Vec<_> = steady.iter().map(|(_, latency)| *latency).collect();
    latencies.sort();
    Measured {
        rate: f64::from(u32::try_from(steady.len() - 1).unwrap()) / (last - first).as_secs_f64(),
        latency: latencies[latencies.len() * 95 / 100],
        widest: state.widest,
        refused: state.refused,
    }
}

async fn create(busy: Arc<Busy>, concurrency: Concurrency, name: &str, count: usize) {
    let entries: Vec<_> = (0..count)
        .map(|n| {
            json!({"type": "webhook-incoming", "name": format!("{name} {n}"), "username": "rocket.cat",
                "channel": "#general"})
        })
        .collect();
    let client = Client {
        concurrency,
        ..Client::over(busy)
    };
    client.apply(&desired(&entries)).await;
}

fn run(capacity: usize, concurrency: Concurrency, count: usize) -> Measured {
    paused(async {
        let world = World::with("8.8", &[], &[]).await;
        let busy = Busy::over(&world, capacity, usize::MAX);
        create(busy.clone(), concurrency, "Hook", count).await;
        assert_eq!(world.records().len(), count);
        measured(&busy)
    })
}

#[test]
fn the_adaptive_level_is_as_fast_as_the_best_fixed_one_and_hardly_slows_the_server() {
    for capacity in [4, 16, 64] {
        let count = 600;
        let fixed = |width| Concurrency::Fixed(NonZeroUsize::new(width).unwrap());
        let all = WIDTHS.map(|width| run(capacity, fixed(width), count));
        let most = all.iter().map(|it| it.rate).fold(0.0, f64::max);
        // Of those that are equally fast, the one that burdens the server least.
        let best = all.iter().find(|it| it.rate > most * 0.95).unwrap();
        let found = run(capacity, Concurrency::Adaptive, count);
        println!("capacity {capacity}: best {best:?}, found {found:?}");
        assert!(
            found.rate >= 0.9 * best.rate,
            "{capacity}: {found:?}, {best:?}"
        );
        let limit = best.latency.mul_f64(1.5);
        assert!(found.latency <= limit, "{capacity}: {found:?}, {best:?}");
        // One doubling too many at most; the first one is made before anything can be told.
        assert!(found.widest <= (2 * capacity).clamp(16, 64), "{found:?}");
    }
}

#[test]
fn a_server_that_refuses_is_not_asked_for_more_again() {
    paused(async {
        let world = World::with("8.8", &[], &[]).await;
        let busy = Busy::over(&world, 64, 20);
        // A create that a proxy refuses may have been made, and is looked for: it is not sent again.
        create(busy.clone(), Concurrency::Adaptive, "Hook", 600).await;
        let found = measured(&busy);
        println!("bound 20: {found:?}");
        // Twelve of the 32 of the slow start, and one at 21.
        assert!(found.widest <= 32 && found.refused <= 13, "{found:?}");
        assert_eq!(world.records().len() + found.refused, 600);
    });
}

#[test]
fn eight_runs_at_once_do_not_starve_each_other() {
    paused(async {
        let world = World::with("8.8", &[], &[]).await;
        let busy = Busy::over(&world, 16, usize::MAX);
        let start = Instant::now();
        let runs = (0..8).map(|number| {
            let busy = busy.clone();
            tokio::spawn(async move {
                create(busy, Concurrency::Adaptive, &format!("Run {number}"), 240).await;
                start.elapsed()
            })
        });
        let mut times = Vec::new();
        for run in runs.collect::<Vec<_>>() {
            times.push(run.await.unwrap().as_secs_f64());
        }
        println!("eight runs: {times:?}, {:?}", measured(&busy));
        let mean = times.iter().sum::<f64>() / 8.0;
        assert!(times.iter().all(|it| *it <= 1.2 * mean), "{times:?}");
        let found = measured(&busy);
        assert!(found.latency <= 3 * LATENCY, "{found:?}");
        assert_eq!(world.records().len(), 8 * 240);
    });
}
