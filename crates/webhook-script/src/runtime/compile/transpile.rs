//! What Babel's presets make of a script, as far as a script can tell: all of it is sloppy, and lines stay where they are.
//!
//! - `let`, `const` and `class` become `var`, where nothing else of that name is near and no loop makes several of them;
//! - class bodies, which are always strict, become object literals ([`classes`]), unless they have private members;
//! - `this` at the top is undefined, a function in a block stays in its block, `**` is `Math.pow`;
//! - `import` and `export` become names that do not exist when the script is loaded.

use std::collections::BTreeMap;

use oxc_ast::AstKind;
use oxc_ast::ast::{
    AssignmentOperator, AssignmentTarget, BinaryOperator, FunctionType, VariableDeclaration,
    VariableDeclarationKind,
};
use oxc_semantic::{AstNodes, NodeId, Scoping, SemanticBuilder, SymbolId};
use oxc_span::{GetSpan, Span};

use super::edits::Edits;
use super::{Compiled, classes, redeclared};
use crate::parse::Script;

/// What is known of a script while it is changed.
pub(super) struct Known<'s, 'a> {
    pub(super) source: &'s str,
    pub(super) nodes: &'s AstNodes<'a>,
    scoping: &'s Scoping,
    /// How often each name is declared.
    declared: BTreeMap<&'s str, usize>,
}

pub(super) fn transpile(script: &Script<'_>) -> Compiled {
    let built = SemanticBuilder::new()
        .with_build_nodes(true)
        .build(&script.parsed.program);
    let semantic = &built.semantic;
    if let Some(missing) = module_syntax(semantic.nodes()) {
        return Compiled::plain(missing);
    }
    let scoping = semantic.scoping();
    let mut declared: BTreeMap<&str, usize> = BTreeMap::new();
    for name in scoping.symbol_names() {
        *declared.entry(name).or_default() += 1;
    }
    let known = Known {
        source: script.source,
        nodes: semantic.nodes(),
        scoping,
        declared,
    };
    let mut edits = Edits::default();
    let mut private = false;
    for node in known.nodes.iter() {
        match node.kind() {
            AstKind::VariableDeclaration(declaration) => {
                known.variables(node.id(), declaration, &mut edits);
            }
            AstKind::Class(class) => {
                private |= !classes::class(&known, node.id(), class, &mut edits);
            }
            AstKind::ThisExpression(this) if known.is_at_top(node.id(), this.span) => {
                edits.replace(this.span.start, this.span.end, "(void 0)");
            }
            AstKind::ImportExpression(import) => edits.import(import.span),
            _ => known.others(node.id(), &mut edits),
        }
    }
    let note =
        "classes with private members run in strict mode here; the server runs them in sloppy mode";
    Compiled {
        program: close(edits.apply(script.source)),
        redeclared: redeclared(script, 0),
        notes: if private {
            vec![note.into()]
        } else {
            Vec::new()
        },
    }
}

/// The name whose absence a script with imports or exports fails with.
fn module_syntax(nodes: &AstNodes<'_>) -> Option<&'static str> {
    let mut missing = None;
    for node in nodes.iter() {
        match node.kind() {
            AstKind::ImportDeclaration(_) => missing = missing.or(Some("require;")),
            AstKind::ExportDeclaration(_)
            | AstKind::ExportNamedDeclaration(_)
            | AstKind::ExportFromDeclaration(_)
            | AstKind::ExportDefaultDeclaration(_)
            | AstKind::ExportAllDeclaration(_) => return Some("exports;"),
            _ => {}
        }
    }
    missing
}

/// Babel's text always ends in a semicolon.
fn close(mut program: String) -> String {
    program.push_str("\n;");
    program
}

impl<'a> Known<'_, 'a> {
    pub(super) fn text(&self, start: u32, end: u32) -> &str {
        let range = start as usize..end as usize;
        self.source.get(range).unwrap_or_default()
    }

    /// Whether a declaration in a block may become `var`.
    pub(super) fn may_be_var(&self, symbol: SymbolId) -> bool {
        let scope = self.scoping.symbol_scope_id(symbol);
        if self.scoping.scope_flags(scope).is_var() {
            return true;
        }
        let name = self.scoping.symbol_name(symbol);
        let alone = self.declared.get(name) == Some(&1)
            && !self
                .scoping
                .root_unresolved_references()
                .keys()
                .any(|other| other.as_str() == name);
        let repeated = |kind: &AstKind<'_>| {
            matches!(
                kind,
                AstKind::ForStatement(_)
                    | AstKind::ForInStatement(_)
                    | AstKind::ForOfStatement(_)
                    | AstKind::WhileStatement(_)
                    | AstKind::DoWhileStatement(_)
            )
        };
        let mut around = self
            .nodes
            .ancestor_kinds(self.scoping.symbol_declaration(symbol));
        let looped = around
            .by_ref()
            .take_while(|kind| {
                !matches!(
                    kind,
                    AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
                )
            })
            .any(|kind| repeated(&kind));
        alone && !looped
    }

    fn variables(&self, id: NodeId, declaration: &VariableDeclaration<'a>, edits: &mut Edits) {
        let keyword = match declaration.kind {
            VariableDeclarationKind::Let => "let",
            VariableDeclarationKind::Const => "const",
            _ => return,
        };
        let head = matches!(
            self.nodes.parent_kind(id),
            AstKind::ForStatement(_) | AstKind::ForInStatement(_) | AstKind::ForOfStatement(_)
        );
        let symbols = || {
            let names = declaration.declarations.iter();
            names.flat_map(|one| one.id.get_binding_identifiers())
        };
        let fits = symbols().all(|name| {
            name.symbol_id.get().is_some_and(|symbol| {
                // An assignment to a constant has to fail.
                let mut uses = self.scoping.get_resolved_references(symbol);
                let constant = keyword == "const" && uses.any(oxc_semantic::Reference::is_write);
                !constant && self.may_be_var(symbol)
            })
        });
        if !head && fits {
            let start = declaration.span.start;
            let end = start + u32::try_from(keyword.len()).unwrap_or_default();
            edits.replace(start, end, "var");
        }
    }

    /// Whether `this` at a place is that of the program.
    fn is_at_top(&self, id: NodeId, span: Span) -> bool {
        self.owner(id, span).is_none()
    }

    /// The node that `this` at a place belongs to; none at the top.
    pub(super) fn owner(&self, id: NodeId, span: Span) -> Option<NodeId> {
        let mut ancestors = self.nodes.ancestors(id);
        let owner = ancestors.find(|node| match node.kind() {
            AstKind::Function(_) | AstKind::StaticBlock(_) => true,
            AstKind::PropertyDefinition(property) => property
                .value
                .as_ref()
                .is_some_and(|value| value.span().contains_inclusive(span)),
            _ => false,
        });
        owner.map(oxc_semantic::AstNode::id)
    }

    fn others(&self, id: NodeId, edits: &mut Edits) {
        match self.nodes.kind(id) {
            AstKind::BinaryExpression(power) if power.operator == BinaryOperator::Exponential => {
                let (left, right) = (power.left.span(), power.right.span());
                edits.open(power.span.start, "Math.pow(");
                edits.replace(left.end, right.start, ",");
                edits.close(power.span.end, ")");
            }
            AstKind::AssignmentExpression(power)
                if power.operator == AssignmentOperator::Exponential =>
            {
                let (left, right) = (power.left.span(), power.right.span());
                let target = self.text(left.start, left.end);
                let simple = matches!(
                    power.left,
                    AssignmentTarget::AssignmentTargetIdentifier(_)
                        | AssignmentTarget::StaticMemberExpression(_)
                );
                if simple && !target.contains(['\n', '\r', '(']) {
                    edits.replace(left.end, right.start, &format!("=Math.pow({target},"));
                    edits.close(power.span.end, ")");
                }
            }
            AstKind::BlockStatement(block) => {
                let names: Vec<&str> = block
                    .body
                    .iter()
                    .filter_map(|statement| match statement {
                        oxc_ast::ast::Statement::FunctionDeclaration(function)
                            if function.r#type == FunctionType::FunctionDeclaration =>
                        {
                            function.id.as_ref().map(|name| name.name.as_str())
                        }
                        _ => None,
                    })
                    .collect();
                if !names.is_empty() {
                    // A name that the block around declares keeps a sloppy function from being declared outside, too.
                    let opened = format!("let {};{{", names.join(","));
                    edits.open(block.span.start + 1, &opened);
                    edits.close(block.span.end - 1, "}");
                }
            }
            _ => {}
        }
    }
}
