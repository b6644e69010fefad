//! Reports for programs, which people read too.

use serde::Serialize;

use crate::escape;

/// A report as JSON, without what a terminal would obey.
pub fn json(report: &impl Serialize) -> String {
    // It cannot fail: all keys are texts.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    escape::json(&text) + "\n"
}
