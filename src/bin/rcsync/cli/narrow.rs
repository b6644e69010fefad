//! The flags that say which part of a plan a run is about, and which hold they lift.

use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use rcsync::integration::Kind;

/// Which part of a plan a run is about
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NarrowArgs {
    /// Only integrations of this name, `*` for any text and `?` for any character; may be repeated
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub(crate) only: Vec<String>,

    /// Not integrations of this name, `*` for any text and `?` for any character; may be repeated
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub(crate) exclude: Vec<String>,

    /// Go on though `--only` or `--exclude` matches nothing
    #[arg(long, help_heading = "Selection")]
    pub(crate) allow_empty: bool,

    /// Only integrations of this type
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_parser = kinds(),
        help_heading = "Selection"
    )]
    pub(crate) kind: Option<Kind>,

    /// Create what is missing, and change nothing that is there
    #[arg(long, help_heading = "Selection")]
    pub(crate) create_only: bool,

    /// Delete nothing
    #[arg(long, help_heading = "Selection")]
    pub(crate) no_delete: bool,

    /// Leave records that no entry names alone, whatever `settings.prune` says
    #[arg(long, help_heading = "Selection")]
    pub(crate) no_prune: bool,

    /// Let `settings.prune: delete` delete incoming webhooks that are switched on, in one step
    #[arg(long, help_heading = "Holds")]
    pub(crate) allow_url_loss: bool,

    /// Write integrations of this name though their scripts break in the strict mode of Rocket.Chat 9.0, `*` for any text; may be
    /// repeated
    #[arg(long, value_name = "GLOB", help_heading = "Holds")]
    pub(crate) allow_strict_switch: Vec<String>,

    /// Of several integrations of one type and name that are equal in everything and were never updated, delete all but
    /// the oldest
    #[arg(long, help_heading = "Holds")]
    pub(crate) remove_duplicates: bool,

    /// Create and prune though this account does not see what others made
    #[arg(long, help_heading = "Holds")]
    pub(crate) allow_partial_view: bool,
}

/// The choices of `--type`
fn kinds() -> impl TypedValueParser<Value = Kind> {
    super::choices(Kind::ALL.map(|it| {
        let word = PossibleValue::new(it.word()).alias(it.wire());
        word.help(match it {
            Kind::Incoming => "Others post to Rocket.Chat",
            Kind::Outgoing => "Rocket.Chat calls others",
        })
    }))
}
