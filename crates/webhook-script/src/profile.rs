//! What of a server decides how it reads and runs scripts.

use serde::{Deserialize, Serialize};

use crate::Sandbox;

/// How a server compiles and runs scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerProfile {
    /// The engine.
    pub sandbox: Sandbox,
    /// Whether scripts are transpiled when they are saved.
    pub mode: Mode,
}

/// What is stored of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mode {
    /// The text as it is: 9.0, and `skipTranspile` since 8.4.
    Raw,
    /// What Babel makes of it: up to 8.9 without `skipTranspile`.
    Transpiled,
}

impl ServerProfile {
    /// The profile of a server's version, major and minor. `skip_transpile` is the integration's field.
    pub fn of((major, minor): (u32, u32), skip_transpile: bool) -> Self {
        let raw = major >= 9 || (skip_transpile && (major, minor) >= (8, 4));
        Self {
            sandbox: match major {
                ..=6 => Sandbox::Vm2,
                _ => Sandbox::IsolatedVm,
            },
            mode: if raw { Mode::Raw } else { Mode::Transpiled },
        }
    }
}
