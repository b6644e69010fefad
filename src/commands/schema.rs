//! `rcsync schema`: print a JSON Schema.

use super::terminal;
use crate::cli::{SchemaArgs, SchemaOf};
use crate::exit::Exit;
use crate::manifest;
use crate::observed::Snapshot;
use crate::report::{DoctorReport, PlanReport, RunReport, diagnostics};
use crate::urls::Listing;

/// Prints it.
pub(super) fn run(args: &SchemaArgs) -> Exit {
    terminal::out(&text(args.of));
    Exit::Done
}

/// The schema as it is printed, and as it stands in `schema/`.
pub(super) fn text(of: SchemaOf) -> String {
    let schema = match of {
        SchemaOf::Manifest => manifest::schema(),
        SchemaOf::Snapshot => crate::schema::of_written::<Snapshot>(),
        SchemaOf::Diagnostics => crate::schema::of_written::<diagnostics::json::Problems>(),
        SchemaOf::Urls => crate::schema::of_written::<Listing>(),
        SchemaOf::Doctor => crate::schema::of_written::<DoctorReport>(),
        SchemaOf::Plan => crate::schema::of_written::<PlanReport>(),
        SchemaOf::Report => crate::schema::of_written::<RunReport>(),
    };
    format!("{schema:#}\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::ValueEnum;

    use super::*;

    #[test]
    fn the_committed_schemas_are_those_that_are_printed() {
        for of in SchemaOf::value_variants() {
            let value = of.to_possible_value().unwrap();
            let name = value.get_name();
            let path = format!("schema/{name}.schema.json");
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                committed == text(*of),
                "{path} is stale; to rewrite it: cargo run -- schema {name} > {path}"
            );
        }
    }
}
