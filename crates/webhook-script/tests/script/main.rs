//! Scripts run as the server runs them.

mod bounds;
mod differences;
mod drawn;
#[allow(unreachable_pub, reason = "shared with an example")]
mod judge;
mod support;
mod vectors;
