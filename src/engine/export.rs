//! What the server has, as a manifest.
//!
//! An export is a sound manifest because the stages that read manifests say so: a record that they refuse as an entry
//! becomes a comment that says why.

use std::sync::Arc;

use crate::desired::{self, Scripts};
use crate::export::{self, Asked, Export, Faults};
use crate::manifest::{self, InvalidSpans};
use crate::observed::{ObservedState, ServerId};
use crate::problem::{Findings, Severity, Texts};
use crate::schema::Checker;
use crate::variables::{Undefined, Variables};
use crate::yaml;

/// Exports until nothing is refused.
///
/// # Errors
/// A flaw of this program, in words.
pub fn export(observed: &ObservedState, asked: &Asked) -> Result<Export, String> {
    let checker = manifest::checker()?;
    let mut faults = Faults::new();
    loop {
        let export = export::export(observed, asked, &faults).map_err(|error| error.to_string())?;
        let refused = refused(&export, &checker)?;
        if refused.is_empty() {
            return Ok(export);
        }
        // What is refused once is no entry of the next round, so that the rounds end.
        for (id, why) in refused {
            faults.entry(id).or_default().insert(why);
        }
    }
}

/// What the stages refuse, and why.
fn refused(export: &Export, checker: &Checker) -> Result<Vec<(ServerId, String)>, String> {
    let mut texts = Texts::default();
    let source = texts.add("export", export.manifest.as_str());
    // Every record that is refused is reported.
    let mut findings = Findings::unbounded();
    let documents = yaml::load(source, &export.manifest).unwrap_or_else(|errors| {
        findings.extend(errors);
        Vec::new()
    });
    let manifests: Vec<_> = documents
        .into_iter()
        .map(|document| manifest::read(checker, document, &InvalidSpans::default(), &mut findings))
        .collect();
    let scripts: Scripts = export
        .scripts
        .iter()
        .map(|file| {
            let text = texts.add(file.path.as_str(), file.text.as_str());
            (
                (source, file.path.clone()),
                (text, Arc::new(file.text.as_str().into())),
            )
        })
        .collect();
    let variables = Variables {
        undefined_secrets: Undefined::Unknown,
        ..Variables::default()
    };
    desired::build(manifests, &variables, &scripts, &texts, findings)
        .findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            let at = found.start();
            let mut entries = export.entries.iter();
            let entry = entries.find(|entry| at.is_some_and(|at| entry.bytes.contains(&at)));
            let entry = entry
                .ok_or_else(|| format!("the export is not a valid manifest: {}", found.message))?;
            Ok((entry.id.clone(), found.message.clone()))
        })
        .collect()
}
