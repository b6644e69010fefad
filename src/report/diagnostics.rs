//! Findings as text for people and as data for programs.

#[cfg(feature = "cli")]
mod draw;
mod fixes;
pub mod json;

#[cfg(feature = "cli")]
pub use draw::text;
pub use fixes::{FixedText, fixed};

use self::json::Problems;
use crate::problem::{Counts, Findings, Problem, Severity, Texts};
use crate::words::count;

/// The line that closes a run with findings: `error: 2 problems in 1 of 3 files`. With `strict`, warnings are refused too, and
/// where there is nothing else it says so.
pub fn summary(findings: &Findings, files: usize, strict: bool) -> Option<String> {
    let Counts { errors, warnings } = findings.counts();
    // Notes are no problems.
    let notes = findings.iter().filter(|it| it.severity == Severity::Note);
    let notes = notes.count();
    let warnings = warnings.saturating_sub(notes);
    let with = findings.texts();
    let files = match (with, files.max(with)) {
        (1, 1) => "1 file".to_owned(),
        (with, files) => format!("{with} of {files} files"),
    };
    match (errors, warnings) {
        (0, 0) if notes > 0 => Some(format!("note: {} in {files}", count(notes, "note"))),
        (0, 0) => None,
        (0, _) if strict => Some(format!(
            "error: {} in {files}, which `--strict` refuses",
            count(warnings, "warning")
        )),
        (0, _) => Some(format!(
            "warning: {} in {files}",
            count(warnings, "problem")
        )),
        (_, 0) => Some(format!("error: {} in {files}", count(errors, "problem"))),
        _ => Some(format!(
            "error: {} and {} in {files}",
            count(errors, "problem"),
            count(warnings, "warning")
        )),
    }
}

/// By file, place and weight.
fn sorted(diagnostics: &[Problem]) -> Vec<&Problem> {
    let mut sorted: Vec<_> = diagnostics.iter().collect();
    sorted.sort_by_key(|found| {
        let place = found.place.as_ref();
        let bytes = place.map(|place| &place.bytes);
        (
            found.source(),
            bytes.map(|bytes| bytes.start),
            found.severity,
            bytes.map(|bytes| bytes.end),
            found.code,
            &found.message,
        )
    });
    sorted
}

/// The findings as data, by file and place, and how many more there are.
pub fn json(findings: &Findings, texts: &Texts) -> Problems {
    Problems::of(&sorted(findings), findings, texts)
}
