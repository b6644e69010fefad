//! What manifests are compared with: the same paths at a revision in git, or in another folder.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::MAX_VALUES;
use super::files::{Disk, Files, bounded_file};
use super::git::{Repository, none_around};
use super::program::Environment;
use super::revision::Revision;
use crate::escape;
use crate::problem::{Code, Problem};

/// Where the manifests of before are.
#[derive(Debug)]
pub struct Base {
    /// What it is called: the revision and its commit, or the folder.
    pub name: String,
    place: BasePlace,
}

#[derive(Debug)]
enum BasePlace {
    Revision {
        /// The top of the repository.
        top: PathBuf,
        files: Rc<Revision>,
    },
    Folder {
        /// Where the paths of now start from.
        here: PathBuf,
        /// Where those of before do.
        there: PathBuf,
    },
}

/// Why there is no base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseError {
    /// What is wrong, and what to do about it.
    pub problem: Problem,
    /// Whether it is named like a commit, and git knows none of that name.
    pub is_unknown: bool,
}

impl BaseError {
    pub(super) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            problem: Problem::new(Code("base"), message).help(help),
            is_unknown: false,
        }
    }
}

impl Base {
    /// What `name` means for the manifests at these paths: a folder if it is written like one, else a revision in the
    /// repository that the first path is in, and a folder only if there is no repository.
    ///
    /// # Errors
    /// When there is no such revision, or git cannot be asked.
    pub fn find(name: &str, paths: &[&Path], environment: &Environment) -> Result<Self, BaseError> {
        if name.trim().is_empty() {
            return Err(BaseError::new(
                "the base has no name",
                "name a revision, as in `--base origin/main`, or a folder: `--base ./FOLDER`",
            ));
        }
        let is_folder = Path::new(name).is_dir();
        if is_written_like_a_folder(name) {
            let missing =
                || BaseError::new(format!("there is no folder `{name}`"), "correct `--base`");
            return is_folder.then(|| Self::folder(name)).ok_or_else(missing)?;
        }
        let first = paths.first().copied().unwrap_or(Path::new("."));
        let Some(repository) = Repository::around(first, environment)? else {
            let none = || none_around(first, "neither its folder nor one above it holds `.git`");
            return is_folder.then(|| Self::folder(name)).ok_or_else(none)?;
        };
        if let Some(path) = paths.iter().find(|path| repository.is_not_around(path)) {
            return Err(not_in(path, &repository.top));
        }
        match repository.commit(name)? {
            Some(_) if is_folder => Err(BaseError::new(
                format!("`{name}` is both a revision and a folder"),
                format!(
                    "write `./{name}` for the folder, or a branch's full name, `refs/heads/{name}`"
                ),
            )),
            Some(commit) => Self::revision(name, repository, commit),
            None => Err(unknown(name, is_folder)),
        }
    }

    fn folder(name: &str) -> Result<Self, BaseError> {
        Ok(Self {
            name: name.to_owned(),
            place: BasePlace::Folder {
                here: absolute(Path::new("."))?,
                there: PathBuf::from(name),
            },
        })
    }

    fn revision(name: &str, repository: Repository, commit: String) -> Result<Self, BaseError> {
        let files = Rc::new(repository.revision(commit)?);
        let short = files.commit.get(..10).unwrap_or(&files.commit);
        let name = if files.commit.starts_with(name) {
            short.to_owned()
        } else {
            format!("{name} ({short})")
        };
        Ok(Self {
            name,
            place: BasePlace::Revision {
                top: repository.top,
                files,
            },
        })
    }

    /// Where in the base the path is, or would be.
    ///
    /// # Errors
    /// When it is outside of the repository.
    pub fn path(&self, path: &Path) -> Result<PathBuf, BaseError> {
        let whole = absolute(path)?;
        let below = |top: &Path| whole.strip_prefix(top).map(Path::to_owned).ok();
        match &self.place {
            BasePlace::Revision { top, .. } => {
                // The way to it may lead through a link.
                let resolved = || {
                    Some(
                        fs::canonicalize(path)
                            .ok()?
                            .strip_prefix(top)
                            .ok()?
                            .to_owned(),
                    )
                };
                let path = below(top)
                    .or_else(resolved)
                    .ok_or_else(|| not_in(path, top))?;
                Ok(Path::new(".").join(path))
            }
            BasePlace::Folder { here, there } => {
                let path = below(here).ok_or_else(|| {
                    BaseError::new(
                        format!("`{}` is not below the folder you are in", path.display()),
                        "with a folder as the base, name paths that start from here: they are looked for there",
                    )
                })?;
                Ok(there.join(path))
            }
        }
    }

    /// A file of values as it was, or as it is now if it was not there: not everything is in git.
    ///
    /// # Errors
    /// When it is not there, or cannot be read.
    pub fn read(&self, path: &Path) -> io::Result<String> {
        let then = self.path(path).ok().and_then(|path| match &self.place {
            BasePlace::Revision { files, .. } => files.read(&path, MAX_VALUES).ok(),
            BasePlace::Folder { .. } => bounded_file(&path, MAX_VALUES).ok(),
        });
        then.map_or_else(|| bounded_file(path, MAX_VALUES), Ok)
    }

    pub(super) fn files(&self) -> Rc<dyn Files> {
        match &self.place {
            BasePlace::Revision { files, .. } => files.clone(),
            BasePlace::Folder { .. } => Rc::new(Disk),
        }
    }
}

fn not_in(path: &Path, top: &Path) -> BaseError {
    let (path, top) = (path.display(), top.display());
    BaseError::new(
        format!("`{path}` is not in the repository `{top}`"),
        "a base is one repository's: plan the others without it",
    )
}

/// A folder of that name is not the base: a change could bring it, to be compared with itself.
fn unknown(name: &str, is_folder: bool) -> BaseError {
    let name = escape::line(name);
    let help = if is_folder {
        format!("for the folder of that name write `./{name}`; else fetch the commit")
    } else {
        "fetch it (a shallow clone has the last commits only), or name a folder: `--base ./FOLDER`"
            .to_owned()
    };
    BaseError {
        is_unknown: true,
        ..BaseError::new(format!("git knows no commit `{name}`"), help)
    }
}

/// Whether it cannot be meant for a revision.
fn is_written_like_a_folder(name: &str) -> bool {
    let starts = ["./", "../", "/"];
    matches!(name, "." | "..")
        || starts.iter().any(|start| name.starts_with(start))
        || name.ends_with('/')
}

/// The whole path, without `.` and `..`, links as they are.
fn absolute(path: &Path) -> Result<PathBuf, BaseError> {
    let whole = std::path::absolute(path).map_err(|error| {
        BaseError::new(
            format!("the folder you are in cannot be told: {error}"),
            "go to another one",
        )
    })?;
    let mut plain = PathBuf::new();
    for component in whole.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    Ok(plain)
}
