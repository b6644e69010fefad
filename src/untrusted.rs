//! Text that nobody should trust.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::escape;

/// Text from a manifest or the server: no renderer can print it without saying how it is escaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    /// As it came, for what is no output.
    pub(crate) fn raw(&self) -> &str {
        &self.0
    }

    /// For a terminal: characters that would move the cursor, change colours or reorder the text are written out.
    pub fn for_terminal(&self) -> String {
        escape::line(&self.0)
    }

    /// A line of a script: the same, but for tabs, which do no harm and are what people indent with.
    pub(crate) fn line(&self) -> String {
        escape::except(&self.0, &['\t'])
    }
}

impl<T: Into<String>> From<T> for Untrusted {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}
