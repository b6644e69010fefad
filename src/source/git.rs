//! The program `git`: which commit a name means, what files it has, what stands in them. It touches no checkout.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::BaseError;
use super::revision::Revision;
use crate::escape;

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
                format!("git knows no commit `{}`", escape::line(name)),
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
        let objects = Objects::of(&self.top).map_err(|error| failed(&error.to_string()))?;
        let files = Revision::of(commit, &listing, objects);
        files.ok_or_else(|| BaseError::new("git lists files in an unknown form", "update git"))
    }
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
    Err(Failed::Said(escape::line(words)))
}

/// A running `git cat-file --batch`.
#[derive(Debug)]
pub(super) struct Objects {
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
    pub(super) fn read(&mut self, object: &str, limit: usize) -> io::Result<Option<Vec<u8>>> {
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
