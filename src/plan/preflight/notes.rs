//! What a plan says of its look-ups without counting it: what could not be checked, and what the server will do beside
//! what is asked of it.

use std::collections::BTreeSet;

use super::rooms;
use crate::integration::{Kind, compat};
use crate::observed::{Found, ObservedState, Posting, Questions, TargetStatus};
use crate::plan::Plan;
use crate::problem::{Code, Problem, Severity};

/// The role that servers before 8.6 give to whom an incoming webhook posts as (docs/server.md#posting-user).
const BOT: &str = "bot";

impl Plan {
    /// What the answers to these questions tell in addition to the changes.
    pub fn notes(&self, asked: &Questions, observed: &ObservedState) -> Vec<Problem> {
        let writers = self.posters.iter().filter(|poster| poster.written);
        let writers: BTreeSet<_> = writers.map(|it| (it.name.as_str(), it.kind)).collect();
        let notes = not_told(asked, observed)
            .into_iter()
            .chain(not_asked(asked, observed))
            .chain(delivery(asked, observed))
            .chain(
                writers
                    .iter()
                    .filter_map(|(name, _)| inactive(name, observed)),
            )
            .chain(
                writers
                    .iter()
                    .filter_map(|(name, kind)| becomes_bot(name, *kind, observed)),
            );
        let mut all: Vec<Problem> = Vec::new();
        for note in notes {
            if !all.contains(&note) {
                all.push(note);
            }
        }
        all
    }
}

/// What a reader should know. It is not a change, and no drift.
fn note(code: &'static str, words: String) -> Problem {
    Problem {
        severity: Severity::Note,
        ..Problem::new(Code(code), words)
    }
}

/// What the server would not tell.
fn not_told(asked: &Questions, observed: &ObservedState) -> Vec<Problem> {
    let users = asked.users.iter().filter_map(|name| {
        let Some(Found::Unknown(why)) = observed.users.found.get(name) else {
            return None;
        };
        Some(format!("the user `{name}` is not checked: {why}"))
    });
    let targets = asked.targets.iter().filter_map(|target| {
        let Some(TargetStatus::Unknown(why)) = observed.rooms.found.get(target) else {
            return None;
        };
        let (noun, name) = (rooms::noun(&target.name), &target.name);
        Some(format!("the {noun} `{name}` is not checked: {why}"))
    });
    let all = users.chain(targets);
    all.map(|words| note("not-checked", words)).collect()
}

/// The rooms that take no message, or not from those who would post there: the server saves the integration anyway.
fn delivery(asked: &Questions, observed: &ObservedState) -> Vec<Problem> {
    let told = asked.postings.iter().filter_map(|posting| {
        let Posting { user, room } = posting;
        let state = observed.rooms.states.get(room)?;
        // That is told already.
        if observed.users.is_nobody(user) {
            return None;
        }
        if state.archived {
            let words = format!("the room `{room}` is archived: the server posts nothing to it");
            return Some(note("room-archived", words));
        }
        if state.private {
            return match state.members.get(user) {
                Some(true) => None,
                Some(false) => Some(format!(
                    "`{user}` is not in the private room `{room}`: the server posts nothing there until it is"
                )),
                None => Some(format!(
                    "the room `{room}` is private, and this account cannot see whether `{user}` is in it: if not, the server \
                     posts nothing there"
                )),
            }
            .map(|words| note("room-private", words));
        }
        state.read_only.then(|| {
            let words = format!(
                "the room `{room}` is read-only: `{user}` can only post there as its owner or moderator, or with the \
                 permission `post-readonly`"
            );
            note("room-read-only", words)
        })
    });
    told.collect()
}

/// How much was not asked, because there is so much of it.
fn not_asked(asked: &Questions, observed: &ObservedState) -> Option<Problem> {
    // A target that is not found by its name is asked for by its id, too.
    if asked.users.len() + 2 * asked.targets.len() <= asked.limit {
        return None;
    }
    let users = asked.users.iter();
    let users = users.filter(|name| !observed.users.found.contains_key(*name));
    let targets = asked.targets.iter();
    let targets = targets.filter(|it| !observed.rooms.found.contains_key(it));
    let counted = [
        (users.count(), "posting user"),
        (targets.count(), "room or user"),
    ];
    let counted = counted.into_iter().filter(|(number, _)| *number > 0);
    let counted: Vec<_> = counted
        .map(|(number, noun)| match number {
            1 => format!("1 {noun}"),
            _ => format!("{number} {}s", noun.replace(" or user", "s or user")),
        })
        .collect();
    (!counted.is_empty() && observed.taken_at.is_none()).then(|| {
        let words = format!(
            "{} not checked: at most {} are looked up one by one; `--preflight=full` asks for all",
            counted.join(" and "),
            super::MOST_LOOK_UPS
        );
        note("not-checked", words)
    })
}

/// The server takes a deactivated user for a webhook: it only looks for the name.
fn inactive(name: &str, observed: &ObservedState) -> Option<Problem> {
    let user = observed.users.user(name)?;
    (user.active == Some(false)).then(|| {
        let words =
            format!("the user `{name}` is deactivated: the server accepts the webhook anyway");
        note("posting-user-inactive", words)
    })
}

fn becomes_bot(name: &str, kind: Kind, observed: &ObservedState) -> Option<Problem> {
    let version = observed.server.version?;
    if !compat::grants_bot(kind, version) {
        return None;
    }
    let user = observed.users.user(name)?;
    let words = match &user.roles {
        Some(roles) if roles.contains(BOT) => return None,
        Some(_) => format!("the server will give `{name}` the role `{BOT}`"),
        None => format!(
            "the server will give `{name}` the role `{BOT}`, unless the user has it already"
        ),
    };
    let why = "before 8.6 it does so with the posting user of an incoming webhook";
    Some(note("bot-role", format!("{words}: {why}")))
}
