//! Names in a script that no engine has, and what strict mode does away with.

use webhook_script::{
    Facts, Loaded, Mode, Sandbox, ServerProfile, Spot, Strictness, StrictnessOf, UnknownName,
};

use super::{Used, undefined};
use crate::manifest::messages::nearest;
use crate::problem::{Problem, Severity};

/// The functions of `s`.
const OF_STRINGS: &str = "`trim`, `ltrim`, `rtrim`, `capitalize`, `truncate`, `stripTags`, `strLeft`, `strRight`, `strRightBack`, \
     `numberFormat`, `pad`, `lrpad` and `wildcardToRegex`";

/// What is to be told of them: warnings, since a script may never come to such a place.
pub(super) fn problems(used: &Used<'_>, profile: ServerProfile, facts: &Facts) -> Vec<Problem> {
    // What is told already: that a reference is not replaced, and that the script throws for it.
    let told = |one: &UnknownName| match &facts.loaded {
        Loaded::Threw { message, .. } => *message == undefined(&one.name),
        _ => one.name == "secret" && used.text.contains("${secret."),
    };
    let meant = |one: &&UnknownName| !told(one);
    let unknown = facts
        .unknown
        .iter()
        .filter(meant)
        .map(|one| unknown(used, facts, profile, one));
    let strict = facts.strict.iter().filter(|_| profile.mode == Mode::Raw);
    let strict = strict.map(|one| strictness(used, one));
    unknown.chain(strict).collect()
}

fn unknown(used: &Used<'_>, facts: &Facts, profile: ServerProfile, one: &UnknownName) -> Problem {
    let warn = |word: &str, message: String, help: String| {
        warning(used, "script-unknown-name", one.at, word, message).help(help)
    };
    if one.name == "s(" {
        let message = "`s` is an object and cannot be called".to_owned();
        return warn("s", message, format!("it has {OF_STRINGS}"));
    }
    if let Some(member) = one.name.strip_prefix("s.") {
        let message = format!("`s` has no `{member}`");
        return warn(
            &one.name,
            message,
            format!("it has {OF_STRINGS}; strings have their own methods"),
        );
    }
    if profile.sandbox == Sandbox::Vm2 {
        let message = format!("`{}` does not exist in `vm2`", one.name);
        return warn(
            &one.name,
            message,
            "use `HTTP.call` there, or the engine `isolated-vm`".to_owned(),
        );
    }
    let declared: Vec<_> = facts.words.iter().map(|(word, _)| word.clone()).collect();
    let declared: Vec<_> = declared
        .into_iter()
        .filter(|word| *word != one.name)
        .collect();
    let help = match nearest(&one.name, &declared) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "declare it, or copy its definition into the script: a script cannot import".to_owned()
        }
    };
    let message = format!("`{}` is not declared, and no engine defines it", one.name);
    warn(&one.name, message, help)
}

fn strictness(used: &Used<'_>, one: &Strictness) -> Problem {
    let name = &one.name;
    let (message, help) = match one.of {
        StrictnessOf::Undeclared => (
            format!("`{name}` is assigned but not declared: in a class this throws when it runs"),
            format!("declare it: `let {name} = …`"),
        ),
        StrictnessOf::PlainThis => (
            "`this` is undefined in a plain function inside of a class".to_owned(),
            "use an arrow function, or `globalThis` for globals".to_owned(),
        ),
        StrictnessOf::Callee => (
            "`arguments.callee` is an error inside of a class".to_owned(),
            "give the function a name, and call that".to_owned(),
        ),
    };
    warning(used, "script-strict", one.at, name, message).help(help)
}

/// The word `module`, which servers before 8.2 turn into a name that is not there, wherever it is.
pub(super) fn word_module(used: &Used<'_>) -> Option<Problem> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let (at, _) = used.text.match_indices("module").find(|(at, word)| {
        let before = used
            .text
            .get(..*at)
            .and_then(|text| text.chars().next_back());
        let behind = used
            .text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !behind.is_some_and(is_word)
    })?;
    let before = used.text.get(..at)?;
    let spot = Spot {
        line: u32::try_from(before.matches('\n').count() + 1).ok()?,
        column: u32::try_from(at - before.rfind('\n').map_or(0, |newline| newline + 1) + 1).ok()?,
    };
    let message =
        "servers before 8.2 cannot run a script that holds the word `module`, even in a comment"
            .to_owned();
    let warning = warning(used, "script-word-module", spot, "module", message);
    Some(warning.help("use another word"))
}

fn warning(used: &Used<'_>, code: &'static str, at: Spot, word: &str, message: String) -> Problem {
    let mut warning = used.error(code, Some(at), word, message);
    warning.severity = Severity::Warning;
    warning
}
