//! One process at a time writes a state: it holds the lock on the file `NAME.lock` beside it, and says in it who it is.
//!
//! The state itself is not locked, because it is replaced whenever it is compacted. The system releases the lock when
//! the process ends, however it ends. The file stays: a process that removed it could not know whether another one has
//! opened it already, and the two would hold the locks of different files.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StateError;
use super::regular;

/// The most that is read of who holds a lock.
const LARGEST: u64 = 4 << 10;

/// Who holds a lock, as other processes see it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The process.
    pub process: u32,
    /// What it runs.
    pub command: String,
    /// Where it serves the state, until it is stopped. Without one it ends by itself.
    pub url: Option<String>,
}

impl Holder {
    /// This process.
    pub fn this(command: &str, url: Option<String>) -> Self {
        Self {
            process: std::process::id(),
            command: command.to_owned(),
            url,
        }
    }
}

/// A lock, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    held: File,
}

impl Drop for Lock {
    /// Not by closing the file alone: a process that is being started may have it open for a moment, too.
    fn drop(&mut self) {
        let _ = self.held.unlock();
    }
}

impl Lock {
    /// Takes the lock of a state, without waiting.
    pub(super) fn take(state: &Path, holder: &Holder) -> Result<Self, StateError> {
        let path = beside(state);
        let unusable = StateError::unusable(&path);
        let options = &mut OpenOptions::new();
        let options = options.read(true).write(true).create(true).mode(0o600);
        let mut file = regular::open(&path, options).map_err(&unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) => {
                return Err(StateError::InUse {
                    file: state.to_owned(),
                    holder: held_by(&file),
                });
            }
        }
        // The lock holds without it: on a full disk nobody is told who has it.
        let _ = file
            .set_len(0)
            .and_then(|()| Ok(serde_json::to_vec(holder)?))
            .and_then(|text| file.write_all(&text));
        Ok(Self { held: file })
    }
}

/// Who says in the file that it holds the lock.
fn held_by(file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// The file that is locked for a state.
fn beside(state: &Path) -> PathBuf {
    let mut name = OsString::from(state);
    name.push(".lock");
    PathBuf::from(name)
}
