//! An export is a sound manifest because the stages that read manifests say so: what they refuse is left out, and
//! if that is not possible the record becomes a comment that says why.

use std::sync::Arc;

use crate::desired::{self, Scripts};
use crate::diagnostic::{Diagnostic, Severity, Texts};
use crate::export::{self, Asked, Export, Faults, Written};
use crate::integration::LeftOut;
use crate::manifest;
use crate::observed::ObservedState;
use crate::schema::Checker;
use crate::variables::{Undefined, Variables};
use crate::yaml::{self, Content, Node};

/// Exports until nothing is refused.
///
/// # Errors
/// A flaw of this program, in words.
pub(super) fn sound(observed: &ObservedState, asked: &Asked) -> Result<Export, String> {
    let checker = Checker::new(manifest::schema())
        .map_err(|message| format!("the schema of manifests is unsound: {message}"))?;
    let mut faults = Faults::new();
    loop {
        let export = export::export(observed, asked, &faults).map_err(|error| error.to_string())?;
        let before = faults.clone();
        for (entry, row, reason) in refused(&export, &checker)? {
            let fault = faults.entry(entry.id).or_default();
            match row.filter(|row| !fault.rows.contains_key(row)) {
                Some(row) => drop(fault.rows.insert(row, reason)),
                None => drop(fault.whole.insert(reason)),
            }
        }
        if faults == before {
            return Ok(export);
        }
    }
}

/// What the stages refuse: the entry, the row if it could as well be left out, and why.
fn refused(
    export: &Export,
    checker: &Checker,
) -> Result<Vec<(Written, Option<String>, String)>, String> {
    let mut texts = Texts::default();
    let source = texts.add("export", export.manifest.as_str());
    let mut findings = Vec::new();
    let documents = yaml::load(source, &export.manifest).unwrap_or_else(|errors| {
        findings.extend(errors);
        Vec::new()
    });
    let manifests: Vec<_> = documents
        .iter()
        .filter_map(|document| manifest::read(checker, document, &mut findings))
        .collect();
    let scripts: Scripts = export
        .scripts
        .iter()
        .map(|file| ((source, file.path.clone()), Arc::from(file.text.as_str())))
        .collect();
    let variables = Variables {
        undefined_secrets: Undefined::Unknown,
        ..Variables::default()
    };
    findings.extend(desired::build(&manifests, &variables, &scripts, &texts).findings);
    findings
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .map(|found| {
            let at = found.at.bytes.start as usize;
            let index = export
                .entries
                .iter()
                .position(|entry| entry.bytes.contains(&at));
            let entry = index.and_then(|index| export.entries.get(index));
            let entry =
                entry.ok_or_else(|| format!("the export is no manifest: {}", found.message))?;
            let node = index.and_then(|index| item(documents.first()?, index));
            let row = node.and_then(|node| spare_row(entry, node, found));
            Ok((entry.clone(), row, found.message.clone()))
        })
        .collect()
}

/// The entry of that number.
fn item(document: &Node, index: usize) -> Option<&Node> {
    match &document.get("integrations")?.value.content {
        Content::List(items) => items.get(index),
        _ => None,
    }
}

/// The row that a finding is about, if to leave it out means whatever the server has.
fn spare_row(entry: &Written, node: &Node, found: &Diagnostic) -> Option<String> {
    let Content::Map(members) = &node.content else {
        return None;
    };
    let at = found.at.bytes.start;
    let member = members.iter().find(|member| {
        member.key_at.bytes.start <= at
            && at < member.value.at.bytes.end.max(member.key_at.bytes.end)
    })?;
    let field = entry.kind.field(&member.key)?;
    (field.left_out == LeftOut::Observed).then(|| member.key.clone())
}
