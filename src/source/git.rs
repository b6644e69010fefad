//! A revision in git, as a tree of files. Asks the program `git`, which touches no checkout for it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::Bound;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::BaseError;
use super::files::{Files, Unreadable, is_hidden, is_manifest, text};

/// More links on the way to a file than anybody means.
const MOST_LINKS: usize = 40;

/// The longest target of a link that is read.
const MAX_LINK: usize = 4096;

/// What a hook's environment would make git look at in place of the repository that the paths are in.
const ELSEWHERE: [&str; 5] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
];

/// A repository's working folder.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// Its top.
    pub(super) top: PathBuf,
}

/// The files of one revision. Their paths start from the top of the repository.
#[derive(Debug)]
pub(super) struct Revision {
    /// The commit.
    pub(super) commit: String,
    entries: BTreeMap<PathBuf, Entry>,
    objects: RefCell<Objects>,
}

/// What stands at a path.
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

impl Repository {
    /// The repository that a folder is in.
    pub(super) fn around(folder: &Path) -> Result<Self, BaseError> {
        let top = ask(folder, &["rev-parse", "--show-toplevel"]).map_err(|error| match error {
            Failed::NoGit => BaseError::new(
                "there is no program `git` to read the base with",
                "install git, or name a folder: `--base ./FOLDER`",
            ),
            Failed::Said(words) => BaseError::new(
                format!(
                    "no git repository is around `{}`: {words}",
                    folder.display()
                ),
                "run it on manifests that are in a repository, or name a folder: `--base ./FOLDER`",
            ),
        })?;
        let top = top.strip_suffix(b"\n").unwrap_or(&top);
        Ok(Self {
            top: PathBuf::from(OsStr::from_bytes(top)),
        })
    }

    /// The commit that a name of it leads to.
    pub(super) fn commit(&self, name: &str) -> Result<String, BaseError> {
        let unknown = || {
            BaseError::new(
                format!("git knows no commit `{}`", name.escape_debug()),
                "fetch it (a shallow clone has the last commits only), or name a folder: `--base ./FOLDER`",
            )
        };
        // No name of a commit starts like that; git would take it for an option.
        if name.starts_with('-') || name.contains(char::is_control) {
            return Err(unknown());
        }
        let peeled = format!("{name}^{{commit}}");
        let args = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &peeled,
        ];
        let commit = ask(&self.top, &args).map_err(|_| unknown())?;
        let commit = String::from_utf8(commit).map_err(|_| unknown())?;
        let commit = commit.trim_end();
        let sound = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        sound.then(|| commit.to_owned()).ok_or_else(unknown)
    }

    /// The files of a commit.
    pub(super) fn revision(&self, commit: String) -> Result<Revision, BaseError> {
        let failed = |words: &str| {
            BaseError::new(
                format!("git cannot read the files of {commit}: {words}"),
                "`git fsck` may tell what is wrong with the repository",
            )
        };
        let args = [
            "ls-tree",
            "-r",
            "-z",
            "--full-tree",
            "--end-of-options",
            &commit,
        ];
        let listing = ask(&self.top, &args).map_err(|error| failed(error.words()))?;
        let entries = listing
            .split(|byte| *byte == 0)
            .filter(|line| !line.is_empty())
            .map(entry)
            .collect::<Option<_>>()
            .ok_or_else(|| failed("its listing is not as expected"))?;
        let objects = Objects::of(&self.top).map_err(|error| failed(&error.to_string()))?;
        Ok(Revision {
            commit,
            entries,
            objects: RefCell::new(objects),
        })
    }
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

/// Why git did not answer.
enum Failed {
    NoGit,
    Said(String),
}

impl Failed {
    fn words(&self) -> &str {
        match self {
            Self::NoGit => "there is no program `git`",
            Self::Said(words) => words,
        }
    }
}

fn git(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(args);
    command
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null());
    for name in ELSEWHERE {
        command.env_remove(name);
    }
    command
}

/// What git prints.
fn ask(folder: &Path, args: &[&str]) -> Result<Vec<u8>, Failed> {
    let output = git(folder, args)
        .output()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failed::NoGit,
            _ => Failed::Said(error.to_string()),
        })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.lines().next().unwrap_or("it did not say why");
    let words = words.trim_start_matches("fatal: ");
    Err(Failed::Said(words.escape_debug().to_string()))
}

/// A running `git cat-file --batch`.
#[derive(Debug)]
struct Objects {
    process: Child,
    /// Closed before the end is waited for: that is how it ends.
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Objects {
    fn of(top: &Path) -> io::Result<Self> {
        let mut process = git(top, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (asks, answers) = (process.stdin.take(), process.stdout.take());
        let answers = answers.ok_or_else(|| io::Error::other("git has no output"))?;
        Ok(Self {
            process,
            asks,
            answers: BufReader::new(answers),
        })
    }

    /// The bytes of an object; `None` if there are more than `limit`.
    fn read(&mut self, object: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let ended = || io::Error::other("git does not answer");
        let asks = self.asks.as_mut().ok_or_else(ended)?;
        writeln!(asks, "{object}")?;
        asks.flush()?;
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        // `OBJECT TYPE SIZE`, or `OBJECT missing`.
        let size: Option<usize> = head
            .split(' ')
            .nth(2)
            .and_then(|size| size.trim().parse().ok());
        let Some(size) = size else {
            return Err(io::Error::other("git does not have the file's content"));
        };
        let after = 1;
        if size > limit {
            let rest = u64::try_from(size + after).unwrap_or(u64::MAX);
            io::copy(&mut (&mut self.answers).take(rest), &mut io::sink())?;
            return Ok(None);
        }
        let mut bytes = vec![0; size + after];
        self.answers.read_exact(&mut bytes)?;
        bytes.truncate(size);
        Ok(Some(bytes))
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        self.asks = None;
        let _ = self.process.wait();
    }
}

impl Revision {
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
