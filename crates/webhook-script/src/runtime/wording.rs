//! Errors in V8's words, where they are regular: people search for them.

/// V8's words for an error of this engine; none if they are the same, or not known. `at` is the line of the script in
/// which it arose, before and behind its column.
pub(super) fn reword(name: &str, message: &str, at: Option<(&str, &str)>) -> Option<String> {
    let fixed = match (name, message) {
        ("RangeError", "invalid string length") | ("InternalError", "string too long") => {
            "Invalid string length"
        }
        ("RangeError", "invalid array length") => "Invalid array length",
        ("RangeError", "invalid repeat count") => "Invalid count value",
        ("RangeError", "Date value is NaN") => "Invalid time value",
        ("TypeError", "circular reference") => "Converting circular structure to JSON",
        ("TypeError", "cannot convert symbol to string") => {
            "Cannot convert a Symbol value to a string"
        }
        ("TypeError", "cannot convert bigint to number") => {
            "Cannot convert a BigInt value to a number"
        }
        ("TypeError", "cannot convert to object") => "Cannot convert undefined or null to object",
        ("TypeError", "empty array") => "Reduce of empty array with no initial value",
        ("TypeError", "invalid 'instanceof' right operand") => {
            "Right-hand side of 'instanceof' is not callable"
        }
        ("SyntaxError", "Unexpected end of JSON input" | "unexpected end of input") => {
            "Unexpected end of JSON input"
        }
        ("URIError", _) => "URI malformed",
        _ => "",
    };
    if !fixed.is_empty() {
        return Some(fixed.to_owned());
    }
    match name {
        "TypeError" => type_error(message, at),
        "ReferenceError" => {
            let (name, _) = quoted(message)
                .filter(|(_, rest)| *rest == " is not initialized")
                .or_else(|| Some((message.strip_suffix(" is not initialized")?, "")))?;
            Some(format!("Cannot access '{name}' before initialization"))
        }
        "SyntaxError" => {
            let (name, rest) = quoted(message.strip_prefix("redeclaration of ")?)?;
            rest.is_empty()
                .then(|| format!("Identifier '{name}' has already been declared"))
        }
        _ => None,
    }
}

fn type_error(message: &str, at: Option<(&str, &str)>) -> Option<String> {
    for (verb, verbs) in [("read", "reading"), ("set", "setting")] {
        let Some(rest) = message.strip_prefix(&format!("cannot {verb} property '")) else {
            continue;
        };
        let (property, of) = rest.rsplit_once("' of ")?;
        return Some(match property {
            "Symbol.iterator" => {
                let what = at.and_then(|(_, after)| behind(after));
                format!("{} is not iterable", what.as_deref().unwrap_or(of))
            }
            _ => format!("Cannot {verb} properties of {of} ({verbs} '{property}')"),
        });
    }
    if let Some((_, " is read-only")) = quoted(message) {
        return Some("Assignment to constant variable.".into());
    }
    let (before, after) = at?;
    match message {
        "not a function" | "not a constructor" if before.trim_end().ends_with("new") => {
            Some(format!("{} is not a constructor", behind(after)?))
        }
        "not a function" => Some(format!("{} is not a function", called(before, after)?)),
        "class constructors must be invoked with 'new'" => Some(format!(
            "Class constructor {} cannot be invoked without 'new'",
            called(before, after)?
        )),
        _ => None,
    }
}

/// A name in quotes at the start, and what follows.
fn quoted(message: &str) -> Option<(&str, &str)> {
    message.strip_prefix('\'')?.split_once('\'')
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

/// The chain of names that begins here.
fn behind(after: &str) -> Option<String> {
    let end = after.find(|c| !is_name(c) && c != '.');
    let chain = after.get(..end.unwrap_or(after.len()))?;
    (!chain.is_empty()).then(|| chain.trim_end_matches('.').to_owned())
}

/// What is called, where its last name begins here: `a.b(...).c`.
fn called(before: &str, after: &str) -> Option<String> {
    let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
    let (name, rest) = after.split_at_checked(end)?;
    let mut text = name.to_owned();
    let mut left = before;
    if let Some(inside) = left.strip_suffix('[').filter(|_| rest.starts_with(']')) {
        text = format!("[{name}]");
        left = inside;
    } else if name.is_empty() {
        return None;
    }
    loop {
        if let Some(open) = left.strip_suffix(')').and_then(opening) {
            text = format!("(...){text}");
            left = open;
        } else if text.starts_with(['.', '[', '(']) {
            let start = left.rfind(|c| !is_name(c));
            let start = start.map_or(0, |at| {
                at + left[at..].chars().next().map_or(1, char::len_utf8)
            });
            let (rest, name) = left.split_at_checked(start)?;
            if name.is_empty() {
                return None;
            }
            text = format!("{name}{text}");
            left = rest;
        } else if let Some(rest) = left.strip_suffix('.') {
            text = format!(".{text}");
            left = rest.strip_suffix('?').unwrap_or(rest);
        } else {
            return Some(text);
        }
    }
}

/// What is before the parenthesis that the one at the end closes.
fn opening(text: &str) -> Option<&str> {
    let mut depth = 1;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(..at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_the_words_of_v8() {
        let words = |name, message, before, after| reword(name, message, Some((before, after)));
        for (name, message, before, after, expected) in [
            (
                "TypeError",
                "cannot read property 'a' of undefined",
                "",
                "",
                "Cannot read properties of undefined (reading 'a')",
            ),
            (
                "TypeError",
                "cannot set property 'a' of null",
                "",
                "",
                "Cannot set properties of null (setting 'a')",
            ),
            (
                "TypeError",
                "not a function",
                "  x = a.b.",
                "c(1)",
                "a.b.c is not a function",
            ),
            (
                "TypeError",
                "not a function",
                "a.b(1, (2)).",
                "c()",
                "a.b(...).c is not a function",
            ),
            (
                "TypeError",
                "not a function",
                "!",
                "f ()",
                "f is not a function",
            ),
            (
                "TypeError",
                "not a function",
                "x[",
                "q]()",
                "x[q] is not a function",
            ),
            (
                "TypeError",
                "not a constructor",
                "new ",
                "a.b(1)",
                "a.b is not a constructor",
            ),
            (
                "TypeError",
                "'a' is read-only",
                "",
                "",
                "Assignment to constant variable.",
            ),
            (
                "ReferenceError",
                "a is not initialized",
                "",
                "",
                "Cannot access 'a' before initialization",
            ),
            (
                "SyntaxError",
                "redeclaration of 'Store'",
                "",
                "",
                "Identifier 'Store' has already been declared",
            ),
            (
                "InternalError",
                "string too long",
                "",
                "",
                "Invalid string length",
            ),
        ] {
            assert_eq!(
                words(name, message, before, after).as_deref(),
                Some(expected)
            );
        }
        for (before, after) in [
            ("", ""),
            (")", "x()"),
            ("é.", "ß()"),
            ("(.", "x("),
            ("((", ""),
        ] {
            let _ = words("TypeError", "not a function", before, after);
        }
        assert_eq!(words("Error", "mine", "", ""), None);
    }
}
