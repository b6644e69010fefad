//! `rcsync schema`: print a JSON Schema.

use crate::cli::{SchemaArgs, SchemaOf};
use crate::exit::Exit;
use crate::terminal;
use rcsync::manifest;
use rcsync::observed::Snapshot;
use rcsync::report::{DoctorReport, PlanReport, RunReport, diagnostics};
use rcsync::urls::Listing;

/// Prints it.
pub(super) fn run(args: &SchemaArgs) -> Exit {
    terminal::out(&text(args.of));
    Exit::Done
}

/// The schema as it is printed, and as it is in `schema/`.
pub(super) fn text(of: SchemaOf) -> String {
    let schema = match of {
        SchemaOf::Manifest => manifest::schema(),
        SchemaOf::Snapshot => rcsync::schema::of_written::<Snapshot>(),
        SchemaOf::Diagnostics => rcsync::schema::of_written::<diagnostics::json::Problems>(),
        SchemaOf::Urls => rcsync::schema::of_written::<Listing>(),
        SchemaOf::Doctor => rcsync::schema::of_written::<DoctorReport>(),
        SchemaOf::Plan => rcsync::schema::of_written::<PlanReport>(),
        SchemaOf::Report => rcsync::schema::of_written::<RunReport>(),
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
            if std::env::var_os("INSTA_UPDATE").is_some_and(|it| it == "always") {
                fs::write(&path, text(*of)).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                committed == text(*of),
                "{path} is stale; INSTA_UPDATE=always cargo test rewrites it"
            );
        }
    }
}
