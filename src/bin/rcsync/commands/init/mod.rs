//! `rcsync init`: write a first manifest and, asked, a pipeline. What exists is left as it is.

use std::path::{Component, Path, PathBuf};

use super::failure::Failure;
use super::files::{self, File, refused};
use super::schema;
use crate::cli::{Ci, InitArgs, SchemaOf};
use crate::exit::Exit;
use crate::terminal;
use rocketchat_client::escape::shell;

/// The first manifest.
const MANIFEST: &str = include_str!("integrations.yaml");

/// Where GitHub looks for workflows.
const WORKFLOWS: &str = ".github/workflows";

/// The folder that the templates are written for.
const IN_TEMPLATES: &str = "chat/";

/// The templates of a pipeline, by the file they belong into.
const GITHUB: [(&str, &str); 4] = [
    (
        "snapshot.yml",
        include_str!("../../../../../examples/ci/github/snapshot.yml"),
    ),
    (
        "plan.yml",
        include_str!("../../../../../examples/ci/github/plan.yml"),
    ),
    (
        "apply.yml",
        include_str!("../../../../../examples/ci/github/apply.yml"),
    ),
    (
        "drift.yml",
        include_str!("../../../../../examples/ci/github/drift.yml"),
    ),
];
const GITLAB: &str = include_str!("../../../../../examples/ci/gitlab-ci.yml");

/// Writes them.
pub(super) fn run(args: &InitArgs) -> Result<Exit, Failure> {
    let files = files(args)?;
    let there = files
        .iter()
        .filter(|file| file.path.symlink_metadata().is_ok());
    let there: Vec<_> = there.map(|file| file.path.display().to_string()).collect();
    if !there.is_empty() {
        let verb = if there.len() == 1 { "exists" } else { "exist" };
        let message = format!("{} {verb} already; nothing was written", there.join(", "));
        let help = "choose another folder, or move the existing file";
        return Err(Failure::new(Exit::Invalid, &message, Some(help)));
    }
    files::write(&files, false).map_err(refused(Exit::Unexpected))?;
    let lines = files
        .iter()
        .map(|file| format!("wrote {}\n", file.path.display()));
    terminal::note(&(lines.collect::<String>() + &next(args)));
    Ok(Exit::Done)
}

fn files(args: &InitArgs) -> Result<Vec<File>, Failure> {
    let file = |path: PathBuf, text: String| File {
        path,
        text,
        secret: false,
    };
    let mut files = vec![
        file(args.folder.join("integrations.yaml"), MANIFEST.to_owned()),
        file(
            args.folder.join("manifest.schema.json"),
            schema::text(SchemaOf::Manifest),
        ),
    ];
    let Some(ci) = args.ci else { return Ok(files) };
    let folder = below(&args.folder).ok_or_else(|| {
        Failure::new(
            Exit::Invalid,
            "the name of this folder cannot be written in a pipeline",
            Some("run `rcsync init` at the root of the repository, with a folder of plain letters below it"),
        )
    })?;
    let fitted = |template: &str| template.replace(IN_TEMPLATES, &folder);
    match ci {
        Ci::Github => files.extend(
            GITHUB.map(|(name, template)| file(Path::new(WORKFLOWS).join(name), fitted(template))),
        ),
        Ci::Gitlab => files.push(file(PathBuf::from(".gitlab-ci.yml"), fitted(GITLAB))),
    }
    Ok(files)
}

/// A folder as a pipeline's commands and filters can name it: below here, and of letters that no shell reads.
fn below(folder: &Path) -> Option<String> {
    let mut text = String::new();
    for part in folder.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => {
                let name = name.to_str()?;
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if name.starts_with('-') || !name.chars().all(plain) {
                    return None;
                }
                text += name;
                text.push('/');
            }
            _ => return None,
        }
    }
    (!text.is_empty()).then_some(text)
}

/// What to do with them.
fn next(args: &InitArgs) -> String {
    let folder = shell(&args.folder.display().to_string());
    let pipeline = match args.ci {
        Some(_) => "the pipeline's first lines name the variables and secrets that it needs\n",
        None => "",
    };
    format!(
        "next: `rcsync plan {folder} --sandbox` shows what would be created, without a server\n{pipeline}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_a_pipeline_cannot_name_is_told() {
        for (folder, named) in [
            ("chat", Some("chat/")),
            ("./ops/hooks/", Some("ops/hooks/")),
            (".", None),
            ("/chat", None),
            ("../chat", None),
            ("my chat", None),
            ("$(id)", None),
            ("-chat", None),
        ] {
            assert_eq!(below(Path::new(folder)).as_deref(), named, "{folder}");
        }
    }

    #[test]
    fn the_templates_name_their_folder_and_no_other() {
        for text in GITHUB.map(|(_, text)| text).into_iter().chain([GITLAB]) {
            let named = text.matches(IN_TEMPLATES).count();
            assert!(named > 0 && text.matches("chat").count() >= named);
            assert_eq!(text.matches("rocket.chat/").count(), 0);
        }
    }
}
