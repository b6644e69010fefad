//! Runs that make the same at once: what one of them does, by how late its create was, and by what it finds.

use super::*;
use crate::apply::creates::{REPORT_AFTER, TAKE_BACK_WITHIN};
use crate::apply::update::FRESH;
use crate::server::fake;

const FIRST: &str = "66f2c41a0000000000000001";
const SECOND: &str = "66f2c41a0000000000000002";
const THIRD: &str = "66f2c41b0000000000000003";

/// The age of a listing that creates do not go by.
const OLD: Duration = FRESH;

/// The records of the entry `A`.
fn there(ids: &[&str]) -> Step {
    let records: Vec<_> = ids.iter().map(|id| made(id, "A")).collect();
    page(&records, records.len())
}

fn done() -> Step {
    answer(200, json!({"success": true}).to_string())
}

/// A run that creates `A`, whose plan's listing is so old, over these steps. Also its requests, and how long it took.
async fn over(age: Duration, steps: Vec<Step>) -> (Applied, Vec<String>, Duration) {
    let script = Script::new(steps);
    let plan = plan(vec![create("A")]);
    let start = Instant::now();
    let applied = run_plan(&plan, &script, false, age).await;
    let told = script.requests().into_iter().map(|request| {
        let path = request.uri().path().rsplit('.').next().unwrap();
        let body: Json = serde_json::from_slice(request.body()).unwrap_or_default();
        let id = body["integrationId"].as_str().unwrap_or_default();
        format!("{path} {id}").trim().to_owned()
    });
    (applied, told.collect(), start.elapsed().saturating_sub(age))
}

/// The same with a create that is answered with [`SECOND`], and is late: the new listing before it cannot be read.
async fn late(steps: Vec<Step>) -> (Applied, Vec<String>, Duration) {
    let begin = [silence(), created(&made(SECOND, "A"))];
    let (applied, mut requests, time) = over(OLD, begin.into_iter().chain(steps).collect()).await;
    assert_eq!(requests.drain(..2).collect::<Vec<_>>(), ["list", "create"]);
    (applied, requests, time)
}

fn id_of(applied: &Applied) -> (&str, &str) {
    match &applied.outcomes[0].1 {
        Outcome::Created(id) => ("created", id.raw()),
        Outcome::Adopted(id) => ("adopted", id.raw()),
        other => panic!("{other:?}"),
    }
}

fn removal(id: &str) -> String {
    format!("remove {id}")
}

#[tokio::test(start_paused = true)]
async fn a_late_create_that_is_alone_is_created() {
    let (applied, requests, time) = late(vec![there(&[SECOND])]).await;
    assert_eq!(id_of(&applied), ("created", SECOND));
    assert_eq!((requests.len(), time), (1, Duration::from_secs(1)));
}

/// The other may have been reported before this one was there.
#[tokio::test(start_paused = true)]
async fn a_late_winner_gives_way_to_one_that_stays() {
    let both = || there(&[SECOND, THIRD]);
    let (applied, requests, time) = late(vec![both(), both(), done(), there(&[THIRD])]).await;
    assert_eq!(id_of(&applied), ("adopted", THIRD));
    assert_eq!(requests, ["list", "list", &removal(SECOND), "list"]);
    assert_eq!(applied.removed, [(0, ServerId::from(SECOND.to_owned()))]);
    assert_eq!(applied.verdict(), Verdict::Done);
    // What another run made is reported when it has been there for a while.
    assert_eq!(time, Duration::from_secs(1) + REPORT_AFTER);
}

#[tokio::test(start_paused = true)]
async fn a_late_winner_stays_if_the_other_gives_way() {
    let (applied, requests, time) = late(vec![there(&[SECOND, THIRD]), there(&[SECOND])]).await;
    assert_eq!(id_of(&applied), ("created", SECOND));
    assert_eq!((requests.len(), time), (2, Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn a_late_loser_gives_way_at_once() {
    let (applied, requests, _) = late(vec![there(&[FIRST, SECOND]), done(), there(&[FIRST])]).await;
    assert_eq!(id_of(&applied), ("adopted", FIRST));
    assert_eq!(requests[1], removal(SECOND));
}

/// A listing just before the create makes it prompt, and its run may remove the others.
#[tokio::test(start_paused = true)]
async fn a_new_listing_makes_a_create_prompt() {
    let both = || there(&[SECOND, THIRD]);
    let create = created(&made(SECOND, "A"));
    let steps = vec![there(&[]), create, both(), both(), done(), there(&[SECOND])];
    let (applied, requests, _) = over(OLD, steps).await;
    assert_eq!(id_of(&applied), ("created", SECOND));
    let removal = removal(THIRD);
    assert_eq!(
        requests,
        ["list", "create", "list", "list", &removal, "list"]
    );
}

/// No order that is the same for all: another run may see other ids, and choose another.
#[tokio::test(start_paused = true)]
async fn among_ids_of_two_kinds_nobody_removes_the_others() {
    let stamped = |id: &str, at: u8| {
        let mut record = made(id, "A");
        record["_createdAt"] = json!(format!("2026-11-02T10:00:0{at}.000Z"));
        record
    };
    let other = stamped("zzzzzzzzzzzzzzzzz", 2);
    let both = || page(&[stamped(SECOND, 1), other.clone()], 2);
    let create = created(&made(SECOND, "A"));
    let steps = vec![
        create,
        both(),
        both(),
        done(),
        page(std::slice::from_ref(&other), 1),
    ];
    let (applied, requests, _) = over(Duration::ZERO, steps).await;
    assert_eq!(id_of(&applied).0, "adopted");
    assert_eq!(requests[3], removal(SECOND));
}

#[tokio::test(start_paused = true)]
async fn what_is_there_before_the_create_is_not_made_once_more() {
    let (applied, requests, time) = over(OLD, vec![there(&[FIRST]), there(&[FIRST])]).await;
    assert_eq!(id_of(&applied), ("adopted", FIRST));
    assert_eq!((requests, time), (vec!["list".to_owned(); 2], REPORT_AFTER));
    // Not what somebody else made with other values.
    let mut other = made(FIRST, "A");
    other["enabled"] = json!(false);
    let steps = vec![page(&[other.clone()], 1), page(&[other], 1)];
    let (applied, requests, _) = over(OLD, steps).await;
    let Outcome::Stale { id, why } = &applied.outcomes[0].1 else {
        panic!("{applied:?}");
    };
    assert_eq!(
        (id.raw(), why.as_str()),
        (FIRST, "it was created since the plan was made")
    );
    assert_eq!(
        (requests.len(), applied.verdict()),
        (2, Verdict::Incomplete)
    );
}

/// Whose the record is that was found after a silence, nobody can tell: it is not taken back, and nothing is removed
/// for it.
#[tokio::test(start_paused = true)]
async fn a_record_found_after_a_silence_gives_no_right_to_remove() {
    for found in [[FIRST, SECOND], [SECOND, THIRD]] {
        let looks = (0..5).map(|_| there(&found));
        let (applied, requests, _) = over(
            Duration::ZERO,
            std::iter::once(silence()).chain(looks).collect(),
        )
        .await;
        let outcome = &applied.outcomes[0].1;
        assert!(matches!(outcome, Outcome::Doubled { .. }), "{outcome:?}");
        assert_eq!(
            (requests.len(), applied.verdict()),
            (6, Verdict::Incomplete)
        );
        assert!(
            requests.iter().all(|it| !it.starts_with("remove")),
            "{requests:?}"
        );
    }
}

/// Others may have reported it by then.
#[tokio::test(start_paused = true)]
async fn nothing_is_taken_back_once_it_has_been_there_for_a_while() {
    let looked = |ids: &[&str]| {
        let mut records: Vec<_> = ids.iter().map(|id| made(id, "A")).collect();
        records.push(made("66f2c41b0000000000000009", "C"));
        page(&records, records.len())
    };
    for (ids, removes) in [([FIRST, SECOND], 0), ([SECOND, THIRD], 1)] {
        // The search for `B` takes a minute.
        let mut steps = vec![created(&made(SECOND, "A")), silence()];
        steps.extend((0..6).map(|_| page(&[], 0)));
        steps.extend([looked(&ids), looked(&ids)]);
        if removes == 1 {
            steps.extend([done(), looked(&[SECOND])]);
        }
        steps.extend([looked(&ids), looked(&ids)]);
        let script = Script::new(steps);
        let applied = run(vec![create("A"), create("B")], &script, false).await;
        let lines = script.lines();
        let removed = lines.iter().filter(|it| it.ends_with("remove")).count();
        assert_eq!(removed, removes, "{lines:?}");
        let outcome = &applied.outcomes[0].1;
        assert_eq!(
            matches!(outcome, Outcome::Doubled { .. }),
            removes == 0,
            "{outcome:?}"
        );
        assert_eq!(applied.verdict(), Verdict::Incomplete);
    }
    assert!(TAKE_BACK_WITHIN < Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_vanished_with_the_other_is_created_again() {
    let both = || {
        [
            created(&made(SECOND, "A")),
            there(&[FIRST, SECOND]),
            done(),
            there(&[]),
        ]
    };
    let mut steps: Vec<_> = both().into();
    steps.extend([there(&[]), created(&made(THIRD, "A")), there(&[THIRD])]);
    let (applied, requests, _) = over(Duration::ZERO, steps).await;
    assert_eq!(id_of(&applied), ("created", THIRD));
    assert_eq!(applied.verdict(), Verdict::Done);
    let creates = requests.iter().filter(|it| *it == "create").count();
    assert_eq!((creates, requests.len()), (2, 7));

    // One that is there by then is not made once more.
    let mut steps: Vec<_> = both().into();
    steps.extend([there(&[THIRD]), there(&[THIRD]), there(&[THIRD])]);
    let (applied, requests, _) = over(Duration::ZERO, steps).await;
    assert_eq!(id_of(&applied), ("adopted", THIRD));
    assert_eq!(requests.iter().filter(|it| *it == "create").count(), 1);

    // Nor without end.
    let steps = (0..9).flat_map(|_| both().into_iter().chain([there(&[])]));
    let (applied, requests, _) = over(Duration::ZERO, steps.collect()).await;
    let Outcome::Stale { why, .. } = &applied.outcomes[0].1 else {
        panic!("{applied:?}");
    };
    assert!(why.starts_with("nothing exists"), "{why}");
    let creates = requests.iter().filter(|it| *it == "create").count();
    assert_eq!((creates, applied.verdict()), (4, Verdict::Incomplete));
}

/// What somebody else deleted is not made once more.
#[tokio::test(start_paused = true)]
async fn a_record_that_somebody_deleted_is_not_created_again() {
    let none = || there(&[]);
    let steps = vec![created(&made(SECOND, "A")), none(), none(), none(), none()];
    let (applied, requests, _) = over(Duration::ZERO, steps).await;
    assert!(
        matches!(applied.outcomes[0].1, Outcome::Stale { .. }),
        "{applied:?}"
    );
    assert_eq!(requests, ["create", "list", "list", "list", "list"]);
}

/// As where listings are read from a copy of the database.
#[tokio::test(start_paused = true)]
async fn a_listing_that_lags_is_waited_for() {
    let steps = vec![
        created(&made(SECOND, "A")),
        there(&[]),
        there(&[]),
        there(&[SECOND]),
    ];
    let (applied, requests, _) = over(Duration::ZERO, steps).await;
    assert!(
        matches!(applied.outcomes[0].1, Outcome::Created(_)),
        "{applied:?}"
    );
    assert_eq!(requests, ["create", "list", "list", "list"]);
    // It ends before the listing shows it: then nobody knows.
    let steps = vec![created(&made(SECOND, "A")), there(&[]), answer(500, "oops")];
    let (applied, ..) = over(Duration::ZERO, steps).await;
    assert!(
        matches!(&applied.outcomes[0].1, Outcome::Unknown(why) if why.contains("does not show it yet")),
        "{applied:?}"
    );
}

/// The record was taken back, and nobody has seen yet whether the other stays.
#[tokio::test(start_paused = true)]
async fn a_stop_in_the_last_wait_tells_of_no_record() {
    let script = Script::new([created(&made(SECOND, "A")), there(&[FIRST, SECOND]), done()]);
    let writer = script.writer();
    let (say, stop) = watch::channel(Stop::GoOn);
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        say.send_replace(Stop::Finish);
        std::future::pending::<()>().await;
    });
    let plan = plan(vec![create("A")]);
    let applied = apply(&plan, writer, options(), stop, &mut |_, _| {}).await;
    assert!(
        matches!(applied.outcomes[0].1, Outcome::Unknown(_)),
        "{applied:?}"
    );
    assert!(matches!(
        applied.duplicate_check,
        DuplicateCheck::Skipped { .. }
    ));
    assert_eq!(applied.removed, [(0, ServerId::from(SECOND.to_owned()))]);
    assert_eq!(applied.verdict(), Verdict::Incomplete);
}

/// A server that takes its time for a create, and lists what it has at once.
struct Server {
    create: Duration,
    records: std::sync::Mutex<Vec<Json>>,
    lines: std::sync::Mutex<Vec<&'static str>>,
}

impl Transport for Server {
    fn send(&self, request: Request) -> BoxFuture<'_, Step> {
        Box::pin(async move {
            if request.method() == "GET" {
                self.lines.lock().unwrap().push("list");
                let records = self.records.lock().unwrap();
                return page(&records, records.len());
            }
            self.lines.lock().unwrap().push("create");
            tokio::time::sleep(self.create).await;
            let body: Json = serde_json::from_slice(request.body()).unwrap();
            let mut records = self.records.lock().unwrap();
            let id = format!("66f2c41a{:016x}", records.len());
            records.push(made(&id, body["name"].as_str().unwrap()));
            created(records.last().unwrap())
        })
    }
}

/// One listing more about once a second, as long as something is left to be created and it helps.
#[tokio::test(start_paused = true)]
async fn many_creates_are_kept_prompt_by_few_listings() {
    for (count, millis, listings) in [
        // A small run needs none but its last.
        (8, 100, 1),
        // Of ten seconds.
        (100, 100, 11),
        (40, 250, 10),
        // Each alone takes too long.
        (3, 1_000, 1),
        // So long that some might be too old to be taken back a check delay later: one more at once. And one in
        // between, since creates do not go by a listing that is older than five seconds.
        (10, 1_000, 3),
    ] {
        let server = Arc::new(Server {
            create: Duration::from_millis(millis),
            records: std::sync::Mutex::default(),
            lines: std::sync::Mutex::default(),
        });
        let (_sender, stop) = watch::channel(Stop::GoOn);
        let plan = plan((0..count).map(|n| create(&format!("E{n}"))).collect());
        let writer = Arc::new(Writer::of(&fake::anybody(server.clone())));
        let applied = apply(&plan, writer, options(), stop, &mut |_, _| {}).await;
        assert_eq!(applied.verdict(), Verdict::Done, "{applied:?}");
        let lines = server.lines.lock().unwrap();
        let listed = lines.iter().filter(|it| **it == "list").count();
        assert_eq!(listed, listings, "{count} creates of {millis} ms");
    }
}
