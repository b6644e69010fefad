//! Scripts line by line.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::Untrusted;
use super::options::ScriptDiff;
use crate::secret::{Identity, Text};
use crate::words::count;

/// A line of a script's diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    /// What becomes of it.
    pub(super) sign: Sign,
    /// Its number: in the new script, for a removed line in the old one.
    pub(super) number: usize,
    /// The line, without its end.
    pub(super) text: Untrusted,
    /// Whether the line that it comes instead of differs in white space alone.
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
    /// As it is before a line.
    pub(super) fn character(self) -> char {
        match self {
            Self::Added => '+',
            Self::Removed => '-',
            Self::Same => ' ',
        }
    }
}

impl Line {
    /// As people read it, behind its sign.
    pub(super) fn words(&self) -> String {
        let note = if self.space_only {
            "  (white space only)"
        } else {
            ""
        };
        self.text.line() + note
    }
}

/// How many lines come and how many go.
pub(super) fn stat<'a>(lines: impl IntoIterator<Item = &'a Line>) -> (usize, usize) {
    lines
        .into_iter()
        .fold((0, 0), |(added, removed), line| match line.sign {
            Sign::Added => (added + 1, removed),
            Sign::Removed => (added, removed + 1),
            Sign::Same => (added, removed),
        })
}

// A script that differs; the schema describes it where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScriptReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<Untrusted>,
    pub(super) hunks: Vec<Vec<Line>>,
    /// How many lines differ, if they are too many to be shown: then there are no hunks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    too_large: Option<Preflight>,
}

impl ScriptReport {
    /// Whether there was no script before: then no line goes and none stays.
    pub(super) fn is_first(&self) -> bool {
        let mut lines = self.hunks.iter().flatten();
        self.too_large.is_none() && lines.all(|line| line.sign == Sign::Added)
    }

    /// Whether its lines are shown, where so much is shown of scripts.
    pub(super) fn is_shown(&self, scripts: ScriptDiff) -> bool {
        scripts == ScriptDiff::Full && self.too_large.is_none() && !self.is_first()
    }

    /// Where it comes from.
    pub(super) fn origin(&self) -> String {
        let file = self.file.as_ref();
        file.map_or("inline".to_owned(), Untrusted::for_terminal)
    }

    /// In one line: where it comes from, and how much of it differs.
    pub(super) fn words(&self, scripts: ScriptDiff) -> String {
        let file = self.origin();
        let (added, removed) = stat(self.hunks.iter().flatten());
        match self.too_large {
            Some(Preflight { added, removed }) => {
                format!("{file} (too large to show: +{added} -{removed} lines)")
            }
            None if self.is_first() => format!("{file} ({})", count(added, "line")),
            None if scripts == ScriptDiff::Stat => format!("{file} (+{added} -{removed} lines)"),
            None => file,
        }
    }
}

/// How many lines come and how many go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Preflight {
    /// How many come.
    pub(super) added: usize,
    /// How many go.
    pub(super) removed: usize,
}

/// How large the differences of one script may be to be shown, and those of a whole report: the same file may be the
/// script of very many entries. Counted and not timed, so that a report is the same on every machine.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The bytes of the lines that differ, and some for each line.
    bytes: usize,
    /// What it costs to compare them: the product of their numbers.
    work: usize,
}

const OF_ONE: Limits = Limits {
    bytes: 4 << 20,
    work: 25_000_000,
};
const OF_ALL: Limits = Limits {
    bytes: 64 << 20,
    work: 1_000_000_000,
};
/// What a line costs in addition to its text, in bytes.
const PER_LINE: usize = 64;

/// What is left of the limits for a report.
#[derive(Debug)]
pub(super) struct Room(Cell<Limits>);

impl Default for Room {
    fn default() -> Self {
        Self(Cell::new(OF_ALL))
    }
}

impl Room {
    /// Whether a script is compared and shown; if so there is less room for others.
    fn takes(&self, bytes: usize, work: usize) -> bool {
        let left = self.0.get();
        let fits = bytes <= OF_ONE.bytes.min(left.bytes) && work <= OF_ONE.work.min(left.work);
        if fits {
            self.0.set(Limits {
                bytes: left.bytes - bytes,
                work: left.work - work,
            });
        }
        fits
    }
}

/// The lines that differ, with three lines of context; line ends and newlines at the end do not count.
///
/// Where the new script has secret stretches, the old one may have another secret there, or anywhere, that nobody
/// declared. So of the old script nothing is shown then but what the new one shows too: a line that is in it, or the
/// plain stretches of one of its lines around whatever the old one has between them.
pub(super) fn change(
    file: Option<Untrusted>,
    before: &Text,
    after: &Text,
    room: &Room,
) -> ScriptReport {
    let (before, after) = (before.lines(), after.lines());
    let identities = |lines: &[Text]| lines.iter().map(Text::identity).collect::<Vec<_>>();
    let (old, new) = (identities(&before), identities(&after));
    let guarded = after.iter().any(Text::holds_secret);
    let same = |pairs: &mut dyn Iterator<Item = (&Identity, &Identity)>| {
        pairs.take_while(|(old, new)| old == new).count()
    };
    let start = same(&mut old.iter().zip(&new));
    let (rest_old, rest_new) = (&old[start..], &new[start..]);
    let end = same(&mut rest_old.iter().rev().zip(rest_new.iter().rev()));
    let extent = Preflight {
        added: rest_new.len() - end,
        removed: rest_old.len() - end,
    };
    let size = |lines: &[Text], count: usize| {
        let lines = lines.iter().skip(start).take(count);
        let bytes: usize = lines.map(|line| line.as_plain().map_or(0, str::len)).sum();
        bytes + count * PER_LINE
    };
    let bytes = size(&before, extent.removed) + size(&after, extent.added);
    // Each old line may be compared with each new one that holds a secret.
    let compared = if guarded { after.len() } else { extent.added };
    if !room.takes(bytes, compared.saturating_mul(extent.removed)) {
        return ScriptReport {
            file,
            hunks: Vec::new(),
            too_large: Some(extent),
        };
    }
    let ops = capture_diff_slices(Algorithm::Myers, &old, &new);
    let mut known = BTreeMap::new();
    for (at, identity) in new.into_iter().enumerate().filter(|_| guarded) {
        known.entry(identity).or_insert(at);
    }
    let diff = Diff {
        before,
        after,
        guarded,
        known,
    };
    let groups = group_diff_ops(ops, 3).into_iter();
    let hunks = groups.map(|ops| ops.iter().flat_map(|op| diff.lines(op)).collect());
    ScriptReport {
        file,
        hunks: hunks.collect(),
        too_large: None,
    }
}

/// What stands instead of a line of the old script that may be or hold a secret.
const NOT_SHOWN: &str = "(not shown: it may hold a secret)";

/// What stands instead of what the old script has where the new one has a secret.
const ANOTHER: &str = "(another secret)";

/// Two scripts, line by line.
struct Diff {
    before: Vec<Text>,
    after: Vec<Text>,
    /// Whether the old one may hold what the new one keeps secret.
    guarded: bool,
    /// Where each line of the new one stands first.
    known: BTreeMap<Identity, usize>,
}

impl Diff {
    /// The lines of one stretch. A new one that differs from an old one in white space alone is marked: on paper they
    /// look the same.
    fn lines(&self, op: &DiffOp) -> Vec<Line> {
        let bare = |text: &Text| {
            let plain = text.as_plain()?;
            Some(plain.split_whitespace().collect::<String>())
        };
        let (tag, old, new) = op.as_tag_tuple();
        if tag == DiffTag::Equal {
            return new.map(|at| line(Sign::Same, at, self.added(at))).collect();
        }
        let removed: BTreeSet<_> = self.before[old.clone()].iter().filter_map(bare).collect();
        let is_like_removed =
            |at: usize| bare(&self.after[at]).is_some_and(|it| removed.contains(&it));
        let goes = old.map(|at| line(Sign::Removed, at, self.removed(at)));
        let comes = new.map(|at| Line {
            space_only: is_like_removed(at),
            ..line(Sign::Added, at, self.added(at))
        });
        goes.chain(comes).collect()
    }

    fn added(&self, at: usize) -> String {
        self.after[at].masked()
    }

    fn removed(&self, at: usize) -> String {
        let old = &self.before[at];
        if !self.guarded {
            return old.masked();
        }
        let Some(text) = old.as_plain() else {
            return NOT_SHOWN.to_owned();
        };
        let same = self.known.get(&old.identity());
        if let Some(same) = same.and_then(|at| self.after.get(*at)) {
            return same.masked();
        }
        let framed = self
            .after
            .iter()
            .find(|new| new.holds_secret() && new.frames(text));
        framed.map_or_else(|| NOT_SHOWN.to_owned(), |new| new.masked_as(ANOTHER))
    }
}

fn line(sign: Sign, at: usize, text: String) -> Line {
    Line {
        sign,
        number: at + 1,
        text: text.into(),
        space_only: false,
    }
}

#[cfg(test)]
mod tests;
