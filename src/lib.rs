//! rcsync keeps the webhook integrations of a Rocket.Chat server as code.
//!
//! This is the library under the program of that name: it decides, and never prints. [`engine`] is the way in: its functions
//! are the steps, in their order, for every caller. What is wrong is a [`Problem`](problem::Problem), what is told meanwhile
//! an [`Event`](engine::Event).
//!
//! ```
//! use rcsync::engine::check::{Inputs, check};
//!
//! let manifest = "integrations: [{ type: webhook-incoming, name: Alerts, username: rocket.cat, channel: '#ops' }]";
//! let inputs = Inputs {
//!     paths: vec!["-".into()],
//!     ..Inputs::default()
//! };
//! let checked = check(&inputs, &mut manifest.as_bytes())?;
//! assert!(checked.findings.is_empty());
//! assert_eq!(checked.desired.entries.len(), 1);
//! # Ok::<(), rcsync::engine::check::CheckError>(())
//! ```
//!
//! `examples/embed.rs` goes on from there: it plans a manifest against a server and tells what would change.
//!
//! Without the feature `cli`, which is for the program alone, the library builds without a command line. The steps that talk to
//! a server run in a tokio runtime with time and I/O, of one thread or several. A session that was begun with a password has
//! to be [closed](client::Session::close). Dropping the future of a plan stops it; dropping that of an
//! [`apply`](engine::apply) starts no further write, and those that were sent are finished by a task of their own, as long as
//! the runtime lives.
//!
//! # The pipeline
//! The folder listing is the pipeline; each stage takes a weaker type and returns a stronger one.
//!
//! | stage | from | to |
//! |---|---|---|
//! | [`source`] (I/O) | paths, a revision in git | texts, each read once |
//! | [`yaml`] | a text | a tree in which every key and value has its place |
//! | [`schema`] | types | JSON Schemas; a tree checked against one |
//! | [`manifest`] | a tree | a manifest that follows the schema |
//! | [`variables`] | `${var.X}`, `${secret.X}` | their values |
//! | [`desired`] | manifests, values, scripts | the desired state |
//! | [`client`] (I/O) | requests | answers; a crate of its own |
//! | [`server`], [`observed`] | answers | the observed state, only if it was read whole |
//! | [`plan`] | desired, observed | the changes, as a value |
//! | [`report`] | a plan, a run | the same without its secrets; text |
//! | [`apply`](mod@apply) (I/O) | a plan | an outcome for each change, verified |
//! | [`observed::snapshot`] | observed, the manifests | a file without secrets; and back, with them unknown |
//! | [`export`] | observed | a manifest of it, with its scripts and its secrets |
//! | [`doctor`] | what a server answers | what keeps a user from a first plan |
//! | [`urls`] | desired, observed | the webhooks' URLs, for whoever asks for them by name |
//!
//! [`engine`] joins them. [`problem`], [`words`] and [`regular`] (which links on the way to a file are followed) are spoken by
//! every stage, as are secrets, the redactor and escaping, which the client brings. [`integration`] holds the shared nouns: all
//! that is special about a kind is one table of rows there, and no stage behind [`manifest`] names a field.
//!
//! The program is `src/bin/rcsync`. `crates/` has the client, the sandbox (an imitation of the server that knows nothing of the
//! client, so that tests are not circular) and what reads scripts. What the compiler cannot keep of this is held by
//! `tests/library/architecture.rs`. What a new field, kind, rule or format touches is in `CONTRIBUTING.md`.

pub mod apply;
pub mod desired;
pub mod doctor;
pub mod engine;
pub mod export;
pub mod integration;
pub mod manifest;
pub mod observed;
pub mod plan;
pub mod problem;
pub mod regular;
pub mod report;
pub mod schema;
pub mod server;
mod side_by_side;
pub mod source;
mod untrusted;
pub mod urls;
pub mod variables;
pub mod words;
pub mod yaml;

pub use rocketchat_client as client;
use rocketchat_client::{escape, redactor, secret};

#[cfg(test)]
extern crate self as rcsync;
#[cfg(test)]
#[path = "../tests/library/support.rs"]
mod support;
