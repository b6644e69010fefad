//! The manifests that the flags name, and what is wrong with them.

use std::env;
use std::io;
use std::path::PathBuf;

use super::failure::Failure;
use crate::cli::ManifestArgs;
use crate::exit::Exit;
use crate::terminal::{self, Terminal};
use rcsync::engine::check::{self, CheckError, Checked, Inputs};
use rcsync::manifest::literals::LITERAL_SECRET;
use rcsync::problem::{Findings, Place};
use rcsync::report::{Context, diagnostics};
use rcsync::variables::Undefined;
use rcsync::yaml;
use rocketchat_client::redactor::SHORTEST;

/// What the flags and the environment say.
pub(super) fn inputs(args: &ManifestArgs, undefined: Undefined) -> Inputs {
    let variables = env::vars_os();
    let variables = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Inputs {
        paths: args.paths.iter().map(PathBuf::from).collect(),
        root: args.root.clone(),
        vars: args.var.clone(),
        var_files: args.var_file.clone(),
        secret_files: args.secret_file.clone(),
        environment: variables.collect(),
        undefined,
    }
}

/// Reads everything that the flags name. Findings are not shown yet.
pub(super) fn read(args: &ManifestArgs, undefined: Undefined) -> Result<Checked, Failure> {
    let checked = check::check(&inputs(args, undefined), &mut io::stdin())?;
    let short = checked.short_secrets.iter().map(|name| format!("`{name}`"));
    let short: Vec<_> = short.collect();
    if !short.is_empty() {
        terminal::note(&format!(
            "warning: secrets of fewer than {SHORTEST} characters are not masked in text from the server: {}\n",
            short.join(", ")
        ));
    }
    Ok(checked)
}

/// The same; shows what was found, and goes on only if the manifests are sound.
pub(super) fn sound(
    args: &ManifestArgs,
    undefined: Undefined,
    terminal: Terminal,
) -> Result<Checked, Failure> {
    let checked = read(args, undefined)?;
    refuse(&checked, &checked.findings, args.strict, terminal)?;
    Ok(checked)
}

/// Shows findings, and refuses the manifests if one of them is reason enough.
pub(super) fn refuse(
    checked: &Checked,
    findings: &Findings,
    strict: bool,
    terminal: Terminal,
) -> Result<(), Failure> {
    show(checked, findings, strict, terminal);
    if check::refuses(findings, strict) {
        return Err(refusal(checked, findings, strict));
    }
    Ok(())
}

/// Manifests that are refused for these findings, which have been shown.
fn refusal(checked: &Checked, findings: &Findings, strict: bool) -> Failure {
    let summary = diagnostics::summary(findings, checked.sources.manifests.len(), strict);
    let summary = summary.unwrap_or_default();
    let message = summary.split_once(": ").map_or("", |(_, words)| words);
    let mut failure = Failure::known(
        Exit::Invalid,
        &format!("the manifests are refused: {message}"),
    );
    let problems = diagnostics::json(findings, &checked.sources.texts);
    failure.report = Box::new(failure.report.with(problems));
    failure
}

/// Shows findings about what was read on standard error, with a closing line. What the manifests are refused for is shown
/// under `--quiet` too.
pub(super) fn show(checked: &Checked, findings: &Findings, strict: bool, terminal: Terminal) {
    // Most of the time nothing was found, and nothing has to be looked for that is not shown.
    let files = checked.sources.manifests.len();
    let Some(summary) = diagnostics::summary(findings, files, strict) else {
        return;
    };
    let write = if check::refuses(findings, strict) {
        terminal::err
    } else {
        terminal::note
    };
    let color = terminal.color_err;
    let masked = masked(checked, findings);
    write(&diagnostics::text(
        findings,
        &checked.sources.texts,
        &masked,
        color,
    ));
    write(&format!("{summary}\n"));
}

/// What is not shown of the manifests: secrets that are written out.
pub(super) fn masked(checked: &Checked, findings: &Findings) -> Vec<Place> {
    let texts = &checked.sources.texts;
    let manifests = checked.sources.manifests.iter();
    let secrets = manifests
        .flat_map(|source| yaml::masks::secret_looking(source.id, &texts.get(source.id).text));
    let literals = findings.iter().filter(|it| it.code == LITERAL_SECRET);
    secrets
        .chain(literals.filter_map(|it| it.place.clone()))
        .collect()
}

/// What a report says of the manifests.
pub(super) fn context<'a>(checked: &'a Checked, args: &'a ManifestArgs) -> Context<'a> {
    Context {
        texts: &checked.sources.texts,
        paths: &args.paths,
        files: checked.sources.manifests.len(),
        integrations: checked.integrations(),
        base: None,
        sandbox: None,
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let (exit, help) = match &error {
            CheckError::Values(problem) => (Exit::Invalid, problem.help.as_deref()),
            CheckError::Schema(_) => (Exit::Unexpected, None),
            CheckError::Base(error) => (Exit::Invalid, error.problem.help.as_deref()),
        };
        Self::new(exit, &error.to_string(), help)
    }
}
