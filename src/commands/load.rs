//! From the paths on the command line to the desired state: the input stages in a row.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::failure::Failure;
use super::known;
use super::terminal::{self, Terminal};
use super::values::{self, Read};
use crate::cli::ManifestArgs;
use crate::desired::{self, Built, DesiredState, Scripts};
use crate::diagnostic::{Code, Diagnostic, Findings, Place, Severity, SourceId};
use crate::exit::Exit;
use crate::manifest::literals::LITERAL_SECRET;
use crate::manifest::{self, Manifest, Spoilt};
use crate::redactor::Redactor;
use crate::report::diagnostics;
use crate::schema::Checker;
use crate::source::{Base, BaseError, MAX_VALUES, Sources, bounded_file};
use crate::variables::{Undefined, Variables};
use crate::words::count;
use crate::yaml::{self, Content};

/// What was read, as far as it is sound, and what was found.
pub(crate) struct Loaded {
    /// The texts.
    pub(crate) sources: Sources,
    /// The desired state; whole only if no finding is an error.
    pub(crate) desired: DesiredState,
    /// What was found.
    pub(crate) findings: Findings,
    /// The secrets that it knows.
    pub(crate) redactor: Redactor,
    /// The secrets whose values were made up.
    pub(crate) made_up: Vec<String>,
    /// What the desired state was built from.
    manifests: Vec<Manifest>,
}

/// Reads everything that the flags name. Findings are not yet shown.
///
/// # Errors
/// When the values of variables cannot be read; the reason has been shown.
pub(crate) fn load(args: &ManifestArgs, undefined: Undefined) -> Result<Loaded, Failure> {
    let (variables, checker) = tools(args, undefined, &|path| bounded_file(path, MAX_VALUES))?;
    known::warn_of_short(&variables);
    let (sources, findings) = Sources::read(&paths(args), args.root.as_deref(), &mut io::stdin());
    Ok(Typed::read(sources, findings, &checker).load(&variables))
}

/// Reads what the same flags named in the base. What was not there then is nothing.
///
/// # Errors
/// When the values of variables cannot be read, or a path has no place in the base; the reason has been shown.
pub(super) fn load_base(
    args: &ManifestArgs,
    undefined: Undefined,
    base: &Base,
) -> Result<Loaded, Failure> {
    let (variables, checker) = tools(args, undefined, &|path| base.read(path))?;
    let there = |path: &Path| base.path(path).map_err(|error| no_base(&error));
    let paths = paths(args)
        .iter()
        .map(|path| there(path))
        .collect::<Result<Vec<_>, _>>()?;
    let root = args.root.as_deref().map(there).transpose()?;
    let (sources, findings) = Sources::before(base, &paths, root.as_deref());
    Ok(Typed::read(sources, findings, &checker).load(&variables))
}

/// Shows why there is no base.
pub(super) fn no_base(error: &BaseError) -> Failure {
    Failure::shown(Exit::Invalid, &error.message, Some(&error.hint))
}

fn paths(args: &ManifestArgs) -> Vec<PathBuf> {
    args.paths.iter().map(PathBuf::from).collect()
}

/// What every text is read with.
fn tools(
    args: &ManifestArgs,
    undefined: Undefined,
    read: Read<'_>,
) -> Result<(Variables, Checker), Failure> {
    let variables = values::gather(args, undefined, read)
        .map_err(|message| Failure::shown(Exit::Invalid, &message, None))?;
    let checker =
        manifest::checker().map_err(|message| Failure::shown(Exit::Unexpected, &message, None))?;
    Ok((variables, checker))
}

/// Manifests that are typed, with the scripts that they name: all that a desired state is built from.
pub(crate) struct Typed {
    sources: Sources,
    manifests: Vec<Manifest>,
    scripts: Scripts,
    findings: Findings,
}

impl Typed {
    /// Takes what was read through every stage up to typed manifests.
    fn read(mut sources: Sources, findings: Vec<Diagnostic>, checker: &Checker) -> Self {
        let mut findings = findings.into_iter().collect();
        let manifests = read_manifests(&sources, checker, &mut findings);
        let scripts = read_scripts(&manifests, &mut sources, &mut findings);
        Self {
            sources,
            manifests,
            scripts,
            findings,
        }
    }

    /// Types one manifest's bytes.
    #[cfg(any(test, feature = "internals"))]
    pub(crate) fn read_bytes(mut bytes: &[u8], checker: &Checker) -> Self {
        let (sources, findings) = Sources::read(&[PathBuf::from("-")], None, &mut bytes);
        Self::read(sources, findings, checker)
    }

    /// Builds the desired state.
    pub(crate) fn build(&self, variables: &Variables) -> Built {
        desired::build(
            &self.manifests,
            variables,
            &self.scripts,
            &self.sources.texts,
            Findings::default(),
        )
    }

    /// Builds the desired state, and puts it beside what it is from.
    pub(crate) fn load(mut self, variables: &Variables) -> Loaded {
        let built = self.build(variables);
        self.findings.absorb(built.findings);
        Loaded {
            redactor: known::of_manifests(variables, &built.state),
            desired: built.state,
            findings: self.findings,
            made_up: built.made_up,
            manifests: self.manifests,
            sources: self.sources,
        }
    }
}

fn read_manifests(sources: &Sources, checker: &Checker, findings: &mut Findings) -> Vec<Manifest> {
    let mut manifests: Vec<Manifest> = Vec::new();
    let (mut entries, mut values) = (0, 0);
    for source in &sources.manifests {
        let text = &sources.texts.get(source.id).text;
        let reading = yaml::read(source.id, text);
        values += reading.values;
        let spoilt = Spoilt::new(&reading.problems);
        let mut empty = reading.problems.is_empty();
        findings.extend(reading.problems);
        let written = reading
            .documents
            .into_iter()
            .filter(|node| !matches!(node.content, Content::Null));
        for document in written {
            empty = false;
            let manifest = manifest::read(checker, document, &spoilt, findings);
            entries += manifest.entries.len();
            // There may be very many documents that say nothing.
            if manifest.settings.is_some() || !manifest.entries.is_empty() {
                manifests.push(manifest);
            }
        }
        if empty {
            findings.push(nothing_written(source.id));
        }
        if let Some(too_much) = too_much(source.id, entries, values) {
            findings.push(too_much);
            break;
        }
    }
    manifests
}

/// How many values all manifests together may have.
const MAX_VALUES_IN_ALL: usize = 4_000_000;

/// Why no further manifest is read after this one, if they have more than all of them together may have.
fn too_much(last: SourceId, entries: usize, values: usize) -> Option<Diagnostic> {
    let most = yaml::MAX_ITEMS;
    let words = match (entries > most, values > MAX_VALUES_IN_ALL) {
        (true, _) => format!("{most} integrations"),
        (_, true) => format!("{MAX_VALUES_IN_ALL} values"),
        _ => return None,
    };
    let at = Place::new(last, 0..0);
    let message = format!("the manifests up to this one have more than {words}");
    let error = Diagnostic::error(Code("too-much"), at, message);
    Some(error.hint("check them in several runs; those after it are not read"))
}

fn nothing_written(source: SourceId) -> Diagnostic {
    let at = Place::new(source, 0..0);
    Diagnostic::warning(Code("empty-file"), at, "nothing is written here")
        .hint("a manifest starts with `integrations:`")
}

fn read_scripts(manifests: &[Manifest], sources: &mut Sources, findings: &mut Findings) -> Scripts {
    let mut scripts = Scripts::new();
    for entry in manifests.iter().flat_map(|manifest| &manifest.entries) {
        let Some((file, at)) = entry.script_file() else {
            continue;
        };
        let key = (entry.source(), file.to_owned());
        if scripts.contains_key(&key) {
            continue;
        }
        match sources.script(entry.source(), file) {
            Ok(id) => {
                let text = sources.texts.get(id).text.trim_start_matches('\u{feff}');
                scripts.insert(key, (id, Arc::new(text.replace("\r\n", "\n").into())));
            }
            Err(error) => {
                let mut found = Diagnostic::error(Code("script-file"), at.clone(), error.message);
                found.hint = error.hint;
                findings.push(found);
            }
        }
    }
    scripts
}

/// Whether there is a finding for which the manifests are refused.
pub(super) fn refused(findings: &Findings, strict: bool) -> bool {
    let least = if strict {
        Severity::Warning
    } else {
        Severity::Error
    };
    findings.iter().any(|found| found.severity <= least)
}

impl Loaded {
    /// Whether the manifests are refused.
    pub(crate) fn is_refused(&self, strict: bool) -> bool {
        refused(&self.findings, strict)
    }

    /// How many integrations are written.
    pub(crate) fn integrations(&self) -> usize {
        self.manifests.iter().map(|it| it.entries.len()).sum()
    }

    /// `2 files, 7 integrations`.
    pub(crate) fn what_was_read(&self) -> String {
        let files = count(self.sources.manifests.len(), "file");
        format!("{files}, {}", count(self.integrations(), "integration"))
    }

    /// Manifests that are refused for these findings, which have been shown.
    pub(super) fn refusal(&self, findings: &Findings) -> Failure {
        let summary = diagnostics::summary(findings, self.sources.manifests.len());
        let summary = summary.unwrap_or_default();
        let message = summary.split_once(": ").map_or("", |(_, words)| words);
        let failure = Failure::new(
            Exit::Invalid,
            &format!("the manifests are refused: {message}"),
            None,
        );
        let problems = diagnostics::json(findings, &self.sources.texts);
        Failure {
            report: failure.report.with(problems),
            ..failure
        }
    }

    /// Shows the findings on standard error, with a closing line.
    pub(super) fn show_findings(&self, terminal: Terminal) {
        self.show(&self.findings, terminal);
    }

    /// Shows findings about what was read on standard error, with a closing line.
    pub(super) fn show(&self, findings: &Findings, terminal: Terminal) {
        // Most of the time nothing was found, and nothing has to be looked for that is not shown.
        let Some(summary) = diagnostics::summary(findings, self.sources.manifests.len()) else {
            return;
        };
        let texts = &self.sources.texts;
        let masked: Vec<_> = self
            .sources
            .manifests
            .iter()
            .flat_map(|source| yaml::masks::secret_looking(source.id, &texts.get(source.id).text))
            .chain(
                findings
                    .iter()
                    .filter(|it| it.code == LITERAL_SECRET)
                    .map(|it| it.at.clone()),
            )
            .collect();
        let write = if findings.iter().any(|it| it.severity == Severity::Error) {
            terminal::err
        } else {
            terminal::note
        };
        write(&diagnostics::text(
            findings,
            texts,
            &masked,
            terminal.color_err,
        ));
        write(&format!("{summary}\n"));
    }
}

#[cfg(test)]
mod tests;
