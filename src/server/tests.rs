//! The client over scripted answers, on a clock that does not wait.

mod answers;
mod history;
mod listing;
mod lookup;
mod resend;
mod targets;
mod writes;
