//! What is left out when there is not room for everything, and in which order.
//!
//! 0. The list of what a snapshot leaves open, which the closing line counts.
//! 1. Script diffs, the longest first: their number of lines in their place, then only that they differ.
//! 2. Field details, the last first: of creates, of updates; then their rows in the table.
//! 3. Only then anything of conditions, of blocked entries, and at the very end of disables and deletes.
//!
//! The line that says it all counts every change whatever is left out, and what is left out is counted in words.

use std::collections::{BTreeMap, BTreeSet};

use super::super::options::{Budget, ScriptDiff};
use super::super::plan::ChangeReport;
use super::{TABLE_HEAD, change};
use crate::plan::ActionKind;
use crate::words::count;

/// A change in pieces.
pub(super) struct Part {
    action: ActionKind,
    row: String,
    /// The fold, by how much it shows of scripts: from the least.
    folds: Vec<String>,
}

/// What is left out of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The next shorter fold instead of this one.
    Script(usize),
    /// The fold.
    Fold(usize),
    /// The row.
    Row(usize),
}

impl Part {
    pub(super) fn of(report: &ChangeReport, most: ScriptDiff) -> Self {
        let levels = [ScriptDiff::None, ScriptDiff::Stat, ScriptDiff::Full];
        let levels = levels.into_iter().filter(|level| *level <= most);
        let mut folds: Vec<_> = levels.map(|level| change::fold(report, level)).collect();
        folds.dedup();
        Self {
            action: report.action,
            row: change::row(report),
            folds,
        }
    }

    fn fold(&self, level: usize) -> &str {
        self.folds.get(level).map_or("", String::as_str)
    }

    fn whole(&self) -> Kept {
        Kept {
            row: true,
            level: self.folds.len().checked_sub(1),
        }
    }
}

/// What is shown of a part.
#[derive(Clone, Copy)]
struct Kept {
    row: bool,
    /// Which fold.
    level: Option<usize>,
}

/// The document, with as much of the parts as there is room for.
pub(super) fn fitted(head: &str, parts: &[Part], foot: &str, budget: Option<Budget>) -> String {
    let mut kept: Vec<_> = parts.iter().map(Part::whole).collect();
    let Some(budget) = budget else {
        return document(head, parts, &kept, "", foot);
    };
    let mut left_out = LeftOut::default();
    let frame = budget.of(head) + budget.of(foot) + budget.of(TABLE_HEAD) + 1;
    let pieces = parts
        .iter()
        .map(|part| budget.of(&part.row) + part.folds.last().map_or(0, |fold| budget.of(fold)));
    let mut size: usize = frame + pieces.sum::<usize>();
    for step in steps(parts) {
        if size + budget.of(&left_out.words(budget)) <= budget.room() {
            break;
        }
        let (Step::Script(at) | Step::Fold(at) | Step::Row(at)) = step;
        let (part, now) = (&parts[at], &mut kept[at]);
        let length = |level: Option<usize>| level.map_or(0, |level| budget.of(part.fold(level)));
        let before = length(now.level);
        match step {
            Step::Script(_) => now.level = now.level.and_then(|level| level.checked_sub(1)),
            Step::Fold(_) => now.level = None,
            Step::Row(_) => {
                now.row = false;
                size -= budget.of(&part.row);
            }
        }
        size = size - before + length(now.level);
        left_out.count(step, part);
    }
    document(head, parts, &kept, &left_out.words(budget), foot)
}

fn document(head: &str, parts: &[Part], kept: &[Kept], left_out: &str, foot: &str) -> String {
    let mut text = head.to_owned();
    let shown = || parts.iter().zip(kept);
    if kept.iter().any(|kept| kept.row) {
        text.push('\n');
        text.push_str(TABLE_HEAD);
        text.extend(
            shown()
                .filter(|(_, kept)| kept.row)
                .map(|(part, _)| part.row.as_str()),
        );
    }
    text.push_str(left_out);
    text.extend(shown().filter_map(|(part, kept)| kept.level.map(|level| part.fold(level))));
    text.push_str(foot);
    text
}

/// Everything that can be left out, in order.
fn steps(parts: &[Part]) -> Vec<Step> {
    use ActionKind::{Blocked, Condition, Create, Delete, Disable, Update};
    let mut scripts: Vec<_> = (0..parts.len())
        .filter(|at| parts[*at].folds.len() > 1)
        .collect();
    scripts.sort_by_key(|at| std::cmp::Reverse(parts[*at].folds.last().map_or(0, String::len)));
    let with = |level: usize| {
        let scripts = scripts
            .iter()
            .filter(move |at| parts[**at].folds.len() > level);
        scripts.map(|at| Step::Script(*at))
    };
    let of = |action: ActionKind| {
        (0..parts.len())
            .rev()
            .filter(move |at| parts[*at].action == action)
    };
    let folds = |action| {
        let folds = of(action).filter(|at| parts[*at].folds.iter().any(|fold| !fold.is_empty()));
        folds.map(Step::Fold)
    };
    let rows = |action| of(action).map(Step::Row);
    let mut steps: Vec<_> = with(2).chain(with(1)).collect();
    let groups: [&[ActionKind]; 5] = [
        &[Create, Update],
        &[Condition],
        &[Blocked],
        &[Disable],
        &[Delete],
    ];
    for group in groups {
        steps.extend(group.iter().flat_map(|action| folds(*action)));
        steps.extend(group.iter().flat_map(|action| rows(*action)));
    }
    steps
}

/// How much is left out.
#[derive(Default)]
struct LeftOut {
    scripts: BTreeSet<usize>,
    folds: BTreeMap<ActionKind, usize>,
    rows: BTreeMap<ActionKind, usize>,
}

impl LeftOut {
    fn count(&mut self, step: Step, part: &Part) {
        match step {
            Step::Script(at) => {
                self.scripts.insert(at);
            }
            Step::Fold(at) => {
                self.scripts.remove(&at);
                *self.folds.entry(part.action).or_default() += 1;
            }
            Step::Row(_) => *self.rows.entry(part.action).or_default() += 1,
        }
    }

    /// The line that says so; empty if all is there.
    fn words(&self, budget: Budget) -> String {
        let of = |counts: &BTreeMap<ActionKind, usize>| {
            let some = counts.iter().map(|(action, number)| match action {
                ActionKind::Blocked => format!("{number} blocked"),
                _ => count(*number, action.word()),
            });
            some.collect::<Vec<_>>().join(", ")
        };
        let mut words = Vec::new();
        if !self.scripts.is_empty() {
            words.push(count(self.scripts.len(), "script diff"));
        }
        for (what, counts) in [("the details", &self.folds), ("the rows", &self.rows)] {
            let counts = of(counts);
            if !counts.is_empty() {
                words.push(format!("{what} of {counts}"));
            }
        }
        if words.is_empty() {
            return String::new();
        }
        format!(
            "\nLeft out, to stay within {}: {}.\n",
            budget.words(),
            words.join("; ")
        )
    }
}
