//! Clients that are wrong in one way, made by a wire that changes what they send or hear. The laws have to catch
//! each of them.

mod twice;

use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value as Json;

use super::laws::{honest, honest_law, paused, rng, run};
use crate::server::{BoxFuture, Request, Response, SendError, Transport};

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

/// Whether some case catches the client behind this wire.
fn is_caught(wrap: fn(Arc<dyn Transport>) -> Arc<dyn Transport>) -> bool {
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    (0..120).any(|_| {
        let case = honest().new_tree(&mut runner).unwrap().current();
        honest_law(&paused(run(&case, wrap))).is_err()
    })
}

fn without(body: &mut Json, name: &str) {
    body.as_object_mut().unwrap().remove(name);
}

macro_rules! wire {
    ($change:expr, $echo:expr) => {
        |line| {
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
    assert!(is_caught(wire!(
        |body| without(body, "skipTranspile"),
        true
    )));
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
