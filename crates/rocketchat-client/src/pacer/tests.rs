use tokio::time::advance;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn told(calls: u64, left: u64, reset: u64, ends_in: Duration) -> Told {
    Told {
        calls,
        left,
        reset,
        ends_in,
    }
}

fn lane() -> (Pacer, Arc<Lane>) {
    let pacer = Pacer::new(10 * MINUTE);
    let lane = pacer.lane(&Method::POST, "api/v1/integrations.create");
    (pacer, lane)
}

/// Whether a request may leave without waiting.
async fn leaves(lane: &Arc<Lane>) -> Option<Flight> {
    let now = tokio::time::timeout(Duration::ZERO, lane.clone().enter());
    now.await.ok()?.ok()
}

#[tokio::test(start_paused = true)]
async fn the_first_goes_alone_and_tells_of_the_limit() {
    let (pacer, lane) = lane();
    let mut first = leaves(&lane).await.unwrap();
    assert!(leaves(&lane).await.is_none());
    assert_eq!(pacer.limits(), Limits::Unknown);
    first.answered(None, true);
    drop(first);
    assert_eq!(pacer.limits(), Limits::Unlimited);
    let many = [leaves(&lane).await, leaves(&lane).await];
    assert!(many.iter().all(Option::is_some));
}

#[tokio::test(start_paused = true)]
async fn an_early_refusal_tells_of_no_limit() {
    let (pacer, lane) = lane();
    let mut first = leaves(&lane).await.unwrap();
    first.answered(None, false);
    drop(first);
    assert_eq!(pacer.limits(), Limits::Unknown);
    let alone = leaves(&lane).await;
    assert!(alone.is_some() && leaves(&lane).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_small_budget_is_used_one_by_one_and_then_waited_for() {
    let (pacer, lane) = lane();
    let start = Instant::now();
    for left in (0..3).rev() {
        let mut flight = lane.clone().enter().await.unwrap();
        assert!(leaves(&lane).await.is_none(), "side by side");
        flight.answered(Some(told(3, left, 7, MINUTE)), true);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    let waits = tokio::spawn(lane.clone().enter());
    tokio::task::yield_now().await;
    let until = start + MINUTE + MARGIN;
    let reason = WaitReason::Limit;
    assert_eq!(pacer.waits().all(), [Waiting { reason, until }]);
    drop(waits.await);
    assert_eq!((Instant::now(), pacer.waits().all().len()), (until, 0));
    let rate = Rate {
        calls: 3,
        window: MINUTE,
    };
    assert_eq!(pacer.limits(), Limits::PerEndpoint(rate));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_holds_up_nobody() {
    let (pacer, lane) = lane();
    lane.clone()
        .enter()
        .await
        .unwrap()
        .answered(Some(told(1, 0, 7, MINUTE)), true);
    assert!(leaves(&lane).await.is_none());
    assert!(pacer.waits().all().is_empty());
    let start = Instant::now();
    lane.clone().enter().await.unwrap();
    assert_eq!(start.elapsed(), MINUTE + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn a_large_budget_is_used_side_by_side_until_little_is_spare() {
    let (_, lane) = lane();
    lane.clone()
        .enter()
        .await
        .unwrap()
        .answered(Some(told(600, 40, 7, MINUTE)), true);
    let mut flying = Vec::new();
    while let Some(flight) = leaves(&lane).await {
        flying.push(flight);
    }
    assert_eq!(flying.len(), 8);
    let waits = tokio::spawn(lane.clone().enter());
    tokio::task::yield_now().await;
    // An answer that was overtaken tells more than is left.
    for (mut flight, left) in flying.into_iter().zip([32, 39, 38, 37, 36, 35, 34, 33]) {
        assert!(!waits.is_finished());
        flight.answered(Some(told(600, left, 7, MINUTE)), true);
        drop(flight);
        tokio::task::yield_now().await;
    }
    assert!(waits.is_finished() && leaves(&lane).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn silence_may_have_used_up_a_call_and_what_was_not_sent_has_not() {
    let (_, lane) = lane();
    lane.clone()
        .enter()
        .await
        .unwrap()
        .answered(Some(told(9, 2, 7, MINUTE)), true);
    leaves(&lane).await.unwrap().not_sent();
    drop(leaves(&lane).await.unwrap());
    drop(leaves(&lane).await.unwrap());
    assert!(leaves(&lane).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_closes_the_lane() {
    let (_, lane) = lane();
    let mut flight = leaves(&lane).await.unwrap();
    flight.answered(Some(told(10, 0, 7, Duration::from_secs(20))), false);
    flight.refused(Duration::from_secs(42));
    drop(flight);
    let start = Instant::now();
    lane.clone().enter().await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(42) + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_without_a_word_of_a_limit_goes_on_one_by_one() {
    let (pacer, lane) = lane();
    let mut first = leaves(&lane).await.unwrap();
    first.answered(None, true);
    drop(first);
    let mut side_by_side = [leaves(&lane).await.unwrap(), leaves(&lane).await.unwrap()];
    side_by_side[0].answered(None, false);
    side_by_side[0].refused(DEFAULT_WAIT);
    // This one was on its way before.
    side_by_side[1].answered(None, true);
    drop(side_by_side);
    let start = Instant::now();
    let mut next = lane.clone().enter().await.unwrap();
    assert_eq!(start.elapsed(), DEFAULT_WAIT + MARGIN);
    next.answered(None, true);
    drop(next);
    let alone = leaves(&lane).await;
    assert!(alone.is_some() && leaves(&lane).await.is_none());
    assert_eq!(pacer.limits(), Limits::Unknown);
}

#[tokio::test(start_paused = true)]
async fn words_of_a_window_that_is_over_are_forgotten() {
    let (_, lane) = lane();
    let mut late = leaves(&lane).await.unwrap();
    late.answered(Some(told(100, 99, 7, MINUTE)), true);
    drop(late);
    let mut late = leaves(&lane).await.unwrap();
    let mut last = leaves(&lane).await.unwrap();
    last.answered(Some(told(100, 0, 8, MINUTE)), true);
    late.answered(Some(told(100, 50, 7, MINUTE)), true);
    drop((late, last));
    assert!(leaves(&lane).await.is_none());
    advance(MINUTE + MARGIN).await;
    assert!(leaves(&lane).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn lanes_are_by_route_and_method_and_know_windows_to_five_seconds() {
    let pacer = Pacer::new(10 * MINUTE);
    let heard = |method: Method, endpoint: &'static str, told| {
        let lane = pacer.lane(&method, endpoint);
        async move { lane.enter().await.unwrap().answered(told, true) }
    };
    heard(Method::GET, "api/info", None).await;
    assert_eq!(pacer.limits(), Limits::Unknown, "it needs no login");
    let half = Some(told(10, 4, 7, Duration::from_secs(30)));
    heard(Method::GET, "api/v1/me", half).await;
    let rate = |calls, window| Limits::PerEndpoint(Rate { calls, window });
    assert_eq!(pacer.limits(), rate(10, MINUTE), "the default");
    let first = Some(told(10, 9, 7, Duration::from_millis(118_700)));
    heard(Method::GET, "api/v1/integrations.list", first).await;
    assert_eq!(pacer.limits(), rate(10, 2 * MINUTE));
    let first = Some(told(5, 4, 7, Duration::from_millis(2_400)));
    heard(Method::PUT, "api/v1/integrations.list", first).await;
    assert_eq!(pacer.limits(), rate(5, 2 * MINUTE));
    assert_eq!(
        rounded(Duration::from_millis(2_400)),
        Duration::from_secs(2)
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_longer_than_is_allowed() {
    let (_, lane) = lane();
    let mut flight = lane.clone().enter().await.unwrap();
    flight.refused(11 * MINUTE);
    drop(flight);
    let start = Instant::now();
    assert_eq!(
        lane.clone().enter().await.unwrap_err(),
        TooLong(11 * MINUTE)
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
    // What is left of it may be waited for.
    advance(2 * MINUTE).await;
    lane.clone().enter().await.unwrap();
    assert!(start.elapsed() >= 11 * MINUTE);
}
