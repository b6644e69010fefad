//! A repository: which commit a name means, what files it has, what is in them. No checkout is touched.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use super::BaseError;
use super::child;
use super::program::{Environment, Failed, Git, PATIENCE};
use super::revision::Revision;
use crate::escape;

/// The longest line that git writes before an object.
const MAX_HEAD: u64 = 4096;

/// A repository's working folder.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// Its top: the folder that holds `.git`, resolved.
    pub(super) top: PathBuf,
    git: Git,
}

impl Repository {
    /// The repository that a path is in; `None` if no folder around it holds `.git`.
    ///
    /// Nothing else makes a folder a repository, and git starts nowhere else. Left to itself, git takes any folder with
    /// the right names in it for a bare repository, and obeys the `config` there: tracked files can be that. The folder
    /// is resolved first, as the system does when it opens the manifests: the base is the past of those very files.
    pub(super) fn around(
        path: &Path,
        environment: &Environment,
    ) -> Result<Option<Self>, BaseError> {
        let Some(top) = top(path) else {
            return Ok(None);
        };
        let git = Git::at(&top, environment).ok_or_else(|| {
            BaseError::new(
                "there is no program `git` to read the base with",
                "install git, in a folder of PATH that is absolute and not in the repository, or name a folder: \
                 `--base ./FOLDER`",
            )
        })?;
        let found = git.ask_path(&["rev-parse", "--show-toplevel"]);
        let found = found.map_err(|error| {
            let words = error.words();
            let error = none_around(path, &words);
            if !words.contains("dubious ownership") {
                return error;
            }
            let help = "if you trust its owner, say so in your own configuration, outside of the repository: \
                        `git config --global --add safe.directory FOLDER`";
            BaseError::new(error.problem.message, help)
        })?;
        if fs::canonicalize(&found).ok().as_ref() != Some(&top) {
            let (top, found) = (top.display(), found.display());
            let words = format!("the `.git` in `{top}` belongs to `{found}`");
            return Err(none_around(path, &words));
        }
        Ok(Some(Self { top, git }))
    }

    /// Whether a path is in another repository than this one.
    pub(super) fn is_not_around(&self, path: &Path) -> bool {
        top(path).is_some_and(|top| top != self.top)
    }

    /// The commit that a name of it leads to; `None` if git knows none.
    pub(super) fn commit(&self, name: &str) -> Result<Option<String>, BaseError> {
        // No name of a commit starts like that; git would take it for an option.
        if name.starts_with('-') || name.contains(char::is_control) {
            return Ok(None);
        }
        let failed = |words: &str| {
            BaseError::new(
                format!("git cannot tell what `{}` is: {words}", escape::line(name)),
                "`git fsck` may tell what is wrong with the repository",
            )
        };
        let peeled = format!("{name}^{{commit}}");
        let args = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &peeled,
        ];
        let commit = match self.git.ask(&args) {
            Ok(commit) => commit,
            Err(Failed::Said { plainly: true, .. }) => return Ok(None),
            Err(error) => return Err(failed(&error.words())),
        };
        let commit = String::from_utf8(commit).unwrap_or_default();
        let commit = commit.trim_end();
        let sound = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        sound
            .then(|| Some(commit.to_owned()))
            .ok_or_else(|| failed("it answers in an unknown form"))
    }

    /// The files of a commit.
    pub(super) fn revision(&self, commit: String) -> Result<Revision, BaseError> {
        let failed = |words: &str| {
            BaseError::new(
                format!("git cannot read the files of {commit}: {words}"),
                "`git fsck` may tell what is wrong with the repository; nothing is fetched for a partial clone",
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
        let listing = self
            .git
            .ask(&args)
            .map_err(|error| failed(&error.words()))?;
        let objects = Objects::of(&self.git).map_err(|error| failed(&error.to_string()))?;
        let files = Revision::of(commit, &listing, objects);
        files.ok_or_else(|| BaseError::new("git lists files in an unknown form", "update git"))
    }
}

/// Why a path is in no repository.
pub(super) fn none_around(path: &Path, words: &str) -> BaseError {
    let path = path.display();
    BaseError::new(
        format!("no git repository is around `{path}`: {words}"),
        "run it on manifests that are in a repository, or name a folder: `--base ./FOLDER`",
    )
}

/// The first folder that holds `.git`, from a path upwards; resolved.
fn top(path: &Path) -> Option<PathBuf> {
    let folder = if path.is_dir() {
        path
    } else {
        super::parent(path)
    };
    // A path that names nothing is told when manifests are read.
    let mut there = folder.ancestors().map(|path| {
        let named = !path.as_os_str().is_empty();
        fs::canonicalize(if named { path } else { Path::new(".") })
    });
    let start = there.find_map(Result::ok)?;
    let holds = |folder: &&Path| match fs::symlink_metadata(folder.join(".git")) {
        Ok(_) => true,
        // What may not be looked at may be there.
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
        ),
    };
    start.ancestors().find(holds).map(Path::to_owned)
}

/// A running `git cat-file --batch`.
#[derive(Debug)]
pub(super) struct Objects {
    process: Child,
    /// Which object, and how many bytes of it at most. None is asked for after one that did not come in time.
    asks: Option<Sender<(String, usize)>>,
    answers: Receiver<io::Result<Option<Vec<u8>>>>,
}

impl Objects {
    fn of(git: &Git) -> io::Result<Self> {
        let mut process = git
            .command(&["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (asks, asked) = mpsc::channel::<(String, usize)>();
        let (answer, answers) = mpsc::channel();
        if let (Some(mut to), Some(from)) = (process.stdin.take(), process.stdout.take()) {
            let mut from = BufReader::new(from);
            thread::spawn(move || {
                for (object, limit) in asked {
                    let _ = answer.send(object_of(&object, limit, &mut to, &mut from));
                }
            });
        }
        Ok(Self {
            process,
            asks: Some(asks),
            answers,
        })
    }

    /// The bytes of an object; `None` if there are more than `limit`.
    pub(super) fn read(&mut self, object: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
        let asks = self.asks.as_ref();
        let asked = asks.and_then(|asks| asks.send((object.to_owned(), limit)).ok());
        asked.ok_or_else(|| io::Error::other("git does not answer"))?;
        let read = child::answered(&self.answers, Instant::now() + PATIENCE);
        if matches!(&read, Err(error) if error.kind() == io::ErrorKind::TimedOut) {
            self.asks = None;
        }
        read
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks git for an object and reads what it answers.
fn object_of(
    object: &str,
    limit: usize,
    to: &mut ChildStdin,
    from: &mut BufReader<ChildStdout>,
) -> io::Result<Option<Vec<u8>>> {
    writeln!(to, "{object}")?;
    to.flush()?;
    let mut head = String::new();
    from.by_ref().take(MAX_HEAD).read_line(&mut head)?;
    // `OBJECT TYPE SIZE`, or `OBJECT missing`.
    let size: Option<usize> = head
        .split(' ')
        .nth(2)
        .and_then(|size| size.trim().parse().ok());
    let Some(size) = size else {
        return Err(io::Error::other(
            "git does not have the file's content, and nothing is fetched for a partial clone",
        ));
    };
    let after = 1;
    if size > limit {
        let rest = u64::try_from(size).unwrap_or(u64::MAX);
        io::copy(&mut from.take(rest.saturating_add(after)), &mut io::sink())?;
        return Ok(None);
    }
    let mut bytes = vec![0; size];
    from.read_exact(&mut bytes)?;
    from.read_exact(&mut [0])?;
    Ok(Some(bytes))
}
