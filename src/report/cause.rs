//! What a change comes from, and who changed a drifting record last.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use crate::plan::{Cause, LastModified};
use crate::redactor::ServerText;

/// What the record says about who changed it last. What the server changes by itself moves the time and not the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LastChangeReport {
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<Untrusted>,
    /// Who edited it last; nobody did since it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) editor: Option<Untrusted>,
    /// Who made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) creator: Option<Untrusted>,
}

impl Cause {
    /// As people read it in a table.
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::ThisChange => "this change",
            Self::Drift => "drift",
            Self::Both => "this change, and drift",
        }
    }

    /// What is behind a field of a change that comes from both.
    pub(super) fn note(self) -> &'static str {
        match self {
            Self::ThisChange => "  (from this change)",
            Self::Drift => "  (already drifting)",
            Self::Both => "  (both)",
        }
    }

    /// As people read it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::ThisChange => "from this change",
            Self::Drift => "already drifting",
            Self::Both => "from this change and already drifting",
        }
    }
}

impl From<&LastModified> for LastChangeReport {
    fn from(last: &LastModified) -> Self {
        let foreign = |text: &Option<ServerText>| text.as_ref().map(Into::into);
        Self {
            at: foreign(&last.at),
            editor: foreign(&last.editor),
            creator: foreign(&last.creator),
        }
    }
}

impl LastChangeReport {
    /// As people read it: `last change 2026-05-02 08:00 UTC, last edited by dana`. `show` escapes foreign text.
    pub(super) fn words(&self, show: impl Fn(&Untrusted) -> String) -> Option<String> {
        let at = self.at.as_ref().map(|at| {
            let shown = in_minutes(&at.for_terminal());
            format!("last change {}", shown.unwrap_or_else(|| show(at)))
        });
        let who = match (&self.editor, &self.creator) {
            (Some(editor), _) => Some(format!("last edited by {}", show(editor))),
            (None, Some(creator)) => Some(format!("created by {} and never edited", show(creator))),
            (None, None) => None,
        };
        let parts: Vec<_> = at.into_iter().chain(who).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// `2026-05-02T08:00:00.000Z` as `2026-05-02 08:00 UTC`.
fn in_minutes(at: &str) -> Option<String> {
    let at = at.parse::<jiff::Timestamp>().ok()?;
    Some(at.strftime("%Y-%m-%d %H:%M UTC").to_string())
}
