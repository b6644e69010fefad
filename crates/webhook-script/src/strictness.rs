//! What of a class works while its script is transpiled, and no longer where class bodies are strict: from 9.0 on, and with
//! `skipTranspile` from 8.4 on.

use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, MethodDefinitionKind};
use oxc_semantic::{AstNodes, NodeId, Scoping};
use oxc_span::GetSpan;

use super::parse::Script;
use super::{Strictness, StrictnessOf, runtime};

/// The places where strict mode makes a difference, in order.
pub(super) fn read(
    script: &Script<'_>,
    scoping: &Scoping,
    nodes: &AstNodes<'_>,
) -> Vec<Strictness> {
    let mut found = Vec::new();
    for (name, references) in scoping.root_unresolved_references() {
        let written: Vec<_> = references
            .iter()
            .map(|id| scoping.get_reference(*id))
            .filter(|one| one.flags().is_write())
            .map(oxc_semantic::Reference::node_id)
            .collect();
        // What is made outside of a class is there for what a class does.
        if written.iter().any(|node| class_of(*node, nodes).is_none()) {
            continue;
        }
        found.extend(written.into_iter().map(|node| Strictness {
            of: StrictnessOf::Undeclared,
            name: name.to_string(),
            at: script.spot(nodes.kind(node).span().start),
            certain: is_reached(node, nodes),
        }));
    }
    for node in nodes.iter() {
        let of = match node.kind() {
            AstKind::StaticMemberExpression(member) => match &member.object {
                Expression::Identifier(object)
                    if object.name == "arguments" && member.property.name == "callee" =>
                {
                    StrictnessOf::Callee
                }
                Expression::ThisExpression(_) if is_plain_this(node.id(), nodes) => {
                    StrictnessOf::PlainThis
                }
                _ => continue,
            },
            _ => continue,
        };
        if class_of(node.id(), nodes).is_none() {
            continue;
        }
        found.push(Strictness {
            of,
            name: match of {
                StrictnessOf::Callee => "arguments",
                _ => "this",
            }
            .to_owned(),
            at: script.spot(node.kind().span().start),
            certain: of == StrictnessOf::Callee && is_reached(node.id(), nodes),
        });
    }
    found.sort_by_key(|one| one.at);
    found
}

/// The class in whose body a node stands, if any.
fn class_of(node: NodeId, nodes: &AstNodes<'_>) -> Option<NodeId> {
    let body = nodes
        .ancestors(node)
        .find(|one| matches!(one.kind(), AstKind::ClassBody(_)))?;
    Some(body.id())
}

/// Whether `this` is in a function that is called without an object: one that is declared, and that nothing else but calls
/// names, cannot be told from one that is; so only declarations within a method count.
fn is_plain_this(node: NodeId, nodes: &AstNodes<'_>) -> bool {
    for one in nodes.ancestors(node) {
        match one.kind() {
            // An arrow function has that of what it is in.
            AstKind::Function(function) => return function.is_declaration(),
            AstKind::PropertyDefinition(_) | AstKind::StaticBlock(_) | AstKind::Program(_) => {
                return false;
            }
            _ => {}
        }
    }
    false
}

/// Whether every call by the server comes to this node: it is in a method that the server calls, under no condition, and
/// nothing leaves the method before it.
fn is_reached(node: NodeId, nodes: &AstNodes<'_>) -> bool {
    let mut below = node;
    for one in nodes.ancestors(node) {
        match one.kind() {
            AstKind::MethodDefinition(method) => {
                let name = method.key.static_name().unwrap_or_default();
                return !method.r#static
                    && method.kind == MethodDefinitionKind::Method
                    && runtime::Method::of(&name).is_some();
            }
            AstKind::Function(function) => {
                let start = nodes.kind(node).span().start;
                let inside = function.span;
                let leaves = nodes.iter().any(|other| {
                    let span = other.kind().span();
                    let leaves = matches!(
                        other.kind(),
                        AstKind::ReturnStatement(_) | AstKind::ThrowStatement(_)
                    );
                    leaves && inside.contains_inclusive(span) && span.end <= start
                });
                if leaves {
                    return false;
                }
            }
            // The first part of a loop is done once; the rest perhaps never.
            AstKind::ForStatement(each) => {
                let first = each.init.as_ref().map(GetSpan::span);
                if first.is_none_or(|first| !first.contains_inclusive(nodes.kind(below).span())) {
                    return false;
                }
            }
            AstKind::ExpressionStatement(_)
            | AstKind::AssignmentExpression(_)
            | AstKind::VariableDeclaration(_)
            | AstKind::VariableDeclarator(_)
            | AstKind::SequenceExpression(_)
            | AstKind::UpdateExpression(_)
            | AstKind::ParenthesizedExpression(_)
            | AstKind::FunctionBody(_)
            | AstKind::BlockStatement(_)
            | AstKind::StaticMemberExpression(_)
            | AstKind::CallExpression(_)
            | AstKind::ReturnStatement(_) => {}
            _ => return false,
        }
        below = one.id();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::names;
    use super::super::parse;

    /// What is found in a method that the server calls: the name, the line and column, and whether it is certain.
    fn found(body: &str) -> Vec<(String, u32, u32, bool)> {
        in_script(&format!(
            "class Script {{ process_incoming_request(r) {{\n{body}\n}} }}"
        ))
    }

    fn in_script(script: &str) -> Vec<(String, u32, u32, bool)> {
        let goal = oxc_span::SourceType::script();
        let names = parse::with(script, goal, parse::Nesting::Deep, names::read);
        let strict = names.unwrap_or_default().strict.into_iter();
        strict
            .map(|one| (one.name, one.at.line, one.at.column, one.certain))
            .collect()
    }

    fn only(name: &str, column: u32, certain: bool) -> Vec<(String, u32, u32, bool)> {
        vec![(name.to_owned(), 2, column, certain)]
    }

    #[test]
    fn names_that_are_declared_nowhere_cannot_be_assigned() {
        assert_eq!(found("msg = 'hi'; return msg;"), only("msg", 1, true));
        assert_eq!(
            found("for (i = 0; i < 3; i++) {}")[0],
            only("i", 6, true)[0]
        );
        assert_eq!(found("if (r) x = 1;"), only("x", 8, false));
        assert_eq!(found("if (r) return; x = 1;"), only("x", 16, false));
        assert_eq!(found("try { x = 1; } catch (e) {}"), only("x", 7, false));
        assert_eq!(found("[1].map((a) => { x = a; });"), only("x", 18, false));
        for fine in [
            "let msg = 'hi'; msg = 'a';",
            "var a = 1; a += 1;",
            "this.x = 1; r.y = 2;",
            "function f() { let x; x = 1; } f();",
            "for (const one of []) { one.x = 1; }",
        ] {
            assert_eq!(found(fine), [], "{fine}");
        }
    }

    #[test]
    fn what_stands_outside_of_the_class_is_sloppy() {
        assert_eq!(
            in_script(
                "function t() { total = 5; return total; } class Script { a() { total = 1; } }"
            ),
            []
        );
        assert_eq!(
            in_script("count = 0; class Script { a() { count = 1; } }"),
            []
        );
        let other = "class Script { helper() { x = 1; } }";
        assert_eq!(in_script(other), [("x".to_owned(), 1, 27, false)]);
    }

    #[test]
    fn plain_functions_have_no_this_and_no_callee() {
        assert_eq!(
            found("function h() { return this.JSON; } h();"),
            only("this", 23, false)
        );
        assert_eq!(found("arguments.callee;"), only("arguments", 1, true));
        for fine in [
            "this.x;",
            "[1].map(() => this.x);",
            "const o = { f() { return this.x; }, g: function () { return this.y; } };",
            "class B { m() { return this.x; } }",
        ] {
            assert_eq!(found(fine), [], "{fine}");
        }
    }
}
