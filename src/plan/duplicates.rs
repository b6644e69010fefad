//! Duplicates: records that are equal in everything but their ids, as runs beside each other make them.

use crate::desired::Desired;
use crate::integration::{Field, LeftOut};
use crate::observed::{Record, ServerId};

/// The one of several duplicates that stays: the one with the lowest id, if all are 24 hex digits; else the one with the
/// earliest time of creation.
///
/// By one clock that is the one that was inserted first: such an id is made at the insert, and begins with its second
/// (docs/server.md#create). No clock has to be right for it: what counts is that every run chooses the same.
pub fn eldest<'a>(duplicates: &[&'a Record]) -> Option<&'a Record> {
    let by_id = duplicates.iter().all(|it| tells_the_insert(&it.id));
    let rank = |record: &&Record| {
        let created = record.created_at().filter(|_| !by_id);
        // Without a time there is none that could be earlier.
        let unknown = created.is_none() && !by_id;
        (unknown, created, record.id.clone())
    };
    duplicates.iter().copied().min_by_key(rank)
}

/// Whether any two of these are chosen between as they would be among all: not if only some ids are 24 hex digits.
pub fn are_comparable(duplicates: &[&Record]) -> bool {
    let hex = duplicates
        .iter()
        .filter(|it| tells_the_insert(&it.id))
        .count();
    hex == 0 || hex == duplicates.len()
}

/// The one of an entry's records that stays, if the others are duplicates of it that nobody needs: made by one account, never
/// updated, and equal in every field, but for a secret that was generated.
pub fn that_stays<'a>(entry: &Desired, records: &[&'a Record]) -> Option<&'a Record> {
    let stays = eldest(records)?;
    let generated =
        |field: &Field| field.left_out == LeftOut::Generated && !entry.written.contains(field.name);
    let creator = stays.created_by_id()?;
    let all = records.iter().all(|it| {
        let never_updated = it.updated_by().is_none();
        never_updated
            && it.created_by_id().as_ref() == Some(&creator)
            && alike(it, stays, generated)
    });
    all.then_some(stays)
}

/// Whether the id was made at the insert.
fn tells_the_insert(id: &ServerId) -> bool {
    id.raw().len() == 24 && id.raw().chars().all(|c| c.is_ascii_hexdigit())
}

/// Whether two records are equal in every field, but for some, and post as the same user.
pub fn alike(a: &Record, b: &Record, but: impl Fn(&Field) -> bool) -> bool {
    let (Ok(one), Ok(other)) = (a.fields(), b.fields()) else {
        return false;
    };
    a.kind == b.kind && a.user_id() == b.user_id() && one.differing(other).all(but)
}

/// `66f2c41a9be07d3c5a1e8f02, made by deploy on 2026-11-02`
pub fn named(record: &Record) -> String {
    format!("{}, {}", record.id, record.origin())
}
