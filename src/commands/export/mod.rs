//! `rcsync export`: what the server has, as a manifest.

mod check;
mod places;

use super::files::{self, File, refused};
use super::load;
use super::progress;
use super::runtime;
use super::session;
use super::terminal::{self, Terminal};
use crate::cli::{ExportArgs, ManifestArgs, ServerArgs};
use crate::clock::Clock;
use crate::desired::State;
use crate::exit::Exit;
use crate::export::{self, Asked, Export};
use crate::observed::ObservedState;
use crate::redactor::Redactor;
use crate::variables::Undefined;
use places::Places;

/// Exports, or matches a manifest's entries with their records.
pub(super) fn run(args: &ExportArgs, terminal: Terminal) -> Exit {
    runtime(async {
        let done = match args.matching.as_slice() {
            [] => exported(args).await,
            paths => matched(paths, &args.server, terminal).await,
        };
        done.err().unwrap_or(Exit::Done)
    })
}

/// What the server has, and how it is called.
async fn observe(args: &ServerArgs, known: &Redactor) -> Result<(ObservedState, String), Exit> {
    let session = session::open(args, false, known).await?;
    let reading = progress::while_reading(&session.reader, session.reader.observe());
    let observed = reading.await;
    let observed = observed.map_err(|error| session::failed(&error))?;
    let sandbox = session
        .sandbox
        .map(|state| format!("the built-in sandbox ({state})"));
    let name = sandbox.unwrap_or_else(|| observed.server.url.clone());
    Ok((observed, name))
}

async fn exported(args: &ExportArgs) -> Result<(), Exit> {
    let places = Places::of(args).map_err(refused(Exit::Invalid))?;
    let (observed, server) = observe(&args.server, &Redactor::default()).await?;
    let asked = Asked {
        server,
        date: Clock::system().iso().chars().take(10).collect(),
        scripts: places.scripts.clone(),
    };
    let export = check::sound(&observed, &asked).map_err(|message| {
        terminal::error(&message, Some("this is a flaw of rcsync: please report it"));
        Exit::Unexpected
    })?;
    let files = destined(&export, &places);
    files::check_free(&files, args.force).map_err(refused(Exit::Invalid))?;
    files::write(&files, args.force).map_err(refused(Exit::Unexpected))?;
    if places.manifest.is_none() {
        terminal::out(&export.manifest);
    }
    terminal::note(&told(&export, &files, &places));
    Ok(())
}

/// The files to write, the manifest last: what it names is there before it.
fn destined(export: &Export, places: &Places) -> Vec<File> {
    let mut files: Vec<_> = export
        .scripts
        .iter()
        .map(|script| File {
            path: places.beside(&script.path),
            text: script.text.clone(),
            secret: false,
        })
        .collect();
    // Also if there are none, so that what reads it need not ask.
    files.extend(places.secrets.as_ref().map(|path| File {
        path: path.clone(),
        text: export.secrets.clone(),
        secret: true,
    }));
    files.extend(places.manifest.as_ref().map(|path| File {
        path: path.clone(),
        text: export.manifest.clone(),
        secret: false,
    }));
    files
}

/// What is told on standard error.
fn told(export: &Export, files: &[File], places: &Places) -> String {
    let wrote = files
        .iter()
        .map(|file| format!("wrote {}", file.path.display()));
    let warnings = export.notes.iter().map(|note| format!("warning: {note}"));
    let lines = wrote.chain(warnings).chain(about_secrets(export, places));
    lines.map(|line| line + "\n").collect()
}

fn about_secrets(export: &Export, places: &Places) -> Option<String> {
    let names = export.secret_names.iter();
    let names: Vec<_> = names.map(|name| format!("${{secret.{name}}}")).collect();
    (places.secrets.is_none() && !names.is_empty()).then(|| {
        format!(
            "note: URLs with a user, a password or a query are written as {}; \
             `--secrets-file FILE` writes their values",
            names.join(", ")
        )
    })
}

/// Prints the `id:` lines of the records behind the entries.
async fn matched(paths: &[String], server: &ServerArgs, terminal: Terminal) -> Result<(), Exit> {
    let manifests = ManifestArgs {
        paths: paths.to_vec(),
        root: None,
        var: Vec::new(),
        var_file: Vec::new(),
        secret_file: Vec::new(),
        strict: false,
    };
    let loaded = load::load(&manifests, Undefined::Unknown)?;
    loaded.show_findings(terminal);
    if loaded.is_refused(false) {
        return Err(Exit::Invalid);
    }
    let (observed, _) = observe(server, &loaded.redactor).await?;
    let texts = &loaded.sources.texts;
    let present = loaded.desired.entries.iter();
    for entry in present.filter(|entry| entry.state == State::Present) {
        let at = texts.start(&entry.place);
        let origin = &texts.get(entry.place.source).origin;
        let place = format!("{origin}:{}:{}", at.line, at.column);
        let old = entry.renamed_from.as_deref();
        let text = export::matches_text(&place, &entry.key, old, &observed).map_err(|error| {
            terminal::error(&error.to_string(), None);
            Exit::Unexpected
        })?;
        terminal::out(&text);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
