//! What a server stores of a script when it is saved, and why it may refuse to.

use super::Mode;
use crate::{ScriptError, engine};

/// What is run of a script.
pub(super) struct Compiled {
    /// The text, its lines those of the script.
    pub(super) program: String,
    /// What that text needs.
    pub(super) helpers: Option<&'static str>,
}

/// Stands before a raw script while it is checked.
const OPEN: &str = "(function(){";

pub(super) fn compile(source: &str, mode: Mode) -> Result<Compiled, ScriptError> {
    let _ = mode;
    let program = format!("{OPEN}{source}}})");
    engine::check(&program).map_err(|mut error| {
        if error.line == 1 {
            let open = u32::try_from(OPEN.len()).unwrap_or_default();
            error.column = error.column.saturating_sub(open).max(1);
        }
        error
    })?;
    Ok(Compiled {
        program: source.to_owned(),
        helpers: None,
    })
}
