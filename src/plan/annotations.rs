//! What a plan tells in addition to its changes. Annotations never change the plan.

use super::{Binding, Cause, NotChecked, Origin, Plan};
use crate::problem::{Findings, Problem};

/// What a plan tells in addition to its changes.
#[derive(Debug, Default)]
pub struct Annotations {
    /// What the look-ups tell.
    pub notes: Vec<Problem>,
    /// What is wrong with the names that the manifests and the flags of the run give: told before the plan.
    pub found: Findings,
    /// What the snapshot does not answer.
    pub not_checked: NotChecked,
    /// What each change comes from, in the plan's order; empty where that is not known.
    pub origins: Vec<Origin>,
    /// What the plan was made for, if it may be applied later.
    pub binding: Option<Binding>,
}

impl Annotations {
    /// Whether there is a change that is not known to come from this change of the manifests.
    pub fn drifts(&self, plan: &Plan) -> bool {
        let mut causes = self.origins.iter().map(|origin| origin.cause);
        self.origins.len() < plan.changes.len() || causes.any(Cause::is_drift)
    }
}
