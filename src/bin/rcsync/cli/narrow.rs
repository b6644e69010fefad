//! The flags that select a part of a plan, and those that lift a safety check.

use clap::Args;
use clap::builder::{PossibleValue, TypedValueParser};
use rcsync::integration::Kind;

/// Which part of a plan a run is about
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct NarrowArgs {
    /// Only integrations with this name (repeatable)
    ///
    /// `*` matches any text and `?` any character.
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    pub(crate) only: Vec<String>,

    /// All integrations except those with this name (repeatable)
    ///
    /// `*` matches any text and `?` any character.
    #[arg(
        long,
        value_name = "GLOB",
        help_heading = "Selection",
        hide_short_help = true
    )]
    pub(crate) exclude: Vec<String>,

    /// Continue if `--only` or `--exclude` matches nothing
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    pub(crate) allow_empty: bool,

    /// Only integrations of this type
    #[arg(
        long = "type",
        value_name = "TYPE",
        value_parser = kinds(),
        help_heading = "Selection",
        hide_short_help = true
    )]
    pub(crate) kind: Option<Kind>,

    /// Create what is missing, and change nothing that exists
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    pub(crate) create_only: bool,

    /// Delete nothing
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    pub(crate) no_delete: bool,

    /// Do not prune, whatever `settings.prune` says
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    pub(crate) no_prune: bool,

    /// Let `settings.prune: delete` delete enabled incoming webhooks in one step
    #[arg(long, help_heading = "Safety overrides", hide_short_help = true)]
    pub(crate) allow_url_loss: bool,

    /// Save integrations with this name even if their scripts break in the strict mode of Rocket.Chat 9.0 (repeatable)
    #[arg(
        long,
        value_name = "GLOB",
        help_heading = "Safety overrides",
        hide_short_help = true
    )]
    pub(crate) allow_strict_switch: Vec<String>,

    /// Delete duplicates, integrations of the same type and name that are equal in every field and were never updated,
    /// except the oldest
    #[arg(long, help_heading = "Safety overrides", hide_short_help = true)]
    pub(crate) remove_duplicates: bool,

    /// Create and prune even if this account only sees its own integrations
    #[arg(long, help_heading = "Safety overrides", hide_short_help = true)]
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
