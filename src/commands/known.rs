//! The secrets that a run knows: whatever it sends anywhere, and what a server may have of them already.

use std::env;

use url::Url;

use super::terminal;
use crate::desired::DesiredState;
use crate::integration::Value;
use crate::redactor::{Redactor, SHORTEST};
use crate::secret::{Secret, Text};
use crate::variables::{SECRET_PREFIX, Variables};

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
    masked(variables.chain(proxies).map(Secret::new))
}

/// The URL of a proxy, if it holds a user and a password. It may be written without its scheme.
fn with_credentials(proxy: &str) -> Option<String> {
    let url = Url::parse(proxy).ok().filter(Url::has_host);
    let url = url.or_else(|| Url::parse(&format!("http://{proxy}")).ok());
    url.filter(|url| url.password().is_some()).map(String::from)
}

/// Says which secrets are too short to be masked: what is masked would tell them.
pub(super) fn warn_of_short(variables: &Variables) {
    let short = |secret: &Secret| !secret.is_blank() && !secret.has_characters(SHORTEST);
    let secrets = variables.secrets.iter();
    let names: Vec<_> = secrets
        .filter(|(_, secret)| short(secret))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    if !names.is_empty() {
        terminal::note(&format!(
            "warning: secrets of fewer than {SHORTEST} characters are not masked in what a server says: {}\n",
            names.join(", ")
        ));
    }
}

/// Every secret that the values and the desired state hold.
pub(super) fn of_manifests(variables: &Variables, desired: &DesiredState) -> Redactor {
    let values = variables.secrets.values().cloned();
    let fields = desired.entries.iter().flat_map(|entry| entry.fields.iter());
    let written = fields.flat_map(|(_, value)| match value {
        Value::Secret(secret) => vec![secret.clone()],
        value => value
            .texts()
            .iter()
            .flat_map(Text::secrets_and_url)
            .collect(),
    });
    masked(values.chain(written))
}

/// Those that are long enough to be masked everywhere.
fn masked(secrets: impl Iterator<Item = Secret>) -> Redactor {
    Redactor::of(secrets.filter(|secret| secret.has_characters(SHORTEST)))
}
