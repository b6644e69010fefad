//! `rcsync export`: what the server has, as a manifest.

mod places;

use super::failure::Failure;
use super::files::{self, File, refused};
use super::manifests;
use super::runtime;
use super::session;
use crate::cli::{ExportArgs, ManifestArgs, ServerArgs};
use crate::exit::Exit;
use crate::progress;
use crate::terminal::{self, Terminal};
use places::Places;
use rcsync::desired::State;
use rcsync::engine;
use rcsync::export::{self, Asked, Export};
use rcsync::observed::ObservedState;
use rcsync::variables::Undefined;
use rocketchat_client::clock::Clock;
use rocketchat_client::redactor::Redactor;

/// Exports, or matches a manifest's entries with their records.
pub(super) fn run(args: &ExportArgs, terminal: Terminal) -> Result<Exit, Failure> {
    match args.matching.as_slice() {
        [] => exported(args)?,
        paths => matched(paths, &args.server, terminal)?,
    }
    Ok(Exit::Done)
}

/// What the server has, and how it is called.
fn observe(args: &ServerArgs, known: &Redactor) -> Result<(ObservedState, String), Failure> {
    runtime(session::with(args, false, known, async |session| {
        let reader = session.reader();
        let observed = progress::while_reading(reader, reader.observe()).await?;
        let sandbox = session.sandbox.as_ref();
        let sandbox = sandbox.map(|state| format!("the built-in sandbox ({state})"));
        let name = sandbox.unwrap_or_else(|| observed.server.url.clone());
        Ok((observed, name))
    }))
}

fn exported(args: &ExportArgs) -> Result<(), Failure> {
    let places = Places::of(args).map_err(refused(Exit::Invalid))?;
    let (observed, server) = observe(&args.server, &Redactor::default())?;
    let asked = Asked {
        server,
        date: Clock::system().iso().chars().take(10).collect(),
        scripts: places.scripts.clone(),
    };
    let export = engine::export::export(&observed, &asked).map_err(|message| {
        let help = "this is a bug in rcsync: please report it";
        Failure::new(Exit::Unexpected, &message, Some(help))
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
fn matched(paths: &[String], server: &ServerArgs, terminal: Terminal) -> Result<(), Failure> {
    let args = ManifestArgs {
        paths: paths.to_vec(),
        ..ManifestArgs::default()
    };
    let checked = manifests::sound(&args, Undefined::Unknown, terminal)?;
    let (observed, _) = observe(server, &checked.redactor)?;
    let texts = &checked.sources.texts;
    let present = checked.desired.entries.iter();
    for entry in present.filter(|entry| entry.state == State::Present) {
        let at = texts.start(&entry.place);
        let origin = &texts.get(entry.place.source).origin;
        let place = format!("{origin}:{}:{}", at.line, at.column);
        let old = entry.renamed_from.as_deref();
        let text = export::matches_text(&place, &entry.key, old, &observed)
            .map_err(|error| Failure::new(Exit::Unexpected, &error.to_string(), None))?;
        terminal::out(&text);
    }
    Ok(())
}
