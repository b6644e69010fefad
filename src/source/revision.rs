//! The files of a revision in git, links resolved as the disk does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::ops::Bound;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use super::files::{Files, Unreadable, is_hidden, is_manifest, text};
use super::git::Objects;

/// More links on the way to a file than anybody means.
const MOST_LINKS: usize = 40;

/// The longest target of a link that is read.
const MAX_LINK: usize = 4096;

/// The files of one revision. Their paths start from the top of the repository.
#[derive(Debug)]
pub(super) struct Revision {
    /// The commit.
    pub(super) commit: String,
    entries: BTreeMap<PathBuf, Entry>,
    objects: RefCell<Objects>,
}

/// What is at a path.
#[derive(Debug)]
struct Entry {
    kind: EntryKind,
    object: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntryKind {
    File,
    Link,
    /// Another repository inside this one: nothing of it is here.
    Submodule,
}

/// A line of a listing: `MODE TYPE OBJECT<tab>PATH`.
fn entry(line: &[u8]) -> Option<(PathBuf, Entry)> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let path = PathBuf::from(OsString::from_vec(line[tab + 1..].to_vec()));
    let mut words = std::str::from_utf8(&line[..tab]).ok()?.split(' ');
    let kind = match (words.next()?, words.next()?) {
        (_, "commit") => EntryKind::Submodule,
        ("120000", _) => EntryKind::Link,
        _ => EntryKind::File,
    };
    let object = words.next()?.to_owned();
    Some((path, Entry { kind, object }))
}

impl Revision {
    /// The files of a commit: its listing, as `git ls-tree -r -z` gives it, and what is in them. `None` if the
    /// listing is of another form.
    pub(super) fn of(commit: String, listing: &[u8], objects: Objects) -> Option<Self> {
        let lines = listing.split(|byte| *byte == 0);
        let entries = lines.filter(|line| !line.is_empty()).map(entry);
        Some(Self {
            commit,
            entries: entries.collect::<Option<_>>()?,
            objects: RefCell::new(objects),
        })
    }

    fn object(&self, entry: &Entry, limit: usize) -> io::Result<Option<Vec<u8>>> {
        self.objects.borrow_mut().read(&entry.object, limit)
    }

    /// The entries below a folder.
    fn below<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = (&'a Path, &'a Entry)> {
        self.entries
            .range::<Path, _>((Bound::Included(folder), Bound::Unbounded))
            .map(|(path, entry)| (path.as_path(), entry))
            .skip_while(move |(path, _)| *path == folder)
            .take_while(move |(path, _)| path.starts_with(folder))
    }

    /// Whether a resolved path is a folder. One that holds nothing is not kept.
    fn holds(&self, folder: &Path) -> bool {
        self.below(folder).next().is_some()
    }

    fn target(&self, link: &Entry) -> io::Result<PathBuf> {
        let target = self.object(link, MAX_LINK)?;
        let target = target.ok_or_else(|| io::Error::other("a link is too long"))?;
        Ok(PathBuf::from(OsString::from_vec(target)))
    }
}

impl Files for Revision {
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let mut at = PathBuf::new();
        let mut links = 0;
        let mut left = Vec::new();
        steps(path, &mut left);
        while let Some(step) = left.pop() {
            match step {
                Step::Outside => return Err(outside()),
                Step::Up if !at.pop() => return Err(outside()),
                Step::Up => continue,
                Step::Into(name) => at.push(name),
            }
            match self.entries.get(&at) {
                Some(entry) if entry.kind == EntryKind::Link => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(io::Error::other("too many links"));
                    }
                    at.pop();
                    steps(&self.target(entry)?, &mut left);
                }
                Some(_) if !left.is_empty() => return Err(io::ErrorKind::NotADirectory.into()),
                None if !self.holds(&at) => return Err(io::ErrorKind::NotFound.into()),
                _ => {}
            }
        }
        Ok(at)
    }

    fn is_folder(&self, path: &Path) -> io::Result<bool> {
        Ok(!self.entries.contains_key(&self.resolve(path)?))
    }

    fn list(
        &self,
        folder: &Path,
        files: &mut Vec<PathBuf>,
        folders: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        let resolved = self.resolve(folder)?;
        let mut last = None;
        for (path, entry) in self.below(&resolved) {
            let mut rest = path.strip_prefix(&resolved).unwrap_or(path).components();
            let Some(Component::Normal(name)) = rest.next() else {
                continue;
            };
            let shown = name.to_string_lossy();
            if is_hidden(&shown) || last.as_deref() == Some(name) {
                continue;
            }
            let found = folder.join(name);
            if rest.next().is_some() {
                last = Some(name.to_owned());
                folders.push(found);
            } else if is_manifest(&shown) && self.leads_to_no_folder(&found, entry) {
                files.push(found);
            }
        }
        Ok(())
    }

    fn read(&self, path: &Path, limit: usize) -> Result<String, Unreadable> {
        let path = self.resolve(path).map_err(Unreadable::Io)?;
        let entry = match self.entries.get(&path) {
            None => return Err(Unreadable::Folder),
            Some(entry) if entry.kind == EntryKind::Submodule => return Err(Unreadable::NotAFile),
            Some(entry) => entry,
        };
        let bytes = self.object(entry, limit).map_err(Unreadable::Io)?;
        text(bytes.ok_or(Unreadable::TooLarge(limit))?)
    }
}

impl Revision {
    fn leads_to_no_folder(&self, path: &Path, entry: &Entry) -> bool {
        match entry.kind {
            EntryKind::File => true,
            EntryKind::Link => !self.is_folder(path).unwrap_or(false),
            EntryKind::Submodule => false,
        }
    }
}

/// A step along a path.
enum Step {
    Into(OsString),
    Up,
    Outside,
}

/// Puts the steps of a path before those that are left, the next one last.
fn steps(path: &Path, left: &mut Vec<Step>) {
    let steps = path
        .components()
        .rev()
        .filter_map(|component| match component {
            Component::CurDir => None,
            Component::ParentDir => Some(Step::Up),
            Component::Normal(name) => Some(Step::Into(name.to_owned())),
            Component::RootDir | Component::Prefix(_) => Some(Step::Outside),
        });
    left.extend(steps);
}

fn outside() -> io::Error {
    io::Error::other("it leads out of the repository")
}
