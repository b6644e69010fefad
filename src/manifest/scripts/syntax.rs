//! How a script that does not parse is reported.

use webhook_script::{ScriptError, Spot};

use super::{KEEP_LINES, Used, before};
use crate::problem::Problem;
use crate::words::is_invisible;

/// The finding about it.
pub(super) fn syntax(used: &Used<'_>, error: &ScriptError) -> Problem {
    let at = (error.line > 0).then_some(Spot {
        line: error.line,
        column: error.column,
    });
    let behind = at.map_or("", |at| tail(used.text, at));
    if let Some(hidden) = at.and_then(|at| hidden(line(used.text, at)?)) {
        let message = format!(
            "this line of the script holds an invisible character (U+{:04X})",
            u32::from(hidden)
        );
        return used
            .error("script-syntax", at, "", message)
            .help("remove it: it usually comes from copied text");
    }
    if used.swallows_lines() {
        let message =
            "the script does not parse: `>` joins its lines, so everything after `//` is a comment";
        return used
            .error("script-syntax", at, "", message)
            .help(KEEP_LINES);
    }
    if error.message == webhook_script::CLOSING_COMMENT {
        let message = "the script ends with a comment and no line break, which comments out what the server appends";
        return used
            .error("script-syntax", at, "", message)
            .help("end the script with a line break");
    }
    let message = format!(
        "the script does not parse: {}",
        in_our_style(&error.message)
    );
    // `const x = 1;` in the body of a class is taken for a field `const`, which ends there.
    let in_class =
        error.message.contains("expecting `;`") || error.message.contains("expecting ';'");
    let help = match behind.chars().next() {
        None if at.is_some() && !error.message.contains("redefinition") => {
            "the script ends too early: a bracket, a string or a comment is still open"
        }
        Some('“' | '”' | '„' | '‘' | '’') => {
            "this is a typographic quote: write `\"` or `'`"
        }
        _ if error.message.contains("octal") => {
            "write `0o…` with an `o`: servers to 8.9 check scripts by the rules of strict mode"
        }
        _ if line_starts(used.text, at, &["import ", "import{", "export "]) => {
            "a script is a single file: it cannot import or export"
        }
        _ if behind.starts_with("=>") => "a method has no `=>` between its parameters and its body",
        _ if ["<<<<<<<", "=======", ">>>>>>>"]
            .iter()
            .any(|mark| behind.starts_with(mark)) =>
        {
            "this is left over from a merge"
        }
        _ if line_holds_before(used.text, at, &["await "]) => {
            "`await` works only in an `async` method"
        }
        _ if in_class && line_holds_before(used.text, at, &["const ", "let ", "var "]) => {
            "a class body holds methods: move the declaration into a method, or above the class"
        }
        _ if in_class && line_holds_before(used.text, at, &["function "]) => {
            "a method is written without `function`"
        }
        _ if !used.text.contains("class") => {
            "a script is JavaScript, with its methods in `class Script { … }`"
        }
        _ if behind.starts_with(':')
            || line_starts(used.text, at, &["interface ", "type ", "enum "]) =>
        {
            "this looks like TypeScript: a server takes JavaScript alone"
        }
        _ if error.message.contains("redefinition") => "a name is declared twice in the same block",
        _ => "a server would store the script uncompiled and never run it",
    };
    used.error("script-syntax", at, "", message).help(help)
}

/// A character that takes no room.
fn hidden(line: &str) -> Option<char> {
    line.chars().find(|it| is_invisible(*it))
}

/// The script from a spot on.
fn tail(text: &str, at: Spot) -> &str {
    let lines = text.split_inclusive('\n').take(before(at.line));
    let line: usize = lines.map(str::len).sum();
    let rest = text.get(line + before(at.column)..);
    rest.unwrap_or_default().trim_start()
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

fn line_holds_before(text: &str, at: Option<Spot>, words: &[&str]) -> bool {
    at.and_then(|at| line(text, at)?.get(..before(at.column)))
        .is_some_and(|text| words.iter().any(|word| text.ends_with(word)))
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
