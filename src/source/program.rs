//! How the program `git` is run: which one, in which folder, with which environment, and for how long.
//!
//! What a stranger's change brings must not make it run anything. So git starts in a folder that holds `.git`, which no
//! tree can bring, and goes no further up; it gets no secret of this process; and what its configuration could run is
//! switched off, in case somebody else wrote that.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::child;
use crate::escape;

/// The variables of a process.
pub(super) type Environment = BTreeMap<OsString, OsString>;

/// How long git may take for one answer. To list a million files on a slow disk takes some seconds.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// The longest answer that is read: a listing of about two million files.
const MAX_ANSWER: usize = 256 << 20;

/// Variables that say where git's own configuration is. `safe.directory` is read from there alone.
const PLACES: [&str; 4] = [
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
];

/// How the variables start that are configuration, or say where it is.
const CONFIGURATION: &[u8] = b"GIT_CONFIG_";

/// What is above every configuration file.
const SETTINGS: [&str; 4] = [
    // A tracked folder can look like a bare repository.
    "safe.bareRepository=explicit",
    "protocol.allow=never",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
];

/// The variables that git always gets.
const FIXED: [(&str, &str); 6] = [
    ("LC_ALL", "C"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    // A commit is what its name says, and nothing is fetched for it: a fetch runs programs.
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    // Unlike `protocol.allow`, no `protocol.NAME.allow` is above it.
    ("GIT_ALLOW_PROTOCOL", ""),
];

/// The program git, for one repository.
#[derive(Clone, Debug)]
pub(super) struct Git {
    program: PathBuf,
    /// The folder that holds `.git`, resolved.
    top: PathBuf,
    environment: Environment,
}

/// Why git did not answer.
pub(super) enum Failed {
    /// It says no, in these words.
    Said {
        /// Whether it knows of nothing worse: the exit code is 1.
        plainly: bool,
        words: String,
    },
    /// It did not come to an answer.
    Broke(io::Error),
}

impl Failed {
    pub(super) fn words(&self) -> String {
        match self {
            Self::Said { words, .. } => words.clone(),
            Self::Broke(error) => error.to_string(),
        }
    }
}

impl Git {
    /// The program for the repository whose `.git` is in the folder `top`; `None` if there is no such program.
    pub(super) fn at(top: &Path, all: &Environment) -> Option<Self> {
        let path = all.get(OsStr::new("PATH"))?.as_bytes();
        let folders = path.split(|byte| *byte == b':').map(OsStr::from_bytes);
        let folders: Vec<_> = folders
            .filter(|folder| is_outside(top, folder.as_ref()))
            .collect();
        let mut programs = folders.iter().map(|folder| Path::new(folder).join("git"));
        let program = programs.find(|program| is_program(program) && is_outside(top, program))?;
        let mut environment: Environment = all
            .iter()
            .filter(|(name, value)| is_configuration(name, value, top))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        environment.insert("PATH".into(), folders.join(OsStr::new(":")));
        environment.extend(FIXED.map(|(name, value)| (name.into(), value.into())));
        // If `.git` turns out to be no repository, one further up is not meant.
        let above = top.parent().unwrap_or(top).as_os_str();
        environment.insert("GIT_CEILING_DIRECTORIES".into(), above.to_owned());
        Some(Self {
            program,
            top: top.to_owned(),
            environment,
        })
    }

    /// The command with these arguments; it reads nothing.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--no-pager").arg("-C").arg(&self.top);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command
            .args(args)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null());
        command
    }

    /// What git prints.
    pub(super) fn ask(&self, args: &[&str]) -> Result<Vec<u8>, Failed> {
        let output = child::output(&mut self.command(args), PATIENCE, MAX_ANSWER);
        let output = output.map_err(Failed::Broke)?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let words = String::from_utf8_lossy(&output.stderr);
        let words = words.lines().next().unwrap_or("it did not say why");
        let words = words.trim_start_matches("fatal: ");
        Err(Failed::Said {
            plainly: output.status.code() == Some(1),
            words: escape::line(words),
        })
    }

    /// The path that git prints.
    pub(super) fn ask_path(&self, args: &[&str]) -> Result<PathBuf, Failed> {
        let mut path = self.ask(args)?;
        path.pop_if(|last| *last == b'\n');
        Ok(OsString::from_vec(path).into())
    }
}

/// Whether a path is absolute and leads out of the repository: a change cannot have brought what is there.
fn is_outside(top: &Path, path: &Path) -> bool {
    // What is not there is read by nobody.
    let resolved = fs::canonicalize(path);
    path.is_absolute() && !resolved.is_ok_and(|path| path.starts_with(top))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

/// Whether git may get a variable: it is configuration, and not a path to what a change can have brought.
fn is_configuration(name: &OsStr, value: &OsStr, top: &Path) -> bool {
    if PLACES.iter().any(|place| name == *place) {
        return is_outside(top, value.as_ref());
    }
    name.as_bytes().starts_with(CONFIGURATION)
}
