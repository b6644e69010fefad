//! The sandbox's files taken alone, for whoever attacks them.

use super::fixture::Fixture;
use super::journal;
use super::world::World;

/// Replays a journal. What it comes to, written down, comes to the same.
pub(crate) fn journal(bytes: &[u8]) {
    if let Ok(replayed) = journal::replay(bytes) {
        assert!(replayed.whole <= bytes.len());
        settles(&replayed.world);
    }
}

/// Builds the world of a fixture.
pub(crate) fn fixture(bytes: &[u8]) {
    if let Ok(fixture) = Fixture::parse(bytes) {
        let mut world = World::default();
        for write in fixture.writes() {
            world.apply(write);
        }
        assert!(world.is_filled());
        settles(&world);
    }
}

fn settles(world: &World) {
    let written = whole(world);
    let again = journal::replay(&written).map(|replayed| whole(&replayed.world));
    assert_eq!(again.as_deref(), Ok(&*written));
}

/// A world written down. One that is nested too deeply is not written to its end.
fn whole(world: &World) -> Vec<u8> {
    let mut written = Vec::new();
    let _ = journal::write_whole(world, &mut written);
    written
}
