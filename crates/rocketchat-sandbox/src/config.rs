//! How a sandbox is set up, and the state it begins with.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use super::error::StateError;
use super::fixture::Fixture;
use super::ids::Ids;
use super::journal::{self, Journal, Replayed};
use super::limiter::Rate;
use super::lock::{Holder, Lock};
use super::profile::{Quirk, Version};
use super::state::State;

/// Where the state is kept.
#[derive(Clone, Debug, Default)]
pub enum Store {
    /// Nowhere: it is gone with the sandbox.
    #[default]
    Memory,
    /// In a journal, read and appended to. A link in its place is refused: follow links first where they may be.
    File(PathBuf),
    /// In a journal that is read and never written.
    ReadOnly(PathBuf),
}

/// How a sandbox is set up.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The server version that is imitated.
    pub version: Version,
    /// Quirks that are switched against the version.
    pub quirks: Vec<(Quirk, bool)>,
    /// Whether rooms and users that are not there are made up.
    pub invent: bool,
    /// Whence ids, tokens and chance come; without one, from the machine's randomness.
    pub seed: Option<u64>,
    /// The rate limit instead of the one in the settings.
    pub rate: Option<Rate>,
    /// How many server processes serve the address; none is one. Their ids do not follow each other within a second.
    pub instances: u8,
    /// The time between the stamp of a create and its insert.
    pub create_gap: Duration,
    /// Whether calls of outgoing webhooks are tried again at once, without the server's pauses.
    pub fast_retries: bool,
    /// Whether the control endpoint answers.
    pub control: bool,
    /// What fills an empty state; without one, the built-in world.
    pub fixture: Option<Fixture>,
    /// Where the state is kept.
    pub store: Store,
    /// What other processes are told of this one while it writes the state.
    pub holder: Holder,
}

/// Reads the state and fills it when it is empty. Also what should be known about it.
pub(super) fn open_state(config: &Config) -> Result<(State, Option<String>), StateError> {
    let mut ids = Ids::new(config.seed).of_instances(config.instances);
    let (file, lock) = match &config.store {
        Store::Memory => (None, None),
        Store::ReadOnly(file) => (Some(file), None),
        Store::File(file) => {
            journal::recognise(file)?;
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).map_err(StateError::unusable(folder))?;
            }
            (Some(file), Some(Lock::take(file, &config.holder)?))
        }
    };
    let mut kept = match file {
        Some(file) => journal::read(file)?,
        None => Replayed::default(),
    };
    let note = file.and_then(|file| kept.note(file));
    if !kept.world.is_filled() {
        let beginning = match &config.fixture {
            Some(fixture) => fixture.clone(),
            None => Fixture::built_in(&mut ids),
        };
        kept = Replayed {
            world: beginning.writes().collect(),
            ..Replayed::default()
        };
    }
    let journal = match (file, lock) {
        (Some(file), Some(lock)) => Journal::open(file, &kept, lock)?,
        _ => Journal::Memory,
    };
    Ok((State::new(kept.world, journal, ids), note))
}
