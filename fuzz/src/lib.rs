//! The targets are those of the library's own tests, which run them with the corpora.

#[path = "../../tests/library/targets.rs"]
mod targets;

pub use targets::run;
