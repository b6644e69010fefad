//! Words of other tools: what they are called here, or what is done in their place.

use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};

/// Commands.
const COMMANDS: [(&[&str], &str); 11] = [
    (
        &["import", "pull", "dump"],
        "`rcsync export` writes what a server has as a manifest; an entry finds its record by type and name",
    ),
    (
        &["sync", "up", "deploy", "push", "create", "update"],
        "`rcsync apply` makes a server be as the manifests say",
    ),
    (
        &["destroy", "delete", "rm", "down"],
        "to delete a webhook, write `state: absent` in its entry and apply",
    ),
    (
        &["taint", "replace"],
        "to make a webhook anew, apply its entry with `state: absent`, and then without: its URL will be another",
    ),
    (
        &["refresh", "get", "list", "state"],
        "every plan reads the server; `rcsync snapshot` keeps what it has, `rcsync urls` lists URLs",
    ),
    (
        &["check", "lint", "test", "verify"],
        "`rcsync validate` checks manifests without a server",
    ),
    (
        &["preview", "dry-run", "status"],
        "`rcsync plan` shows what would change, and changes nothing",
    ),
    (
        &["login", "auth", "logout"],
        "credentials are variables of the environment: see `rcsync doctor`",
    ),
    (
        &["fmt", "format"],
        "manifests are YAML: any formatter of YAML does",
    ),
    (&["output"], "`rcsync urls` tells the URLs of webhooks"),
    (&["version"], "write `rcsync --version`"),
];

/// Flags.
const FLAGS: [(&[&str], &str); 13] = [
    (
        &["--token", "--auth-token", "--api-key"],
        "set RCSYNC_AUTH_TOKEN, or give `--auth-token-file FILE`: what stands on a command line is seen by others",
    ),
    (
        &["--password"],
        "set RCSYNC_PASSWORD, or give `--password-file FILE`: what stands on a command line is seen by others",
    ),
    (
        &["--target", "--filter", "--select", "--name"],
        "write `--only NAME`",
    ),
    (&["--json"], "write `--format json`"),
    (
        &["--dry-run", "--check", "--diff", "--noop"],
        "`rcsync plan` shows what would change, and changes nothing",
    ),
    // As Terraform writes it, `-auto-approve` reads like several short flags.
    (&["--auto-approve", "--force", "-y", "-a"], "write `--yes`"),
    (
        &["-f", "--file", "--filename", "--state-file"],
        "name the manifests without a flag",
    ),
    (
        &["-o", "--output"],
        "write `--format` for the form and `--out FILE` for a file",
    ),
    (
        &["--parallelism", "--parallel", "--workers"],
        "write `--concurrency N`",
    ),
    (
        &["--server", "--host", "--endpoint"],
        "write `--url`, or set RCSYNC_URL",
    ),
    (&["--username"], "write `--user`, or set RCSYNC_USER"),
    (&["--env", "--set"], "write `--var NAME=VALUE`"),
    (
        &[
            "--insecure",
            "-k",
            "--no-verify",
            "--skip-verify",
            "--insecure-skip-tls-verify",
        ],
        "certificates are always checked: `--ca-file FILE` trusts those of your own authority",
    ),
];

/// Adds what is meant to an error about a word of another tool, instead of one that only looks like it.
pub(crate) fn explained(mut error: Error) -> Error {
    let told = |kind| match error.get(kind) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let find = |word: &str, table: &[(&[&str], &'static str)]| {
        let word = word.split('=').next().unwrap_or_default();
        let row = table.iter().find(|(words, _)| words.contains(&word));
        row.map(|(_, meant)| *meant)
    };
    let command = told(ContextKind::InvalidSubcommand).and_then(|word| find(word, &COMMANDS));
    let flag = || told(ContextKind::InvalidArg).and_then(|word| find(word, &FLAGS));
    if let Some(meant) = command.or_else(flag) {
        for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg] {
            error.remove(kind);
        }
        let meant = StyledStr::from(meant);
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![meant]),
        );
    }
    error
}
