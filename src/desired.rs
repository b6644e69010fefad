//! What the manifest asks for, with every reference replaced and every default filled in.

use std::collections::BTreeSet;

use crate::diagnostic::Place;
use crate::integration::{Fields, Key};

/// What all manifests of a run ask for together.
#[derive(Debug, Default)]
pub(crate) struct DesiredState {
    /// The entries, in the order they were read; no two have the same key.
    pub(crate) entries: Vec<Desired>,
}

/// One integration as it should be.
#[derive(Debug)]
pub(crate) struct Desired {
    /// What identifies it.
    pub(crate) key: Key,
    /// The values, in normal form: those written, and the fixed defaults of those left out. A row without a
    /// value means whatever the server has.
    pub(crate) fields: Fields,
    /// The names of the rows that the manifest writes out.
    pub(crate) written: BTreeSet<&'static str>,
    /// Where the entry stands.
    pub(crate) place: Place,
    /// The file its script comes from, as the manifest names it.
    pub(crate) script_file: Option<String>,
}
