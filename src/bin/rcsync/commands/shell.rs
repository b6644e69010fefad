//! `rcsync completions` and `rcsync man`: what is made of the command line's own definition.

use super::failure::Failure;
use super::files::{self, File, refused};
use crate::cli::{self, CompletionsArgs, ManArgs};
use crate::exit::Exit;
use crate::terminal;

/// Prints the completions for a shell.
pub(super) fn completions(args: &CompletionsArgs) -> Exit {
    terminal::out(&String::from_utf8_lossy(&cli::completions(args.shell)));
    Exit::Done
}

/// Prints a man page, or writes all of them.
pub(super) fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let pages = cli::pages().map_err(|error| {
        let message = format!("the pages cannot be made: {error}");
        Failure::new(Exit::Unexpected, &message, None)
    })?;
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
        files::write(&files, true).map_err(refused(Exit::Unexpected))?;
        let (number, folder) = (files.len(), folder.display());
        terminal::note(&format!("wrote {number} pages into {folder}\n"));
        return Ok(Exit::Done);
    }
    let wanted = match &args.command {
        Some(command) => format!("rcsync-{command}.1"),
        None => "rcsync.1".to_owned(),
    };
    let (_, text) = pages.find(|(name, _)| *name == wanted).ok_or_else(|| {
        let help = "`rcsync help` lists them";
        Failure::new(Exit::Invalid, "there is no such command", Some(help))
    })?;
    terminal::out(&text);
    Ok(Exit::Done)
}
