//! Where an export goes: every file below the folder it belongs in.

use std::path::{Path, PathBuf};

use super::super::files::{Refusal, folder, resolved};
use crate::cli::ExportArgs;

/// The manifest in a folder that is named alone.
const IN_A_FOLDER: &str = "integrations.yaml";

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
