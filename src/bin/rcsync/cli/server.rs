//! Which server, as whom, and over what.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// A whole number of seconds, minutes or hours.
fn duration(text: &str) -> Result<Duration, &'static str> {
    let expected = "a number and `s`, `m` or `h`, up to 24 hours: `90s`, `10m`, `2h`";
    let digits = text.trim_end_matches(|it: char| !it.is_ascii_digit());
    let unit = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(expected),
    };
    let seconds = digits
        .parse::<u64>()
        .ok()
        .and_then(|it| it.checked_mul(unit));
    let seconds = seconds.filter(|it| *it <= 24 * 3600).ok_or(expected)?;
    Ok(Duration::from_secs(seconds))
}

/// Which server, and as whom
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerArgs {
    /// Address of the server, with the path it lives under (environment: RCSYNC_URL)
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,

    /// Id of the user that the token belongs to (environment: RCSYNC_USER_ID)
    #[arg(long, value_name = "ID")]
    pub(crate) user_id: Option<String>,

    /// File that holds the token; the token itself is taken from the environment only
    /// (environment: RCSYNC_AUTH_TOKEN_FILE, RCSYNC_AUTH_TOKEN)
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_token_file: Option<PathBuf>,

    /// Log in as this user, with a password in place of a token, and log out at the end (environment: RCSYNC_USER)
    #[arg(long, value_name = "NAME", conflicts_with_all = ["user_id", "auth_token_file"])]
    pub(crate) user: Option<String>,

    /// File that holds the password of --user; the password itself is taken from the environment only
    /// (environment: RCSYNC_PASSWORD_FILE, RCSYNC_PASSWORD)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user_id", "auth_token_file"])]
    pub(crate) password_file: Option<PathBuf>,

    /// Use a sandbox inside this process in place of a server; its state is kept in FILE
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ".rcsync/sandbox.jsonl",
        conflicts_with_all = ["url", "user_id", "auth_token_file", "user", "password_file"]
    )]
    pub(crate) sandbox: Option<PathBuf>,

    /// Trust the certificates in this PEM file, beside those of the system (environment: RCSYNC_CA_FILE)
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Send the credentials over plain http to a server that is not this machine: whoever is on the way can read them
    #[arg(long)]
    pub(crate) insecure_http: bool,

    /// Seconds until there is a connection
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) connect_timeout: u16,

    /// Seconds that the server may be silent
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) read_timeout: u16,

    /// Seconds that a request may take in all, and that a create without an answer is looked for
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) timeout: u16,

    /// How long a request waits where the server's rate limit refuses it until then: `90s`, `10m`, `2h`
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(crate) wait: Duration,

    /// How often a request is sent again that found no server, no answer or a proxy's 502, 503 or 504; a create only
    /// if it was not sent
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) retries: u16,
}
