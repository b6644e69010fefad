//! The real binary over real HTTP: exit code, both streams, the requests made and what is stored in the end.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod apply;
mod approval;
mod bounds;
mod canary;
mod ci;
mod conformance;
mod connect;
mod corpus;
mod docs;
mod doctor;
mod drift;
mod echo;
mod exits;
mod export;
mod failures;
mod files;
mod first;
mod fix;
mod git;
mod guards;
mod hostile;
mod interruption;
mod limits;
mod manifests;
mod pages;
mod peer;
mod plan;
mod prune;
mod readme;
mod review;
mod sandbox;
mod saved;
mod scripts;
mod snapshot;
mod streams;
mod support;
mod terminals;
mod together;
mod urls;
mod usage;
mod view;
