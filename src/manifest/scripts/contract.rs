//! What a server expects of a script, and how it is told that it will not find it.

use webhook_script::{Class, Facts, Spot};

use super::{KEEP_LINES, Used, declared, undefined, word};
use crate::integration::Kind;
use crate::manifest::messages::nearest;
use crate::problem::{Place, Problem};
use crate::words::is_slip;

const WRITE_A_CLASS: &str =
    "write `class Script { … }`: the server answers every call with `new Script()`";

/// The methods that a server calls of a script of this kind.
fn called(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Incoming => &["process_incoming_request"],
        Kind::Outgoing => &["prepare_outgoing_request", "process_outgoing_response"],
    }
}

/// There is no `Script` at the top level: what there is in its place.
pub(super) fn no_script(used: &Used<'_>, facts: &Facts) -> Problem {
    let error = |at, name: &str, message: &str| used.error("script-class", at, name, message);
    if let Some((name, at)) = nearly_script(facts) {
        return error(Some(at), name, "no class is named `Script`")
            .help("did you mean `Script`?")
            .suggest("Script", is_slip(name, "Script"));
    }
    let declares = |keyword: &str| ["class", "function", "let", "const", "var"].contains(&keyword);
    if let Some((_, at)) = pairs(facts)
        .find_map(|(before, word)| (declares(before) && word.0 == "Script").then_some(word))
    {
        let message = "`Script` cannot be reached: it is declared inside of a block or a function";
        return error(Some(*at), "Script", message)
            .help("declare it at the top level of the script");
    }
    let class =
        pairs(facts).find(|(before, word)| *before == "class" && facts.top_level.contains(word));
    if let Some((_, (name, at))) = class {
        return error(Some(*at), name, "no class is named `Script`")
            .help(format!("if a server is to use `{name}`, name it `Script`"));
    }
    let message = "the script has no class named `Script`";
    if used.swallows_lines() {
        let message =
            format!("{message}: `>` joins its lines, so everything after `//` is a comment");
        return error(None, "", &message).help(KEEP_LINES);
    }
    error(None, "", message).help(WRITE_A_CLASS)
}

/// Each word with the one before it.
fn pairs(facts: &Facts) -> impl Iterator<Item = (&str, &(String, Spot))> {
    let behind = facts.words.iter().skip(1);
    facts
        .words
        .iter()
        .map(|(word, _)| word.as_str())
        .zip(behind)
}

/// A name at the top level that may have been meant as `Script`.
fn nearly_script(facts: &Facts) -> Option<(&str, Spot)> {
    let names: Vec<_> = facts
        .top_level
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let same = names
        .iter()
        .find(|name| name.eq_ignore_ascii_case("script"));
    let near = match same {
        Some(name) => name.as_str(),
        // Short names are near to anything.
        None => nearest("Script", &names).filter(|name| name.len() > 4)?,
    };
    let found = facts.top_level.iter().find(|(name, _)| name == near);
    found.map(|(name, at)| (name.as_str(), *at))
}

/// There is a `Script`, and it cannot be made with `new`.
pub(super) fn no_class(used: &Used<'_>, facts: &Facts) -> Problem {
    let at = declared(facts, "Script").or_else(|| word(facts, "Script", None));
    used.error("script-class", at, "Script", "`Script` is not a class")
        .help(WRITE_A_CLASS)
}

/// Its constructor takes something, and a server passes nothing.
pub(super) fn constructor(used: &Used<'_>, facts: &Facts) -> Problem {
    let class = declared(facts, "Script").or_else(|| word(facts, "Script", None));
    let at = word(facts, "constructor", class).filter(|at| Some(*at) > class);
    let (at, name) = at.map_or((class, "Script"), |at| (Some(at), "constructor"));
    used.error(
        "script-constructor",
        at,
        name,
        "the constructor of `Script` takes parameters",
    )
    .help("the server calls `new Script()`, and passes the request to the methods")
}

/// Whether a server of that kind finds a method to call.
pub(super) fn method(
    used: &Used<'_>,
    facts: &Facts,
    class: &Class,
    (kind, place): &(Kind, Place),
) -> Option<Problem> {
    if class.methods.iter().any(|name| calls(*kind, name)) {
        return None;
    }
    let script = declared(facts, "Script").or_else(|| word(facts, "Script", None));
    let message = format!(
        "`Script` has no method that an {} webhook calls",
        kind.word()
    );
    let near = misspelt(*kind, class)
        .and_then(|(name, called)| Some((name, called, word(facts, name, script)?)));
    let error = if let Some((name, called, at)) = near {
        used.error("script-method", Some(at), name, message)
            .help(format!("did you mean `{called}`?"))
            .suggest(called, is_slip(name, called))
    } else {
        used.error("script-method", script, "Script", message)
            .help(instead(*kind, class))
    };
    Some(match used.users {
        Some(_) => error.also(place.clone(), format!("{} webhook", kind.word())),
        None => error,
    })
}

fn calls(kind: Kind, name: &str) -> bool {
    called(kind).contains(&name)
}

/// A method whose name is nearly one that is called, and that one.
fn misspelt(kind: Kind, class: &Class) -> Option<(&str, &'static str)> {
    let flat = |name: &str| name.replace('_', "").to_lowercase();
    called(kind).iter().find_map(|called| {
        let same = class.methods.iter().find(|name| flat(name) == flat(called));
        let name = match same {
            Some(name) => name.as_str(),
            None => nearest(called, &class.methods)?,
        };
        let meant = Kind::ALL.iter().any(|kind| calls(*kind, name));
        (!meant).then_some((name, *called))
    })
}

/// What to do about a class without such a method.
fn instead(kind: Kind, class: &Class) -> String {
    let listed = format!("`{}`", called(kind).join("` or `"));
    if let Some(name) = class.statics.iter().find(|name| calls(kind, name)) {
        return format!("`{name}` is static: it has to be an instance method");
    }
    let has = |other: &Kind| class.methods.iter().any(|name| calls(*other, name));
    match Kind::ALL.into_iter().find(has) {
        Some(other) => format!(
            "it has what an {} webhook calls; write {listed}",
            other.word()
        ),
        None => format!("write {listed}"),
    }
}

/// It throws before any method is called.
pub(super) fn threw(used: &Used<'_>, facts: &Facts, message: &str, at: Option<Spot>) -> Problem {
    let declared_twice = message
        .strip_prefix("SyntaxError: Identifier '")
        .and_then(|rest| rest.strip_suffix("' has already been declared"));
    if let Some(name) = declared_twice {
        let message = format!("the script declares `{name}`, which the engine already defines");
        return used
            .error(
                "script-throws",
                at.or_else(|| declared(facts, name)),
                name,
                message,
            )
            .help(format!(
                "choose another name, or use the engine's own `{name}`"
            ));
    }
    let place = at.or_else(|| word(facts, "throw", None));
    let text = format!(
        "the script throws when it is loaded: `{}`",
        message.replace('`', "'")
    );
    let missing = facts
        .absent
        .iter()
        .find(|absent| message == undefined(&absent.name));
    let name = missing.map_or("", |absent| &absent.name);
    used.error("script-throws", place, name, text)
        .help(match missing {
            Some(absent) => absent.instead.as_ref(),
            None => "a server that loads the script answers every call with this error",
        })
}
