//! Which integration a report speaks of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use crate::integration::{Key, Kind};

/// Which integration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(into = "Written")]
pub(super) struct Subject {
    /// The kind.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub(super) kind: Kind,
    /// The name.
    pub(super) name: Untrusted,
}

/// The same for programs, and for those that show the kind to people.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Written {
    /// `webhook-incoming` or `webhook-outgoing`.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    kind: Kind,
    /// The kind in one word.
    kind_word: Untrusted,
    /// The name.
    name: Untrusted,
}

impl From<Subject> for Written {
    fn from(Subject { kind, name }: Subject) -> Self {
        Self {
            kind,
            kind_word: kind.word().into(),
            name,
        }
    }
}

impl From<&Key> for Subject {
    fn from(key: &Key) -> Self {
        Self {
            kind: key.kind,
            name: (&key.name).into(),
        }
    }
}
