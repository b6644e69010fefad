//! Stopping: once, twice, and at the first failure.

use super::*;

/// Creates two, one after the other, and is told to stop at these moments.
async fn stopped_at(writer: Arc<Writer>, seconds: &[u64]) -> (Applied, Duration) {
    let plan = plan(vec![create("A"), create("B")]);
    let (say, stop) = watch::channel(Stop::GoOn);
    let start = Instant::now();
    let seconds = seconds.to_vec();
    tokio::spawn(async move {
        for (at, word) in seconds.into_iter().zip([Stop::Finish, Stop::Quit]) {
            tokio::time::sleep_until(start + Duration::from_secs(at)).await;
            say.send_replace(word);
        }
        std::future::pending::<()>().await;
    });
    let applied = apply(&plan, writer, options(), stop, &mut |_, _| {}).await;
    (applied, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_stop_finishes_what_is_on_its_way_and_waits_for_nothing_more() {
    let (applied, took) = stopped_at(slow(10), &[4]).await;
    let [(_, first), (_, second)] = &applied.outcomes[..] else {
        panic!("{applied:?}");
    };
    assert!(matches!(first, Outcome::Created(_)) && matches!(second, Outcome::NotAttempted));
    assert!(matches!(
        applied.duplicate_check,
        DuplicateCheck::Skipped { .. }
    ));
    assert_eq!(took, Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_second_stop_drops_it_and_says_that_nobody_knows() {
    let (applied, took) = stopped_at(slow(10), &[4, 6]).await;
    let [(_, first), (_, second)] = &applied.outcomes[..] else {
        panic!("{applied:?}");
    };
    assert!(matches!(first, Outcome::Unknown(_)) && matches!(second, Outcome::NotAttempted));
    assert_eq!(
        (took, applied.verdict()),
        (Duration::from_secs(6), Verdict::Incomplete)
    );
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_settle_time_at_once() {
    // Both are made after 20 s; the check delay would be as long.
    let (applied, took) = stopped_at(slow(10), &[25]).await;
    assert!(matches!(
        applied.duplicate_check,
        DuplicateCheck::Skipped { .. }
    ));
    assert_eq!(took, Duration::from_secs(25));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_search_with_a_last_look() {
    let script = Script::new([silence(), page(&[], 0), page(&[made("a1", "A")], 1)]);
    let (applied, took) = stopped_at(script.writer(), &[2]).await;
    assert!(
        matches!(applied.outcomes[0].1, Outcome::Adopted(_)),
        "{applied:?}"
    );
    assert_eq!((took, script.lines().len()), (Duration::from_secs(2), 3));
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_ends_a_run_that_fails_fast() {
    let refusal = json!({"success": false, "error": "Invalid room [error-invalid-room]"});
    let refused = || answer(400, refusal.to_string());
    let changes = || plan(vec![create("A"), create("B"), create("C")]);
    for (fail_fast, requests) in [(true, 1), (false, 3)] {
        let script = Script::new([refused(), refused(), refused()]);
        let writer = script.writer();
        let (_sender, stop) = watch::channel(Stop::GoOn);
        let options = Options {
            fail_fast,
            ..options()
        };
        let applied = apply(&changes(), writer, options, stop, &mut |_, _| {}).await;
        assert_eq!(script.lines().len(), requests);
        let last = &applied.outcomes[2].1;
        assert_eq!(matches!(last, Outcome::NotAttempted), fail_fast, "{last:?}");
        assert_eq!(applied.verdict(), Verdict::Incomplete);
    }
}
