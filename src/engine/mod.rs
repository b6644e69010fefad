//! The engine: the order of the steps, once, for every caller.
//!
//! | function | from | to |
//! |---|---|---|
//! | [`check`](check::check) | files, values | [`Checked`](check::Checked) manifests: the desired state, and what is wrong |
//! | [`plan`](plan()) | a [`Source`], the desired state | [`Planned`]: what would change |
//! | [`apply`](apply()) | a writer, a plan | what became of each change |
//! | [`snapshot`](snapshot()) | a source, the desired state | a file that plans can be made from |
//! | [`urls`](urls::urls) | a source, the desired state | the webhooks' URLs |
//! | [`export`](export::export) | a source | a manifest of what the server has |
//! | [`doctor`](doctor()) | an endpoint, credentials | what is in the way of a first plan |
//!
//! Nothing here prints or reads the environment. What a caller may want to tell meanwhile is an [`Event`].

mod apply;
pub mod check;
mod doctor;
pub mod export;
mod plan;
mod snapshot;
mod source;
pub mod urls;

use std::fmt;

pub use apply::{ApplyOptions, apply};
pub use doctor::doctor;
pub use plan::{Before, PlanOptions, Planned, plan};
pub use snapshot::snapshot;
pub use source::{Recorded, Source};

use crate::apply::Outcome;
use crate::client::ServerError;
use crate::observed::ServerId;
use crate::problem::Severity;

/// Hears what happens while a step is under way. It is called between requests, so it must not block.
pub trait Events: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// Nobody listens.
impl Events for () {
    fn event(&self, _: &Event<'_>) {}
}

/// Something that happened. Those that have words are notes; `Display` gives them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The server does not tell which role holds which permission.
    NoPermissions(&'a str),
    /// The server does not tell why a webhook is disabled.
    NoHistory(&'a ServerId, &'a str),
    /// So many more webhooks are disabled than are asked for.
    MoreHistories(usize),
    /// Duplicates that are seconds old are waited for.
    RecentDuplicates,
    /// A login could not be ended: it lasts until it expires.
    StillLoggedIn(&'a ServerError),
    /// What became of the change of this index in the plan. The duplicate check may correct it later.
    Written(usize, &'a Outcome),
}

impl Event<'_> {
    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        match self {
            Self::StillLoggedIn(_) => Severity::Warning,
            _ => Severity::Note,
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPermissions(why) => write!(f, "permissions are not known: {why}"),
            Self::NoHistory(id, why) => {
                write!(f, "why the webhook {id} is disabled is not known: {why}")
            }
            Self::MoreHistories(more) => write!(
                f,
                "{more} more webhooks are disabled, and their histories were not read: plan fewer at once"
            ),
            Self::RecentDuplicates => write!(
                f,
                "another run has just created the same integrations: waiting until it has removed its duplicates"
            ),
            Self::StillLoggedIn(why) => write!(
                f,
                "logging out failed, and the login lasts until it expires: {why}"
            ),
            Self::Written(..) => Ok(()),
        }
    }
}
