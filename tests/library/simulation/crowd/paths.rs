//! Which ways the runs of a crowd went, told from their requests and from what they said.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::wire::{Ended, Seen};
use rcsync::apply::Outcome;

/// A way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Path {
    /// Its create was late, its id the lowest, the others gave way.
    LateWinnerStays,
    /// Its create was late, its id the lowest, and it gave way to another.
    LateWinnerGivesWay,
    /// Its id was not the lowest, and it gave way.
    LoserGivesWay,
    /// It removed the record of another run.
    RemovesOthers,
    /// It created once more, because nothing was left.
    CreatesAgain,
    /// It created nothing, and tells of a record that came after its plan.
    FoundBefore,
    /// It says that there are several.
    Doubled,
    /// It says that nothing exists.
    NothingExists,
    /// An integration of a crowd without trouble is there once.
    Once,
    /// It is not, and that was said.
    NotOnce,
}

/// The ways of one run with one integration.
pub(super) fn of(name: &str, ended: &Ended, seen: &[Seen]) -> Vec<Path> {
    let Ended::Told(plan, applied) = ended else {
        return Vec::new();
    };
    let mut outcomes = applied.outcomes.iter();
    let outcome = outcomes.find(|(index, _)| plan.changes[*index].key.name == name);
    let Some((_, outcome)) = outcome else {
        return Vec::new();
    };
    let ids = |it: &Seen| -> Vec<String> {
        let named = it.records.iter().filter(|(of, _)| of == name);
        named.map(|(_, id)| id.clone()).collect()
    };
    let of = |endpoint: &'static str| seen.iter().filter(move |it| it.endpoint == endpoint);
    let creates: Vec<_> = of("create").filter(|it| !ids(it).is_empty()).collect();
    let removed: Vec<_> = of("remove").flat_map(ids).collect();
    let mut paths = Vec::new();
    for create in &creates {
        let own = &ids(create)[0];
        let before = of("list").rfind(|it| it.answered <= create.sent);
        let late = before.is_some_and(|it| create.answered - it.sent >= Duration::from_secs(1));
        let looks: Vec<_> = of("list")
            .filter(|it| it.sent >= create.answered)
            .map(ids)
            .collect();
        let several = looks.iter().filter(|it| it.len() > 1 && it.contains(own));
        let mut won = several.clone().map(|it| it.iter().min() == Some(own));
        let gave_way = removed.contains(own);
        match outcome {
            Outcome::Created(id) if id.raw() == *own && late && won.any(|won| won) => {
                paths.push(Path::LateWinnerStays);
            }
            Outcome::Adopted(id) if id.raw() != *own && gave_way => {
                let won = won.next_back() == Some(true);
                paths.push(if won {
                    Path::LateWinnerGivesWay
                } else {
                    Path::LoserGivesWay
                });
            }
            _ => {}
        }
    }
    let own: Vec<_> = creates.iter().flat_map(|it| ids(it)).collect();
    let others = removed.iter().any(|it| !own.contains(it));
    let found = creates.is_empty() && matches!(outcome, Outcome::Adopted(_));
    let nothing =
        matches!(outcome, Outcome::Stale { why, .. } if why.starts_with("nothing exists"));
    let met = [
        (Path::RemovesOthers, others),
        (Path::CreatesAgain, creates.len() > 1),
        (Path::FoundBefore, found),
        (Path::Doubled, matches!(outcome, Outcome::Doubled { .. })),
        (Path::NothingExists, nothing),
    ];
    paths.extend(
        met.into_iter()
            .filter(|(_, met)| *met)
            .map(|(path, _)| path),
    );
    paths
}

/// Asserts that the crowds went every way, and that few without trouble did not come to an end.
#[track_caller]
pub(super) fn are_reached(seen: &BTreeMap<Path, usize>) {
    for (path, least) in [
        (Path::LateWinnerStays, 100),
        (Path::LateWinnerGivesWay, 40),
        (Path::LoserGivesWay, 1_000),
        (Path::RemovesOthers, 20),
        (Path::CreatesAgain, 10),
        (Path::FoundBefore, 300),
        (Path::Doubled, 50),
        (Path::Once, 550),
    ] {
        assert!(seen.get(&path) >= Some(&least), "{path:?}: {seen:#?}");
    }
    let not = seen.get(&Path::NotOnce).copied().unwrap_or_default();
    assert!(not * 50 < seen[&Path::Once], "{seen:#?}");
}
