//! Scripts line by line.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::{ChangeTag, DiffOp, TextDiff};

use super::Foreign;

/// A line of a script's diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    /// What becomes of it.
    pub(super) sign: Sign,
    /// Its number: in the new script, for a removed line in the old one.
    pub(super) number: usize,
    /// The line, without its end.
    pub(super) text: Foreign,
    /// Whether the line that it comes in place of differs in white space alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) space_only: bool,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Sign {
    /// It is new.
    #[serde(rename = "+")]
    Added,
    /// It goes.
    #[serde(rename = "-")]
    Removed,
    /// It stays, and shows where the others are.
    #[serde(rename = " ")]
    Same,
}

impl Sign {
    /// As it stands before a line.
    pub(super) fn character(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Same => ' ',
        }
    }
}

/// How many lines come and how many go.
pub(super) fn stat(hunks: &[Vec<Line>]) -> (usize, usize) {
    let count = |sign| {
        hunks
            .iter()
            .flatten()
            .filter(|line| line.sign == sign)
            .count()
    };
    (count(Sign::Added), count(Sign::Removed))
}

/// Whether there was no script before: then no line goes and none stays.
pub(super) fn is_first(hunks: &[Vec<Line>]) -> bool {
    hunks.iter().flatten().all(|line| line.sign == Sign::Added)
}

/// The lines that differ, with three lines of context; line ends and newlines at the end do not count.
pub(super) fn hunks(before: &str, after: &str) -> Vec<Vec<Line>> {
    let normal = |text: &str| text.replace("\r\n", "\n").trim_end_matches('\n').to_owned() + "\n";
    let (before, after) = (normal(before), normal(after));
    let before = if before == "\n" {
        String::new()
    } else {
        before
    };
    let diff = TextDiff::from_lines(&before, &after);
    diff.grouped_ops(3)
        .iter()
        .map(|ops| ops.iter().flat_map(|op| lines(&diff, op)).collect())
        .collect()
}

/// The lines of one stretch. A new one that differs from an old one in white space alone is marked: on paper they
/// look the same.
fn lines(diff: &TextDiff<'_, '_, str>, op: &DiffOp) -> Vec<Line> {
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    let all: Vec<_> = diff.iter_changes(op).collect();
    let removed: BTreeSet<_> = all
        .iter()
        .filter(|change| change.tag() == ChangeTag::Delete)
        .map(|change| bare(change.value()))
        .collect();
    let lines = all.iter().map(|change| Line {
        space_only: change.tag() == ChangeTag::Insert && removed.contains(&bare(change.value())),
        ..line(change)
    });
    lines.collect()
}

fn line(change: &similar::Change<&str>) -> Line {
    let (sign, index) = match change.tag() {
        ChangeTag::Equal => (Sign::Same, change.new_index()),
        ChangeTag::Insert => (Sign::Added, change.new_index()),
        ChangeTag::Delete => (Sign::Removed, change.old_index()),
    };
    Line {
        sign,
        number: index.map_or(0, |index| index + 1),
        text: change.value().trim_end_matches('\n').into(),
        space_only: false,
    }
}
