//! A plan as a file: written, and read again.

use serde::Deserialize;

use super::plan::PlanReport;

/// A plan for programs.
pub(crate) fn plan_json(report: &PlanReport) -> String {
    // It cannot fail: all keys are texts.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    text + "\n"
}

/// What every version of the form has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Versioned {
    format_version: u32,
}

impl PlanReport {
    /// Reads what [`plan_json`] wrote.
    ///
    /// # Errors
    /// Why it cannot be read. What stands in it is not quoted.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let place = |error: &serde_json::Error| {
            // The library's own words quote values.
            let what = match error.classify() {
                serde_json::error::Category::Eof => "it breaks off",
                serde_json::error::Category::Data => "something is missing or of another kind",
                _ => "it is no JSON",
            };
            format!("{what} (line {}, column {})", error.line(), error.column())
        };
        let version = serde_json::from_str::<Versioned>(text).map_err(|error| place(&error))?;
        if version.format_version != Self::FORMAT_VERSION {
            return Err(format!(
                "it has format version {}, and this rcsync reads {}: use the rcsync that wrote it",
                version.format_version,
                Self::FORMAT_VERSION
            ));
        }
        serde_json::from_str(text).map_err(|error| place(&error))
    }
}
