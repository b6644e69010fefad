//! Where an export goes: every file below the folder it belongs in.

use std::path::{Path, PathBuf};

use crate::cli::ExportArgs;
use crate::commands::files::{about_file, folder, resolved};
use rcsync::problem::Problem;
use rocketchat_client::escape::shell;

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
    pub(super) fn of(args: &ExportArgs) -> Result<Self, Problem> {
        if args.out.as_deref() == Some(Path::new("-")) {
            let help = "leave `--out` out: the manifest goes to standard output";
            return Err(about_file("`-` is not a file").help(help));
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
    fn keep_secrets_apart(&self, args: &ExportArgs) -> Result<(), Problem> {
        let (Some(manifest), Some(secrets)) = (&self.manifest, &self.secrets) else {
            return Ok(());
        };
        let taken = resolved(secrets)? == resolved(manifest)?;
        let in_folder = args.out.as_ref() != Some(manifest)
            && is_manifest(secrets)
            && resolved(secrets)?.starts_with(resolved(folder(manifest))?);
        if taken || in_folder {
            let secrets = secrets.display();
            let problem = about_file(format!("{secrets} would be read as a manifest"));
            return Err(
                problem.help("keep the secrets in another folder, outside of the repository")
            );
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
fn below(folder: &Path, inner: &Path) -> Result<String, Problem> {
    let (above, below) = (resolved(folder)?, resolved(inner)?);
    let outside = || {
        let (inner, scripts) = (inner.display(), folder.join("scripts"));
        let folder = folder.display();
        about_file(format!(
            "{inner} is not below {folder}, the manifest's folder"
        ))
        .help(format!(
            "a manifest cannot use scripts outside its folder: try `--scripts {}`",
            shell(&scripts.display().to_string())
        ))
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
            about_file(words).help("choose a name with plain characters")
        })?;
        text.push('/');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;
    use crate::cli::ServerArgs;

    #[test]
    fn the_manifest_is_found_where_it_was_meant() {
        let folder = TempDir::new().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir(at("there.yaml")).unwrap();
        let places = |out: &str, scripts: Option<&str>, secrets: Option<&str>| {
            let args = ExportArgs {
                server: ServerArgs {
                    url: None,
                    user_id: None,
                    auth_token_file: None,
                    user: None,
                    password_file: None,
                    sandbox: None,
                    ca_file: None,
                    insecure_http: false,
                    connect_timeout: 1,
                    read_timeout: 1,
                    timeout: 1,
                    wait: std::time::Duration::ZERO,
                    retries: 0,
                },
                out: Some(Path::new(&format!("{}/{out}", folder.path().display())).to_owned()),
                scripts: scripts.map(at),
                secrets_file: secrets.map(at),
                force: false,
                matching: Vec::new(),
            };
            Places::of(&args)
        };
        let manifest = |out: &str| places(out, None, None).unwrap().manifest.unwrap();
        assert_eq!(manifest("a.yaml"), at("a.yaml"));
        assert_eq!(manifest("a.yml"), at("a.yml"));
        for out in ["dir", "dir.d", "there.yaml", "new.yaml/"] {
            assert_eq!(manifest(out), at(out).join("integrations.yaml"), "{out}");
        }
        let scripts =
            |out, scripts| places(out, Some(scripts), None).map(|places| places.scripts.unwrap());
        assert_eq!(scripts("dir/", "dir/s/t").as_deref(), Ok("s/t/"));
        assert_eq!(scripts("a.yaml", ".").as_deref(), Ok(""));
        for outside in ["elsewhere", "dir/../elsewhere", "dir/../../x"] {
            assert!(scripts("dir/", outside).is_err(), "{outside}");
        }
        std::os::unix::fs::symlink("/tmp", at("link")).unwrap();
        assert!(
            scripts("a.yaml", "link/s")
                .unwrap_err()
                .message
                .contains("is not below")
        );
        assert!(places("dir/", None, Some("dir/secrets.yaml")).is_err());
        assert!(places("a.yaml", None, Some("a.yaml")).is_err());
        assert!(places("dir/", None, Some("secrets.yaml")).is_ok());
    }
}
