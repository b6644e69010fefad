//! Classes whose bodies are sloppy: a call of `__rcsync_class` (`helpers.js`) with the members as object literals, each on
//! its lines.
//!
//! ```text
//! class A extends B { constructor() { super() } m() {} static s = 1 }
//! var A;A=__rcsync_class("A",(v)=>{A=v},(B),[["c",{constructor() {var t=…;t.up([])}}],[0,{m() {}}],[3,{f(){return{s:1}}}]]);
//! ```
//! Concise methods keep their `super`, for the helper gives each literal the right prototype.

use oxc_ast::AstKind;
use oxc_ast::ast::{
    Class, ClassElement, Expression, MethodDefinition, MethodDefinitionKind, PropertyDefinition,
};
use oxc_semantic::NodeId;
use oxc_span::GetSpan;

use super::edits::Edits;
use super::transpile::Known;

/// Rewrites a class; whether it could be.
pub(super) fn class(
    known: &Known<'_, '_>,
    id: NodeId,
    class: &Class<'_>,
    edits: &mut Edits,
) -> bool {
    if stays(known, id, class) {
        if class.is_declaration() {
            let keyword = binding(known, class);
            let name = class.id.as_ref().map_or("", |name| name.name.as_str());
            edits.open(class.span.start, &format!("{keyword} {name};{name}="));
            edits.close(class.span.end, ";");
        }
        return false;
    }
    head(known, id, class, edits);
    let mut done = class.body.span.start + 1;
    for element in &class.body.body {
        let span = element.span();
        edits.replace(done, span.start, "");
        match element {
            ClassElement::StaticBlock(block) => {
                // `static {` is left out with what stands between its words.
                let text = known.text(span.start, span.end);
                let brace = text.find('{').and_then(|at| u32::try_from(at).ok());
                let start = span.start + brace.unwrap_or_default() + 1;
                edits.replace(span.start, start, "[5,{f(){");
                edits.close(block.span.end, "}],");
            }
            ClassElement::MethodDefinition(method) => self::method(known, class, method, edits),
            ClassElement::PropertyDefinition(field) => self::field(field, edits),
            ClassElement::AccessorProperty(_) | ClassElement::TSIndexSignature(_) => {}
        }
        done = span.end;
    }
    let end = class.body.span.end;
    edits.replace(done, end, tail(class));
    true
}

/// Whether a class has what only class bodies can have.
fn stays(known: &Known<'_, '_>, id: NodeId, class: &Class<'_>) -> bool {
    let odd = class.body.body.iter().any(|element| match element {
        ClassElement::MethodDefinition(method) => method.key.is_private_identifier(),
        ClassElement::PropertyDefinition(field) => field.key.is_private_identifier(),
        ClassElement::StaticBlock(_) => false,
        ClassElement::AccessorProperty(_) | ClassElement::TSIndexSignature(_) => true,
    });
    // What waits outside of the members would be moved into another function.
    let waits = |node: &oxc_semantic::AstNode<'_>| {
        let span = node.kind().span();
        matches!(
            node.kind(),
            AstKind::AwaitExpression(_) | AstKind::YieldExpression(_)
        ) && class.span.contains_inclusive(span)
            && known
                .nodes
                .ancestors(node.id())
                .take_while(|around| around.id() != id)
                .all(|around| {
                    !matches!(
                        around.kind(),
                        AstKind::Function(_) | AstKind::ArrowFunctionExpression(_)
                    )
                })
    };
    odd || known.nodes.iter().any(waits)
}

/// The keyword that declares the class's name.
fn binding(known: &Known<'_, '_>, class: &Class<'_>) -> &'static str {
    let symbol = class.id.as_ref().and_then(|name| name.symbol_id.get());
    if symbol.is_some_and(|symbol| known.may_be_var(symbol)) {
        "var"
    } else {
        "let"
    }
}

/// All up to the first member.
fn head(known: &Known<'_, '_>, id: NodeId, class: &Class<'_>, edits: &mut Edits) {
    let name = match &class.id {
        Some(name) => name.name.as_str(),
        None => match known.nodes.parent_kind(id) {
            AstKind::VariableDeclarator(declarator) => {
                let name = declarator.id.get_binding_identifier();
                name.map_or("", |name| name.name.as_str())
            }
            _ => "",
        },
    };
    let opened = match (&class.id, class.is_declaration()) {
        (Some(_), true) => {
            let keyword = binding(known, class);
            format!("{keyword} {name};{name}=__rcsync_class(\"{name}\",(v)=>{{{name}=v}},")
        }
        (Some(_), false) => {
            format!("(()=>{{var {name};return {name}=__rcsync_class(\"{name}\",(v)=>{{{name}=v}},")
        }
        (None, _) => format!("__rcsync_class(\"{name}\",0,"),
    };
    let body = class.body.span.start + 1;
    match &class.heritage {
        Some(heritage) => {
            let parent = heritage.expression.span();
            edits.replace(class.span.start, parent.start, &format!("{opened}("));
            edits.replace(parent.end, body, "),[");
        }
        None => edits.replace(class.span.start, body, &format!("{opened}__rcsync_class,[")),
    }
}

fn tail(class: &Class<'_>) -> &'static str {
    match (&class.id, class.is_declaration()) {
        (_, true) => "]);",
        (Some(_), false) => "])})()",
        (None, false) => "])",
    }
}

fn method(
    known: &Known<'_, '_>,
    class: &Class<'_>,
    method: &MethodDefinition<'_>,
    edits: &mut Edits,
) {
    let constructs = method.kind == MethodDefinitionKind::Constructor;
    let opened = match (constructs, method.r#static) {
        (true, _) => "[\"c\",{",
        (false, true) => "[1,{",
        (false, false) => "[0,{",
    };
    // The word `static` is left out.
    let word = if method.r#static { "static" } else { "" };
    let start = method.span.start + u32::try_from(word.len()).unwrap_or_default();
    edits.replace(method.span.start, start, opened);
    edits.close(method.span.end, "}],");
    if constructs {
        constructor(known, class, method, edits);
    }
}

fn field(field: &PropertyDefinition<'_>, edits: &mut Edits) {
    let kind = if field.r#static { 3 } else { 2 };
    let key = field.key.span();
    let (opened, between) = if field.computed {
        (format!("[{kind},("), "),{f(){return{x:")
    } else {
        (format!("[{kind},{{f(){{return{{"), ":")
    };
    edits.replace(field.span.start, key.start, &opened);
    match &field.value {
        Some(value) => {
            edits.replace(key.end, value.span().start, between);
            edits.replace(value.span().end, field.span.end, "}}}],");
        }
        None => edits.replace(key.end, field.span.end, &format!("{between}void 0}}}}}}],")),
    }
}

/// In a constructor `new.target`, and in a derived one also `this` and `super`, are asked of a token.
fn constructor(
    known: &Known<'_, '_>,
    class: &Class<'_>,
    method: &MethodDefinition<'_>,
    edits: &mut Edits,
) {
    let Some(body) = &method.value.body else {
        return;
    };
    let derived = class.heritage.is_some();
    let token = format!("__rcsync_{}", method.span.start);
    let function = method.value.node_id.get();
    let mut needed = derived;
    for node in known.nodes.iter() {
        let span = node.kind().span();
        if !method.value.span.contains_inclusive(span)
            || known.owner(node.id(), span) != Some(function)
        {
            continue;
        }
        match node.kind() {
            AstKind::NewTarget(target) => {
                needed = true;
                edits.replace(
                    target.span.start,
                    target.span.end,
                    &format!("{token}.target"),
                );
            }
            AstKind::ThisExpression(this) if derived => {
                edits.replace(this.span.start, this.span.end, &format!("{token}.me"));
            }
            AstKind::CallExpression(call) if derived => {
                let arguments = call
                    .arguments
                    .first()
                    .map_or(call.span.end - 1, |first| first.span().start);
                match &call.callee {
                    Expression::Super(callee) => {
                        edits.replace(callee.span.start, arguments, &format!("{token}.up(["));
                        edits.close(call.span.end - 1, "]");
                    }
                    callee if is_of_super(callee) => {
                        let comma = if call.arguments.is_empty() { "" } else { "," };
                        let opened = format!(".call({token}.me{comma}");
                        edits.replace(callee.span().end, arguments, &opened);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    if needed {
        edits.open(
            body.span.start + 1,
            &format!("var {token}=__rcsync_class.token();"),
        );
    }
}

fn is_of_super(callee: &Expression<'_>) -> bool {
    match callee {
        Expression::StaticMemberExpression(member) => matches!(member.object, Expression::Super(_)),
        Expression::ComputedMemberExpression(member) => {
            matches!(member.object, Expression::Super(_))
        }
        _ => false,
    }
}
