//! Applying over scripted answers, on a clock that does not wait.

mod bodies;
mod delete;
mod duplicate_check;
mod duplicates;
mod limits;
mod stop;
mod update;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};
use tokio::time::Instant;

use super::*;
use crate::client::Limits;
use crate::client::{BoxFuture, Request, SendError, Transport};
use crate::integration::{Key, Kind, Value};
use crate::observed::View;
use crate::plan::{Change, LeftOut, Reason};
use crate::redactor::Redactor;
use crate::secret::Text;
use crate::server::fake;
use crate::server::fake::{Script, Step, answer, page};

fn change(kind: Kind, name: &str, action: Action) -> Change {
    let name = name.to_owned();
    Change {
        key: Key {
            kind,
            name: name.into(),
        },
        action,
        fields: Vec::new(),
        conditions: Vec::new(),
        place: None,
        script_file: None,
        pruned: None,
    }
}

fn plan(changes: Vec<Change>) -> Plan {
    let server = ServerFacts {
        url: "https://chat.example.org/chat".to_owned(),
        version: None,
        version_text: None,
        user_id: "u1".into(),
        username: "deploy".into(),
        roles: None,
    };
    Plan {
        redactor: Redactor::default(),
        server,
        users: Users::default(),
        limits: Limits::default(),
        view: View::default(),
        depends_on_view: false,
        posters: std::collections::BTreeSet::new(),
        targets: std::collections::BTreeSet::new(),
        postings: std::collections::BTreeSet::new(),
        changes,
        unchanged: 0,
        released: 0,
        unmanaged: Vec::new(),
        unknown_kinds: 0,
        left_out: LeftOut::default(),
        refusals: Vec::new(),
        taken_at: None,
        not_compared: Vec::new(),
        literals: BTreeSet::new(),
    }
}

/// What a manifest with these values asks for.
fn fields(kind: Kind, name: &str) -> Fields {
    let mut fields = Fields::new(kind);
    fields.set("name", Some(Value::Text(name.into())));
    fields.set("enabled", Some(Value::Flag(true)));
    let channels = ["#ops", "@dana"].map(Text::from).to_vec();
    fields.set("channel", Some(Value::List(channels)));
    if kind == Kind::Outgoing {
        fields.set("event", Some(Value::Text("sendMessage".into())));
    }
    fields
}

/// Deletes a record that is as this one.
fn deletion(name: &str, record: &Record) -> Change {
    let (id, from) = (record.id.clone(), Box::new(record.clone()));
    change(record.kind, name, Action::Delete { id, from })
}

fn create(name: &str) -> Change {
    let fields = fields(Kind::Incoming, name);
    change(Kind::Incoming, name, Action::Create(fields))
}

/// The record that the server makes of [`create`].
fn made(id: &str, name: &str) -> Json {
    json!({"_id": id, "type": "webhook-incoming", "name": name, "enabled": true,
        "channel": ["#ops", "@dana"], "_createdBy": {"_id": "u1", "username": "deploy"}})
}

fn created(record: &Json) -> Step {
    answer(
        200,
        json!({"integration": record, "success": true}).to_string(),
    )
}

/// A writer to a server that answers a create after so many seconds, and everything else at once.
fn slow(seconds: u64) -> Arc<Writer> {
    Arc::new(Writer::of(&fake::anybody(Arc::new(Slow(seconds)))))
}

struct Slow(u64);

impl Transport for Slow {
    fn send(&self, request: Request) -> BoxFuture<'_, Step> {
        Box::pin(async move {
            let record = made("66f2c41a0000000000000001", "A");
            if request.method() == "GET" {
                return page(&[record], 1);
            }
            tokio::time::sleep(Duration::from_secs(self.0)).await;
            created(&record)
        })
    }
}

fn silence() -> Step {
    Err(SendError::Unknown("connection reset".to_owned()))
}

async fn run(changes: Vec<Change>, script: &Arc<Script>, stopped: bool) -> Applied {
    run_plan(&plan(changes), script, stopped, Duration::ZERO).await
}

/// Applies a plan whose listing is so old.
async fn run_plan(plan: &Plan, script: &Arc<Script>, stopped: bool, age: Duration) -> Applied {
    let read_at = Instant::now();
    tokio::time::advance(age).await;
    let options = Options {
        read_at,
        ..options()
    };
    let writer = script.writer();
    let stopped = if stopped { Stop::Finish } else { Stop::GoOn };
    let (_sender, stop) = watch::channel(stopped);
    apply(plan, writer, options, stop, &mut |_, _| {}).await
}

/// One write at a time, for a plan that was made a moment ago.
fn options() -> Options {
    Options {
        concurrency: Concurrency::Fixed(NonZeroUsize::MIN),
        seen: seen(),
        read_at: Instant::now(),
        patience: Duration::from_mins(1),
        fail_fast: false,
        seed: 1,
    }
}

/// The listing that the plan was made for.
fn seen() -> BTreeMap<ServerId, Record> {
    let old = Record::decode(
        made("old", "A").as_object().unwrap().clone(),
        &Redactor::default(),
    )
    .unwrap();
    [(old.id.clone(), old)].into()
}

async fn outcome_of(change: Change, steps: impl IntoIterator<Item = Step>) -> Outcome {
    let script = Script::new(steps);
    let mut applied = run(vec![change], &script, false).await;
    applied.outcomes.remove(0).1
}

#[tokio::test(start_paused = true)]
async fn a_create_that_answers_as_asked_is_done() {
    let (a, b) = (made("a1", "A"), made("b2", "B"));
    let script = Script::new([created(&a), created(&b), page(&[a, b], 2)]);
    let applied = run(vec![create("A"), create("B")], &script, false).await;
    let ids: Vec<_> = applied
        .outcomes
        .iter()
        .map(|(index, outcome)| match outcome {
            Outcome::Created(id) => (*index, id.raw()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids, [(0, "a1"), (1, "b2")]);
    assert_eq!(applied.verdict(), Verdict::Done);
}

#[tokio::test(start_paused = true)]
async fn a_field_that_was_not_taken_is_no_success() {
    let mut record = made("a1", "A");
    record["channel"] = json!(["#ops"]);
    let outcome = outcome_of(create("A"), [created(&record)]).await;
    let Outcome::NotApplied { id, mismatch } = outcome else {
        panic!("{outcome:?}");
    };
    let names: Vec<_> = mismatch.fields.iter().map(|it| it.field.name).collect();
    assert_eq!((id.raw(), names), ("a1", vec!["channel"]));
}

#[tokio::test(start_paused = true)]
async fn a_script_that_did_not_compile_is_no_success() {
    let mut asked = fields(Kind::Incoming, "A");
    asked.set("script", Some(Value::script("class {")));
    asked.set("scriptEnabled", Some(Value::Flag(true)));
    let change = || change(Kind::Incoming, "A", Action::Create(asked.clone()));
    let mut record = made("a1", "A");
    record["script"] = json!("class {");
    record["scriptEnabled"] = json!(true);

    let mut compiled = record.clone();
    compiled["scriptCompiled"] = json!("class{");
    let outcome = outcome_of(change(), [created(&compiled)]).await;
    assert!(matches!(outcome, Outcome::Created(_)), "{outcome:?}");

    record["scriptError"] = json!({"name": "SyntaxError", "message": "oops (1:7)"});
    let outcome = outcome_of(change(), [created(&record)]).await;
    let Outcome::NotApplied { mismatch, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        mismatch.why,
        ["the server could not compile the script: SyntaxError: oops (1:7)"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_does_not_stop_the_rest() {
    let refusal = json!({"success": false, "error": "Invalid room [error-invalid-room]"});
    let script = Script::new([answer(400, refusal.to_string()), created(&made("b2", "B"))]);
    let applied = run(vec![create("A"), create("B")], &script, false).await;
    assert!(matches!(applied.outcomes[0].1, Outcome::Failed(_)));
    assert!(applied.outcomes[1].1.is_done());
    assert_eq!(applied.verdict(), Verdict::Incomplete);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_stop_the_rest() {
    let refusal = json!({"status": "error", "message": "You must be logged in to do this."});
    let script = Script::new([answer(401, refusal.to_string())]);
    let applied = run(vec![create("A"), create("B")], &script, false).await;
    assert!(matches!(applied.outcomes[1].1, Outcome::NotAttempted));
    assert_eq!(
        (script.lines().len(), applied.verdict()),
        (1, Verdict::NoAccess)
    );
}

#[tokio::test(start_paused = true)]
async fn the_stop_signal_keeps_writes_from_starting() {
    let script = Script::new([]);
    let applied = run(vec![create("A")], &script, true).await;
    assert!(matches!(applied.outcomes[0].1, Outcome::NotAttempted));
    assert!(script.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn blocked_changes_and_conditions_are_left() {
    let id = ServerId::from("old".to_owned());
    let blocked = Action::Blocked {
        id: Some(id.clone()),
        reasons: vec![Reason::new("", "")],
    };
    let script = Script::new([]);
    let changes = vec![
        change(Kind::Incoming, "A", Action::Condition { id }),
        change(Kind::Incoming, "B", blocked),
    ];
    let applied = run(changes, &script, false).await;
    assert_eq!(applied.verdict(), Verdict::Refused);
    assert!(script.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn silence_is_followed_by_looking_and_never_by_sending() {
    let script = Script::new([silence()]);
    let start = Instant::now();
    let applied = run(vec![create("A")], &script, false).await;
    assert!(matches!(applied.outcomes[0].1, Outcome::Unknown(_)));
    assert_eq!(applied.verdict(), Verdict::Incomplete);
    assert_eq!(start.elapsed(), Duration::from_mins(1));
    let posts = script
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("POST"));
    assert_eq!(posts.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_in_silence_is_adopted() {
    let steps = [
        silence(),
        silence(),
        page(&[], 0),
        page(&[made("a1", "A")], 1),
    ];
    let outcome = outcome_of(create("A"), steps).await;
    assert!(
        matches!(&outcome, Outcome::Adopted(id) if id.raw() == "a1"),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_elses_record_is_adopted() {
    let mut other = made("b2", "A");
    other["_createdBy"]["_id"] = json!("u2");
    let mut different = made("c3", "A");
    different["enabled"] = json!(false);
    let records = [other, different, made("d4", "B"), made("old", "A")];
    let steps = std::iter::once(silence()).chain((0..10).map(|_| page(&records, 4)));
    let outcome = outcome_of(create("A"), steps).await;
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_nobody_gave_is_generated() {
    let fields = fields(Kind::Outgoing, "Out");
    let change = change(Kind::Outgoing, "Out", Action::Create(fields));
    let script = Script::new([]);
    run(vec![change], &script, false).await;
    let body: Json = serde_json::from_slice(script.requests()[0].body()).unwrap();
    let token = body["token"].as_str().unwrap();
    assert_eq!(token.len(), 48);
    assert!(token.chars().all(|c| c.is_ascii_alphanumeric()));
    assert_eq!(body["channel"], "#ops,@dana");
}

#[tokio::test(start_paused = true)]
async fn writes_run_side_by_side_within_the_bound() {
    let busy = Arc::new(Busy::default());
    let options = Options {
        concurrency: Concurrency::Fixed(NonZeroUsize::new(3).unwrap()),
        patience: Duration::ZERO,
        ..options()
    };
    let (_sender, stop) = watch::channel(Stop::GoOn);
    let plan = plan((0..10).map(|_| create("A")).collect());
    let writer = Arc::new(Writer::of(&fake::anybody(busy.clone())));
    let mut told = 0;
    let applied = apply(&plan, writer, options, stop, &mut |_, _| told += 1).await;
    assert_eq!((applied.outcomes.len(), told), (10, 10));
    assert_eq!(busy.most.load(Ordering::Relaxed), 3);
}

/// A server that takes a second for everything and counts how much it has to do at a time.
#[derive(Default)]
struct Busy {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Transport for Busy {
    fn send(&self, _: Request) -> BoxFuture<'_, Step> {
        Box::pin(async {
            let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
            self.most.fetch_max(now, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.now.fetch_sub(1, Ordering::Relaxed);
            created(&made("a1", "A"))
        })
    }
}
