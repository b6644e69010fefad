//! `rcsync completions` and `rcsync man`: what is made of the command line's own definition.

use super::files::{self, File, refused};
use super::terminal;
use crate::cli::{self, CompletionsArgs, ManArgs};
use crate::exit::Exit;

/// Prints the completions for a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    terminal::out(&String::from_utf8_lossy(&cli::completions(args.shell)));
    Exit::Done
}

/// Prints a man page, or writes all of them.
pub(super) fn man(args: &ManArgs) -> Exit {
    let pages = match cli::pages() {
        Ok(pages) => pages,
        Err(error) => {
            terminal::error(&format!("the pages cannot be made: {error}"), None);
            return Exit::Unexpected;
        }
    };
    let mut pages = pages
        .into_iter()
        .map(|(name, text)| (name, String::from_utf8_lossy(&text).into_owned()));
    if let Some(folder) = &args.out {
        let files = pages.map(|(name, text)| File {
            path: folder.join(name),
            text,
            secret: false,
        });
        let files: Vec<_> = files.collect();
        return match files::write(&files, true) {
            Ok(()) => {
                terminal::note(&format!(
                    "wrote {} pages into {}\n",
                    files.len(),
                    folder.display()
                ));
                Exit::Done
            }
            Err(why) => refused(Exit::Unexpected)(why).into(),
        };
    }
    let wanted = match &args.command {
        Some(command) => format!("rcsync-{command}.1"),
        None => "rcsync.1".to_owned(),
    };
    if let Some((_, text)) = pages.find(|(name, _)| *name == wanted) {
        terminal::out(&text);
        Exit::Done
    } else {
        terminal::error("there is no such command", Some("`rcsync help` lists them"));
        Exit::Invalid
    }
}
