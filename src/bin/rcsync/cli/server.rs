//! Which server, as whom, and over what.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

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
    /// URL of the server [env: RCSYNC_URL]
    ///
    /// With its path, if the workspace is served below one.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: Option<String>,

    /// Id of the user whose token RCSYNC_AUTH_TOKEN holds [env: RCSYNC_USER_ID]
    #[arg(long, value_name = "ID")]
    pub(crate) user_id: Option<String>,

    /// File that holds the access token [env: RCSYNC_AUTH_TOKEN_FILE]
    ///
    /// The token itself is only read from the environment: RCSYNC_AUTH_TOKEN.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) auth_token_file: Option<PathBuf>,

    /// Log in as this user with a password instead of a token, and log out at the end [env: RCSYNC_USER]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["user_id", "auth_token_file"], hide_short_help = true)]
    pub(crate) user: Option<String>,

    /// File that holds the password of --user [env: RCSYNC_PASSWORD_FILE]
    ///
    /// The password itself is only read from the environment: RCSYNC_PASSWORD.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user_id", "auth_token_file"], hide_short_help = true)]
    pub(crate) password_file: Option<PathBuf>,

    /// Use a built-in sandbox instead of a server
    ///
    /// Its state is kept in FILE.
    #[arg(
        long,
        value_name = "FILE",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ".rcsync/sandbox.jsonl",
        conflicts_with_all = ["url", "user_id", "auth_token_file", "user", "password_file"])]
    pub(crate) sandbox: Option<PathBuf>,

    /// Trust the certificates in this PEM file in addition to those of the system [env: RCSYNC_CA_FILE]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) ca_file: Option<PathBuf>,

    /// Allow plain http to a server on another machine: anyone in between can read the credentials
    #[arg(long, hide_short_help = true)]
    pub(crate) insecure_http: bool,

    /// Timeout for connecting, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..), hide_short_help = true)]
    pub(crate) connect_timeout: u16,

    /// Timeout for the next bytes of an answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..), hide_short_help = true)]
    pub(crate) read_timeout: u16,

    /// Timeout for a whole request, in seconds; a create without an answer is looked for as long
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..), hide_short_help = true)]
    pub(crate) timeout: u16,

    /// Longest wait for the server's rate limit: `90s`, `10m`, `2h`
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration, hide_short_help = true)]
    pub(crate) wait: Duration,

    /// Retries after connection failures, timeouts and 502, 503 or 504. A create is only retried if it was not sent
    #[arg(long, value_name = "N", default_value_t = 3, hide_short_help = true)]
    pub(crate) retries: u16,
}
