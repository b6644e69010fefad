//! Waits for the server's limit: of one endpoint for itself, and over as soon as the run is.

use super::*;
use crate::client::ServerError;

const SIDE_BY_SIDE: NonZeroUsize = NonZeroUsize::new(4).unwrap();

fn limited() -> Step {
    let words = "You must wait 50 seconds before trying this endpoint again.";
    answer(429, json!({"success": false, "error": words}).to_string())
}

fn removal() -> Change {
    let old = ServerId::from("old".to_owned());
    deletion("Old", &seen()[&old])
}

fn update() -> Change {
    let id = ServerId::from("b2".to_owned());
    let to = fields(Kind::Incoming, "B");
    let from = to.clone();
    change(Kind::Incoming, "B", Action::Update { id, from, to })
}

/// Applies these changes; `stop_after` so long the run is stopped.
async fn run_stopped(
    changes: Vec<Change>,
    script: &Arc<Script>,
    stop_after: Duration,
) -> (Vec<Outcome>, Duration) {
    let start = Instant::now();
    let options = Options {
        concurrency: Concurrency::Fixed(SIDE_BY_SIDE),
        patience: Duration::ZERO,
        ..options()
    };
    let writer = script.writer();
    let (stop, stopped) = watch::channel(Stop::GoOn);
    tokio::spawn(async move {
        tokio::time::sleep(stop_after).await;
        stop.send_replace(Stop::Finish);
        std::future::pending::<()>().await;
    });
    let applied = apply(&plan(changes), writer, options, stopped, &mut |_, _| {}).await;
    let outcomes = applied.outcomes.into_iter().map(|(_, outcome)| outcome);
    (outcomes.collect(), start.elapsed())
}

fn methods(script: &Script) -> Vec<String> {
    let lines = script.lines().into_iter();
    lines
        .map(|line| line.rsplit('.').next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_wait_and_what_waited_was_not_begun() {
    let script = Script::new([limited()]);
    let changes = vec![create("A"), create("C"), removal()];
    let stop_after = Duration::from_secs(10);
    let (outcomes, took) = run_stopped(changes, &script, stop_after).await;
    assert!(
        outcomes
            .iter()
            .all(|it| matches!(it, Outcome::NotAttempted)),
        "{outcomes:?}"
    );
    assert_eq!((took, methods(&script).len()), (stop_after, 1));
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_end_the_waits_of_others() {
    // The create is refused by the limiter, and the update for good.
    let script = Script::new([limited(), answer(401, "{}")]);
    let changes = vec![create("A"), create("C"), update()];
    let (outcomes, took) = run_stopped(changes, &script, Duration::from_hours(1)).await;
    assert!(
        matches!(
            &outcomes[..],
            [
                Outcome::NotAttempted,
                Outcome::NotAttempted,
                Outcome::Failed(ServerError::Unauthorised)
            ]
        ),
        "{outcomes:?}"
    );
    assert_eq!(
        (took, methods(&script)),
        (
            Duration::ZERO,
            ["create", "update"].map(str::to_owned).to_vec()
        )
    );
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_one_endpoint_holds_up_no_other() {
    let script = Script::new([
        limited(),
        created(&made("b2", "B")),
        created(&made("a1", "A")),
    ]);
    let changes = vec![create("A"), update()];
    let (outcomes, took) = run_stopped(changes, &script, Duration::from_hours(1)).await;
    assert!(outcomes.iter().all(Outcome::is_done), "{outcomes:?}");
    // Then the run looks back at what it made.
    assert_eq!(methods(&script)[..3], ["create", "update", "create"]);
    let waited = Duration::from_millis(50_250);
    assert!((waited..waited * 2).contains(&took), "{took:?}");
}

/// Minutes may lie between the beginning of an update and leave to send it: the look comes after them.
#[tokio::test(start_paused = true)]
async fn an_update_that_waited_is_looked_at_after_the_wait() {
    let mut changed = made("b2", "B");
    changed["enabled"] = json!(false);
    let gone = json!({"success": false, "error": "No integration found."});
    let script = Script::new([limited(), answer(400, gone.to_string()), created(&changed)]);
    let other = Change {
        key: Key {
            kind: Kind::Incoming,
            name: "C".into(),
        },
        ..update()
    };
    let (outcomes, _) = run_stopped(vec![other, update()], &script, Duration::from_hours(1)).await;
    assert_eq!(
        methods(&script),
        ["update", "get?integrationId=b2", "get?integrationId=b2"]
    );
    assert!(
        outcomes
            .iter()
            .all(|it| matches!(it, Outcome::Stale { .. })),
        "{outcomes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_for_hours_ends_the_run() {
    let hour = r#"{"success":false,"error":"Error, too many requests. Please slow down. You must wait 3600 seconds before trying this endpoint again. [error-too-many-requests]"}"#;
    let script = Script::new([answer(429, hour)]);
    let changes = vec![create("A"), create("C")];
    let (outcomes, took) = run_stopped(changes, &script, Duration::from_hours(9)).await;
    assert!(
        matches!(
            &outcomes[..],
            [Outcome::Failed(ServerError::TooLong { wait }), Outcome::NotAttempted | Outcome::Failed(_)] if *wait == Duration::from_hours(1)
        ),
        "{outcomes:?}"
    );
    assert_eq!((took, methods(&script).len()), (Duration::ZERO, 1));
}
