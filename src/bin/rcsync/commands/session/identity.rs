//! Which server, and as whom: from the flags, else from the environment.

use std::env;
use std::path::{Path, PathBuf};

use crate::cli::ServerArgs;
use rcsync::problem::{Code, Problem};
use rcsync::source::bounded_file;
use rocketchat_client::secret::Secret;
use rocketchat_client::{Auth, BaseUrl, BaseUrlError, Credentials, Login};

/// The largest file of a token, a password or certificates, in bytes.
const LARGEST: usize = 1 << 20;

/// Something about how the server is to be reached.
pub(super) fn connection(message: impl Into<String>) -> Problem {
    Problem::new(Code("connection"), message)
}

/// A variable of the environment. An empty one is none.
fn from_env(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The address that is given, if any, whatever it is.
pub(super) fn address(args: &ServerArgs) -> Option<String> {
    args.url.clone().or_else(|| from_env("RCSYNC_URL"))
}

/// The server.
pub(super) fn server(args: &ServerArgs) -> Result<BaseUrl, Problem> {
    let url = address(args).ok_or_else(|| {
        missing(
            "server",
            "set RCSYNC_URL or give `--url`; `--sandbox` needs no server",
        )
    })?;
    let base = BaseUrl::parse(&url).map_err(|error| {
        let is_host = |it: char| it.is_ascii_alphanumeric() || ".-:".contains(it);
        // What could be a password is not repeated.
        let help = match error {
            BaseUrlError::NoScheme if url.chars().all(is_host) => {
                format!("give it as `https://{url}`")
            }
            _ => "give it as `https://chat.example.org`".to_owned(),
        };
        connection(error.to_string()).help(help)
    })?;
    if base.is_in_clear() && !args.insecure_http {
        let message = format!(
            "{base} is plain http: anyone between here and the server could read the credentials"
        );
        let help = "use https, or give `--insecure-http` where the network in between is trusted";
        return Err(connection(message).help(help));
    }
    Ok(base)
}

/// As whom: by password if a user is named by a flag, or by the environment alone; else by token.
pub(super) fn auth(args: &ServerArgs) -> Result<Auth, Problem> {
    let token_flags = args.user_id.is_some() || args.auth_token_file.is_some();
    let user_flags = args.user.is_some() || args.password_file.is_some();
    let user = args.user.clone().or_else(|| from_env("RCSYNC_USER"));
    let user_id = args.user_id.clone().or_else(|| from_env("RCSYNC_USER_ID"));
    if !token_flags && !user_flags && user.is_some() && user_id.is_some() {
        let problem =
            connection("both RCSYNC_USER and RCSYNC_USER_ID are set: choose a password or a token");
        return Err(problem.help("unset one of them, or give `--user` or `--user-id`"));
    }
    if user_flags || (!token_flags && user.is_some()) {
        let user = user.ok_or_else(|| missing("user", "set RCSYNC_USER or give `--user`"))?;
        let password = given(
            args.password_file.as_deref(),
            "password",
            "RCSYNC_PASSWORD",
            "RCSYNC_PASSWORD_FILE",
            "--password-file",
        )?;
        // White space at the ends may belong to a password; the newline that ends a file does not.
        let password = password.strip_suffix('\n').unwrap_or(&password);
        let password = Secret::new(password.strip_suffix('\r').unwrap_or(password));
        return Ok(Auth::Password(Login { user, password }));
    }
    let user_id = user_id.ok_or_else(|| {
        let help =
            "set RCSYNC_USER_ID or give `--user-id`; with a password, RCSYNC_USER or `--user`";
        missing("user id", help)
    })?;
    let token = given(
        args.auth_token_file.as_deref(),
        "token",
        "RCSYNC_AUTH_TOKEN",
        "RCSYNC_AUTH_TOKEN_FILE",
        "--auth-token-file",
    )?;
    let token = token.trim();
    if token.starts_with(['"', '\'']) || token.contains(char::is_whitespace) {
        let help = "write the bare token, without quotes and without `Bearer`";
        return Err(connection("the token contains quotes or blanks").help(help));
    }
    let token = Secret::new(token);
    Ok(Auth::Token(Credentials { user_id, token }))
}

/// The certificates to trust beside the system's.
pub(super) fn authorities(args: &ServerArgs) -> Result<Option<Vec<u8>>, Problem> {
    let named = || from_env("RCSYNC_CA_FILE").map(PathBuf::from);
    let Some(path) = args.ca_file.clone().or_else(named) else {
        return Ok(None);
    };
    let text = read(&path, "certificates")?;
    Ok(Some(text.into_bytes()))
}

/// A secret text: from the file that a flag or the environment names, else from the environment itself.
fn given(
    file: Option<&Path>,
    what: &str,
    variable: &str,
    file_variable: &str,
    flag: &str,
) -> Result<String, Problem> {
    let named = || from_env(file_variable).map(PathBuf::from);
    match file.map(Path::to_owned).or_else(named) {
        Some(path) => read(&path, what),
        None => from_env(variable)
            .ok_or_else(|| missing(what, &format!("set {variable}, or give `{flag}`"))),
    }
}

fn read(path: &Path, what: &str) -> Result<String, Problem> {
    bounded_file(path, LARGEST).map_err(|error| {
        let message = format!("the {what} file {} cannot be read: {error}", path.display());
        connection(message).help(format!("it holds the {what} and nothing else"))
    })
}

fn missing(what: &str, help: &str) -> Problem {
    connection(format!("no {what} is given")).help(help)
}
