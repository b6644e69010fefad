//! Scripts line by line.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, DiffTag, capture_diff_slices, group_diff_ops};

use super::Foreign;
use crate::secret::Text;

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
///
/// Where the new script has secret stretches, the old one may have another secret there, or anywhere, that nobody
/// declared. So of the old script nothing is shown then but what the new one shows too: a line that stands in it, or the
/// plain stretches of one of its lines around whatever the old one has between them.
pub(super) fn hunks(before: &Text, after: &Text) -> Vec<Vec<Line>> {
    let (before, after) = (before.lines(), after.lines());
    let identities = |lines: &[Text]| lines.iter().map(Text::identity).collect::<Vec<_>>();
    let ops = capture_diff_slices(Algorithm::Myers, &identities(&before), &identities(&after));
    let diff = Diff {
        guarded: after.iter().any(Text::holds_secret),
        before,
        after,
    };
    let groups = group_diff_ops(ops, 3).into_iter();
    let hunks = groups.map(|ops| ops.iter().flat_map(|op| diff.lines(op)).collect());
    hunks.collect()
}

/// What stands in the place of a line of the old script that may be or hold a secret.
const NOT_SHOWN: &str = "(not shown: it may hold a secret)";

/// What stands in the place of what the old script has where the new one has a secret.
const ANOTHER: &str = "(another secret)";

/// Two scripts, line by line.
struct Diff {
    before: Vec<Text>,
    after: Vec<Text>,
    /// Whether the old one may hold what the new one keeps secret.
    guarded: bool,
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
        let identity = old.identity();
        if let Some(same) = self.after.iter().find(|new| new.identity() == identity) {
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
mod tests {
    use super::*;
    use crate::secret::{Piece, Secret};

    /// `<` and `>` stand around what is secret.
    fn script(text: &str) -> Text {
        let mut script = Text::EMPTY;
        for (index, stretch) in text.split(['<', '>']).enumerate() {
            script.push(if index % 2 == 1 {
                Piece::Secret(Secret::new(stretch))
            } else {
                Piece::Plain(stretch.to_owned())
            });
        }
        script
    }

    fn told(before: &str, after: &str) -> Vec<String> {
        let hunks = hunks(&Text::from(before), &script(after));
        let lines = hunks.iter().flatten();
        lines
            .map(|line| format!("{}{}", line.sign.character(), line.text.raw()))
            .collect()
    }

    #[test]
    fn of_an_old_script_nothing_is_shown_that_the_new_one_does_not_show() {
        assert_eq!(
            told("k = 'old'\n", "k = '<new>'\n"),
            ["-k = '(another secret)'", "+k = '(secret)'"]
        );
        assert_eq!(
            told("let key = 'old'\nx\n", "k = '<new>'\n"),
            [
                format!("-{NOT_SHOWN}"),
                format!("-{NOT_SHOWN}"),
                "+k = '(secret)'".to_owned()
            ]
        );
        // What stays, and what moves.
        assert_eq!(
            told("a\nk = 'new'\n", "k = '<new>'\na\n"),
            ["+k = '(secret)'", " a", "-k = '(secret)'"]
        );
        // A secret alone on its line frames nothing.
        assert_eq!(
            told("old\n", "<new>\n"),
            [format!("-{NOT_SHOWN}"), "+(secret)".to_owned()]
        );
        // Without a secret in the new script all is shown.
        assert_eq!(
            told("k = 'old'\n", "k = 'new'\n"),
            ["-k = 'old'", "+k = 'new'"]
        );
    }

    #[test]
    fn a_secret_of_several_lines_is_masked_line_by_line() {
        assert_eq!(
            told("k = `one\ntwo`\nx\n", "k = `<one\ntwo>`\ny\n"),
            [
                " k = `(secret)",
                " (secret)`",
                &format!("-{NOT_SHOWN}"),
                "+y"
            ]
        );
    }

    #[test]
    fn line_ends_and_newlines_at_the_end_do_not_count() {
        assert_eq!(told("a\r\nb\r\n\r\n", "a\nb"), [""; 0]);
        assert_eq!(told("", "a\n"), ["+a"]);
        assert_eq!(told("a\n b\n", "a\n  b\n"), [" a", "- b", "+  b"]);
    }
}
