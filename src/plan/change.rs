//! What would be done about one integration, and why it may not be.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::integration::Fields;
use crate::observed::{Record, ServerId};
use crate::problem::{Code, Problem};

/// What would be done.
#[derive(Clone, Debug)]
pub enum Action {
    /// A new record with these values: exactly what the request carries.
    Create(Fields),
    /// Another content of the record.
    Update {
        /// The record.
        id: ServerId,
        /// The stored values that the plan was made for.
        from: Fields,
        /// The values to have afterwards: exactly what the request carries, but for a secret that is generated.
        to: Fields,
    },
    /// The record is switched off. It and its URL stay.
    Disable {
        /// The record.
        id: ServerId,
        /// The stored values that the plan was made for.
        from: Fields,
        /// The same, switched off, as in an update.
        to: Fields,
    },
    /// No record any more. The URL of an incoming webhook dies with it.
    Delete {
        /// The record.
        id: ServerId,
        /// The record that the plan was made for.
        from: Box<Record>,
    },
    /// Nothing: something is wrong that no update fixes.
    Condition {
        /// The record.
        id: ServerId,
    },
    /// Nothing.
    Blocked {
        /// The record, where there is one.
        id: Option<ServerId>,
        /// Why: at least one reason, each of which is enough.
        reasons: Vec<Reason>,
    },
}

/// What would be done, without to what; in the order in which changes are shown.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are said of the actions")]
pub enum ActionKind {
    Blocked,
    Condition,
    Delete,
    Disable,
    Update,
    Create,
}

impl ActionKind {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Condition => "condition",
            Self::Delete => "delete",
            Self::Disable => "disable",
            Self::Update => "update",
            Self::Create => "create",
        }
    }

    /// Whether it is a write.
    pub fn is_write(self) -> bool {
        !matches!(self, Self::Blocked | Self::Condition)
    }
}

impl Action {
    /// The deletion of a record that is as this one.
    pub(super) fn delete(record: &Record) -> Self {
        Self::Delete {
            id: record.id.clone(),
            from: Box::new(record.clone()),
        }
    }

    /// What would be done.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Blocked { .. } => ActionKind::Blocked,
            Self::Condition { .. } => ActionKind::Condition,
            Self::Delete { .. } => ActionKind::Delete,
            Self::Disable { .. } => ActionKind::Disable,
            Self::Update { .. } => ActionKind::Update,
            Self::Create(_) => ActionKind::Create,
        }
    }

    /// Whether it is a write.
    pub fn is_write(&self) -> bool {
        self.kind().is_write()
    }

    /// The record that it changes or removes.
    pub fn rewrites(&self) -> Option<&ServerId> {
        self.id().filter(|_| self.is_write())
    }

    /// The record, where there is one.
    pub fn id(&self) -> Option<&ServerId> {
        match self {
            Self::Create(_) => None,
            Self::Update { id, .. }
            | Self::Disable { id, .. }
            | Self::Delete { id, .. }
            | Self::Condition { id } => Some(id),
            Self::Blocked { id, .. } => id.as_ref(),
        }
    }
}

/// Why a change cannot be made, and what would help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Why, and what to do about it.
    pub problem: Problem,
    /// The lines to choose from, if the choice is the user's.
    pub choices: Vec<String>,
}

/// What is told of a change that cannot be made, unless it has a name of its own.
pub(super) const BLOCKED: Code = Code("blocked");

impl Reason {
    /// A reason, and what to do about it.
    pub fn new(why: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            problem: Problem::with_help(BLOCKED, why, help),
            choices: Vec::new(),
        }
    }
}
