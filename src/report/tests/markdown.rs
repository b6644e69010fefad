//! Markdown, read by a parser that is not ours: nothing foreign gets out, nothing is left open, and what is left out
//! is counted and in order.

use std::collections::BTreeMap;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::super::markdown::escape::{cell, code, fence, html};
use super::super::{Budget, PlanReport, RenderOptions, plan_markdown};
use super::draw::FOREIGN;
use crate::integration::Kind;
use crate::report::Untrusted;

const SIGNS: [&str; 5] = ["➕", "✏️", "❗", "⏸️", "🗑️"];

/// What a reader of the document sees.
#[derive(Debug, Default)]
struct Seen {
    rows: BTreeMap<String, usize>,
    folds: BTreeMap<String, usize>,
    paragraphs: Vec<String>,
}

fn parser(text: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
        | Options::ENABLE_MATH;
    Parser::new_ext(text, options)
}

/// Reads the document; whatever should not be in it fails.
fn read(text: &str) -> Seen {
    let mut seen = Seen::default();
    let mut plain = String::new();
    let mut cells: Vec<(String, usize)> = Vec::new();
    let mut in_code = false;
    let mut open = 0;
    for event in parser(text) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                assert!(["diff", "text"].contains(&&*info), "{info}\n{text}");
                in_code = true;
            }
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(words) if in_code => drop(words),
            Event::Text(words) => {
                assert!(!words.contains(FOREIGN), "{words}\n{text}");
                plain.push_str(&words);
                if let Some(cell) = cells.last_mut() {
                    cell.0.push_str(&words);
                }
            }
            Event::Code(_) => {
                plain.push('_');
                if let Some(cell) = cells.last_mut() {
                    cell.1 += 1;
                }
            }
            Event::Html(tag) => open = html_line(&tag, open, &mut seen, text),
            Event::Start(Tag::Paragraph) => plain.clear(),
            Event::End(TagEnd::Paragraph) => seen.paragraphs.push(std::mem::take(&mut plain)),
            Event::Start(Tag::TableRow) | Event::End(TagEnd::TableHead) => cells.clear(),
            Event::Start(Tag::TableCell) => cells.push((String::new(), 0)),
            Event::End(TagEnd::TableRow) => row(&std::mem::take(&mut cells), &mut seen, text),
            Event::Start(Tag::Heading { level, .. }) => assert_eq!(level, HeadingLevel::H3),
            Event::Start(Tag::Strong | Tag::Table(_) | Tag::TableHead | Tag::HtmlBlock)
            | Event::End(
                TagEnd::Strong
                | TagEnd::Table
                | TagEnd::HtmlBlock
                | TagEnd::Heading(_)
                | TagEnd::TableCell,
            ) => {}
            other => panic!("{other:?}\n{text}"),
        }
    }
    assert!(!in_code && open == 0, "something is left open\n{text}");
    seen
}

/// Our own tags, each in a line; foreign text between them has none.
fn html_line(tag: &str, open: usize, seen: &mut Seen, text: &str) -> usize {
    let tag = tag.trim_end_matches('\n');
    if tag == "</details>" {
        return open
            .checked_sub(1)
            .unwrap_or_else(|| panic!("closed twice\n{text}"));
    }
    let ours = [
        "<details><summary>not in the snapshot</summary>",
        "<details open><summary>notes</summary>",
    ];
    if ours.contains(&tag) {
        assert_eq!(open, 0);
        return 1;
    }
    if let Some(rest) = tag.strip_prefix("<details><summary>") {
        let inner = rest.strip_suffix("</code></summary>");
        let (sign, name) = inner
            .and_then(|inner| inner.split_once(" <code>"))
            .unwrap_or_else(|| panic!("{tag}"));
        assert!(
            SIGNS.contains(&sign) && !name.contains(['<', '>', '"']),
            "{tag}"
        );
        *seen.folds.entry(sign.to_owned()).or_default() += 1;
        assert_eq!(open, 0);
        return 1;
    }
    let marker = tag
        .strip_prefix("<!-- rcsync plan")
        .and_then(|rest| rest.strip_suffix(" -->"));
    let marker = marker.unwrap_or_else(|| panic!("{tag}\n{text}"));
    assert!(
        text.starts_with(tag) && !marker.contains("--") && !marker.contains('>'),
        "{tag}"
    );
    open
}

fn row(cells: &[(String, usize)], seen: &mut Seen, text: &str) {
    // What is pruned is in no manifest.
    let [(sign, 0), (kind, 0), (name, 1), (what, _), (place, 0 | 1)] = cells else {
        panic!("{cells:?}\n{text}");
    };
    assert!(SIGNS.contains(&sign.as_str()), "{cells:?}");
    assert!(
        Kind::ALL.iter().any(|known| known.word() == kind),
        "{cells:?}"
    );
    assert!(
        name.is_empty() && place.is_empty() && !what.contains('|'),
        "{cells:?}"
    );
    *seen.rows.entry(sign.clone()).or_default() += 1;
}

/// How much of what the line about what is left out counts, by sign.
fn left_out(seen: &Seen, what: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let line = seen
        .paragraphs
        .iter()
        .find(|line| line.starts_with("Left out, to stay within "));
    let line = line.map_or("", |line| {
        line.split_once(": ").unwrap().1.trim_end_matches('.')
    });
    let Some(list) = line.split("; ").find_map(|part| part.strip_prefix(what)) else {
        return counts;
    };
    for item in list.split(", ") {
        let (number, noun) = item.split_once(' ').unwrap();
        let sign = match noun.trim_end_matches('s') {
            "create" => "➕",
            "update" => "✏️",
            "delete" => "🗑️",
            "disable" => "⏸️",
            "condition" | "blocked" => "❗",
            _ => panic!("{item}"),
        };
        *counts.entry(sign.to_owned()).or_default() += number.parse::<usize>().unwrap();
    }
    counts
}

/// Holds a document against the whole one. Says whether something is left out.
fn fits(text: &str, whole: &str, all: &Seen, budget: Budget) -> bool {
    let room = budget.room();
    assert!(
        budget.of(text) <= room,
        "{} of {room}\n{text}",
        budget.of(text)
    );
    assert!(text.chars().count() <= room);
    if budget.of(whole) <= room {
        assert_eq!(text, whole, "nothing had to be left out");
        return false;
    }
    let seen = read(text);
    let number =
        |counts: &BTreeMap<String, usize>, sign: &str| counts.get(sign).copied().unwrap_or(0);
    let (rows, folds) = (
        left_out(&seen, "the rows of "),
        left_out(&seen, "the details of "),
    );
    for sign in SIGNS {
        assert_eq!(
            number(&seen.rows, sign) + number(&rows, sign),
            number(&all.rows, sign),
            "{sign}\n{text}"
        );
        assert_eq!(
            number(&seen.folds, sign) + number(&folds, sign),
            number(&all.folds, sign),
            "{sign}\n{text}"
        );
    }
    // What goes first is gone altogether before anything goes that matters more.
    let shown = |sign: &str| number(&seen.rows, sign) + number(&seen.folds, sign);
    let missing = |sign: &str| number(&rows, sign) + number(&folds, sign) > 0;
    let (create, update) = (shown("➕"), shown("✏️"));
    assert!(
        !missing("🗑️") || create + update + shown("❗") + shown("⏸️") == 0,
        "{text}"
    );
    assert!(
        !missing("⏸️") || create + update + shown("❗") == 0,
        "{text}"
    );
    assert!(!missing("❗") || create + update == 0, "{text}");
    assert!(number(&rows, "✏️") == 0 || create == 0, "{text}");
    assert!(
        number(&folds, "✏️") == 0 || number(&seen.folds, "➕") == 0,
        "{text}"
    );
    let footer = seen.paragraphs.last().unwrap();
    assert!(footer.contains(" unchanged"), "{footer}\n{text}");
    true
}

/// Holds a plan to all of it, in rooms of several sizes. Says in which of them something is left out.
pub(super) fn stays_inside(report: &PlanReport) -> [bool; 3] {
    let whole = plan_markdown(report, &RenderOptions::default());
    let all = read(&whole);
    [
        Budget::Characters(2000),
        Budget::Characters(4000),
        Budget::GitHub,
    ]
    .map(|budget| {
        let options = RenderOptions {
            budget: Some(budget),
            ..RenderOptions::default()
        };
        fits(&plan_markdown(report, &options), &whole, &all, budget)
    })
}

/// What is put into a span, a cell, a fence or a tag is what a parser reads there.
#[test]
fn what_is_written_is_what_is_read() {
    const ALPHABET: [char; 14] = [
        '`', '`', '|', '\\', ' ', ' ', '<', '>', '&', '*', 'a', '~', '\n', ']',
    ];
    let mut random = StdRng::seed_from_u64(1);
    for _ in 0..10_000 {
        let length = random.random_range(1..12);
        let text: String = (0..length)
            .map(|_| ALPHABET[random.random_range(0..ALPHABET.len())])
            .collect();
        let text = Untrusted::from(text).for_terminal();

        let spans = |markdown: &str| -> Vec<String> {
            let codes = parser(markdown).filter_map(|event| match event {
                Event::Code(words) => Some(words.to_string()),
                Event::Text(words) => Some(format!("text {words}")),
                _ => None,
            });
            codes.collect()
        };
        assert_eq!(
            spans(&format!("x {}", code(&text))),
            ["text x ".to_owned(), text.clone()]
        );
        let table = format!(
            "| a | b |\n|---|---|\n| {} | {} |\n",
            cell(&text),
            cell("b")
        );
        let expected = text.replace("\\|", "\\\\u{7c}");
        assert_eq!(spans(&table)[2..], [expected, "b".to_owned()], "{table}");

        let block = fence("text", &format!("{text}\n{text}\n"));
        let read: String = parser(&block)
            .filter_map(|event| match event {
                Event::Text(words) => Some(words.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(read, format!("{text}\n{text}\n"));
        assert!(!html(&text).contains(['<', '>']));
    }
}
