//! The way between one run and the server: how long it takes, what befalls its requests, and where the run is killed.
//!
//! Requests are numbered as they are sent; everything follows from a [`Schedule`], so that one is played again as it
//! was. The server finishes what it was given, whoever has gone.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rocketchat_sandbox::{self as sandbox, Answer, Effect, Fault, Sandbox};
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Client;
use rcsync::apply::Applied;
use rcsync::desired::DesiredState;
use rcsync::plan::Plan;
use rocketchat_client::{BoxFuture, Request, Response, SendError, ServerError, Transport};

/// How long a client waits for an answer.
const TOTAL: Duration = Duration::from_secs(30);

/// The longest that a process is suspended between its decision to remove a record and the removal: no client can
/// tell whether it is, and so there is a bound that all of them count on.
const LONGEST_TO_REMOVE: u64 = 8_000;

/// A request that was answered.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// When it was sent.
    pub(super) sent: Instant,
    /// When it was answered.
    pub(super) answered: Instant,
    /// The last part of its path.
    pub(super) endpoint: String,
    /// The records in its answer: their names and ids.
    pub(super) records: Vec<(String, String)>,
}

/// What befalls a request.
#[derive(Clone, Debug)]
pub(super) enum Mishap {
    /// Nobody is there to take it.
    NotSent,
    /// Something on the server's side.
    Effect(Effect),
}

/// How far the request at which a run is killed has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kill {
    /// It has not reached the server.
    Unsent,
    /// The server is at work on it, and finishes.
    Underway,
    /// It is done, and the answer is on its way.
    Done,
}

/// What a run goes through.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    /// Whence chance comes.
    pub(super) seed: u64,
    /// The longest way there or back, in milliseconds.
    pub(super) slow: u64,
    /// What befalls which request.
    pub(super) mishaps: BTreeMap<usize, Mishap>,
    /// Where the run is killed.
    pub(super) kill: Option<(usize, Kill)>,
    /// Before which requests its process is suspended, and for how many milliseconds.
    pub(super) pauses: BTreeMap<usize, u64>,
}

impl Schedule {
    /// Whether the server may finish something much later than it was asked to.
    pub(super) fn outlives_its_run(&self) -> bool {
        self.mishaps.values().any(|mishap| match mishap {
            Mishap::Effect(
                Effect::Late { millis } | Effect::Delay { millis } | Effect::Gap { millis },
            ) => *millis > 1_000,
            _ => false,
        })
    }
}

/// How a run ended.
#[expect(clippy::large_enum_variant, reason = "there are a handful of them")]
#[derive(Debug)]
pub(super) enum Ended {
    /// It was killed.
    Killed,
    /// There was no plan.
    NoPlan(ServerError),
    /// It told what became of its plan.
    Told(Plan, Applied),
}

/// What a client of one kind makes of the plain wire.
pub(super) type Wrap = fn(Arc<dyn Transport>) -> Arc<dyn Transport>;

/// Runs an apply over a wire with that schedule. Also how many requests it sent.
pub(super) async fn run(
    sandbox: &Arc<Sandbox>,
    desired: &DesiredState,
    schedule: &Schedule,
    wrap: Wrap,
) -> (Ended, usize) {
    let (ended, seen) = watched(sandbox, desired, schedule, wrap).await;
    (ended, seen.sent)
}

/// What a run sent.
pub(super) struct Requests {
    /// How many there were.
    pub(super) sent: usize,
    /// Those that succeeded, in the order of their answers.
    pub(super) seen: Vec<Seen>,
}

/// The same, with the requests that were answered.
pub(super) async fn watched(
    sandbox: &Arc<Sandbox>,
    desired: &DesiredState,
    schedule: &Schedule,
    wrap: Wrap,
) -> (Ended, Requests) {
    let (kill, mut killed) = watch::channel(false);
    let wire = Arc::new(Wire {
        sandbox: sandbox.clone(),
        schedule: schedule.clone(),
        sent: Mutex::new(0),
        chance: Mutex::new(StdRng::seed_from_u64(schedule.seed)),
        kill,
        seen: Mutex::default(),
    });
    let client = Client {
        seed: schedule.seed,
        ..Client::over(wrap(wire.clone()))
    };
    let ended = tokio::select! {
        biased;
        Ok(_) = killed.wait_for(|killed| *killed) => Ended::Killed,
        ended = client.try_apply(desired) => match ended {
            Ok((plan, applied)) => Ended::Told(plan, applied),
            Err(error) => Ended::NoPlan(error),
        },
    };
    let sent = *wire.sent.lock().unwrap();
    let seen = wire.seen.lock().unwrap().clone();
    (ended, Requests { sent, seen })
}

struct Wire {
    sandbox: Arc<Sandbox>,
    schedule: Schedule,
    sent: Mutex<usize>,
    chance: Mutex<StdRng>,
    kill: watch::Sender<bool>,
    seen: Mutex<Vec<Seen>>,
}

impl Transport for Wire {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        let number = {
            let mut sent = self.sent.lock().unwrap();
            *sent += 1;
            *sent - 1
        };
        let start = Instant::now();
        let mut killed = self.kill.subscribe();
        let carried = async move {
            let endpoint = request.uri().path().rsplit('.').next();
            let endpoint = endpoint.unwrap_or_default().to_owned();
            if let Some(pause) = self.schedule.pauses.get(&number) {
                let most = if endpoint == "remove" {
                    LONGEST_TO_REMOVE
                } else {
                    u64::MAX
                };
                sleep(Duration::from_millis(*pause.min(&most))).await;
            }
            self.die_at(number, Kill::Unsent).await;
            self.way().await;
            let mishap = self.schedule.mishaps.get(&number).cloned();
            let effect = match mishap {
                Some(Mishap::NotSent) => return Err(SendError::NotSent("refused".to_owned())),
                Some(Mishap::Effect(effect)) => Some(effect),
                None => None,
            };
            let working = tokio::spawn(befallen(self.sandbox.clone(), request, effect));
            self.die_at(number, Kill::Underway).await;
            let Ok(answer) = timeout(TOTAL, working).await else {
                return Err(SendError::Unknown("it took too long".to_owned()));
            };
            self.die_at(number, Kill::Done).await;
            self.way().await;
            match answer.unwrap() {
                Answer::Response(response) => {
                    self.see(start, endpoint, &response);
                    Ok(response)
                }
                Answer::Cut(..) | Answer::Dropped => {
                    Err(SendError::Unknown("the connection broke".to_owned()))
                }
            }
        };
        Box::pin(async move {
            tokio::select! {
                biased;
                // A process that was killed sends nothing more, and hears of nothing.
                () = async { while !*killed.borrow_and_update() { let _ = killed.changed().await; } } => {
                    std::future::pending().await
                }
                carried = carried => carried,
            }
        })
    }
}

/// Lets the server answer a request that something befalls.
async fn befallen(sandbox: Arc<Sandbox>, request: Request, effect: Option<Effect>) -> Answer {
    if let Some(effect) = effect {
        // Nothing is awaited between this and the request that it is meant for.
        sandbox.inject(Fault::next(request.uri().path(), effect));
    }
    let peer = Ipv4Addr::LOCALHOST.into();
    let http = request;
    sandbox.handle(sandbox::Request { http, peer }).await
}

impl Wire {
    fn see(&self, sent: Instant, endpoint: String, answer: &Response) {
        let body: Json = serde_json::from_slice(answer.body()).unwrap_or_default();
        if body["success"] != true {
            return;
        }
        let one = Some(&body["integration"]).filter(|it| it.is_object());
        let many = body["integrations"].as_array();
        let records = many.into_iter().flatten().chain(one);
        let text = |record: &Json, key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let records = records.map(|it| (text(it, "name"), text(it, "_id")));
        self.seen.lock().unwrap().push(Seen {
            sent,
            answered: Instant::now(),
            endpoint,
            records: records.collect(),
        });
    }

    async fn way(&self) {
        let time = {
            let mut chance = self.chance.lock().unwrap();
            // Mostly short, and now and then as long as it may be.
            let part: f64 = chance.random::<f64>().powi(3);
            Duration::from_millis(self.schedule.slow).mul_f64(part)
        };
        if !time.is_zero() {
            sleep(time).await;
        }
    }

    /// Ends the run here, if it is to end here.
    async fn die_at(&self, number: usize, how: Kill) {
        if self.schedule.kill == Some((number, how)) {
            // The server begins with what it has been given before anybody hears of the end.
            tokio::task::yield_now().await;
            self.kill.send_replace(true);
            std::future::pending::<()>().await;
        }
    }
}

/// Everything that may befall a request.
pub(super) fn mishaps() -> Vec<Mishap> {
    let answer = |status, body: &str, applied| Effect::Answer {
        status,
        headers: BTreeMap::new(),
        body: body.to_owned(),
        applied,
    };
    let error = |error: &str| json!({"success": false, "error": error}).to_string();
    let login =
        json!({"status": "error", "message": "You must be logged in to do this."}).to_string();
    let mut effects = vec![
        Effect::BadGateway,
        Effect::Page,
        Effect::Redirect {
            location: "https://elsewhere.example.org/".to_owned(),
        },
        Effect::Truncate { bytes: 40 },
        Effect::Lost,
        Effect::Repeated,
        answer(401, &login, false),
        answer(403, &error("unauthorized"), false),
        answer(400, &error("Invalid room [error-invalid-room]"), false),
        answer(413, "<html>", false),
        answer(
            429,
            &error(
                "You must wait 7 seconds before trying this endpoint again. [error-too-many-requests]",
            ),
            false,
        ),
        answer(429, "", false),
        answer(200, "<html>", true),
        answer(502, "<html>", true),
        answer(503, "", false),
        answer(504, "", true),
        answer(500, &error("Internal server error"), true),
        answer(500, &error("Internal server error"), false),
    ];
    effects.extend([true, false].map(|applied| Effect::Drop { applied }));
    effects.extend([300, 20_000].map(|millis| Effect::Late { millis }));
    effects.extend([3_000, 40_000].map(|millis| Effect::Delay { millis }));
    effects.extend([0, 3, 100].map(|total| Effect::Total { total }));
    effects.push(Effect::Gap { millis: 7_000 });
    let effects = effects.into_iter().map(Mishap::Effect);
    std::iter::once(Mishap::NotSent).chain(effects).collect()
}
