//! A script as a tree with its tokens, by oxc. Whether and where a script is parsed is decided here alone.
//!
//! oxc recurses, and where its stack ends the process is aborted. So it gets only what the engine's check has accepted,
//! on a thread with room for it.
//!
//! # How much room
//! The engine parses with 256 KiB of stack, which bounds all that it recurses for. It does not recurse for chains
//! (`a + a + a`, `a.b.c`, `a()()`), whose trees are as deep as they are long. For 85 kinds of nesting and of chains, each
//! as deep as the engine accepts it in 1 MiB, the least stack was found by bisection with which a process parses it and
//! reads its scopes without being aborted (oxc 0.146, x86-64):
//!
//! | | worst nesting | worst chain |
//! | --- | --- | --- |
//! | debug | 3.4 MB: 2,697 `a**` | 200 bytes for each of the script: `.a` |
//! | release | 1.7 MB: 1,162 `function f(){` | 35 bytes for each of the script: `.a` |

use std::thread;

use oxc_allocator::Allocator;
use oxc_parser::config::TokensParserConfig;
use oxc_parser::{Kind, Parser, ParserReturn};
use oxc_span::SourceType;

use super::{Spot, engine};

/// The largest script that is parsed; no manifest holds a larger one.
const LARGEST: usize = 1 << 20;
/// Room for the deepest nesting.
const STACK: usize = 16 << 20;
/// Room for the longest chain, for each byte of the script. It is address space until it is used.
const STACK_PER_BYTE: usize = 320;
/// The largest script in which a refused regular expression is looked for. The engine checks it some fifty times.
const LARGEST_SEARCHED: usize = 128 << 10;
/// The largest script that is parsed on the thread that asks, if it is flat.
const LARGEST_HERE: usize = 16 << 10;
/// How many slashes a regular expression may hold to be found.
const MAX_SLASHES: usize = 16;

/// How deep a script may be nested.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    /// The engine parses it with [`engine::FLAT_STACK`]: a quarter of what it has otherwise.
    Flat,
    /// As deep as the engine parses it.
    Deep,
}

/// A script that was parsed.
pub(super) struct Script<'a> {
    pub(super) source: &'a str,
    pub(super) parsed: ParserReturn<'a>,
    lines: Lines,
}

/// Parses a script that the engine's check has accepted, and reads something of it. Nothing is read of a script that is
/// too large, or for which there is no room.
pub(super) fn with<T: Send>(
    source: &str,
    goal: SourceType,
    nesting: Nesting,
    read: impl FnOnce(&Script<'_>) -> T + Send,
) -> Option<T> {
    if source.len() > LARGEST {
        return None;
    }
    let parse = || {
        let memory = Allocator::default();
        let parsed = Parser::new(&memory, source, goal)
            .with_config(TokensParserConfig)
            .parse();
        read(&Script {
            source,
            parsed,
            lines: Lines::new(source),
        })
    };
    // In a release build it takes less than 1 MB of stack, by the figures above; and a thread takes longer to make.
    let here = nesting == Nesting::Flat && source.len() <= LARGEST_HERE;
    if here && !cfg!(debug_assertions) {
        return Some(parse());
    }
    let room = STACK + STACK_PER_BYTE * source.len();
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(room);
        thread.spawn_scoped(scope, parse).ok()?.join().ok()
    })
}

impl<'a> Script<'a> {
    /// Every name and keyword.
    pub(super) fn words(&self) -> impl Iterator<Item = (&'a str, Spot)> {
        let word = |kind: Kind| kind.is_identifier_name() || kind == Kind::PrivateIdentifier;
        let words = self.parsed.tokens.iter();
        words.filter(move |token| word(token.kind())).map(|token| {
            let (start, end) = (token.start() as usize, token.end() as usize);
            let word = self.source.get(start..end).unwrap_or_default();
            (word, self.spot(token.start()))
        })
    }

    /// Where a `=>` stands that oxc does not accept, as behind the parameters of a method. The engine accepts it there.
    pub(super) fn misplaced_arrow(&self) -> Option<Spot> {
        let label = self.parsed.diagnostics.first()?.labels.first()?;
        // It is what oxc points at, or is behind that.
        let froms = [label.offset(), label.offset() + label.len()];
        froms.into_iter().find_map(|from| {
            let behind = self.source.get(from as usize..)?.trim_start();
            let at = u32::try_from(self.source.len() - behind.len()).ok()?;
            behind.starts_with("=>").then(|| self.spot(at))
        })
    }

    pub(super) fn spot(&self, at: u32) -> Spot {
        self.lines.spot(at)
    }
}

/// Where the regular expression starts for which the engine refuses a script, if it does. It names no place for it, and
/// reads no further: so the shortest part of the script that it refuses alike ends with it or soon after.
pub(super) fn refused_regex(source: &str, why: &str) -> Option<Spot> {
    let others = ["call stack size", "NUL character"];
    if source.len() > LARGEST_SEARCHED || others.iter().any(|other| why.contains(other)) {
        return None;
    }
    let refuses = |script: &str| engine::check(script).is_err_and(|error| error.line == 0);
    let slashes: Vec<usize> = source.match_indices('/').map(|(at, _)| at).collect();
    let behind = slashes.partition_point(|at| !refuses(source.get(..=*at).unwrap_or_default()));
    // It starts where another one in its place is refused if it is wrong, and only then.
    let starts = |at: &usize| {
        let before = source.get(..*at).unwrap_or_default();
        !before.ends_with('\\')
            && refuses(&format!("{before}/(/"))
            && !refuses(&format!("{before}/a/"))
    };
    let mut near = slashes.into_iter().take(behind).rev().take(MAX_SLASHES);
    let start = u32::try_from(near.find(starts)?).ok()?;
    Some(Lines::new(source).spot(start))
}

/// Where the lines of a script start, in bytes.
struct Lines(Vec<u32>);

impl Lines {
    fn new(source: &str) -> Self {
        let starts = source
            .match_indices('\n')
            .filter_map(|(at, _)| u32::try_from(at + 1).ok());
        Self(std::iter::once(0).chain(starts).collect())
    }

    fn spot(&self, byte: u32) -> Spot {
        let line = self.0.partition_point(|start| *start <= byte);
        let start = self
            .0
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        Spot {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: byte - start + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{check, names};

    /// A kind of nesting: what is before it, what opens a level, what is innermost, what closes a level, and what
    /// is behind it.
    type Kind = [&'static str; 5];

    fn nested([before, open, inner, close, behind]: Kind, levels: usize) -> String {
        let (open, close) = (open.repeat(levels), close.repeat(levels));
        format!("{before}{open}{inner}{close}{behind}")
    }

    /// As deep as fits into the largest script.
    fn deepest(kind: Kind) -> usize {
        (LARGEST - 40) / (kind[1].len() + kind[3].len())
    }

    #[test]
    fn nesting_ends_no_process() {
        for kind in [
            ["", "(", "a", ")", ""],
            ["", "[", "", "]", ""],
            ["", "{", "", "}", ""],
            ["x=", "{a:", "1", "}", ""],
            ["", "!", "a", "", ""],
            ["", "- ", "a", "", ""],
            ["", "typeof ", "a", "", ""],
            ["async()=>", "await ", "a", "", ""],
            ["", "new ", "a", "", ""],
            ["", "a=>", "a", "", ""],
            ["", "a=>{", "", "}", ""],
            ["", "(a=", "1", ")=>a", ""],
            ["", "a?", "a", ":a", ""],
            ["", "a?a:", "a", "", ""],
            ["", "a?(b):c=>", "a", "", ""],
            ["", "if(a);else ", ";", "", ""],
            ["", "for(;a;)", ";", "", ""],
            ["", "do ", ";", " while(a)", ""],
            ["", "`${", "a", "}`", ""],
            ["", "a**", "a", "", ""],
            ["", "a=", "a", "", ""],
            ["var ", "{a:", "b", "}", "=a"],
            ["", "({a=", "1", "}={})", ""],
            ["", "function f(){", "", "}", ""],
            ["", "class A extends ", "B", "{}", ""],
            ["", "class A{m(){", "", "}}", ""],
            ["", "a(", "a", ")", ""],
            ["", "a[", "a", "]", ""],
        ] {
            let start = Instant::now();
            let refused = check(&nested(kind, deepest(kind)));
            assert!(refused.is_err(), "{kind:?}");
            // What is never closed is refused for another reason.
            assert!(check(&kind[1].repeat(deepest(kind))).is_err());
            // Just what the engine accepts has to be parsed.
            let (mut fine, mut wrong) = (1, deepest(kind));
            while fine + 1 < wrong {
                let middle = usize::midpoint(fine, wrong);
                match check(&nested(kind, middle)) {
                    Ok(()) => fine = middle,
                    Err(_) => wrong = middle,
                }
            }
            let names = with(
                &nested(kind, fine),
                SourceType::script(),
                Nesting::Deep,
                names::read,
            );
            assert!(names.is_some() && fine > 50, "{kind:?} {fine}");
            assert!(start.elapsed() < Duration::from_secs(30), "{kind:?}");
        }
    }

    #[test]
    fn chains_end_no_process() {
        for kind in [
            ["a", ".a", "", "", ""],
            ["a", "?.a", "", "", ""],
            ["a", "()", "", "", ""],
            ["a", "[0]", "", "", ""],
            ["a", "``", "", "", ""],
            ["a", "+a", "", "", ""],
            ["a", "&&a", "", "", ""],
            ["a", ",a", "", "", ""],
        ] {
            let source = nested(kind, deepest(kind));
            let start = Instant::now();
            let names = with(&source, SourceType::script(), Nesting::Deep, names::read);
            assert!(
                names.is_some_and(|names| !names.words.is_empty()),
                "{kind:?}"
            );
            assert!(start.elapsed() < Duration::from_secs(30), "{kind:?}");
        }
    }

    #[test]
    fn what_is_too_large_is_not_parsed() {
        assert!(
            with(
                &";".repeat(LARGEST),
                SourceType::script(),
                Nesting::Deep,
                |_| ()
            )
            .is_some()
        );
        assert!(
            with(
                &";".repeat(LARGEST + 1),
                SourceType::script(),
                Nesting::Deep,
                |_| ()
            )
            .is_none()
        );
    }

    #[test]
    fn the_first_regex_that_is_refused_is_found() {
        let found = |count: usize, wrong: usize| {
            let regex = |at| if at == wrong { ";/(/\n" } else { ";/a/\n" };
            let source: String = (0..count).map(regex).collect();
            check(&source).map_err(|error| (error.line, error.column))
        };
        for wrong in [0, 1, 2, 6] {
            let line = u32::try_from(wrong + 1).unwrap_or_default();
            assert_eq!(found(7, wrong), Err((line, 2)));
        }
        assert_eq!(found(7, 7), Ok(()));
        // That would take long.
        assert_eq!(found(LARGEST_SEARCHED, 0), Err((0, 0)));
        for (source, column) in [
            ("1 / 2 / (/(/)", 10),
            ("/a/ ; (/[/](/)", 8),
            ("'/(/',(/\\/(/)", 8),
            ("/*/(/*/(/(/g)", 9),
            ("`/${(/(/)}/(/`", 6),
            ("/a/ ; (/(/); /(/; b / c", 8),
            ("a / b; /a/zz; b / c", 8),
            ("/(?<a>x)(?<a>y)/", 1),
        ] {
            let error = check(source).expect_err(source);
            assert_eq!((error.line, error.column), (1, column), "{source}");
        }
        let deep = format!("/a/; {}", "(".repeat(20_000));
        for source in ["/a/\0", "\0 /(/", &deep] {
            let error = check(source).expect_err(source);
            assert_eq!((error.line, error.column), (0, 0), "{}", error.message);
        }
    }

    #[test]
    fn an_arrow_is_misplaced_behind_what_has_a_name() {
        let column = |source| {
            with(source, SourceType::script(), Nesting::Deep, |script| {
                script.misplaced_arrow().map(|at| at.column)
            })?
        };
        assert_eq!(column("class A { m(a) => {} }"), Some(16));
        for source in [
            "class A { async *m() => {} }",
            "class A { get m() => 1 }",
            "class A { 'm'(a) => 1 }",
            "class A { [m](a) => 1 }",
            "({ m(a) => 1 })",
            "function f(a) => a",
            "x = function (a) => a",
            "x = function* (a) => a",
        ] {
            assert!(column(source).is_some(), "{source}");
        }
        for source in [
            "class A { m = (a) => {}; async = (a) => a; n = async (a) => a }",
            "({ m: (a) => 1, n: async (a) => 1 })",
            "f((a) => a, async (a) => a, a => a)",
            "() => (a) => a",
            "[(a) => a]",
            "function f() { return (a) => a }",
            "function* f() { yield (a) => a }",
            "if (a) (b) => b; else (c) => c",
            "do (a) => a\nwhile (0)",
            "`${(a) => a}`",
            "for (;;) { break\n(a) => a }",
            "// m(a) => a\n'm(a) => a'; /m(a) => a/",
        ] {
            assert_eq!(column(source), None, "{source}");
        }
    }
}
