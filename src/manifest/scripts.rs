//! What the rules say about a script: whether it parses, whether a server finds in it what it calls, and which
//! globals it will miss. The engine tells the facts; here is what they amount to, and where it is shown.

use std::collections::BTreeMap;

use super::hints::nearest;
use crate::diagnostic::{Code, Diagnostic, Place, Severity, SourceId, Texts};
use crate::integration::{Fields, Kind, Value};
use crate::script::{self, Absent, Class, Engine, Facts, Loaded, ScriptError, Spot};

/// A script and who uses it, as the rules look at it.
#[derive(Debug)]
pub(crate) struct Used<'s> {
    /// Its text.
    pub(crate) text: &'s str,
    /// Where it stands.
    pub(crate) home: Home,
    /// The engine that it has to be fit for.
    pub(crate) engine: Engine,
    /// The kinds of the entries that use it, with the first of each.
    pub(crate) kinds: Vec<(Kind, Place)>,
    /// The entries that use it, if the script stands elsewhere: the first, and how many.
    pub(crate) users: Option<(Place, usize)>,
}

/// The engine that runs an entry's script. Where none is written it is the one that servers have since 6.5.
pub(crate) fn engine(fields: &Fields) -> Engine {
    let row = fields.kind().field("scriptEngine");
    match row.and_then(|row| fields.get(row)) {
        Some(Value::Text(name))
            if name
                .as_plain()
                .is_some_and(|name| name.eq_ignore_ascii_case("vm2")) =>
        {
            Engine::Vm2
        }
        _ => Engine::IsolatedVm,
    }
}

/// What was found out about texts: many entries may hold the same.
pub(crate) type Looks<'s> = BTreeMap<(&'s str, Engine), Result<Option<Facts>, ScriptError>>;

/// Applies every rule to a script.
pub(crate) fn check<'s>(used: &Used<'s>, looks: &mut Looks<'s>) -> Vec<Diagnostic> {
    let look = || script::check(used.text).map(|()| script::look(used.text, used.engine));
    let looked = looks.entry((used.text, used.engine)).or_insert_with(look);
    let mut found = match looked {
        Err(error) => vec![syntax(used, error)],
        Ok(Some(facts)) => judge(used, facts),
        Ok(None) => Vec::new(),
    };
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

/// The methods that a server calls of a script of this kind.
fn called(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Incoming => &["process_incoming_request"],
        Kind::Outgoing => &["prepare_outgoing_request", "process_outgoing_response"],
    }
}

fn judge(used: &Used<'_>, facts: &Facts) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    match &facts.loaded {
        Loaded::Class(class) if class.parameters > 0 => found.push(constructor(used, facts)),
        Loaded::Class(class) => found.extend(
            used.kinds
                .iter()
                .filter_map(|kind| method(used, facts, class, kind)),
        ),
        Loaded::NoScript => found.push(no_script(used, facts)),
        Loaded::NoClass => {
            let at = declared(facts, "Script").or_else(|| word(facts, "Script", None));
            let error = used.error("script-class", at, "Script", "`Script` is no class");
            found.push(error.hint(
                "write `class Script { … }`: the server answers every call with `new Script()`",
            ));
        }
        Loaded::Threw {
            message,
            at,
            constructing,
        } => {
            found.push(threw(used, facts, message, *at, *constructing));
        }
        Loaded::Unknown(why) => {
            let message =
                format!("the script could not be checked whole: when it is loaded it {why}");
            let mut warning = used.error("script-unchecked", None, "", message);
            warning.severity = Severity::Warning;
            found
                .push(warning.hint(
                    "leave only declarations at the top level, and do such work in a method",
                ));
        }
    }
    let told = |absent: &&Absent| match &facts.loaded {
        Loaded::Threw { message, .. } => *message != undefined(absent.name),
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

fn syntax(used: &Used<'_>, error: &ScriptError) -> Diagnostic {
    let at = (error.line > 0).then_some(Spot {
        line: error.line,
        column: error.column,
    });
    let behind = at.map_or("", |at| tail(used.text, at));
    let message = format!(
        "the script does not parse: {}",
        in_our_style(&error.message)
    );
    let hint = match behind.chars().next() {
        None if at.is_some() => {
            "the script ends too early: a bracket, a text or a comment is still open"
        }
        Some('“' | '”' | '„' | '‘' | '’') => {
            "this is a typographic quote: write `\"` or `'`"
        }
        _ if line_starts(used.text, at, &["import ", "import{", "export "]) => {
            "a script is one text: nothing can be imported or exported"
        }
        _ if ["<<<<<<<", "=======", ">>>>>>>"]
            .iter()
            .any(|mark| behind.starts_with(mark)) =>
        {
            "this is left over from a merge"
        }
        _ if line_holds_before(used.text, at, "await ") => {
            "`await` works only in an `async` method"
        }
        _ => "a server would store the script uncompiled and never run it",
    };
    used.error("script-syntax", at, "", message).hint(hint)
}

/// The script from a spot on.
fn tail(text: &str, at: Spot) -> &str {
    line(text, at)
        .and_then(|line| line.get(before(at.column)..))
        .map_or("", |rest| {
            let from = rest.as_ptr() as usize - text.as_ptr() as usize;
            text.get(from..).unwrap_or_default().trim_start()
        })
}

/// A line or a column, counted from zero.
fn before(number: u32) -> usize {
    (number as usize).saturating_sub(1)
}

fn line(text: &str, at: Spot) -> Option<&str> {
    text.split('\n').nth(before(at.line))
}

fn line_starts(text: &str, at: Option<Spot>, with: &[&str]) -> bool {
    let line = at
        .and_then(|at| line(text, at))
        .unwrap_or_default()
        .trim_start();
    with.iter().any(|with| line.starts_with(with))
}

fn line_holds_before(text: &str, at: Option<Spot>, word: &str) -> bool {
    at.and_then(|at| line(text, at)?.get(..before(at.column)))
        .is_some_and(|text| text.ends_with(word))
}

/// The engine's words in lower case, what it quotes in back-ticks.
fn in_our_style(message: &str) -> String {
    let mut chars = message.chars();
    let first: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_lowercase)
        .collect();
    let text = first + chars.as_str();
    if text.matches('\'').count() == 2 {
        text.replace('\'', "`")
    } else {
        text
    }
}

fn no_script(used: &Used<'_>, facts: &Facts) -> Diagnostic {
    let names: Vec<_> = facts
        .top_level
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let other_case = names
        .iter()
        .find(|name| name.eq_ignore_ascii_case("script"));
    let near = other_case.map(String::as_str).or_else(|| {
        let near = nearest("Script", &names)?;
        (near.len() > 3).then_some(near)
    });
    if let Some(near) = near {
        let error = used.error(
            "script-class",
            declared(facts, near),
            near,
            "no class is named `Script`",
        );
        return error.hint("did you mean `Script`?").fix("Script");
    }
    let nested = facts.words.windows(2).find_map(|pair| match pair {
        [(keyword, _), (name, at)] => {
            let declares = matches!(
                keyword.as_str(),
                "class" | "function" | "let" | "const" | "var"
            );
            (declares && name == "Script").then_some(*at)
        }
        _ => None,
    });
    if nested.is_some() {
        let message = "`Script` cannot be reached: it is declared inside of a block or a function";
        return used
            .error("script-class", nested, "Script", message)
            .hint("declare it at the top level of the script");
    }
    let class = facts.words.windows(2).find_map(|pair| match pair {
        [(keyword, _), (name, at)] => {
            let top = facts.top_level.iter().any(|(_, declared)| declared == at);
            (keyword == "class" && top).then_some((name.as_str(), *at))
        }
        _ => None,
    });
    match class {
        Some((name, at)) => used
            .error("script-class", Some(at), name, "no class is named `Script`")
            .hint(format!("if a server is to use `{name}`, name it `Script`")),
        None => used
            .error(
                "script-class",
                None,
                "",
                "the script has no class named `Script`",
            )
            .hint("write `class Script { … }`: the server answers every call with `new Script()`"),
    }
}

fn constructor(used: &Used<'_>, facts: &Facts) -> Diagnostic {
    let class = declared(facts, "Script").or_else(|| word(facts, "Script", None));
    let at = word(facts, "constructor", class).filter(|at| Some(*at) > class);
    let (at, name) = at.map_or((class, "Script"), |at| (Some(at), "constructor"));
    used.error(
        "script-constructor",
        at,
        name,
        "the constructor of `Script` takes parameters",
    )
    .hint("the server calls `new Script()`, and passes the request to the methods")
}

fn method(
    used: &Used<'_>,
    facts: &Facts,
    class: &Class,
    (kind, user): &(Kind, Place),
) -> Option<Diagnostic> {
    let called = called(*kind);
    if class
        .methods
        .iter()
        .any(|name| called.contains(&name.as_str()))
    {
        return None;
    }
    let listed = format!("`{}`", called.join("` or `"));
    let near = called.iter().find_map(|called| {
        let flat = |name: &str| name.replace('_', "").to_lowercase();
        let same = class.methods.iter().find(|name| flat(name) == flat(called));
        let name = same
            .map(String::as_str)
            .or_else(|| nearest(called, &class.methods))?;
        let others = Kind::ALL
            .iter()
            .any(|kind| self::called(*kind).contains(&name));
        (!others).then_some((name, *called))
    });
    let script = declared(facts, "Script").or_else(|| word(facts, "Script", None));
    let message = format!(
        "`Script` has no method that an {} webhook calls",
        kind.word()
    );
    let mut error = match near {
        Some((name, called)) => used
            .error(
                "script-method",
                word(facts, name, script).or(script),
                name,
                message,
            )
            .hint(format!("did you mean `{called}`?"))
            .fix(called),
        None => {
            let error = used.error("script-method", script, "Script", message);
            let fixed = class
                .statics
                .iter()
                .find(|name| called.contains(&name.as_str()));
            let other = Kind::ALL.iter().find(|other| {
                *other != kind
                    && class
                        .methods
                        .iter()
                        .any(|name| self::called(**other).contains(&name.as_str()))
            });
            error.hint(match (fixed, other) {
                (Some(name), _) => {
                    format!("`{name}` belongs to the class: it has to be a method of its instances")
                }
                (_, Some(other)) => format!(
                    "it has what an {} webhook calls; write {listed}",
                    other.word()
                ),
                _ => format!("write {listed}"),
            })
        }
    };
    if used.users.is_some() {
        error = error.also(user.clone(), format!("{} webhook", kind.word()));
    }
    Some(error)
}

fn threw(
    used: &Used<'_>,
    facts: &Facts,
    message: &str,
    at: Option<Spot>,
    constructing: bool,
) -> Diagnostic {
    let declared_twice = message
        .strip_prefix("SyntaxError: redeclaration of '")
        .and_then(|rest| rest.strip_suffix('\''));
    if let Some(name) = declared_twice {
        let message = format!("the script declares `{name}`, which the engine has already");
        return used
            .error("script-throws", declared(facts, name), name, message)
            .hint(format!(
                "choose another name, or use the engine's own `{name}`"
            ));
    }
    let place = at.or_else(|| word(facts, "throw", None));
    let when = if constructing {
        "when its class is made"
    } else {
        "when it is loaded"
    };
    let text = format!("the script throws {when}: `{}`", message.replace('`', "'"));
    let missing = facts
        .absent
        .iter()
        .find(|absent| message == undefined(absent.name));
    let name = missing.map_or("", |absent| absent.name);
    used.error("script-throws", place, name, text)
        .hint(match missing {
            Some(absent) => absent.instead,
            None => "a server loads the script before each first call, and answers with this error",
        })
}

fn global(used: &Used<'_>, absent: &Absent) -> Diagnostic {
    let times = match absent.uses {
        1 => String::new(),
        uses => format!(" (used {uses} times)"),
    };
    let message = format!("`{}` does not exist in `isolated-vm`{times}", absent.name);
    let mut warning = used.error("script-global", Some(absent.at), absent.name, message);
    warning.severity = Severity::Warning;
    warning.hint(absent.instead)
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

impl Used<'_> {
    /// An error at a spot, below a word; without a spot at the beginning.
    fn error(
        &self,
        code: &'static str,
        at: Option<Spot>,
        word: &str,
        message: impl Into<String>,
    ) -> Diagnostic {
        let start = Spot { line: 1, column: 1 };
        match self.home.place(at.unwrap_or(start), word.len()) {
            Some(place) => Diagnostic::error(Code(code), place, message),
            None => {
                let error = Diagnostic::error(Code(code), self.home.whole.clone(), message);
                match at {
                    Some(Spot { line, column }) => {
                        error.expected(format!("at {line}:{column} of the script"))
                    }
                    None => error,
                }
            }
        }
    }
}

/// Where a script stands: which bytes of a text its lines are.
#[derive(Clone, Debug)]
pub(crate) struct Home {
    whole: Place,
    /// Where each line of the script starts; none if it stands there in another form.
    lines: Vec<usize>,
    end: usize,
}

impl Home {
    /// A script that is a text of its own.
    pub(crate) fn file(source: SourceId, texts: &Texts) -> Self {
        let text = texts.get(source).text.as_str();
        let mark = text.len() - text.trim_start_matches('\u{feff}').len();
        let starts = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            whole: Place {
                source,
                bytes: 0..0,
            },
            lines: std::iter::once(mark).chain(starts).collect(),
            end: text.len(),
        }
    }

    /// A script that is a value in a manifest: followed where its lines stand there as they are.
    pub(crate) fn value(at: &Place, script: &str, texts: &Texts) -> Self {
        let (start, end) = (at.bytes.start as usize, at.bytes.end as usize);
        let text = texts.get(at.source).text.as_str();
        let first = text.get(..start).and_then(|before| before.rfind('\n'));
        let mut from = first.map_or(0, |newline| newline + 1);
        let mut lines = Vec::new();
        for (number, line) in script.trim_end_matches('\n').split('\n').enumerate() {
            let rest = text.get(from..).unwrap_or_default();
            let written = rest.split('\n').next().unwrap_or_default();
            let written = written.strip_suffix('\r').unwrap_or(written);
            // Behind its key the value may be followed by others; as a block it is indented.
            let (indentation, exact) = if number == 0 && text.get(start..end) == Some(line) {
                (start - from, true)
            } else {
                let indentation = written.len().saturating_sub(line.len());
                let blank = written
                    .get(..indentation)
                    .is_some_and(|text| text.trim().is_empty());
                (
                    indentation,
                    blank && written.ends_with(line) || line.trim().is_empty(),
                )
            };
            if !exact {
                lines.clear();
                break;
            }
            lines.push(from + indentation);
            from += rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        }
        Self {
            whole: at.clone(),
            lines,
            end,
        }
    }

    /// Where a stretch of the script stands.
    fn place(&self, at: Spot, length: usize) -> Option<Place> {
        let last = self.lines.last()?;
        let line = self.lines.get(before(at.line));
        let start = line.map_or((*last).max(self.end), |start| start + before(at.column));
        let short = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let start = start.min(self.end);
        Some(Place {
            source: self.whole.source,
            bytes: short(start)..short((start + length).min(self.end)),
        })
    }
}
