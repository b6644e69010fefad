//! The state on disk: a line that names the format, then one JSON line per write.
//!
//! A write is appended before its answer is sent, without waiting for the disk: what was acknowledged survives the end
//! of the process, however it ends, and may be lost with the machine's power. A process that was killed leaves at most
//! an incomplete last line, which the next reader drops.
//!
//! Only the holder of the [`Lock`] writes. It begins by rewriting the file without its past, if it has one. A new file
//! takes the place of the old one when it is whole and on the disk. So whoever only reads needs no lock: it finds what
//! was there at one moment.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::Builder;

use super::error::StateError;
use super::lock::Lock;
use super::regular;
use super::world::World;
use super::write::Write;

/// The first line of every journal.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    sandbox: u32,
}

/// The format that this build reads and writes.
const FORMAT: Heading = Heading { sandbox: 1 };

/// Between the name of a state and the random end of the name of the file that it is rewritten in.
const REWRITING: &str = ".rewriting-";

/// Where writes go.
#[derive(Debug)]
pub(crate) enum Journal {
    /// Nowhere: the state is gone with the process.
    Memory,
    /// To the end of a file.
    File {
        /// The file, opened for appending.
        file: File,
        /// How many bytes of it are whole lines.
        whole: u64,
        /// So that nobody else writes it.
        _lock: Option<Lock>,
    },
}

impl Journal {
    /// Appends writes; nothing is changed when this fails.
    pub(crate) fn append(&mut self, writes: &[Write]) -> io::Result<()> {
        let Self::File { file, whole, .. } = self else {
            return Ok(());
        };
        let text = lines(writes)?;
        let found = file.metadata()?;
        // Something that takes no lock, or half a line that could not be taken back.
        if found.nlink() == 0 || found.len() != *whole {
            return Err(io::Error::other(
                "the file was removed or changed meanwhile",
            ));
        }
        if let Err(error) = file.write_all(&text) {
            // What a full disk took of it must not become the beginning of the next line. If it does not go away, the
            // file is longer than it should be from now on.
            let _ = file.set_len(*whole);
            return Err(error);
        }
        *whole += u64::try_from(text.len()).unwrap_or_default();
        Ok(())
    }

    /// Goes on from a state that was read under this lock; or, with the writes of `beginning`, from a new one.
    pub(super) fn open(path: &Path, kept: &Replayed, lock: Lock) -> Result<Self, StateError> {
        let unusable = StateError::unusable(path);
        remove_leftovers(path).map_err(&unusable)?;
        let appending = &mut OpenOptions::new();
        let appending = appending.read(true).append(true);
        // Refused before anything takes its place, if it may not be written.
        let old = match regular::open(path, appending) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            opened => Some(opened.map_err(&unusable)?),
        };
        let file = match old.filter(|_| kept.is_compact) {
            Some(file) => file,
            None => rewrite(path, &kept.world)
                .and_then(|()| regular::open(path, appending))
                .map_err(&unusable)?,
        };
        let whole = file.metadata().map_err(&unusable)?.len();
        Ok(Self::File {
            file,
            whole,
            _lock: Some(lock),
        })
    }
}

/// One value as a line. One that could not be read again, being nested too deeply, is refused.
fn line<T: Serialize + DeserializeOwned>(value: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    serde_json::from_slice::<T>(&line)?;
    line.push(b'\n');
    Ok(line)
}

/// Writes as lines.
fn lines(writes: &[Write]) -> io::Result<Vec<u8>> {
    let each: io::Result<Vec<_>> = writes.iter().map(line).collect();
    Ok(each?.concat())
}

/// What a journal says.
#[derive(Debug, Default)]
pub(super) struct Replayed {
    /// What its writes make.
    pub(super) world: World,
    /// How many of its bytes these are.
    pub(super) whole: usize,
    /// The number of the incomplete line that was dropped.
    pub(super) dropped: Option<usize>,
    /// Whether it has no past: nothing would be left out if it were written again.
    pub(super) is_compact: bool,
}

impl Replayed {
    /// What should be known about it.
    pub(super) fn note(&self, path: &Path) -> Option<String> {
        let shown = path.display();
        if !self.world.is_filled() && self.whole > 0 {
            return Some(format!(
                "{shown} ends before a complete sandbox and has no integration: starting again"
            ));
        }
        self.dropped
            .map(|line| format!("{shown}:{line}: the last line is incomplete and ignored"))
    }
}

/// Refuses what does not begin as a journal does, before anything is written beside it.
pub(super) fn recognise(path: &Path) -> Result<(), StateError> {
    let beginning = bytes(path, 64)?;
    let first = beginning.split_inclusive(|byte| *byte == b'\n').next();
    match replay(first.unwrap_or_default()) {
        Ok(_) => Ok(()),
        Err(_) => Err(StateError::Foreign {
            file: path.to_owned(),
        }),
    }
}

/// At most so many bytes of a file; none if it is not there.
fn bytes(path: &Path, most: u64) -> Result<Vec<u8>, StateError> {
    let read = |file: File| {
        let length = file.metadata()?.len().min(most);
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        file.take(most).read_to_end(&mut bytes).map(|_| bytes)
    };
    match regular::open(path, OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        opened => opened.and_then(read).map_err(StateError::unusable(path)),
    }
}

/// Reads a journal; a file that is not there is an empty one.
pub(super) fn read(path: &Path) -> Result<Replayed, StateError> {
    let bytes = bytes(path, u64::MAX)?;
    let file = || path.to_owned();
    replay(&bytes).map_err(|flaw| match flaw {
        Flaw::Foreign => StateError::Foreign { file: file() },
        Flaw::Damaged { line } => StateError::Damaged { file: file(), line },
    })
}

/// What is wrong with the bytes of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// They are no journal, or one of another format.
    Foreign,
    /// A line makes no sense.
    Damaged {
        /// The line, from one.
        line: usize,
    },
}

/// Makes the world that a journal's writes make. Only a last line without its end may be incomplete, and then only if it
/// is the beginning of one.
pub(super) fn replay(bytes: &[u8]) -> Result<Replayed, Flaw> {
    let mut replayed = Replayed::default();
    let mut writes = 0;
    for (at, text) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let ended = text.ends_with(b"\n");
        if at == 0 {
            match serde_json::from_slice::<Heading>(text) {
                Ok(FORMAT) => {}
                Err(_) if is_torn_heading(text) => break,
                _ => return Err(Flaw::Foreign),
            }
        } else {
            match serde_json::from_slice(text) {
                Ok(write) => replayed.world.apply(write),
                Err(error) if error.is_eof() && !ended => {
                    // All lines but one are objects. Older versions wrote that one last.
                    if text.starts_with(b"\"") {
                        replayed.world.apply(Write::Filled);
                    }
                    replayed.dropped = Some(at + 1);
                    break;
                }
                Err(_) => return Err(Flaw::Damaged { line: at + 1 }),
            }
            writes += 1;
        }
        replayed.whole += text.len();
        replayed.is_compact = ended;
    }
    replayed.is_compact &= replayed.dropped.is_none() && writes == replayed.world.writes().count();
    Ok(replayed)
}

/// Whether this is the beginning of a heading and nothing else: a journal killed at birth.
fn is_torn_heading(bytes: &[u8]) -> bool {
    line(&FORMAT).is_ok_and(|heading| heading.starts_with(bytes))
}

/// Writes a world as a journal without a past.
pub(super) fn write_whole(world: &World, to: &mut dyn io::Write) -> io::Result<()> {
    to.write_all(&line(&FORMAT)?)?;
    for write in world.writes() {
        to.write_all(&line(&write)?)?;
    }
    Ok(())
}

/// Puts a journal without a past instead of what is there. It is for its owner alone: a manifest's tokens end up
/// in it.
fn rewrite(path: &Path, world: &World) -> io::Result<()> {
    let folder = folder(path);
    let mut new = Builder::new()
        .prefix(&beginning(path))
        .tempfile_in(folder)?;
    let mut buffered = BufWriter::new(new.as_file_mut());
    write_whole(world, &mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    new.as_file().sync_all()?;
    new.persist(path)?;
    File::open(folder)?.sync_all()
}

/// Removes what a process left that was killed while it rewrote the state. Whoever holds the lock is alone with them.
fn remove_leftovers(path: &Path) -> io::Result<()> {
    let beginning = beginning(path);
    for entry in fs::read_dir(folder(path))? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name
            .as_encoded_bytes()
            .starts_with(beginning.as_encoded_bytes());
        if is_ours && entry.file_type()?.is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// How the names begin of the files that a state is rewritten in.
fn beginning(path: &Path) -> OsString {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(REWRITING);
    name
}

/// The folder of a state.
fn folder(path: &Path) -> &Path {
    let folder = path.parent().unwrap_or(Path::new(""));
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_what_can_be_read_again() {
        let nested = |depth| (0..depth).fold(json!(1), |within, _| json!([within]));
        for (value, fits) in [
            (json!(1), true),
            (nested(125), true),
            (nested(126), false),
            (json!("[".repeat(200)), true),
            (json!(format!("\"{}", "[".repeat(200))), true),
        ] {
            let write = Write::Setting("deep".to_owned(), value);
            assert_eq!(line(&write).is_ok(), fits, "{write:?}");
        }
    }
}
