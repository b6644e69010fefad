//! From files to the desired state: the input stages in a row.

mod values;

use std::collections::BTreeSet;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::desired::{self, Built, DesiredState, Scripts};
use crate::integration::compat::NEWEST_KNOWN;
use crate::integration::{Role, Value, Version};
use crate::manifest::scripts::RAW_SINCE;
use crate::manifest::{self, InvalidSpans, Manifest};
use crate::observed::ObservedState;
use crate::plan::{Action, Change, Plan};
use crate::problem::{Code, Findings, Place, Problem, Severity, SourceId};
use crate::redactor::{Redactor, SHORTEST};
use crate::schema::Checker;
use crate::secret::{Secret, Text};
use crate::side_by_side;
use crate::source::{Base, BaseError, MAX_VALUES, ManifestSource, Sources, bounded_file};
use crate::variables::{Undefined, Variables};
use crate::words::count;
use crate::yaml::{self, Content};

/// What to read, and what its variables stand for.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Files and folders; `-` is standard input.
    pub paths: Vec<PathBuf>,
    /// The folder that script files must stay below; by default the folder given, or that of the file given.
    pub root: Option<PathBuf>,
    /// Values of variables, each as `NAME=VALUE`.
    pub vars: Vec<String>,
    /// YAML files of values of variables.
    pub var_files: Vec<PathBuf>,
    /// YAML files of values of secrets.
    pub secret_files: Vec<PathBuf>,
    /// Variables of the environment, of which `RCSYNC_VAR_NAME` and `RCSYNC_SECRET_NAME` count. Files and `vars` win.
    pub environment: Vec<(String, String)>,
    /// What becomes of a secret that has no value.
    pub undefined: Undefined,
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The values of variables cannot be read.
    #[error("{}", .0.message)]
    Values(Problem),
    /// The schema of manifests is unsound: a fault of this program.
    #[error("{0}")]
    Schema(String),
    /// A path has no place in the base.
    #[error("{}", .0.problem.message)]
    Base(BaseError),
}

/// What was read, as far as it is sound, and what was found.
#[derive(Debug)]
pub struct Checked {
    /// The texts.
    pub sources: Sources,
    /// The desired state; whole only if no finding is an error.
    pub desired: DesiredState,
    /// What was found.
    pub findings: Findings,
    /// The secrets that it knows.
    pub redactor: Redactor,
    /// The names of secrets that are too short to be masked in what a server says.
    pub short_secrets: Vec<String>,
    /// The secrets whose values were made up.
    pub made_up: Vec<String>,
    /// How many integrations are written.
    integrations: usize,
}

/// Reads manifests, up to the desired state. Scripts are not looked at yet: see [`Checked::scripts`].
///
/// # Errors
/// When the values of variables cannot be read. What is wrong with the manifests is not an error but in
/// [`Checked::findings`].
pub fn check(inputs: &Inputs, stdin: &mut dyn Read) -> Result<Checked, CheckError> {
    let (variables, checker) = tools(inputs, &|path| bounded_file(path, MAX_VALUES))?;
    let (sources, findings) = Sources::read(&inputs.paths, inputs.root.as_deref(), stdin);
    Ok(Typed::read(sources, findings, &checker).build_all(&variables))
}

/// Reads what the same inputs named in the base. What was not there then is nothing.
///
/// # Errors
/// When the values of variables cannot be read, or a path has no place in the base.
pub fn check_base(inputs: &Inputs, base: &Base) -> Result<Checked, CheckError> {
    let (variables, checker) = tools(inputs, &|path| base.read(path))?;
    let there = |path: &PathBuf| base.path(path).map_err(CheckError::Base);
    let paths = inputs
        .paths
        .iter()
        .map(there)
        .collect::<Result<Vec<_>, _>>()?;
    let root = inputs.root.as_ref().map(there).transpose()?;
    let (sources, findings) = Sources::before(base, &paths, root.as_deref());
    Ok(Typed::read(sources, findings, &checker).build_all(&variables))
}

/// What every text is read with.
fn tools(inputs: &Inputs, read: values::Read<'_>) -> Result<(Variables, Checker), CheckError> {
    let variables = values::gather(inputs, read).map_err(CheckError::Values)?;
    let checker = manifest::checker().map_err(CheckError::Schema)?;
    Ok((variables, checker))
}

/// Manifests that are typed, with the scripts that they name: all that a desired state is built from.
pub struct Typed {
    sources: Sources,
    manifests: Vec<Manifest>,
    scripts: Scripts,
    findings: Findings,
}

impl Typed {
    /// Takes what was read through every stage up to typed manifests.
    fn read(mut sources: Sources, findings: Vec<Problem>, checker: &Checker) -> Self {
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
    pub fn read_bytes(mut bytes: &[u8], checker: &Checker) -> Self {
        let (sources, findings) = Sources::read(&[PathBuf::from("-")], None, &mut bytes);
        Self::read(sources, findings, checker)
    }

    /// Builds the desired state.
    pub fn build(&self, variables: &Variables) -> Built {
        self.build_of(self.manifests.clone(), variables)
    }

    fn build_of(&self, manifests: Vec<Manifest>, variables: &Variables) -> Built {
        let findings = Findings::default();
        desired::build(
            manifests,
            variables,
            &self.scripts,
            &self.sources.texts,
            findings,
        )
    }

    /// Builds the desired state, and puts it beside what it is from.
    pub fn build_all(mut self, variables: &Variables) -> Checked {
        let manifests = std::mem::take(&mut self.manifests);
        let integrations = manifests.iter().map(|it| it.entries.len()).sum();
        let built = self.build_of(manifests, variables);
        self.findings.absorb(built.findings);
        Checked {
            redactor: redactor(variables, &built.state),
            short_secrets: short(variables),
            desired: built.state,
            findings: self.findings,
            made_up: built.made_up,
            integrations,
            sources: self.sources,
        }
    }
}

/// Every secret that the values and the desired state hold.
fn redactor(variables: &Variables, desired: &DesiredState) -> Redactor {
    let values = variables.secrets.values().cloned();
    let fields = desired.entries.iter().flat_map(|entry| entry.fields.iter());
    let written = fields.flat_map(|(_, value)| match value {
        Value::Secret(secret) => vec![secret.clone()],
        value => value
            .texts()
            .iter()
            .flat_map(Text::secrets_and_url)
            .collect(),
    });
    Redactor::of_long(values.chain(written))
}

/// The secrets that are too short to be masked: what is masked would tell them.
fn short(variables: &Variables) -> Vec<String> {
    let short = |secret: &Secret| !secret.is_blank() && !secret.has_characters(SHORTEST);
    let secrets = variables.secrets.iter();
    let short = secrets.filter(|(_, secret)| short(secret));
    short.map(|(name, _)| name.clone()).collect()
}

/// What one text says.
#[derive(Default)]
struct Said {
    manifests: Vec<Manifest>,
    findings: Findings,
    entries: usize,
    values: usize,
}

/// Reads the manifests, side by side, up to the one with which they are too much.
fn read_manifests(sources: &Sources, checker: &Checker, findings: &mut Findings) -> Vec<Manifest> {
    let (all, texts) = (&sources.manifests, &sources.texts);
    let [entries, values] = [const { AtomicUsize::new(0) }; 2];
    let so_far = || (entries.load(Relaxed), values.load(Relaxed));
    let needed = all.iter().take_while(|_| !is_too_much(so_far()));
    let worker = || {
        |source: &ManifestSource| {
            let said = read_manifest(source.id, &texts.get(source.id).text, checker);
            entries.fetch_add(said.entries, Relaxed);
            values.fetch_add(said.values, Relaxed);
            (source.id, said)
        }
    };
    let mut manifests = Vec::new();
    let mut sum = (0, 0);
    side_by_side::each(all.len(), needed, worker, |(source, said)| {
        // It may have been begun before what makes it too much was at its end.
        if is_too_much(sum) {
            return;
        }
        manifests.extend(said.manifests);
        findings.absorb(said.findings);
        sum = (sum.0 + said.entries, sum.1 + said.values);
        if is_too_much(sum) {
            findings.push(too_much(source, sum));
        }
    });
    manifests
}

fn read_manifest(source: SourceId, text: &str, checker: &Checker) -> Said {
    let reading = yaml::read(source, text);
    let mut said = Said {
        values: reading.values,
        ..Said::default()
    };
    let invalid = InvalidSpans::new(&reading.problems);
    let mut empty = reading.problems.is_empty();
    said.findings.extend(reading.problems);
    let written = reading
        .documents
        .into_iter()
        .filter(|node| !matches!(node.content, Content::Null(_)));
    for document in written {
        empty = false;
        let manifest = manifest::read(checker, document, &invalid, &mut said.findings);
        said.entries += manifest.entries.len();
        // There may be very many documents that say nothing.
        if manifest.settings.is_some() || !manifest.entries.is_empty() {
            said.manifests.push(manifest);
        }
    }
    if empty {
        said.findings.push(nothing_written(source));
    }
    said
}

/// How many values all manifests together may have.
const MAX_VALUES_IN_ALL: usize = 4_000_000;

/// Whether manifests of so many entries and values are more than all of them together may be.
fn is_too_much((entries, values): (usize, usize)) -> bool {
    entries > yaml::MAX_ITEMS || values > MAX_VALUES_IN_ALL
}

/// Why no further manifest is read after this one.
fn too_much(last: SourceId, (entries, _): (usize, usize)) -> Problem {
    let most = yaml::MAX_ITEMS;
    let words = if entries > most {
        format!("{most} integrations")
    } else {
        format!("{MAX_VALUES_IN_ALL} values")
    };
    let at = Place::new(last, 0..0);
    let message = format!("the manifests up to this one have more than {words}");
    let error = Problem::error(Code("too-much"), at, message);
    error.help("check them in several runs; those after it are not read")
}

fn nothing_written(source: SourceId) -> Problem {
    let at = Place::new(source, 0..0);
    Problem::warning(Code("empty-file"), at, "nothing is written here")
        .help("a manifest starts with `integrations:`")
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
                if text.trim().is_empty() {
                    let message = "the file of the script is empty: the webhook runs no script";
                    let warning = Problem::warning(Code("empty-script"), at.clone(), message);
                    findings.push(warning.help("write the script, or leave `script` out"));
                }
                scripts.insert(key, (id, Arc::new(text.replace("\r\n", "\n").into())));
            }
            Err(problem) => findings.push(problem.at(at.clone())),
        }
    }
    scripts
}

/// Whether there is a finding for which the manifests are refused.
pub fn refuses(findings: &Findings, strict: bool) -> bool {
    let least = if strict {
        Severity::Warning
    } else {
        Severity::Error
    };
    findings.iter().any(|found| found.severity <= least)
}

impl Checked {
    /// Whether the manifests are refused; if `strict`, also for a warning.
    pub fn is_refused(&self, strict: bool) -> bool {
        refuses(&self.findings, strict)
    }

    /// Checks the scripts of all entries for a server of a version; without one, for the newest that is known.
    pub fn scripts(&self, version: Option<Version>) -> Findings {
        let version = version.unwrap_or(NEWEST_KNOWN);
        desired::scripts::check(&self.desired.entries, &self.sources.texts, version)
    }

    /// Checks the scripts that a plan would write. What the server has already is not looked at again.
    pub fn scripts_written(&self, plan: &Plan) -> Findings {
        let changes = plan.changes.iter().filter(|change| writes_script(change));
        let written = changes.filter_map(|change| change.place.as_ref());
        let written: BTreeSet<_> = written.map(Place::begins).collect();
        let entries = self.desired.entries.iter();
        let entries = entries.filter(|entry| written.contains(&entry.place.begins()));
        let version = plan.server.version.unwrap_or(NEWEST_KNOWN);
        desired::scripts::check(entries, &self.sources.texts, version)
    }

    /// What is to be told of scripts that a plan's writes switch to strict mode: on a server from 9.0 on, the next save of a
    /// record replaces what a transpiler made of its script, even if only its alias changes.
    pub fn strict_switches(&self, plan: &Plan, observed: &ObservedState) -> Findings {
        let mut found = Findings::default();
        if plan
            .server
            .version
            .is_none_or(|version| version < RAW_SINCE)
        {
            return found;
        }
        let records = observed
            .records
            .iter()
            .filter(|record| record.runs_transpiled());
        let records: BTreeSet<_> = records.map(|record| &record.id).collect();
        let switched = plan.changes.iter().filter(|change| {
            let id = change.action.rewrites();
            id.is_some_and(|id| records.contains(id))
                && !matches!(change.action, Action::Delete { .. })
        });
        let places: BTreeSet<_> = switched
            .filter_map(|change| Some(change.place.as_ref()?.begins()))
            .collect();
        let allowed = &self.desired.policy.flags.allow_strict_switch;
        let entries = self.desired.entries.iter();
        for entry in entries.filter(|entry| places.contains(&entry.place.begins())) {
            let is_allowed = allowed.match_any(entry.key.name.raw());
            found.extend(desired::scripts::strict_switch(
                entry,
                &self.sources.texts,
                is_allowed,
            ));
        }
        found
    }

    /// How many integrations are written.
    pub fn integrations(&self) -> usize {
        self.integrations
    }

    /// `2 files, 7 integrations`.
    pub fn what_was_read(&self) -> String {
        let files = count(self.sources.manifests.len(), "file");
        format!("{files}, {}", count(self.integrations(), "integration"))
    }
}

fn writes_script(change: &Change) -> bool {
    let mut fields = change.fields.iter();
    change.action.is_write() && fields.any(|change| change.field.role == Role::Script)
}

#[cfg(test)]
mod tests;
