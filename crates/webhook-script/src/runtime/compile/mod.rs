//! What a server stores of a script when it is saved, and why it may refuse to.
//!
//! A raw script is checked as the body of a sloppy function, and stored as it is. A transpiled one is checked as a
//! module, whose rules are strict, and is sloppy afterwards: see [`transpile`].

mod classes;
mod edits;
mod transpile;

use oxc_ast::AstKind;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use rquickjs::Ctx;

use self::edits::Edits;
use super::Mode;
use crate::parse::{Nesting, Script};
use crate::{ScriptError, Spot, engine, parse};

/// What the texts below name.
pub(super) const HELPERS: &str = include_str!("helpers.js");
/// Stands before a raw script while it is checked.
const OPEN: &str = "(function(){";
/// What the server's program declares with `const`. This engine lets functions of these names through.
const DECLARED: [&str; 3] = ["Store", "fetch", "reproxy"];
/// What `import()` becomes.
const IMPORT: &str = "__rcsync_import";

/// What is run of a script.
pub(super) struct Compiled {
    /// The text, its lines those of the script.
    pub(super) program: String,
    /// What is not as on the server.
    pub(super) notes: Vec<String>,
    /// A name of the server's program that the script declares once more, and where.
    pub(super) redeclared: Option<(String, Spot)>,
}

impl Compiled {
    fn plain(program: &str) -> Self {
        Self {
            program: program.to_owned(),
            notes: Vec::new(),
            redeclared: None,
        }
    }
}

/// Whether the engine accepts a text, in that mode.
pub(super) fn check(ctx: &Ctx<'_>, text: &str, mode: Mode) -> Result<(), ScriptError> {
    match mode {
        Mode::Raw => engine::check_in(ctx, text),
        Mode::Transpiled => engine::check_module(ctx, text),
    }
}

/// What a server makes of a script when it is saved. `check` asks the engine: see [`check`].
pub(super) fn compile(
    source: &str,
    mode: Mode,
    check: impl FnOnce(&str) -> Result<Nesting, ScriptError>,
) -> Result<Compiled, ScriptError> {
    match mode {
        Mode::Raw => raw(source, check),
        Mode::Transpiled => transpiled(source, check),
    }
}

fn raw(
    source: &str,
    check: impl FnOnce(&str) -> Result<Nesting, ScriptError>,
) -> Result<Compiled, ScriptError> {
    let wrapped = format!("{OPEN}{source}}})");
    let open = u32::try_from(OPEN.len()).unwrap_or_default();
    let shifted = |mut error: ScriptError| {
        if error.line == 1 {
            error.column = error.column.saturating_sub(open).max(1);
        }
        error
    };
    let nesting =
        check(&wrapped).map_err(|error| shifted(placed(&wrapped, error, SourceType::script())))?;
    let read = parse::with(&wrapped, SourceType::script(), nesting, |script| {
        let read = || (imports(script), redeclared(script, 1));
        refused(script).map_or_else(|| Ok(read()), Err)
    });
    let Some(read) = read else {
        return Ok(Compiled::plain(source));
    };
    let (edited, mut redeclared) = read.map_err(shifted)?;
    if let Some((_, at)) = &mut redeclared
        && at.line == 1
    {
        at.column = at.column.saturating_sub(open).max(1);
    }
    let program = edited.and_then(|program| {
        let inside = program.strip_prefix(OPEN)?.strip_suffix("})")?;
        Some(inside.to_owned())
    });
    Ok(Compiled {
        redeclared,
        ..Compiled::plain(program.as_deref().unwrap_or(source))
    })
}

/// Whether the engine misses a declaration: of a private name, or of what is exported. By then it has read the whole script.
fn is_missing(error: &ScriptError) -> bool {
    error.message.contains("private") || error.message.contains("export")
}

/// The same error with its place, if the engine named none.
fn placed(source: &str, error: ScriptError, goal: SourceType) -> ScriptError {
    if error.line > 0 {
        return error;
    }
    if is_missing(&error) {
        let refused = parse::with(source, goal, Nesting::Deep, refused);
        return refused.flatten().unwrap_or(error);
    }
    match parse::refused_regex(source, &error.message) {
        Some(at) => ScriptError {
            line: at.line,
            column: at.column,
            ..error
        },
        None => error,
    }
}

/// Why the parser refuses what the engine accepts.
fn refused(script: &Script<'_>) -> Option<ScriptError> {
    let semantic = || {
        let built = SemanticBuilder::new()
            .with_check_syntax_error(true)
            .build(&script.parsed.program);
        built.diagnostics.into_iter().next()
    };
    let first = script
        .parsed
        .diagnostics
        .first()
        .cloned()
        .or_else(semantic)?;
    let label = first.labels.first();
    let at = label.map(|label| script.spot(label.offset()));
    Some(ScriptError {
        message: first.message.to_string(),
        line: at.map_or(0, |at| at.line),
        column: at.map_or(0, |at| at.column),
    })
}

/// The first name of the server's program that the script declares at its top, so many scopes below the root.
fn redeclared(script: &Script<'_>, depth: usize) -> Option<(String, Spot)> {
    if !DECLARED.iter().any(|name| script.source.contains(name)) {
        return None;
    }
    let built = SemanticBuilder::new().build(&script.parsed.program);
    let scoping = built.semantic.scoping();
    let symbols = scoping.symbol_ids().filter(|symbol| {
        let scope = scoping.symbol_scope_id(*symbol);
        DECLARED.contains(&scoping.symbol_name(*symbol))
            && scoping.scope_ancestors(scope).count() == depth + 1
    });
    let found = symbols.map(|symbol| (scoping.symbol_span(symbol).start, symbol));
    let (start, symbol) = found.min_by_key(|(start, _)| *start)?;
    Some((scoping.symbol_name(symbol).to_owned(), script.spot(start)))
}

/// The text with other names for `import()`, if there is one.
fn imports(script: &Script<'_>) -> Option<String> {
    if !script.source.contains("import") {
        return None;
    }
    let built = SemanticBuilder::new()
        .with_build_nodes(true)
        .build(&script.parsed.program);
    let nodes = built.semantic.nodes();
    let mut edits = Edits::default();
    for node in nodes.iter() {
        if let AstKind::ImportExpression(import) = node.kind() {
            edits.import(import.span);
        }
    }
    Some(edits.apply(script.source))
}

fn transpiled(
    source: &str,
    check: impl FnOnce(&str) -> Result<Nesting, ScriptError>,
) -> Result<Compiled, ScriptError> {
    let nesting = match check(source) {
        Ok(nesting) => nesting,
        // Babel does not look into regular expressions: the script is stored, and fails when it is loaded. The engine names no
        // place for them, nor for what is not declared.
        Err(error) if error.line == 0 && !is_missing(&error) => return Ok(Compiled::plain(source)),
        Err(error) => return Err(placed(source, error, SourceType::mjs())),
    };
    let read = parse::with(source, SourceType::mjs(), nesting, |script| {
        refused(script).map_or_else(|| Ok(transpile::transpile(script)), Err)
    });
    read.unwrap_or_else(|| {
        Err(ScriptError::unplaced(
            "the script is too large to be looked at",
        ))
    })
}
