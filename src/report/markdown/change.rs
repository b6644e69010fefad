//! A change: its row in the table, and its fold.

use super::super::Foreign;
use super::super::diff::{Line, Sign, is_first, stat};
use super::super::look::ScriptDiff;
use super::super::plan::{ChangeReport, FieldDiff, FieldReport};
use super::super::shown::Shown;
use super::super::text::{pruned_words, value_text};
use super::escape::{cell, code, fence, html};
use super::sign;
use crate::plan::{ActionKind, Cause, Step};
use crate::words::{count, end, start};

/// The longest name in a table or a fold's heading.
const LONGEST_NAME: usize = 60;

/// The most fields that a row names.
const MOST_FIELDS: usize = 8;

/// The row of a change.
pub(super) fn row(change: &ChangeReport) -> String {
    let place = change.place.as_ref().map(|place| {
        let place = format!("{}:{}", place.file.for_terminal(), place.line);
        cell(&end(&place, LONGEST_NAME))
    });
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
        ActionKind::Blocked => match &change.blocked {
            Some(blocked) => format!(
                "blocked: {}",
                cell(&start(
                    blocked.why.for_terminal().trim_end_matches(':'),
                    100
                ))
            ),
            None => "blocked".to_owned(),
        },
        ActionKind::Delete if change.url_dies => "delete: **its URL dies**".to_owned(),
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
fn names<'a>(names: impl Iterator<Item = &'a Foreign>) -> String {
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
    if let Some(blocked) = &change.blocked {
        let choices = blocked
            .choices
            .iter()
            .map(|choice| format!("  {}\n", choice.for_terminal()));
        let words = format!(
            "{}\n{}{}\n",
            blocked.why.for_terminal(),
            choices.collect::<String>(),
            blocked.remedy.for_terminal()
        );
        blocks.push(fence("text", &words));
    }
    let lines: String = change
        .fields
        .iter()
        .map(|field| field_lines(field, note(field, change), scripts))
        .collect();
    if !lines.is_empty() {
        blocks.push(fence("diff", &lines));
    }
    if scripts == ScriptDiff::Full {
        let blocks_of = |field| script_block(field, note(field, change));
        blocks.extend(change.fields.iter().filter_map(blocks_of));
    }
    for condition in &change.conditions {
        let first = format!(
            "{}: {}\n",
            condition.code.for_terminal(),
            condition.why.for_terminal()
        );
        let rest = condition.words.iter().chain([&condition.remedy]);
        let rest = rest.map(|words| words.for_terminal() + "\n");
        blocks.push(fence("text", &(first + &rest.collect::<String>())));
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
        FieldDiff::Script {
            file,
            too_large: Some(extent),
            ..
        } => line(
            '!',
            &format!("{} ({})", origin(file.as_ref()), extent.words()),
        ),
        FieldDiff::Script { file, hunks, .. } => {
            let file = origin(file.as_ref());
            let (added, removed) = stat(hunks);
            match scripts {
                _ if is_first(hunks) => line('+', &format!("{file} ({})", count(added, "line"))),
                ScriptDiff::Full => String::new(),
                ScriptDiff::Stat => line('!', &format!("{file} (+{added} -{removed} lines)")),
                ScriptDiff::None => line('!', &file),
            }
        }
    }
}

/// What stands behind a field that is only a part of where the change comes from.
fn note(field: &FieldReport, change: &ChangeReport) -> &'static str {
    match field.cause {
        Some(cause) if change.cause == Some(Cause::Both) => cause.note(),
        _ => "",
    }
}

fn origin(file: Option<&Foreign>) -> String {
    file.map_or("inline".to_owned(), Foreign::for_terminal)
}

/// A script that differs, line by line.
fn script_block(field: &FieldReport, note: &str) -> Option<String> {
    let FieldDiff::Script { file, hunks, .. } = &field.change else {
        return None;
    };
    // Also where they are too many.
    if is_first(hunks) {
        return None;
    }
    let mut lines = String::new();
    // How many lines the stretches before have added and removed.
    let mut shift = (0, 0);
    for hunk in hunks {
        lines.push_str(&stretch(hunk, shift));
        let (added, removed) = stat(std::slice::from_ref(hunk));
        shift = (shift.0 + added, shift.1 + removed);
        for line in hunk {
            lines.push(line.sign.character());
            lines.push_str(&line.text.line());
            lines.push_str(if line.space_only {
                "  (white space only)\n"
            } else {
                "\n"
            });
        }
    }
    let name = code(&field.name.for_terminal());
    let file = code(&end(&origin(file.as_ref()), 100));
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
