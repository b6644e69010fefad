//! Where texts are read from: the disk, or a revision in git ([`Revision`](super::revision::Revision)).

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::regular;

/// A tree of files.
pub(super) trait Files: fmt::Debug {
    /// The path with all links resolved.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// Whether the path leads to a folder.
    fn is_folder(&self, path: &Path) -> io::Result<bool>;

    /// Adds the manifests and the folders in a folder. Links to folders are not followed: they may lead back.
    fn list(
        &self,
        folder: &Path,
        files: &mut Vec<PathBuf>,
        folders: &mut Vec<PathBuf>,
    ) -> io::Result<()>;

    /// Reads a text of at most `limit` bytes.
    fn read(&self, path: &Path, limit: usize) -> Result<String, Unreadable>;
}

/// The files on the disk.
#[derive(Debug)]
pub(super) struct Disk;

impl Files for Disk {
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn is_folder(&self, path: &Path) -> io::Result<bool> {
        regular::stays(path)?;
        Ok(fs::metadata(path)?.is_dir())
    }

    fn list(
        &self,
        folder: &Path,
        files: &mut Vec<PathBuf>,
        folders: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if is_hidden(&name) {
                continue;
            }
            let linked_folder =
                || entry.file_type().is_ok_and(|kind| kind.is_symlink()) && entry.path().is_dir();
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if is_manifest(&name) && !linked_folder() {
                files.push(entry.path());
            }
        }
        Ok(())
    }

    /// Takes a resolved path.
    fn read(&self, path: &Path, limit: usize) -> Result<String, Unreadable> {
        let metadata = fs::metadata(path).map_err(Unreadable::Io)?;
        if metadata.is_dir() {
            return Err(Unreadable::Folder);
        }
        if !metadata.is_file() {
            return Err(Unreadable::NotAFile);
        }
        if usize::try_from(metadata.len()).is_ok_and(|length| length > limit) {
            return Err(Unreadable::TooLarge(limit));
        }
        let mut file =
            regular::open(path, OpenOptions::new().read(true)).map_err(Unreadable::Io)?;
        read_text(&mut file, limit)
    }
}

/// Whether a file or folder of that name, in a folder, is passed over.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// Whether a file of that name, in a folder, is a manifest.
pub(super) fn is_manifest(name: &str) -> bool {
    let stem = name
        .strip_suffix(".yaml")
        .or_else(|| name.strip_suffix(".yml"));
    stem.is_some_and(|stem| stem.strip_suffix(".test").is_none())
}

/// The text of a file that the user names, of at most `limit` bytes. Where no pull request can have brought it, it may
/// be a pipe, or behind a link.
///
/// # Errors
/// When it cannot be read, is not a text, or is larger.
pub fn bounded_file(path: &Path, limit: usize) -> io::Result<String> {
    bounded(&mut regular::locate(path)?.open()?, limit)
}

/// A text of at most `limit` bytes.
///
/// # Errors
/// When it cannot be read, is not a text, or is larger.
pub fn bounded(from: &mut dyn Read, limit: usize) -> io::Result<String> {
    read_text(from, limit).map_err(|unreadable| match unreadable {
        Unreadable::Io(error) => error,
        other => io::Error::new(io::ErrorKind::InvalidData, other.words()),
    })
}

/// Reads a text of at most `limit` bytes.
pub(super) fn read_text(from: &mut dyn Read, limit: usize) -> Result<String, Unreadable> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    from.take(most)
        .read_to_end(&mut bytes)
        .map_err(Unreadable::Io)?;
    if bytes.len() > limit {
        return Err(Unreadable::TooLarge(limit));
    }
    text(bytes)
}

/// The bytes as a text.
pub(super) fn text(bytes: Vec<u8>) -> Result<String, Unreadable> {
    String::from_utf8(bytes).map_err(|error| Unreadable::NotText(not_text(&error)))
}

/// A file that could not be read as a text.
pub(super) enum Unreadable {
    Io(io::Error),
    Folder,
    NotAFile,
    TooLarge(usize),
    /// With all that was read before it, it is too much.
    TooMuch(usize),
    NotText(NotText),
}

/// The first bytes that are not UTF-8.
pub(super) struct NotText {
    /// The text up to the end of the line they stand on, each bad stretch as U+FFFD.
    pub(super) text: String,
    /// Where in it.
    pub(super) at: usize,
    /// They, in hexadecimal.
    pub(super) bytes: String,
    pub(super) help: &'static str,
}

impl Unreadable {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Io(error) => words(error),
            Self::Folder => "this is a folder".to_owned(),
            Self::NotAFile => "not a regular file".to_owned(),
            Self::TooLarge(limit) => format!("larger than {} MiB", limit >> 20),
            Self::TooMuch(limit) => {
                format!(
                    "all manifests and scripts are larger than {} MiB",
                    limit >> 20
                )
            }
            Self::NotText(_) => "the file is not UTF-8".to_owned(),
        }
    }
}

/// What the system says, in our words where it is one of the everyday errors.
pub(crate) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotADirectory => "a part of this path is a file".to_owned(),
        _ => error.to_string(),
    }
}

/// The place and the looks of the first bytes that are not UTF-8.
fn not_text(error: &std::string::FromUtf8Error) -> NotText {
    let bytes = error.as_bytes();
    let at = error.utf8_error().valid_up_to();
    let length = error.utf8_error().error_len().unwrap_or(bytes.len() - at);
    let shown: Vec<_> = bytes[at..at + length]
        .iter()
        .map(|byte| format!("0x{byte:02X}"))
        .collect();
    let end = bytes[at..].iter().position(|byte| *byte == b'\n');
    let end = end.map_or(bytes.len(), |newline| at + newline);
    // No more than can be shown: the rest of the "line" may be the rest of a picture.
    let end = end.min(at + 200);
    NotText {
        text: String::from_utf8_lossy(&bytes[..end]).into_owned(),
        at,
        bytes: shown.join(" "),
        help: if matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
            "this looks like UTF-16: save the file as UTF-8"
        } else if bytes.iter().take(1 << 10).any(|byte| *byte == 0) {
            "this does not look like a text"
        } else {
            "this looks like Latin-1 or Windows-1252: save the file as UTF-8"
        },
    }
}
