//! The command line: clap types only. What a flag does is in `commands`.
//!
//! No flag reads the environment here: `--sandbox` wins over the environment and clashes with the flags, which clap
//! cannot tell apart.

#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help texts, which are no Markdown"
)]

mod doctor;
mod elsewhere;
mod export;
mod init;
mod narrow;
mod output;
mod sandbox;
mod server;
mod shell;
mod snapshot;
mod urls;

use std::num::NonZeroU8;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{
    PossibleValue, PossibleValuesParser, TypedValueParser, UnknownArgumentValueParser,
};
use clap::{Arg, ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};
use rcsync::integration::Version;
use rcsync::plan::Preflight;
use rcsync::words::NoSuchWord;

pub(crate) use doctor::DoctorArgs;
pub(crate) use elsewhere::explained;
pub(crate) use export::ExportArgs;
pub(crate) use init::{Ci, InitArgs};
pub(crate) use narrow::NarrowArgs;
pub(crate) use output::{OutputArgs, PlanFormat, ShowArgs};
pub(crate) use sandbox::SandboxArgs;
pub(crate) use server::ServerArgs;
pub(crate) use shell::{CompletionsArgs, ManArgs, completions, pages};
pub(crate) use snapshot::SnapshotArgs;
pub(crate) use urls::{UrlsArgs, UrlsFormat};

/// Manages the webhook integrations of a Rocket.Chat server as code
#[derive(Debug, Parser)]
#[command(name = "rcsync", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) terminal: TerminalArgs,
}

/// How rcsync talks
#[derive(Args, Debug)]
pub(crate) struct TerminalArgs {
    /// Log each request, and list unmanaged integrations
    ///
    /// Twice: with headers and bodies, secrets masked. The log goes to standard error.
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = "Terminal")]
    pub(crate) verbose: u8,

    /// No notes, warnings or progress on standard error
    #[arg(
        short,
        long,
        conflicts_with = "verbose",
        global = true,
        help_heading = "Terminal"
    )]
    pub(crate) quiet: bool,

    /// Use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, global = true, help_heading = "Terminal", hide_short_help = true)]
    pub(crate) color: When,
}

/// When to use colour
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What to do
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a first manifest with its schema, and optionally a CI pipeline
    #[command(after_help = init::EXAMPLES)]
    Init(InitArgs),
    /// Check manifests without a server, and report all problems at once
    #[command(after_help = VALIDATE)]
    Validate(ValidateArgs),
    /// Show what would change on the server, without changing it
    #[command(visible_alias = "diff", after_help = PLAN)]
    Plan(PlanArgs),
    /// Change the server's integrations to what the manifests say
    #[command(after_help = APPLY)]
    Apply(ApplyArgs),
    /// Show a saved plan again, in any format
    #[command(after_help = output::EXAMPLES)]
    Show(ShowArgs),
    /// Write the server's integrations as a manifest
    #[command(visible_alias = "dump", after_help = export::EXAMPLES)]
    Export(ExportArgs),
    /// Save the server's integrations to a file, for plans without credentials
    #[command(after_help = snapshot::EXAMPLES)]
    Snapshot(SnapshotArgs),
    /// Print webhook URLs (they are secrets)
    #[command(after_help = urls::EXAMPLES)]
    Urls(UrlsArgs),
    /// Check the connection, credentials and permissions
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(DoctorArgs),
    /// Print a JSON Schema
    #[command(after_help = SCHEMA)]
    Schema(SchemaArgs),
    /// Run a local server that behaves like Rocket.Chat's integration endpoints
    #[command(after_help = sandbox::EXAMPLES)]
    Sandbox(SandboxArgs),
    /// Print a shell completion script
    #[command(after_help = shell::COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the man page of rcsync, or of a command
    #[command(after_help = shell::MAN)]
    Man(ManArgs),
}

const VALIDATE: &str = "\
Examples:
  rcsync validate chat/                      all manifests of a folder, as one desired state
  rcsync validate chat/ --strict             in a pipeline: warnings are errors
  rcsync validate chat/ --fix                corrects quotes and names, after showing the lines
  rcsync validate chat/ --format github      annotations at the lines of a pull request";

const PLAN: &str = "\
Examples:
  rcsync plan chat/                          what an apply would do
  rcsync plan chat/ --sandbox                the same with the built-in sandbox: no server needed
  rcsync plan chat/ --state state.json --base origin/main --out plan.md --budget github
                                             in a pull request, without credentials
  rcsync plan chat/ --fail-on drift          every night

Exit codes: 0 done, 2 changes (where asked for), 3 invalid, 4 refused, 7 the server.";

const APPLY: &str = "\
Examples:
  rcsync apply chat/                         asks on a terminal, after showing the plan
  rcsync apply chat/ --yes --report run.json in a pipeline
  rcsync apply --plan plan.json              only if the saved plan still holds
  rcsync apply chat/ --only 'pay-*' --no-delete

Exit codes: 0 done, 3 invalid, 4 refused, 5 the saved plan is stale, 6 not all was done,
7 the server, 130 or 143 interrupted.";

const SCHEMA: &str = "\
Examples:
  rcsync schema > manifest.schema.json       for `# yaml-language-server: $schema=…`
  rcsync schema plan                         of what `plan --format json` prints";

/// The flags of `rcsync validate`
#[derive(Args, Debug)]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    /// Format of the problems: `text` on standard error, the others on standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Apply the suggestions that are certain, after showing the changed lines and asking
    #[arg(long, conflicts_with = "format")]
    pub(crate) fix: bool,

    /// Check scripts for this version of the server [default: the newest known]
    #[arg(long, value_name = "MAJOR.MINOR", value_parser = version)]
    pub(crate) server_version: Option<Version>,

    /// With `--fix`: write without asking
    #[arg(long, requires = "fix")]
    pub(crate) yes: bool,
}

fn version(text: &str) -> Result<Version, &'static str> {
    Version::parse(text).ok_or("write it as `8.6`")
}

/// Format of standard output
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// Workflow commands of GitHub Actions: annotations at the lines
    Github,
}

/// Format of standard output
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlainFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// The flags of `rcsync plan`
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    /// Plan from a snapshot (`rcsync snapshot`), without a server
    ///
    /// No credentials are needed, and secrets are not compared.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "user_id", "auth_token_file", "user", "password_file", "sandbox"])]
    pub(crate) state: Option<PathBuf>,

    /// Plan as if the server had this version
    #[arg(long, value_name = "MAJOR.MINOR")]
    pub(crate) server_version: Option<String>,

    /// Exit with 2 if there are changes, conditions or blocked entries
    #[arg(long, hide_short_help = true)]
    pub(crate) detailed_exitcode: bool,

    /// Exit with 2 if there is such a change (comma-separated)
    ///
    /// With --base, everything that does not come from this manifest change is drift.
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,

    /// Base manifests, to tell this change from drift
    ///
    /// A git revision, or a folder with the same paths. Each change is labelled as coming from this manifest change, or as
    /// drift.
    #[arg(long, value_name = "GITREF|DIR", value_hint = ValueHint::DirPath)]
    pub(crate) base: Option<String>,

    /// Which integrations' posting users and target rooms to check first
    #[arg(long, value_name = "WHEN", value_parser = preflights(), default_value = "auto", hide_short_help = true)]
    pub(crate) preflight: Preflight,

    // What follows has headings of its own.
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) server: ServerArgs,

    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What a plan fails on
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Everything that does not come from this manifest change; without --base, every change
    Drift,
    /// An entry that cannot be applied, for example because its user or room is missing
    Blocked,
    /// Any change, condition or blocked entry, like --detailed-exitcode
    Any,
}

/// The choices of `--preflight`
fn preflights() -> impl TypedValueParser<Value = Preflight> {
    choices(Preflight::ALL.map(|it| {
        PossibleValue::new(it.word()).help(match it {
            Preflight::Off => "Nothing",
            Preflight::Auto => {
                "For integrations that would be created or updated, and where records contradict each other"
            }
            Preflight::Full => "For all integrations of the manifests",
        })
    }))
}

/// Takes words of the library's, and shows them with what they mean
fn choices<T>(words: impl IntoIterator<Item = PossibleValue>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = NoSuchWord> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}

/// The command line, with what a derived one cannot say: `apply --plan` needs no paths
pub(crate) fn command() -> clap::Command {
    Cli::command().mut_subcommand("apply", |apply| {
        apply.mut_arg("paths", |paths| {
            paths.required(false).required_unless_present("plan")
        })
    })
}

/// The same for parsing: `plan --yes` is told apart from a typo
pub(crate) fn parser() -> clap::Command {
    let needless = UnknownArgumentValueParser::suggest(
        "a plan changes nothing, so nothing is asked: leave it out, or run `rcsync apply`",
    );
    let yes = Arg::new("needless-yes")
        .long("yes")
        .short('y')
        .alias("auto-approve")
        .action(ArgAction::SetTrue)
        .value_parser(needless)
        .hide(true);
    command().mut_subcommand("plan", |plan| plan.arg(yes))
}

/// The flags of `rcsync apply`
#[derive(Args, Clone, Debug)]
pub(crate) struct ApplyArgs {
    /// Apply a saved plan (`plan --out FILE.json`) if it still holds
    ///
    /// Plans again, and continues without asking if the result is the same. Uses the paths of the saved plan unless others
    /// are given.
    #[arg(long, value_name = "FILE", conflicts_with = "preflight")]
    pub(crate) plan: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    /// Do not ask before changing anything
    ///
    /// Required where there is no terminal, except with --plan and --sandbox.
    #[arg(short, long, visible_alias = "auto-approve")]
    pub(crate) yes: bool,

    /// Plan only: the same as `rcsync plan`
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Which integrations' posting users and target rooms to check first
    #[arg(long, value_name = "WHEN", value_parser = preflights(), default_value = "auto", hide_short_help = true)]
    pub(crate) preflight: Preflight,

    /// Base manifests, to tell this change from drift
    ///
    /// A git revision, or a folder with the same paths. The changes that do not come from this manifest change are listed
    /// first. A commit that git does not know is a warning.
    #[arg(long, value_name = "GITREF|DIR", value_hint = ValueHint::DirPath)]
    pub(crate) base: Option<String>,

    /// Start nothing new after the first failure
    #[arg(long, hide_short_help = true)]
    pub(crate) fail_fast: bool,

    /// Write the outcome of each change to FILE, as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) report: Option<PathBuf>,

    /// Number of concurrent writes [default: adapts to the server, at most 64]
    #[arg(long, value_name = "N", hide_short_help = true)]
    pub(crate) concurrency: Option<NonZeroU8>,

    // What follows has headings of its own.
    #[command(flatten, next_help_heading = "Connection")]
    pub(crate) server: ServerArgs,

    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The flags of `rcsync schema`
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// Which schema to print
    #[arg(value_enum, default_value_t = SchemaOf::Manifest)]
    pub(crate) of: SchemaOf,
}

/// Which schemas there are
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// What you write
    Manifest,
    /// What `validate --format json` prints
    Diagnostics,
    /// What `plan --format json` prints
    Plan,
    /// What `apply --report` writes
    Report,
    /// What `snapshot` writes
    Snapshot,
    /// What `urls --format json` prints
    Urls,
    /// What `doctor --format json` prints
    Doctor,
}

/// Which manifests, and what their variables stand for
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ManifestArgs {
    /// Files, folders (all their *.yaml and *.yml), or - for standard input
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<String>,

    /// Folder that script files must be in [default: the given folder, or the folder of the given file]
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    pub(crate) root: Option<PathBuf>,

    /// Value of `${var.NAME}`
    ///
    /// Plans show it. Environment: RCSYNC_VAR_NAME.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) var: Vec<String>,

    /// YAML file with values of `${var.NAME}`, as `NAME: value`
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) var_file: Vec<PathBuf>,

    /// YAML file with values of `${secret.NAME}`
    ///
    /// They are never shown. Environment: RCSYNC_SECRET_NAME.
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Vec<PathBuf>,

    /// Treat warnings as errors
    #[arg(long, hide_short_help = true)]
    pub(crate) strict: bool,
}
