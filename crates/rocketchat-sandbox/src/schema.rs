//! The server's request schemas, per version, as data (docs/server.md#schema-errors, #fields).
//!
//! Owns which keys an endpoint takes and in which order they are looked at (the rows are in `table`). How a schema is applied,
//! and in which words it refuses, is in `validate`; the looser second look of create is in `loose`.
//! The rows follow the order of the published schemas, because the first failing rule is the one told.

mod table;

use super::profile::{Quirk, ServerProfile};

pub(super) use self::table::{CLEAR_HISTORY, CREATE, GET, HISTORY, LIST, REMOVE, UPDATE};

/// A JSON type that a schema can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Flag,
    List,
    Null,
}

/// What a key must fulfil beside its type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Any,
    /// Contains this text (the patterns are not anchored).
    Pattern(&'static str),
    /// At least one character.
    NotEmpty,
    /// A list of texts of at least one character.
    NotEmptyItems,
}

/// In which eras a key is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Always,
    With(Quirk),
    Without(Quirk),
    WithButNot(Quirk, Quirk),
}

impl When {
    /// Whether the key is known in this version.
    pub(super) fn holds(self, profile: &ServerProfile) -> bool {
        match self {
            Self::Always => true,
            Self::With(quirk) => profile.has(quirk),
            Self::Without(quirk) => !profile.has(quirk),
            Self::WithButNot(quirk, other) => profile.has(quirk) && !profile.has(other),
        }
    }
}

/// One key of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) types: &'static [Type],
    pub(super) rule: Rule,
    pub(super) when: When,
}

/// One kind of object that a schema takes.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) properties: &'static [Property],
    /// The names of keys that must be there where they are known and may not be null, in the order of their telling.
    pub(super) required: &'static str,
    pub(super) closed: bool,
}

/// Which part of the request a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Body,
    Query,
}

/// What an endpoint takes: exactly one of the branches.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) part: Part,
    /// Scalars were coerced here before every schema did so (only the history's numbers were).
    pub(super) coerced_early: bool,
    pub(super) branches: &'static [Branch],
    /// In which eras the endpoint has a schema, of those that have schemas at all.
    pub(super) when: When,
}
