//! rcsync keeps the webhook integrations of a Rocket.Chat server as code.
//!
//! # The pipeline
//! The folder listing is the pipeline; each stage takes a weaker type and returns a stronger one.
//!
//! | stage | from | to |
//! |---|---|---|
//! | `source` (I/O) | paths, a revision in git | texts, each read once |
//! | `yaml` | a text | a tree in which every key and value has its place |
//! | `schema` | types | JSON Schemas; a tree checked against one |
//! | `manifest` | a tree | entries that follow the schema, their rows still as trees |
//! | `variables` | `${var.X}`, `${secret.X}` | their values |
//! | `desired` | manifests, values, scripts | the desired state |
//! | `server` (I/O), `observed` | a server | the observed state, only if it was read whole |
//! | `plan` | desired, observed | the changes, as a value |
//! | `plan::binding`, `report::stale` | a plan, a saved plan | what it was made for; the first thing in which two differ |
//! | `report` | a plan, a run | the same without its secrets; text |
//! | `apply` (I/O) | a plan | an outcome for each change, verified |
//! | `observed::snapshot` | observed, the manifests | a file without secrets; and back, with them unknown |
//! | `export` | observed | a manifest of it, with its scripts and its secrets |
//! | `doctor` | what a server answers | what stands between a user and a first plan |
//! | `urls` | desired, observed | the webhooks' URLs, for whoever asks for them by name |
//!
//! `commands` joins them, one short file a command, and `cli` holds their flags. `diagnostic` (places and findings),
//! `secret`, `redactor` (what a server says, without the secrets of the run), `escape`, `words`, `clock`, `regular` (which
//! links on the way to a file are followed) and `exit` are spoken by every stage. `integration` holds the shared nouns:
//! all that is special about a kind is one table of rows there, and no stage behind `manifest` names a field.
//!
//! Two more crates: `rocketchat-sandbox` imitates the server and knows nothing of the client, so that tests are not
//! circular; `webhook-script` is the JavaScript engine of the sandbox and of the rules for scripts. `simulation` (tests)
//! runs the client over the sandbox: the laws that hold for any desired and any observed state.
//!
//! # Recipes
//! What a new field, kind, rule, report format or quirk touches is in `CONTRIBUTING.md`.
//!
//! # Who may import whom
//! The list is in `house.rs`, where a test holds the `use` lines against it.

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
pub mod source;
pub mod urls;
pub mod variables;
pub mod words;
pub mod yaml;

use rocketchat_client as client;
use rocketchat_client::{escape, redactor, secret};

#[cfg(test)]
extern crate self as rcsync;
#[cfg(test)]
#[path = "../tests/library/support.rs"]
mod support;
