//! What a plan from a snapshot says besides: of when it is, and what it leaves open.

use super::{Head, PlanReport};
use super::{Page, placed};
use crate::report::Untrusted;
use crate::report::snapshot::{NotComparedReport, SnapshotReport};
use crate::words::{cells, count, counted, start};

/// How many entries are listed; the JSON has them all.
const LISTED: usize = 20;

/// What the heading says of it.
pub(super) fn heading(report: &PlanReport) -> String {
    let Some(snapshot) = &report.snapshot else {
        return String::new();
    };
    format!(" · from snapshot of {}", moment(&snapshot.taken_at))
}

/// `2026-11-22 02:00 UTC`.
pub(in crate::report) fn moment(taken_at: &Untrusted) -> String {
    let taken_at = taken_at.for_terminal();
    match (taken_at.get(..10), taken_at.get(11..16)) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => taken_at,
    }
}

/// What it leaves open.
pub(super) fn open(report: &PlanReport, page: &mut Page) {
    let Some(snapshot) = &report.snapshot else {
        return;
    };
    not_compared(snapshot, page);
    let quoted = |names: &[Untrusted]| {
        let names = names.iter().map(|it| format!("`{}`", it.for_terminal()));
        names.collect::<Vec<_>>().join(", ")
    };
    let mut unchecked = |what: &str| page.indented("", &format!("Not checked: {what}."));
    let users = snapshot.users_not_checked.as_slice();
    if !users.is_empty() {
        let (noun, users) = (
            if users.len() == 1 { "user" } else { "users" },
            quoted(users),
        );
        unchecked(&format!("the {noun} {users} (not in the snapshot)"));
    }
    let targets = snapshot.targets_not_checked.as_slice();
    if !targets.is_empty() {
        let targets = quoted(targets);
        unchecked(&format!(
            "whether {targets} can be posted to (not in the snapshot)"
        ));
    }
    if snapshot.impersonators_not_checked {
        unchecked("who may impersonate (not in the snapshot)");
    }
    if snapshot.histories_not_checked > 0 {
        let disabled = disabled(snapshot.histories_not_checked);
        unchecked(&format!("why {disabled} (not in the snapshot)"));
    }
}

/// `1 webhook is disabled`.
pub(in crate::report) fn disabled(number: usize) -> String {
    let are = if number == 1 { "is" } else { "are" };
    format!("{} {are} disabled", count(number, "webhook"))
}

/// `2 fields, 1 integration`: how much is not compared.
pub(in crate::report) fn open_fields(snapshot: &SnapshotReport) -> String {
    let all = &snapshot.not_compared;
    let whole = all.iter().filter(|it| it.whole).count();
    let fields: usize = all.iter().map(|it| it.fields.len()).sum();
    counted([(fields, "field"), (whole, "integration")])
}

fn not_compared(snapshot: &SnapshotReport, page: &mut Page) {
    let all = &snapshot.not_compared;
    if all.is_empty() {
        return;
    }
    page.line(format!(
        "Not compared, because the snapshot does not hold it: {}.",
        open_fields(snapshot)
    ));
    for open in all.iter().take(LISTED) {
        let line = line(open, page);
        page.line(line);
    }
    if all.len() > LISTED {
        page.line(format!("    … and {} more", all.len() - LISTED));
    }
}

fn line(open: &NotComparedReport, page: &Page) -> String {
    let what: Vec<_> = open.fields.iter().map(Untrusted::for_terminal).collect();
    let what = if open.whole {
        "all fields: it was not in the manifests then".to_owned()
    } else {
        what.join(", ")
    };
    let text = format!(
        "    {:<9} {}: {what}",
        open.subject.kind.word(),
        start(&open.subject.name.for_terminal(), 24)
    );
    let head = Head {
        columns: cells(&text),
        text,
    };
    placed(&head, Some(&open.place), page)
}
