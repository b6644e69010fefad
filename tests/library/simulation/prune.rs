//! Pruning, for any policy, any flags and any state: what may be lost, and what never is.
//!
//! The plan is applied whatever the guards say of it: what must not happen must not hang on a limit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

use super::Client;
use super::laws::{by_id, cases, check, honest, paused, pinned, rng};
use super::watched::{Sent, Watched};
use super::world::{Seeded, Stored, World};
use crate::support::desired_under;
use rcsync::apply::{Applied, Outcome};
use rcsync::desired::policy::{Flags, Globs, Selection};
use rcsync::desired::{Policy, Prune};
use rcsync::integration::Kind;
use rcsync::plan::{Action, LeftAlone, Plan, Step};

/// What the manifests of a run ask for, and its flags.
#[derive(Clone, Debug)]
struct Asked {
    settings: Settings,
    flags: Drawn,
    entries: Vec<Json>,
}

#[derive(Clone, Debug)]
struct Settings {
    prune: &'static str,
    scoped: bool,
    names: Option<Vec<&'static str>>,
    creators: Option<Vec<&'static str>>,
    keep: Vec<&'static str>,
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Drawn {
    only: Option<Vec<&'static str>>,
    exclude: Vec<&'static str>,
    kind: Option<Kind>,
    create_only: bool,
    no_delete: bool,
    no_prune: bool,
    allow_url_loss: bool,
}

/// A server, and the runs against it, one after the other.
#[derive(Clone, Debug)]
struct Case {
    version: &'static str,
    records: Vec<Seeded>,
    runs: Vec<Asked>,
}

/// Names as they are drawn, with and without a star.
const GLOBS: [&str; 5] = ["A", "B", "*", " odd*", "D*"];

/// What a glob means, told once more.
fn like(glob: &str, name: &str) -> bool {
    match glob.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => glob == name,
    }
}

fn any(globs: &[&str], name: &str) -> bool {
    globs.iter().any(|glob| like(glob, name))
}

fn globs() -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(GLOBS.to_vec(), 0..3)
}

fn settings() -> impl Strategy<Value = Settings> {
    let prune = select(vec!["off", "disable", "delete", "delete"]);
    let names = option::weighted(0.5, subsequence(GLOBS.to_vec(), 1..4));
    let creators = subsequence(vec!["ann.admin", "bo.bot"], 0..3);
    let keep = prop_oneof![2 => Just(Vec::new()), 1 => globs()];
    (
        prune,
        prop::bool::weighted(0.9),
        names,
        option::weighted(0.4, creators),
        keep,
    )
        .prop_map(|(prune, scoped, names, creators, keep)| Settings {
            prune,
            scoped,
            names,
            creators,
            keep,
        })
}

fn flags() -> impl Strategy<Value = Drawn> {
    let rare = || prop::bool::weighted(0.15);
    let kind = option::weighted(0.15, select(Kind::ALL.to_vec()));
    let exclude = prop_oneof![3 => Just(Vec::new()), 1 => globs()];
    let only = option::weighted(0.2, subsequence(GLOBS.to_vec(), 1..3));
    (
        only,
        exclude,
        kind,
        rare(),
        rare(),
        rare(),
        prop::bool::weighted(0.3),
    )
        .prop_map(
            |(only, exclude, kind, create_only, no_delete, no_prune, allow_url_loss)| Drawn {
                only,
                exclude,
                kind,
                create_only,
                no_delete,
                no_prune,
                allow_url_loss,
            },
        )
}

/// A server, some of its records made by somebody else, and runs with manifests for it and for others.
fn case(runs: std::ops::Range<usize>) -> impl Strategy<Value = Case> {
    let asked = (settings(), flags(), honest());
    (vec(asked, runs), vec(prop::bool::weighted(0.3), 7)).prop_map(|(asked, others)| {
        let (_, _, first) = &asked[0];
        let (version, mut records) = (first.version, first.records.clone());
        for ((_, stored), _) in records.iter_mut().zip(others).filter(|(_, other)| *other) {
            let creator = json!({"_id": "uBo", "username": "bo.bot"});
            stored.insert("_createdBy".to_owned(), creator);
        }
        let runs = asked.into_iter().map(|(settings, flags, case)| Asked {
            settings,
            flags,
            entries: case.entries,
        });
        Case {
            version,
            records,
            runs: runs.collect(),
        }
    })
}

impl Settings {
    fn json(&self) -> Json {
        let mut settings = json!({"prune": self.prune, "keep": self.keep});
        if self.scoped {
            settings["scope"] = json!({});
        }
        if let Some(names) = self.names.as_ref().filter(|_| self.scoped) {
            settings["scope"]["names"] = json!(names);
        }
        if let Some(creators) = self.creators.as_ref().filter(|_| self.scoped) {
            settings["scope"]["creators"] = json!(creators);
        }
        settings
    }

    /// Whether the manifest may call the record its own.
    fn owns(&self, record: &Stored) -> bool {
        let name = record["name"].as_str().unwrap_or_default();
        let creator = &record["_createdBy"];
        self.scoped
            && self.names.as_ref().is_none_or(|names| any(names, name))
            && match &self.creators {
                None => creator["_id"] == "uAnn",
                Some(creators) => creators.iter().any(|it| creator["username"] == *it),
            }
    }
}

impl Drawn {
    fn narrow(&self, policy: &mut Policy) {
        policy.flags = Flags {
            allow_strict_switch: Globs::default(),
            selection: Selection {
                only: self.only.as_ref().map(|only| only.iter().collect()),
                exclude: self.exclude.iter().collect(),
                kind: self.kind,
            },
            create_only: self.create_only,
            no_delete: self.no_delete,
            allow_url_loss: self.allow_url_loss,
            remove_duplicates: false,
            allow_partial_view: false,
        };
        if self.no_prune {
            policy.prune = Prune::Off;
        }
    }

    fn selects(&self, kind: &Json, names: &BTreeSet<String>) -> bool {
        let chosen = |globs: &Vec<&str>| names.iter().any(|name| any(globs, name));
        self.kind.is_none_or(|only| kind == only.wire())
            && self.only.as_ref().is_none_or(chosen)
            && !chosen(&self.exclude)
    }
}

/// What one run did.
struct Run {
    asked: Asked,
    /// The entries with the ids of their pins.
    entries: Vec<Json>,
    before: Vec<Stored>,
    after: Vec<Stored>,
    sent: Vec<Sent>,
    plan: Plan,
    applied: Applied,
    /// The plan of the same once more.
    next: Plan,
}

/// What a client makes of what it is asked.
type Wrong = fn(&mut Asked);

/// Runs with what `wrong` makes of what is asked, to be judged by what is asked.
async fn run(world: &World, asked: &Asked, wrong: Wrong) -> Run {
    let before = world.records();
    let entries = pinned(&asked.entries, &before);
    let mut done = asked.clone();
    wrong(&mut done);
    let mut desired = desired_under(Some(&done.settings.json()), &entries);
    done.flags.narrow(&mut desired.policy);
    let watched = Arc::new(Watched::over(world.line()));
    let client = Client::over(watched.clone());
    let (plan, applied) = client.apply(&desired).await;
    let sent = watched.sent();
    let (_, next) = client.plan(&desired, rcsync::plan::Preflight::Auto).await;
    Run {
        asked: asked.clone(),
        entries,
        before,
        after: world.records(),
        sent,
        plan,
        applied,
        next,
    }
}

fn runs(case: &Case, wrong: Wrong) -> Vec<Run> {
    paused(async {
        let world = World::with(case.version, &[], &case.records).await;
        let mut all = Vec::new();
        for asked in &case.runs {
            all.push(run(&world, asked, wrong).await);
        }
        all
    })
}

/// As it is asked.
fn right(_: &mut Asked) {}

fn is_on(record: &Stored) -> bool {
    record.get("enabled") == Some(&json!(true))
}

impl Run {
    /// Whether an entry names the record.
    fn names(&self, record: &Stored) -> bool {
        let name = &record["name"];
        self.entries.iter().any(|entry| {
            let named = entry["name"] == *name || entry.get("renamedFrom") == Some(name);
            entry.get("id").map_or_else(
                || named && entry["type"] == record["type"],
                |id| *id == record["_id"],
            )
        })
    }

    /// The records that no entry names, as they were and as they are.
    fn unmanaged(&self) -> impl Iterator<Item = (&Stored, Option<&Stored>)> {
        let after = by_id(&self.after);
        let before = by_id(&self.before).into_iter();
        before
            .filter(|(_, record)| !self.names(record))
            .map(move |(id, record)| (record, after.get(id).copied()))
    }

    /// Without `prune` nothing unmanaged changes.
    fn without_prune_nothing_unmanaged_changes(&self) -> Result<(), String> {
        let settings = &self.asked.settings;
        let prunes = settings.prune != "off" && settings.scoped && !self.asked.flags.no_prune;
        for (record, now) in self.unmanaged().filter(|_| !prunes) {
            if now != Some(record) {
                return Err(format!("nothing is pruned: {record:?} is {now:?}"));
            }
        }
        Ok(())
    }

    /// Nothing outside the scope or in `keep` ever changes, under any flags.
    fn what_is_not_ours_stays(&self) -> Result<(), String> {
        let settings = &self.asked.settings;
        let kept = |record: &Stored| any(&settings.keep, record["name"].as_str().unwrap());
        for (record, now) in self.unmanaged() {
            if (kept(record) || !settings.owns(record)) && now != Some(record) {
                return Err(format!("not ours: {record:?} is {now:?}"));
            }
        }
        let after = by_id(&self.after);
        for (id, record) in by_id(&self.before).into_iter().filter(|(_, it)| kept(it)) {
            if !after
                .get(id)
                .is_some_and(|now| is_on(now) || !is_on(record))
            {
                return Err(format!("kept: {record:?} is {:?}", after.get(id)));
            }
        }
        Ok(())
    }

    /// No request concerns a record outside the selection.
    fn no_request_goes_beyond_the_selection(&self) -> Result<(), String> {
        let before = by_id(&self.before);
        for sent in &self.sent {
            let (kind, names) = match (&sent.id, &sent.body) {
                (None, None) => continue,
                (None, Some(body)) => (&body["type"], vec![body["name"].clone()]),
                (Some(id), _) => {
                    // One that this run made has been looked at already.
                    let Some(record) = before.get(id.as_str()) else {
                        continue;
                    };
                    let changes = self.plan.changes.iter();
                    let of = changes.filter(|it| it.action.id().is_some_and(|it| it.raw() == *id));
                    let entries = of.map(|change| json!(change.key.name));
                    let names = entries.chain([record["name"].clone()]);
                    (&record["type"], names.collect())
                }
            };
            let names = names.iter().filter_map(Json::as_str).map(str::to_owned);
            if !self.asked.flags.selects(kind, &names.collect()) {
                return Err(format!("not selected: {sent:?}"));
            }
        }
        Ok(())
    }

    /// An incoming webhook that was found switched on is deleted by `state: absent` or by name of the flag alone, and
    /// the flags that spare records do.
    fn no_url_in_use_is_lost(&self) -> Result<(), String> {
        let flags = &self.asked.flags;
        let after = by_id(&self.after);
        for (id, record) in by_id(&self.before) {
            let gone = !after.contains_key(id);
            let in_use = is_on(record) && record["type"] == "webhook-incoming";
            if gone && in_use && !flags.allow_url_loss && !self.names(record) {
                return Err(format!("a URL in use is lost: {record:?}"));
            }
            if gone && (flags.no_delete || flags.create_only) {
                return Err(format!("deleted in spite of a flag: {record:?}"));
            }
            if flags.create_only && after.get(id) != Some(&record) {
                return Err(format!("changed in spite of a flag: {record:?}"));
            }
        }
        Ok(())
    }

    /// What pruning does is done, and what is left of it is the step that was announced.
    fn pruning_comes_to_an_end(&self) -> Result<(), String> {
        for (index, outcome) in &self.applied.outcomes {
            let change = &self.plan.changes[*index];
            if change.pruned.is_some() && !outcome.is_done() && !matches!(outcome, Outcome::Blocked)
            {
                return Err(format!("{outcome:?} of {change:#?}"));
            }
        }
        let announced: BTreeSet<_> = self
            .plan
            .changes
            .iter()
            .filter(|change| change.pruned == Some(Step::First))
            .filter_map(|change| change.action.id())
            .collect();
        for change in self.next.changes.iter().filter(|it| it.pruned.is_some()) {
            let fine = match (&change.action, change.pruned) {
                (Action::Blocked { .. }, _) => true,
                (Action::Delete { id, .. }, Some(Step::Second)) => announced.contains(id),
                _ => false,
            };
            if !fine {
                return Err(format!("the next plan prunes {change:#?}"));
            }
        }
        Ok(())
    }

    fn holds(&self) -> Result<(), String> {
        self.without_prune_nothing_unmanaged_changes()?;
        self.what_is_not_ours_stays()?;
        self.no_request_goes_beyond_the_selection()?;
        self.no_url_in_use_is_lost()?;
        self.pruning_comes_to_an_end()
    }
}

#[test]
fn pruning_touches_only_what_it_may() {
    check(cases(120), case(1..2), |case| {
        runs(case, right).iter().try_for_each(Run::holds)
    });
}

#[test]
fn no_sequence_of_edits_loses_a_url_in_use() {
    let careful = case(3..5).prop_map(|mut case| {
        for asked in &mut case.runs {
            asked.flags.allow_url_loss = false;
            asked
                .entries
                .retain(|entry| entry.get("state") != Some(&json!("absent")));
        }
        case
    });
    check(cases(40), careful, |case| {
        for run in runs(case, right) {
            run.holds()?;
            let after = by_id(&run.after);
            let lost = by_id(&run.before).into_iter().find(|(id, record)| {
                is_on(record) && record["type"] == "webhook-incoming" && !after.contains_key(id)
            });
            if let Some((_, record)) = lost {
                return Err(format!("lost: {record:?}"));
            }
        }
        Ok(())
    });
}

/// A client that is wrong in one way breaks a law.
#[test]
fn whoever_oversteps_is_caught() {
    let wrongs: [(&str, Wrong); 9] = [
        ("prunes unasked", |it| it.settings.prune = "delete"),
        ("forgets what is kept", |it| it.settings.keep.clear()),
        ("takes every name", |it| it.settings.names = None),
        ("takes every creator", |it| {
            it.settings.creators = Some(vec!["ann.admin", "bo.bot"]);
        }),
        ("deletes in one step", |it| it.flags.allow_url_loss = true),
        ("forgets the selection", |it| it.flags.only = None),
        ("forgets the exclusion", |it| it.flags.exclude.clear()),
        ("forgets the type", |it| it.flags.kind = None),
        ("deletes all the same", |it| it.flags.no_delete = false),
    ];
    for (what, wrong) in wrongs {
        let mut runner = TestRunner::new_with_rng(Config::default(), rng());
        let caught = (0..150).any(|_| {
            let case = case(1..2).new_tree(&mut runner).unwrap().current();
            runs(&case, wrong).iter().any(|run| run.holds().is_err())
        });
        assert!(caught, "{what}");
    }
}

/// The laws are about something: the cases reach every step, every reason to leave a record alone, and every guard
/// that a manifest can run into.
#[test]
fn the_cases_reach_what_pruning_can_do() {
    let mut seen = BTreeMap::<String, usize>::new();
    let mut runner = TestRunner::new_with_rng(Config::default(), rng());
    for _ in 0..200 {
        let case = case(1..3).new_tree(&mut runner).unwrap().current();
        for run in runs(&case, right) {
            let mut saw = |what: String| *seen.entry(what).or_insert(0) += 1;
            for change in &run.plan.changes {
                let blocked = matches!(change.action, Action::Blocked { .. });
                if let Some(step) = change.pruned {
                    saw(format!("{step:?}{}", if blocked { " blocked" } else { "" }));
                }
                if let Action::Blocked { reasons, .. } = &change.action
                    && reasons[0].problem.message.contains("settings.keep")
                {
                    saw("kept".to_owned());
                }
            }
            for record in &run.plan.unmanaged {
                saw(format!("{:?}", record.why));
            }
            for refusal in &run.plan.refusals {
                saw(refusal.problem.code.0.to_owned());
            }
            if run.plan.left_out.entries > 0 {
                saw("entries left out".to_owned());
            }
            if run.plan.left_out.changes > 0 {
                saw("changes left out".to_owned());
            }
        }
    }
    let steps = [Step::Off, Step::First, Step::Second, Step::AtOnce];
    let steps = steps.map(|step| format!("{step:?}"));
    let reasons = [
        LeftAlone::NotPruned,
        LeftAlone::OutOfScope,
        LeftAlone::Kept,
        LeftAlone::LeftOut,
        LeftAlone::Off,
    ];
    let reasons = reasons.map(|why| format!("{why:?}"));
    let words = [
        "Off blocked",
        "kept",
        "no-scope",
        "too-many",
        "nothing-desired",
        "entries left out",
        "changes left out",
    ];
    let words = words.map(str::to_owned);
    for what in steps.iter().chain(&reasons).chain(&words) {
        assert!(seen.contains_key(what), "{what}: {seen:#?}");
    }
}
