//! What became of a plan.
