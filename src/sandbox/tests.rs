//! Tests of the sandbox as a whole, without sockets, on one paused clock.
