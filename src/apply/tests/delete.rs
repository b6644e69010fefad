//! Deletes: only of what is still as it was when the plan was made.

use super::update::{OLD, outcome, record, refused, stored, update, updated};
use super::*;
use crate::apply::update::MOST_REFUSALS;

pub(super) fn delete(id: &str) -> Change {
    let mut json = stored();
    json["_id"] = json!(id);
    deletion("D", &record(&json))
}

#[tokio::test(start_paused = true)]
async fn a_delete_names_the_records_own_type_and_id() {
    let script = Script::new([created(&stored())]);
    let applied = run(vec![delete("a1")], &script, false).await;
    assert!(matches!(applied.outcomes[0].1, Outcome::Deleted(_)));
    assert_eq!(applied.verdict(), Verdict::Done);
    let request = &script.requests()[0];
    let body: Json = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(
        body,
        json!({"type": "webhook-incoming", "integrationId": "a1"})
    );
    assert_eq!(script.lines(), ["POST /chat/api/v1/integrations.remove"]);
}

/// The same record with these values.
fn with(changes: &Json) -> Json {
    let mut json = stored();
    let object = json.as_object_mut().unwrap();
    object.extend(changes.as_object().unwrap().clone());
    json
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_the_plan_is_not_deleted() {
    let fine = json!({"_updatedAt": "2026-05-03T08:00:00.000Z", "emoji": "", "channel": ["#ops"]});
    for (now, expected) in [
        (fine, None),
        (
            json!({"alias": "New"}),
            Some("`alias` changed since the plan was made"),
        ),
        (
            json!({"name": "B"}),
            Some("`name` changed since the plan was made"),
        ),
        (
            json!({"enabled": false}),
            Some("`enabled` changed since the plan was made"),
        ),
        (
            json!({"script": "class Script {}"}),
            Some("`script` changed since the plan was made"),
        ),
        (
            json!({"alias": 7}),
            Some("`alias` changed since the plan was made"),
        ),
        (
            json!({"type": "webhook-outgoing"}),
            Some("it is now a webhook-outgoing"),
        ),
    ] {
        let steps = vec![created(&with(&now)), created(&stored())];
        let (outcome, lines) = outcome(delete("a1"), OLD, steps).await;
        match expected {
            None => {
                assert!(matches!(outcome, Outcome::Deleted(_)), "{outcome:?}");
                assert_eq!(lines, ["GET get?integrationId=a1", "POST remove"]);
            }
            Some(expected) => {
                let Outcome::Stale { why, .. } = outcome else {
                    panic!("{now}: {outcome:?}");
                };
                assert_eq!((why.as_str(), lines.len()), (expected, 1));
            }
        }
    }
}

/// A record with a value that rcsync cannot read may be deleted, and only as it was.
#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_deleted_only_as_it_was() {
    let odd = with(&json!({"alias": 7}));
    let change = || deletion("D", &record(&odd));
    let steps = vec![created(&odd), created(&odd)];
    let (done, lines) = outcome(change(), OLD, steps).await;
    assert!(matches!(done, Outcome::Deleted(_)), "{done:?}");
    assert_eq!(lines.len(), 2);
    for now in [
        json!({"alias": 8}),
        json!({"alias": "7"}),
        json!({"alias": 7, "emoji": ":x:"}),
    ] {
        let (stale, lines) = outcome(change(), OLD, vec![created(&with(&now))]).await;
        assert!(matches!(stale, Outcome::Stale { .. }), "{now}: {stale:?}");
        assert_eq!(lines.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_looked_at_or_is_gone_is_not_deleted() {
    let (gone, lines) = outcome(
        delete("a1"),
        OLD,
        vec![refused("The integration does not exists.")],
    )
    .await;
    assert!(matches!(gone, Outcome::AlreadyGone(_)), "{gone:?}");
    assert_eq!(lines, ["GET get?integrationId=a1"]);
    for step in [refused("not-authorized"), answer(502, "<html>"), silence()] {
        let (failed, lines) = outcome(delete("a1"), OLD, vec![step]).await;
        assert!(matches!(failed, Outcome::Failed(_)), "{failed:?}");
        assert_eq!(lines, ["GET get?integrationId=a1"]);
    }
}

/// What the rate limit refuses is sent again a minute later, and read again before.
#[tokio::test(start_paused = true)]
async fn a_write_that_is_refused_for_now_is_looked_at_again() {
    let limited = || {
        let words = "You must wait 50 seconds before trying this endpoint again.";
        answer(429, json!({"success": false, "error": words}).to_string())
    };
    let now = Duration::ZERO;
    let steps = vec![limited(), created(&with(&json!({"enabled": false})))];
    let (stale, lines) = outcome(delete("a1"), now, steps).await;
    assert!(matches!(stale, Outcome::Stale { .. }), "{stale:?}");
    assert_eq!(lines, ["POST remove", "GET get?integrationId=a1"]);
    let steps = vec![
        limited(),
        created(&stored()),
        limited(),
        created(&stored()),
        created(&stored()),
    ];
    let (done, lines) = outcome(delete("a1"), now, steps).await;
    assert!(matches!(done, Outcome::Deleted(_)), "{done:?}");
    assert_eq!(lines.len(), 5);
    let steps = vec![limited(), created(&stored()), created(&updated())];
    let (done, lines) = outcome(update(), now, steps).await;
    assert!(matches!(done, Outcome::Updated(_)), "{done:?}");
    assert_eq!(lines.len(), 3);
    // There is an end to it.
    let steps = (0..40)
        .flat_map(|_| [limited(), created(&stored())])
        .collect();
    let (failed, lines) = outcome(delete("a1"), now, steps).await;
    assert!(failed.is_refused_for_now(), "{failed:?}");
    assert_eq!(lines.len(), 2 * MOST_REFUSALS - 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_counts_as_deleted() {
    let now = Duration::ZERO;
    let (gone, _) = outcome(delete("a1"), now, vec![refused("No integration found.")]).await;
    assert!(
        matches!(gone, Outcome::AlreadyGone(_)) && gone.is_done(),
        "{gone:?}"
    );
    let look = refused("The integration does not exists.");
    let (gone, _) = outcome(delete("a1"), now, vec![silence(), look]).await;
    assert!(matches!(gone, Outcome::Deleted(_)), "{gone:?}");
    let (there, _) = outcome(delete("a1"), now, vec![silence(), created(&stored())]).await;
    assert!(matches!(there, Outcome::Unknown(_)), "{there:?}");
    let (open, _) = outcome(delete("a1"), now, vec![silence()]).await;
    assert!(matches!(open, Outcome::Unknown(_)), "{open:?}");
}
