use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::client::{Concurrency, SendError, ServerError, Verb, WaitReason};
use crate::integration::{Fields, Kind};
use crate::observed::{Record, ServerId};
use crate::server::Writer;
use crate::server::fake::{Script, Step, answer, page, record};

fn silence() -> Step {
    Err(SendError::Unknown("connection reset".to_owned()))
}

fn not_sent() -> Step {
    Err(SendError::NotSent("connection refused".to_owned()))
}

fn bad_gateway() -> Step {
    answer(502, "<html>")
}

fn refused(error: &str) -> Step {
    answer(400, json!({"success": false, "error": error}).to_string())
}

fn limited(seconds: u64) -> Step {
    let words = format!("You must wait {seconds} seconds before trying this endpoint again.");
    answer(429, json!({"success": false, "error": words}).to_string())
}

fn done() -> Step {
    let done = json!({"integration": record("a1"), "success": true});
    answer(200, done.to_string())
}

fn writer(script: &Arc<Script>) -> Writer {
    Writer::of(&script.session(3))
}

async fn create(script: &Arc<Script>) -> Result<Record, ServerError> {
    let fields = Fields::new(Kind::Incoming);
    let writer = writer(script);
    let permit = writer.permit(Verb::Create).await?;
    writer.create(permit, &fields).await.result
}

async fn update(writer: &Writer) -> Result<Record, ServerError> {
    let (id, fields) = (ServerId::from("a1".to_owned()), Fields::new(Kind::Incoming));
    let permit = writer.permit(Verb::Update).await?;
    writer.update(permit, &id, &fields, None).await
}

async fn remove(script: &Arc<Script>) -> Result<(), ServerError> {
    let id = ServerId::from("a1".to_owned());
    let writer = writer(script);
    let permit = writer.permit(Verb::Remove).await.unwrap();
    writer.remove(permit, Kind::Incoming, &id).await
}

#[tokio::test(start_paused = true)]
async fn a_read_comes_again_with_growing_pauses() {
    let start = Instant::now();
    let script = Script::new([
        not_sent(),
        silence(),
        bad_gateway(),
        page(&[record("a1")], 1),
    ]);
    let listing = script.patient_reader(3).listing().await.unwrap();
    assert_eq!((listing.len(), script.lines().len()), (1, 4));
    let took = start.elapsed().as_millis();
    assert!((3500..=7000).contains(&took), "{took}");

    let script = Script::new((0..9).map(|_| bad_gateway()));
    let error = script.patient_reader(3).listing().await.unwrap_err();
    assert!(matches!(error, ServerError::UnexpectedStatus { .. }));
    assert_eq!(script.lines().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_proxys_refusal_counts_whatever_its_body_is() {
    let start = Instant::now();
    let script = Script::new([
        answer(429, "\"slow down\""),
        answer(502, "[]"),
        page(&[], 0),
    ]);
    assert!(script.patient_reader(1).listing().await.is_ok());
    let took = start.elapsed();
    assert!(took > Duration::from_mins(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_will_not_pass_away_is_asked_once() {
    for step in [
        answer(401, "{}"),
        answer(403, "{}"),
        answer(404, "Unknown path"),
        answer(413, "<html>"),
        answer(500, "{}"),
        answer(302, ""),
        refused("Invalid room [error-invalid-room]"),
        answer(200, "<html>"),
    ] {
        let script = Script::new([step]);
        assert!(script.patient_reader(3).listing().await.is_err());
        assert_eq!(script.lines().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_comes_again_only_if_it_was_not_sent_or_refused_by_the_limiter() {
    let script = Script::new([not_sent(), limited(5), not_sent(), done()]);
    assert!(create(&script).await.is_ok());
    assert_eq!(script.lines().len(), 4);
    for step in [
        silence(),
        bad_gateway(),
        answer(503, "{}"),
        answer(504, ""),
        answer(500, "{}"),
    ] {
        let script = Script::new([step, done()]);
        let error = create(&script).await.unwrap_err();
        assert!(error.leaves_open(), "{error}");
        assert_eq!(script.lines().len(), 1, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_comes_again_and_a_refusal_then_proves_nothing() {
    let script = Script::new([silence(), bad_gateway(), done()]);
    assert!(update(&writer(&script)).await.is_ok());
    assert_eq!(script.lines().len(), 3);

    let script = Script::new([silence(), refused("Invalid room [error-invalid-room]")]);
    let error = update(&writer(&script)).await.unwrap_err();
    assert!(matches!(error, ServerError::Unknown(_)), "{error}");

    let script = Script::new([silence(), refused("No integration found.")]);
    assert!(update(&writer(&script)).await.unwrap_err().is_gone());
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_finds_nothing_the_second_time_is_done() {
    let gone = || refused("No integration found.");
    let script = Script::new([silence(), gone()]);
    assert!(remove(&script).await.is_ok());
    // Nothing is known of an earlier one where the first was not even sent.
    let script = Script::new([not_sent(), gone()]);
    assert!(remove(&script).await.unwrap_err().is_gone());
    let script = Script::new([bad_gateway(), answer(401, "{}")]);
    let error = remove(&script).await.unwrap_err();
    assert!(error.leaves_open(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_is_waited_for_once() {
    let script = Script::new((0..20).map(|_| not_sent()));
    let reader = script.patient_reader(3);
    assert!(reader.listing().await.is_err());
    assert_eq!(script.lines().len(), 4);
    let start = Instant::now();
    assert!(reader.listing().await.is_err());
    assert_eq!((script.lines().len(), start.elapsed()), (5, Duration::ZERO));

    // Once it is back, it may go away again.
    let steps = (0..4)
        .map(|_| not_sent())
        .chain([page(&[], 0), not_sent(), page(&[], 0)]);
    let script = Script::new(steps);
    let reader = script.patient_reader(3);
    assert!(reader.listing().await.is_err());
    assert!(reader.listing().await.is_ok());
    assert!(reader.listing().await.is_ok());
}

/// A writer, and what stops it.
fn stoppable(script: &Arc<Script>) -> (Arc<Writer>, watch::Sender<bool>) {
    let (stop, stopped) = watch::channel(false);
    let writer = writer(script).gated(Concurrency::Fixed(NonZeroUsize::MIN), stopped);
    (Arc::new(writer), stop)
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_wait_for_the_limit_at_once_and_nothing_was_sent() {
    let script = Script::new([limited(50), done()]);
    let (writer, stop) = stoppable(&script);
    let start = Instant::now();
    let waits = tokio::spawn({
        let writer = writer.clone();
        async move { update(&writer).await }
    });
    tokio::time::sleep(Duration::from_secs(10)).await;
    let open = writer.reader().waits();
    assert_eq!(open[0].reason, WaitReason::Limit);
    assert_eq!(open[0].until, start + Duration::from_millis(50_250));
    stop.send_replace(true);
    let error = waits.await.unwrap().unwrap_err();
    assert!(matches!(error, ServerError::Stopped), "{error}");
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    // Nor is anything sent that was not even begun.
    assert!(matches!(update(&writer).await, Err(ServerError::Stopped)));
    assert_eq!(script.lines().len(), 1);
    assert!(writer.reader().waits().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stop_between_two_sendings_leaves_open_what_the_first_did() {
    for steps in [
        vec![silence(), done()],
        vec![silence(), limited(50), done()],
    ] {
        let script = Script::new(steps);
        let (writer, stop) = stoppable(&script);
        let waits = tokio::spawn({
            let writer = writer.clone();
            async move { update(&writer).await }
        });
        while writer.reader().waits().is_empty() || script.lines().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if script.lines().len() == 1 {
            let reason = &writer.reader().waits()[0].reason;
            let said = WaitReason::Retry("no answer: connection reset".to_owned());
            assert_eq!(*reason, said);
        }
        stop.send_replace(true);
        let error = waits.await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::Unknown(_)), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_on_its_way_is_never_dropped_by_a_stop() {
    let script = Script::new([done()]);
    let (writer, stop) = stoppable(&script);
    let permit = writer.permit(Verb::Update).await.unwrap();
    stop.send_replace(true);
    let (id, fields) = (ServerId::from("a1".to_owned()), Fields::new(Kind::Incoming));
    assert!(writer.update(permit, &id, &fields, None).await.is_ok());
}
