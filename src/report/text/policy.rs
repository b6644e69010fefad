//! What a plan as text says about pruning, about what flags leave out, and about refusals.

use super::super::plan::{ChangeReport, PlanReport};
use super::super::policy::{LeftOutReport, RefusalReport};
use super::super::wrap::wrapped;
use super::{COLUMNS, Page, Untrusted};
use crate::integration::Kind;
use crate::observed::{Sight, View};
use crate::plan::{ActionKind, LeftAlone, Step};
use crate::words::{cells, counted, fit};

/// What pruning does to a record.
pub(in super::super) fn pruned_words(change: &ChangeReport) -> Option<&'static str> {
    Some(match (change.pruned?, change.action) {
        (_, ActionKind::Blocked) => "not in the manifests: it should be pruned, but cannot be",
        (Step::Off, _) => "not in the manifests: disabled, and kept",
        (Step::First, _) => {
            "not in the manifests: disabled now; a later apply deletes it if it is still disabled"
        }
        (Step::Second, _) => "not in the manifests: second step, it is already disabled",
        (Step::AtOnce, _) => "not in the manifests: deleted at once",
    })
}

/// What the flags of the run leave out, in one line.
pub(super) fn left_out_text(left_out: &LeftOutReport, page: &mut Page) {
    let counted = counted([
        (left_out.integrations, "integration"),
        (left_out.changes, "change"),
        (left_out.records, "record"),
    ]);
    let which = if left_out.records > 0 {
        " that are not in the manifests"
    } else {
        ""
    };
    page.line(format!("Left out by flags: {counted}{which}."));
}

/// `this account sees incoming: only its own, outgoing: none`
pub(in super::super) fn view_words(view: &View) -> String {
    let words = Kind::ALL.map(|kind| {
        let sight = match view.sight(kind) {
            Sight::All => "all",
            Sight::Own => "only its own",
            Sight::Nothing => "none",
            Sight::NotAsked | Sight::Unknown => "not known",
        };
        format!("{}: {sight}", kind.word())
    });
    format!("this account sees {}", words.join(", "))
}

/// Why the plan as a whole is refused.
pub(in super::super) fn refusal_lines(refusal: &RefusalReport) -> String {
    let mut lines = vec![wrapped(
        "refused: ",
        &refusal.why.for_terminal(),
        2,
        COLUMNS,
    )];
    lines.extend(refusal.facts.iter().map(|fact| {
        let (word, value) = (fact.word.for_terminal(), fact.value.for_terminal());
        format!("  {word}   {value}")
    }));
    lines.push(wrapped(
        "  to go on: ",
        &refusal.help.for_terminal(),
        4,
        COLUMNS,
    ));
    let block = refusal.lines.iter();
    lines.extend(block.map(|line| format!("    {}", line.for_terminal())));
    lines.join("\n")
}

/// The records that no entry names and that are left alone, a line each.
pub(super) fn unmanaged_text(report: &PlanReport, page: &mut Page) {
    for record in &report.unmanaged {
        let creator = record.creator.as_ref().map(Untrusted::for_terminal);
        let why = match record.why {
            LeftAlone::NotPruned => "",
            LeftAlone::OutOfScope => ", out of scope",
            LeftAlone::Kept => ", kept",
            LeftAlone::LeftOut => ", left out by flags",
            LeftAlone::Off => ", already disabled",
        };
        let name = fit(&record.subject.name.for_terminal(), 36);
        let pad = 36 - cells(&name);
        page.line(format!(
            "  {:<9} {}{:pad$}  {}  created by {}{why}",
            record.subject.kind.word(),
            name,
            "",
            record.id.for_terminal(),
            creator.as_deref().unwrap_or("somebody unknown"),
        ));
    }
}
