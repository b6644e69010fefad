//! What the user named, as texts: manifests from files, folders and standard input, and the scripts they name.
//!
//! Each file is read once. Manifests and scripts stay below their root, links resolved. Refuses what is no
//! regular file, too large or not UTF-8. Does not look into the texts: a byte order mark and CRLF stay.

mod base;
mod child;
mod files;
mod git;
mod program;
mod revision;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};
use std::rc::Rc;

pub use base::{Base, BaseError};
pub use files::{bounded, bounded_file};

pub(crate) use files::words;
use files::{Disk, Files, Unreadable, read_text};

use crate::problem::{Code, Place, Problem, SourceId, Texts};

/// The largest manifest that is read.
const MAX_MANIFEST: usize = 32 << 20;

/// The largest file of values that is read: it holds names, tokens and addresses.
pub const MAX_VALUES: usize = 1 << 20;

/// The largest script that is read.
const MAX_SCRIPT: usize = 1 << 20;

/// How many bytes all manifests and scripts of a run may have: a few changed files may stand for very many.
const MAX_READ: usize = 512 << 20;

/// How many manifests a folder may hold.
const MAX_FILES: usize = 100_000;

/// The origin of what comes from standard input.
pub const STDIN: &str = "<stdin>";

const MISSING: Code = Code("source-missing");
const EMPTY: Code = Code("source-empty");
const UNREADABLE: Code = Code("source-unreadable");
const ENCODING: Code = Code("source-encoding");

/// All texts of a run.
#[derive(Debug)]
pub struct Sources {
    /// Manifests, scripts, and an empty text for each path that could not be read.
    pub texts: Texts,
    /// The manifests, in the order of the paths given, those of a folder by path.
    pub manifests: Vec<ManifestSource>,
    /// Scripts by their resolved path.
    scripts: BTreeMap<PathBuf, SourceId>,
    /// The resolved paths of the manifests that were read.
    known: BTreeSet<PathBuf>,
    /// Where they are read from.
    files: Rc<dyn Files>,
    /// Whether what is not there is nothing, and no mistake.
    may_miss: bool,
    /// How many bytes may still be read.
    left: usize,
}

/// A manifest that was read.
#[derive(Debug)]
pub struct ManifestSource {
    /// Its text.
    pub id: SourceId,
    /// The folder below which its scripts stay, resolved.
    pub root: PathBuf,
    /// The folder that its scripts' paths start from, resolved.
    pub dir: PathBuf,
    /// The same folder as the user would write it.
    shown_dir: PathBuf,
}

impl Sources {
    /// Reads all manifests that the paths name, and says what could not be read.
    ///
    /// `root` overrides what each path has as its root. A finding about a whole path is at the start of an
    /// empty text of that name.
    pub fn read(
        paths: &[PathBuf],
        root: Option<&Path>,
        stdin: &mut dyn Read,
    ) -> (Self, Vec<Problem>) {
        Self::from(Rc::new(Disk), false).reading(paths, root, stdin)
    }

    /// Reads the manifests that the same paths named in the base. What was not there then is nothing.
    pub fn before(base: &Base, paths: &[PathBuf], root: Option<&Path>) -> (Self, Vec<Problem>) {
        Self::from(base.files(), true).reading(paths, root, &mut io::empty())
    }

    fn from(files: Rc<dyn Files>, may_miss: bool) -> Self {
        Self {
            texts: Texts::default(),
            manifests: Vec::new(),
            scripts: BTreeMap::new(),
            known: BTreeSet::new(),
            files,
            may_miss,
            left: MAX_READ,
        }
    }

    fn reading(
        self,
        paths: &[PathBuf],
        root: Option<&Path>,
        stdin: &mut dyn Read,
    ) -> (Self, Vec<Problem>) {
        let mut sources = self;
        let mut findings = Vec::new();
        let root = match root.map(|root| (root, sources.files.resolve(root))) {
            // No script was below it.
            Some((root, Err(error))) if sources.misses(&error) => Some(root.to_owned()),
            Some((root, Err(error))) => {
                let words = format!("the root cannot be used: {}", words(&error));
                findings.push(sources.about_path(root, UNREADABLE, words));
                return (sources, findings);
            }
            Some((_, Ok(root))) => Some(root),
            None => None,
        };
        let mut stdin_read = false;
        for path in paths {
            let read = if path.as_os_str() != "-" {
                sources.path(path, root.as_deref())
            } else if stdin_read {
                Ok(())
            } else {
                stdin_read = true;
                sources.stdin(root.as_deref(), stdin)
            };
            findings.extend(read.err().unwrap_or_default());
        }
        (sources, findings)
    }

    /// Reads what one path names.
    fn path(&mut self, path: &Path, root: Option<&Path>) -> Result<(), Vec<Problem>> {
        let is_folder = match self.files.is_folder(path) {
            Err(error) if self.misses(&error) => return Ok(()),
            found => found,
        };
        let is_folder = is_folder.map_err(|error| {
            let code = match error.kind() {
                io::ErrorKind::NotFound => MISSING,
                _ => UNREADABLE,
            };
            let help = "name a file, a folder, or `-` for standard input";
            vec![self.about_path(path, code, words(&error)).help(help)]
        })?;
        let ends = path.extension().and_then(|end| end.to_str());
        if !is_folder && ends.is_some_and(|end| ["js", "mjs", "cjs", "ts"].contains(&end)) {
            let words = "this is a script, not a manifest".to_owned();
            let help = "name the manifest: a script belongs to an entry, as `script: { file: … }`";
            return Err(vec![self.about_path(path, UNREADABLE, words).help(help)]);
        }
        if !is_folder {
            let own = parent(path);
            return self.manifest(path, root.unwrap_or(own));
        }
        let mut findings = Vec::new();
        let mut files = Vec::new();
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            if let Err(error) = self.files.list(&folder, &mut files, &mut folders) {
                findings.push(self.about_path(&folder, UNREADABLE, words(&error)));
            }
            if files.len().max(folders.len()) > MAX_FILES {
                let words = format!("more than {MAX_FILES} manifests or folders");
                return Err(vec![self.about_path(path, UNREADABLE, words)]);
            }
        }
        files.sort();
        if files.is_empty() && findings.is_empty() && !self.may_miss {
            let finding = self.about_path(path, EMPTY, "this folder holds no manifest".to_owned());
            let help = "manifests end in `.yaml` or `.yml` (name others one by one); hidden ones and `*.test.yaml` are skipped";
            findings.push(finding.help(help));
        }
        for file in files {
            let read = self.manifest(&file, root.unwrap_or(path));
            findings.extend(read.err().unwrap_or_default());
        }
        if findings.is_empty() {
            Ok(())
        } else {
            Err(findings)
        }
    }

    /// Whether nothing was there, where that is not a mistake.
    fn misses(&self, error: &io::Error) -> bool {
        self.may_miss
            && matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            )
    }

    /// Reads a manifest's file.
    fn manifest(&mut self, path: &Path, root: &Path) -> Result<(), Vec<Problem>> {
        let shown_dir = parent(path);
        let resolve = |path: &Path| self.files.resolve(path);
        let resolved =
            resolve(path).and_then(|file| Ok((file, resolve(shown_dir)?, resolve(root)?)));
        let (file, dir, root) = resolved.map_err(|error| {
            let help = "this is a link, and its target does not exist";
            let found = self.about_path(path, UNREADABLE, words(&error));
            vec![match error.kind() {
                io::ErrorKind::NotFound => found.help(help),
                _ => found,
            }]
        })?;
        // A link in a proposed change must not bring a file of the machine into a report.
        if !file.starts_with(&root) && !file.starts_with(&dir) {
            let message = "this is a link to a file outside of the root folder";
            let found = self.about_path(path, UNREADABLE, message.to_owned());
            return Err(vec![found.help(
                "name that file itself, or name a folder above both with `--root`",
            )]);
        }
        if !self.known.insert(file.clone()) {
            return Ok(());
        }
        let text = self
            .read_within(&file, MAX_MANIFEST)
            .map_err(|error| vec![self.unreadable(&shown(path), error)])?;
        let id = self.texts.add(shown(path), text);
        self.manifests.push(ManifestSource {
            id,
            root,
            dir,
            shown_dir: shown_dir.to_owned(),
        });
        Ok(())
    }

    /// Reads a text that has to fit into what may be read in all. Once one does not, none is read.
    fn read_within(&mut self, file: &Path, limit: usize) -> Result<String, Unreadable> {
        if self.left == 0 {
            return Err(Unreadable::TooMuch(MAX_READ));
        }
        let text = self.files.read(file, limit)?;
        let left = self.left.checked_sub(text.len());
        self.left = left.unwrap_or(0);
        left.map(|_| text).ok_or(Unreadable::TooMuch(MAX_READ))
    }

    /// Reads a manifest from standard input.
    fn stdin(&mut self, root: Option<&Path>, stdin: &mut dyn Read) -> Result<(), Vec<Problem>> {
        let read = read_text(stdin, MAX_MANIFEST).and_then(|text| {
            Ok((
                text,
                self.files.resolve(Path::new(".")).map_err(Unreadable::Io)?,
            ))
        });
        let (text, dir) = read.map_err(|error| vec![self.unreadable(STDIN, error)])?;
        let id = self.texts.add(STDIN, text);
        self.manifests.push(ManifestSource {
            id,
            root: root.map_or_else(|| dir.clone(), Path::to_owned),
            dir,
            shown_dir: PathBuf::from("."),
        });
        Ok(())
    }

    /// The script at a path, as a manifest writes it: relative to the manifest's folder, below its root.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn script(&mut self, manifest: SourceId, path: &str) -> Result<SourceId, Problem> {
        let error = |message: String, help: &str| Problem {
            help: (!help.is_empty()).then(|| help.to_owned()),
            ..Problem::new(Code("script-file"), message)
        };
        // They were given their numbers in this order.
        let found = self
            .manifests
            .binary_search_by_key(&manifest, |source| source.id);
        let Some(source) = found.ok().and_then(|index| self.manifests.get(index)) else {
            return Err(error(
                "this manifest is not one that was read".to_owned(),
                "",
            ));
        };
        if path.trim().is_empty() || path.contains('\0') {
            let help = "write the file's path, relative to the manifest's folder";
            return Err(error("this is not a file path".to_owned(), help));
        }
        if Path::new(path).has_root() || Path::new(path).is_absolute() {
            let help = "write it relative to the manifest's folder";
            return Err(error(
                "the path of a script cannot be absolute".to_owned(),
                help,
            ));
        }
        let shown_path = shown(&source.shown_dir.join(path));
        let file = self.files.resolve(&source.dir.join(path)).map_err(|io| {
            let help = format!(
                "looked for at `{shown_path}`: paths are relative to the manifest's folder"
            );
            error(format!("the script cannot be read: {}", words(&io)), &help)
        })?;
        if !file.starts_with(&source.root) {
            let help = "move it there, or name a folder above both with `--root`";
            return Err(error(
                "this script is outside of the root folder".to_owned(),
                help,
            ));
        }
        if let Some(id) = self.scripts.get(&file) {
            return Ok(*id);
        }
        let text = self
            .read_within(&file, MAX_SCRIPT)
            .map_err(|unreadable| match unreadable {
                Unreadable::NotText(bad) => {
                    let before = &bad.text[..bad.at];
                    let line = before.matches('\n').count() + 1;
                    let column = before
                        .rsplit('\n')
                        .next()
                        .map_or(1, |text| text.chars().count() + 1);
                    let message =
                        format!("the script is not UTF-8: {} at {line}:{column}", bad.bytes);
                    error(message, bad.help)
                }
                other => {
                    let message = format!("the script cannot be read: {}", other.words());
                    error(message, "name a file")
                }
            })?;
        let id = self.texts.add(shown_path, text);
        self.scripts.insert(file, id);
        Ok(id)
    }

    /// A finding about a path as a whole.
    fn about_path(&mut self, path: &Path, code: Code, message: String) -> Problem {
        self.about(&shown(path), code, message)
    }

    fn about(&mut self, origin: &str, code: Code, message: String) -> Problem {
        let source = self.texts.add(origin, "");
        Problem::error(code, Place::new(source, 0..0), message)
    }

    fn unreadable(&mut self, origin: &str, error: Unreadable) -> Problem {
        let Unreadable::NotText(bad) = error else {
            return self.about(origin, UNREADABLE, error.words());
        };
        let bytes = bad.at..bad.at + '\u{fffd}'.len_utf8();
        let at = Place::new(self.texts.add(origin, bad.text), bytes);
        Problem::error(ENCODING, at, "the file is not UTF-8")
            .expected(bad.bytes)
            .help(bad.help)
    }
}

/// The folder of a file.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    }
}

/// A path as it is shown: with `/`, and without a `./` before it.
fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace(MAIN_SEPARATOR_STR, "/");
    match text.strip_prefix("./") {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests;
