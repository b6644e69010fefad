//! What changes come from, as text.

use super::{Page, Untrusted, change_head};
use crate::plan::Cause;
use crate::report::options::RenderOptions;
use crate::report::plan::{ChangeReport, PlanReport};
use crate::words::count;

/// The line below a change's heading.
pub(super) fn below(change: &ChangeReport, page: &mut Page) {
    let Some(cause) = change.cause else { return };
    let last = change.last_change.as_ref();
    let last = last.and_then(|last| last.words(Untrusted::for_terminal));
    page.words(&match last {
        Some(last) => format!("{}: {last}", cause.words()),
        None => cause.words().to_owned(),
    });
}

/// The line of the summary.
pub(super) fn summary(report: &PlanReport, page: &mut Page) {
    let causes: Vec<_> = report.changes.iter().filter_map(|it| it.cause).collect();
    if causes.is_empty() {
        return;
    }
    let number = |cause| causes.iter().filter(|it| **it == cause).count();
    page.line(format!(
        "Of these: {} from this change, {} already drifting, {} both.",
        number(Cause::ThisChange),
        number(Cause::Drift),
        number(Cause::Both)
    ));
}

/// What apply is about to do that nobody saw in this change; nothing if there is no such thing.
pub fn drift_text(report: &PlanReport, options: &RenderOptions) -> String {
    let mut page = Page::new(options);
    let drifts = |change: &&ChangeReport| change.cause.is_some_and(Cause::is_drift);
    let changes = report.changes.iter().filter(drifts);
    let changes: Vec<_> = changes.filter(|it| it.action.is_write()).collect();
    if changes.is_empty() {
        return String::new();
    }
    page.line(format!(
        "Not from this change, but applied with it: {}.",
        count(changes.len(), "change")
    ));
    for change in changes {
        let head = change_head(change, &page).text;
        let fields: Vec<_> = change
            .fields
            .iter()
            .filter(|field| field.cause.is_none_or(Cause::is_drift))
            .map(|field| field.name.for_terminal())
            .collect();
        let fields = match fields.as_slice() {
            [] => String::new(),
            fields => format!(": {}", fields.join(", ")),
        };
        page.line(format!("  {head}{fields}"));
    }
    page.text
}
