//! Regular files by the names that a user gave: which links on the way are followed, and how a file is opened.
//!
//! What lies below the working folder, or in a checkout of git, may be what a pull request brought. No link there is
//! followed, wherever it leads: a file of variables that became a link to a file of secrets would show them, and a
//! state that became a link would be written elsewhere. Links in other places are the user's or the system's own
//! (`/tmp`, a linked home, the `..data` of a secret that Kubernetes mounts), and are followed. Git brings no hard
//! links, pipes or devices.
//!
//! A name is resolved first and opened afterwards. Between the two, only the last part of the path is guarded
//! (`O_NOFOLLOW`, and a look at what was opened): a process that swaps folders meanwhile runs on this machine already.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

/// More links on the way to a file than anybody means.
const MOST_LINKS: usize = 40;

/// Where a name leads.
#[derive(Debug)]
pub struct Location {
    /// The path without links. What does not exist stays as it was named.
    pub path: PathBuf,
    /// Whether a pull request may have brought what is there.
    guarded: bool,
}

impl Location {
    /// Opens the file to read it. Outside of the guarded folders it may be a pipe or a device.
    ///
    /// # Errors
    /// When it cannot be read, or a link on the way leads out.
    pub fn open(&self) -> io::Result<File> {
        if self.guarded {
            open(&self.path, OpenOptions::new().read(true))
        } else {
            File::open(&self.path)
        }
    }
}

/// Follows a name to a file, link by link.
///
/// # Errors
/// When a link stands where none is followed, or the system refuses a part of the path. A name behind which there is
/// nothing yet is fine.
pub fn locate(name: &Path) -> io::Result<Location> {
    let here = fs::canonicalize(".")?;
    let path = walk(name, &here, &mut |folder, link| {
        if guard(folder, &here).is_none() {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "{} is a link, and links below the working folder or in a checkout are not followed; name the file itself",
            link.display()
        )))
    })?;
    let guarded = guard(path.parent().unwrap_or(&path), &here).is_some();
    Ok(Location { path, guarded })
}

/// Follows a name to manifests: where links may be, as long as they do not lead out of the folder that they came with.
///
/// # Errors
/// When one leads out, or the system refuses a part of the path.
pub fn stays(name: &Path) -> io::Result<()> {
    let here = fs::canonicalize(".")?;
    let mut guards = Vec::new();
    let path = walk(name, &here, &mut |folder, link| {
        guards.extend(guard(folder, &here).map(|guard| (guard, link.to_owned())));
        Ok(())
    })?;
    match guards
        .into_iter()
        .find(|(guard, _)| !path.starts_with(guard))
    {
        None => Ok(()),
        Some((guard, link)) => Err(io::Error::other(format!(
            "{} is a link that leads out of {}; name the folder or file that it leads to",
            link.display(),
            guard.display()
        ))),
    }
}

/// Follows a name, and asks about each link that is followed: the folder that it is in, and its path.
fn walk(
    name: &Path,
    here: &Path,
    link: &mut dyn FnMut(&Path, &Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    let mut at = here.to_owned();
    let mut left = Vec::new();
    steps(name, &mut left);
    let mut links = 0;
    while let Some(step) = left.pop() {
        let next = match step {
            Step::Root => {
                at = PathBuf::from("/");
                continue;
            }
            Step::Up => {
                at.pop();
                continue;
            }
            Step::Into(part) => at.join(part),
        };
        match fs::symlink_metadata(&next) {
            Ok(found) if found.is_symlink() => {}
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // Behind a name that does not exist there is no way up.
            Err(error) if left.iter().any(|step| !matches!(step, Step::Into(_))) => {
                return Err(error);
            }
            _ => {
                at = next;
                continue;
            }
        }
        link(&at, &next)?;
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::other("too many links"));
        }
        let target = fs::read_link(&next)?;
        if is_nameless(&next, &at.join(&target)) {
            at = next;
            continue;
        }
        steps(&target, &mut left);
    }
    Ok(at)
}

/// The folder with which a pull request may have brought what is in this one, if one may.
fn guard(folder: &Path, here: &Path) -> Option<PathBuf> {
    let is_checkout = |folder: &&Path| fs::symlink_metadata(folder.join(".git")).is_ok();
    // A container may start in `/`, which is no checkout unless it holds `.git`.
    let below = folder.starts_with(here) && here.parent().is_some();
    let checkout = folder.ancestors().find(is_checkout);
    let guard = checkout.or_else(|| below.then_some(here));
    guard.map(Path::to_owned)
}

/// Whether a link leads to what has no name of its own, as `/dev/fd/63` of a shell's `<(…)` does.
fn is_nameless(link: &Path, target: &Path) -> bool {
    fs::symlink_metadata(target).is_err() && fs::metadata(link).is_ok()
}

/// A step along a path.
enum Step {
    Root,
    Up,
    Into(OsString),
}

/// Puts the steps of a path before those that are left, the next one last.
fn steps(path: &Path, left: &mut Vec<Step>) {
    let steps = path.components().rev();
    left.extend(steps.filter_map(|component| match component {
        Component::CurDir => None,
        Component::ParentDir => Some(Step::Up),
        Component::Normal(part) => Some(Step::Into(part.to_owned())),
        Component::RootDir | Component::Prefix(_) => Some(Step::Root),
    }));
}

/// Opens a regular file. No link in its place is followed, and no pipe waited for.
///
/// # Errors
/// When it cannot be opened, or is not a regular file.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(found) => require_regular(&found)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let file = options
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use tempfile::TempDir;

    use super::*;

    /// A folder with a checkout `repo` and a folder `home` beside it.
    fn machine() -> TempDir {
        let machine = tempfile::tempdir().unwrap();
        for folder in ["repo/.git", "repo/chat", "home"] {
            fs::create_dir_all(machine.path().join(folder)).unwrap();
        }
        fs::write(machine.path().join("home/secrets"), "a: 1").unwrap();
        fs::write(machine.path().join("repo/chat/vars"), "a: 1").unwrap();
        machine
    }

    fn refused(path: &Path) -> bool {
        locate(path).is_err_and(|error| error.to_string().contains("is a link"))
    }

    #[test]
    fn a_link_in_a_checkout_is_not_followed_wherever_it_leads() {
        let machine = machine();
        let at = |name: &str| machine.path().join(name);
        for (link, target) in [
            ("repo/file", "../home/secrets"),
            ("repo/chat/file", "vars"),
            ("repo/folder", "../home"),
            ("repo/round", "chat"),
            ("repo/dangling", "nothing"),
            ("repo/itself", "itself"),
            ("repo/device", "/dev/zero"),
            ("repo/descriptor", "/proc/self/fd/0"),
        ] {
            symlink(target, at(link)).unwrap();
            assert!(refused(&at(link)), "{link}");
            assert!(refused(&at(link).join("below")), "{link}");
        }
        // By another way: through a link outside, and back up.
        symlink("repo/folder", at("way")).unwrap();
        assert!(refused(&at("way/secrets")));
        assert!(refused(&at("home/../repo/chat/../folder/secrets")));
        assert!(locate(&at("repo/chat/vars")).unwrap().open().is_ok());
    }

    #[test]
    fn a_link_outside_is_followed() {
        let machine = machine();
        let at = |name: &str| machine.path().join(name);
        // As Kubernetes mounts a secret.
        fs::create_dir(at("home/..1")).unwrap();
        fs::write(at("home/..1/key"), "b: 2").unwrap();
        symlink("..1", at("home/..data")).unwrap();
        symlink("..data/key", at("home/key")).unwrap();
        let real = fs::canonicalize(at("home/..1/key")).unwrap();
        assert_eq!(locate(&at("home/key")).unwrap().path, real);
        symlink(at("home"), at("linked")).unwrap();
        assert!(locate(&at("linked/secrets")).unwrap().open().is_ok());
        // What does not exist yet stays as it was named.
        let new = locate(&at("linked/new/file")).unwrap().path;
        assert!(new.ends_with("home/new/file"), "{}", new.display());
        assert!(locate(&at("home/new/../secrets")).is_err());
        symlink("loop", at("loop")).unwrap();
        assert!(locate(&at("loop")).is_err());
    }

    #[test]
    fn the_working_folder_is_guarded_without_git() {
        // Tests run in the folder of the package, which need not be a checkout.
        let folder = tempfile::tempdir_in(".").unwrap();
        symlink("/etc/hostname", folder.path().join("link")).unwrap();
        assert!(refused(&folder.path().join("link")));
    }

    #[test]
    fn manifests_stay_in_the_checkout_that_they_came_with() {
        let machine = machine();
        let at = |name: &str| machine.path().join(name);
        for (link, target, stays_there) in [
            ("repo/inside", "chat", true),
            ("repo/outside", "../home", false),
            ("repo/chat/up", "../..", false),
            ("repo/root", "/", false),
            ("repo/back", "../home/../repo/chat", true),
            ("linked", "repo/chat", true),
            ("linked-out", "repo/outside", false),
        ] {
            symlink(target, at(link)).unwrap();
            let told = stays(&at(link));
            assert_eq!(told.is_ok(), stays_there, "{link}: {told:?}");
            assert_eq!(stays(&at(link).join("vars")).is_ok(), stays_there, "{link}");
        }
    }

    #[test]
    fn what_is_not_a_regular_file_is_refused_at_once() {
        let machine = machine();
        let at = |name: &str| machine.path().join(name);
        let made = std::process::Command::new("mkfifo")
            .arg(at("repo/pipe"))
            .status();
        assert!(made.unwrap().success());
        let _socket = UnixListener::bind(at("repo/socket")).unwrap();
        symlink(at("home/secrets"), at("repo/link")).unwrap();
        let odd = ["repo/pipe", "repo/socket", "repo/link", "repo/chat"].map(at);
        for path in odd
            .iter()
            .map(PathBuf::as_path)
            .chain([Path::new("/dev/zero")])
        {
            for options in [
                OpenOptions::new().read(true),
                OpenOptions::new().read(true).append(true).create(true),
            ] {
                assert!(open(path, options).is_err(), "{}", path.display());
            }
        }
        for odd in ["repo/pipe", "repo/socket", "repo/chat"] {
            assert!(locate(&at(odd)).unwrap().open().is_err(), "{odd}");
        }
    }
}
