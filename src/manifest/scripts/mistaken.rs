//! What stands instead of a script and is none: a path, another tool's template, a piece of Markdown or HTML. And what
//! is in a script and is none of its own: a reference.

use webhook_script::Spot;

use super::Used;
use crate::problem::{Problem, Severity};

/// Endings of files that hold scripts.
const ENDINGS: [&str; 4] = [".js", ".mjs", ".cjs", ".ts"];
/// No reference is longer.
const LONGEST_REFERENCE: usize = 100;

/// What was written instead of a script, where that is certain.
pub(super) fn no_script_at_all(used: &Used<'_>) -> Option<Problem> {
    let text = used.text.trim();
    if text.starts_with("```") {
        let message = "the script is wrapped in a Markdown fence";
        let error = used.error("script-markup", None, text, message);
        return Some(error.help("remove the lines that start with ```: they are Markdown"));
    }
    let begin = text.get(..7);
    if begin.is_some_and(|it| it.eq_ignore_ascii_case("<script")) {
        let message = "the script is wrapped in an HTML tag";
        let error = used.error("script-markup", None, text, message);
        return Some(error.help("remove the lines with `<script>` and `</script>`"));
    }
    if is_path(text) {
        let message = "this is a file name, not a script";
        let error = used.error("script-path", None, text, message);
        return Some(error.help(as_file(text)));
    }
    let marks = ["{{", "${", "$(", "<%", "%{", "file("];
    if marks.iter().any(|it| text.starts_with(it)) && !text.contains('\n') {
        let message = "this is another tool's template, not a script";
        let error = used.error("script-template", None, text, message);
        let ends = |it: char| it.is_whitespace() || "()[]{}<>;,=\"'`%".contains(it);
        let path = text.split(ends).find(|word| is_path(word));
        return Some(error.help(as_file(path.unwrap_or("scripts/NAME.js"))));
    }
    None
}

/// Whether this can be nothing else than the name of a file: one word that ends as scripts do, or names of folders.
fn is_path(text: &str) -> bool {
    let is_one_word = !text.contains(|it: char| it.is_whitespace() || "()[]{};,=\"'`".contains(it));
    let ends = ENDINGS
        .iter()
        .any(|end| text.len() > end.len() && text.ends_with(end));
    let is_part = |part: &str| {
        let mut signs = part.chars();
        signs.all(|it| it.is_ascii_alphanumeric() || "._-~@".contains(it))
    };
    let is_folders = || {
        text.contains('/')
            && text.contains(char::is_alphanumeric)
            && text.split('/').all(is_part)
            && !text.starts_with("//")
    };
    is_one_word && (ends || is_folders())
}

/// How a file is named that was written in another way.
fn as_file(written: &str) -> String {
    let path = written.trim_start_matches('@').replace('\\', "/");
    let name = path.rsplit('/').next().unwrap_or_default();
    let begins = |starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
    if begins(&["http:", "https:"]) {
        return format!(
            "a script is never downloaded: keep it next to the manifest, and write `script: {{ file: {name} }}`"
        );
    }
    let path = path.strip_prefix("file://").unwrap_or(&path);
    if path.starts_with(['/', '~']) || path.contains(':') {
        return format!(
            "keep the script next to the manifest, and write `script: {{ file: {name} }}`"
        );
    }
    format!("write `script: {{ file: {path} }}`")
}

/// A reference in a script: there it is JavaScript, and stays what it is.
pub(super) fn reference(used: &Used<'_>) -> Option<Problem> {
    let marks = ["${secret.", "${var."];
    let at = marks.iter().filter_map(|mark| used.text.find(mark)).min()?;
    let rest = used.text.get(at..)?;
    let written = rest.get(..=rest.find('}')?)?;
    let name = written.get(2..written.len() - 1)?;
    if written.len() > LONGEST_REFERENCE
        || !name
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || "._".contains(it))
    {
        return None;
    }
    let before = used.text.get(..at)?;
    let line = before.matches('\n').count() + 1;
    let column = at - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    let at = Spot {
        line: u32::try_from(line).ok()?,
        column: u32::try_from(column).ok()?,
    };
    let message = format!("`{written}` is not replaced in a script: there it is JavaScript");
    let mut warning = used.error("script-reference", Some(at), written, message);
    warning.severity = Severity::Warning;
    let help = format!(
        "use a placeholder such as `API_KEY` in the script, and write `script: {{ file: …, replace: {{ API_KEY: \
         \"{written}\" }} }}`"
    );
    Some(warning.help(help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_a_script() {
        for path in [
            "a.js",
            "./a.ts",
            "scripts/grafana",
            "../x/y",
            "~/a.js",
            "/etc/a.js",
            "@a.js",
            "scripts\\a.js",
            "file://a/b.js",
            "https://x.example/a.mjs",
        ] {
            assert!(is_path(path), "{path}");
        }
        for script in [
            "",
            "/",
            "a",
            "x=1/2",
            "//remark",
            "/**/",
            "a.b",
            "f()",
            "class Script{}",
            ".js",
            "1/2 ",
        ] {
            assert!(!is_path(script), "{script}");
        }
    }

    #[test]
    fn what_to_write_for_a_file_would_work() {
        let written = [
            "scripts\\a.js",
            "@a.js",
            "file://scripts/a.js",
            "~/chat/a.js",
            "/etc/a.js",
            "C:\\chat\\a.js",
            "https://x.example/raw/a.js",
        ];
        insta::assert_snapshot!(written.map(as_file).join("\n"), @r"
        write `script: { file: scripts/a.js }`
        write `script: { file: a.js }`
        write `script: { file: scripts/a.js }`
        keep the script next to the manifest, and write `script: { file: a.js }`
        keep the script next to the manifest, and write `script: { file: a.js }`
        keep the script next to the manifest, and write `script: { file: a.js }`
        a script is never downloaded: keep it next to the manifest, and write `script: { file: a.js }`
        ");
    }
}
