//! Which globals a script uses, and where its names stand.

use std::collections::BTreeSet;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentTarget, BindingIdentifier, ClassElement, Expression, Function, MethodDefinitionKind,
    Statement, UnaryOperator,
};
use oxc_semantic::{AstNodes, Reference, Scoping, SemanticBuilder};
use oxc_span::GetSpan;

use super::parse::Script;
use super::{Absent, Class, Spot, Strictness, UnknownName, globals, strictness};

/// The longest list of words.
const MAX_WORDS: usize = 200_000;

/// What is read.
#[derive(Default)]
pub(super) struct Names {
    pub(super) absent: Vec<Absent>,
    pub(super) words: Vec<(String, Spot)>,
    pub(super) top_level: Vec<(String, Spot)>,
    /// The class `Script`, as it is written.
    pub(super) class: Class,
    pub(super) strict: Vec<Strictness>,
    pub(super) unknown: Vec<UnknownName>,
    /// `fetch`, where it is used first.
    pub(super) fetch: Option<UnknownName>,
}

/// Reads the names of a script; none of one that oxc does not accept.
pub(super) fn read(script: &Script<'_>) -> Names {
    let built = SemanticBuilder::new()
        .with_build_nodes(true)
        .build(&script.parsed.program);
    let (scoping, nodes) = built.semantic.into_scoping_and_nodes();
    let mut top_level: Vec<_> = scoping
        .iter_bindings_in(scoping.root_scope_id())
        .map(|symbol| {
            let at = script.spot(scoping.symbol_span(symbol).start);
            (scoping.symbol_name(symbol).to_owned(), at)
        })
        .collect();
    top_level.sort_by_key(|(_, at)| *at);
    let words = script.words().take(MAX_WORDS);

    let made = made(&nodes);
    // What a name means inside of `with` cannot be said.
    let with = nodes
        .iter()
        .any(|node| matches!(node.kind(), AstKind::WithStatement(_)));
    let unresolved = scoping.root_unresolved_references().iter();
    let absent = unresolved.filter_map(|(name, references)| {
        let global = globals::absent(name).filter(|it| !with && !made.contains(it.name))?;
        let uses = || references.iter().map(|id| scoping.get_reference(*id));
        let starts = uses().map(|one| nodes.kind(one.node_id()).span().start);
        let first = starts.min()?;
        (!uses().any(|one| knows(one, &nodes))).then(|| Absent {
            name: global.name.into(),
            instead: global.instead.into(),
            at: script.spot(first),
            uses: references.len(),
        })
    });
    let mut absent: Vec<_> = absent.collect();
    absent.sort_by_key(|one| one.at);
    Names {
        absent,
        words: words.map(|(word, at)| (word.to_owned(), at)).collect(),
        top_level,
        class: class(&script.parsed.program.body),
        fetch: scoping
            .root_unresolved_references()
            .get("fetch")
            .filter(|_| !with)
            .and_then(|references| {
                let uses = || references.iter().map(|id| scoping.get_reference(*id));
                let first = uses()
                    .map(|one| nodes.kind(one.node_id()).span().start)
                    .min()?;
                (!uses().any(|one| knows(one, &nodes))).then(|| UnknownName {
                    name: "fetch".to_owned(),
                    at: script.spot(first),
                })
            }),
        strict: if with {
            Vec::new()
        } else {
            strictness::read(script, &scoping, &nodes)
        },
        unknown: if with {
            Vec::new()
        } else {
            unknown(script, &scoping, &nodes, &made)
        },
    }
}

/// Names that are declared nowhere and that no engine has. One that is assigned anywhere may be there by then.
fn unknown(
    script: &Script<'_>,
    scoping: &Scoping,
    nodes: &AstNodes<'_>,
    made: &BTreeSet<&str>,
) -> Vec<UnknownName> {
    let mut found = Vec::new();
    for (name, references) in scoping.root_unresolved_references() {
        let uses = || references.iter().map(|id| scoping.get_reference(*id));
        if *name == "s" {
            found.extend(uses().filter_map(|one| of_strings(one, script, nodes)));
        }
        let name = name.as_str();
        let there = globals::is_known(name)
            || globals::absent(name).is_some()
            || made.contains(name)
            || uses().any(|one| knows(one, nodes) || one.flags().is_write());
        let first = uses()
            .map(|one| nodes.kind(one.node_id()).span().start)
            .min();
        if let Some(first) = first.filter(|_| !there) {
            found.push(UnknownName {
                name: name.to_owned(),
                at: script.spot(first),
            });
        }
    }
    found.sort_by_key(|one| one.at);
    found
}

/// What is asked of `s` that it does not have: to be called, or a member.
fn of_strings(one: &Reference, script: &Script<'_>, nodes: &AstNodes<'_>) -> Option<UnknownName> {
    let start = nodes.kind(one.node_id()).span().start;
    let name = match nodes.parent_kind(one.node_id()) {
        AstKind::CallExpression(call) if call.callee.span().start == start => "s(".to_owned(),
        AstKind::StaticMemberExpression(member) => {
            let member = member.property.name.as_str();
            if globals::OF_STRINGS.contains(&member) || globals::OF_OBJECTS.contains(&member) {
                return None;
            }
            format!("s.{member}")
        }
        _ => return None,
    };
    Some(UnknownName {
        name,
        at: script.spot(start),
    })
}

/// What is written of the class `Script` at the top level.
fn class(body: &[Statement<'_>]) -> Class {
    let script = |id: Option<&BindingIdentifier<'_>>| id.is_some_and(|id| id.name == "Script");
    for statement in body {
        match statement {
            Statement::ClassDeclaration(class) if script(class.id.as_ref()) => {
                return members(&class.body.body);
            }
            Statement::FunctionDeclaration(function) if script(function.id.as_ref()) => {
                return Class {
                    parameters: parameters(function),
                    ..Class::default()
                };
            }
            Statement::VariableDeclaration(variables) => {
                for one in &variables.declarations {
                    if let (Some(id), Some(Expression::ClassExpression(class))) =
                        (one.id.get_binding_identifier(), &one.init)
                        && script(Some(id))
                    {
                        return members(&class.body.body);
                    }
                }
            }
            _ => {}
        }
    }
    Class::default()
}

fn members(elements: &[ClassElement<'_>]) -> Class {
    let mut class = Class::default();
    for element in elements {
        let (key, is_static) = match element {
            ClassElement::MethodDefinition(method) => {
                if method.kind == MethodDefinitionKind::Constructor {
                    class.parameters = parameters(&method.value);
                    continue;
                }
                if method.kind != MethodDefinitionKind::Method {
                    continue;
                }
                (&method.key, method.r#static)
            }
            ClassElement::PropertyDefinition(property) => {
                let function = matches!(
                    &property.value,
                    Some(
                        Expression::FunctionExpression(_) | Expression::ArrowFunctionExpression(_)
                    )
                );
                if !function {
                    continue;
                }
                (&property.key, property.r#static)
            }
            _ => continue,
        };
        let Some(name) = key.static_name().filter(|_| !key.is_private_identifier()) else {
            continue;
        };
        let list = if is_static {
            &mut class.statics
        } else {
            &mut class.methods
        };
        list.push(name.into_owned());
    }
    class
}

/// How many parameters have to be given, as `length` of a function says.
fn parameters(function: &Function<'_>) -> u32 {
    let given = function.params.items.iter();
    let given = given.take_while(|one| one.initializer.is_none());
    u32::try_from(given.count()).unwrap_or(u32::MAX)
}

/// Whether a script that uses a global like this knows that it may not be there: it asks, or makes it.
fn knows(one: &Reference, nodes: &AstNodes<'_>) -> bool {
    let asks = match nodes.parent_kind(one.node_id()) {
        AstKind::UnaryExpression(unary) => unary.operator == UnaryOperator::Typeof,
        _ => false,
    };
    asks || one.flags().is_write_only()
}

/// The properties that a script gives to the global object.
fn made<'a>(nodes: &AstNodes<'a>) -> BTreeSet<&'a str> {
    let made = nodes.iter().filter_map(|node| {
        let AstKind::AssignmentExpression(assignment) = node.kind() else {
            return None;
        };
        let AssignmentTarget::StaticMemberExpression(target) = &assignment.left else {
            return None;
        };
        let global = match &target.object {
            Expression::ThisExpression(_) => true,
            Expression::Identifier(object) => {
                object.name == "global" || object.name == "globalThis"
            }
            _ => false,
        };
        global.then(|| target.property.name.as_str())
    });
    made.collect()
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn names(source: &str) -> Names {
        parse::with(
            source,
            oxc_span::SourceType::script(),
            parse::Nesting::Deep,
            read,
        )
        .unwrap_or_default()
    }

    fn absent(source: &str) -> Vec<(String, u32, u32, usize)> {
        let absent = names(source).absent.into_iter();
        absent
            .map(|one| (one.name.into(), one.at.line, one.at.column, one.uses))
            .collect()
    }

    #[test]
    fn only_what_is_declared_nowhere_around_is_a_global() {
        assert_eq!(absent("var a = _.x;\n_.y"), [("_".to_owned(), 1, 9, 2)]);
        assert_eq!(absent("\u{feff}_"), [("_".to_owned(), 1, 4, 1)]);
        assert_eq!(absent("'é'; _"), [("_".to_owned(), 1, 7, 1)]);
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
    fn what_cannot_be_followed_says_nothing() {
        for source in ["(", "`${", "'", "/*", "}", "/", "(]"] {
            assert!(names(source).words.is_empty(), "{source}");
        }
    }
}
