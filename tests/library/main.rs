//! The library as its users see it: the scenario folders, and the laws that hold over any desired and any observed state.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod export;
mod scenarios;
mod simulation;
mod support;
