//! The sandbox: an imitation of the Rocket.Chat server's integration endpoints.
//!
//! Owns the way of a request: recorded, subject to faults, answered. It knows the server from the
//! reference and the recorded vectors, never from our own client, so that a test of one against the other
//! proves something. Of ours it uses only the script engine, the crate `webhook-script`.
//!
//! - `http` listens; `routes` finds, `admission` lets in, `rules` decide, `answer` puts it together;
//!   `world` holds and `journal` keeps every `write`, one process at a time (`lock`).
//! - `profile` says how versions differ; `schema`, `validate` and `loose` say what a body must be.
//! - `faults`, `drift` and `control` are what the real server does not offer.

mod admission;
mod answer;
mod clock;
mod compiler;
mod config;
mod control;
mod drift;
mod error;
mod events;
mod faults;
pub mod files;
mod fixture;
mod http;
mod ids;
mod journal;
mod js;
mod limiter;
mod lock;
mod loose;
mod parse;
mod profile;
mod regular;
mod reply;
mod routes;
mod rules;
mod runner;
mod schema;
mod state;
mod validate;
mod world;
mod write;

#[cfg(test)]
mod tests;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use ::http::StatusCode;
use serde_json::Value;
use webhook_script::delivery::Post;

pub use self::clock::Clock;

pub use self::config::{Config, Store};
pub use self::drift::Action;
pub use self::error::StateError;
pub use self::events::{Event, EventName};
pub use self::faults::{Effect, Fault};
pub use self::fixture::Fixture;
pub use self::http::serve;
pub use self::limiter::Rate;
pub use self::lock::Holder;
pub use self::profile::{Quirk, Version};
pub use self::reply::{Answer, Request};
pub use self::state::Received;

use self::answer::{AnswerOptions, answer};
use self::faults::{chosen, html};
use self::profile::ServerProfile;
use self::runner::Runner;
use self::state::State;

/// One imitated server.
#[derive(Debug)]
pub struct Sandbox {
    me: Weak<Self>,
    profile: ServerProfile,
    clock: Clock,
    invent: bool,
    create_gap: Duration,
    control: bool,
    rate: Option<Rate>,
    note: Option<String>,
    runner: Runner,
    fast_retries: bool,
    /// How many events that follow from messages of webhooks are under way.
    following: AtomicUsize,
    state: Mutex<State>,
}

impl Sandbox {
    /// Reads the state, fills it when it is empty, and is ready to answer.
    ///
    /// # Errors
    /// When the file of its state cannot be read or written, or is in use.
    pub fn open(config: &Config, clock: Clock) -> Result<Arc<Self>, StateError> {
        let (state, note) = config::open_state(config)?;
        Ok(Arc::new_cyclic(|me| Self {
            me: me.clone(),
            profile: ServerProfile::new(config.version, &config.quirks),
            clock,
            invent: config.invent,
            create_gap: config.create_gap,
            control: config.control,
            rate: config.rate,
            note,
            runner: Runner::default(),
            fast_retries: config.fast_retries,
            following: AtomicUsize::new(0),
            state: Mutex::new(state),
        }))
    }

    /// Answers one request. Dropping this future is a server killed while it works.
    pub async fn handle(&self, request: Request) -> Answer {
        if self.control
            && let Some(response) = control::answer(self, &request).await
        {
            return Answer::Response(response);
        }
        let (number, effects) = {
            let mut state = self.lock();
            let State { faults, ids, .. } = &mut *state;
            let effects = faults::applying_to(faults, &request, ids);
            (state.receive(&request, self.control), effects)
        };
        let answer = self.answer_under(request, &effects).await;
        self.lock().answered(number, answer.status());
        answer
    }

    /// Answers a request as its faults let it be answered.
    async fn answer_under(&self, request: Request, effects: &[Effect]) -> Answer {
        let (mut instead, mut cut) = (None, None);
        let whole = |response| Some((Answer::Response(response), false));
        let mut options = AnswerOptions::default();
        for effect in effects {
            match effect {
                Effect::Change { id, set } => {
                    let set = set.clone();
                    self.change_before(&request, id.as_ref(), |id| Action::ChangeIntegration {
                        id,
                        set,
                    });
                }
                Effect::Delete { id } => {
                    self.change_before(&request, id.as_ref(), |id| Action::DeleteIntegration {
                        id,
                    });
                }
                Effect::Delay { millis } => {
                    tokio::time::sleep(Duration::from_millis(*millis)).await;
                }
                Effect::Late { millis } => {
                    self.answer_later(request, Duration::from_millis(*millis));
                    return Answer::Dropped;
                }
                Effect::Drop { applied } => instead = Some((Answer::Dropped, *applied)),
                Effect::Gap { millis } => {
                    options.hold = options.hold.saturating_add(Duration::from_millis(*millis));
                }
                Effect::Skew { millis } => options.skew = options.skew.saturating_add(*millis),
                Effect::Truncate { bytes } => cut = cut.or(Some(*bytes)),
                Effect::Total { total } => options.page.total = Some(*total),
                Effect::Lost => options.page.shift += 1,
                Effect::Repeated => options.page.shift -= 1,
                Effect::BadGateway => {
                    instead = whole(html(StatusCode::BAD_GATEWAY, "502 Bad Gateway"));
                }
                Effect::Page => instead = whole(html(StatusCode::OK, "Rocket.Chat")),
                Effect::Redirect { location } => {
                    let headers = [("location".to_owned(), location.clone())];
                    instead = whole(chosen(302, &headers.into(), ""));
                }
                Effect::Answer {
                    status,
                    headers,
                    body,
                    applied,
                } => {
                    let response = chosen(*status, headers, body);
                    instead = Some((Answer::Response(response), *applied));
                }
            }
        }
        if let Some((answer, false)) = instead {
            return answer;
        }
        let response = answer(self, &request, options).await;
        match (instead, cut) {
            (Some((answer, _)), _) => answer,
            (None, Some(bytes)) => Answer::Cut(response, bytes),
            (None, None) => Answer::Response(response),
        }
    }

    /// Changes or deletes a record just before a request that may name it.
    fn change_before(
        &self,
        request: &Request,
        id: Option<&String>,
        action: impl FnOnce(String) -> Action,
    ) {
        let named = || {
            let body: Value = serde_json::from_slice(request.http.body()).ok()?;
            Some(body.get("integrationId")?.as_str()?.to_owned())
        };
        if let Some(id) = id.cloned().or_else(named) {
            self.act(action(id));
        }
    }

    /// Lets a request take effect when nobody waits for its answer any more.
    fn answer_later(&self, request: Request, hold: Duration) {
        if let Some(me) = self.me.upgrade() {
            tokio::spawn(async move {
                let options = AnswerOptions {
                    hold,
                    ..AnswerOptions::default()
                };
                answer(&me, &request, options).await;
            });
        }
    }

    /// What whoever opened it should know about the state.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The id and a token of an administrator, when one holds a token.
    pub fn admin(&self) -> Option<(String, String)> {
        let state = self.lock();
        let admins = state
            .world
            .users()
            .filter(|user| user.roles.iter().any(|role| role == "admin"));
        let mut holding = admins
            .filter_map(|user| Some((user.id.clone(), state.world.token_of(&user.id)?.to_owned())));
        holding.next()
    }

    /// The requests received, oldest first; those to the control endpoint do not count.
    pub fn requests(&self) -> Vec<Received> {
        self.lock().received.all()
    }

    /// What webhooks received, oldest first.
    pub fn deliveries(&self) -> Vec<Value> {
        self.lock().deliveries.all()
    }

    /// The messages that were posted, oldest first, in the rooms' names of today.
    pub fn messages(&self) -> Vec<Value> {
        let state = self.lock();
        let shown = |post: Post| {
            let room = state.world.room(&post.room_id);
            let room = room.map_or(post.room, |room| room.shown().to_owned());
            let mut message = serde_json::Map::new();
            message.insert("room".to_owned(), room.into());
            message.insert("username".to_owned(), post.username.into());
            message.extend(post.fields);
            Value::Object(message)
        };
        state.messages.all().into_iter().map(shown).collect()
    }

    /// The faults still to come.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// Adds a fault.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    /// Forgets the faults still to come.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Lets something happen on the server; false when it names something that is not there.
    pub fn act(&self, action: Action) -> bool {
        drift::act(&mut self.lock(), action, &self.clock.iso())
    }

    /// The stored integrations in the order of insertion.
    pub fn records(&self) -> Vec<serde_json::Map<String, Value>> {
        self.lock().world.records().cloned().collect()
    }

    /// The state. A panic elsewhere leaves it whole, since every change is one write.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
