//! The JavaScript engine: whether a script parses. Pure: no script is ever run.
//!
//! A script is read as a program behind a statement that throws, so that whatever it holds, and however
//! it ends what was meant to enclose it, nothing of it is reached. Without the feature `script` there is
//! no engine, and every script passes.

#[cfg(feature = "script")]
mod engine;

/// Why a script does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptError {
    /// The engine's words.
    pub(crate) message: String,
    /// The line, from one; zero when the engine names none.
    pub(crate) line: u32,
    /// The column, from one, in bytes; zero when the engine names none.
    pub(crate) column: u32,
}

/// Whether the script parses as a program.
#[cfg(feature = "script")]
pub(crate) fn check(source: &str) -> Result<(), ScriptError> {
    engine::check(source)
}

/// Without an engine every script passes.
#[cfg(not(feature = "script"))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "the same signature with and without the engine"
)]
pub(crate) fn check(_source: &str) -> Result<(), ScriptError> {
    Ok(())
}

#[cfg(all(test, feature = "script"))]
mod tests {
    use super::*;

    #[test]
    fn what_parses_passes() {
        let modern = "class Script {\n #a = 1n; static { this.b = /(?<n>x)/v; }\n async process_incoming_request({ request }) { return { content: { ...request } }; }\n}";
        for source in [
            modern,
            "",
            "12",
            "// only a remark",
            "var a = 010;",
            "throw 1",
            "while (true) {}",
        ] {
            assert_eq!(check(source), Ok(()), "{source}");
        }
    }

    #[test]
    fn what_does_not_parse_is_told_with_its_place() {
        for (source, line) in [
            ("class Script {\n  process( { return\n}", 2..=3),
            ("let a; let a;", 1..=1),
            ("a\n+\n)", 3..=3),
        ] {
            let error = check(source).expect_err(source);
            assert!(
                line.contains(&error.line) && error.column > 0 && !error.message.is_empty(),
                "{source}: {error:?}"
            );
        }
        for source in ["return 1", "/(/", "`", "'", "class {", "\0"] {
            assert!(check(source).is_err(), "{source}");
        }
        assert_eq!(check(")").map_err(|error| error.column), Err(1));
    }

    #[test]
    fn leaving_an_enclosure_early_neither_parses_nor_runs() {
        for source in [
            "}); globalThis.ran = 1; (function(){",
            "} globalThis.ran = 1; {",
            "*/ globalThis.ran = 1; /*",
        ] {
            assert!(check(source).is_err(), "{source}");
        }
        // Would end only by the limits of an engine that ran it.
        assert_eq!(check("for (;;) {}"), Ok(()));
    }

    #[test]
    fn one_script_leaves_nothing_to_the_next() {
        for _ in 0..3 {
            assert_eq!(check("class Script {} let once = 1;"), Ok(()));
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        assert!(check(&"(".repeat(20_000)).is_err());
        assert!(check(&"[".repeat(1_000_000)).is_err());
        assert_eq!(check(&"a = 1;\n".repeat(100_000)), Ok(()));
    }
}
