//! Whether an apply may change a server: it was told so, or there is a terminal to ask on.

use std::env;
use std::ffi::OsString;

use super::failure::Failure;
use crate::cli::ApplyArgs;
use crate::exit::Exit;
use crate::terminal;
use rocketchat_client::escape;

/// Whether the changes are approved without a question.
pub(super) fn is_given(args: &ApplyArgs) -> bool {
    // A saved plan is one that was reviewed. A sandbox in this process holds nothing that anybody would miss; one that is
    // reached by its address is a server like any other.
    args.yes || args.plan.is_some() || args.server.sandbox.is_some()
}

/// Whether a run may begin: it changes nothing, is approved, or can ask.
pub(super) fn is_possible(args: &ApplyArgs) -> bool {
    args.dry_run || is_given(args) || terminal::can_ask()
}

/// That nobody can be asked, with the command line that needs no answer.
pub(super) fn missing() -> Failure {
    let help = match approved(env::args_os()) {
        Some(line) => format!("to apply without being asked, run: {line}"),
        None => "to apply without being asked, add `--yes`".to_owned(),
    };
    Failure::new(
        Exit::Refused,
        "apply asks before it changes a server, and there is no terminal to ask on; nothing was sent",
        Some(&help),
    )
}

/// A command line with `--yes`, quoted for a shell; `None` if it cannot be shown as it is.
fn approved(args: impl Iterator<Item = OsString>) -> Option<String> {
    let mut words = Vec::new();
    for arg in args {
        let arg = arg.into_string().ok()?;
        // `<(command)` was replaced by the shell, by a name that means nothing in another run.
        if escape::contains_control_or_bidi(&arg) || arg.contains("/dev/fd/") {
            return None;
        }
        words.push(escape::shell(&arg));
    }
    // What follows `--` is a path, whatever it looks like.
    let end = words.iter().position(|word| word == "--");
    words.insert(end.unwrap_or(words.len()), "--yes".to_owned());
    Some(words.join(" "))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn line(args: &[&str]) -> Option<String> {
        approved(args.iter().map(OsString::from))
    }

    #[test]
    fn the_command_line_is_the_users_own_with_yes() {
        for (args, shown) in [
            (
                &["rcsync", "apply", "chat/"][..],
                "rcsync apply chat/ --yes",
            ),
            (
                &["./rcsync", "-q", "apply", "my chat", "--only", "pay-*"],
                "./rcsync -q apply 'my chat' --only 'pay-*' --yes",
            ),
            (
                &["rcsync", "apply", "--var", "a=it's $HOME", "x", "--out", ""],
                r"rcsync apply --var 'a=it'\''s $HOME' x --out '' --yes",
            ),
            (
                &[
                    "rcsync",
                    "apply",
                    "--user",
                    "ann",
                    "--password-file",
                    "~/p",
                    "--",
                    "-x",
                    "--",
                ],
                "rcsync apply --user ann --password-file '~/p' --yes -- -x --",
            ),
        ] {
            assert_eq!(line(args).as_deref(), Some(shown));
        }
    }

    #[test]
    fn what_cannot_be_shown_as_it_is_is_not_shown() {
        assert_eq!(line(&["rcsync", "apply", "a\u{1b}[1m"]), None);
        assert_eq!(line(&["rcsync", "apply", "a\nb"]), None);
        assert_eq!(line(&["rcsync", "apply", "--ca-file=/dev/fd/63"]), None);
        let unreadable = ["rcsync".into(), OsString::from_vec(vec![0xff])];
        assert_eq!(approved(unreadable.into_iter()), None);
    }
}
