//! What the rules say about a script: whether it parses, whether a server finds in it what it calls, and which
//! globals it will miss. The engine tells the facts; here is what they amount to, and where it is shown.

mod contract;
mod engine;
mod location;
mod mistaken;
mod names;
mod syntax;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use webhook_script::{Absent, Checker, Facts, Loaded, Looked, NotChecked, ServerProfile, Spot};

use crate::integration::{Kind, Version};
use crate::problem::{Code, Place, Problem, Severity};

use contract::{constructor, method, no_class, no_script, threw};
use engine::RAW;
pub use engine::{ENGINE, RAW_SINCE, engine_gone, profile};
pub use location::ScriptLocation;
use mistaken::{no_script_at_all, reference};
use syntax::syntax;

/// A script and who uses it, as the rules look at it.
#[derive(Debug)]
pub struct Used<'s> {
    /// Its text.
    pub text: &'s str,
    /// Where it is.
    pub location: ScriptLocation,
    /// The server that it has to be fit for.
    pub profile: ServerProfile,
    /// Whether it is enabled for any of its entries.
    pub enabled: bool,
    /// The kinds of the entries that use it, with the first of each.
    pub kinds: Vec<(Kind, Place)>,
    /// The entries that use it, if the script stands elsewhere: the first, and how many.
    pub users: Option<(Place, usize)>,
}

/// The first version whose transpiler leaves the word `module` alone.
const MODULE_SINCE: Version = Version::new(8, 2);

/// How many bytes of scripts are kept with what was found out about them.
const MAX_KEPT: usize = 16 << 20;

/// What the scripts of a run have together: time, and room to keep what was found out about them.
pub struct Budget {
    time: webhook_script::Budget,
    room: AtomicUsize,
}

impl Budget {
    /// For a run of so many scripts.
    pub fn of(scripts: usize) -> Self {
        Self {
            time: webhook_script::Budget::of(scripts),
            room: AtomicUsize::new(MAX_KEPT),
        }
    }
}

/// Looks at scripts for a server of one version, and keeps what was found out about each, since many entries may hold the same.
pub struct Looks<'s> {
    kept: BTreeMap<(&'s str, ServerProfile), Looked>,
    room: &'s AtomicUsize,
    checker: Checker<'s>,
    version: Version,
}

impl<'s> Looks<'s> {
    /// Within what they have together.
    pub fn new(budget: &'s Budget, version: Version) -> Self {
        Self {
            kept: BTreeMap::new(),
            room: &budget.room,
            checker: Checker::new(&budget.time),
            version,
        }
    }

    /// Applies every rule to a script. What only a later version of the server does otherwise is a note.
    pub fn check(&mut self, used: &Used<'s>) -> Vec<Problem> {
        let mut found = self.kept(used, used.profile);
        if self.version < RAW_SINCE && used.profile != RAW {
            let later = self.kept(used, RAW);
            found = with_later(found, later);
        }
        found
    }

    fn kept(&mut self, used: &Used<'s>, profile: ServerProfile) -> Vec<Problem> {
        let key = (used.text, profile);
        if let Some(looked) = self.kept.get(&key) {
            return told(used, profile, self.version, Ok(looked));
        }
        let looked = self.checker.look(used.text, profile);
        let found = told(
            used,
            profile,
            self.version,
            looked.as_ref().map_err(|why| *why),
        );
        let take = |room: usize| room.checked_sub(used.text.len());
        if let Ok(looked) = looked
            && self.room.fetch_update(Relaxed, Relaxed, take).is_ok()
        {
            self.kept.insert(key, looked);
        }
        found
    }

    /// What is found in a script that was transpiled until now, once it is not any more; and whether that breaks every call.
    pub fn switched(&mut self, used: &Used<'_>) -> (Vec<Problem>, bool) {
        let looked = self.checker.look(used.text, RAW);
        let breaks = match &looked {
            Ok(Ok(Some(facts))) => {
                let loads = matches!(facts.loaded, Loaded::Class(_) | Loaded::Unknown(_));
                !loads || facts.strict.iter().any(|one| one.certain)
            }
            Ok(Err(_)) => true,
            Ok(Ok(None)) | Err(_) => false,
        };
        let told = told(used, RAW, RAW_SINCE, looked.as_ref().map_err(|why| *why));
        let of_strict =
            |one: &Problem| one.severity == Severity::Error || one.code.0 == "script-strict";
        (told.into_iter().filter(of_strict).collect(), breaks)
    }

    /// The same for one that is not kept, without what is to come.
    pub fn check_once(&mut self, used: &Used<'_>) -> Vec<Problem> {
        let looked = self.checker.look(used.text, used.profile);
        told(
            used,
            used.profile,
            self.version,
            looked.as_ref().map_err(|why| *why),
        )
    }
}

/// What is found, and as notes what is found of a later version alone.
fn with_later(mut found: Vec<Problem>, later: Vec<Problem>) -> Vec<Problem> {
    let known: BTreeSet<_> = found.iter().map(|one| one.message.clone()).collect();
    let new = later
        .into_iter()
        .filter(|one| !known.contains(&one.message) && one.code != UNCHECKED);
    found.extend(new.map(|one| Problem {
        severity: Severity::Note,
        message: format!("[{RAW_SINCE}] {}", one.message),
        fix: None,
        ..one
    }));
    found
}

/// What is wrong with a script, given what was found out about it.
fn told(
    used: &Used<'_>,
    profile: ServerProfile,
    version: Version,
    looked: Result<&Looked, NotChecked>,
) -> Vec<Problem> {
    let mut found = match (no_script_at_all(used), looked) {
        (Some(mistaken), _) => vec![mistaken],
        (None, Err(why)) => vec![not_checked(used, why)],
        (None, Ok(Err(error))) => vec![syntax(used, error)],
        (None, Ok(Ok(Some(facts)))) => {
            let mut found = judge(used, facts);
            found.extend(names::problems(used, profile, facts));
            used.weighed(found)
        }
        (None, Ok(Ok(None))) => Vec::new(),
    };
    found.extend(reference(used));
    if version < MODULE_SINCE {
        found.extend(names::word_module(used));
    }
    for one in found
        .iter_mut()
        .filter(|one| one.place.as_ref() == Some(&used.location.whole))
    {
        // What would fix a word of the script must not stand instead of all of it.
        one.fix = None;
    }
    if let Some((place, users)) = &used.users {
        let words = match users.saturating_sub(1) {
            0 => "used here".to_owned(),
            1 => "used here and by another entry".to_owned(),
            more => format!("used here and by {more} other entries"),
        };
        for one in found.iter_mut().filter(|one| one.also.is_empty()) {
            one.also.push((place.clone(), words.clone()));
        }
    }
    found
}

fn judge(used: &Used<'_>, facts: &Facts) -> Vec<Problem> {
    let mut found = Vec::new();
    match &facts.loaded {
        _ if facts.parameters > 0 => found.push(constructor(used, facts)),
        Loaded::Class(class) => found.extend(
            used.kinds
                .iter()
                .filter_map(|kind| method(used, facts, class, kind)),
        ),
        Loaded::NoScript => found.push(no_script(used, facts)),
        Loaded::NoClass => found.push(no_class(used, facts)),
        Loaded::Threw { message, at } => found.push(threw(used, facts, message, *at)),
        Loaded::Unknown(why) => found.push(unchecked(used, why)),
    }
    let told = |absent: &&Absent| match &facts.loaded {
        Loaded::Threw { message, .. } => *message != undefined(&absent.name),
        _ => true,
    };
    found.extend(
        facts
            .absent
            .iter()
            .filter(told)
            .map(|absent| global(used, absent)),
    );
    found
}

/// What the engine says of a global that is not there.
fn undefined(name: &str) -> String {
    format!("ReferenceError: {name} is not defined")
}

/// A script that nothing is known of is not passed in silence. It is not an error either: a server may take it.
fn not_checked(used: &Used<'_>, why: NotChecked) -> Problem {
    let message = format!("the script was not checked: {}", why.words());
    let mut warning = used.error(UNCHECKED.0, None, "", message);
    warning.severity = Severity::Warning;
    warning.help(match why {
        NotChecked::Time => HINT,
        NotChecked::TimeOfAll(_) => "check the manifests in several runs",
        NotChecked::Engine => "check it again; if that does not help, please report the script",
    })
}

/// The code of what is said about a script that could not be checked, or not whole.
pub const UNCHECKED: Code = Code("script-unchecked");
const HINT: &str = "leave only declarations at the top level, and do such work in a method";

/// Nothing is said for certain about a script that could not be loaded here.
fn unchecked(used: &Used<'_>, why: &str) -> Problem {
    let message = format!("the script could not be checked completely: when it is loaded it {why}");
    let mut warning = used.error(UNCHECKED.0, None, "", message);
    warning.severity = Severity::Warning;
    warning.help(HINT)
}

fn global(used: &Used<'_>, absent: &Absent) -> Problem {
    let times = match absent.uses {
        1 => String::new(),
        several => format!(" (used {several} times)"),
    };
    let message = format!("`{}` does not exist in `isolated-vm`{times}", absent.name);
    let mut warning = used.error("script-global", Some(absent.at), &absent.name, message);
    warning.severity = Severity::Warning;
    warning.help(absent.instead.as_ref())
}

/// Where a name is declared at the top level.
fn declared(facts: &Facts, name: &str) -> Option<Spot> {
    let found = facts.top_level.iter().find(|(one, _)| one == name);
    found.map(|(_, at)| *at)
}

/// Where a word stands first, from a spot on.
fn word(facts: &Facts, name: &str, from: Option<Spot>) -> Option<Spot> {
    let mut words = facts.words.iter().filter(|(_, at)| Some(*at) >= from);
    words.find(|(word, _)| word == name).map(|(_, at)| *at)
}

/// What to do about a block whose lines are joined.
const KEEP_LINES: &str = "write `|` instead of `>`: it keeps the lines";

impl Used<'_> {
    /// Whether YAML joins its lines, so that a comment takes all that follows.
    fn swallows_lines(&self) -> bool {
        self.location.folded && self.text.contains("//")
    }

    /// What a server would not find is a warning as long as it does not look for it.
    fn weighed(&self, mut found: Vec<Problem>) -> Vec<Problem> {
        if !self.enabled {
            for one in &mut found {
                one.severity = Severity::Warning;
            }
        }
        found
    }

    /// An error at a spot, below a word; without a spot at the beginning.
    fn error(
        &self,
        code: &'static str,
        at: Option<Spot>,
        word: &str,
        message: impl Into<String>,
    ) -> Problem {
        let start = Spot { line: 1, column: 1 };
        if let Some(place) = self.location.place(at.unwrap_or(start), word.len()) {
            return Problem::error(Code(code), place, message);
        }
        let error = Problem::error(Code(code), self.location.whole.clone(), message);
        match at {
            Some(Spot { line, column }) => {
                error.expected(format!("at {line}:{column} of the script"))
            }
            None => error,
        }
    }
}

/// A line or a column, counted from zero.
fn before(number: u32) -> usize {
    (number as usize).saturating_sub(1)
}
