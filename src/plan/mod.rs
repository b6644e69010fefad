//! The plan: what would change, as a value. Building it asks nobody and writes nothing, and the same input
//! gives the same plan.

mod annotations;
mod binding;
mod change;
mod compare;
mod conditions;
mod create;
mod disabled;
mod drift;
pub mod duplicates;
mod forecast;
mod gone;
mod guard;
mod hold;
mod identity;
mod names;
mod open;
mod preflight;
mod prune;

use std::collections::{BTreeMap, BTreeSet};

use crate::client::Limits;
use crate::desired::{Desired, DesiredState, Policy, Prune, State};
use crate::integration::{Field, Fields, Key, Value};
use crate::observed::{ObservedState, Posting, Record, ServerFacts, ServerId, Target, Users, View};
use crate::problem::Place;
use crate::redactor::Redactor;

pub use annotations::Annotations;
pub use binding::{Binding, BoundEntry, BoundRecord, Compared};
pub use change::{Action, ActionKind, Reason};
pub use conditions::{Condition, script_failure};
pub use drift::{Cause, LastModified, Origin, origins, origins_in_drift};
pub use forecast::Forecast;
use guard::Tally;
pub use guard::{Refusal, another_server};
use identity::Identity;
pub use identity::{Match, has_recent_duplicates, records};
pub use names::NO_MATCH;
pub use open::{NotChecked, NotCompared, Open};
pub use preflight::{Asking, Poster, Preflight};
pub use prune::{LeftAlone, Step, Unmanaged};

/// What would change on the server.
#[derive(Debug)]
pub struct Plan {
    /// The server it was made for.
    pub server: ServerFacts,
    /// The users that were looked up for it.
    pub users: Users,
    /// How many calls the server takes.
    pub limits: Limits,
    /// What the account sees, where that was asked.
    pub view: View,
    /// Whether something would be otherwise if the account did not see all there is.
    pub depends_on_view: bool,
    /// Whom the entries' records post as.
    pub posters: BTreeSet<Poster>,
    /// What they post to, and whether that would be written.
    pub targets: BTreeSet<(bool, Target)>,
    /// Who would post to which rooms, of what would be written.
    pub postings: BTreeSet<Posting>,
    /// The changes, in the order they are shown: blocked ones, conditions, deletes, disables, updates, creates; each
    /// by kind and name.
    pub changes: Vec<Change>,
    /// How many entries are as written.
    pub unchanged: usize,
    /// How many entries leave their record alone.
    pub released: usize,
    /// The records that no entry names and that are left alone.
    pub unmanaged: Vec<Unmanaged>,
    /// How many records are of no kind that rcsync knows.
    pub unknown_kinds: usize,
    /// What the flags of this run leave out.
    pub left_out: LeftOut,
    /// Why the plan as a whole is refused.
    pub refusals: Vec<Refusal>,
    /// When the snapshot was taken that it is made from; `None` if the server was read.
    pub taken_at: Option<String>,
    /// What the snapshot does not hold, by kind and name.
    pub not_compared: Vec<NotCompared>,
    /// What the manifests write out where secrets may stand: no secret to whoever reads the plan.
    pub literals: BTreeSet<String>,
    /// The secrets that the server may echo.
    pub redactor: Redactor,
}

/// What the flags of a run leave out of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many entries the run is not about.
    pub entries: usize,
    /// How many changes it does not make.
    pub changes: usize,
}

/// What would change about one integration.
#[derive(Debug)]
pub struct Change {
    /// Which integration.
    pub key: Key,
    /// What would be done.
    pub action: Action,
    /// The fields, in the table's order.
    pub fields: Vec<FieldChange>,
    /// What is wrong with the record that no field shows.
    pub conditions: Vec<Condition>,
    /// Where its entry stands.
    pub place: Option<Place>,
    /// The file its script comes from, as the manifest names it.
    pub script_file: Option<String>,
    /// What pruning does to it, if no entry names it.
    pub pruned: Option<Step>,
}

/// A field before and after.
#[derive(Clone, Debug)]
pub struct FieldChange {
    /// The row.
    pub field: &'static Field,
    /// The observed value; `None` where there is none, or no record.
    pub before: Option<Value>,
    /// The desired value; `None` for a secret that is generated when the change is made.
    pub after: Option<Value>,
}

impl Plan {
    /// What has to change for the observed state to become the desired one.
    pub fn between(desired: &DesiredState, observed: &ObservedState) -> Self {
        let identity = Identity::of(&desired.entries, &observed.records);
        let pruned = prune::prune(desired, observed, &identity.unnamed(&desired.entries));
        let mut tally = Tally {
            matched: BTreeMap::new(),
            candidates: pruned.candidates,
        };
        let mut plan = Self {
            server: observed.server.clone(),
            users: observed.users.clone(),
            limits: observed.limits,
            view: observed.view.clone(),
            depends_on_view: desired.policy.prune != Prune::Off,
            posters: pruned.changes.iter().filter_map(pruned_poster).collect(),
            targets: pruned.changes.iter().flat_map(pruned_targets).collect(),
            postings: BTreeSet::new(),
            changes: pruned.changes,
            unchanged: 0,
            released: 0,
            unmanaged: pruned.left,
            unknown_kinds: observed.unknown_kinds,
            left_out: LeftOut::default(),
            refusals: Vec::new(),
            taken_at: observed.taken_at.clone(),
            not_compared: Vec::new(),
            literals: desired.literals(),
            redactor: observed.redactor.clone(),
        };
        for entry in &desired.entries {
            plan.consider(entry, &identity, &desired.policy, observed, &mut tally);
        }
        plan.changes.sort_by(|a, b| a.order().cmp(&b.order()));
        plan.not_compared.sort_by_key(NotCompared::order);
        plan.refusals = guard::refusals(&plan, desired, &tally);
        plan
    }

    /// Adds what one entry asks for.
    fn consider(
        &mut self,
        entry: &Desired,
        identity: &Identity<'_>,
        policy: &Policy,
        observed: &ObservedState,
        tally: &mut Tally,
    ) {
        let duplicates = identity.duplicates(entry);
        let duplicates = duplicates.filter(|_| policy.may_remove_duplicates(entry.key.name.raw()));
        let (found, younger) = match duplicates {
            Some((stays, younger)) => (Match::Record(stays), younger),
            None => (identity.find(entry), Vec::new()),
        };
        if !hold::is_selected(entry, &found, policy) {
            self.left_out.entries += 1;
            return;
        }
        if let Match::Record(record) = &found {
            *tally.matched.entry(record.kind).or_default() += 1;
        }
        if entry.state == State::Released {
            self.released += 1;
            return;
        }
        self.depends_on_view |= matches!(found, Match::Nothing | Match::Blocked(None, _));
        for duplicate in younger {
            self.remove_duplicate(duplicate, entry, policy);
        }
        let open = NotCompared::of(entry, &found);
        let unseen = matches!(&open, Some(it) if matches!(it.what, Open::Record));
        self.not_compared.extend(open);
        if unseen {
            return;
        }
        let decision = decide(entry, &found, observed);
        let decision = decision.map(|it| hold::kept(it, entry, &found, policy));
        if decision
            .as_ref()
            .is_some_and(|it| hold::leaves_out(policy, it))
        {
            self.left_out.changes += 1;
            return;
        }
        let poster = poster(entry, &found, decision.as_ref());
        let targets = targets(entry, &found, decision.as_ref());
        self.postings
            .extend(preflight::postings(poster.as_ref(), &targets));
        self.posters.extend(poster);
        self.targets.extend(targets);
        match decision {
            Some(decision) => self.changes.push(decision.about(entry)),
            None => self.unchanged += 1,
        }
    }

    /// Deletes a duplicate of an entry's record, unless this run deletes nothing. It goes only if it is still what it was.
    fn remove_duplicate(&mut self, duplicate: &Record, entry: &Desired, policy: &Policy) {
        let decision = Decision::new(Action::delete(duplicate));
        if hold::leaves_out(policy, &decision) {
            self.left_out.changes += 1;
        } else {
            self.changes.push(decision.about(entry));
        }
    }

    /// The entries that name each record, but for those that leave it alone.
    pub fn named<'d>(
        desired: &'d DesiredState,
        observed: &ObservedState,
    ) -> BTreeMap<ServerId, Vec<&'d Fields>> {
        let identity = Identity::of(&desired.entries, &observed.records);
        let mut named: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let kept = desired.entries.iter();
        for entry in kept.filter(|entry| entry.state != State::Released) {
            for id in identity.named(entry) {
                named.entry(id.clone()).or_default().push(&entry.fields);
            }
        }
        named
    }

    /// Whether the server is as written.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How long its writes will take, if it has any: the same in every run against one server.
    pub fn forecast(&self) -> Option<Forecast> {
        let actions = self.changes.iter().map(|it| &it.action);
        Forecast::of(actions, self.limits.by_default_window())
    }

    /// Whether a guard refuses it.
    pub fn is_refused(&self) -> bool {
        !self.refusals.is_empty()
    }

    /// Whether there is a change that can be made.
    pub fn has_writes(&self) -> bool {
        self.changes.iter().any(|change| change.action.is_write())
    }
}

impl Change {
    /// Where it is shown. Pinned entries may share a name: then their places tell.
    fn order(&self) -> impl Ord {
        let place = self.place.as_ref().map(Place::begins);
        (self.action.kind(), &self.key, place)
    }
}

/// What to do about one entry.
struct Decision {
    action: Action,
    fields: Vec<FieldChange>,
    conditions: Vec<Condition>,
}

impl Decision {
    fn new(action: Action) -> Self {
        Self {
            action,
            fields: Vec::new(),
            conditions: Vec::new(),
        }
    }

    fn blocked(id: Option<ServerId>, reasons: Vec<Reason>) -> Self {
        Self::new(Action::Blocked { id, reasons })
    }

    fn showing(self, fields: Vec<FieldChange>) -> Self {
        Self { fields, ..self }
    }

    fn with(self, conditions: Vec<Condition>) -> Self {
        Self { conditions, ..self }
    }

    fn about(self, entry: &Desired) -> Change {
        Change {
            key: entry.key.clone(),
            action: self.action,
            fields: self.fields,
            conditions: self.conditions,
            place: Some(entry.place.clone()),
            script_file: entry.script_file.clone(),
            pruned: None,
        }
    }
}

/// What to do about an entry that is not released; `None` if all is as written.
fn decide(entry: &Desired, found: &Match<'_>, observed: &ObservedState) -> Option<Decision> {
    let absent = entry.state == State::Absent;
    match found {
        Match::Blocked(id, reason) => Some(Decision::blocked(id.clone(), vec![reason.clone()])),
        Match::Nothing if absent => None,
        Match::Nothing => Some(create::create(entry, observed)),
        Match::Record(record) if absent => Some(Decision::new(Action::delete(record))),
        Match::Record(record) => compare::record(entry, record, observed),
    }
}

/// Whom the entry's record posts as, or would.
fn poster(entry: &Desired, found: &Match<'_>, decision: Option<&Decision>) -> Option<Poster> {
    let action = decision.map(|decision| &decision.action);
    match (found, action) {
        (_, Some(Action::Delete { .. })) => None,
        (Match::Record(record), _) => {
            preflight::poster(record.fields().ok()?, action, Some(record))
        }
        _ => preflight::poster(&entry.fields, action, None),
    }
}

/// What the entry's record posts to, or would.
fn targets(entry: &Desired, found: &Match<'_>, decision: Option<&Decision>) -> Vec<(bool, Target)> {
    let action = decision.map(|decision| &decision.action);
    let observed = match (found, action) {
        (_, Some(Action::Delete { .. })) => return Vec::new(),
        (Match::Record(record), _) => record.fields().ok(),
        _ => None,
    };
    let fields = observed.unwrap_or(&entry.fields);
    preflight::targets(fields, action).collect()
}

/// What the update that switches a record off names.
fn pruned_targets(change: &Change) -> Vec<(bool, Target)> {
    match &change.action {
        Action::Disable { from, .. } => preflight::targets(from, Some(&change.action)).collect(),
        _ => Vec::new(),
    }
}

/// Whom the update that switches a record off needs.
fn pruned_poster(change: &Change) -> Option<Poster> {
    match &change.action {
        Action::Disable { from, .. } => preflight::poster(from, Some(&change.action), None),
        _ => None,
    }
}
