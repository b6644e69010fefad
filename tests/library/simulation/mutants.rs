//! Clients that are wrong in one way, made by a wire that changes what they send or hear. The laws have to catch
//! each of them.

mod late;
mod twice;
mod unread;

use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value as Json;

use super::Client;
use super::laws::{Wrap, honest, honest_law, paused, pinned, rng, run};
use super::world::World;
use crate::support::desired;
pub(super) use late::removes_though_late;
use rcsync::desired::DesiredState;
use rcsync::integration::Key;
use rcsync::plan::{Change, Preflight};
use rocketchat_client::{BoxFuture, Request, Response, SendError, Transport};

/// A wire that changes the body of every update.
struct Changed {
    line: Arc<dyn Transport>,
    change: fn(&mut Json),
    /// Whether the client hears that all is as it asked, whatever happened.
    echo: bool,
}

impl Transport for Changed {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async {
            if request.method() != "PUT" {
                return self.line.send(request).await;
            }
            let (head, body) = request.into_parts();
            let asked: Json = serde_json::from_slice(&body).unwrap();
            let mut sent = asked.clone();
            (self.change)(&mut sent);
            let request = Request::from_parts(head, sent.to_string().into());
            let answer = self.line.send(request).await?;
            if !self.echo || !answer.status().is_success() {
                return Ok(answer);
            }
            let (head, body) = answer.into_parts();
            let mut told: Json = serde_json::from_slice(&body).unwrap();
            let record = told["integration"].as_object_mut().unwrap();
            record.extend(asked.as_object().unwrap().clone());
            Ok(Response::from_parts(head, told.to_string().into()))
        })
    }
}

/// A wire that changes what a client reads.
struct Told {
    line: Arc<dyn Transport>,
    path: &'static str,
    change: Box<dyn Fn(&mut Json) + Send + Sync>,
}

impl Transport for Told {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<Response, SendError>> {
        Box::pin(async {
            let told = request.uri().path().ends_with(self.path);
            let answer = self.line.send(request).await?;
            if !told {
                return Ok(answer);
            }
            let (head, body) = answer.into_parts();
            let mut body: Json = serde_json::from_slice(&body).unwrap();
            (self.change)(&mut body);
            Ok(Response::from_parts(head, body.to_string().into()))
        })
    }
}

/// Whether some case catches the client behind this wire.
fn is_caught(wrap: Wrap<'_>) -> bool {
    is_caught_on(None, wrap)
}

/// The same on servers of one version alone.
fn is_caught_on(version: Option<&'static str>, wrap: Wrap<'_>) -> bool {
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    (0..120).any(|_| {
        let mut case = honest().new_tree(&mut runner).unwrap().current();
        case.version = version.unwrap_or(case.version);
        honest_law(&paused(run(&case, wrap))).is_err()
    })
}

fn without(body: &mut Json, name: &str) {
    body.as_object_mut().unwrap().remove(name);
}

macro_rules! wire {
    ($change:expr, $echo:expr) => {
        &|line| {
            Arc::new(Changed {
                line,
                change: $change,
                echo: $echo,
            })
        }
    };
}

#[test]
fn an_update_without_the_token_is_caught() {
    assert!(is_caught(wire!(|body| without(body, "token"), false)));
}

#[test]
fn an_update_that_is_not_whole_is_caught() {
    assert!(is_caught(wire!(|body| without(body, "alias"), true)));
    assert!(is_caught_on(
        Some("8.8"),
        wire!(|body| without(body, "skipTranspile"), true)
    ));
    assert!(is_caught(wire!(|body| without(body, "triggerWords"), true)));
}

/// Who believes the answer without looking would not hear that nothing was done.
#[test]
fn an_answer_that_is_not_verified_is_caught() {
    assert!(is_caught(wire!(|body| without(body, "username"), true)));
    assert!(is_caught(wire!(
        |body| body["channel"] = "#random".into(),
        true
    )));
}

#[test]
fn an_honest_wire_is_not() {
    assert!(!is_caught(wire!(|_| {}, false)));
}

/// A client that takes a server for one of another version believes in quirks that it has not, or not in those that
/// it has: on both sides of every boundary that the client knows of.
#[test]
fn a_wrong_belief_about_a_version_is_caught() {
    for (version, believed) in [
        ("3.4", "3.3"),
        ("6.2", "6.3"),
        ("6.3", "6.2"),
        ("6.3", "6.4"),
        ("6.4", "6.3"),
        ("6.4", "6.5"),
        ("6.5", "6.4"),
        ("6.13", "7.0"),
        ("7.6", "7.7"),
        ("7.7", "7.6"),
        ("8.3", "8.4"),
        ("8.4", "8.3"),
        ("8.5", "8.6"),
        ("8.6", "8.5"),
    ] {
        let wrong = |line| -> Arc<dyn Transport> {
            Arc::new(Told {
                line,
                path: "/api/info",
                change: Box::new(move |info| info["version"] = believed.into()),
            })
        };
        let caught = is_caught_on(Some(version), &wrong);
        assert!(caught, "{version} taken for {believed}");
    }
}

/// A client that compares sets as lists plans other changes when the server lists them the other way round.
#[test]
fn the_order_of_a_servers_lists_makes_no_difference() {
    let reversed = |line| -> Arc<dyn Transport> {
        Arc::new(Told {
            line,
            path: "integrations.list",
            change: Box::new(|listing| {
                let records = listing["integrations"].as_array_mut().unwrap().iter_mut();
                let values = records.flat_map(|it| it.as_object_mut().unwrap().values_mut());
                for list in values.filter_map(Json::as_array_mut) {
                    list.reverse();
                }
            }),
        })
    };
    let planned = async |line: Arc<dyn Transport>, desired: &DesiredState| -> Vec<_> {
        let (_, plan) = Client::over(line).plan(desired, Preflight::Auto).await;
        let fields = |change: &Change| change.fields.iter().map(|it| it.field.name).collect();
        let changes = plan.changes.into_iter();
        changes
            .map(|change| (change.key.clone(), fields(&change)))
            .collect::<Vec<(Key, Vec<&str>)>>()
    };
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    for _ in 0..80 {
        let case = honest().new_tree(&mut runner).unwrap().current();
        paused(async {
            let world = World::with(case.version, &[], &case.records).await;
            let desired = desired(&pinned(&case.entries, &world.records()));
            let plain = planned(world.line(), &desired).await;
            assert_eq!(plain, planned(reversed(world.line()), &desired).await);
        });
    }
}
