//! A server's records as a manifest: what `plan` reads back without a difference.
//!
//! Pure: from the [`ObservedState`] to texts; where they go is the command's business. What differs from the
//! fixed defaults is written, and what a new record would not get by itself. Never written: outgoing tokens, and
//! URLs with credentials in them, which become references. Whether the result is a sound manifest is not decided
//! here but by the very stages that read manifests; what they refuse comes back as [`Faults`].

mod entry;
mod ids;
mod names;
mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::observed::{ObservedState, Record, ServerId};
use crate::words::count;

pub use ids::matches_text;
pub use names::slug;

use entry::{Entry, EntryWriter};
use text::{comment, indented, one_line};

/// What the export is asked for, beside the records.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// How the server is called in comments.
    pub server: String,
    /// The day it is made on.
    pub date: String,
    /// The folder of script files as the manifest will name it, empty or ending in `/`; `None` leaves scripts in
    /// the manifest.
    pub scripts: Option<String>,
}

/// Why the readers of manifests refused what was written of a record, by its id.
pub type Faults = BTreeMap<ServerId, BTreeSet<String>>;

/// What was made of the records.
pub struct Export {
    /// The manifest.
    pub manifest: String,
    /// Where the entries stand in it, in order; a record that is only a comment has none.
    pub entries: Vec<Written>,
    /// The script files, with their paths from the manifest's folder.
    pub scripts: Vec<ExportedFile>,
    /// The YAML that `--secret-file` reads.
    pub secrets: String,
    /// The names of the secrets that are referred to.
    pub secret_names: Vec<String>,
    /// What somebody should know who does not read all of the manifest.
    pub notes: Vec<String>,
}

/// An entry of the manifest.
#[derive(Clone, Debug)]
pub struct Written {
    /// The record that it describes.
    pub id: ServerId,
    /// Its bytes.
    pub bytes: Range<usize>,
}

/// A file beside the manifest.
#[derive(Clone, Debug)]
pub struct ExportedFile {
    /// Its path from the manifest's folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// That a value cannot be written as YAML.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unwritable(String);

/// Writes out every record, in the order of kind, name and id.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn export(
    observed: &ObservedState,
    asked: &Asked,
    faults: &Faults,
) -> Result<Export, Unwritable> {
    let mut records: Vec<_> = observed.records.iter().collect();
    records.sort_by_key(|record| (record.kind, &record.name, &record.id));
    let mut writer = EntryWriter::new(asked.scripts.as_deref(), &observed.redactor);
    let mut body = String::new();
    let mut entries: Vec<Written> = Vec::new();
    let mut notes = Vec::new();
    for record in &records {
        let duplicates = records.iter().filter(|other| is_duplicate(other, record));
        let refused = faults.get(&record.id).into_iter().flatten();
        let entry = writer.entry(record, duplicates.count() > 1, refused.cloned().collect());
        separate(&mut body);
        for line in &entry.comments {
            body.push_str(&comment(line));
        }
        let text = entry.text()?;
        if entry.refused.is_empty() {
            let start = body.len();
            body.push_str(&indented(&text));
            entries.push(Written {
                id: record.id.clone(),
                bytes: start..body.len(),
            });
        } else {
            notes.push(note(record, &entry));
            body.extend(text.lines().map(comment));
        }
    }
    match observed.unknown_kinds {
        0 => {}
        1 => notes.push("1 record of a kind that rcsync does not know is not exported".to_owned()),
        more => notes.push(format!(
            "{more} records of kinds that rcsync does not know are not exported"
        )),
    }
    let head = head(observed, asked, entries.len());
    let list = if entries.is_empty() { " []" } else { "" };
    let before = format!("{head}integrations:{list}\n");
    for entry in &mut entries {
        entry.bytes = entry.bytes.start + before.len()..entry.bytes.end + before.len();
    }
    Ok(Export {
        manifest: before + &body,
        entries,
        secrets: writer.secrets_text(&asked.server)?,
        secret_names: writer.secret_names(),
        scripts: writer.scripts,
        notes,
    })
}

/// A blank line, unless the last text ends in one: there it belongs to a script.
fn separate(body: &mut String) {
    if !body.is_empty() && !body.ends_with("\n\n") {
        body.push('\n');
    }
}

fn is_duplicate(a: &Record, b: &Record) -> bool {
    a.kind == b.kind && a.name == b.name
}

fn note(record: &Record, entry: &Entry) -> String {
    let (kind, name) = (record.kind.wire(), one_line(&record.name.to_string()));
    let why = entry.refused.join("; ");
    format!(
        "{kind} `{name}` ({}) is only a comment: {why}",
        one_line(&record.id.to_string())
    )
}

/// The comment at the top. Nothing in it is secret.
fn head(observed: &ObservedState, asked: &Asked, written: usize) -> String {
    let server = &observed.server;
    let version = server.version_text.as_ref();
    let version = version.map(|version| format!(" (Rocket.Chat {version})"));
    let all = observed.records.len() + observed.unknown_kinds;
    let lines = [
        format!("Exported from {}{}", asked.server, version.unwrap_or_default()),
        format!(
            "as {} on {}: {written} of the {} that this account sees.",
            server.username,
            asked.date,
            count(all, "integration")
        ),
        String::new(),
        "Left out: what has its documented default, and the tokens of outgoing webhooks: one that is not".to_owned(),
        "written is not compared, and a webhook that is created again gets a new one.".to_owned(),
        "For completion in an editor: `rcsync schema > rcsync.schema.json`, and as the first line here".to_owned(),
        "`# yaml-language-server: $schema=rcsync.schema.json`.".to_owned(),
    ];
    let comments = lines.iter().map(|line| {
        let line = one_line(line);
        format!("# {line}").trim_end().to_owned() + "\n"
    });
    comments.collect::<String>() + "\n"
}
