//! Where an export goes, and how it gets there: every file below the folder it belongs in, none replaced unasked,
//! all of them written beside their places before the first one moves there.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf, absolute};

use tempfile::{Builder, NamedTempFile};

use crate::cli::ExportArgs;

/// The manifest in a folder that is named alone.
const IN_A_FOLDER: &str = "integrations.yaml";

/// What is wrong, and what to do about it.
pub(in crate::commands) type Refusal = (String, String);

/// Where the files go.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The manifest; `None` for standard output.
    pub(super) manifest: Option<PathBuf>,
    /// The folder of script files as the manifest names it, empty or ending in `/`.
    pub(super) scripts: Option<String>,
    /// The file of secrets.
    pub(super) secrets: Option<PathBuf>,
}

/// A file to write.
pub(in crate::commands) struct File {
    /// Where.
    pub(in crate::commands) path: PathBuf,
    /// What.
    pub(in crate::commands) text: String,
    /// Whether nobody else may read it.
    pub(in crate::commands) secret: bool,
}

impl Places {
    /// What the flags say, checked before anything is asked or written.
    pub(super) fn of(args: &ExportArgs) -> Result<Self, Refusal> {
        if args.out.as_deref() == Some(Path::new("-")) {
            let hint = "leave `--out` out: the manifest goes to standard output";
            return Err(("`-` is no file".to_owned(), hint.to_owned()));
        }
        let manifest = args.out.as_deref().map(manifest_path);
        let scripts = match (&manifest, &args.scripts) {
            (Some(manifest), Some(scripts)) => Some(below(folder(manifest), scripts)?),
            _ => None,
        };
        let places = Self {
            secrets: args.secrets_file.clone(),
            manifest,
            scripts,
        };
        places.keep_secrets_apart(args)?;
        Ok(places)
    }

    /// A folder of manifests is read whole: a file of secrets in it would be taken for one of them.
    fn keep_secrets_apart(&self, args: &ExportArgs) -> Result<(), Refusal> {
        let (Some(manifest), Some(secrets)) = (&self.manifest, &self.secrets) else {
            return Ok(());
        };
        let taken = resolved(secrets)? == resolved(manifest)?;
        let in_folder = args.out.as_ref() != Some(manifest)
            && is_manifest(secrets)
            && resolved(secrets)?.starts_with(resolved(folder(manifest))?);
        if taken || in_folder {
            let secrets = secrets.display();
            return Err((
                format!("{secrets} would be read as a manifest"),
                "keep the secrets in another folder, outside of the repository".to_owned(),
            ));
        }
        Ok(())
    }

    /// A file beside the manifest.
    pub(super) fn beside(&self, relative: &str) -> PathBuf {
        let manifest = self.manifest.as_deref().unwrap_or(Path::new(""));
        folder(manifest).join(relative)
    }
}

/// The file that `--out` means.
fn manifest_path(out: &Path) -> PathBuf {
    let slash = out.as_os_str().to_string_lossy().ends_with('/');
    if slash || out.is_dir() || !is_manifest(out) {
        return out.join(IN_A_FOLDER);
    }
    out.to_owned()
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// The folder of a file.
fn folder(file: &Path) -> &Path {
    file.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// The way from a folder to one below it, as a manifest writes it.
fn below(folder: &Path, inner: &Path) -> Result<String, Refusal> {
    let (above, below) = (resolved(folder)?, resolved(inner)?);
    let outside = || {
        (
            format!(
                "{} is not below {}, the manifest's folder",
                inner.display(),
                folder.display()
            ),
            format!(
                "a manifest reaches no script outside: try `--scripts {}`",
                folder.join("scripts").display()
            ),
        )
    };
    let way = below.strip_prefix(&above).map_err(|_| outside())?;
    let mut text = String::new();
    for part in way {
        let part = part
            .to_str()
            .filter(|part| !part.contains(char::is_control));
        text += part.ok_or_else(|| {
            let words = format!(
                "the path {} cannot be written in a manifest",
                inner.display()
            );
            (words, "choose one of plain characters".to_owned())
        })?;
        text.push('/');
    }
    Ok(text)
}

/// A path with the links resolved in that part of it which exists.
fn resolved(path: &Path) -> Result<PathBuf, Refusal> {
    let refuse = |error: &io::Error| (format!("{}: {error}", path.display()), String::new());
    let whole = absolute(path).map_err(|error| refuse(&error))?;
    for existing in whole.ancestors() {
        let (Ok(real), Ok(rest)) = (fs::canonicalize(existing), whole.strip_prefix(existing))
        else {
            continue;
        };
        if rest.components().any(|part| part == Component::ParentDir) {
            return Err(refuse(&io::ErrorKind::NotFound.into()));
        }
        // Joining nothing would add a `/`.
        return Ok(if rest.as_os_str().is_empty() {
            real
        } else {
            real.join(rest)
        });
    }
    Ok(whole)
}

/// Refuses what exists, unless it may be replaced; what is no regular file stays in any case, and so does what this
/// very export writes there.
pub(in crate::commands) fn check_free(files: &[File], force: bool) -> Result<(), Refusal> {
    let mut taken = BTreeSet::new();
    for file in files {
        let shown = file.path.display();
        if !taken.insert(resolved(&file.path)?) {
            let hint = "give each file a place of its own";
            return Err((format!("{shown} would be written twice"), hint.to_owned()));
        }
        match fs::symlink_metadata(&file.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((format!("{shown}: {error}"), String::new())),
            Ok(found) if !found.is_file() => {
                let hint = "name the file itself, or another one";
                return Err((format!("{shown} is no regular file"), hint.to_owned()));
            }
            Ok(_) if force => {}
            Ok(_) => {
                let hint = "`--force` replaces it".to_owned();
                return Err((format!("{shown} exists already"), hint));
            }
        }
    }
    Ok(())
}

/// Whether a file could be written there by now.
pub(in crate::commands) fn can_be_written(path: &Path) -> Result<(), String> {
    let said = |error: &io::Error| format!("{} cannot be written: {error}", path.display());
    if path.is_dir() {
        return Err(format!("{} is a folder", path.display()));
    }
    let folder = folder(path);
    fs::create_dir_all(folder).map_err(|error| said(&error))?;
    let probe = Builder::new().prefix(".rcsync-").tempfile_in(folder);
    probe.map(drop).map_err(|error| said(&error))
}

/// Writes all files, or, if one cannot be written, none.
pub(in crate::commands) fn write(files: &[File], force: bool) -> Result<(), String> {
    let said = |file: &File, error: &io::Error| {
        format!("{} cannot be written: {error}", file.path.display())
    };
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

/// Writes one file in the place of what was there.
pub(in crate::commands) fn replace(path: &Path, text: String) -> Result<(), Refusal> {
    let file = [File {
        path: path.to_owned(),
        text,
        secret: false,
    }];
    check_free(&file, true)?;
    write(&file, true).map_err(|message| (message, String::new()))
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
