//! Ids and tokens as the server makes them, from a seed (docs/server.md#create).
//!
//! A record's id is 24 hex digits: the second, five random bytes of the process, a counter. Where several processes
//! serve one address, ids of the same second do not follow the order of insertion.

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};

/// The letters and digits that cannot be mistaken for each other.
const CLEAR: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";

/// Makes ids and tokens.
#[derive(Debug)]
pub(crate) struct Ids {
    rng: StdRng,
    instances: Vec<Instance>,
}

/// A process of the server.
#[derive(Debug)]
struct Instance {
    process: u64,
    counter: u32,
}

impl Ids {
    /// From a seed, or from the operating system's randomness.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        let mut rng = seed.map_or_else(StdRng::from_os_rng, StdRng::seed_from_u64);
        let instances = vec![Instance::new(&mut rng)];
        Self { rng, instances }
    }

    /// The same with so many processes; one at least.
    pub(crate) fn of_instances(mut self, count: u8) -> Self {
        for _ in 1..count {
            self.instances.push(Instance::new(&mut self.rng));
        }
        self
    }

    /// The `_id` of a record inserted at this moment.
    pub(crate) fn record(&mut self, millis: u64) -> String {
        let at = match self.instances.len() {
            // Nothing is drawn, so that a seed gives what it always gave.
            1 => 0,
            several => self.rng.random_range(0..several),
        };
        let second = (millis / 1000) & 0xffff_ffff;
        self.instances
            .get_mut(at)
            .map(|instance| instance.next(second))
            .unwrap_or_default()
    }

    /// A token or id of clear letters and digits.
    pub(crate) fn clear(&mut self, length: usize) -> String {
        (0..length).map(|_| letter(self.rng.next_u32())).collect()
    }

    /// Chooses one of `count` things.
    pub(crate) fn one_in(&mut self, count: u32) -> bool {
        self.rng.random_range(0..count.max(1)) == 0
    }
}

impl Instance {
    fn new(rng: &mut StdRng) -> Self {
        Self {
            process: rng.random::<u64>() & 0xff_ffff_ffff,
            counter: rng.random::<u32>() & 0x7f_ffff,
        }
    }

    fn next(&mut self, second: u64) -> String {
        self.counter = (self.counter + 1) & 0xff_ffff;
        format!("{second:08x}{:010x}{:06x}", self.process, self.counter)
    }
}

/// An id that follows from a name: the same in every run and every build.
pub(crate) fn from_name(name: &str) -> String {
    // FNV-1a, then a splitmix step per letter: stable, which the standard hasher does not promise to be.
    let hash = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        letter(u32::try_from(mixed >> 40).unwrap_or_default())
    };
    (0..17).map(|_| next()).collect()
}

/// One clear letter or digit.
fn letter(random: u32) -> char {
    let at = usize::try_from(random).unwrap_or_default() % CLEAR.len();
    CLEAR.get(at).copied().map_or('2', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_everything() {
        let made = |seed| {
            let mut ids = Ids::new(seed);
            (ids.record(1_700_000_000_000), ids.clear(48), ids.clear(17))
        };
        assert_eq!(made(Some(7)), made(Some(7)));
        assert_ne!(made(Some(7)), made(Some(8)));
        assert_ne!(made(None), made(None));
    }

    #[test]
    fn ids_look_like_the_servers() {
        let mut ids = Ids::new(Some(1));
        let (one, two) = (ids.record(1_700_000_000_999), ids.record(1_700_000_001_000));
        assert!(
            one.len() == 24 && one.starts_with("6553f100") && two.starts_with("6553f101"),
            "{one} {two}"
        );
        let mut several = Ids::new(Some(1)).of_instances(3);
        let ids: Vec<_> = (0..50).map(|_| several.record(1_000)).collect();
        assert!(!ids.is_sorted(), "{ids:?}");
        assert_eq!(from_name("ann"), from_name("ann"));
        assert_ne!(from_name("ann"), from_name("anna"));
    }
}
