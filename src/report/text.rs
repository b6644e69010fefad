//! Reports as text for people, 80 columns wide. Symbols carry the meaning; colour repeats it.

mod cause;
mod failure;
mod field;
mod policy;
mod run;
mod script;
mod snapshot;

use std::collections::BTreeMap;
use std::mem;

use anstyle::{AnsiColor, Style};

pub use cause::drift_text;
pub(super) use failure::problem_line;
pub use run::{RunText, run_text};
pub(super) use snapshot::{disabled, moment, open_fields};

use super::Untrusted;
use super::options::{RenderOptions, ScriptDiff};
use super::plan::{ChangeReport, ConditionReport, FieldReport, PlaceReport, PlanReport};
use super::subject::Subject;
use super::wrap::wrapped;
use crate::plan::ActionKind;
use crate::words::{cells, count, fit};
use failure::failure_text;
use field::field_text;
pub(super) use field::{field_line, value_text};
use policy::{left_out_text, unmanaged_text};
pub(super) use policy::{pruned_words, refusal_lines, view_words};

/// How wide a page is.
pub(super) const COLUMNS: usize = 80;

/// Where the name of an integration ends and its place begins, unless a place is so long that it begins earlier.
const PLACE_COLUMN: usize = 60;
/// Names keep at least this much room before it.
const LEAST_PLACE_COLUMN: usize = 44;
/// The cells of a line before the name.
const BEFORE_NAME: usize = 22;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Text that is being written, with or without colour.
struct Page {
    text: String,
    color: bool,
    scripts: ScriptDiff,
    verbose: bool,
    place_column: usize,
}

impl Page {
    fn new(options: &RenderOptions) -> Self {
        Self {
            text: String::new(),
            place_column: PLACE_COLUMN,
            color: options.color,
            scripts: options.scripts,
            verbose: options.verbose,
        }
    }

    /// Makes room for places of so many cells.
    fn make_room(&mut self, places: impl Iterator<Item = usize>) {
        let longest = places.max().unwrap_or(0);
        self.place_column = COLUMNS
            .saturating_sub(longest)
            .clamp(LEAST_PLACE_COLUMN, PLACE_COLUMN);
    }

    /// What these lines are, written by themselves.
    fn aside(&mut self, write: impl FnOnce(&mut Self)) -> String {
        let page = mem::take(&mut self.text);
        write(self);
        mem::replace(&mut self.text, page)
    }

    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref().trim_end());
        self.text.push('\n');
    }

    /// Words below a heading, indented, in lines that fit the page.
    fn words(&mut self, words: &str) {
        self.indented("    ", words);
    }

    /// Words in lines that fit the page, each behind an indent.
    fn indented(&mut self, indent: &str, words: &str) {
        self.line(wrapped(indent, words, indent.len(), COLUMNS));
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.color {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// A plan as text.
pub fn plan_text(report: &PlanReport, options: &RenderOptions) -> String {
    let mut page = Page::new(options);
    heading(report, &mut page);
    if let Some(failure) = &report.failure {
        failure_text(failure, &mut page);
        return page.text;
    }
    let places = report
        .changes
        .iter()
        .map(|change| cells(&place_words(change)));
    page.make_room(places);
    for (changes, body) in grouped(&report.changes, &mut page) {
        page.line("");
        for change in changes {
            let head = change_head(change, &page);
            page.line(beside(&head, &place_words(change), &page));
        }
        page.text.push_str(&body);
    }
    page.line("");
    summary(report, &mut page);
    page.text
}

/// The changes with what is below their heads. Updates of which that is the same are one block, unless each is asked for.
fn grouped<'r>(
    changes: &'r [ChangeReport],
    page: &mut Page,
) -> Vec<(Vec<&'r ChangeReport>, String)> {
    let mut groups: Vec<(Vec<&ChangeReport>, String)> = Vec::new();
    let mut known = BTreeMap::new();
    for change in changes {
        let body = page.aside(|page| change_body(change, page));
        let may_join = change.action == ActionKind::Update && !page.verbose;
        if let Some(at) = known.get(&body).filter(|_| may_join) {
            let (members, _): &mut (Vec<_>, String) = &mut groups[*at];
            members.push(change);
            continue;
        }
        if may_join {
            known.insert(body.clone(), groups.len());
        }
        groups.push((vec![change], body));
    }
    groups
}

/// Where the entry stands; without one, the record's id.
fn place_words(change: &ChangeReport) -> String {
    match (&change.place, &change.id) {
        (Some(place), _) => place.words(),
        (None, Some(id)) => id.for_terminal(),
        (None, None) => String::new(),
    }
}

fn heading(report: &PlanReport, page: &mut Page) {
    let mut line = page.paint(BOLD, "rcsync plan");
    if let Some(server) = &report.about.server {
        let server = server.words(&server.address.for_terminal(), Untrusted::for_terminal);
        line.extend([" · ", &server]);
    }
    line.push_str(&snapshot::heading(report));
    page.line(line);
    let manifest = &report.about.manifest;
    let paths: Vec<_> = manifest.paths.iter().map(Untrusted::for_terminal).collect();
    let paths = paths.join(", ");
    if report.failure.is_some() {
        return page.line(paths);
    }
    let base = report.base.as_ref();
    let base = base.map(|base| format!("; base {}", base.for_terminal()));
    page.line(format!(
        "{paths}: {}, {}{}",
        count(manifest.files, "file"),
        count(manifest.integrations, "integration"),
        base.unwrap_or_default()
    ));
}

fn change_head(change: &ChangeReport, page: &Page) -> Head {
    let (sign, style) = match change.action {
        ActionKind::Blocked | ActionKind::Condition => ("!", YELLOW),
        ActionKind::Delete => ("-", RED),
        ActionKind::Disable => ("~", RED),
        ActionKind::Update => ("~", YELLOW),
        ActionKind::Create => ("+", GREEN),
    };
    head(sign, change.action.word(), style, &change.subject, page)
}

/// What is below the head of a change.
fn change_body(change: &ChangeReport, page: &mut Page) {
    cause::below(change, page);
    let width = name_width(&change.fields);
    for field in &change.fields {
        let note = match change.note(field) {
            "" => String::new(),
            note => page.paint(DIM, note),
        };
        field_text(field, width, &note, page);
    }
    for line in change.conditions.iter().flat_map(ConditionReport::lines) {
        page.words(&line);
    }
    if let Some(words) = pruned_words(change) {
        page.words(words);
    }
    if change.url_dies {
        page.words("its URL stops working for good; senders will get errors");
    }
    for blocked in &change.blocked {
        page.words(&blocked.why.for_terminal());
        for choice in &blocked.choices {
            page.line(format!("      {}", choice.for_terminal()));
        }
        page.words(&blocked.help.for_terminal());
    }
}

/// A line's head, and how many columns it takes on the screen.
struct Head {
    text: String,
    columns: usize,
}

fn head(sign: &str, word: &str, style: Style, subject: &Subject, page: &Page) -> Head {
    let lead = format!("{sign} {word:<9}");
    let room = page.place_column - BEFORE_NAME - 2;
    let name = fit(&subject.name.for_terminal(), room);
    let rest = format!(" {:<9} {name}", subject.kind.word());
    let columns = cells(&lead) + cells(&rest);
    Head {
        text: page.paint(style, &lead) + &rest,
        columns,
    }
}

fn placed(head: &Head, place: Option<&PlaceReport>, page: &Page) -> String {
    match place {
        Some(place) => beside(head, &place.words(), page),
        None => head.text.clone(),
    }
}

fn beside(head: &Head, words: &str, page: &Page) -> String {
    if words.is_empty() {
        return head.text.clone();
    }
    let gap = " ".repeat(page.place_column.saturating_sub(head.columns).max(2));
    format!("{}{gap}{}", head.text, page.paint(DIM, words))
}

fn name_width(fields: &[FieldReport]) -> usize {
    fields
        .iter()
        .map(|field| field.name.for_terminal().len())
        .max()
        .unwrap_or(0)
}

fn summary(report: &PlanReport, page: &mut Page) {
    let counts = &report.counts;
    let whole = summary_line(report);
    // With so many numbers in it, it may not fit.
    let (line, rest) = match whole.split_once("; ") {
        Some((start, rest)) if cells(&whole) > COLUMNS => (format!("{start};"), Some(rest)),
        _ => (whole.clone(), None),
    };
    page.line(match line.strip_prefix("Plan:") {
        Some(rest) => page.paint(BOLD, "Plan:") + rest,
        None => line,
    });
    if let Some(rest) = rest {
        page.line(format!("      {rest}"));
    }
    cause::summary(report, page);
    if counts.released > 0 {
        page.line(format!(
            "Released: {} no longer managed.",
            count(counts.released, "integration")
        ));
    }
    if counts.unmanaged > 0 {
        let words = format!(
            "Unmanaged: {} on the server {} not in these manifests{}",
            count(counts.unmanaged, "integration"),
            if counts.unmanaged == 1 { "is" } else { "are" },
            if page.verbose {
                ":"
            } else {
                " (list them with --verbose)."
            }
        );
        page.line(wrapped("", &words, 2, COLUMNS));
        if page.verbose {
            unmanaged_text(report, page);
        }
    }
    if counts.unread > 0 {
        page.line(format!(
            "Skipped: {} of a type that rcsync does not know.",
            count(counts.unread, "record")
        ));
    }
    if let Some(forecast) = &report.forecast {
        page.line(format!("Writes: {}", forecast.words("\n  ")));
    }
    if let Some(view) = &report.view {
        page.line("Partial view: this plan has no integrations of other accounts;");
        page.line(format!("  {}.", view_words(view)));
    }
    if let Some(left_out) = &report.left_out {
        left_out_text(left_out, page);
    }
    snapshot::open(report, page);
    for note in &report.notes {
        page.indented("", &format!("Note: {}.", note.words.for_terminal()));
    }
    for refusal in &report.refusals {
        page.line("");
        let lines = refusal_lines(refusal);
        page.line(lines.replacen("refused:", &page.paint(RED, "refused:"), 1));
    }
}

/// The line that says it all.
pub(super) fn summary_line(report: &PlanReport) -> String {
    let counts = &report.counts;
    if report.changes.is_empty() {
        return format!("No changes. {}.", matches(counts.unchanged));
    }
    let some = |number: usize, text: &str| match number {
        0 => String::new(),
        _ => format!("{number} {text}"),
    };
    format!(
        "Plan: {} to create, {} to update, {} to disable, {} to delete; {}{}{} unchanged.",
        counts.create,
        counts.update,
        counts.disable,
        counts.delete,
        some(counts.blocked, "blocked, "),
        some(counts.condition, "with a condition, "),
        counts.unchanged
    )
}

/// `All 3 integrations match the manifests`.
pub(super) fn matches(number: usize) -> String {
    match number {
        0 => "There is no integration to compare".to_owned(),
        1 => "The integration matches the manifests".to_owned(),
        _ => format!("All {number} integrations match the manifests"),
    }
}
