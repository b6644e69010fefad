//! Scripts run as the server runs them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod bounds;
mod delivery;
mod differences;
mod drawn;
#[allow(unreachable_pub, reason = "shared with an example")]
mod judge;
mod support;
mod vectors;
