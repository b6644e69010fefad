//! What is made of the command line's own definition: completions for shells, and man pages.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

pub(super) const COMPLETIONS: &str = "\
Examples:
  rcsync completions bash > ~/.local/share/bash-completion/completions/rcsync
  rcsync completions zsh > ~/.zfunc/_rcsync
  rcsync completions fish > ~/.config/fish/completions/rcsync.fish";

pub(super) const MAN: &str = "\
Examples:
  rcsync man | man -l -                      this program's page
  rcsync man plan | man -l -                 a command's page
  rcsync man --out ~/.local/share/man/man1   all of them";

/// The flags of `rcsync completions`
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// The flags of `rcsync man`
#[derive(Args, Debug)]
pub(crate) struct ManArgs {
    /// Command [default: rcsync itself]
    #[arg(value_name = "COMMAND", conflicts_with = "out")]
    pub(crate) command: Option<String>,

    /// Write the pages of all commands to a folder, replacing existing ones
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// A man page: the name of its file, and its text.
pub(crate) type Page = (String, Vec<u8>);

/// The completions for a shell.
pub(crate) fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut super::command(), "rcsync", &mut script);
    script
}

/// The man pages: of rcsync, then of each command.
///
/// # Errors
/// None that a page in memory could cause.
pub(crate) fn pages() -> io::Result<Vec<Page>> {
    let mut whole = super::command();
    // Gives each command its full name, and the flags that all of them have.
    whole.build();
    let commands = whole.get_subcommands().filter(|it| it.get_name() != "help");
    let all = std::iter::once(&whole).chain(commands);
    all.map(|command| page(command.clone())).collect()
}

/// What a page says of the environment, where a server is reached.
const ENVIRONMENT: [(&str, &str); 11] = [
    ("RCSYNC_URL", "the server"),
    ("RCSYNC_USER_ID", "the id of the user"),
    ("RCSYNC_AUTH_TOKEN", "the access token of that user"),
    ("RCSYNC_AUTH_TOKEN_FILE", "a file that holds the token"),
    (
        "RCSYNC_USER",
        "instead of a token: a username or e-mail address",
    ),
    ("RCSYNC_PASSWORD", "the password of that user"),
    ("RCSYNC_PASSWORD_FILE", "a file that holds the password"),
    (
        "RCSYNC_CA_FILE",
        "certificates (PEM) to trust in addition to the system's",
    ),
    ("RCSYNC_VAR_NAME", "the value of ${var.NAME}"),
    ("RCSYNC_SECRET_NAME", "the value of ${secret.NAME}"),
    ("NO_COLOR", "no colour"),
];

/// The page of one command: what clap makes, with examples and exit codes as sections of their own.
fn page(command: Command) -> io::Result<Page> {
    let after = command.get_after_help().map(ToString::to_string);
    let has_commands = command.has_subcommands();
    let talks = command.get_arguments().any(|arg| arg.get_id() == "url");
    // What a summary hides is on the page.
    let command = command.mut_args(|arg| arg.hide_short_help(false));
    let man = Man::new(command.version(env!("CARGO_PKG_VERSION")))
        .source(concat!("rcsync ", env!("CARGO_PKG_VERSION")))
        .manual("rcsync");
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if has_commands {
        man.render_subcommands_section(&mut text)?;
    }
    let mut sections = Roff::new();
    for part in after.as_deref().unwrap_or_default().split("\n\n") {
        if let Some(lines) = part.strip_prefix("Examples:\n") {
            sections.control("SH", ["EXAMPLES"]).control("nf", []);
            for line in lines.lines() {
                sections.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
            sections.control("fi", []);
        } else if let Some(codes) = part.strip_prefix("Exit codes: ") {
            sections.control("SH", ["EXIT STATUS"]);
            sections.text([roman(codes.replace('\n', " "))]);
        } else if !part.is_empty() {
            sections.control("SH", ["NOTES"]);
            sections.text([roman(part.replace('\n', " "))]);
        }
    }
    if talks {
        sections.control("SH", ["ENVIRONMENT"]);
        for (name, meaning) in ENVIRONMENT {
            sections.control("TP", []);
            sections.text([bold(name)]).text([roman(meaning)]);
        }
    }
    sections.to_writer(&mut text)?;
    Ok((man.get_filename(), text))
}
