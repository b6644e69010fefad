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
use clap::{Arg, ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
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

/// Keeps a Rocket.Chat server's webhook integrations as code
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
    /// Log each request to standard error, and list unmanaged records; twice, with headers and bodies, secrets masked
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = "Terminal")]
    pub(crate) verbose: u8,

    /// Say nothing on standard error but errors: no notes, warnings or progress
    #[arg(
        short,
        long,
        conflicts_with = "verbose",
        global = true,
        help_heading = "Terminal"
    )]
    pub(crate) quiet: bool,

    /// Use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto, global = true, help_heading = "Terminal")]
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
    /// Write a first manifest, with its schema and, if asked, a pipeline
    #[command(after_help = init::EXAMPLES)]
    Init(InitArgs),
    /// Check manifests without a server: all problems of all files at once
    #[command(after_help = VALIDATE)]
    Validate(ValidateArgs),
    /// Show what would change on the server, and change nothing
    #[command(visible_alias = "diff", after_help = PLAN)]
    Plan(PlanArgs),
    /// Make the server's integrations what the manifests ask for
    #[command(after_help = APPLY)]
    Apply(ApplyArgs),
    /// Show a saved plan again, in any format
    #[command(after_help = output::EXAMPLES)]
    Show(ShowArgs),
    /// Write what the server has as a manifest, so that a plan of it is empty
    #[command(visible_alias = "dump", after_help = export::EXAMPLES)]
    Export(ExportArgs),
    /// Keep what the server has in a file without secrets, for plans without credentials
    #[command(after_help = snapshot::EXAMPLES)]
    Snapshot(SnapshotArgs),
    /// Tell the URLs of incoming webhooks: secrets, shown because you ask for them
    #[command(after_help = urls::EXAMPLES)]
    Urls(UrlsArgs),
    /// Look what stands between you and a first plan
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(DoctorArgs),
    /// Print a JSON Schema
    #[command(after_help = SCHEMA)]
    Schema(SchemaArgs),
    /// Serve an imitation of Rocket.Chat's integration endpoints on this machine
    #[command(after_help = sandbox::EXAMPLES)]
    Sandbox(SandboxArgs),
    /// Print what makes a shell complete rcsync's commands and flags
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
  rcsync validate chat/ --fix                quotes and names put right, after showing the lines
  rcsync validate chat/ --format github      annotations beside the lines of a pull request";

const PLAN: &str = "\
Examples:
  rcsync plan chat/                          what an apply would do
  rcsync plan chat/ --sandbox                the same on the sandbox inside: no server needed
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

    /// How the problems are told: `text` on standard error, the others on standard output
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,

    /// Apply the suggestions that are certain: shows the lines that change, asks, and checks again
    #[arg(long, conflicts_with = "format")]
    pub(crate) fix: bool,

    /// Check scripts as this version of the server runs them; without it, as the newest that is known
    #[arg(long, value_name = "MAJOR.MINOR", value_parser = version)]
    pub(crate) server_version: Option<Version>,

    /// With `--fix`: write without asking
    #[arg(long, requires = "fix")]
    pub(crate) yes: bool,
}

fn version(text: &str) -> Result<Version, &'static str> {
    Version::parse(text).ok_or("write it as `8.6`")
}

/// How standard output looks
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    /// Workflow commands of GitHub Actions: annotations beside the lines
    Github,
}

/// How standard output looks
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

    #[command(flatten)]
    pub(crate) server: ServerArgs,

    /// Plan from a snapshot (`rcsync snapshot`): no server, no credentials; secrets are not compared
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "user_id", "auth_token_file", "user", "password_file", "sandbox"])]
    pub(crate) state: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,

    /// Plan as if the server were of this version, to see what an upgrade would bring
    #[arg(long, value_name = "MAJOR.MINOR")]
    pub(crate) server_version: Option<String>,

    /// Exit with 2 when there are changes, conditions or blocked entries
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,

    /// Exit with 2 when there is drift, something blocked, or any change; several, with commas between them. With --base,
    /// what this change of the manifests did not bring counts as drift alone
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub(crate) fail_on: Vec<FailOn>,

    /// Label each change: from this change of the manifests, or already drifting? The base is what they were before:
    /// a git revision, or a folder that holds the same paths
    #[arg(long, value_name = "GITREF|DIR")]
    pub(crate) base: Option<String>,

    /// For which integrations whom they post as and where they post to is looked up
    #[arg(long, value_name = "WHEN", value_parser = preflights(), default_value = "auto")]
    pub(crate) preflight: Preflight,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// What a plan fails on
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// What does not come from this change of the manifests; without --base, everything
    Drift,
    /// An entry that cannot be made so: its user or room is missing, say
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

/// The same for parsing: `plan --yes` is told apart from a slip of the pen
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
    /// Apply a saved plan (`plan --out FILE.json`): plan anew, and go on, without asking, only if the result is the same.
    /// The paths are those that it names, unless others are given
    #[arg(long, value_name = "FILE", conflicts_with = "preflight")]
    pub(crate) plan: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) manifests: ManifestArgs,

    #[command(flatten)]
    pub(crate) server: ServerArgs,

    #[command(flatten)]
    pub(crate) narrow: NarrowArgs,

    /// Do not ask before changing anything. Where there is no terminal to ask on, an apply is refused without it, but for
    /// --plan and --sandbox
    #[arg(short, long, visible_alias = "auto-approve")]
    pub(crate) yes: bool,

    /// Plan only: the same as `rcsync plan`
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// For which integrations whom they post as and where they post to is looked up
    #[arg(long, value_name = "WHEN", value_parser = preflights(), default_value = "auto")]
    pub(crate) preflight: Preflight,

    /// Say first what will be made that this change of the manifests does not bring. The base is what they were before:
    /// a git revision, or a folder that holds the same paths. A commit that git does not know is a warning
    #[arg(long, value_name = "GITREF|DIR")]
    pub(crate) base: Option<String>,

    /// Begin nothing new after the first failure
    #[arg(long)]
    pub(crate) fail_fast: bool,

    /// Write what became of each change into FILE, as JSON
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) report: Option<PathBuf>,

    /// How many writes may be in flight at once [default: as many as the server bears, 64 at the most]
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<NonZeroU8>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The flags of `rcsync schema`
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// Of what
    #[arg(value_enum, default_value_t = SchemaOf::Manifest)]
    pub(crate) of: SchemaOf,
}

/// What there are schemas of
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
    /// Files, folders (all *.yaml and *.yml in them), or - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,

    /// Folder that script files must stay below; by default the folder given, or that of the file given
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,

    /// Value of `${var.NAME}`; shown in plans (environment: RCSYNC_VAR_NAME)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) var: Vec<String>,

    /// YAML file of variables, `name: value`
    #[arg(long, value_name = "FILE")]
    pub(crate) var_file: Vec<PathBuf>,

    /// YAML file of the values of `${secret.NAME}`, never shown (environment: RCSYNC_SECRET_NAME)
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Vec<PathBuf>,

    /// Refuse what would otherwise be a warning
    #[arg(long)]
    pub(crate) strict: bool,
}
