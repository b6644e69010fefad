//! Updates and deletes: looked at first, verified afterwards, and what silence means for each.

use super::delete::delete;
use super::*;
use crate::observed::{Found, Record, User};
use crate::redactor::Redactor;

pub(super) const OLD: Duration = Duration::from_mins(1);

pub(super) fn stored() -> Json {
    json!({"_id": "a1", "type": "webhook-incoming", "name": "A", "enabled": true, "username": "maria",
        "userId": "uMaria", "channel": ["#ops"], "alias": "Old", "scriptEnabled": false, "token": "hunter2",
        "_createdBy": {"_id": "u1", "username": "deploy"}})
}

pub(super) fn record(json: &Json) -> Record {
    Record::decode(json.as_object().unwrap().clone(), &Redactor::default()).unwrap()
}

/// An update that gives the stored record another alias.
pub(super) fn update() -> Change {
    let from = record(&stored()).stored().unwrap();
    let mut to = from.clone();
    to.set("alias", Some(Value::Text("New".into())));
    let id = ServerId::from("a1".to_owned());
    change(Kind::Incoming, "A", Action::Update { id, from, to })
}

/// The record as the update wants it.
pub(super) fn updated() -> Json {
    let mut json = stored();
    json["alias"] = json!("New");
    json
}

pub(super) fn refused(error: &str) -> Step {
    let body = json!({"success": false, "error": error});
    answer(400, body.to_string())
}

pub(super) async fn outcome(
    change: Change,
    age: Duration,
    steps: Vec<Step>,
) -> (Outcome, Vec<String>) {
    let script = Script::new(steps);
    let mut applied = run_plan(&plan(vec![change]), &script, false, age).await;
    let lines = script.lines().into_iter();
    let lines = lines.map(|line| line.replace("/chat/api/v1/integrations.", ""));
    (applied.outcomes.remove(0).1, lines.collect())
}

#[tokio::test(start_paused = true)]
async fn a_young_listing_needs_no_second_look() {
    let (outcome, lines) =
        outcome(update(), Duration::from_secs(4), vec![created(&updated())]).await;
    assert!(matches!(outcome, Outcome::Updated(_)), "{outcome:?}");
    assert_eq!(lines, ["PUT update"]);
}

#[tokio::test(start_paused = true)]
async fn an_older_one_does() {
    let steps = vec![created(&stored()), created(&updated())];
    let (outcome, lines) = outcome(update(), OLD, steps).await;
    assert!(matches!(outcome, Outcome::Updated(_)), "{outcome:?}");
    assert_eq!(lines, ["GET get?integrationId=a1", "PUT update"]);
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_the_plan_is_not_written() {
    let mut enabled = stored();
    enabled["enabled"] = json!(false);
    enabled["emoji"] = json!(":x:");
    let mut kind = stored();
    kind["type"] = json!("webhook-outgoing");
    let gone = || refused("The integration does not exists.");
    for (step, expected) in [
        (
            created(&enabled),
            "`enabled`, `emoji` changed since the plan was made",
        ),
        (created(&kind), "it is now a webhook-outgoing"),
        (gone(), "it was deleted since the plan was made"),
    ] {
        let (outcome, lines) = outcome(update(), OLD, vec![step]).await;
        let Outcome::Stale { why, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!((why.as_str(), lines.len()), (expected, 1));
    }
    // Nothing changed that an update would write.
    let mut touched = stored();
    touched["_updatedAt"] = json!("2026-05-03T08:00:00.000Z");
    touched["emoji"] = json!("");
    let (outcome, _) = outcome(update(), OLD, vec![created(&touched), created(&updated())]).await;
    assert!(matches!(outcome, Outcome::Updated(_)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_looked_at_is_not_written() {
    let (outcome, lines) = outcome(update(), OLD, vec![refused("not-authorized")]).await;
    let Outcome::Failed(error) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(error.help().unwrap_or_default().contains("permission"));
    assert_eq!(lines.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_did_nothing_is_no_success() {
    let (outcome, _) = outcome(update(), Duration::ZERO, vec![created(&stored())]).await;
    let Outcome::NotApplied { mismatch, .. } = outcome else {
        panic!("{outcome:?}");
    };
    let names: Vec<_> = mismatch.fields.iter().map(|it| it.field.name).collect();
    assert_eq!(names, ["alias"]);
    // A value that was only kept counts too.
    let mut lost = updated();
    lost["channel"] = json!(["#elsewhere"]);
    let (outcome, _) = super::update::outcome(update(), Duration::ZERO, vec![created(&lost)]).await;
    assert!(matches!(outcome, Outcome::NotApplied { .. }), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn the_user_that_counts_is_the_one_of_the_id() {
    let verified = async |version: Option<&str>| {
        let mut plan = plan(vec![update()]);
        plan.server.version = version.and_then(crate::integration::Version::parse);
        let user = User {
            id: "uOther".into(),
            roles: None,
            active: None,
        };
        plan.users
            .found
            .insert("maria".to_owned(), Found::User(user));
        let script = Script::new([created(&updated())]);
        run_plan(&plan, &script, false, Duration::ZERO)
            .await
            .outcomes
            .remove(0)
            .1
    };
    for version in [None, Some("7.7"), Some("8.8")] {
        let outcome = verified(version).await;
        let Outcome::NotApplied { mismatch, .. } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(mismatch.why, ["it posts as the user uMaria, not as uOther"]);
    }
    // These leave the user as it was, whatever is written.
    let outcome = verified(Some("7.6")).await;
    assert!(matches!(outcome, Outcome::Updated(_)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn silence_of_an_update_is_settled_by_a_look() {
    let now = Duration::ZERO;
    let (done, lines) = outcome(update(), now, vec![silence(), created(&updated())]).await;
    assert!(matches!(done, Outcome::Updated(_)), "{done:?}");
    assert_eq!(lines, ["PUT update", "GET get?integrationId=a1"]);
    let (open, _) = outcome(update(), now, vec![silence(), created(&stored())]).await;
    assert!(matches!(open, Outcome::Unknown(_)), "{open:?}");
    let (open, lines) = outcome(update(), now, vec![answer(502, "<html>")]).await;
    assert!(matches!(open, Outcome::Unknown(_)), "{open:?}");
    assert_eq!(lines.len(), 2, "never sent again: {lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_vanishes_under_the_write_is_stale() {
    let (outcome, _) = outcome(
        update(),
        Duration::ZERO,
        vec![refused("No integration found.")],
    )
    .await;
    assert!(matches!(outcome, Outcome::Stale { .. }), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn deletes_come_last_and_a_closed_route_ends_the_run() {
    let script = Script::new([
        created(&updated()),
        answer(
            403,
            json!({"success": false, "error": "unauthorized"}).to_string(),
        ),
    ]);
    let changes = vec![delete("d1"), delete("d2"), update()];
    let applied = run(changes, &script, false).await;
    let [first, second, third] = &applied.outcomes[..] else {
        panic!("{applied:?}");
    };
    assert!(matches!(third.1, Outcome::Updated(_)), "{third:?}");
    assert!(matches!(first.1, Outcome::Failed(_)), "{first:?}");
    assert!(matches!(second.1, Outcome::NotAttempted), "{second:?}");
    assert_eq!(
        (script.lines().len(), applied.verdict()),
        (2, Verdict::Incomplete)
    );
}

/// The same record, switched off.
fn off() -> Json {
    let mut json = stored();
    json["enabled"] = json!(false);
    json
}

fn disable() -> Change {
    let from = record(&stored()).stored().unwrap();
    let to = record(&off()).stored().unwrap();
    let id = ServerId::from("a1".to_owned());
    change(Kind::Incoming, "A", Action::Disable { id, from, to })
}

/// The second step of a deletion: it counts on the record being off.
fn second_step() -> Change {
    deletion("A", &record(&off()))
}

#[tokio::test(start_paused = true)]
async fn a_disable_is_looked_at_first_and_verified() {
    let steps = vec![created(&stored()), created(&off())];
    let (done, lines) = outcome(disable(), OLD, steps).await;
    assert!(
        matches!(done, Outcome::Disabled(_)) && done.is_done(),
        "{done:?}"
    );
    assert_eq!(lines, ["GET get?integrationId=a1", "PUT update"]);
    let (stale, lines) = outcome(disable(), OLD, vec![created(&updated())]).await;
    assert!(matches!(stale, Outcome::Stale { .. }), "{stale:?}");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let (ignored, _) = outcome(disable(), Duration::ZERO, vec![created(&stored())]).await;
    assert!(matches!(ignored, Outcome::NotApplied { .. }), "{ignored:?}");
}

#[tokio::test(start_paused = true)]
async fn a_record_with_a_broken_script_is_switched_off_all_the_same() {
    let mut answered = off();
    answered["script"] = json!("class {");
    answered["scriptEnabled"] = json!(true);
    let mut before = answered.clone();
    before["enabled"] = json!(true);
    let id = ServerId::from("a1".to_owned());
    let from = record(&before).stored().unwrap();
    let to = record(&answered).stored().unwrap();
    let change = change(Kind::Incoming, "A", Action::Disable { id, from, to });
    let (done, _) = outcome(change, Duration::ZERO, vec![created(&answered)]).await;
    assert!(matches!(done, Outcome::Disabled(_)), "{done:?}");
}

#[tokio::test(start_paused = true)]
async fn a_second_step_deletes_only_what_is_still_off() {
    let steps = vec![created(&off()), created(&off())];
    let (done, lines) = outcome(second_step(), OLD, steps).await;
    assert!(matches!(done, Outcome::Deleted(_)), "{done:?}");
    assert_eq!(lines, ["GET get?integrationId=a1", "POST remove"]);
    let (stale, lines) = outcome(second_step(), OLD, vec![created(&stored())]).await;
    assert!(matches!(stale, Outcome::Stale { .. }), "{stale:?}");
    assert_eq!(lines, ["GET get?integrationId=a1"]);
    // Somebody else was quicker.
    let gone = refused("The integration does not exists.");
    let (gone, _) = outcome(second_step(), OLD, vec![gone]).await;
    assert!(matches!(gone, Outcome::AlreadyGone(_)), "{gone:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_lost_last() {
    let script = Script::new([created(&updated()), created(&off()), created(&off())]);
    let applied = run(vec![delete("d1"), disable(), update()], &script, false).await;
    assert_eq!(applied.verdict(), Verdict::Done, "{applied:?}");
    let lines = script.lines();
    let words: Vec<_> = lines.iter().map(|it| it.rsplit('.').next()).collect();
    assert_eq!(words, [Some("update"), Some("update"), Some("remove")]);
    let body: Json = serde_json::from_slice(script.requests()[1].body()).unwrap();
    assert_eq!(body["enabled"], false);
}
