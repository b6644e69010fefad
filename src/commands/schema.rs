//! `rcsync schema`: print a JSON Schema.

use super::terminal;
use crate::cli::{SchemaArgs, SchemaOf};
use crate::exit::Exit;
use crate::manifest;
use crate::report::diagnostics;

/// Prints it.
pub(super) fn run(args: &SchemaArgs) -> Exit {
    let schema = match args.of {
        SchemaOf::Manifest => manifest::schema(),
        SchemaOf::Diagnostics => crate::schema::of::<diagnostics::json::Problems>(),
    };
    terminal::out(&format!("{schema:#}\n"));
    Exit::Done
}
