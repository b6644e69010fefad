use super::*;
use crate::secret::{Piece, Secret};

/// `<` and `>` stand around what is secret.
fn script(text: &str) -> Text {
    let mut script = Text::EMPTY;
    for (index, stretch) in text.split(['<', '>']).enumerate() {
        script.push(if index % 2 == 1 {
            Piece::Secret(Secret::new(stretch))
        } else {
            Piece::Plain(stretch.into())
        });
    }
    script
}

fn shown(before: &Text, after: &Text) -> Vec<Vec<Line>> {
    let found = change(None, before, after, &Room::default());
    assert_eq!(found.too_large, None);
    found.hunks
}

fn told(before: &str, after: &str) -> Vec<String> {
    let hunks = shown(&Text::from(before), &script(after));
    let lines = hunks.iter().flatten();
    lines
        .map(|line| format!("{}{}", line.sign.character(), line.text.raw()))
        .collect()
}

#[test]
fn of_an_old_script_nothing_is_shown_that_the_new_one_does_not_show() {
    assert_eq!(
        told("k = 'old'\n", "k = '<new>'\n"),
        ["-k = '(another secret)'", "+k = '(secret)'"]
    );
    assert_eq!(
        told("let key = 'old'\nx\n", "k = '<new>'\n"),
        [
            format!("-{NOT_SHOWN}"),
            format!("-{NOT_SHOWN}"),
            "+k = '(secret)'".to_owned()
        ]
    );
    // What stays, and what moves.
    assert_eq!(
        told("a\nk = 'new'\n", "k = '<new>'\na\n"),
        ["+k = '(secret)'", " a", "-k = '(secret)'"]
    );
    // A secret alone on its line frames nothing.
    assert_eq!(
        told("old\n", "<new>\n"),
        [format!("-{NOT_SHOWN}"), "+(secret)".to_owned()]
    );
    // Without a secret in the new script all is shown.
    assert_eq!(
        told("k = 'old'\n", "k = 'new'\n"),
        ["-k = 'old'", "+k = 'new'"]
    );
}

#[test]
fn a_secret_of_several_lines_is_masked_line_by_line() {
    assert_eq!(
        told("k = `one\ntwo`\nx\n", "k = `<one\ntwo>`\ny\n"),
        [
            " k = `(secret)",
            " (secret)`",
            &format!("-{NOT_SHOWN}"),
            "+y"
        ]
    );
}

#[test]
fn line_ends_and_newlines_at_the_end_do_not_count() {
    assert_eq!(told("a\r\nb\r\n\r\n", "a\nb"), [""; 0]);
    assert_eq!(told("", "a\n"), ["+a"]);
    assert_eq!(told("a\n b\n", "a\n  b\n"), [" a", "- b", "+  b"]);
}

fn lines(numbers: std::ops::Range<usize>) -> Text {
    let lines = numbers.map(|number| format!("line {number}\n"));
    lines.collect::<String>().into()
}

#[test]
fn what_is_too_large_is_counted() {
    let too_large = |before: &Text, after: &Text| {
        let found = change(None, before, after, &Room::default());
        assert!(found.too_large.is_none() || found.hunks.is_empty());
        found.too_large
    };
    let (old, new) = (lines(0..100_000), lines(100_000..300_000));
    let extent = Preflight {
        added: 200_000,
        removed: 100_000,
    };
    assert_eq!(too_large(&old, &new), Some(extent));
    // Lines that all stand in the other one, too.
    let turned: Vec<_> = old.lines().into_iter().rev().collect();
    let turned = turned.iter().filter_map(Text::as_plain);
    let turned = Text::from(turned.collect::<Vec<_>>().join("\n"));
    assert!(too_large(&old, &turned).is_some());
    // One line of a megabyte is shown, and what is long and nearly the same.
    let long = "x".repeat(1 << 20);
    assert_eq!(shown(&Text::from("a"), &long.as_str().into()).len(), 1);
    let mut more = old.clone();
    more.push(Piece::Plain("one more\n".into()));
    assert_eq!(shown(&old, &more).concat().len(), 4);
}

#[test]
fn a_report_has_room_for_so_many_scripts() {
    let room = Room::default();
    let long = Text::from("x".repeat(1 << 20));
    let of = || change(None, &Text::EMPTY, &long, &room);
    let all: Vec<_> = (0..200).map(|_| of()).collect();
    let shown = |it: &&ScriptReport| it.too_large.is_none();
    assert_eq!(all.iter().filter(shown).count(), 63);
    let extent = Preflight {
        added: 1,
        removed: 0,
    };
    assert_eq!(of().too_large, Some(extent));
    // A small one still fits.
    assert!(shown(&&change(None, &Text::EMPTY, &Text::from("a"), &room)));
}
