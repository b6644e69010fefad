//! Which globals a script uses, and where its names stand. Follows scopes closely enough that a name that is
//! declared where it is used is never taken for a global; where a script cannot be followed nothing is said.

mod patterns;
mod scopes;
mod uses;

use super::lexer::{self, Shape, Token};
use super::{Absent, Spot};
use scopes::Scopes;

/// Among more regular expressions the one that is refused is not looked for.
const MAX_REGEXES: usize = 10_000;

/// The longest list of words.
const MAX_WORDS: usize = 200_000;

/// What is read.
#[derive(Default)]
pub(super) struct Names {
    pub(super) absent: Vec<Absent>,
    pub(super) words: Vec<(String, Spot)>,
    pub(super) top_level: Vec<(String, Spot)>,
}

/// Reads the names of a script.
pub(super) fn read(source: &str) -> Names {
    let Some(tokens) = lexer::read(source) else {
        return Names::default();
    };
    let scopes = Scopes::read(&tokens);
    let spots = Spots::new(source);
    let words = tokens.iter().filter(|token| token.shape == Shape::Word);
    let named = |token: &Token<'_>| (token.text.to_owned(), spots.of(token.at));
    let mut top_level: Vec<_> = scopes
        .declared
        .iter()
        .filter(|(_, region)| *region == scopes.whole())
        .filter_map(|(at, _)| tokens.get(*at).map(named))
        .collect();
    top_level.sort_by_key(|(_, at)| *at);
    Names {
        absent: if scopes.is_whole() {
            scopes.absent(&spots)
        } else {
            Vec::new()
        },
        words: words.take(MAX_WORDS).map(named).collect(),
        top_level,
    }
}

/// Where the first regular expression stands that a parser refuses, if there are not very many. It is asked about the
/// first half of them, then the quarter, and so on.
pub(super) fn first_regex(source: &str, refuses: impl Fn(&str) -> bool) -> Option<Spot> {
    let tokens = lexer::read(source)?;
    let regexes: Vec<_> = tokens
        .iter()
        .filter(|token| token.shape == Shape::Literal && token.text.starts_with('/'))
        .collect();
    let refused = |first: usize| {
        let texts: Vec<_> = regexes.iter().take(first).map(|it| it.text).collect();
        refuses(&texts.join("\n;"))
    };
    let (mut fine, mut wrong) = (0, regexes.len());
    if wrong > MAX_REGEXES || !refused(wrong) {
        return None;
    }
    while fine + 1 < wrong {
        let middle = usize::midpoint(fine, wrong);
        if refused(middle) {
            wrong = middle;
        } else {
            fine = middle;
        }
    }
    Some(Spots::new(source).of(regexes.get(fine)?.at))
}

/// Where the first `=>` stands behind the parameters of a method or a function. No program has one there, and the
/// engine takes it.
pub(super) fn misplaced_arrow(source: &str) -> Option<Spot> {
    let tokens = lexer::read(source)?;
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    let mut arrows = (0..tokens.len()).filter(|at| text(*at) == "=>");
    let found = arrows.find(|arrow| {
        let close = tokens.get(arrow.wrapping_sub(1));
        let open = close.filter(|close| close.text == ")").map(|it| it.pair);
        let Some(name) = open.and_then(|open| tokens.get(open.checked_sub(1)?)) else {
            return false;
        };
        match name.shape {
            Shape::Literal => true,
            Shape::Word => {
                let begins_anew = ["async", "break", "continue", "debugger"].contains(&name.text);
                !begins_anew && !lexer::is_operator(name.text)
            }
            _ => name.text == "]" || name.text == "*",
        }
    })?;
    Some(Spots::new(source).of(tokens.get(found)?.at))
}

/// Bytes as lines and columns.
struct Spots(Vec<usize>);

impl Spots {
    fn new(source: &str) -> Self {
        let starts = source.match_indices('\n').map(|(at, _)| at + 1);
        Self(std::iter::once(0).chain(starts).collect())
    }

    fn of(&self, byte: usize) -> Spot {
        let line = self.0.partition_point(|start| *start <= byte);
        let start = self
            .0
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Spot {
            line: short(line),
            column: short(byte - start + 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absent(source: &str) -> Vec<(String, u32, u32, usize)> {
        let absent = read(source).absent.into_iter();
        absent
            .map(|one| (one.name.into(), one.at.line, one.at.column, one.uses))
            .collect()
    }

    #[test]
    fn only_what_is_declared_nowhere_around_is_a_global() {
        assert_eq!(absent("var a = _.x;\n_.y"), [("_".to_owned(), 1, 9, 2)]);
        for source in [
            "var _ = 1; _",
            "function f() { return _; var _; }",
            "(_ => _.x)(1)",
            "({ a: [_, ...HTTP] }) => _ + HTTP",
            "for (const [_, HTTP = 1] of []) { _(HTTP) }",
            "try { } catch ({ _ }) { _ }",
            "class A { HTTP = 1; get _() {} static moment() {} }",
            "a.HTTP; a?.HTTP; a.\n_; a.#_",
            "({ HTTP: 1, _() {}, async moment() {} })",
            "if (typeof HTTP !== 'undefined') HTTP.call()",
            "_: for (;;) break _",
            "globalThis.HTTP = 1; HTTP",
            "'_' + \"HTTP\" + `_ ${1} HTTP` + /_[/]HTTP/g.test() // HTTP",
            "with (a) HTTP",
        ] {
            assert_eq!(absent(source), [], "{source}");
        }
    }

    #[test]
    fn a_name_is_a_global_where_its_declaration_does_not_reach() {
        for source in [
            "function f(_) { return _ } _",
            "{ let _ = 1 } _",
            "const f = (_) => _\n_.y",
            "f((_) => _, _)",
            "for (const _ of []) { _ } _",
            "a ? _ : 1",
            "switch (a) { case _: }",
            "({ [_]: 1 })",
            "({ _ })",
            "`${_}`",
            "a = b / _ / c",
            "x = { } / _ / 1",
            "if (a) /}/.test(_)",
            "class A extends _ { }",
            "const { a = _ } = b",
            "function f(a = _) { }",
        ] {
            assert_eq!(absent(source).len(), 1, "{source}");
        }
    }

    #[test]
    fn the_first_regex_that_is_refused_is_found() {
        let found = |count: usize, wrong: usize| {
            let regex = |at| if at == wrong { ";/(/\n" } else { ";/a/\n" };
            let source: String = (0..count).map(regex).collect();
            first_regex(&source, |text| text.contains("/(/")).map(|at| at.line)
        };
        for wrong in [0, 1, 2, 6] {
            assert_eq!(found(7, wrong), u32::try_from(wrong + 1).ok());
        }
        assert_eq!(found(7, 7), None);
        assert_eq!(found(MAX_REGEXES + 1, 0), None);
    }

    #[test]
    fn an_arrow_is_misplaced_behind_what_has_a_name() {
        let column = |source| misplaced_arrow(source).map(|at| at.column);
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

    #[test]
    fn what_cannot_be_followed_says_nothing() {
        for source in ["(", "`${", "'", "/*", "}", "/", "(]"] {
            assert!(read(source).words.is_empty(), "{source}");
        }
    }
}
