//! The sandbox's files taken alone, for whoever attacks them.

use super::fixture::Fixture;
use super::journal;
use super::world::World;

/// Replays a journal. What it comes to, written down, comes to the same.
pub(crate) fn journal(bytes: &[u8]) {
    if let Ok((world, whole)) = journal::replay(bytes) {
        assert!(usize::try_from(whole).is_ok_and(|whole| whole <= bytes.len()));
        settles(&world);
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
    let written = journal::whole(world).unwrap_or_default();
    let again =
        journal::replay(&written).map(|(world, _)| journal::whole(&world).unwrap_or_default());
    assert_eq!(again.as_deref(), Ok(&*written));
}
