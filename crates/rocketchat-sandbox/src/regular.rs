//! Opens regular files: a link instead of a state would have it written elsewhere, and a pipe would be waited for.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Opens a regular file. Whoever names it has followed the links on the way to it.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(found) => require_regular(&found)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = options.custom_flags(flags).open(path)?;
    // It may have changed since.
    require_regular(&file.metadata()?)?;
    Ok(file)
}

/// Refuses what is not a regular file.
fn require_regular(found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    Err(io::Error::other(if found.is_dir() {
        "this is a folder"
    } else {
        "not a regular file"
    }))
}
