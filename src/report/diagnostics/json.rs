//! The form of findings for programs: a version, a schema, what was found, and how much more there is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Untrusted;
use crate::problem::{Findings, Place, Problem, Severity, Texts};
use crate::words::count;

/// The findings of a run, for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problems {
    /// The version of this format.
    pub format_version: u32,
    /// What was found, by file and place: of each file a hundred at most, errors rather than warnings.
    pub problems: Vec<ProblemReport>,
    /// How many more were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<More>,
}

/// How many findings of a file are not listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct More {
    /// The path, or `<stdin>`.
    pub file: Untrusted,
    /// How many errors.
    pub errors: usize,
    /// How many warnings.
    pub warnings: usize,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemReport {
    /// The name of this kind of finding.
    pub code: Untrusted,
    /// `error`, `warning` or `note`.
    pub severity: Severity,
    /// What is wrong.
    pub message: Untrusted,
    /// What was expected, or what comes of what is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Untrusted>,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<Untrusted>,
    /// The path, or `<stdin>`.
    pub file: Untrusted,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The column just behind the end.
    pub end_column: usize,
    /// Other places that belong to it.
    pub also: Vec<Also>,
}

/// Another place of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Also {
    /// The path, or `<stdin>`.
    pub file: Untrusted,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is there.
    pub message: Untrusted,
}

impl Problems {
    /// Those that are kept, in the order given.
    pub(super) fn of(kept: &[&Problem], all: &Findings, texts: &Texts) -> Self {
        let problems = kept
            .iter()
            .filter_map(|found| ProblemReport::of(found, texts));
        let more = all.more().map(|(source, more)| More {
            file: texts.get(source).origin.as_str().into(),
            errors: more.errors,
            warnings: more.warnings,
        });
        Self {
            format_version: 1,
            problems: problems.collect(),
            more: more.collect(),
        }
    }
}

impl More {
    /// How many there are.
    pub fn total(&self) -> usize {
        self.errors + self.warnings
    }

    /// `and 12345 more problems in this file`.
    pub fn words(&self) -> String {
        format!("and {} in this file", count(self.total(), "more problem"))
    }
}

impl ProblemReport {
    /// The form of a problem that is in a text.
    fn of(found: &Problem, texts: &Texts) -> Option<Self> {
        let at = found.place.as_ref()?;
        let file = |place: &Place| Untrusted::from(texts.get(place.source).origin.as_str());
        let (start, end) = (texts.start(at), texts.end(at));
        let also = found.also.iter().map(|(place, words)| Also {
            file: file(place),
            line: texts.start(place).line,
            column: texts.start(place).column,
            message: words.as_str().into(),
        });
        Some(Self {
            code: found.code.0.into(),
            severity: found.severity,
            message: found.message.as_str().into(),
            expected: found.expected.as_deref().map(Into::into),
            help: found.help.as_deref().map(Into::into),
            file: file(at),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            also: also.collect(),
        })
    }
}
