//! What is made of the command line's own definition: completions for shells, and man pages.

use std::io;
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;

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
    all.map(|command| {
        let man = Man::new(command.clone().version(env!("CARGO_PKG_VERSION")));
        let mut text = Vec::new();
        man.render(&mut text)?;
        Ok((man.get_filename(), text))
    })
    .collect()
}
