//! How a sandbox is set up, and the state it begins with.

use std::path::PathBuf;
use std::time::Duration;

use super::era::{Quirk, Version};
use super::fixture::Fixture;
use super::ids::Ids;
use super::journal::{self, Journal, StateError};
use super::limiter::Rate;
use super::state::State;

/// Where the state is kept.
#[derive(Clone, Debug, Default)]
pub(crate) enum Store {
    /// Nowhere: it is gone with the sandbox.
    #[default]
    Memory,
    /// In a journal, read and appended to.
    File(PathBuf),
    /// In a journal that is read and never written.
    ReadOnly(PathBuf),
}

/// How a sandbox is set up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    /// The server version that is imitated.
    pub(crate) version: Version,
    /// Quirks that are switched against the version.
    pub(crate) quirks: Vec<(Quirk, bool)>,
    /// Whether rooms and users that are not there are made up.
    pub(crate) invent: bool,
    /// Whence ids, tokens and chance come; without one, from the machine's randomness.
    pub(crate) seed: Option<u64>,
    /// The rate limit in the place of the one in the settings.
    pub(crate) rate: Option<Rate>,
    /// How many server processes serve the address; none is one. Their ids do not follow each other within a second.
    pub(crate) instances: u8,
    /// The time between the stamp of a create and its insert.
    pub(crate) create_gap: Duration,
    /// Whether the control endpoint answers.
    pub(crate) control: bool,
    /// What fills an empty state; without one, the built-in world.
    pub(crate) fixture: Option<PathBuf>,
    /// Where the state is kept.
    pub(crate) store: Store,
}

/// Reads the state and fills it when it is empty.
pub(super) fn open_state(config: &Config) -> Result<State, StateError> {
    let mut ids = Ids::new(config.seed).of_instances(config.instances);
    let kept = match &config.store {
        Store::Memory => None,
        Store::File(file) | Store::ReadOnly(file) => Some(journal::read(file)?),
    };
    // A state that was given up while it was being filled is begun anew.
    let kept = kept.filter(|(world, _)| world.is_filled());
    let beginning = match (&kept, &config.fixture) {
        (Some(_), _) => Vec::new(),
        (None, Some(file)) => Fixture::read(file)?.writes(),
        (None, None) => Fixture::built_in(&mut ids).writes(),
    };
    let (world, whole) = kept.unwrap_or_default();
    let mut journal = match &config.store {
        Store::Memory | Store::ReadOnly(_) => Journal::Memory,
        Store::File(file) => Journal::open(file, whole)?,
    };
    if let Store::File(file) = &config.store {
        journal
            .append(&beginning)
            .map_err(StateError::unusable(file))?;
    }
    let mut state = State::new(world, journal, ids);
    for write in beginning {
        state.world.apply(write);
    }
    Ok(state)
}
