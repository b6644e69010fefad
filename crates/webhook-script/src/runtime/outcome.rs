//! What came of a call.

use serde::{Deserialize, Serialize};

use super::HttpCall;
use crate::value::Value;

/// A line that a script logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsoleLine {
    /// The method of `console`.
    pub level: String,
    /// Its arguments, copied.
    pub arguments: Vec<Value>,
}

/// A place in the script as it was written: line and column from one, the column in characters. The column is this
/// engine's: V8's may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// What a script threw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thrown {
    /// The error, or another value.
    pub value: ThrownValue,
    /// Where the error was made, if in the script.
    pub place: Option<Place>,
}

/// A thrown value, as it reaches the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ThrownValue {
    /// An error, or an object that the server takes for one.
    Error {
        /// Its name.
        name: String,
        /// Its message.
        message: String,
    },
    /// A value that is not an object.
    Other(Value),
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum End {
    /// With a value.
    Returned(Value),
    /// With an error, also one of loading the script.
    Threw(Thrown),
    /// The script has no such method: the server goes on as if there was no script.
    NoMethod,
    /// The method did not come back within the limit of [`Limits::call`](super::Limits::call). The server has no time limit
    /// here: it would stand still.
    Hangs,
    /// The promise stays open: the server never answers the request.
    NeverSettles,
    /// The script used all its memory. The server answers every later call with an error until the integration is saved.
    OutOfMemory,
    /// What later calls get after [`End::OutOfMemory`].
    IsolateGone,
    /// Loading took longer than [`Limits::load`](super::Limits::load).
    LoadTimedOut,
    /// The script was refused when it was saved, or there is none: nothing runs.
    NoScript,
    /// It cannot be told offline what the server would do; why.
    Unknown(String),
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Whether the script failed before its method was called.
    pub failed_to_load: bool,
    /// What the script logged.
    pub console: Vec<ConsoleLine>,
    /// The HTTP calls that the method waited for, in order.
    pub calls: Vec<HttpCall>,
    /// Those that it began and did not wait for. The server makes them too.
    pub late_calls: Vec<HttpCall>,
}

impl Outcome {
    /// One in which nothing was done besides.
    pub(super) fn of(end: End, failed_to_load: bool) -> Self {
        Self {
            end,
            failed_to_load,
            console: Vec::new(),
            calls: Vec::new(),
            late_calls: Vec::new(),
        }
    }
}
