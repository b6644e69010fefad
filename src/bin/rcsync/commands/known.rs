//! The secrets in the environment, which a server may echo.

use std::env;

use url::Url;

use rcsync::variables::SECRET_PREFIX;
use rocketchat_client::redactor::Redactor;
use rocketchat_client::secret::Secret;

/// Variables of the environment that hold a secret, besides those of manifests.
const CREDENTIALS: [&str; 2] = ["RCSYNC_AUTH_TOKEN", "RCSYNC_PASSWORD"];

/// Variables of the environment that name a proxy.
const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// What the environment holds, referenced or not, used or not.
pub(super) fn from_environment() -> Redactor {
    let variables = env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        let is_secret = name.starts_with(SECRET_PREFIX) || CREDENTIALS.contains(&name.as_str());
        is_secret.then_some(value)
    });
    let proxies = PROXIES.iter().filter_map(|name| env::var(name).ok());
    let proxies = proxies.filter_map(|proxy| with_credentials(&proxy));
    Redactor::of_long(variables.chain(proxies).map(Secret::new))
}

/// The URL of a proxy, if it holds a user and a password. It may be written without its scheme.
fn with_credentials(proxy: &str) -> Option<String> {
    let url = Url::parse(proxy).ok().filter(Url::has_host);
    let url = url.or_else(|| Url::parse(&format!("http://{proxy}")).ok());
    url.filter(|url| url.password().is_some()).map(String::from)
}
