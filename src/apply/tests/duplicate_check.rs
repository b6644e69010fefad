//! The look back: which of several duplicates stays, which of them a run removes, and what it says of the rest.

use super::*;

const FIRST: &str = "66f2c41a0000000000000001";
const SECOND: &str = "66f2c41a0000000000000002";
const THIRD: &str = "66f2c41b0000000000000003";

/// A run that creates `A` and is answered [`SECOND`]; then these steps. Also the requests after the create.
async fn settled(steps: Vec<Step>) -> (Applied, Vec<String>) {
    let create = created(&made(SECOND, "A"));
    let script = Script::new(std::iter::once(create).chain(steps));
    let applied = run(vec![create_a()], &script, false).await;
    let requests = script.requests().into_iter().skip(1);
    let told = requests.map(|request| {
        let path = request.uri().path().rsplit('.').next().unwrap();
        let body: Json = serde_json::from_slice(request.body()).unwrap_or_default();
        format!(
            "{path} {}",
            body["integrationId"].as_str().unwrap_or_default()
        )
    });
    (applied, told.collect())
}

fn create_a() -> Change {
    create("A")
}

/// The records of this type and name.
fn there(ids: &[&str]) -> Step {
    let records: Vec<_> = ids.iter().map(|id| made(id, "A")).collect();
    page(&records, records.len())
}

fn gone() -> Step {
    answer(200, json!({"success": true}).to_string())
}

#[tokio::test(start_paused = true)]
async fn what_was_made_alone_is_created() {
    let start = Instant::now();
    let (applied, requests) = settled(vec![there(&[SECOND])]).await;
    assert!(matches!(&applied.outcomes[0].1, Outcome::Created(id) if id.raw() == SECOND));
    assert!(matches!(
        applied.duplicate_check,
        DuplicateCheck::Done { listings: 1 }
    ));
    assert_eq!(
        (requests.join(","), applied.verdict()),
        ("list ".to_owned(), Verdict::Done)
    );
    assert_eq!(
        start.elapsed(),
        Duration::from_secs(1),
        "the least check delay"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_removes_its_own_duplicate_first_and_takes_the_older() {
    let steps = vec![there(&[FIRST, SECOND]), gone(), there(&[FIRST])];
    let (applied, requests) = settled(steps).await;
    assert!(matches!(&applied.outcomes[0].1, Outcome::Adopted(id) if id.raw() == FIRST));
    assert_eq!(applied.removed, [(0, ServerId::from(SECOND.to_owned()))]);
    let removal = format!("remove {SECOND}");
    assert_eq!(requests, ["list ", &removal, "list "]);
    assert_eq!(applied.verdict(), Verdict::Done);
}

#[tokio::test(start_paused = true)]
async fn the_younger_of_a_run_that_ended_goes_at_the_next_look() {
    let both = || there(&[SECOND, THIRD]);
    let (applied, requests) = settled(vec![both(), both(), gone(), there(&[SECOND])]).await;
    assert!(matches!(&applied.outcomes[0].1, Outcome::Created(id) if id.raw() == SECOND));
    let removal = format!("remove {THIRD}");
    assert_eq!(requests, ["list ", "list ", &removal, "list "]);
}

#[tokio::test(start_paused = true)]
async fn duplicates_that_cannot_be_removed_are_told_of() {
    let refused = || {
        answer(
            400,
            json!({"success": false, "error": "not-authorized"}).to_string(),
        )
    };
    let both = || there(&[FIRST, SECOND]);
    let steps = vec![
        both(),
        refused(),
        both(),
        refused(),
        both(),
        refused(),
        both(),
    ];
    let (applied, requests) = settled(steps).await;
    let Outcome::Doubled { records } = &applied.outcomes[0].1 else {
        panic!("{applied:?}");
    };
    assert_eq!(
        records,
        &[
            format!("{FIRST}, created by deploy"),
            format!("{SECOND}, created by deploy")
        ]
    );
    assert_eq!(
        (requests.len(), applied.verdict()),
        (7, Verdict::Incomplete)
    );
}

/// Somebody else's, one that differs, and one that the plan was made with: none of them is removed.
#[tokio::test(start_paused = true)]
async fn only_a_new_equal_duplicate_of_this_account_is_removed() {
    let mut foreign = made(THIRD, "A");
    foreign["_createdBy"]["_id"] = json!("u2");
    let mut other = made(FIRST, "A");
    other["alias"] = json!("Al");
    let mut poster = made(FIRST, "A");
    poster["userId"] = json!("uMaria");
    for (stranger, doubled) in [
        (foreign, true),
        (other, true),
        (poster, true),
        (made("old", "A"), false),
    ] {
        let records = [stranger, made(SECOND, "A")];
        let steps = (0..4).map(|_| page(&records, 2)).collect();
        let (applied, requests) = settled(steps).await;
        let outcome = &applied.outcomes[0].1;
        assert_eq!(
            matches!(outcome, Outcome::Doubled { .. }),
            doubled,
            "{outcome:?}"
        );
        assert!(requests.iter().all(|it| it == "list "), "{requests:?}");
    }
}

/// A younger one of ours goes, even if the one that stays is another account's.
#[tokio::test(start_paused = true)]
async fn an_equal_one_of_another_account_stays_if_it_was_first() {
    let mut foreign = made(FIRST, "A");
    foreign["_createdBy"]["_id"] = json!("u2");
    let first = page(&[foreign.clone(), made(SECOND, "A")], 2);
    let (applied, requests) = settled(vec![first, gone(), page(&[foreign], 1)]).await;
    assert!(matches!(&applied.outcomes[0].1, Outcome::Adopted(id) if id.raw() == FIRST));
    assert_eq!(requests[1], format!("remove {SECOND}"));
}

#[tokio::test(start_paused = true)]
async fn ids_that_do_not_tell_the_insert_leave_it_to_the_time() {
    let stamped = |id: &str, at: &str| {
        let mut record = made(id, "A");
        record["_createdAt"] = json!(at);
        record
    };
    let mut own = stamped(SECOND, "2026-11-02T10:00:00.000Z");
    let older = stamped("zzzzzzzzzzzzzzzzz", "2026-11-02T09:59:59.000Z");
    let first = page(&[own.clone(), older.clone()], 2);
    let (applied, requests) =
        settled(vec![first, gone(), page(std::slice::from_ref(&older), 1)]).await;
    assert!(matches!(&applied.outcomes[0].1, Outcome::Adopted(id) if id.raw().starts_with('z')));
    assert_eq!(requests[1], format!("remove {SECOND}"));
    // Among ids that do, it counts for nothing.
    own["_createdAt"] = json!("2026-11-02T09:00:00.000Z");
    let (applied, _) = settled(vec![
        page(&[stamped(FIRST, "2026-11-02T10:00:00.000Z"), own], 2),
        gone(),
        there(&[FIRST]),
    ])
    .await;
    assert!(matches!(&applied.outcomes[0].1, Outcome::Adopted(id) if id.raw() == FIRST));
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_or_changed_at_the_look_is_no_success() {
    let mut changed = made(SECOND, "A");
    changed["enabled"] = json!(false);
    for (records, looks) in [(vec![], 4), (vec![changed], 1)] {
        let pages = (0..looks).map(|_| page(&records, records.len()));
        let (applied, _) = settled(pages.collect()).await;
        assert!(
            matches!(applied.outcomes[0].1, Outcome::Stale { .. }),
            "{applied:?}"
        );
        assert_eq!(applied.verdict(), Verdict::Incomplete);
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_that_fails_is_no_success() {
    let (applied, requests) = settled(vec![answer(500, "oops"), answer(500, "oops")]).await;
    assert!(matches!(applied.outcomes[0].1, Outcome::Created(_)));
    assert!(matches!(
        applied.duplicate_check,
        DuplicateCheck::Skipped { .. }
    ));
    assert_eq!(
        (requests.len(), applied.verdict()),
        (3, Verdict::Incomplete)
    );
}

/// A create that was not answered, and is found by the look back that another create of the run brings.
#[tokio::test(start_paused = true)]
async fn the_look_back_may_find_what_was_unknown() {
    let mut steps = vec![silence(), created(&made(SECOND, "B"))];
    let b = made(SECOND, "B");
    // One place for writes: the search is over before the second create is sent.
    steps.splice(1..1, (0..6).map(|_| page(&[], 0)));
    // Nobody can tell whose it is: it is reported when it has been there for a while.
    steps.extend([(), ()].map(|()| page(&[made(FIRST, "A"), b.clone()], 2)));
    let script = Script::new(steps);
    let applied = run(vec![create("A"), create("B")], &script, false).await;
    assert!(
        matches!(&applied.outcomes[0].1, Outcome::Adopted(id) if id.raw() == FIRST),
        "{applied:?}"
    );
    assert!(matches!(&applied.outcomes[1].1, Outcome::Created(id) if id.raw() == SECOND));
    assert_eq!(applied.verdict(), Verdict::Done);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_was_generated_makes_no_difference() {
    let fields = fields(Kind::Outgoing, "Out");
    let out = change(Kind::Outgoing, "Out", Action::Create(fields));
    let record = |id: &str, token: &str| {
        json!({"_id": id, "type": "webhook-outgoing", "name": "Out", "enabled": true, "event": "sendMessage",
            "channel": ["#ops", "@dana"], "token": token, "_createdBy": {"_id": "u1", "username": "deploy"}})
    };
    let there = || page(&[record(FIRST, "another run's")], 1);
    let script = Script::new([silence(), there(), there()]);
    let applied = run(vec![out], &script, false).await;
    assert!(
        matches!(&applied.outcomes[0].1, Outcome::Adopted(id) if id.raw() == FIRST),
        "{applied:?}"
    );
    assert_eq!(applied.verdict(), Verdict::Done);
}

#[tokio::test(start_paused = true)]
async fn the_settle_time_is_twice_the_slowest_create() {
    let start = Instant::now();
    let (_sender, stop) = watch::channel(Stop::GoOn);
    let applied = apply(
        &plan(vec![create("A")]),
        slow(3),
        options(),
        stop,
        &mut |_, _| {},
    )
    .await;
    assert_eq!(
        (applied.verdict(), start.elapsed()),
        (Verdict::Done, Duration::from_secs(9))
    );
}
