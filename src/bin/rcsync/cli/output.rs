//! How a plan is shown, and where else.

use std::path::PathBuf;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Args, ValueEnum, ValueHint};
use rcsync::report::{Budget, ScriptDiff};

/// How a plan is shown
#[derive(Args, Clone, Debug)]
pub(crate) struct OutputArgs {
    /// Format of standard output
    #[arg(long, value_enum, default_value_t = PlanFormat::Text, help_heading = "Output")]
    pub(crate) format: PlanFormat,

    /// Also write the plan to FILE: .txt, .md or .json (repeatable)
    ///
    /// It is written even if the run fails.
    #[arg(long, value_name = "FILE", value_parser = OutFile::parse, value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub(crate) out: Vec<OutFile>,

    /// Size limit of Markdown: `github` (a comment: 65536 characters), `step-summary` (1024 KiB),
    /// `gitlab` (1000000 characters), or a number of characters. What does not fit is left out and counted, creates
    /// first and deletes last
    #[arg(long, value_name = "WHERE", value_parser = Budget::parse, help_heading = "Output", hide_short_help = true)]
    pub(crate) budget: Option<Budget>,

    /// How much text and Markdown show of changed scripts
    #[arg(long, value_name = "HOW", value_parser = script_diffs(), default_value = "full", help_heading = "Output", hide_short_help = true)]
    pub(crate) script_diff: ScriptDiff,
}

/// How a plan looks
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    Text,
    /// For a comment on a pull request
    Markdown,
    /// For programs, and for `rcsync show`
    Json,
    /// Workflow commands of GitHub Actions: annotations at the lines
    Github,
}

/// The choices of `--script-diff`
fn script_diffs() -> impl TypedValueParser<Value = ScriptDiff> {
    super::choices(ScriptDiff::ALL.map(|it| {
        PossibleValue::new(it.word()).help(match it {
            ScriptDiff::Full => "The changed lines",
            ScriptDiff::Stat => "The number of added and removed lines",
            ScriptDiff::None => "Only that the script changes",
        })
    }))
}

/// A file to write a plan into
#[derive(Clone, Debug)]
pub(crate) struct OutFile {
    pub(crate) path: PathBuf,
    pub(crate) format: PlanFormat,
}

impl OutputArgs {
    /// Whether the plan is kept in a form that may be applied later.
    pub(crate) fn keeps_plan(&self) -> bool {
        let files = self.out.iter().map(|file| file.format);
        files.chain([self.format]).any(|it| it == PlanFormat::Json)
    }
}

impl OutFile {
    fn parse(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let ending = path.extension().and_then(|ending| ending.to_str());
        let format = match ending {
            Some("txt") => PlanFormat::Text,
            Some("md") => PlanFormat::Markdown,
            Some("json") => PlanFormat::Json,
            _ => return Err("its ending says the format: `.txt`, `.md` or `.json`".to_owned()),
        };
        Ok(Self { path, format })
    }
}

pub(super) const EXAMPLES: &str = "\
Examples:
  rcsync show plan.json                      as text, exactly as `plan` did
  rcsync show plan.json --format markdown --budget step-summary
  rcsync plan chat/ --format json | rcsync show - --format github";

/// The flags of `rcsync show`
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// What `plan --out FILE.json` or `plan --format json` wrote, or - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) plan: PathBuf,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
