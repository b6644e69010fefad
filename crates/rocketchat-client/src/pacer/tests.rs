use tokio::time::advance;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

fn told(calls: u64, left: u64, reset: u64, ends_in: Duration) -> RateLimitHeaders {
    RateLimitHeaders {
        calls,
        left,
        reset,
        ends_in,
    }
}

fn limiter() -> (Pacer, Arc<EndpointLimiter>) {
    let pacer = Pacer::new(10 * MINUTE);
    let limiter = pacer.limiter(&Method::POST, "api/v1/integrations.create");
    (pacer, limiter)
}

/// Whether a request may leave without waiting.
async fn leaves(limiter: &Arc<EndpointLimiter>) -> Option<InFlight> {
    let now = tokio::time::timeout(Duration::ZERO, limiter.clone().acquire());
    now.await.ok()?.ok()
}

#[tokio::test(start_paused = true)]
async fn the_first_goes_alone_and_tells_of_the_limit() {
    let (pacer, limiter) = limiter();
    let mut first = leaves(&limiter).await.unwrap();
    assert!(leaves(&limiter).await.is_none());
    assert_eq!(pacer.limits(), Limits::Unknown);
    first.answered(None, true);
    drop(first);
    assert_eq!(pacer.limits(), Limits::Unlimited);
    let many = [leaves(&limiter).await, leaves(&limiter).await];
    assert!(many.iter().all(Option::is_some));
}

#[tokio::test(start_paused = true)]
async fn an_early_refusal_tells_of_no_limit() {
    let (pacer, limiter) = limiter();
    let mut first = leaves(&limiter).await.unwrap();
    first.answered(None, false);
    drop(first);
    assert_eq!(pacer.limits(), Limits::Unknown);
    let alone = leaves(&limiter).await;
    assert!(alone.is_some() && leaves(&limiter).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_small_budget_is_used_one_by_one_and_then_waited_for() {
    let (pacer, limiter) = limiter();
    let start = Instant::now();
    for left in (0..3).rev() {
        let mut in_flight = limiter.clone().acquire().await.unwrap();
        assert!(leaves(&limiter).await.is_none(), "side by side");
        in_flight.answered(Some(told(3, left, 7, MINUTE)), true);
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    let waits = tokio::spawn(limiter.clone().acquire());
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
    let (pacer, limiter) = limiter();
    limiter
        .clone()
        .acquire()
        .await
        .unwrap()
        .answered(Some(told(1, 0, 7, MINUTE)), true);
    assert!(leaves(&limiter).await.is_none());
    assert!(pacer.waits().all().is_empty());
    let start = Instant::now();
    limiter.clone().acquire().await.unwrap();
    assert_eq!(start.elapsed(), MINUTE + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn a_large_budget_is_used_side_by_side_until_little_is_spare() {
    let (_, limiter) = limiter();
    limiter
        .clone()
        .acquire()
        .await
        .unwrap()
        .answered(Some(told(600, 40, 7, MINUTE)), true);
    let mut in_flight = Vec::new();
    while let Some(flight) = leaves(&limiter).await {
        in_flight.push(flight);
    }
    assert_eq!(in_flight.len(), 8);
    let waits = tokio::spawn(limiter.clone().acquire());
    tokio::task::yield_now().await;
    // An answer that was overtaken tells more than is left.
    for (mut in_flight, left) in in_flight.into_iter().zip([32, 39, 38, 37, 36, 35, 34, 33]) {
        assert!(!waits.is_finished());
        in_flight.answered(Some(told(600, left, 7, MINUTE)), true);
        drop(in_flight);
        tokio::task::yield_now().await;
    }
    assert!(waits.is_finished() && leaves(&limiter).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn silence_may_have_used_up_a_call_and_what_was_not_sent_has_not() {
    let (_, limiter) = limiter();
    limiter
        .clone()
        .acquire()
        .await
        .unwrap()
        .answered(Some(told(9, 2, 7, MINUTE)), true);
    leaves(&limiter).await.unwrap().not_sent();
    drop(leaves(&limiter).await.unwrap());
    drop(leaves(&limiter).await.unwrap());
    assert!(leaves(&limiter).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_closes_the_lane() {
    let (_, limiter) = limiter();
    let mut in_flight = leaves(&limiter).await.unwrap();
    in_flight.answered(Some(told(10, 0, 7, Duration::from_secs(20))), false);
    in_flight.refused(Duration::from_secs(42));
    drop(in_flight);
    let start = Instant::now();
    limiter.clone().acquire().await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(42) + MARGIN);
}

#[tokio::test(start_paused = true)]
async fn who_was_refused_without_a_word_of_a_limit_goes_on_one_by_one() {
    let (pacer, limiter) = limiter();
    let mut first = leaves(&limiter).await.unwrap();
    first.answered(None, true);
    drop(first);
    let mut side_by_side = [
        leaves(&limiter).await.unwrap(),
        leaves(&limiter).await.unwrap(),
    ];
    side_by_side[0].answered(None, false);
    side_by_side[0].refused(DEFAULT_WAIT);
    // This one was in flight before.
    side_by_side[1].answered(None, true);
    drop(side_by_side);
    let start = Instant::now();
    let mut next = limiter.clone().acquire().await.unwrap();
    assert_eq!(start.elapsed(), DEFAULT_WAIT + MARGIN);
    next.answered(None, true);
    drop(next);
    let alone = leaves(&limiter).await;
    assert!(alone.is_some() && leaves(&limiter).await.is_none());
    assert_eq!(pacer.limits(), Limits::Unknown);
}

#[tokio::test(start_paused = true)]
async fn words_of_a_window_that_is_over_are_forgotten() {
    let (_, limiter) = limiter();
    let mut late = leaves(&limiter).await.unwrap();
    late.answered(Some(told(100, 99, 7, MINUTE)), true);
    drop(late);
    let mut late = leaves(&limiter).await.unwrap();
    let mut last = leaves(&limiter).await.unwrap();
    last.answered(Some(told(100, 0, 8, MINUTE)), true);
    late.answered(Some(told(100, 50, 7, MINUTE)), true);
    drop((late, last));
    assert!(leaves(&limiter).await.is_none());
    advance(MINUTE + MARGIN).await;
    assert!(leaves(&limiter).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn lanes_are_by_route_and_method_and_know_windows_to_five_seconds() {
    let pacer = Pacer::new(10 * MINUTE);
    let heard = |method: Method, endpoint: &'static str, told| {
        let limiter = pacer.limiter(&method, endpoint);
        async move { limiter.acquire().await.unwrap().answered(told, true) }
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
    let (_, limiter) = limiter();
    let mut in_flight = limiter.clone().acquire().await.unwrap();
    in_flight.refused(11 * MINUTE);
    drop(in_flight);
    let start = Instant::now();
    assert_eq!(
        limiter.clone().acquire().await.unwrap_err(),
        TooLong(11 * MINUTE)
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
    // What is left of it may be waited for.
    advance(2 * MINUTE).await;
    limiter.clone().acquire().await.unwrap();
    assert!(start.elapsed() >= 11 * MINUTE);
}
