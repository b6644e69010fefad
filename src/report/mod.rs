//! What a run found and did, as text and as data.

pub(crate) mod diagnostics;
