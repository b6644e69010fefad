//! What holds for any desired and any observed state, on every version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rocketchat_sandbox::Quirk;
use serde_json::{Value as Json, json};

use super::world::{Seeded, Stored, World, quirks};
use super::{Client, draw};
use crate::support::desired;
use rcsync::apply::{Applied, Outcome};
use rcsync::desired::DesiredState;
use rcsync::integration::{EVENTS, Field, Key, Kind, LeftOut, Value, Version};
use rcsync::observed::Record;
use rcsync::plan::{Action, Change, Plan, Preflight, Reason};
use rocketchat_client::Transport;
use rocketchat_client::redactor::Redactor;

/// A case: a server, what it holds, and what is asked of it.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) version: &'static str,
    /// In what the server behaves unlike the version that it reports.
    pub(super) lies: Vec<(Quirk, bool)>,
    pub(super) records: Vec<Seeded>,
    pub(super) entries: Vec<Json>,
}

pub(super) const VERSIONS: [&str; 8] = ["3.4", "5.0", "6.3", "6.13", "7.5", "8.4", "8.8", "9.0"];

pub(super) fn honest() -> impl Strategy<Value = Case> {
    let version = select(VERSIONS.to_vec());
    (version, draw::server_and_manifest()).prop_map(|(version, (records, mut entries))| {
        // Mostly a manifest is written for the server that there is.
        let fitting = entries
            .iter_mut()
            .enumerate()
            .filter(|(index, _)| index % 5 != 4);
        for entry in fitting.filter_map(|(_, entry)| entry.as_object_mut()) {
            entry.retain(|name, _| is_taken(name, version));
        }
        Case {
            version,
            lies: Vec::new(),
            records,
            entries,
        }
    })
}

fn is_taken(name: &str, version: &str) -> bool {
    let version = Version::parse(version);
    let mut rows = Kind::ALL.iter().filter_map(|kind| kind.field(name));
    rows.all(|row| row.versions.supported_by(version))
}

fn lying() -> impl Strategy<Value = Case> {
    let lies = subsequence(quirks(), 1..5);
    (honest(), lies, any::<u8>()).prop_map(|(case, lies, bits)| Case {
        lies: lies
            .into_iter()
            .enumerate()
            .map(|(index, quirk)| (quirk, bits >> index & 1 == 1))
            .collect(),
        ..case
    })
}

/// What one run did.
pub(super) struct Run {
    version: Option<Version>,
    /// The entries, with the ids that their pins stand for.
    entries: Vec<Json>,
    before: Vec<Stored>,
    plan: Plan,
    applied: Applied,
    after: Vec<Stored>,
    /// The next plan, with everything looked up.
    next: Plan,
    /// The next plan of a user who does not ask for more.
    usual: Plan,
}

/// Makes another wire of the plain one.
pub(super) type Wrap<'a> = &'a dyn Fn(Arc<dyn Transport>) -> Arc<dyn Transport>;

/// Runs a case with a client over the wire that `wrap` makes of the plain one.
pub(super) async fn run(case: &Case, wrap: Wrap<'_>) -> Run {
    let world = World::with(case.version, &case.lies, &case.records).await;
    let before = world.records();
    let entries = pinned(&case.entries, &before);
    let mut desired = desired(&entries);
    let client = Client::over(wrap(world.line()));
    let (plan, applied) = client.apply(&desired).await;
    let after = world.records();
    let sober = Client::over(world.line());
    let (_, next) = sober.plan(&desired, Preflight::Full).await;
    let (_, usual) = sober.plan(&desired, Preflight::Auto).await;
    unordered(&mut desired, &sober, &usual).await;
    Run {
        version: Version::parse(case.version),
        entries,
        before,
        plan,
        applied,
        after,
        next,
        usual,
    }
}

/// The order of entries makes no difference.
async fn unordered(desired: &mut DesiredState, client: &Client, plan: &Plan) {
    desired.entries.reverse();
    let (_, reversed) = client.plan(desired, Preflight::Auto).await;
    assert_eq!(format!("{plan:?}"), format!("{reversed:?}"));
}

/// The entries with the ids that their pins stand for, each record pinned once at most.
pub(super) fn pinned(entries: &[Json], records: &[Stored]) -> Vec<Json> {
    let mut free: BTreeSet<usize> = (0..records.len()).collect();
    let mut entries = entries.to_vec();
    for entry in &mut entries {
        let Some(entry) = entry.as_object_mut() else {
            continue;
        };
        let pin = entry
            .remove("pin")
            .and_then(|pin| pin.as_u64())
            .unwrap_or(u64::MAX);
        let pin = usize::try_from(pin).unwrap_or(usize::MAX);
        if free.remove(&pin) {
            entry.insert("id".to_owned(), records[pin]["_id"].clone());
        }
    }
    entries
}

fn id_of(action: &Action) -> Option<&str> {
    match action {
        Action::Update { id, .. } | Action::Disable { id, .. } | Action::Delete { id, .. } => {
            Some(id.raw())
        }
        Action::Create(_) | Action::Condition { .. } | Action::Blocked { .. } => None,
    }
}

pub(super) fn by_id(records: &[Stored]) -> BTreeMap<&str, &Stored> {
    let records = records.iter();
    records
        .map(|it| (it["_id"].as_str().unwrap_or_default(), it))
        .collect()
}

/// Whether an entry or a record is of this type and name.
fn is_of(json: &Json, kind: Kind, name: &str) -> bool {
    json["type"] == kind.wire() && json["name"] == name
}

fn decoded(stored: &Stored) -> Record {
    Record::decode(stored.clone(), &Redactor::default()).unwrap()
}

impl Run {
    /// Records that the plan does not write are the same, bit for bit; those it deletes are what is gone, and only
    /// what it creates is new.
    fn leaves_unmanaged_alone(&self) -> Result<(), String> {
        let written: BTreeMap<_, _> = self
            .plan
            .changes
            .iter()
            .filter_map(|change| Some((id_of(&change.action)?, &change.action)))
            .collect();
        let after = by_id(&self.after);
        for (id, record) in by_id(&self.before) {
            match (written.get(id), after.get(id)) {
                (None, Some(same)) if *same == record => {}
                (None, now) => return Err(format!("stranger {id}: {record:?} is {now:?}")),
                (Some(Action::Delete { .. }), _) | (Some(_), Some(_)) => {}
                (Some(action), None) => return Err(format!("{id} is gone: {action:?}")),
            }
        }
        let creates = self.plan.changes.iter();
        let creates = creates.filter(|it| matches!(it.action, Action::Create(_)));
        let most = self.before.len() + creates.count();
        (self.after.len() <= most)
            .then_some(())
            .ok_or_else(|| format!("more records than asked for: {:#?}", self.after))
    }

    /// An update changes what it says, and nothing else; what makes the URL stays as it is.
    fn updates_change_what_they_say(&self) -> Result<(), String> {
        let after = by_id(&self.after);
        for (id, before) in by_id(&self.before) {
            let mut changes = self.plan.changes.iter();
            let update = |it: &&Change| matches!(&it.action, Action::Update { id: of, .. } if of.raw() == id);
            let (Some(change), Some(after)) = (changes.find(update), after.get(id)) else {
                continue;
            };
            let incoming = before["type"] == "webhook-incoming";
            for key in ["_id", "type", "_createdBy", "_createdAt", "token"] {
                if (key != "token" || incoming) && before.get(key) != after.get(key) {
                    return Err(format!("{id}: `{key}` changed"));
                }
            }
            let said = |field: &Field| {
                let mut fields = change.fields.iter();
                fields.any(|it| it.field.name == field.name || Some(it.field.role) == field.follows)
            };
            let (before, now) = (decoded(before), decoded(after));
            let (before, now) = (before.fields().unwrap(), now.fields().unwrap());
            let retries = change
                .fields
                .iter()
                .any(|it| it.field.name.starts_with("retry"));
            for field in before.differing(now) {
                let filled = field.name.starts_with("retry") && retries;
                // A record without one gets the server's own, which does the same, but for an engine: for a while none
                // was the old one.
                let old_engine = field.name == "scriptEngine" && self.absent_engine_is_vm2();
                let default = field.left_out == LeftOut::Observed
                    && before.get(field).is_none()
                    && (!old_engine
                        || Value::Text("vm2".into()).same(now.get(field)) == Some(true));
                if !said(field) && !filled && !default {
                    return Err(format!(
                        "{id}: `{}` changed and was not said to",
                        field.name
                    ));
                }
            }
        }
        Ok(())
    }

    fn absent_engine_is_vm2(&self) -> bool {
        let from = Some(Version::new(6, 5));
        self.version >= from && self.version < Some(Version::new(7, 0))
    }

    /// Every write is done, or is one that the server cannot do and that the run tells of.
    fn everything_is_done(&self) -> Result<(), String> {
        for (index, outcome) in &self.applied.outcomes {
            let fine = match outcome {
                Outcome::Blocked | Outcome::Condition => true,
                // A script that is broken is so whoever writes it.
                Outcome::NotApplied { mismatch, .. } => {
                    mismatch.fields.is_empty()
                        && mismatch.why.iter().all(|it| it.contains("script"))
                }
                outcome => outcome.is_done(),
            };
            if !fine {
                let change = &self.plan.changes[*index];
                return Err(format!("{outcome:?} of {change:#?}"));
            }
        }
        Ok(())
    }

    /// The next plan names the blocked ones and the conditions, and nothing else.
    fn next_is_empty(&self) -> Result<(), String> {
        for plan in [&self.next, &self.usual] {
            let left = plan.changes.iter().find(|change| match &change.action {
                Action::Blocked { reasons, .. } => {
                    !reasons.iter().all(|it| self.may_be_blocked(change, it))
                }
                Action::Condition { .. } => change.conditions.is_empty(),
                _ => !Self::is_told(change),
            });
            if let Some(change) = left {
                return Err(format!("the next plan has {change:#?}"));
            }
        }
        Ok(())
    }

    /// What the server took and did not do is in the next plan: with everything looked up in any case, and in the
    /// usual one if the record itself shows it.
    fn what_was_not_done_is_told(&self) -> Result<(), String> {
        for (index, outcome) in &self.applied.outcomes {
            let Outcome::NotApplied { mismatch, .. } = outcome else {
                continue;
            };
            let change = &self.plan.changes[*index];
            let key = &change.key;
            let shown = |field: &Field| change.fields.iter().any(|it| it.field.name == field.name);
            // What nobody wrote and an update carries to keep it is compared by no plan.
            if mismatch.why.is_empty() && !mismatch.fields.iter().any(|it| shown(it.field)) {
                continue;
            }
            let told = |plan: &Plan| plan.changes.iter().any(|change| change.key == *key);
            let poster_alone =
                mismatch.fields.is_empty() && mismatch.why.iter().all(|it| it.contains("posts as"));
            if !told(&self.next) || !poster_alone && !told(&self.usual) {
                return Err(format!("{mismatch:?} of {key:?} is in no later plan"));
            }
        }
        Ok(())
    }

    /// Nothing is refused without need: a client that refuses everything keeps every other law.
    fn only_the_impossible_is_blocked(&self) -> Result<(), String> {
        let blocked = |it: &&Change| matches!(it.action, Action::Blocked { .. });
        let mut blocked = self.plan.changes.iter().filter(blocked);
        match blocked.find(|change| !self.is_impossible(&change.key)) {
            Some(change) => Err(format!("could be done: {change:#?}")),
            None => Ok(()),
        }
    }

    /// Whether there is a cause for which an entry may be blocked. Says what the server cannot do without the tables
    /// that the client looks it up in.
    fn is_impossible(&self, key: &Key) -> bool {
        let since = |major, minor| self.version >= Some(Version::new(major, minor));
        let incoming = key.kind == Kind::Incoming;
        let mut entries = self.entries.iter();
        let Some(entry) = entries.find(|it| is_of(it, key.kind, key.name.raw())) else {
            return false;
        };
        let old = &entry["renamedFrom"];
        let named = |record: &&Stored| {
            record["type"] == entry["type"]
                && (record["name"] == entry["name"] || record["name"] == *old)
                || record["_id"] == entry["id"]
        };
        let records: Vec<_> = self.before.iter().filter(named).collect();
        let mut users = records.iter().map(|record| &record["username"]);
        let user = &entry["username"];
        let any_is = |name: &str| *user == name || users.clone().any(|user| user == name);
        let new_field = [
            ("overrideDestinationChannelEnabled", (6, 3)),
            ("scriptEngine", (6, 5)),
            ("skipTranspile", (8, 4)),
        ];
        let contested = self.entries.iter().any(|other| {
            let same_kind = other["type"] == entry["type"] && other["name"] != entry["name"];
            let wants_this = other["renamedFrom"] == entry["name"];
            let has_old = other["name"] == *old || !old.is_null() && other["renamedFrom"] == *old;
            same_kind && (wants_this || has_old)
        });
        let pinned_wrong = records.iter().any(|record| record["type"] != entry["type"]);
        new_field
            .into_iter()
            .any(|(name, (major, minor))| !entry[name].is_null() && !since(major, minor))
            || any_is("gone.user")
            || incoming && since(8, 6) && any_is("pat.plain")
            || incoming && !since(7, 7) && users.any(|stored| stored != user)
            || records.len() > 1
            || pinned_wrong
            || contested
    }

    fn may_be_blocked(&self, change: &Change, reason: &Reason) -> bool {
        let same = |it: &&Change| it.key == change.key;
        let mut before = self.plan.changes.iter().filter(same).peekable();
        let blocked = |it: &Change| matches!(it.action, Action::Blocked { .. });
        // To mend a condition that nobody asked about before may be impossible.
        before.peek().is_none()
            || before.any(blocked)
            // An entry that could not be made may want the record that another made under its old name.
            || reason.problem.message.contains("lay claim") && self.plan.changes.iter().any(blocked)
    }

    /// Whether a change is there for a condition alone.
    fn is_told(change: &Change) -> bool {
        !change.conditions.is_empty() && change.fields.iter().all(|it| it.after.is_none())
    }

    /// What holds whatever the server is.
    fn keeps_the_promises(&self) -> Result<(), String> {
        self.leaves_unmanaged_alone()?;
        self.what_was_not_done_is_told()?;
        if self
            .applied
            .outcomes
            .iter()
            .all(|(_, outcome)| outcome.is_done())
        {
            let field =
                |it: &&Change| !Self::is_told(it) && !matches!(it.action, Action::Condition { .. });
            if let Some(change) = self.usual.changes.iter().find(field) {
                return Err(format!("all is done, and the next plan has {change:#?}"));
            }
        }
        Ok(())
    }
}

/// What holds of a server that is what it says.
pub(super) fn honest_law(run: &Run) -> Result<(), String> {
    run.keeps_the_promises()?;
    run.updates_change_what_they_say()?;
    run.only_the_impossible_is_blocked()?;
    run.everything_is_done()?;
    run.next_is_empty()
}

pub(super) fn paused<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

fn holds(cases: u32, drawn: impl Strategy<Value = Case>, law: fn(&Run) -> Result<(), String>) {
    check(cases, drawn, |case| law(&paused(run(case, &|line| line))));
}

/// Whether something holds of every case.
pub(super) fn check<T: std::fmt::Debug>(
    cases: u32,
    drawn: impl Strategy<Value = T>,
    law: impl Fn(&T) -> Result<(), String>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let outcome = TestRunner::new_with_rng(config, rng())
        .run(&drawn, |case| law(&case).map_err(TestCaseError::fail));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// The same cases in every run: a change of the code that breaks a law breaks it for everybody.
pub(super) fn rng() -> proptest::test_runner::TestRng {
    proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha)
}

#[test]
fn after_an_apply_the_next_plan_is_empty() {
    holds(cases(200), honest(), honest_law);
}

#[test]
fn a_server_that_lies_about_its_version_breaks_no_promise() {
    holds(cases(150), lying(), Run::keeps_the_promises);
}

/// How many cases: `RCSYNC_CASES` says otherwise.
pub(super) fn cases(default: u32) -> u32 {
    let given = std::env::var("RCSYNC_CASES").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The laws are about something: the cases reach, and so often, every kind of change and what makes them hard.
#[test]
fn the_cases_reach_what_the_laws_speak_of() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    for _ in 0..200 {
        let case = honest().new_tree(&mut runner).unwrap().current();
        let run = paused(run(&case, &|line| line));
        for what in reached(&case, &run) {
            *seen.entry(what).or_default() += 1;
        }
    }
    let often = [
        "create", "update", "done", "null", "namesake", "pin", "ignore", "released",
    ];
    let now_and_then = [
        "delete",
        "ambiguous",
        "blocked",
        "script-not-compiled",
        "posting-user-missing",
        "not applied",
        "username",
        "channel",
        "script",
        "event",
        "urls",
        "token",
    ];
    let seldom = [
        "condition",
        "name",
        "posts-as-someone-else",
        "posting-user-may-not-impersonate",
        "skipTranspile",
        "scriptEngine",
        "triggerWords",
        "retryCount",
        "overrideDestinationChannelEnabled",
    ];
    let least = often
        .map(|what| (what, 20))
        .into_iter()
        .chain(now_and_then.map(|what| (what, 5)))
        .chain(seldom.map(|what| (what, 2)))
        .chain(VERSIONS.map(|version| (version, 15)))
        .chain(EVENTS.iter().map(|event| (event.name, 5)));
    for (what, least) in least {
        assert!(
            seen.get(what).is_some_and(|times| *times >= least),
            "{what}: {seen:#?}"
        );
    }
    // A client that refuses what is hard gets little done.
    assert!(seen["done"] > 2 * seen["held"], "{seen:#?}");
}

/// What a case is about, and what came of it.
fn reached(case: &Case, run: &Run) -> Vec<String> {
    let mut seen = vec![case.version];
    for (index, (kind, record)) in case.records.iter().enumerate() {
        let namesake = |(of, other): &Seeded| of == kind && other["name"] == record["name"];
        seen.extend(
            case.records[..index]
                .iter()
                .any(namesake)
                .then_some("namesake"),
        );
        seen.extend(record.values().any(Json::is_null).then_some("null"));
    }
    for entry in &run.entries {
        seen.extend(entry["event"].as_str());
        seen.extend(entry["id"].is_string().then_some("pin"));
        seen.extend(
            entry["ignore"]
                .as_array()
                .filter(|it| !it.is_empty())
                .map(|_| "ignore"),
        );
        seen.extend((entry["state"] == "released").then_some("released"));
    }
    for (_, outcome) in &run.applied.outcomes {
        seen.extend(outcome.is_done().then_some("done"));
        seen.extend(matches!(outcome, Outcome::Blocked).then_some("held"));
        seen.extend(matches!(outcome, Outcome::NotApplied { .. }).then_some("not applied"));
    }
    for change in run.plan.changes.iter().chain(&run.next.changes) {
        let action = match &change.action {
            Action::Create(_) => "create",
            Action::Update { .. } => "update",
            Action::Disable { .. } => "disable",
            Action::Delete { .. } => "delete",
            Action::Condition { .. } => "condition",
            Action::Blocked { reasons, .. } if !reasons[0].choices.is_empty() => "ambiguous",
            Action::Blocked { reasons, .. } => {
                let codes = ["posting-user-missing", "posting-user-may-not-impersonate"];
                seen.extend(
                    codes
                        .iter()
                        .filter(|code| reasons[0].problem.message.starts_with(**code)),
                );
                "blocked"
            }
        };
        seen.push(action);
        seen.extend(
            change
                .conditions
                .iter()
                .map(|condition| condition.problem.code.0),
        );
        if id_of(&change.action).is_some() {
            seen.extend(change.fields.iter().map(|field| field.field.name));
        }
    }
    seen.into_iter().map(str::to_owned).collect()
}

/// Every quirk is switched in some case of a server that lies.
#[test]
fn every_quirk_is_lied_about() {
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    let mut lies: Vec<_> = quirks()
        .iter()
        .flat_map(|quirk| [(*quirk, true), (*quirk, false)])
        .collect();
    for _ in 0..cases(150) {
        let case = lying().new_tree(&mut runner).unwrap().current();
        lies.retain(|lie| !case.lies.contains(lie));
    }
    assert_eq!(lies, []);
}

#[test]
fn a_case_is_what_it_seems() {
    let entries = [
        json!({"type": "webhook-incoming", "name": "A", "username": "rocket.cat",
        "channel": "#general", "pin": 7}),
    ];
    let case = Case {
        version: "8.8",
        lies: Vec::new(),
        records: Vec::new(),
        entries: entries.to_vec(),
    };
    let run = paused(run(&case, &|line| line));
    assert_eq!(run.after.len(), 1);
    assert_eq!(honest_law(&run), Ok(()));
}
