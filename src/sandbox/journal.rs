//! The state on disk: a line that names the format, then one JSON line per write.
//!
//! A write is appended before its answer is sent, without waiting for the disk: a killed process loses
//! at most a torn last line, which the next reader drops. Files are rewritten only by [`compact`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::world::World;
use super::write::Write;

/// The first line of every journal.
#[derive(Debug, Deserialize, PartialEq, Eq, Serialize)]
struct Heading {
    sandbox: u32,
}

/// The format that this build reads and writes.
const FORMAT: Heading = Heading { sandbox: 1 };

/// Why a file of state or a fixture cannot be used.
#[derive(Debug, Error)]
pub(crate) enum StateError {
    /// The file cannot be read or written.
    #[error("cannot use {}: {error}", file.display())]
    Unusable {
        /// The file.
        file: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is no journal, or one of another format.
    #[error("{} is not a sandbox state that this version can read", file.display())]
    Foreign {
        /// The file.
        file: PathBuf,
    },
    /// A line makes no sense, and it is not the last.
    #[error("{}:{line}: not a line of a sandbox state", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The line, from one.
        line: usize,
    },
    /// A fixture makes no sense.
    #[error("{}: not a fixture: {reason}", file.display())]
    Fixture {
        /// The file.
        file: PathBuf,
        /// What is wrong, without the offending value.
        reason: String,
    },
}

impl StateError {
    /// For `map_err`.
    pub(crate) fn unusable(file: &Path) -> impl Fn(io::Error) -> Self + '_ {
        move |error| Self::Unusable {
            file: file.to_owned(),
            error,
        }
    }
}

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
    },
}

impl Journal {
    /// Appends writes; nothing is changed when this fails.
    pub(crate) fn append(&mut self, writes: &[Write]) -> io::Result<()> {
        let Self::File { file, whole } = self else {
            return Ok(());
        };
        let text = lines(writes)?;
        if let Err(error) = file.write_all(&text) {
            // What a full disk took of it must not become the beginning of the next line.
            let _ = file.set_len(*whole);
            return Err(error);
        }
        *whole += u64::try_from(text.len()).unwrap_or_default();
        Ok(())
    }

    /// Opens the file for appending behind its first `whole` bytes, and begins it when it is new.
    pub(crate) fn open(path: &Path, whole: u64) -> Result<Self, StateError> {
        let unusable = StateError::unusable(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(&unusable)?;
        }
        let mut file = private().append(true).open(path).map_err(&unusable)?;
        file.set_len(whole).map_err(&unusable)?;
        let heading = if whole == 0 {
            line(&FORMAT).map_err(&unusable)?
        } else {
            Vec::new()
        };
        file.write_all(&heading).map_err(&unusable)?;
        let whole = whole + u64::try_from(heading.len()).unwrap_or_default();
        Ok(Self::File { file, whole })
    }
}

/// For a file that is made for its owner alone: a manifest's tokens end up in it.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    options
}

/// One value as a line.
fn line(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    Ok(line)
}

/// Writes as lines.
fn lines(writes: &[Write]) -> io::Result<Vec<u8>> {
    let each: io::Result<Vec<_>> = writes.iter().map(line).collect();
    Ok(each?.concat())
}

/// Reads a journal into a world; a file that is not there is an empty one. Also how many bytes of it are whole.
pub(crate) fn read(path: &Path) -> Result<(World, u64), StateError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read.map_err(StateError::unusable(path))?,
    };
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
    /// A line makes no sense, and it is not the last.
    Damaged {
        /// The line, from one.
        line: usize,
    },
}

/// The world that a journal's writes make, and how many of its bytes are whole.
pub(super) fn replay(bytes: &[u8]) -> Result<(World, u64), Flaw> {
    // What follows the last line break was torn off.
    let whole = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    if whole == 0 && !torn_heading(bytes) {
        return Err(Flaw::Foreign);
    }
    let mut world = World::default();
    let complete = bytes.get(..whole).unwrap_or_default();
    for (at, text) in complete.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if at == 0 {
            match serde_json::from_slice::<Heading>(text) {
                Ok(FORMAT) => continue,
                _ => return Err(Flaw::Foreign),
            }
        }
        match serde_json::from_slice(text) {
            Ok(write) => world.apply(write),
            Err(_) => return Err(Flaw::Damaged { line: at + 1 }),
        }
    }
    Ok((world, u64::try_from(whole).unwrap_or(u64::MAX)))
}

/// A world as a journal without a past.
pub(super) fn whole(world: &World) -> io::Result<Vec<u8>> {
    let mut text = line(&FORMAT)?;
    text.extend(lines(&world.writes())?);
    Ok(text)
}

/// Whether this is the beginning of a heading and nothing else: a journal killed at birth.
fn torn_heading(bytes: &[u8]) -> bool {
    line(&FORMAT).is_ok_and(|heading| heading.starts_with(bytes))
}

/// Rewrites a journal so that it holds the state and none of its past. For whoever opens it for writing.
pub(crate) fn compact(path: &Path) -> Result<(), StateError> {
    let unusable = StateError::unusable(path);
    if !path.exists() {
        return Ok(());
    }
    let (world, _) = read(path)?;
    let text = whole(&world).map_err(&unusable)?;
    let beside = path.with_extension("compacting");
    let written = private()
        .write(true)
        .truncate(true)
        .open(&beside)
        .and_then(|mut file| file.write_all(&text));
    written.map_err(StateError::unusable(&beside))?;
    fs::rename(&beside, path).map_err(unusable)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn put(id: &str) -> Write {
        Write::Record(json!({"_id": id}).as_object().cloned().unwrap_or_default())
    }

    fn ids(path: &Path) -> Vec<String> {
        let (world, _) = read(path).expect("a journal");
        world
            .records()
            .map(|record| record["_id"].to_string())
            .collect()
    }

    fn append(path: &Path, writes: &[Write]) {
        let (_, whole) = read(path).expect("a journal");
        Journal::open(path, whole)
            .and_then(|mut j| j.append(writes).map_err(StateError::unusable(path)))
            .expect("append");
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("below/state.jsonl");
        append(&path, &[put("a"), put("b")]);
        let whole = fs::read(&path).expect("bytes");
        for cut in 1..whole.len() {
            fs::write(&path, &whole[..cut]).expect("cut");
            assert!(ids(&path).len() <= 2);
        }
        append(&path, &[put("c")]);
        assert_eq!(ids(&path), ["\"a\"", "\"c\""]);
    }

    #[test]
    fn damage_in_the_middle_and_foreign_files_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        fs::write(
            &path,
            "{\"sandbox\":1}\nnonsense\n{\"record-gone\":\"a\"}\n",
        )
        .expect("write");
        assert!(read(&path).is_err_and(|e| {
            e.to_string()
                .ends_with("state:2: not a line of a sandbox state")
        }));
        for foreign in ["hello", "hello\n", "{\"sandbox\":2}\n"] {
            fs::write(&path, foreign).expect("write");
            assert!(
                matches!(read(&path), Err(StateError::Foreign { .. })),
                "{foreign}"
            );
        }
    }

    #[test]
    fn compacting_forgets_the_past_and_keeps_the_state() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state");
        append(
            &path,
            &[put("b"), put("a"), put("c"), Write::RecordGone("b".into())],
        );
        compact(&path).expect("compact");
        assert_eq!(ids(&path), ["\"a\"", "\"c\""]);
        assert_eq!(fs::read_to_string(&path).expect("text").lines().count(), 3);
        append(&path, &[put("d")]);
        assert_eq!(ids(&path).len(), 3);
    }
}
