//! What a plan from a snapshot says besides, in Markdown.

use super::super::Untrusted;
use super::super::plan::PlanReport;
use super::super::snapshot::{NotComparedReport, SnapshotReport};
use super::super::text::{disabled, moment, open_fields};
use super::escape::{code, fence};
use crate::words::{count, start};

/// How many entries are listed; the JSON has them all.
const LISTED: usize = 50;

/// The longest name in the list.
const LONGEST: usize = 60;

/// Of when it is.
pub(super) fn date(report: &PlanReport) -> String {
    let Some(snapshot) = &report.snapshot else {
        return String::new();
    };
    let moment = start(&moment(&snapshot.taken_at), 60);
    let date = moment
        .chars()
        .all(|character| character.is_ascii_digit() || "-: UTC".contains(character));
    // Whatever else a file says is not a date.
    let moment = if date { moment } else { code(&moment) };
    format!(" · from snapshot of {moment}")
}

/// How much it leaves open.
pub(super) fn open(report: &PlanReport) -> String {
    let Some(snapshot) = &report.snapshot else {
        return String::new();
    };
    let mut words = Vec::new();
    let compared = open_fields(snapshot);
    if !compared.is_empty() {
        words.push(format!(" · not compared: {compared}"));
    }
    let users = snapshot.users_not_checked.len();
    if users > 0 {
        words.push(format!(" · not checked: {}", count(users, "user")));
    }
    let targets = snapshot.targets_not_checked.len();
    if targets > 0 {
        words.push(format!(
            " · not checked: {} posted to",
            count(targets, "target")
        ));
    }
    if snapshot.impersonators_not_checked {
        words.push(" · not checked: who may impersonate".to_owned());
    }
    if snapshot.histories_not_checked > 0 {
        let disabled = disabled(snapshot.histories_not_checked);
        words.push(format!(" · not checked: why {disabled}"));
    }
    words.concat()
}

/// What it leaves open, one by one.
pub(super) fn fold(report: &PlanReport) -> String {
    let Some(snapshot) = &report.snapshot else {
        return String::new();
    };
    let lines = lines(snapshot);
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "\n<details><summary>not in the snapshot</summary>\n\n{}\n</details>\n",
        fence("text", &lines)
    )
}

fn lines(snapshot: &SnapshotReport) -> String {
    let more = |total: usize| match total.saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("… and {more} more\n"),
    };
    let compared = snapshot.not_compared.iter().take(LISTED).map(line);
    let unchecked = |what: &str, names: &[Untrusted]| {
        let lines = names.iter().take(LISTED).map(|name| {
            let name = start(&name.for_terminal(), LONGEST);
            format!("{what} {name}: not checked\n")
        });
        lines.collect::<String>() + &more(names.len())
    };
    compared.collect::<String>()
        + &more(snapshot.not_compared.len())
        + &unchecked("user", &snapshot.users_not_checked)
        + &unchecked("posts to", &snapshot.targets_not_checked)
}

fn line(open: &NotComparedReport) -> String {
    let fields = open
        .fields
        .iter()
        .map(|name| start(&name.for_terminal(), LONGEST));
    let what = if open.whole {
        "all fields: it was not in the manifests then".to_owned()
    } else {
        fields.collect::<Vec<_>>().join(", ")
    };
    format!(
        "{} {}: {what} (not compared)\n",
        open.subject.kind.word(),
        start(&open.subject.name.for_terminal(), LONGEST)
    )
}
