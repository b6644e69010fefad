//! The sandbox's files taken alone, for whoever attacks them: whether their bytes, if they can be read, come to a world
//! that comes to the same when it is written down and read again.

use super::fixture::Fixture;
use super::journal;
use super::world::World;

/// Whether that holds for the bytes of a journal.
pub fn journal(bytes: &[u8]) -> bool {
    journal::replay(bytes).map_or(true, |replayed| {
        replayed.whole <= bytes.len() && is_stable(&replayed.world)
    })
}

/// Whether that holds for the bytes of a fixture.
pub fn fixture(bytes: &[u8]) -> bool {
    Fixture::parse(bytes).map_or(true, |fixture| {
        let world: World = fixture.writes().collect();
        world.is_filled() && is_stable(&world)
    })
}

fn is_stable(world: &World) -> bool {
    let written = whole(world);
    let again = journal::replay(&written).map(|replayed| whole(&replayed.world));
    again.as_deref() == Ok(&*written)
}

/// A world written down. One that is nested too deeply is not written to its end.
fn whole(world: &World) -> Vec<u8> {
    let mut written = Vec::new();
    let _ = journal::write_whole(world, &mut written);
    written
}
