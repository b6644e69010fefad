//! What became of a plan, as text.

use std::collections::BTreeMap;
use std::mem;

use anstyle::Style;

use super::super::options::RenderOptions;
use super::super::run::{CheckReport, OutcomeReport, OutcomeWord, RunReport};
use super::{GREEN, Page, RED, YELLOW, beside, field_text, head, name_width};
use crate::escape::shell;
use crate::words::{cells, listed};

/// What became of a plan, as text.
pub fn run_text(report: &RunReport, options: &RenderOptions) -> String {
    let mut text = RunText::new(report, options);
    text.rest(report)
}

/// Outcomes as text, each as soon as it is known.
pub struct RunText {
    page: Page,
    /// What was shown of each, by index in the plan.
    texts: BTreeMap<usize, String>,
}

impl RunText {
    /// Shows outcomes of a plan of which nothing is done yet.
    pub fn new(untried: &RunReport, options: &RenderOptions) -> Self {
        let mut page = Page::new(options);
        let places = untried.outcomes.iter().filter_map(|it| it.place.as_ref());
        page.make_room(places.map(|it| cells(&it.words())).chain([ID]));
        Self {
            page,
            texts: BTreeMap::new(),
        }
    }

    /// The text of one outcome. The first follows an empty line.
    pub fn outcome(&mut self, index: usize, outcome: &OutcomeReport) -> String {
        let text = self.page.aside(|page| outcome_text(outcome, page));
        let lead = if self.texts.is_empty() { "\n" } else { "" };
        self.texts.insert(index, text.clone());
        format!("{lead}{text}")
    }

    /// Whether no outcome was shown yet.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// What is left to show: the outcomes that were not shown as they are now, and the closing lines.
    pub fn rest(&mut self, report: &RunReport) -> String {
        let page = &mut self.page;
        for (index, outcome) in report.outcomes.iter().enumerate() {
            let text = page.aside(|page| outcome_text(outcome, page));
            if self.texts.get(&index) != Some(&text) {
                page.text.push_str(&text);
            }
        }
        page.line("");
        closing(report, page);
        mem::take(&mut page.text)
    }
}

/// The cells of an id.
const ID: usize = 24;

/// How outcomes read, in the order in which they are counted: the sign, in a line's head, behind a number.
const WORDS: [(OutcomeWord, &str, &str, &str, Style); 14] = [
    (OutcomeWord::Created, "+", "created", "created", GREEN),
    (OutcomeWord::Adopted, "+", "adopted", "adopted", GREEN),
    (OutcomeWord::Updated, "~", "updated", "updated", YELLOW),
    (OutcomeWord::Disabled, "~", "disabled", "disabled", RED),
    (OutcomeWord::Deleted, "-", "deleted", "deleted", RED),
    (
        OutcomeWord::AlreadyGone,
        "-",
        "was gone",
        "already gone",
        RED,
    ),
    (OutcomeWord::Stale, "!", "stale", "stale", YELLOW),
    (
        OutcomeWord::NotApplied,
        "!",
        "not taken",
        "accepted but not applied",
        RED,
    ),
    (OutcomeWord::Doubled, "!", "doubled", "doubled", RED),
    (OutcomeWord::Failed, "!", "failed", "failed", RED),
    (OutcomeWord::Unknown, "!", "unknown", "unknown", RED),
    (OutcomeWord::Blocked, "!", "blocked", "blocked", YELLOW),
    (
        OutcomeWord::Condition,
        "!",
        "condition",
        "condition",
        YELLOW,
    ),
    (
        OutcomeWord::NotAttempted,
        "!",
        "not begun",
        "not begun",
        YELLOW,
    ),
];

/// The id of what was done, else where the entry stands.
fn place_words(outcome: &OutcomeReport) -> String {
    match (&outcome.id, &outcome.place) {
        (Some(id), _) if outcome.outcome.is_done() => id.for_terminal(),
        (_, Some(place)) => place.words(),
        (_, None) => String::new(),
    }
}

fn outcome_text(outcome: &OutcomeReport, page: &mut Page) {
    let words = WORDS.iter().find(|(word, ..)| *word == outcome.outcome);
    let (_, sign, word, _, style) = words.copied().unwrap_or(WORDS[WORDS.len() - 1]);
    let head = head(sign, word, style, &outcome.subject, page);
    page.line(beside(&head, &place_words(outcome), page));
    if let Some(why) = &outcome.why {
        page.words(&why.for_terminal());
    }
    for record in &outcome.records {
        page.line(format!("      {}", record.for_terminal()));
    }
    if let Some(help) = &outcome.help {
        page.words(&help.for_terminal());
    }
    let width = name_width(&outcome.fields);
    for field in &outcome.fields {
        field_text(field, width, "", page);
    }
}

/// The counts, whether what was made was looked back at, and what to do next.
fn closing(report: &RunReport, page: &mut Page) {
    let mut line = format!("{}: {}.", lead(report), counted(report));
    if let CheckReport::Done { listings } = &report.check {
        line.push_str(&verified(*listings));
    }
    page.line(line);
    let duplicates: usize = report
        .outcomes
        .iter()
        .map(|it| it.removed_duplicates.len())
        .sum();
    if duplicates > 0 {
        let what = if duplicates == 1 {
            "duplicate was"
        } else {
            "duplicates were"
        };
        page.line(format!(
            "{duplicates} {what} removed: another run created the same at the same time."
        ));
    }
    if let CheckReport::Skipped { why } = &report.check {
        page.line(format!(
            "Not verified: stopped before the check for duplicates from other runs: {}.",
            why.for_terminal()
        ));
        page.line("Plan again before the URLs of new webhooks are used.");
    } else if report.outcomes.iter().any(OutcomeReport::has_new_url) {
        let paths = report.about.manifest.paths.iter();
        let paths: Vec<_> = paths.map(|it| shell(&it.for_terminal())).collect();
        let sandbox = report.about.server.iter().filter(|server| server.sandbox);
        let sandbox =
            sandbox.map(|server| format!(" --sandbox={}", shell(&server.address.for_terminal())));
        page.line(format!(
            "URLs of new webhooks: rcsync urls {}{}",
            paths.join(" "),
            sandbox.collect::<String>()
        ));
    }
}

fn verified(listings: usize) -> String {
    match listings {
        1 => " Verified by one listing.".to_owned(),
        several => format!(" Verified by {several} listings."),
    }
}

fn lead(report: &RunReport) -> &'static str {
    match report.counts.done {
        0 => "Nothing applied",
        all if all == report.outcomes.len() => "Applied",
        _ => "Applied in part",
    }
}

/// `1 created, 1 failed`
fn counted(report: &RunReport) -> String {
    let number = |word| {
        let outcomes = report.outcomes.iter();
        outcomes.filter(|outcome| outcome.outcome == word).count()
    };
    listed(WORDS.map(|(word, _, _, text, _)| (number(word), text)))
}
