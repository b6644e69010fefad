//! A change: its row in the table, and its fold.

use super::super::Untrusted;
use super::super::diff::{Line, Sign, stat};
use super::super::options::ScriptDiff;
use super::super::plan::{ChangeReport, FieldDiff, FieldReport};
use super::super::shown::Shown;
use super::super::text::{pruned_words, value_text};
use super::escape::{cell, code, fence, html};
use super::sign;
use crate::plan::{ActionKind, Step};
use crate::words::{end, start};

/// The longest name in a table or a fold's heading.
const LONGEST_NAME: usize = 60;

/// The most fields that a row names.
const MOST_FIELDS: usize = 8;

/// The row of a change.
pub(super) fn row(change: &ChangeReport) -> String {
    let place = change
        .place
        .as_ref()
        .map(|place| cell(&end(&place.words(), LONGEST_NAME)));
    format!(
        "| {} | {} | {} | {} | {} |\n",
        sign(change.action),
        change.subject.kind.word(),
        cell(&name(change)),
        what(change),
        place.unwrap_or_default()
    )
}

fn name(change: &ChangeReport) -> String {
    start(&change.subject.name.for_terminal(), LONGEST_NAME)
}

/// What would be done, in a few words.
fn what(change: &ChangeReport) -> String {
    let fields = change.fields.iter().map(|field| &field.name);
    let conditions = change.conditions.iter().map(|condition| &condition.code);
    let what = match change.action {
        ActionKind::Blocked => match change.blocked.as_slice() {
            [first, rest @ ..] => {
                let why = first.why.for_terminal();
                let why = cell(&start(why.trim_end_matches(':'), 100));
                let more = match rest.len() {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                format!("blocked: {why}{more}")
            }
            [] => "blocked".to_owned(),
        },
        ActionKind::Delete if change.url_dies => "delete: **its URL stops working**".to_owned(),
        ActionKind::Delete => "delete".to_owned(),
        ActionKind::Disable if change.pruned == Some(Step::First) => {
            "disable; second step: delete".to_owned()
        }
        ActionKind::Disable => "disable".to_owned(),
        ActionKind::Create => "new".to_owned(),
        ActionKind::Update | ActionKind::Condition => names(fields.chain(conditions)),
    };
    match change.cause {
        Some(cause) => format!("{what} · {}", cause.short()),
        None => what,
    }
}

/// What the change comes from, and who changed a drifting record last.
fn origin_line(change: &ChangeReport) -> Option<String> {
    let last = change.last_change.as_ref()?;
    let last = last.words(|text| code(&start(&text.for_terminal(), LONGEST_NAME)))?;
    Some(format!("{}: {last}\n", change.cause?.words()))
}

/// Names of fields and conditions.
fn names<'a>(names: impl Iterator<Item = &'a Untrusted>) -> String {
    let names: Vec<_> = names
        .map(|name| cell(&start(&name.for_terminal(), LONGEST_NAME)))
        .collect();
    let more = match names.len().saturating_sub(MOST_FIELDS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names[..names.len().min(MOST_FIELDS)].join(", ") + &more
}

/// The fold of a change; empty if the row says it all.
pub(super) fn fold(change: &ChangeReport, scripts: ScriptDiff) -> String {
    let mut blocks: Vec<_> = origin_line(change).into_iter().collect();
    for blocked in &change.blocked {
        let choices = blocked
            .choices
            .iter()
            .map(|choice| format!("  {}\n", choice.for_terminal()));
        let words = format!(
            "{}\n{}{}\n",
            blocked.why.for_terminal(),
            choices.collect::<String>(),
            blocked.help.for_terminal()
        );
        blocks.push(fence("text", &words));
    }
    let lines: String = change
        .fields
        .iter()
        .map(|field| field_lines(field, change.note(field), scripts))
        .collect();
    if !lines.is_empty() {
        blocks.push(fence("diff", &lines));
    }
    if scripts == ScriptDiff::Full {
        let blocks_of = |field| script_block(field, change.note(field));
        blocks.extend(change.fields.iter().filter_map(blocks_of));
    }
    for condition in &change.conditions {
        blocks.push(fence("text", &(condition.lines().join("\n") + "\n")));
    }
    if let Some(words) = pruned_words(change) {
        blocks.push(fence("text", &format!("{words}\n")));
    }
    if blocks.is_empty() {
        return String::new();
    }
    format!(
        "\n<details><summary>{} <code>{}</code></summary>\n\n{}\n</details>\n",
        sign(change.action),
        html(&name(change)),
        blocks.join("\n")
    )
}

/// The lines of a field in the change's `diff` block. A script that is shown line by line has a block of its own.
fn field_lines(field: &FieldReport, note: &str, scripts: ScriptDiff) -> String {
    let name = field.name.for_terminal();
    let line = |sign: char, value: &str| format!("{sign} {name}: {value}{note}\n");
    match &field.change {
        FieldDiff::Set(value) => line('+', &value_text(value)),
        FieldDiff::Replaced {
            before: Shown::Secret,
            after: Shown::Secret,
        } => line('-', "(secret)") + &line('+', "(another secret)"),
        FieldDiff::Replaced { before, after } => {
            line('-', &value_text(before)) + &line('+', &value_text(after))
        }
        FieldDiff::Items { added, removed } => {
            let removed = removed.iter().map(|item| line('-', &item.for_terminal()));
            let added = added.iter().map(|item| line('+', &item.for_terminal()));
            removed.chain(added).collect()
        }
        FieldDiff::Script(script) if script.is_shown(scripts) => String::new(),
        FieldDiff::Script(script) => {
            let sign = if script.is_first() { '+' } else { '!' };
            line(sign, &script.words(scripts))
        }
    }
}

/// A script that differs, line by line.
fn script_block(field: &FieldReport, note: &str) -> Option<String> {
    let script = match &field.change {
        FieldDiff::Script(script) if script.is_shown(ScriptDiff::Full) => script,
        _ => return None,
    };
    let mut lines = String::new();
    // How many lines the stretches before have added and removed.
    let mut shift = (0, 0);
    for hunk in &script.hunks {
        lines.push_str(&stretch(hunk, shift));
        let (added, removed) = stat(hunk);
        shift = (shift.0 + added, shift.1 + removed);
        for line in hunk {
            lines.push(line.sign.character());
            lines.extend([&line.words(), "\n"]);
        }
    }
    let name = code(&field.name.for_terminal());
    let file = code(&end(&script.origin(), 100));
    let head = format!("{name} · {file}{note}");
    Some(format!("{head}\n\n{}", fence("diff", &lines)))
}

/// `@@ -12,3 +12,4 @@`: where a stretch begins in the old script and in the new one, and how many lines it has in each.
fn stretch(hunk: &[Line], (added, removed): (usize, usize)) -> String {
    let length = |other| hunk.iter().filter(|line| line.sign != other).count();
    let first = |line: &Line| line.number;
    let kept = hunk
        .iter()
        .find(|line| line.sign != Sign::Removed)
        .map(first);
    let (old, new) = match kept {
        Some(new) => ((new + removed).saturating_sub(added), new),
        // Nothing is left of the script.
        None => (hunk.first().map_or(0, first), 0),
    };
    format!(
        "@@ -{old},{} +{new},{} @@\n",
        length(Sign::Added),
        length(Sign::Removed)
    )
}
