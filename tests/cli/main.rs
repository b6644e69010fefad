//! The real binary over real HTTP: exit code, both streams, the requests made and what is stored in the end.

mod apply;
mod failures;
mod plan;
mod readme;
mod sandbox;
mod support;
mod usage;
