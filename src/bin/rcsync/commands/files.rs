//! Files that are written: none replaced unasked, all of them written beside their places before the first one moves
//! there, so that a write that fails leaves what was there.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::failure::Failure;
use crate::exit::Exit;
use rcsync::problem::{Code, Problem};
use rcsync::regular;
use rcsync::source::bounded_file;

/// Why something was not written, for `map_err`.
pub(super) fn refused(exit: Exit) -> impl FnOnce(Problem) -> Failure {
    move |problem| Failure::of(exit, &problem)
}

/// Something about a file that is to be written.
pub(super) fn about_file(message: impl Into<String>) -> Problem {
    Problem::new(Code("file"), message)
}

fn cannot_be_written(path: &Path, error: &io::Error) -> Problem {
    about_file(format!("{} cannot be written: {error}", path.display()))
}

/// The largest saved plan or snapshot, in bytes.
pub(super) const LARGEST_REPORT: usize = 96 << 20;

/// The text of a saved plan or a snapshot.
pub(super) fn read_report(path: &Path) -> io::Result<String> {
    bounded_file(path, LARGEST_REPORT)
}

/// A file to write.
pub(super) struct File {
    /// Where.
    pub(super) path: PathBuf,
    /// What.
    pub(super) text: String,
    /// Whether nobody else may read it.
    pub(super) secret: bool,
}

/// The folder of a file.
pub(super) fn folder(file: &Path) -> &Path {
    file.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// A path with its links resolved. Those that a pull request may have brought are refused.
pub(super) fn resolved(path: &Path) -> Result<PathBuf, Problem> {
    let located = regular::locate(path).map_err(|error| cannot_be_written(path, &error))?;
    Ok(located.path)
}

/// Refuses what exists, unless it may be replaced; what is not a regular file stays in any case, and so does what this
/// very export writes there.
pub(super) fn check_free(files: &[File], force: bool) -> Result<(), Problem> {
    let mut taken = BTreeSet::new();
    for file in files {
        let shown = file.path.display();
        if !taken.insert(resolved(&file.path)?) {
            let problem = about_file(format!("{shown} would be written twice"));
            return Err(problem.help("give each file its own name"));
        }
        match fs::symlink_metadata(&file.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(cannot_be_written(&file.path, &error));
            }
            Ok(found) if !found.is_file() => {
                let problem = about_file(format!("{shown} is not a regular file"));
                return Err(problem.help("name the file itself, or another one"));
            }
            Ok(_) if force => {}
            Ok(_) => {
                let problem = about_file(format!("{shown} exists already"));
                return Err(problem.help("`--force` replaces it"));
            }
        }
    }
    Ok(())
}

/// Whether a file could be written there by now, instead of what there is.
pub(super) fn can_be_written(path: &Path) -> Result<(), Problem> {
    let said = |error: &io::Error| cannot_be_written(path, error);
    let file = File {
        path: path.to_owned(),
        text: String::new(),
        secret: false,
    };
    check_free(&[file], true)?;
    let folder = folder(path);
    fs::create_dir_all(folder).map_err(|error| said(&error))?;
    let probe = Builder::new().prefix(".rcsync-").tempfile_in(folder);
    probe.map(drop).map_err(|error| said(&error))
}

/// Writes all files, or, if one cannot be written, none.
pub(super) fn write(files: &[File], force: bool) -> Result<(), Problem> {
    check_free(files, force)?;
    let said = |file: &File, error: &io::Error| cannot_be_written(&file.path, error);
    let mut staged = Vec::new();
    for file in files {
        staged.push((file, stage(file).map_err(|error| said(file, &error))?));
    }
    for (file, temporary) in staged {
        let moved = if force {
            temporary.persist(&file.path)
        } else {
            temporary.persist_noclobber(&file.path)
        };
        moved.map_err(|error| said(file, &error.error))?;
    }
    Ok(())
}

/// Writes one file instead of what was there; a secret one for its owner alone.
pub(super) fn replace(path: &Path, text: String, secret: bool) -> Result<(), Problem> {
    let file = [File {
        path: path.to_owned(),
        text,
        secret,
    }];
    write(&file, true)
}

/// Writes a file beside its place. A secret one is nobody else's from its first byte on.
fn stage(file: &File) -> io::Result<NamedTempFile> {
    let folder = folder(&file.path);
    fs::create_dir_all(folder)?;
    // The process's mask takes its part of it.
    let mode = if file.secret { 0o600 } else { 0o666 };
    let mut temporary = Builder::new()
        .prefix(".rcsync-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    temporary.write_all(file.text.as_bytes())?;
    temporary.as_file().sync_all()?;
    if let Some(old) = fs::symlink_metadata(&file.path)
        .ok()
        .filter(|_| !file.secret)
    {
        temporary.as_file().set_permissions(old.permissions())?;
    }
    Ok(temporary)
}

#[cfg(test)]
mod tests;
