//! Guards: limits that refuse a plan as a whole. They look at the plan alone and change nothing about it: what is
//! refused is shown anyway.

use std::collections::BTreeMap;

use url::Url;

use super::{Action, ActionKind, Plan};
use crate::desired::policy::{Policy, Scope};
use crate::desired::{DesiredState, Prune, State};
use crate::integration::Kind;
use crate::observed::Sight;
use crate::problem::{Code, Problem};
use crate::words::count;

/// Up to so many records may be disabled or deleted by one run.
const MOST: usize = 3;

/// Up to so many of a hundred.
const MOST_PERCENT: usize = 30;

/// From so many records in scope on, a share of them says something.
const SHARE_FROM: usize = 10;

/// Why a plan is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why, under the guard's name, and what would allow it.
    pub problem: Problem,
    /// What it was judged by: a word and its value.
    pub facts: Vec<(&'static str, String)>,
    /// The lines to write, where there are some.
    pub lines: Vec<String>,
}

impl Refusal {
    fn new(code: Code, why: String, help: impl Into<String>) -> Self {
        Self {
            problem: Problem::with_help(code, why, help),
            facts: Vec::new(),
            lines: Vec::new(),
        }
    }

    fn with(mut self, word: &'static str, value: String) -> Self {
        self.facts.push((word, value));
        self
    }
}

/// What the guards judge a plan by beside its changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// How many entries' records were found.
    pub(super) matched: BTreeMap<Kind, usize>,
    /// How many records could be pruned.
    pub(super) candidates: usize,
}

/// Why this plan is refused; nothing if it is not.
pub(super) fn refusals(plan: &Plan, desired: &DesiredState, tally: &Tally) -> Vec<Refusal> {
    let policy = &desired.policy;
    let all = [
        another_server(&plan.server.url, policy),
        no_scope(plan, policy),
        too_many(plan, policy, tally),
        nothing_desired(plan, desired),
        partial_view(plan, policy, tally),
        scope_beyond_view(plan, policy),
    ];
    all.into_iter().flatten().collect()
}

/// Why these files may not be used with the server of this address, if they are for another. Callers who know the address
/// ask before anything is sent there.
pub fn another_server(url: &str, policy: &Policy) -> Option<Refusal> {
    let meant = policy.server.as_ref()?;
    let address = |url: &Url| {
        let path = url.path().trim_end_matches('/').to_owned();
        (
            url.host_str().map(str::to_owned),
            url.port_or_known_default(),
            path,
        )
    };
    let is = Url::parse(url).ok();
    if is.is_some_and(|is| address(&is) == address(meant)) {
        return None;
    }
    let shown = meant.as_str().trim_end_matches('/');
    Some(Refusal::new(
        Code("another-server"),
        format!("these files are for {shown}, and this is {url}"),
        "point RCSYNC_URL or `--url` at the server that the files are for, or correct `settings.server`",
    ))
}

fn no_scope(plan: &Plan, policy: &Policy) -> Option<Refusal> {
    let word = match policy.prune {
        Prune::Off => return None,
        Prune::Disable => "disable",
        Prune::Delete => "delete",
    };
    if policy.scope.is_some() {
        return None;
    }
    let mut refusal = Refusal::new(
        Code("no-scope"),
        format!(
            "`settings.prune: {word}` needs a `settings.scope`, which says which integrations these files own"
        ),
        "write the scope with the names of your integrations, or give `--no-prune`",
    );
    refusal.lines = [
        "settings:".to_owned(),
        format!("  prune: {word}"),
        "  scope:".to_owned(),
        "    names: [\"TEAM-*\"]".to_owned(),
        format!("    creators: [{:?}]", plan.server.username),
    ]
    .into();
    Some(refusal)
}

/// How many records pruning disables and deletes.
struct Losses {
    disabled: usize,
    deleted: usize,
}

impl Losses {
    fn of(plan: &Plan) -> Self {
        let pruned = || plan.changes.iter().filter(|change| change.pruned.is_some());
        let number = |kind| pruned().filter(|it| it.action.kind() == kind).count();
        Self {
            disabled: number(ActionKind::Disable),
            deleted: number(ActionKind::Delete),
        }
    }

    fn all(&self) -> usize {
        self.disabled + self.deleted
    }

    fn word(&self) -> &'static str {
        match (self.disabled, self.deleted) {
            (_, 0) => "disabled",
            (0, _) => "deleted",
            _ => "disabled or deleted",
        }
    }
}

fn too_many(plan: &Plan, policy: &Policy, tally: &Tally) -> Option<Refusal> {
    let losses = Losses::of(plan);
    let lost = losses.all();
    let in_scope = tally.matched.values().sum::<usize>() + tally.candidates;
    let limit = match policy.max_deletes {
        Some(most) if lost > most => format!("`settings.maxDeletes` allows {most}"),
        None if in_scope >= SHARE_FROM && lost * 100 > in_scope * MOST_PERCENT => format!(
            "{} %; the guard allows {MOST_PERCENT} %, and {MOST} in one run",
            (lost * 100).div_ceil(in_scope)
        ),
        None if lost > MOST => format!("the guard allows {MOST} in one run"),
        Some(_) | None => return None,
    };
    let refusal = Refusal::new(
        Code("too-many"),
        format!(
            "{lost} of {in_scope} records in scope would be {} ({limit})",
            losses.word()
        ),
        format!("write `settings.maxDeletes: {lost}`, or remove the entries in several steps"),
    );
    Some(with_scope(refusal, plan, policy))
}

fn nothing_desired(plan: &Plan, desired: &DesiredState) -> Option<Refusal> {
    let losses = Losses::of(plan);
    let mut entries = desired.entries.iter();
    if losses.all() == 0 || entries.any(|entry| entry.state == State::Present) {
        return None;
    }
    let lost = count(losses.all(), "record");
    let refusal = Refusal::new(
        Code("nothing-desired"),
        format!(
            "{lost} in scope would be {}, and the manifests have no integration that should exist",
            losses.word()
        ),
        "check the paths; to clear the scope on purpose, write each record as an entry with `state: absent`",
    );
    Some(with_scope(refusal, plan, &desired.policy))
}

/// What makes the account see all there is.
const ALL_SEEN: &str =
    "an account with `manage-incoming-integrations` and `manage-outgoing-integrations`";

/// A first run of an account that does not see what others made would make everything twice.
fn partial_view(plan: &Plan, policy: &Policy, tally: &Tally) -> Option<Refusal> {
    let partial = |kind: Kind| plan.view.sight(kind).is_partial();
    let creates = plan
        .changes
        .iter()
        .filter(|change| matches!(change.action, Action::Create(_)) && partial(change.key.kind));
    let creates = creates.count();
    let mut matched = tally.matched.keys();
    if creates == 0 || policy.flags.allow_partial_view || matched.any(|kind| partial(*kind)) {
        return None;
    }
    let webhooks = count(creates, "webhook");
    let refusal = Refusal::new(
        Code("partial-view"),
        format!(
            "{webhooks} would be created, and none of the manifests' integrations was found: {} does not see those of other \
             accounts",
            plan.server.username
        ),
        format!(
            "run as the account that created them or as {ALL_SEEN}; if this is the first run, give `--allow-partial-view`"
        ),
    );
    Some(refusal.with("view", seen(plan)))
}

/// What cannot be seen cannot be pruned: a scope that is seen in part would be cleared in part.
fn scope_beyond_view(plan: &Plan, policy: &Policy) -> Option<Refusal> {
    let flags = &policy.flags;
    if policy.prune == Prune::Off || flags.allow_partial_view {
        return None;
    }
    let creators = policy.scope.as_ref()?.creators.as_ref()?;
    let others: Vec<_> = creators
        .iter()
        .filter(|creator| creator.as_str() != plan.server.username.raw())
        .map(String::as_str)
        .collect();
    let partial = Kind::ALL.into_iter().any(|kind| {
        let chosen = flags.selection.kind.is_none_or(|only| only == kind);
        chosen && matches!(plan.view.sight(kind), Sight::Own | Sight::Unknown)
    });
    if others.is_empty() || !partial {
        return None;
    }
    let refusal = Refusal::new(
        Code("scope-beyond-view"),
        format!(
            "`settings.scope` names records of {}, which {} may not see",
            others.join(", "),
            plan.server.username
        ),
        format!(
            "leave `creators` out, run as {ALL_SEEN}, or give `--allow-partial-view` to prune what is seen"
        ),
    );
    Some(refusal.with("view", seen(plan)))
}

/// `incoming: only its own; outgoing: none`
fn seen(plan: &Plan) -> String {
    let kinds = Kind::ALL.into_iter();
    let kinds = kinds.map(|kind| {
        let sight = match plan.view.sight(kind) {
            Sight::NotAsked | Sight::All => "all",
            Sight::Own => "only its own",
            Sight::Nothing => "none",
            Sight::Unknown => "not known",
        };
        format!("{}: {sight}", kind.word())
    });
    kinds.collect::<Vec<_>>().join("; ")
}

fn with_scope(refusal: Refusal, plan: &Plan, policy: &Policy) -> Refusal {
    match &policy.scope {
        Some(scope) => refusal.with("scope", in_words(scope, plan)),
        None => refusal,
    }
}

/// `names "pay-*", created by deploy`
fn in_words(scope: &Scope, plan: &Plan) -> String {
    let names = match &scope.names {
        Some(names) => format!("names {names}"),
        None => "every name".to_owned(),
    };
    let creators = match &scope.creators {
        Some(creators) => creators.join(", "),
        None => plan.server.username.to_string(),
    };
    format!("{names}, created by {creators}")
}
