//! What a plan may ask besides the records, and what was answered.

use std::collections::BTreeSet;

use super::{Histories, ObservedState, Posting, Rooms, ServerId, Target, Users, View};

/// What to ask, as one wave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// Who these users are.
    pub users: BTreeSet<String>,
    /// Whether these exist, and this account may let integrations post to them.
    pub targets: BTreeSet<Target>,
    /// Whether these users are in these rooms, if the rooms turn out to be private.
    pub postings: BTreeSet<Posting>,
    /// Whether it counts which roles may impersonate.
    pub impersonators: bool,
    /// Whether it counts what this account sees.
    pub view: bool,
    /// Why these outgoing webhooks are disabled.
    pub histories: BTreeSet<ServerId>,
    /// How many more are disabled than are asked for.
    pub more_histories: usize,
    /// How many users and targets may be looked up one by one: each is a request.
    pub limit: usize,
}

impl Questions {
    /// Whether there is nothing to ask.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.histories.is_empty() && !self.permissions()
    }

    /// Whether it has to be asked which roles hold which permission: one answer serves all.
    pub fn permissions(&self) -> bool {
        self.impersonators || self.view || !self.targets.is_empty()
    }

    /// Those of them that were not asked before. Histories are asked for once: they are only so many.
    #[must_use]
    pub fn without(mut self, asked: &Self) -> Self {
        self.users.retain(|it| !asked.users.contains(it));
        self.targets.retain(|it| !asked.targets.contains(it));
        self.postings.retain(|it| !asked.postings.contains(it));
        if !asked.histories.is_empty() {
            self.histories.clear();
            self.more_histories = 0;
        }
        self.impersonators &= !asked.impersonators;
        self.view &= !asked.view;
        self
    }

    /// The same, and these.
    #[must_use]
    pub fn and(mut self, more: &Self) -> Self {
        self.users.extend(more.users.iter().cloned());
        self.targets.extend(more.targets.iter().cloned());
        self.postings.extend(more.postings.iter().cloned());
        self.impersonators |= more.impersonators;
        self.view |= more.view;
        self.histories.extend(more.histories.iter().cloned());
        self.more_histories += more.more_histories;
        self.limit = self.limit.max(more.limit);
        self
    }
}

/// What was answered. What nobody asked for, or what was not told, is missing.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Who the users are.
    pub users: Users,
    /// What is known of the targets.
    pub rooms: Rooms,
    /// What the histories tell.
    pub histories: Histories,
    /// What this account sees, where that was asked.
    pub view: Option<View>,
    /// Why the permissions are not known, if they were asked for and not told.
    pub no_permissions: Option<String>,
}

impl ObservedState {
    /// Takes in what was answered.
    pub fn learn(&mut self, answers: Answers) {
        self.users.found.extend(answers.users.found);
        self.users.impersonators = answers
            .users
            .impersonators
            .or(self.users.impersonators.take());
        self.rooms.found.extend(answers.rooms.found);
        self.rooms.states.extend(answers.rooms.states);
        self.histories.found.extend(answers.histories.found);
        if let Some(view) = answers.view {
            self.view = view;
        }
    }
}
