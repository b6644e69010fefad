//! Errors in V8's words, where they are regular: people search for them.

/// V8's words for an error of this engine; none if they are the same, or not known.
///
/// `text` is the script at the error's place, from the start of its line to the error's column, and what follows.
pub(super) fn reword(name: &str, message: &str, at: Option<(&str, &str)>) -> Option<String> {
    let fixed = match (name, message) {
        ("RangeError", "invalid string length") => "Invalid string length",
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
        ("TypeError", "could not delete property") => "Cannot delete property of #<Object>",
        ("TypeError", "no setter for property") => {
            "Cannot set property of #<Object> which has only a getter"
        }
        ("TypeError", "object is not extensible") => {
            "Cannot add property, object is not extensible"
        }
        ("TypeError", "cannot convert to object") => "Cannot convert undefined or null to object",
        ("TypeError", "empty array") => "Reduce of empty array with no initial value",
        ("URIError", _) => "URI malformed",
        _ => "",
    };
    if !fixed.is_empty() {
        return Some(fixed.to_owned());
    }
    match name {
        "TypeError" => type_error(message, at),
        "ReferenceError" => {
            let (name, rest) = quoted(message).unwrap_or((message, ""));
            match rest {
                " is not defined" => Some(format!("{name} is not defined")),
                _ => {
                    let name = message.strip_suffix(" is not initialized")?;
                    Some(format!("Cannot access '{name}' before initialization"))
                }
            }
        }
        "SyntaxError" => {
            let name = message.strip_prefix("redeclaration of '")?;
            let name = name.strip_suffix('\'')?;
            Some(format!("Identifier '{name}' has already been declared"))
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
        return Some(format!(
            "Cannot {verb} properties of {of} ({verbs} '{property}')"
        ));
    }
    if let Some(rest) = message.strip_suffix(" is read-only") {
        return match quoted(rest) {
            Some((_, "")) => Some("Assignment to constant variable.".into()),
            _ => None,
        };
    }
    if message == "class constructors must be invoked with 'new'" {
        let (_, callee) = callee(at?)?;
        return Some(format!(
            "Class constructor {callee} cannot be invoked without 'new'"
        ));
    }
    for what in ["is not a function", "is not a constructor", "is not iterable"] {
        let found = match message {
            "not a function" => "is not a function",
            "not a constructor" => "is not a constructor",
            "value is not iterable" => "is not iterable",
            other => other.strip_prefix(|_| false).unwrap_or_default(),
        };
        if found == what {
            let callee = match what {
                "is not iterable" => None,
                _ => callee(at?),
            };
            let (_, callee) = callee?;
            return Some(format!("{callee} {what}"));
        }
    }
    None
}

/// A name in quotes at the start, and what follows.
fn quoted(message: &str) -> Option<(&str, &str)> {
    message.strip_prefix('\'')?.split_once('\'')
}

/// The chain of names that is called at a place: its last name, and all of it.
fn callee<'a>((before, after): (&'a str, &'a str)) -> Option<(&'a str, &'a str)> {
    let part = |c: char| c.is_alphanumeric() || "_$.".contains(c);
    let _ = after;
    let chain = before.trim_end().rsplit(|c| !part(c)).next()?;
    let chain = chain.trim_matches('.');
    (!chain.is_empty()).then(|| (chain.rsplit('.').next().unwrap_or(chain), chain))
}
